"""A frozen generator: which gradient does each loss give it while D trains on?

    python examples/frozen_generator.py

A small DCGAN is trained on Fashion-MNIST for a while, and its generator is then frozen. New
discriminators are trained against it, one with each loss. After every few steps, the gradient that
G would get is measured on several batches: its norm, and how much it varies between batches.
(Arjovsky & Bottou, 2017, arXiv:1701.04862, section 2.2 and figures 2 and 3.)
"""

import experiment_page as page
import keras
import numpy as np
import tensorflow as tf

import ganzoo
from ganzoo import gans, losses, networks, penalties, random

SHAPE, WIDTH, LATENT = (16, 16, 1), 16, 64
BEFORE, STEPS, EVERY, BATCHES = 400, 900, 50, 6
LOSSES = {
    "minimax": (losses.Minimax(), []),
    "-log D": (losses.NonSaturating(), []),
    "Wasserstein, gradient penalty": (losses.Wasserstein(), [penalties.GradientPenalty()]),
}


def gradients(gan, real) -> tuple[float, float]:
    """Returns the norm of G's mean gradient over several batches, and its standard deviation."""
    rows = []
    for turn in range(BATCHES):
        with random.scope(random.key(turn)), tf.GradientTape() as tape:
            batch = {"real": real} | gan.generate({"real": real})
            loss = sum(gan.generator_loss(batch).values())
        parts = tape.gradient(loss, gan.generator.trainable_variables)
        rows.append(np.concatenate([np.ravel(part) for part in parts]))
    rows = np.array(rows)
    return float(np.linalg.norm(rows.mean(0))), float(np.sqrt(rows.var(0).sum()))


def main() -> None:
    keras.utils.set_random_seed(0)
    data = ganzoo.data.load(
        "fashion_mnist_10k", batch_size=64, image_size=SHAPE[0], seed=0, repeat=True
    )
    start = ganzoo.create("dcgan", SHAPE, width=WIDTH, latent_dim=LATENT, ema=0.0)
    start.fit(data, steps_per_epoch=BEFORE, epochs=1, verbose=0)
    start.generator.trainable = True
    figure, (left, right) = page.figure(2)
    results = {}
    for name, (loss, terms) in LOSSES.items():
        keras.utils.set_random_seed(1)
        critic = networks.dcgan.discriminator(SHAPE, WIDTH, normalization=None)
        gan = gans.DCGAN(start.generator, critic, latent_dim=LATENT)
        gan.compile(
            keras.optimizers.Adam(2e-4), keras.optimizers.Adam(5e-4, beta_1=0.5),
            loss=loss, penalties=terms, ema=0.0,
        )  # fmt: skip
        step = tf.function(gan.discriminator_step)
        steps, means, spreads = [], [], []
        for number, batch in enumerate(data.take(STEPS + 1)):
            real = tf.cast(batch["real"], "float32") / 127.5 - 1.0
            if number % EVERY == 0:
                mean, spread = gradients(gan, real)
                steps.append(number)
                means.append(mean)
                spreads.append(spread)
            with random.scope(random.key(0, number)):
                step({"real": real} | gan.generate({"real": real}))
        left.semilogy(steps, means, label=name)
        right.semilogy(steps, spreads, label=name)
        results[name] = {"steps": steps, "norm": means, "spread": spreads}
    left.set(xlabel="steps of D alone", ylabel="norm of G's mean gradient")
    right.set(xlabel="steps of D alone", ylabel="its standard deviation over batches")
    right.legend(fontsize=7)

    def change(name, key):
        """Returns the ratio of the last values to the maximum in the first third."""
        series = results[name][key]
        return np.mean(series[-5:]) / np.max(series[: len(series) // 3])

    finding = (
        f"Values after {STEPS} steps of D alone, relative to their maximum in the first third of "
        "these steps: the norm of the gradient that the minimax loss gives G is "
        f"{change('minimax', 'norm'):.2g} times as large. With -log D, the norm is "
        f"{change('-log D', 'norm'):.2g} times as large, and its standard deviation between "
        f"batches {change('-log D', 'spread'):.2g} times. With a Wasserstein critic and a gradient "
        f"penalty, the norm is {change('Wasserstein, gradient penalty', 'norm'):.2g} times as "
        "large: there, the gradient of a D that is ahead neither vanishes nor becomes noisy."
    )
    page.write("frozen_generator", "A frozen generator while D trains on", finding, figure, results)


if __name__ == "__main__":
    main()
