"""The layers, networks and penalty of StyleGAN2 against closed forms and plain loops."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import ganzoo
from ganzoo import layers, penalties, random
from ganzoo.errors import InputError
from ganzoo.networks import dcgan, stylegan2

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 5, 6, 3)).astype("float32")
W = RNG.normal(size=(4, 7)).astype("float32")


@pytest.mark.parametrize("demodulate", [True, False])
def test_modulated_convolution_is_one_with_a_kernel_for_each_image(demodulate):
    layer = layers.ModulatedConv2D(8, 3, demodulate)
    got = layer([X, W]).numpy()
    style = W @ layer.affine.kernel.numpy() / np.sqrt(7) + 1.0
    for image, s, ours in zip(X, style, got, strict=True):
        kernel = layer.kernel.numpy().astype("float64") / np.sqrt(27) * s[None, None, :, None]
        if demodulate:
            kernel = kernel / np.sqrt((kernel**2).sum(axis=(0, 1, 2)) + 1e-8)
        own = ops.conv(image[None], kernel.astype("float32"), padding="same")
        np.testing.assert_allclose(ours[None], own, rtol=1e-4, atol=1e-5)


def test_demodulated_outputs_have_unit_variance_whatever_the_style():
    keras.utils.set_random_seed(0)
    x = RNG.normal(size=(8, 16, 16, 16)).astype("float32")
    w = 30.0 * RNG.normal(size=(8, 7)).astype("float32")
    inside = layers.ModulatedConv2D(32)([x, w]).numpy()[:, 1:-1, 1:-1]
    np.testing.assert_allclose(inside.std(axis=(1, 2)).mean(axis=1), 1.0, atol=0.05)


def test_modulated_convolution_in_bfloat16_is_close_to_float32():
    full, half = (layers.ModulatedConv2D(8, dtype=d) for d in ("float32", "mixed_bfloat16"))
    expected = full([X, W]).numpy()
    half([X, W])
    half.set_weights(full.get_weights())
    got = half([X, W])
    assert got.dtype == "bfloat16" and half.kernel.dtype == "float32"
    assert np.abs(ops.cast(got, "float32").numpy() - expected).max() < 0.05


@pytest.mark.parametrize("rate", [1.0, 0.01])
def test_equalised_dense(rate):
    keras.utils.set_random_seed(0)
    layer = layers.EqualizedDense(500, rate=rate, bias=2.0)
    got = layer(W).numpy()
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(kernel.std() * rate, 1.0, rtol=0.05)
    np.testing.assert_allclose(bias * rate, 2.0, rtol=1e-6)
    np.testing.assert_allclose(got, W @ kernel * rate / np.sqrt(7) + 2.0, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("strides", [1, (2, 1)])
def test_equalised_convolution(strides):
    layer = layers.EqualizedConv2D(2, strides=strides)
    got = layer(X)
    assert layer.compute_output_shape(X.shape) == tuple(got.shape)
    kernel = layer.get_weights()[0]
    own = ops.conv(X, kernel / np.float32(np.sqrt(27)), strides, "same")
    np.testing.assert_allclose(got, own, rtol=1e-4, atol=1e-5)


def test_pixel_norm():
    x = np.array([[3.0, 4.0], [0.0, 0.0]], "float32")
    expected = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-8)
    np.testing.assert_allclose(layers.PixelNorm()(x), expected, rtol=1e-6)
    np.testing.assert_allclose((np.asarray(layers.PixelNorm()(X)) ** 2).mean(-1), 1, rtol=1e-4)


def test_minibatch_stddev_of_images_that_are_alike_is_zero():
    got = layers.MinibatchStddev()(np.repeat(X[:1], 4, axis=0)).numpy()
    np.testing.assert_array_equal(got[..., 0:3], np.repeat(X[:1], 4, axis=0))
    np.testing.assert_allclose(got[..., 3], 0.0, atol=1e-7)


def test_minibatch_stddev_of_two_images():
    x = np.stack([np.zeros((2, 2, 2)), np.full((2, 2, 2), 6.0)]).astype("float32")
    x[1, ..., 1] = 2.0  # deviations of 3 and of 1
    np.testing.assert_allclose(layers.MinibatchStddev()(x)[..., 2], 2.0, rtol=1e-3)


@pytest.mark.parametrize(("size", "group"), [(8, 4), (6, 6), (2, 2)])
def test_minibatch_stddev_groups(size, group):
    x = RNG.normal(size=(size, 2, 3, 2)).astype("float32")
    layer = layers.MinibatchStddev(4)
    got = layer(x).numpy()
    for i in range(size):
        own = x[i % (size // group) :: size // group]
        np.testing.assert_allclose(got[i, ..., 2], own.std(axis=0).mean(), rtol=1e-3)
    known_late = tf.function(layer, input_signature=[tf.TensorSpec((None, 2, 3, 2))])
    np.testing.assert_allclose(known_late(x), got, rtol=1e-5)


def test_minibatch_stddev_has_a_finite_gradient_at_images_that_are_alike():
    x = tf.zeros((4, 2, 2, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(layers.MinibatchStddev()(x))
    assert np.isfinite(tape.gradient(y, x)).all()


def test_noise_is_one_map_at_inference_and_new_in_training():
    layer = layers.NoiseInjection()
    layer.build(X.shape)
    np.testing.assert_array_equal(layer(X, training=True), X)  # its strength starts at zero
    layer.strength.assign(0.5)
    np.testing.assert_array_equal(layer(X), layer(X))
    np.testing.assert_allclose(layer(X), X + 0.5 * layer.noise.numpy(), rtol=1e-5)

    def drawn(key):
        with random.scope(random.key(key)):
            return layer(X, training=True).numpy() - X, layer(X, training=True).numpy() - X

    (one, two), again, other = drawn(0), drawn(0)[0], drawn(1)[0]
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - two).max() > 0.1 and np.abs(one - other).max() > 0.1
    assert np.abs(one[0] - one[1]).max() > 0.1  # each image has its own
    np.testing.assert_allclose(one[..., 0], one[..., 1], atol=1e-5)  # and all channels one


def test_repeated_and_blurred_is_the_filter_of_the_paper():
    x = np.zeros((1, 4, 4, 1), "float32")
    x[0, 1, 1] = 1.0
    got = layers.Blur()(keras.layers.UpSampling2D()(x)).numpy()[0, 1:5, 1:5, 0]
    np.testing.assert_allclose(got, np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16, rtol=1e-6)
    rows = np.zeros((8, 8, 8, 1), "float32")
    rows[range(8), range(8)] = 1.0  # image k has ones in row k
    halved = keras.layers.AveragePooling2D(2)(layers.Blur()(rows)).numpy()
    np.testing.assert_allclose(halved[:, 1, 0, 0], [0, 1 / 8, 3 / 8, 3 / 8, 1 / 8, 0, 0, 0])


def test_blur_leaves_constants_and_axes_of_stride_one():
    np.testing.assert_allclose(layers.Blur()(np.ones((1, 3, 5, 2), "float32")), 1.0)
    rows = layers.Blur((2, 1))(X).numpy()
    np.testing.assert_allclose(rows, layers.Blur((2, 1))(X[:, :, ::-1]).numpy()[:, :, ::-1])


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (lambda: layers.ModulatedConv2D(2, 1, False), [(4, 4, 3), (5,)]),
        (lambda: layers.EqualizedDense(3, 0.01, 1.0), [(5,)]),
        (lambda: layers.EqualizedConv2D(3, 3, (2, 1), False), [(4, 4, 3)]),
        (layers.NoiseInjection, [(4, 4, 3)]),
        (layers.PixelNorm, [(5,)]),
        (lambda: layers.MinibatchStddev(2), [(4, 4, 3)]),
        (lambda: layers.Blur((1, 2)), [(4, 4, 3)]),
        (lambda: layers.LearnedConstant((4, 4, 2)), [(5,)]),
    ],
)
def test_layers_are_saved_and_loaded(layer, shapes, tmp_path):
    inputs = [keras.Input(shape) for shape in shapes]
    network = keras.Model(inputs, layer()(inputs if len(inputs) > 1 else inputs[0]))
    network.save(tmp_path / "one.keras")
    loaded = keras.saving.load_model(tmp_path / "one.keras")
    x = [RNG.normal(size=(4, *shape)).astype("float32") for shape in shapes]
    got = network(x)
    assert network.compute_output_shape([(4, *s) for s in shapes]) == tuple(got.shape)
    np.testing.assert_array_equal(got, loaded(x))


@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 13, 3), (16, 8, 2)], ids=str)
def test_pair(shape):
    pair = stylegan2.pair(shape, width=4, latent_dim=6)
    latents = RNG.normal(size=(3, 6)).astype("float32")
    images = pair["generator"](latents)
    assert images.shape == (3, *shape) and pair["discriminator"](images).shape == (3, 1)
    mapping, synthesis, count = stylegan2.halves(pair["generator"])
    assert count == 2 * len(dcgan.stages(shape)) + 2
    styles = np.repeat(np.asarray(mapping(latents))[:, None], count, axis=1)
    np.testing.assert_allclose(synthesis(styles), images, rtol=1e-4, atol=1e-5)


def test_every_style_counts_and_noise_does_not_at_inference():
    generator = stylegan2.generator((8, 8, 1), 4, 6)
    _, synthesis, count = stylegan2.halves(generator)
    styles = RNG.normal(size=(2, count, 6)).astype("float32")
    images = synthesis(styles).numpy()
    np.testing.assert_array_equal(images, synthesis(styles))
    for layer in range(count):
        other = styles.copy()
        other[:, layer] += 1.0
        assert np.abs(synthesis(other) - images).max() > 1e-3, layer


def test_mixing_gives_the_second_style_from_a_random_layer_on():
    gan = ganzoo.create("stylegan2", (8, 8, 1), width=4, latent_dim=6)
    seen = []
    count, size = stylegan2.halves(gan.generator)[2], 64

    class Spy:
        name, input_shape = "synthesis", (None, count, 6)

        def __call__(self, styles, training):
            seen.append(styles.numpy())
            return styles

    mapping = gan.generator.get_layer("mapping")
    gan.generator = types.SimpleNamespace(layers=[mapping, Spy()])
    for gan.mixing in (0.0, 1.0, 0.5):
        with random.scope(random.key(0)):
            gan.generate({"real": tf.zeros((size, 8, 8, 1))})
    plain, mixed, some = seen
    assert (plain == plain[:, :1]).all()
    np.testing.assert_array_equal(mixed[:, 0], plain[:, 0])
    same = (mixed == mixed[:, :1]).all(axis=2)
    assert not same[:, -1].any()  # at least the last layer is of the second
    assert (np.diff(same.astype(int), axis=1) <= 0).all()  # one crossover
    assert set(same.sum(axis=1)) == set(range(1, count))  # at any layer
    assert 0.3 < (some == some[:, :1]).all(axis=(1, 2)).mean() < 0.7


def linear(layers_, shape, matrix):
    """Returns a generator whose images are a linear function of its styles."""
    size = int(np.prod(shape))
    inputs = keras.Input((layers_, 5))
    x = keras.layers.Flatten()(inputs)
    dense = keras.layers.Dense(size, use_bias=False)
    synthesis = keras.Model(inputs, keras.layers.Reshape(shape)(dense(x)), name="synthesis")
    dense.set_weights([matrix])
    latents = keras.Input((5,))
    w = stylegan2.mapping(5)(latents)
    return keras.Model(latents, synthesis(keras.layers.RepeatVector(layers_)(w)))


@pytest.mark.parametrize("shape", [(4, 6, 2), (3,)], ids=str)
def test_path_length_of_a_linear_generator(shape):
    count, size = 3, int(np.prod(shape))
    matrix = RNG.normal(size=(count * 5, size)).astype("float32")
    gan = types.SimpleNamespace(generator=linear(count, shape, matrix), latent_dim=5)
    penalty = penalties.PathLength(2.0, interval=4)
    penalty.attach(gan)
    batch = {"real": tf.zeros((8, *shape))}
    with random.scope(random.key(0)):
        random.seed("path_latent")
        noise = keras.random.normal((4, *shape), seed=random.seed("path_noise")).numpy()
    noise = noise.reshape(4, size).astype("float64") / np.sqrt(np.prod(shape[:-1]))
    squares = ((noise @ matrix.T).reshape(4, count, 5) ** 2).sum(axis=2)
    lengths, mean = np.sqrt(squares.mean(axis=1)), 0.0
    for turn in range(6):
        with random.scope(random.key(0)):
            got = float(penalty(gan, batch, tf.constant(turn)))
        if turn % 4 == 0:
            mean += 0.01 * (lengths.mean() - mean)
            expected = 4 * 2.0 * ((lengths - mean) ** 2).mean()
        else:
            expected = 0.0
        np.testing.assert_allclose(got, expected, rtol=1e-4)
        np.testing.assert_allclose(penalty.mean.numpy(), mean, rtol=1e-4)


def test_path_length_has_a_gradient_in_every_kernel_of_the_synthesis():
    gan = ganzoo.create("stylegan2", (8, 8, 1), width=4, latent_dim=6)
    kernels = [w for w in gan.generator.trainable_variables if "kernel" in w.path]
    with random.scope(random.key(0)), tf.GradientTape() as tape:
        value = penalties.PathLength().value(gan, {"real": tf.zeros((4, 8, 8, 1))})
    for weight, gradient in zip(kernels, tape.gradient(value, kernels), strict=True):
        assert gradient is not None and np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path


def test_path_length_refuses_other_generators_in_one_line():
    with pytest.raises(InputError, match="'mapping' and 'synthesis'") as error:
        ganzoo.create("gan", (8, 8, 1), width=4, penalties=["path_length"])
    assert "\n" not in str(error.value)
