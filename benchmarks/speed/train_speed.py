"""Training speed: `fit` compared with a plain loop, a tutorial, PyTorch, and an upper limit.

    pip install torch  # for the CPU, in a separate environment: GanZoo does not depend on it
    python benchmarks/speed/train_speed.py --torch_python=PYTHON

Writes benchmarks/results/train_speed.json, from which `write_page.py` generates docs/speed.md. The
machine should be idle: its load is recorded in the results.

All implementations of a case have the same layers, batch, losses and update, and are run in turns
of some steps: a ratio is the median over rounds of two consecutive measurements. Images per second
counts real images: one batch per step (here n_critic is 1, and G has no moving average).

    fit        `gan.fit` on a stream of data.load, as in train.py
    loop       the same step in a plain loop, on a single batch in memory
    tutorial   the `train_step` of Keras' DCGAN tutorial: two passes of G, fake and real images in
               one batch of D, Keras' losses and layers; in `fit`
    torch      eager PyTorch, with channels first or last, whichever is faster

The limit is the time that the convolutions and products of a step would take at the speed at which
this machine multiplies large matrices. With F multiplications and additions per forward pass, G's
turn has 3 F_G for G and 2 F_D for D; D's turn has 6 F_D, and 6 more with a gradient penalty.
"""

import argparse
import gc
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pipe

PATH = Path(__file__).parent.parent / "results" / "train_speed.json"
CASES = {  # name -> variant, shape of images, other arguments
    "DCGAN 28 grey, width 32": ("dcgan", (28, 28, 1), {"width": 32}),
    "DCGAN 32 colour, width 64": ("dcgan", (32, 32, 3), {"width": 64}),
    "DCGAN 64 colour, width 32": ("dcgan", (64, 64, 3), {"width": 32}),
    "WGAN-GP 32 colour, width 32": ("wgan_gp", (32, 32, 3), {"width": 32}),
    "SNGAN ResNet 32 colour, width 64": ("sngan", (32, 32, 3), {"width": 64}),
    "StyleGAN2 64 colour, width 16": ("stylegan2", (64, 64, 3), {"width": 16}),
}
LOSSES = {"dcgan": "ns", "wgan_gp": "wgan_gp", "sngan": "hinge"}  # those that torch_train.py has
NUMBERS = {"float32": "float32", "bfloat16": "mixed_bfloat16"}  # name -> policy
BATCH = 64
TURN = 1.5  # seconds that a form plays in a round, about


def described(network) -> list[list]:
    """Returns the layers of a network without branches, in the format of torch_train.py."""
    found = []
    for layer in network.layers[1:]:
        kind, bias = type(layer).__name__, getattr(layer, "use_bias", None)
        shape = layer.input.shape[1:]
        if kind in ("Conv2D", "Conv2DTranspose"):
            name = "conv" if kind == "Conv2D" else "conv_transpose"
            sizes = layer.kernel_size[0], layer.strides[0]
            found.append([name, shape[-1], layer.filters, *sizes, bias])
            if layer.activation.__name__ == "tanh":
                found.append(["tanh"])
        elif kind == "Dense":
            found.append(["dense", shape[-1], layer.units, bias])
        elif kind == "Reshape":
            found.append(["reshape", *layer.target_shape])
        else:
            arguments = {"BatchNormalization": [shape[-1]], "LayerNormalization": list(shape)}
            names = {
                "BatchNormalization": "batch_norm", "LayerNormalization": "layer_norm",
                "ReLU": "relu", "LeakyReLU": "leaky_relu", "Flatten": "flatten",
            }  # fmt: skip
            found.append([names[kind], *arguments.get(kind, [])])
    return found


def operations(network) -> int:
    """Returns the multiplications and additions per image in convolutions and dense layers."""
    total = 0
    for layer in network.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is None:
            continue
        places = 1
        if len(kernel.shape) == 4:
            of = layer.input if "Transpose" in type(layer).__name__ else layer.output
            places = of.shape[1] * of.shape[2]
        total += 2 * places * int(np.prod(kernel.shape))
    return total


def created(case: str, precision: str):
    """Returns the GAN of a case in a precision."""
    import keras

    import ganzoo

    variant, shape, architecture = CASES[case]
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(precision)
    try:
        return ganzoo.create(variant, shape, **architecture, n_critic=1, ema=0)
    finally:
        keras.mixed_precision.set_dtype_policy(before)


