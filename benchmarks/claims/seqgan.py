"""SeqGAN on the paper's synthetic data; writes seqgan.json.

    python benchmarks/claims/seqgan.py

An LSTM with random weights, the oracle, generates 10,000 sequences of 20 tokens from a vocabulary
of 5,000. Samples are measured by their mean negative log-likelihood per token under the oracle.
Published (Yu et al., 2017, arXiv:1609.05473, table 1): 9.038 for maximum likelihood, 8.736 for
SeqGAN. The oracle has the same architecture as the authors', with other random weights.

That metric only measures quality: a single good sequence, repeated, is optimal. So the mean
negative log-likelihood of 10,000 held-out sequences under G is measured as well, and a simple
baseline: maximum likelihood at the temperature at which its sequences are as good as SeqGAN's
(Caccia et al., 2020, arXiv:1811.02549).

Training by maximum likelihood is a resumable run in runs/claims/seqgan_mle_oracle_<seed>; it has 40
epochs, after which it does not improve (the paper has 120). Starting from its best weights, D is
trained first, and then both sides. `--seed=1` only trains that seed. `--speed` measures the time of
the roll-outs instead of training.
"""

import argparse
import time
from pathlib import Path

import kept

from ganzoo import data, gans
from ganzoo.data import oracle
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.inference import sequences
from ganzoo.training import run, summary
from ganzoo.training.recipe import Recipe

RESULTS = Path(__file__).parent.parent / "results"
PATH = RESULTS / "seqgan.json"
PRETRAIN, ALONE = 6240, 300  # steps of likelihood, and of D alone
LEARNING = {"n_critic": 1, "roll_outs": 4}
EVERY = 20  # steps of the game between two looks
MANY = 10_000  # sequences that a figure is of


def by_likelihood(dataset: str, seed: int, steps: int, runs: Path, width: int = 32):
    """Trains by maximum likelihood; returns the sampler and the summary of the run."""
    from ganzoo.inference import saved_model

    learning = LEARNING | {"pretrain": steps}
    recipe = Recipe(
        model="seqgan", dataset=dataset, steps=steps, steps_per_epoch=240, seed=seed,
        learning=learning, precision="float32",
    ).replace({"width": width})  # fmt: skip
    folder = runs / f"seqgan_mle_{dataset}_{seed}"
    summary = run.train(recipe, folder, verbose=2)
    return saved_model.load(folder / "saved_model"), summary


def game(sampler, seed: int, width: int = 32):
    """Returns a SeqGAN whose G is that of `sampler`, and whose D is untrained."""
    vocabulary = sampler.words or sequences.vocabulary_of(sampler.network)
    gan = gans.SeqGAN(**gans.SeqGAN.networks((sampler.length,), vocabulary, width))
    gan.generator.set_weights(sampler.network.get_weights())
    gan.compile(pretrain=0, d_pretrain=ALONE, seed=seed, **LEARNING)
    return gan


def judged(sampler, num: int) -> dict:
    """Returns both metrics, in nats per token."""
    held_out = data.arrays("oracle", "test", limit=num)[0]
    return {
        "oracle": oracle.oracle().nll(sampler.sample(num, seed=0)),
        "data": sequences.nll(sampler.network, held_out),
    }


def tempered(sampler, temperature: float):
    """Returns a sampler whose probabilities are raised to the power of 1 / temperature."""
    network = gans.SeqGAN.networks((oracle.LENGTH,), oracle.VOCABULARY)["generator"]
    *rest, kernel, bias = sampler.network.get_weights()  # the last two make the logits
    network.set_weights([*rest, kernel / temperature, bias / temperature])
    return sequences.Sequences.of(network, **sampler.facts)


def at_temperature(sampler, wanted: float) -> dict:
    """Returns the metrics at the temperature with the same likelihood under the oracle."""
    low, high = 0.5, 1.0
    for _ in range(7):
        middle = (low + high) / 2
        better = oracle.oracle().nll(tempered(sampler, middle).sample(2000, seed=0)) < wanted
        low, high = (middle, high) if better else (low, middle)
    return {"temperature": middle} | judged(tempered(sampler, middle), MANY)


def measure(seed: int, policy: int, runs: Path) -> dict:
    """Trains both and returns the likelihoods."""
    sampler, summary = by_likelihood("oracle", seed, PRETRAIN, runs)
    gan, start = game(sampler, seed), time.perf_counter()
    stream = data.load("oracle", "train", 64, repeat=True, seed=seed)
    gan.fit(stream, steps_per_epoch=ALONE, verbose=2)
    curve = [[0, judged(gan.sampler, 1000)]]
    for steps in range(EVERY, policy + 1, EVERY):
        gan.fit(stream, steps_per_epoch=EVERY, verbose=2)
        curve.append([steps, judged(gan.sampler, 1000)])
        print(curve[-1], flush=True)
    seconds = time.perf_counter() - start
    found = judged(gan.sampler, MANY)
    return {
        "seed": seed,
        "mle": judged(sampler, MANY),
        "seqgan": found,
        "tempered": at_temperature(sampler, found["oracle"]),
        "mle_step": summary["best_step"],
        "steps": policy,
        "curve": curve,
        "seconds": {"mle": summary["seconds"], "seqgan": seconds},
        "hardware": summary["hardware"],
    }


def speed(runs: Path, turns: int = 5) -> dict:
    """Returns the speed of roll-outs, and their share of the time of a step."""
    import tensorflow as tf

    from ganzoo import random

    gan = game(by_likelihood("oracle", 0, PRETRAIN, runs)[0], 0)
    gan.step.assign(ALONE)
    stream, play = iter(data.load("oracle", repeat=True)), gan.make_train_function()

    @tf.function
    def rewards(tokens):
        with random.scope(random.key(0)):
            return gan.rewards(tokens)

    tokens, seconds = next(stream)["real"], []
    for work in (lambda: play(stream), lambda: rewards(tokens)):
        work()
        start = time.perf_counter()
        for _ in range(turns):
            work()
        seconds.append((time.perf_counter() - start) / turns)
    count, length = tokens.shape
    drawn = count * LEARNING["roll_outs"] * length * (length - 1) // 2
    return {
        "tokens_per_second": drawn / seconds[1],
        "share": seconds[1] / seconds[0],
        "hardware": summary.hardware(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, action="append", help="which seeds; 0, 1 and 2")
    parser.add_argument("--policy", type=int, default=100, help="steps of policy gradient")
    parser.add_argument("--speed", action="store_true", help="measure the roll-outs' speed")
    parser.add_argument("--runs", type=Path, default=Path("runs/claims"))
    args = parser.parse_args()
    import_tensorflow()
    for seed in ["speed"] if args.speed else args.seed or range(3):
        found = speed(args.runs) if args.speed else measure(seed, args.policy, args.runs)
        print({key: value for key, value in found.items() if key != "curve"}, flush=True)
        kept.keep(PATH, str(seed), found)


if __name__ == "__main__":
    main()
