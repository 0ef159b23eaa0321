"""Profile of a train step in GanZoo and in PyTorch; writes step_profile.json.

    python benchmarks/speed/step_profile.py --torch_python=PYTHON

The cases and implementations of train_speed.py, profiled for some steps by the profiler of each
library: milliseconds per step of convolutions and matrix products, of normalization, and of
everything else (activations, casts, losses, optimizers). TensorFlow runs one operation at a time
here, so that their times add up to that of the step. The machine should be idle.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

import pipe
import train_speed

PATH = Path(__file__).parent.parent / "results" / "step_profile.json"
STEPS = 8
KINDS = {  # kind -> what the names of its operations have in them
    "products": ("conv", "matmul", "::mm", "::addmm", "::bmm", "::mv"),
    "normalisation": ("batchnorm", "batch_norm", "layernorm", "layer_norm"),
}
NO_OPERATIONS = ("Process", "ExecutorDoneCallback", "ParallelFor")  # of TensorFlow's profile


def kinds(operations: dict[str, float]) -> dict[str, float]:
    """Returns the milliseconds of each kind of operation, and of the rest."""
    found = dict.fromkeys((*KINDS, "rest"), 0.0)
    for name, spent in operations.items():
        of = (kind for kind, words in KINDS.items() if any(w in name.lower() for w in words))
        found[next(of, "rest")] += spent
    return found


def ours(case: str, policy: str) -> dict[str, float]:
    """Returns the milliseconds per step of each TensorFlow operation."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    gan, batch = train_speed.created(case, policy), next(iter(train_speed.stream(case)))
    step = tf.function(gan.train_step, autograph=False)
    for _ in range(3):
        step(batch)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            for _ in range(STEPS):
                logs = step(batch)
            float(logs["g_grad_norm"])
        (path,) = Path(folder).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(path.read_bytes())
    found: dict[str, float] = {}
    for plane in space.planes:
        for line in plane.lines:
            if not line.name.startswith("tf_Compute"):
                continue
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name.rpartition(":")[2]
                if name not in NO_OPERATIONS:
                    found[name] = found.get(name, 0.0) + event.duration_ps / 1e9 / STEPS
    return found


def theirs(torch: pipe.Worker, case: str, precision: str) -> dict[str, float]:
    """Returns the milliseconds per step of each PyTorch operation, in its faster layout."""
    both = []
    for layout in ("channels_first", "channels_last"):
        request = {"case": case, "spec": train_speed.spec(case), "precision": precision}
        answer, _ = torch.ask(request | {"layout": layout, "steps": STEPS, "profile": True})
        both.append(answer["milliseconds"])
    return min(both, key=lambda operations: sum(operations.values()))


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--torch_python", metavar="PYTHON", help="one that can import torch")
    parser.add_argument("--cases", default="", help="only those whose name has this in it")
    args = parser.parse_args()
    torch = train_speed.torch_worker(args.torch_python) if args.torch_python else None
    from ganzoo.engine.quiet import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    from ganzoo.engine import files
    from ganzoo.training import summary

    tf.config.threading.set_inter_op_parallelism_threads(1)
    results = json.loads(PATH.read_text()) if PATH.exists() else {}
    for case in train_speed.CASES:
        if args.cases not in case:
            continue
        row = results[case] = {"load": os.getloadavg()[0], "hardware": summary.hardware()}
        for precision, policy in train_speed.NUMBERS.items():
            row[f"fit {precision}"] = kinds(ours(case, policy))
            if torch and train_speed.spec(case):
                row[f"torch {precision}"] = kinds(theirs(torch, case, precision))
        print(case, row, flush=True)
        files.write_text(PATH, json.dumps(results, indent=1) + "\n")
    if torch:
        torch.close()


if __name__ == "__main__":
    main()
