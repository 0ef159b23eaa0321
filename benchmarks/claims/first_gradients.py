"""What minimax and -log D give G to learn from at the start; writes first_gradients.json.

    python benchmarks/claims/first_gradients.py

`gan`, a perceptron, learns MNIST for 200 steps by the minimax and by the non-saturating loss, with
several seeds. After every tenth step: the mean probability that D gives to fakes, and the norm of
the gradient that G gets, of each loss at the same weights. Requires MNIST.

Reference: Goodfellow et al., 2014, arXiv:1406.2661, section 3: "early in learning, when G is poor,
D can reject samples with high confidence".
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import kept  # noqa: E402
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

import ganzoo  # noqa: E402
from ganzoo import losses  # noqa: E402

PATH = Path(__file__).parent.parent / "results" / "first_gradients.json"
LOSSES = ("minimax", "non_saturating")
EVERY = 10


def play(loss: str, seed: int, steps: int) -> dict:
    """Returns what was measured on the way, each a list over the measured steps."""
    keras.utils.set_random_seed(seed)
    gan = ganzoo.create("gan", (28, 28, 1), loss=loss, ema=0, seed=seed)
    batches = ganzoo.data.load("mnist", batch_size=64, seed=seed, repeat=True)
    latents = tf.random.stateless_normal((512, gan.latent_dim), (seed, 1))
    measured = {name: losses.get(name) for name in LOSSES}
    weights = gan.generator.trainable_variables

    @tf.function
    def look():
        with tf.GradientTape(persistent=True) as tape:
            logits = gan.discriminator(gan.generator(latents, training=True), training=True)
            values = {name: one.generator(logits) for name, one in measured.items()}
        found = {
            name: tf.linalg.global_norm(tape.gradient(value, weights))
            for name, value in values.items()
        }
        return found | {"believed": tf.reduce_mean(tf.sigmoid(logits))}

    rows = []

    def note(epoch, logs):
        rows.append({name: float(value) for name, value in look().items()})

    gan.fit(
        batches, steps_per_epoch=EVERY, epochs=steps // EVERY, verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=note)],
    )  # fmt: skip
    return {name: [round(row[name], 5) for row in rows] for name in rows[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=200)
    args = parser.parse_args()
    for loss in LOSSES:
        runs = [play(loss, seed, args.steps) for seed in range(args.seeds)]
        print(loss, [min(run["believed"]) for run in runs], flush=True)
        kept.keep(PATH, loss, {"every": EVERY, "steps": args.steps, "runs": runs})


if __name__ == "__main__":
    main()
