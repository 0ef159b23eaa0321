"""What FID depends on besides sample quality, measured with one generator of the zoo.

    python benchmarks/quality/fid_effects.py --fake_features=FILE.npy
    python benchmarks/quality/fid_effects.py --parts=counts --fake_features=FILE.npy

Writes benchmarks/results/fid_effects.json after each part, and the tables in docs/evaluation.md.
Fashion-MNIST and the Inception weights must be imported: see that page. The features of the real
images are cached by `ganzoo.metrics.real_features`.

    counts      FID, FID-infinity and KID against the number of samples, with all real images
    settings    resize, precision, unrounded and JPEG samples, with 2,000 images of each set
    reference   the test split compared with as many training images

FILE holds the features of `load_pretrained(ENTRY).sample(10000, seed=0)`, in order; without it they
are computed, and cached for `ganzoo evaluate`. Times on two cores: counts 25 minutes, settings 25,
reference 15; features 12 for each set.
"""

import argparse
import io
import json
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import ganzoo
from ganzoo import metrics
from ganzoo.engine import files
from ganzoo.metrics import features
from ganzoo.publishing import gallery
from ganzoo.training import summary

ROOT = Path(__file__).parent.parent.parent
OUT = ROOT / "benchmarks" / "results" / "fid_effects.json"
PAGE = ROOT / "docs" / "evaluation.md"
BEGIN = "<!-- fid_effects: written by benchmarks/quality/fid_effects.py -->"
END = "<!-- end -->"
ENTRY, DATA = "wgan_gp_fashion_mnist", "fashion_mnist"
COUNTS = (500, 1000, 2000, 5000, 10000)
FEW = 2000  # number of images of each set in `settings`
PARTS = ("counts", "settings", "reference")


def say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def spread(values: list[float]) -> dict:
    """Returns the mean, and the standard deviation over subsets if there are several."""
    std = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.fmean(values), "std": std, "subsets": len(values)}


def counts(real: np.ndarray, fake: np.ndarray, subsets: int, points: int) -> dict:
    """Returns the distances for random subsets of the samples."""
    moments = metrics.Moments.of(real)
    rng = np.random.default_rng(0)
    rows = {}
    for n in [n for n in COUNTS if n < len(fake)] + [len(fake)]:
        found = {"fid": [], "fid_both": [], "fid_infinity": [], "kid": []}
        for _ in range(subsets if n < len(fake) else 1):
            part = fake[rng.choice(len(fake), n, replace=False)]
            real_part = real[rng.choice(len(real), min(n, len(real)), replace=False)]
            found["fid"].append(metrics.fid(moments, part))
            found["fid_both"].append(metrics.fid(real_part, part))
            found["fid_infinity"].append(metrics.fid_infinity(moments, part, points=points))
            found["kid"].append(1000 * metrics.kid(real, part).mean)
        rows[str(n)] = {name: spread(values) for name, values in found.items()}
        say(f"{n} samples: " + ", ".join(f"{k} {v['mean']:.4g}" for k, v in rows[str(n)].items()))
    return {"n_real": len(real), "points_of_fid_infinity": points, "by_n_fake": rows}


def settings(real: np.ndarray, fake: np.ndarray, few: int) -> dict:
    """Returns FIDs of the same images in other settings; `real` and `fake` are legacy features."""
    generator = ganzoo.load_pretrained(ENTRY)
    latents = np.asarray(generator.latents(few, 0))
    samples = generator.sample(latents=latents)
    images, _ = ganzoo.data.arrays(DATA, "test")
    sides = {"real": images[:few], "fake": samples}
    usual = {"real": real[:few], "fake": fake[:few]}
    for side, rows in usual.items():
        check = metrics.extract(sides[side][:8])
        if not np.linalg.norm(check - rows[:8]) <= 1e-3 * np.linalg.norm(check):
            raise SystemExit(f"--{side}_features: expected features of the same images, in order.")

    def value(name, real, fake):
        found[name] = metrics.fid(real, fake)
        say(f"{name}: FID {found[name]:.4f}")

    def both(name, **options):
        value(name, *(metrics.extract(sides[side], **options) for side in ("real", "fake")))

    found = {}
    value("the settings of the zoo", usual["real"], usual["fake"])
    both("clean resize of both sets", resize="clean")
    value(
        "clean resize of the samples only", usual["real"], metrics.extract(samples, resize="clean")
    )
    both("bfloat16 network for both sets", precision="bfloat16")
    value("samples not rounded to uint8", usual["real"], unrounded(generator, latents))
    for quality in (95, 75):
        rows = metrics.extract(jpeg(samples, quality))
        value(f"samples saved as JPEG, quality {quality}", usual["real"], rows)
    return {"n_real": few, "n_fake": few, "fid": found}


def unrounded(generator, latents: np.ndarray, batch: int = 32) -> np.ndarray:
    """Returns the features of the generator's float images, scaled to [0, 255]."""
    compute = features.extractor("inception")
    rows = []
    for start in range(0, len(latents), batch):
        images = np.asarray(generator(latents[start : start + batch]), np.float32)
        rows.append(compute(np.clip(images * 127.5 + 127.5, 0, 255)))
    return np.concatenate(rows)


