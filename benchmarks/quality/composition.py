"""Combines every part with every variant; writes docs/composition.md.

    python benchmarks/quality/composition.py

Tiny networks are trained for two steps on images of 16 x 16. A combination either trains or is
rejected with an error message. Any other outcome, another error or a loss that is not finite, ends
the script.
"""

import argparse
import json
import re
from pathlib import Path

import keras
import numpy as np

import ganzoo
from ganzoo import errors, gans
from ganzoo.engine.quiet import import_tensorflow

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "composition.json"
PAGE = ROOT / "docs" / "composition.md"
IMAGES, CLASSES, SIZE = (16, 16, 1), 3, 4
LENGTH = 5  # of sequences of tokens; the vocabulary has CLASSES tokens
NORMS = ("batch", "synchronized", "layer", "instance", "pixel", "virtual", "spectral", "none")


def config(name: str, **arguments) -> dict:
    """Returns the config of a part as in a recipe."""
    return {"class_name": name, "config": arguments}


PARTS = {  # name of the part -> a function that makes the arguments of `create`
    "spherical latents": lambda: {"latents": "sphere"},
    **{f"G: {n} norm": lambda n=n: {"g_normalization": n} for n in NORMS},
    **{f"D: {n} norm": lambda n=n: {"d_normalization": n} for n in NORMS},
    "PixelShuffle": lambda: {"up": "pixel_shuffle"},
    "average pooling": lambda: {"down": "average_pool"},
    "noise in G": lambda: {"noise": 0.1},
    "dropout in G": lambda: {"dropout": 0.5},
    "minibatch discrimination": lambda: {"minibatch": "discrimination"},
    "minibatch stddev": lambda: {"minibatch": "stddev"},
    "packing": lambda: {"pack": 2},
    "smooth labels": lambda: {"loss": config("NonSaturating", real_label=0.9)},
    "random labels": lambda: {
        "loss": config("NonSaturating", real_label=[0.7, 1.2], fake_label=[0.0, 0.3])
    },
    "flipped labels": lambda: {"loss": config("NonSaturating", flip=0.05)},
    "least squares": lambda: {"loss": "least_squares"},
    "hinge": lambda: {"loss": "hinge"},
    "relativistic": lambda: {"loss": "relativistic"},
    "gradient penalty": lambda: {"penalties": ["gradient_penalty"]},
    "DRAGAN penalty": lambda: {"penalties": ["dragan"]},
    "lazy R1 and R2": lambda: {"penalties": [config("R1", interval=2), config("R2", interval=2)]},
    "feature matching": lambda: {"penalties": ["feature_matching"]},
    "historical averaging": lambda: {
        "penalties": [config("HistoricalAveraging", side=side) for side in ("d", "g")]
    },
    "instance noise": lambda: {"augment": config("InstanceNoise", stddev=0.2, steps=10)},
    "DiffAugment": lambda: {"augment": "diff_augment"},
    "ADA": lambda: {"augment": "ada"},
    "replay": lambda: {"replay": 16},
    "past checkpoints": lambda: {"replay": config("PastCheckpoints", interval=1, share=0.5)},
    "balance": lambda: {"balance": 0.8},
    "SGD for D": lambda: {"d_optimizer": keras.optimizers.SGD(1e-3)},
    "TTUR": lambda: {
        "g_optimizer": keras.optimizers.Adam(1e-4, beta_1=0.5),
        "d_optimizer": keras.optimizers.Adam(4e-4, beta_1=0.5),
    },
    "no average": lambda: {"ema": 0},
    "clipping": lambda: {"clip": 0.01},
    "FreezeD": lambda: {"freeze_d": 1},
    "unrolling": lambda: {"unroll": 2},
    "two turns of D": lambda: {"n_critic": 2},
}


def play(variant: str, part: str) -> str | None:
    """Trains for two steps; returns None, or the message with which the part was rejected.

    Raises:
        AssertionError: If a log is not finite.
    """
    keras.utils.set_random_seed(0)
    labels = {"num_classes": CLASSES} if gans.takes_labels(variant) else {}
    draws = gans.get(variant).exported.kind == "generator"
    latents = {"latent_dim": 18} if draws else {}
    latents = {"teacher_dim": 18} if "teacher_dim" in gans.from_data(variant) else latents
    small = {"blocks": 1} if variant in ("cyclegan", "unit") else {}
    tokens = {"vocabulary": CLASSES, "pretrain": 1, "d_pretrain": 0, "roll_outs": 1}
    small |= tokens if variant == "seqgan" else {}
    arguments = {"n_critic": 1, "run_eagerly": True} | labels | latents | small | PARTS[part]()
    rng = np.random.default_rng(0)
    count = 4 * SIZE
    images = rng.uniform(-1, 1, (count, *IMAGES)).astype("float32")
    examples = {"real": images, "x": images, "y": images[::-1]}
    examples["label"] = rng.integers(0, CLASSES, count)
    if "teacher_dim" in latents:
        examples["latents"] = rng.normal(size=(count, 18)).astype("float32")
    if variant == "seqgan":
        examples = {"real": rng.integers(0, CLASSES, (count, LENGTH))}
    try:
        shape = examples["real"].shape[1:]
        gan = ganzoo.create(variant, shape, width=4, **arguments)
        logs = gan.fit(examples, batch_size=SIZE, steps_per_epoch=2, verbose=0).history
        if gan.exported.kind == "translator":
            assert gan.translate(images[:2]).shape == (2, *IMAGES)
        elif gan.generator is not None:
            assert gan.sample(2).shape == (2, *shape)
    except errors.InputError as error:
        return str(error)
    assert np.isfinite(list(logs.values())).all(), (variant, part, logs)
    return None


def render(results: dict) -> str:
    """Returns the page."""
    variants = list(next(iter(results.values())))
    lines = [
        "# Combining parts and variants",
        "",
        "Written by `benchmarks/quality/composition.py`, which trains each combination of a part",
        "and a variant for two steps. A dot marks a combination that trains; a number refers to",
        "the error message below, with which the part is rejected.",
        "",
        "| part | " + " | ".join(f"`{name}`" for name in variants) + " |",
        "|---|" + ":-:|" * len(variants),
    ]
    notes = []
    for part, row in results.items():
        cells = []
        for refusal in row.values():
            refusal = refusal and re.sub(r"_\d+(?=')", "", refusal)  # of a layer's name
            if refusal and refusal not in notes:
                notes.append(refusal)
            cells.append(str(notes.index(refusal) + 1) if refusal else "·")
        lines.append(f"| {part} | {' | '.join(cells)} |")
    lines += ["", *(f"{i}. {note}" for i, note in enumerate(notes, 1)), ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--variants", default=",".join(ganzoo.list_variants()))
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--page_only", action="store_true", help="write the page from the results")
    args = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if not args.page_only:
        import_tensorflow()
        for part in args.parts.split(","):
            for variant in args.variants.split(","):
                refusal = play(variant, part)
                results.setdefault(part, {})[variant] = refusal
                print(f"{part}, {variant}: {refusal or 'trains'}", flush=True)
            results = {
                part: {name: results[part][name] for name in ganzoo.list_variants()
                       if name in results[part]}
                for part in PARTS if part in results
            }  # fmt: skip
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(render(results))


if __name__ == "__main__":
    main()
