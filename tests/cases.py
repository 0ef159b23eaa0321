"""A small model of each variant, and a few batches for it."""

import importlib.util
import sys

import numpy as np
import tensorflow as tf

import ganzoo
from ganzoo.inference.sampler import Sampler

IMAGES, POINTS = (8, 8, 1), (2,)
SMALL = {  # variant -> what makes its networks small, besides their width
    "cyclegan": {"blocks": 1},
    "unit": {"blocks": 1},
    "projected_gan": {"features": "untrained", "features_side": 32, "features_width": 2},
}


def loaded(script):
    """Returns a script, such as one of the benchmarks, as a module; it finds those beside it."""
    spec = importlib.util.spec_from_file_location(script.stem, script)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(script.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(script.parent))
    return module


def draws(name):
    """Returns whether a variant's generator takes latents."""
    return ganzoo.gans.get(name).exported is Sampler


def batches(shape, count=12, size=4):
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (count * size, *shape)).astype("float32")
    batch = {"real": images, "label": rng.integers(0, 3, count * size).astype("int32")}
    batch |= {"x": images, "y": images[::-1]}
    return tf.data.Dataset.from_tensor_slices(batch).batch(size, drop_remainder=True)


def batches_of(name, shape=IMAGES):
    """Returns the batches that a variant learns from: images or points; tokens; with latents."""
    if "teacher_dim" in ganzoo.gans.from_data(name):
        drawn = np.random.default_rng(1).normal(size=(48, 8)).astype("float32")
        latents = tf.data.Dataset.from_tensor_slices({"latents": drawn}).batch(4)
        return tf.data.Dataset.zip(batches(shape), latents).map(lambda a, b: a | b)
    if name != "seqgan":
        return batches(shape)
    tokens = np.random.default_rng(0).integers(0, 7, (48, 3)).astype("int32")
    return tf.data.Dataset.from_tensor_slices({"real": tokens}).batch(4, drop_remainder=True)


def maker(name, shape=IMAGES, **learning):
    """Returns a function that makes the variant, with narrow networks."""
    if name == "seqgan":
        shape = (3,)
        learning = {"vocabulary": 7, "pretrain": 1, "d_pretrain": 0, "roll_outs": 2} | learning
    labels = {"num_classes": 3} if ganzoo.gans.takes_labels(name) else {}
    latents = {"latent_dim": 16 if name == "infogan" else 8} if draws(name) else {}
    latents = {"teacher_dim": 8} if "teacher_dim" in ganzoo.gans.from_data(name) else latents
    turns = {"n_critic": 2 if name in ("wgan", "wgan_gp") else 1}  # more are slow to trace
    given = labels | latents | turns | SMALL.get(name, {}) | learning
    return lambda: ganzoo.create(name, shape, width=4, seed=7, **given)