def jpeg(images: np.ndarray, quality: int) -> np.ndarray:
    """Returns the images after JPEG compression."""
    from PIL import Image

    def compressed(image):
        buffer = io.BytesIO()
        Image.fromarray(image[..., 0]).save(buffer, "JPEG", quality=quality)
        return np.asarray(Image.open(buffer))[..., None]

    return np.stack([compressed(image) for image in images])


def reference(real: np.ndarray, fake: np.ndarray) -> dict:
    """Returns the FID to each split, and that between the splits."""
    train = metrics.real_features(DATA, "train", len(real), progress=True)
    found = {
        "samples against test": metrics.fid(real, fake),
        "samples against train": metrics.fid(train, fake),
        "test against train": metrics.fid(real, train),
    }
    say(", ".join(f"{name} {value:.4f}" for name, value in found.items()))
    return {"n_real": len(real), "n_fake": len(fake), "fid": found}


def render(results: dict) -> str:
    """Returns the generated part of the page, from the content of the JSON file."""
    if not results:
        return "*Not measured yet: `python benchmarks/quality/fid_effects.py`.*"
    parts = (_counts_table, _settings_table, _reference_table)
    tables = [
        part(results[name]) for name, part in zip(PARTS, parts, strict=True) if name in results
    ]
    first = f"Measured for `{ENTRY}` (seed 0) and {DATA} test, Inception features, float32."
    return "\n\n".join([first, *tables])


def _cell(found: dict, digits: int) -> str:
    std = "" if found["std"] is None else f" ± {found['std']:.{digits}f}"
    return f"{found['mean']:.{digits}f}{std}"


def _counts_table(part: dict) -> str:
    lines = [
        f"Depending on the number of samples, with all {part['n_real']:,} real images except in "
        "the third column. ± is the standard deviation over random subsets "
        f"({', '.join(str(row['fid']['subsets']) for row in part['by_n_fake'].values())} of them).",
        "",
        "| samples | FID | FID, equally few real images | FID-infinity | 1,000 x KID |",
        "|---|---|---|---|---|",
    ]
    for n, row in part["by_n_fake"].items():
        cells = [_cell(row[key], 2) for key in ("fid", "fid_both", "fid_infinity", "kid")]
        lines.append(f"| {int(n):,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _settings_table(part: dict) -> str:
    usual = next(iter(part["fid"].values()))
    lines = [
        f"With the same {part['n_fake']:,} samples and {part['n_real']:,} real images:",
        "",
        "| setting | FID | change |",
        "|---|---|---|",
    ]
    for name, value in part["fid"].items():
        change = "" if value == usual else f"{100 * (value / usual - 1):+.2f} %"
        lines.append(f"| {name} | {value:.2f} | {change} |")
    return "\n".join(lines)


def _reference_table(part: dict) -> str:
    lines = [
        f"For each split, with {part['n_real']:,} real images and {part['n_fake']:,} samples:",
        "",
        "| | FID |",
        "|---|---|",
    ]
    lines += [f"| {name} | {value:.2f} |" for name, value in part["fid"].items()]
    return "\n".join(lines)


def rewrite(page: str, results: dict) -> str:
    """Returns the page with its generated part replaced."""
    return gallery.put(page, BEGIN, END, f"\n{render(results)}\n\n", PAGE)


def parsed() -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    add = parser.add_argument
    add("--fake_features", type=Path, metavar="FILE",
        help=".npy (N, 2048) of the samples (default: they are computed)")  # fmt: skip
    add("--real_features", type=Path, metavar="FILE",
        help=".npy (N, 2048) of the test split in order (default: from the cache)")  # fmt: skip
    add("--parts", default=",".join(PARTS), help=f"some of {', '.join(PARTS)} (default: all)")
    add("--subsets", type=int, default=3, help="for each number of samples (default: 3)")
    add("--points", type=int, default=15, help="for FID-infinity (default: 15)")
    add("--few", type=int, default=FEW, help=f"images of each set in settings (default: {FEW})")
    add("--out", type=Path, default=OUT,
        help="another file, for a trial; then the page is not changed")  # fmt: skip
    args = parser.parse_args()
    args.parts = args.parts.split(",")
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"--parts: unknown {', '.join(sorted(unknown))}; valid: {', '.join(PARTS)}")
    return args


def main() -> None:
    args = parsed()
    if args.real_features:
        real = np.load(args.real_features)
    else:
        real = metrics.real_features(DATA, "test", progress=True)
    if args.fake_features:
        fake = np.load(args.fake_features)
    else:
        samples = ganzoo.load_pretrained(ENTRY).sample(10_000, seed=0)
        fake = metrics.sample_features(samples, metrics.extractor("inception"), progress=True)
    measures = {
        "counts": lambda: counts(real, fake, args.subsets, args.points),
        "settings": lambda: settings(real, fake, args.few),
        "reference": lambda: reference(real, fake),
    }
    results = json.loads(args.out.read_text()) if args.out.exists() else {}
    for name in args.parts:
        start = time.perf_counter()
        found = measures[name]()
        minutes = round((time.perf_counter() - start) / 60, 1)
        results[name] = found | {"hardware": summary.hardware(), "minutes": minutes}
        results = {key: results[key] for key in PARTS if key in results}
        files.write_text(args.out, json.dumps(rounded(results), indent=1) + "\n")
        say(f"written: {args.out.name}, {name}")
        if args.out == OUT:
            files.write_text(PAGE, rewrite(PAGE.read_text(), json.loads(OUT.read_text())))
            say(f"written: {PAGE.name}")


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
