"""The canonical networks: shapes, and the rules of DCGAN, read off the layers."""

import keras
import numpy as np
import pytest
from keras import layers

import ganzoo
from ganzoo import layers as own
from ganzoo.errors import InputError
from ganzoo.inference.sampler import Sampler
from ganzoo.networks import autoencoder, dcgan, mlp, r3gan

SHAPES = [(8, 8, 1), (28, 28, 1), (32, 32, 3), (9, 13, 3), (64, 16, 1), (31, 63, 4)]
WIDTH, LATENT = 4, 6


@pytest.fixture(scope="module")
def pairs():
    """Returns a function from an image shape to its pair, each built once."""
    built = {}

    def pair(shape):
        if shape not in built:
            keras.utils.set_random_seed(0)
            built[shape] = dcgan.pair(shape, width=WIDTH, latent_dim=LATENT)
        return built[shape]

    return pair


def of_type(network, *types):
    return [layer for layer in network.layers if isinstance(layer, types)]


def latents(count=3):
    return np.random.default_rng(0).normal(size=(count, LATENT)).astype("float32")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_pair_maps_latents_to_images_and_images_to_logits(pairs, shape):
    pair = pairs(shape)
    generator, discriminator = pair["generator"], pair["discriminator"]
    assert generator.built and discriminator.built and pair["latent_dim"] == LATENT
    images = generator(latents()).numpy()
    assert images.shape == (3, *shape) and generator.output_shape == (None, *shape)
    assert np.abs(images).max() <= 1
    assert discriminator.input_shape == (None, *shape)
    assert discriminator(images).shape == (3, 1)


def test_largest_images():
    pair = dcgan.pair((256, 256, 3), width=1, latent_dim=2)
    images = pair["generator"](np.zeros((1, 2), "float32"))
    assert images.shape == (1, 256, 256, 3)
    assert pair["discriminator"](images).shape == (1, 1)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_images_end_in_a_tanh_and_logits_are_unbounded(pairs, shape):
    pair = pairs(shape)
    renders = of_type(pair["generator"], layers.Conv2D)[-1]
    assert renders.activation is keras.activations.tanh
    end = pair["discriminator"].layers[-1]
    assert isinstance(end, layers.Dense) and end.activation is keras.activations.linear


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_strides_divide_kernels(pairs, shape):
    for network in (pairs(shape)["generator"], pairs(shape)["discriminator"]):
        for layer in of_type(network, layers.Conv2D, layers.Conv2DTranspose):
            for kernel, stride in zip(layer.kernel_size, layer.strides, strict=True):
                assert kernel % stride == 0, layer.name


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_nothing_resamples_but_strided_convolutions(pairs, shape):
    generator, discriminator = pairs(shape)["generator"], pairs(shape)["discriminator"]
    for network in (generator, discriminator):
        assert not of_type(
            network, layers.UpSampling2D, layers.MaxPooling2D, layers.AveragePooling2D,
            layers.GlobalAveragePooling2D,
        )  # fmt: skip
    assert any(max(layer.strides) == 2 for layer in of_type(discriminator, layers.Conv2D))
    assert any(max(layer.strides) == 2 for layer in of_type(generator, layers.Conv2DTranspose))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_stages_end_at_a_few_pixels_on_each_axis(pairs, shape):
    flat = of_type(pairs(shape)["discriminator"], layers.Flatten)[0].input.shape
    assert all(4 <= side <= 8 for side in flat[1:3])
    start = of_type(pairs(shape)["generator"], layers.Reshape)[0].output.shape
    assert start[1:3] == flat[1:3]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_only_the_projection_of_the_latents_is_dense(pairs, shape):
    generator, discriminator = pairs(shape)["generator"], pairs(shape)["discriminator"]
    assert of_type(generator, layers.Dense) == [generator.layers[1]]
    assert of_type(discriminator, layers.Dense) == [discriminator.layers[-1]]