def stream(case: str):
    from ganzoo import data

    _, (height, _, channels), _ = CASES[case]
    return data.load(
        "fashion_mnist_10k", batch_size=BATCH, image_size=height, channels=channels, repeat=True
    )


def fit(case: str, precision: str):
    """Returns the function that trains by `fit` for some steps and returns the seconds."""
    return fitted(created(case, precision), stream(case))


def fitted(gan, batches):
    """Returns the function that trains for some steps, timed from the end of the first one."""
    import keras

    times: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: times.append(time.perf_counter())
    )

    def play(steps: int) -> float:
        times.clear()
        gan.fit(batches, steps_per_epoch=steps + 1, verbose=0, callbacks=[clock])
        return times[-1] - times[0]

    return play


def loop(case: str, precision: str):
    """Returns the function that trains for some steps in a plain loop."""
    import tensorflow as tf

    gan, batch = created(case, precision), next(iter(stream(case)))
    step = tf.function(gan.train_step, autograph=False)

    def play(steps: int) -> float:
        step(batch)
        start = time.perf_counter()
        for _ in range(steps):
            logs = step(batch)
        float(logs["g_grad_norm"])  # the last step is done
        return time.perf_counter() - start

    return play


def plain(network):
    """Returns the same network with Keras' layers."""
    import keras

    from ganzoo.layers import BatchNormalization

    def made(layer):
        own = isinstance(layer, BatchNormalization)
        cls = keras.layers.BatchNormalization if own else type(layer)
        return cls.from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=made)


