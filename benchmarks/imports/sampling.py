"""Images a second of imported generators, and of their authors' code in PyTorch on the same CPU.

    python benchmarks/imports/sampling.py --torch=PYTHON --stylegan2=FOLDER --biggan=FOLDER

PYTHON is that of an environment with torch and requests, the folders are checkouts of
stylegan2-ada-pytorch and BigGAN-PyTorch. StyleGAN2 of 256 pixels, config f, and BigGAN of 128
pixels draw batches of 4 with random weights in float32, by turns with the authors' code, each in a
process of its own. Writes results/import_sampling.json.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).parent.parent / "results" / "import_sampling.json"
BATCH, ROUNDS = 4, 3
ARGUMENTS = {"stylegan2": {"size": 256}, "biggan": {}}  # of the network's function


def ours(name: str) -> list[float]:
    """Returns the seconds of three batches, after one that does not count."""
    import numpy as np

    from ganzoo.inference.sampler import Sampler
    from ganzoo.inference.truncated import TruncatedSampler
    from ganzoo.zoo.importing.families import FAMILIES

    network = FAMILIES[name].build(**ARGUMENTS[name])
    latent_dim = network.inputs[0].shape[1]
    classes = 1000 if name == "biggan" else None
    kind = TruncatedSampler if FAMILIES[name].kind == "truncated" else Sampler
    model = kind.of(network, latent_dim=latent_dim, num_classes=classes)
    latents = np.random.default_rng(0).normal(size=(BATCH, latent_dim)).astype("float32")
    options = {"labels": list(range(BATCH))} if classes else {}
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        model.sample(latents=latents, **options)
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def said(*command) -> list[float]:
    """Returns the seconds that a process prints in its last line."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--torch", type=Path, help="Python with PyTorch")
    parser.add_argument("--stylegan2", type=Path, help="the authors' code")
    parser.add_argument("--biggan", type=Path, help="the authors' code")
    parser.add_argument("--ours", choices=sorted(ARGUMENTS), help="only print our seconds")
    args = parser.parse_args()
    if args.ours:
        print(json.dumps(ours(args.ours)))
        return
    script, rows = Path(__file__).with_name("torch_sampling.py"), {}
    for name in ARGUMENTS:
        own, theirs = [], []
        for _ in range(ROUNDS):
            own.append(min(said(sys.executable, __file__, f"--ours={name}")))
            theirs.append(min(said(args.torch, script, name, getattr(args, name), BATCH)))
        ratios = [b / a for a, b in zip(own, theirs, strict=True)]
        rows[name] = {
            "images_per_second": round(BATCH / min(own), 2),
            "torch_images_per_second": round(BATCH / min(theirs), 2),
            "ratio": round(statistics.median(ratios), 2),
            "ratios": [round(ratio, 2) for ratio in ratios],
        }
        print(name, rows[name], flush=True)
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