def before(layer):
    """Returns the layer whose output a layer takes, but for a change of shape."""
    found = layer.input._keras_history.operation
    return before(found) if isinstance(found, layers.Reshape) else found


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_normalisation_is_everywhere_but_at_gs_output_and_ds_input(pairs, shape):
    generator, discriminator = pairs(shape)["generator"], pairs(shape)["discriminator"]
    normalised = {before(layer) for layer in of_type(generator, layers.BatchNormalization)}
    kernels = of_type(generator, layers.Dense, layers.Conv2D, layers.Conv2DTranspose)
    assert normalised == set(kernels[:-1])
    assert all(layer.use_bias == (layer not in normalised) for layer in kernels)
    normalised = {before(layer) for layer in of_type(discriminator, layers.BatchNormalization)}
    convolutions = of_type(discriminator, layers.Conv2D)
    assert normalised == set(convolutions[1:])
    assert all(layer.use_bias == (layer not in normalised) for layer in convolutions)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_activations(pairs, shape):
    generator, discriminator = pairs(shape)["generator"], pairs(shape)["discriminator"]
    norms = of_type(generator, layers.BatchNormalization)
    assert {before(layer) for layer in of_type(generator, layers.ReLU)} == set(norms)
    leaky = of_type(discriminator, layers.LeakyReLU)
    assert len(leaky) == len(of_type(discriminator, layers.Conv2D))
    assert all(layer.negative_slope == pytest.approx(0.2) for layer in leaky)
    for layer in of_type(discriminator, layers.Conv2D):
        assert layer.activation is keras.activations.linear


def test_weights_are_drawn_with_standard_deviation_002(pairs):
    for network in (pairs((32, 32, 3))["generator"], pairs((32, 32, 3))["discriminator"]):
        kernels = [w.numpy() for w in network.weights if w.path.endswith("kernel")]
        assert len(kernels) >= 4
        for kernel in kernels:
            error = 5 * 0.02 / np.sqrt(2 * kernel.size)
            np.testing.assert_allclose(kernel.std(), 0.02, atol=error)
            assert abs(kernel.mean()) < 5 * 0.02 / np.sqrt(kernel.size)
        # One initializer object draws the same numbers for every kernel, in some versions of Keras.
        starts = {tuple(kernel.ravel()[:4]) for kernel in kernels}
        assert len(starts) == len(kernels)


def test_filters_double_inwards_up_to_eight_times():
    discriminator = dcgan.discriminator((256, 256, 1), width=2)
    assert [layer.filters for layer in of_type(discriminator, layers.Conv2D)] == [
        2, 4, 8, 16, 16, 16,
    ]  # fmt: skip


def test_wider_networks_have_more_weights():
    small, large = (dcgan.pair((16, 16, 1), width=width) for width in (2, 4))
    for side in ("generator", "discriminator"):
        assert large[side].count_params() > 1.5 * small[side].count_params()


@pytest.mark.parametrize("family", [dcgan, mlp], ids=["dcgan", "mlp"])
def test_last_layers_are_float32_under_mixed_precision(family):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        pair = family.pair((9, 13, 1), width=WIDTH, latent_dim=LATENT)
    finally:
        keras.config.set_dtype_policy(policy)
    images = pair["generator"](latents())
    assert images.dtype == "float32"
    assert pair["discriminator"](images).dtype == "float32"
    for network in (pair["generator"], pair["discriminator"]):
        kernels = of_type(network, layers.Dense, layers.Conv2D, layers.Conv2DTranspose)
        assert [layer.compute_dtype for layer in kernels] == (
            ["bfloat16"] * (len(kernels) - 1) + ["float32"]
        )
        assert all(w.dtype == "float32" for w in network.trainable_variables)