def tutorial(case: str, precision: str):
    """Returns the function that trains a GAN written as in Keras' tutorial for some steps."""
    import keras
    import tensorflow as tf

    networks = created(case, precision)
    generator, discriminator = plain(networks.generator), plain(networks.discriminator)
    latent_dim = networks.latent_dim

    class GAN(keras.Model):
        def compile(self, d_optimizer, g_optimizer, loss_fn):
            super().compile()
            self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn
            self.d_metric = keras.metrics.Mean(name="d_loss")
            self.g_metric = keras.metrics.Mean(name="g_loss")

        @property
        def metrics(self):
            return [self.d_metric, self.g_metric]

        def train_step(self, batch):
            real = batch["real"]
            size = tf.shape(real)[0]
            fakes = generator(tf.random.normal((size, latent_dim)), training=True)
            both = tf.concat([fakes, real], axis=0)
            labels = tf.concat([tf.ones((size, 1)), tf.zeros((size, 1))], axis=0)
            with tf.GradientTape() as tape:
                d_loss = self.loss_fn(labels, discriminator(both, training=True))
            gradients = tape.gradient(d_loss, discriminator.trainable_weights)
            self.d_optimizer.apply_gradients(
                zip(gradients, discriminator.trainable_weights, strict=True)
            )
            misleading = tf.zeros((size, 1))
            with tf.GradientTape() as tape:
                fakes = generator(tf.random.normal((size, latent_dim)), training=True)
                g_loss = self.loss_fn(misleading, discriminator(fakes, training=True))
            gradients = tape.gradient(g_loss, generator.trainable_weights)
            self.g_optimizer.apply_gradients(
                zip(gradients, generator.trainable_weights, strict=True)
            )
            self.d_metric.update_state(d_loss)
            self.g_metric.update_state(g_loss)
            return {"d_loss": self.d_metric.result(), "g_loss": self.g_metric.result()}

    gan = GAN()
    gan.compile(
        keras.optimizers.Adam(2e-4, beta_1=0.5),
        keras.optimizers.Adam(2e-4, beta_1=0.5),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    return fitted(gan, stream(case))


def spec(case: str) -> dict | None:
    """Returns the description of a case for torch_train.py; None if it lacks the networks."""
    variant, shape, architecture = CASES[case]
    if variant not in LOSSES:
        return None
    gan = created(case, "float32")
    known = {
        "kind": "resnet" if variant == "sngan" else "sequence", "loss": LOSSES[variant],
        "latent_dim": gan.latent_dim, "image_shape": shape, "batch": BATCH,
        "width": architecture["width"], "channels": shape[-1],
    }  # fmt: skip
    if known["kind"] == "sequence":
        known |= {"g": described(gan.generator), "d": described(gan.discriminator)}
    return known


def torch_worker(python: str, threads: int | None = None) -> pipe.Worker:
    """Returns the PyTorch worker, by default on all processors."""
    script = str(Path(__file__).with_name("torch_train.py"))
    return pipe.Worker(python, script, str(threads or len(os.sched_getaffinity(0))))


def forms(case: str, torch: pipe.Worker | None) -> dict:
    """Returns the implementations of a case, by name: functions that create the step function."""
    from ganzoo.training import precision

    numbers = dict(NUMBERS)
    if not precision.has_bfloat16():
        del numbers["bfloat16"]
    found = {}
    for name, policy in numbers.items():
        for make in (fit, loop):
            found[f"{make.__name__} {name}"] = lambda make=make, policy=policy: make(case, policy)
    if CASES[case][0] == "dcgan":
        found["tutorial float32"] = lambda: tutorial(case, "float32")
    known = spec(case) if torch else None
    for name in numbers if known else ():
        for layout in ("channels_first", "channels_last"):
            request = {"case": case, "spec": known, "precision": name, "layout": layout}
            found[f"torch {name} {layout}"] = lambda request=request: asked(torch, request)
    return found


def asked(torch, request: dict):
    return lambda steps: torch.ask(request | {"steps": steps})[0]["seconds"]


def measure(case: str, torch, rounds: int) -> dict:
    """Returns images per second of every implementation, in turns."""
    players, traced, steps = {}, {}, {}
    for name, make in forms(case, torch).items():
        start = time.perf_counter()
        players[name] = make()
        players[name](1)  # which traces and warms up
        traced[name] = time.perf_counter() - start
        steps[name] = max(2, round(TURN / (players[name](2) / 2)))
    rows = []
    for turn in range(rounds):
        names = list(players)
        order = names[turn % len(names) :] + names[: turn % len(names)]
        seconds = {name: players[name](steps[name]) for name in order}
        rows.append({name: BATCH * steps[name] / seconds[name] for name in names})
        print(case, {name: round(rate) for name, rate in rows[-1].items()}, flush=True)
    return {
        "images_per_second": {name: statistics.median(r[name] for r in rows) for name in players},
        "seconds_to_trace": {n: s for n, s in traced.items() if not n.startswith("torch")},
        "rounds": rows,
    }


def rate(dtype: str, size: int = 2048) -> float:
    """Returns the multiplications and additions per second of a large matrix product."""
    import tensorflow as tf

    a = tf.cast(tf.random.normal((size, size)), dtype)
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(a, a)[:1]), autograph=False)
    float(product())
    seconds = []
    for _ in range(7):
        start = time.perf_counter()
        float(product())
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / statistics.median(seconds)


def limit(case: str) -> dict:
    """Returns the operations of a step, and images per second at the speed of products."""
    gan = created(case, "float32")
    g, d = operations(gan.generator), operations(gan.discriminator)
    of_image = 3 * g + (14 if CASES[case][0] == "wgan_gp" else 8) * d
    rates = {name: rate(name) for name in ("float32", "bfloat16")}
    return {
        "operations_an_image": of_image,
        "rates": rates,
        "images_per_second": {name: found / of_image for name, found in rates.items()},
    }


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--torch_python", metavar="PYTHON", help="one that can import torch")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cases", help="only those whose name has this in it")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()
    torch = torch_worker(args.torch_python, args.threads) if args.torch_python else None
    from ganzoo.engine.quiet import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    from ganzoo.engine import files
    from ganzoo.training import summary

    results = json.loads(PATH.read_text()) if PATH.exists() else {}
    for case in CASES:
        if args.cases and args.cases not in case:
            continue
        found = {"load": os.getloadavg()[0]} | measure(case, torch, args.rounds)
        if CASES[case][0] in LOSSES:
            found["limit"] = limit(case)
        versions = {"tensorflow": tf.__version__, **(torch.greeting["versions"] if torch else {})}
        results[case] = found | {"versions": versions, "hardware": summary.hardware()}
        files.write_text(PATH, json.dumps(results, indent=1) + "\n")
        gc.collect()
    if torch:
        torch.close()


if __name__ == "__main__":
    sys.exit(main())
