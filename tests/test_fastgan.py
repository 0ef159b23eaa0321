"""FastGAN: shapes, excitation, the quarter that is drawn again, and labels where there are some."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import losses, networks, random
from ganzoo.errors import InputError
from ganzoo.layers import GatedLinearUnit
from ganzoo.networks import fastgan


@pytest.mark.parametrize(
    "shape, patches", [((8, 8, 1), 25), ((28, 28, 1), 121), ((32, 64, 3), 70), ((64, 64, 3), 50)]
)
def test_the_networks_fit_any_size(shape, patches):
    pair = fastgan.pair(shape, 2, 8)
    assert pair["generator"].output_shape == (None, *shape)
    logits, whole, detail = pair["discriminator"].output_shape
    assert logits == (None, patches) and detail == (None, *shape)
    assert whole == (None, shape[0] // 2, shape[1] // 2, shape[2])


def test_filters_are_the_papers():
    sides = (4, 8, 16, 32, 64, 128, 256)
    assert [fastgan.filters(64, side) for side in sides] == [1024, 512, 256, 128, 128, 64, 32]


def test_a_map_of_four_pixels_excites_that_of_sixty_four():
    network = fastgan.generator((64, 64, 3), 2, 8)
    (product,) = (x for x in network.layers if isinstance(x, keras.layers.Multiply))
    large, factor = product.input
    assert large.shape[1:3] == (64, 64) and factor.shape[1:3] == (1, 1)
    source = factor
    while len(source.shape) == 4 and source.shape[1] == 1:
        source = source._keras_history.operation.input
    assert source.shape[1:3] == (4, 4)


def test_a_gated_unit_opens_one_half_by_the_other():
    x = np.random.default_rng(0).normal(size=(3, 5, 8)).astype("float32")
    expected = x[..., :4] / (1 + np.exp(-x[..., 4:]))
    np.testing.assert_allclose(GatedLinearUnit()(x), expected, atol=1e-6)


def test_a_random_quarter_is_compared():
    gan = ganzoo.create("fastgan", (8, 8, 1), width=1, latent_dim=4)
    images = np.zeros((2, 8, 8, 1), "float32")
    for number, (top, left) in enumerate([(0, 0), (0, 4), (4, 0), (4, 4)]):
        images[:, top : top + 4, left : left + 4] = number
    seen = set()
    for step in range(40):
        with random.scope(random.key(0, step)):
            seen.add(float(gan.quarter(tf.constant(images))))
    assert seen == {0.0, 1.0, 2.0, 3.0}


def test_it_learns_labels_if_there_are_some():
    labeled = ganzoo.create("fastgan", (8, 8, 1), num_classes=3, width=1, latent_dim=4)
    plain = ganzoo.create("fastgan", (8, 8, 1), width=1, latent_dim=4)
    assert labeled.sampler.conditional and not plain.sampler.conditional
    assert labeled.sample(labels=[0, 2]).shape == (2, 8, 8, 1)
    x, labels = np.zeros((2, 8, 8, 1)), np.array([0, 2])
    assert labeled.discriminator([x, labels])[0].shape == plain.discriminator(x)[0].shape


def test_margins_are_drawn_for_each_image():
    hinge, scores = losses.Hinge(margin=(0.8, 1.0)), tf.zeros((1000, 1))
    with random.scope(random.key(0)):
        found = np.ravel(hinge.on_real(scores))
    assert 0.8 <= found.min() < 0.81 and 0.99 < found.max() <= 1.0
    again = losses.get({"class_name": "hinge", "config": hinge.get_config()})
    assert again.margin == (0.8, 1.0)


def test_another_discriminator_is_refused():
    parts = fastgan.pair((8, 8, 1), 1, 4)
    parts["discriminator"] = networks.dcgan.discriminator((8, 8, 1), 4)
    with pytest.raises(InputError, match="FastGAN needs a discriminator that returns"):
        ganzoo.gans.FastGAN(**parts).compile()