@pytest.mark.parametrize(
    "shape",
    [(7, 8, 1), (8, 257, 1), (28, 28), (28, 28, 0), (28, 28, 5), (3, 28, 28, 1), (1, 28, 28), ()],
    ids=str,
)
def test_shapes_out_of_bounds_are_one_line(shape):
    for build in (dcgan.generator, dcgan.discriminator, dcgan.pair):
        with pytest.raises(InputError, match="image_shape") as caught:
            build(shape)
        assert "\n" not in str(caught.value) and str(shape) in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        n
        for n in ganzoo.list_variants()
        if not ganzoo.gans.takes_labels(n) and ganzoo.gans.get(n).exported is Sampler
    ],
)
def test_every_variant_without_labels_has_networks_for_points(name):
    size = 12 if name == "infogan" else LATENT  # its codes
    networks = ganzoo.gans.get(name).networks((2,), width=WIDTH, latent_dim=size)
    draw = np.random.default_rng(0).normal(size=(4, size)).astype("float32")
    side = networks["generator"]
    points = (side["decoder"] if isinstance(side, dict) else side)(100 * draw).numpy()
    assert points.shape == (4, 2)
    if name not in ("infogan", "stylegan2"):  # whose latents are normalised, or cut
        assert np.abs(points).max() > 1  # points are not squashed
    if name == "aae":  # whose discriminator judges codes
        points = draw
    judge = networks.get("discriminator")
    if name == "bigan":  # whose discriminator judges both
        points = [points, draw]
    outputs = judge(points) if judge is not None else []
    for output in outputs if isinstance(outputs, list) else [outputs]:
        assert len(output) == (2 if name == "pacgan" else 4)


@pytest.mark.parametrize("convolutions", ["elu", "strided"])
@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 13, 3)], ids=str)
def test_autoencoders_are_of_either_kind(shape, convolutions):
    pair = autoencoder.pair(shape, WIDTH, LATENT, convolutions)
    images = pair["generator"](latents()).numpy()
    drawn, code = pair["discriminator"](images)
    assert images.shape == drawn.shape == (3, *shape) and code.shape == (3, LATENT)
    for network in (pair["generator"], pair["discriminator"]):
        inside = [x for x in network._flatten_layers() if isinstance(x, own.BatchNormalization)]
        assert bool(inside) == (convolutions == "strided")
    with pytest.raises(InputError, match="strided"):
        autoencoder.pair(shape, WIDTH, LATENT, "stride")


def test_perceptrons_take_images():
    pair = mlp.pair((5, 7, 2), width=WIDTH, latent_dim=LATENT)
    images = pair["generator"](1000 * latents()).numpy()
    assert images.shape == (3, 5, 7, 2) and 0.9 < np.abs(images).max() <= 1
    assert pair["discriminator"](images).shape == (3, 1)


def test_normalisation_of_the_critic():
    shape = (16, 16, 1)
    plain = dcgan.discriminator(shape, WIDTH, None)
    layer = dcgan.discriminator(shape, WIDTH, "layer")
    batch = dcgan.discriminator(shape, WIDTH, "batch")
    kinds = (layers.BatchNormalization, layers.LayerNormalization)
    assert not of_type(plain, *kinds)
    assert {type(x) for x in of_type(layer, *kinds)} == {layers.LayerNormalization}
    assert {type(x) for x in of_type(batch, *kinds)} == {own.BatchNormalization}


def test_unknown_normalisation_is_one_line():
    with pytest.raises(InputError, match="layer"):
        dcgan.discriminator((16, 16, 1), WIDTH, "layers")


def test_r3gans_grouped_blocks_have_twice_the_width_in_groups_of_16():
    parts = r3gan.pair((16, 16, 3), 16, 4, group_size=16)
    grouped = [x for x in parts["generator"].layers if isinstance(x, own.GroupedConv2D)]
    assert len(grouped) == 2 * 3  # two blocks at 4, 8 and 16 pixels
    for layer in grouped:
        assert layer.kernel.shape == (3, 3, 16, 32) and layer.groups == 2
    x = np.random.default_rng(0).normal(size=(2, 16, 16, 3)).astype("float32")
    assert parts["discriminator"](x).shape == (2, 1)
    with pytest.raises(InputError, match="group_size must divide twice the width, 12, got 16"):
        r3gan.pair((16, 16, 3), 6, 4, group_size=16)
