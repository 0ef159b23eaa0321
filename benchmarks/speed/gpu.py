"""Training speed under the JAX backend, on a GPU where there is one; writes gpu.json.

    python benchmarks/speed/gpu.py --torch_python=PYTHON
    python benchmarks/speed/gpu.py --width=8 --seconds=2     # a trial, on a CPU

Each case in float32 and bfloat16: images per second, and the share of the machine's peak, which is
the speed at which it multiplies large matrices in that precision. The operations of a step are
those that XLA counts. PyTorch, for networks that `torch_train` has, runs on the same device, both
networks compiled. Data are on the device, and as many steps run without returning to Python as in a
training. Needs no TensorFlow. The whole takes less than eight minutes on a GPU.
"""

import argparse
import functools
import json
import os
import time
from pathlib import Path

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # PyTorch needs memory, too

from ganzoo.training import jax_backend  # noqa: E402

jax_backend.without_tensorflow()

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import train_speed  # noqa: E402

import ganzoo  # noqa: E402
from ganzoo import random  # noqa: E402
from ganzoo.engine import files, pixels  # noqa: E402
from ganzoo.training.jax_game import JaxGame  # noqa: E402

PATH = Path(__file__).parent.parent / "results" / "gpu.json"
CASES = {  # name -> variant, shape of images, other arguments
    "DCGAN 64 color": ("dcgan", (64, 64, 3), {}),
    "StyleGAN2 64 color": ("stylegan2", (64, 64, 3), {}),
    "BigGAN 32 color": ("biggan", (32, 32, 3), {"num_classes": 10}),
    "R3GAN 32 color": ("r3gan", (32, 32, 3), {}),
}
EXAMPLES = 2048  # in the data set
LARGE = {"gpu": 8192, "cpu": 1024}  # sides of the matrices by which the peak is measured


def timed(run, seconds: float) -> float:
    """Returns the seconds of a call, the least of those that fit into the time given."""
    times, began = [], time.perf_counter()
    while not times or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        jax.block_until_ready(run())
        times.append(time.perf_counter() - start)
    return min(times)


def peak(dtype: str, seconds: float) -> float:
    """Returns the operations per second in a product of large matrices."""
    side = LARGE.get(jax.default_backend(), LARGE["gpu"])
    a = jnp.ones((side, side), dtype)
    product = jax.jit(jnp.matmul)
    product(a, a).block_until_ready()
    return 2 * side**3 / timed(lambda: product(a, a), seconds)


def ours(case: str, precision: str, batch: int, chunk: int, seconds: float) -> dict:
    """Returns the speed of a case under JAX."""
    gan = train_speed.created(case, precision)
    shape, labels = gan.image_shape, gan.num_classes
    rng = np.random.default_rng(0)
    columns = {"real": jnp.asarray(rng.integers(0, 256, (EXAMPLES, *shape), "uint8"))}
    if labels:
        columns["label"] = jnp.asarray(rng.integers(0, labels, EXAMPLES, "int32"))
    game = JaxGame(gan)

    def one(state, number):
        key = random.key(0, number)
        places = jax.random.randint(jax.random.key(number), (batch,), 0, EXAMPLES)
        drawn = {name: column[places] for name, column in columns.items()}
        drawn["real"] = pixels.to_float(drawn["real"])
        state, logs = game.step(state, [drawn], key)
        return state, logs["g_grad_norm"]

    @functools.partial(jax.jit, donate_argnums=0)
    def many(state, first):
        return jax.lax.scan(one, state, first + jnp.arange(chunk))

    state = game.copied()
    cost = jax.jit(one).lower(state, jnp.int32(0)).cost_analysis()
    began = time.perf_counter()
    held = {"state": many(state, jnp.int32(0))[0]}
    compiled = time.perf_counter() - began

    def run():
        held["state"], norms = many(held["state"], jnp.int32(0))
        return norms

    step = timed(run, seconds) / chunk
    return {
        "images_per_second": round(batch / step, 1),
        "operations": cost["flops"],
        "operations_per_second": cost["flops"] / step,
        "compiled": round(compiled, 1),
    }


def theirs(worker, case: str, precision: str, batch: int, chunk: int) -> float | None:
    """Returns the images per second of PyTorch; None where it lacks the networks."""
    if (spec := train_speed.spec(case)) is None:
        return None
    device = "cpu" if jax.default_backend() == "cpu" else "cuda"
    request = {"case": case, "spec": spec | {"batch": batch}, "precision": precision}
    request |= {"layout": "channels_last", "steps": chunk, "device": device}
    worker.ask(request)
    return round(batch * chunk / worker.ask(request)[0]["seconds"], 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--torch_python", metavar="PYTHON", help="one that can import torch")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--chunk", type=int, default=20, help="steps without returning to Python")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each measurement")
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--out", type=Path, default=PATH)
    args = parser.parse_args()
    for name, (variant, shape, more) in CASES.items():
        train_speed.CASES[name] = (variant, shape, {"width": args.width} | more)
    device = jax.devices()[0].device_kind
    found = {"device": device, "jax": jax.__version__, "ganzoo": ganzoo.__version__}
    found |= {
        "width": args.width,
        "batch": args.batch,
        "chunk": args.chunk,
        "peak": {},
        "cases": {},
    }
    for precision, policy in train_speed.NUMBERS.items():
        found["peak"][precision] = peak(precision, args.seconds)
        print(f"{device}, {precision}: {found['peak'][precision] / 1e9:,.0f} GFLOP/s", flush=True)
        for case in args.cases.split(","):
            row = ours(case, policy, args.batch, args.chunk, args.seconds)
            row["share"] = round(row["operations_per_second"] / found["peak"][precision], 3)
            if args.torch_python:
                worker = train_speed.torch_worker(args.torch_python)
                row["torch"] = theirs(worker, case, precision, args.batch, args.chunk)
                worker.close()
            found["cases"][f"{case}, {precision}"] = row
            print(case, precision, row, flush=True)
            files.write_text(args.out, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
