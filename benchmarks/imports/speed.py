"""Import, loading and sampling of a StyleGAN2 of published size: results/import_speed.json.

    python benchmarks/imports/speed.py [--size=256]

The weights are random: a file of about 120 MB at 256 pixels, config f. Memory is the largest that
the process had at the end of each part.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent.parent / "results" / "import_speed.json"


def written(path: Path, size: int) -> None:
    """Writes the weights of a new network, with the authors' names, as safetensors."""
    from ganzoo.zoo.importing import convert
    from ganzoo.zoo.importing.families import FAMILIES

    family = FAMILIES["stylegan2"]
    network = family.build(size=size)
    header, pieces, place = {}, [], 0
    for layer, weight in convert.owned(network):
        name, _ = family.rule(layer, weight.name)
        array = np.asarray(weight)
        if array.ndim == 4:
            array = array.transpose(3, 2, 0, 1)
        elif weight.name == "constant":
            array = array.transpose(2, 0, 1)
        elif weight.name == "kernel":
            array = array.T
        data = np.ascontiguousarray(array, "<f4").tobytes()
        offsets = [place, place + len(data)]
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": offsets}
        pieces.append(data)
        place += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(b"".join([len(text).to_bytes(8, "little"), text, *pieces]))


def measured(path: Path, size: int) -> dict:
    """Returns the seconds and the memory of each part."""
    from ganzoo import zoo
    from ganzoo.zoo import imported

    def since(start):
        return round(time.perf_counter() - start, 2)

    def memory():
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    row = {"size": size, "bytes": path.stat().st_size, "start_mb": memory()}
    start = time.perf_counter()
    imported.import_entry(f"stylegan2:{path}", "speed")
    row |= {"import_seconds": since(start), "import_mb": memory()}
    start = time.perf_counter()
    model = zoo.load_pretrained("speed")
    row["load_seconds"] = since(start)
    model.sample(1)
    times = []
    for seed in range(3):
        start = time.perf_counter()
        model.sample(4, seed=seed)
        times.append(time.perf_counter() - start)
    row |= {"images_per_second": round(4 / min(times), 2), "sample_mb": memory()}
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--size", type=int, default=256)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GANZOO_HOME"] = folder
        path = Path(folder, "network.safetensors")
        if child := os.fork():  # in a process of its own, whose memory does not count
            os.waitpid(child, 0)
        else:
            written(path, args.size)
            os._exit(0)
        row = measured(path, args.size)
    RESULTS.write_text(json.dumps(row, indent=2) + "\n")
    print(row)


if __name__ == "__main__":
    main()
