"""SeqGAN on Chinese quatrains: lines, and BLEU before and after policy gradient; poems.json.

    npm pack chinese-poetry@2.0.1 && tar xzf chinese-poetry-2.0.1.tgz
    ganzoo data quatrains --from=package
    python benchmarks/claims/poems.py

Poems of 20 characters, as in the poem task of Yu et al., 2017, arXiv:1609.05473, table 2, which has
BLEU-2 of 0.667 by maximum likelihood and 0.739 by SeqGAN, on another choice of poems. BLEU here is
of 1,000 samples against the 1,000 poems of the test split. The runs are runs/claims/poems_mle and
runs/claims/poems_seqgan, resumable.
"""

import argparse
import json
from pathlib import Path

from ganzoo import data, metrics, run
from ganzoo.quiet import import_tensorflow
from ganzoo.recipe import Recipe

RESULTS = Path(__file__).parent.parent / "results"
SAMPLES = 1000


def measure(pretrain: int, policy: int, runs: Path) -> dict:
    """Trains by likelihood alone, and with policy gradient after it; returns BLEU and lines."""
    from ganzoo import export

    real, _ = data.arrays("quatrains", "test")
    results = {"samples": SAMPLES, "real": _bleu(data.arrays("quatrains", limit=SAMPLES)[0], real)}
    for name, turns in (("mle", 0), ("seqgan", policy)):
        alone = 480 if turns else 0
        learning = {"pretrain": pretrain, "d_pretrain": alone, "n_critic": 8, "roll_outs": 4}
        recipe = Recipe(
            model="seqgan", dataset="quatrains", steps=pretrain + alone + turns,
            steps_per_epoch=120, learning=learning, precision="float32",
        ).replace({"width": 64}).resolved()  # fmt: skip
        folder = runs / f"poems_{name}"
        summary = run.train(recipe, folder, verbose=2)
        sampler = export.load(folder / "saved_model")
        results[name] = {
            "bleu": _bleu(sampler.sample(SAMPLES, seed=0), real),
            "lines": sampler.lines(8, seed=0),
            "steps": summary["steps"],
            "best_step": summary["best_step"],
            "seconds": summary["seconds"],
            "hardware": summary["hardware"],
        }
    return results


def _bleu(samples, real) -> list[float]:
    return [metrics.bleu(samples, real, n) for n in (2, 3, 4)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--pretrain", type=int, default=12_000, help="steps of likelihood")
    parser.add_argument("--policy", type=int, default=360, help="steps of policy gradient")
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    results = measure(args.pretrain, args.policy, args.runs)
    print(results)
    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / "poems.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
