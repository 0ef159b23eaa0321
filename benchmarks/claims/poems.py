"""SeqGAN on Chinese quatrains: BLEU before and after policy gradient; writes poems.json.

    npm pack chinese-poetry@2.0.1 && tar xzf chinese-poetry-2.0.1.tgz
    ganzoo data quatrains --from=package
    python benchmarks/claims/poems.py

Poems of 20 characters, as in the poem task of Yu et al., 2017, arXiv:1609.05473, table 2, which has
BLEU-2 of 0.667 by maximum likelihood and 0.739 by SeqGAN, on another choice of poems. Here
BLEU is that of 1,000 samples, with the 1,000 poems of the test split as references. The training by
maximum likelihood is a resumable run in runs/claims/seqgan_mle_quatrains_0.
"""

import argparse
import json
import time
from pathlib import Path

import seqgan

from ganzoo import data, metrics
from ganzoo.engine import files
from ganzoo.engine.quiet import import_tensorflow

RESULTS = Path(__file__).parent.parent / "results"
SAMPLES = 1000
WIDTH = 64


def measure(pretrain: int, policy: int, runs: Path) -> dict:
    """Trains by maximum likelihood, then by policy gradient; returns BLEU and lines of both."""
    real, _ = data.arrays("quatrains", "test")
    sampler, summary = seqgan.by_likelihood("quatrains", 0, pretrain, runs, WIDTH)
    gan, start = seqgan.game(sampler, 0, WIDTH), time.perf_counter()
    stream = data.load("quatrains", "train", 64, repeat=True)
    gan.fit(stream, steps_per_epoch=seqgan.ALONE, verbose=2)
    gan.fit(stream, steps_per_epoch=policy, verbose=2)
    seconds = time.perf_counter() - start
    of_real = _bleu(data.arrays("quatrains", limit=SAMPLES)[0], real)
    facts = {"hardware": summary["hardware"]}
    return {
        "samples": SAMPLES,
        "real": of_real,
        "mle": _shown(sampler, real)
        | {"steps": summary["best_step"], "seconds": summary["seconds"]}
        | facts,
        "seqgan": _shown(gan.sampler, real) | {"steps": policy, "seconds": seconds} | facts,
    }


def _shown(sampler, real) -> dict:
    return {"bleu": _bleu(sampler.sample(SAMPLES), real), "lines": sampler.lines(8)}


def _bleu(samples, real) -> list[float]:
    return [metrics.bleu(samples, real, n) for n in (2, 3, 4)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--pretrain", type=int, default=9_600, help="steps of likelihood")
    parser.add_argument("--policy", type=int, default=60, help="steps of policy gradient")
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    results = measure(args.pretrain, args.policy, args.runs)
    print(results)
    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    files.write_text(RESULTS / "poems.json", text)


if __name__ == "__main__":
    main()
