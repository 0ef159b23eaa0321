"""SeqGAN on the paper's oracle: likelihood alone, then policy gradient; writes seqgan.json.

    python benchmarks/claims/seqgan.py

An LSTM of random weights draws 10,000 sequences of 20 tokens out of 5,000, and judges what the
generator draws: the mean negative log-likelihood a token, of 10,000 sequences. Published (Yu et
al., 2017, arXiv:1609.05473, table 1): 9.038 by maximum likelihood, 8.736 by SeqGAN. The oracle is
of the same kind as the authors', with other random numbers.

Each seed is a run in runs/claims/seqgan_<seed>, which can be interrupted and goes on;
`--seed=1` trains that one alone. `--speed` measures, in place of training, what the roll-outs take
of the time. The figure of maximum likelihood is of 800 sequences, at the end of that part.
"""

import argparse
import time
from pathlib import Path

import kept
import numpy as np

from ganzoo import run
from ganzoo.callbacks.run_log import read
from ganzoo.data import oracle
from ganzoo.quiet import import_tensorflow
from ganzoo.recipe import Recipe

RESULTS = Path(__file__).parent.parent / "results"
PATH = RESULTS / "seqgan.json"
LEARNING = {"pretrain": 18_720, "d_pretrain": 480, "n_critic": 8, "roll_outs": 4}


def recipe(seed: int, policy: int) -> Recipe:
    """Returns the recipe: 120 epochs of likelihood, D alone, and `policy` steps of the game."""
    steps = LEARNING["pretrain"] + LEARNING["d_pretrain"] + policy
    return Recipe(
        model="seqgan", dataset="oracle", steps=steps, steps_per_epoch=120, seed=seed,
        learning=LEARNING, precision="float32",
    ).resolved()  # fmt: skip


def measure(seed: int, policy: int, runs: Path) -> dict:
    """Trains, and returns the likelihoods."""
    folder = runs / f"seqgan_{seed}"
    summary = run.train(recipe(seed, policy), folder, verbose=2)
    from ganzoo import export

    rows = [row for row in read(folder / "metrics.jsonl") if row.get("nll_oracle")]
    before = [row for row in rows if row["step"] <= LEARNING["pretrain"]]
    final = export.load(folder / "saved_model").sample(10_000, seed=0)
    return {
        "seed": seed,
        "mle": before[-1]["nll_oracle"],
        "mle_best": min(row["nll_oracle"] for row in before),
        "seqgan": oracle.oracle().nll(final),
        "steps": summary["steps"],
        "best_step": summary["best_step"],
        "curve": [[row["step"], row["nll_oracle"]] for row in rows],
        "seconds": summary["seconds"],
        "hardware": summary["hardware"],
    }


def speed(results: dict, policy: int, turns: int = 5) -> dict:
    """Returns how fast roll-outs are, and their share of a step of the game and of the runs."""
    import tensorflow as tf

    from ganzoo import data, random
    from ganzoo.batch import regroup

    gan, _ = run.build(recipe(0, policy))
    gan.step.assign(LEARNING["pretrain"] + LEARNING["d_pretrain"])
    batches = data.load("oracle", repeat=True)
    stream, play = iter(regroup(batches, gan.n_critic)), gan.make_train_function()

    @tf.function
    def rewards(tokens):
        with random.scope(random.key(0)):
            return gan.rewards(tokens)

    tokens, seconds = next(iter(batches))["real"], []
    for work in (lambda: play(stream), lambda: rewards(tokens)):
        work()
        start = time.perf_counter()
        for _ in range(turns):
            work()
        seconds.append((time.perf_counter() - start) / turns)
    count, length = tokens.shape
    drawn = count * LEARNING["roll_outs"] * length * (length - 1) // 2
    trained = [row["seconds"] for key, row in results.items() if key != "speed"]
    return {
        "tokens_per_second": drawn / seconds[1],
        "share": seconds[1] / seconds[0],
        "share_of_run": policy * seconds[1] / np.mean(trained) if trained else None,
        "hardware": run.hardware(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, action="append", help="which seeds; 0, 1 and 2")
    parser.add_argument("--policy", type=int, default=480, help="steps of policy gradient")
    parser.add_argument("--speed", action="store_true", help="measure the roll-outs' speed")
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    for seed in ["speed"] if args.speed else args.seed or range(3):
        found = {} if args.speed else measure(seed, args.policy, args.runs)
        found = found or speed(kept.read(PATH), args.policy)
        print({key: value for key, value in found.items() if key != "curve"}, flush=True)
        kept.keep(PATH, str(seed), found)


if __name__ == "__main__":
    main()
