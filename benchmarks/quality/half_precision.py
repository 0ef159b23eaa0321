"""What storing weights in float16 changes of each entry. Writes results/half_precision.json.

    python benchmarks/quality/half_precision.py --originals=FOLDER   # goes on where it stopped

FOLDER holds the entries with weights in float32, as `saved_models/` did before the commit of this
script. Generators are compared by the Frechet distance of 10,000 samples to the test images in the
features of the data set, translators by their outputs for the same inputs, and sequences by their
likelihood. Also writes docs/half_precision.md.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402

from ganzoo import zoo  # noqa: E402
from ganzoo.data import oracle  # noqa: E402
from ganzoo.engine import files  # noqa: E402
from ganzoo.evaluation import tables  # noqa: E402
from ganzoo.evaluation.evaluator import OWN, Plan  # noqa: E402
from ganzoo.inference import saved_model  # noqa: E402
from ganzoo.metrics import spaces  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
PATH = ROOT / "benchmarks" / "results" / "half_precision.json"
PAGE = ROOT / "docs" / "half_precision.md"
NUM = 256  # inputs that translators are compared for
SEQUENCES = 10_000

HEAD = """# Weights in half the bytes

The weights of published entries are stored in float16 and computed with in float32: 11 bits of
precision in place of 24. Vectors, such as biases and moving statistics, stay in float32, and so do
the three classifiers, in whose features other entries are measured. Figures on cards that were
measured before this change are of the weights in float32.

`python benchmarks/quality/half_precision.py` compares both: the Frechet distance of 10,000 samples
to the test images, in the features of the data set; for translators, the share of pixels that
differ for the same inputs. The largest change of a distance is {most:.2f} %.

| entry | compared by | float32 | float16 | change | MB before | MB now |
|---|---|---|---|---|---|---|
"""


def distance(model, dataset: str) -> tuple[str, float]:
    """Returns the name and the value of the distance of a generator's samples to the test images.

    Where the zoo has no features for the data, it is the sliced Wasserstein distance of pixels; of
    sequences, it is their mean negative log-likelihood under the distribution they were trained on.
    """
    if model.kind == "sequences":
        return "nll_oracle", float(oracle.oracle().nll(model.sample(SEQUENCES, seed=0)))
    own = spaces.of_data(dataset)
    plan = Plan(dataset, metrics=["fid" if own else "swd"], features=[OWN])
    ((facts, _),) = model.measured(plan, {})
    ((name, fact),) = facts.items()
    return name, fact["value"]


def outputs(translator) -> np.ndarray:
    """Returns translations of images of noise."""
    shape = NUM, *translator.network.input_shape[1:]
    return translator.translate(np.random.default_rng(0).integers(0, 256, shape, "uint8"))


def compared(name: str, originals: Path) -> dict:
    """Returns a row of the results."""
    facts, dataset = zoo.info(name), tables.recipe_of(name)["dataset"]
    roots = originals, ROOT / "saved_models"
    folders = [root / name / str(facts["version"]) for root in roots]
    models = [saved_model.load(folder) for folder in folders]
    row = {"bytes": [files.size(f) for f in folders]}
    if models[0].kind != "translator":
        (figure, before), (_, after) = (distance(model, dataset) for model in models)
        return row | {"figure": figure, "float32": before, "float16": after}
    before, after = (outputs(model).astype(int) for model in models)
    share = float((before != after).mean())
    return row | {"figure": "share that differs", "float16": share,
                  "largest": int(np.abs(before - after).max())}  # fmt: skip


def page(rows: dict[str, dict]) -> str:
    """Returns the page as Markdown."""
    changes = {name: 100 * (row["float16"] / row["float32"] - 1)
               for name, row in rows.items() if "float32" in row}  # fmt: skip
    lines = []
    for name, row in sorted(rows.items()):
        before, after = (f"{size / 1e6:.2f}" for size in row["bytes"])
        if name in changes:
            figures = f"{row['float32']:.4f} | {row['float16']:.4f} | {changes[name]:+.2f} %"
        else:
            figures = f"- | {100 * row['float16']:.2f} % | by at most {row['largest']}"
        lines.append(f"| {name} | {row['figure']} | {figures} | {before} | {after} |")
    return HEAD.format(most=max(map(abs, changes.values()))) + "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--originals", type=Path, required=True, help="entries in float32")
    originals = parser.parse_args().originals
    rows = json.loads(PATH.read_text()) if PATH.exists() else {}
    for name in zoo.list_pretrained():
        if name not in rows and zoo.info(name)["metrics"].get("weights") == "float16":
            rows[name] = compared(name, originals)
            print(name, rows[name], flush=True)
            files.write_text(PATH, json.dumps(rows, indent=1) + "\n")
    files.write_text(PAGE, page(rows))


if __name__ == "__main__":
    main()
