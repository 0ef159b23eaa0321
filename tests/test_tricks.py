"""The tricks of architecture: that each does to a network what it is for."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import gans, penalties, random
from ganzoo import layers as own
from ganzoo.errors import InputError
from ganzoo.networks import dcgan, resnet, tricks

SHAPE = (16, 16, 1)
RNG = np.random.default_rng(0)
Z = RNG.normal(size=(6, 8)).astype("float32")
IMAGES = RNG.uniform(-1, 1, (6, *SHAPE)).astype("float32")


def generator():
    keras.utils.set_random_seed(0)
    return dcgan.generator(SHAPE, 4, 8)


def discriminator(normalization="batch"):
    keras.utils.set_random_seed(0)
    return dcgan.discriminator(SHAPE, 4, normalization)


def kinds(network):
    return [type(layer) for layer in tricks.flat(network)]


# --- the mechanism


def test_a_network_made_again_is_the_same_function():
    """Of a graph with shortcuts, resampling and two inputs; weights are carried over by hand."""
    network = resnet.generator(SHAPE, 4, 8, num_classes=3)
    again = tricks.edited(network, lambda layer: [tricks.again(layer)])
    again.set_weights(network.get_weights())
    inputs = [Z, np.array([0, 1, 2, 0, 1, 2])]
    np.testing.assert_array_equal(network(inputs), again(inputs))
    assert not {id(x) for x in network.weights} & {id(x) for x in again.weights}


def test_networks_inside_of_networks_are_edited_as_well():
    gan = ganzoo.create("infogan", SHAPE, width=4, latent_dim=16, dropout=0.5)
    assert own.SamplingDropout in kinds(gan.generator)
    assert gan.codes.categorical == 10  # its layers keep their names


def test_a_network_of_unknown_layers_is_refused():
    class Mine(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(InputError, match="put the layer in yourself"):
        tricks.applied("noise", 0.1, Mine())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("d_normalization", "bach", "Did you mean 'batch'"),
        ("minibatch", "std", "minibatch"),
        ("noise", -1.0, "noise=-1.0"),
        ("dropout", 1.5, "rate in"),
        ("pack", 0, "pack >= 1"),
        ("up", "x", "pixel_shuffle"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_argument(name, value, message):
    with pytest.raises(InputError, match=message) as error:
        ganzoo.create("dcgan", SHAPE, width=4, **{name: value})
    assert "\n" not in str(error.value)


def test_recipes_know_every_trick():

    for name in ganzoo.list_variants():
        assert tricks.SIDES.keys() <= gans.hyperparameters(name).keys()


# --- latents


def test_spherical_latents_are_of_one_length():
    network = tricks.latents(generator(), "sphere")
    np.testing.assert_allclose(network(Z), network(3.0 * Z), atol=1e-5)
    first = keras.Model(network.inputs, network.layers[1].output)
    lengths = np.linalg.norm(first(Z), axis=1)
    np.testing.assert_allclose(lengths, np.sqrt(8), rtol=1e-4)


def test_uniform_latents_are_uniform():
    network = tricks.latents(generator(), "uniform")
    first = keras.Model(network.inputs, network.layers[1].output)
    drawn = np.sort(np.asarray(first(RNG.normal(size=(2000, 8)).astype("float32"))).ravel())
    np.testing.assert_allclose(drawn, np.linspace(-1, 1, len(drawn)), atol=0.03)


# --- normalisation


@pytest.mark.parametrize("kind", tricks.NORMALIZATIONS)
@pytest.mark.parametrize("side", ["g_normalization", "d_normalization"])
def test_a_normalisation_takes_the_place_of_the_other(kind, side):
    network = generator() if side[0] == "g" else discriminator()
    found = kinds(tricks.applied(side, kind, network))
    expected = {
        "batch": own.BatchNormalization,
        "synchronized": own.BatchNormalization,
        "layer": keras.layers.LayerNormalization,
        "instance": keras.layers.GroupNormalization,
        "pixel": own.PixelNorm,
        "virtual": own.VirtualBatchNormalization,
        "spectral": own.SpectralConv2D,
    }.get(kind)
    assert expected is None or expected in found
    assert (own.BatchNormalization in found) == (kind in ("batch", "synchronized"))
    before = kinds(network).count(own.BatchNormalization)
    assert kind in ("spectral", "none") or found.count(expected) == before


@pytest.mark.parametrize("kind", ["batch", "synchronized"])
def test_synchronized_statistics_are_of_all_devices(replicas, kind):
    """And those of plain batch normalisation of a device's own images."""
    with replicas.scope():
        network = tricks.normalization(discriminator(), kind)
    images = RNG.normal(size=(8, *SHAPE)).astype("float32") * np.arange(1, 9).reshape(8, 1, 1, 1)
    halves = replicas.experimental_distribute_values_from_function(
        lambda context: tf.constant(images[4 * context.replica_id_in_sync_group :][:4])
    )
    shares = replicas.run(lambda x: network(x, training=True), args=(halves,))
    found = np.concatenate(replicas.experimental_local_results(shares))
    one = discriminator()
    one.set_weights(network.get_weights())
    assert np.allclose(found, one(images, training=True), atol=1e-3) == (kind == "synchronized")


def test_where_there_was_none_it_goes_behind_the_hidden_kernels():
    network = tricks.normalization(discriminator(None), "layer")
    assert kinds(network).count(keras.layers.LayerNormalization) == 1  # of two stages, the second


def test_without_normalisation_convolutions_have_biases_again():
    network = tricks.normalization(generator(), "none")
    assert all(layer.use_bias for layer in tricks.kernels(network))


def test_virtual_batch_norm_keeps_the_images_of_a_batch_apart():
    """And plain batch normalisation does not."""
    for kind, apart in (("virtual", True), ("batch", False)):
        network = tricks.normalization(discriminator(), kind)
        network(IMAGES, training=True)  # the reference
        alone = network(IMAGES[:1], training=True)
        together = network(IMAGES, training=True)[:1]
        assert np.allclose(alone, together, atol=1e-5) == apart


def test_the_reference_is_the_first_batch_in_training_and_stays():
    layer = own.ReferenceBatch(size=4)
    assert not np.any(layer(IMAGES)[:4])  # not in training: none is known yet
    first = layer(IMAGES[:2], training=True)
    np.testing.assert_array_equal(first[:4], IMAGES[[0, 1, 0, 1]])
    np.testing.assert_array_equal(layer(IMAGES[3:], training=True)[:4], IMAGES[[0, 1, 0, 1]])


def test_virtual_batch_norm_by_hand():
    layer = own.VirtualBatchNormalization(size=2, epsilon=0.0)
    x = RNG.normal(size=(5, 3, 3, 2)).astype("float32")
    found = np.asarray(layer(x))
    mean, square = x.mean((1, 2)), (x**2).mean((1, 2))
    m, s = ((2 * v[:2].mean(0) + v[3]) / 3 for v in (mean, square))
    np.testing.assert_allclose(found[3], (x[3] - m) / np.sqrt(s - m**2), rtol=1e-4, atol=1e-5)
    m, s = mean[:2].mean(0), square[:2].mean(0)
    np.testing.assert_allclose(found[0], (x[0] - m) / np.sqrt(s - m**2), rtol=1e-4, atol=1e-5)
    layer.gamma.assign([2.0, 3.0])
    layer.beta.assign([0.5, 0.25])
    expected = [2.0, 3.0] * found + [0.5, 0.25]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


def test_the_shape_without_the_reference_is_known():
    layer = own.WithoutReference(size=2)
    assert layer.compute_output_shape((5, 3)) == (3, 3)
    assert layer.compute_output_shape((None, 3)) == (None, 3)


def test_a_spectral_transposed_convolution_has_a_singular_value_of_one():
    layer = own.SpectralConv2DTranspose(3, 4, 2, "same")
    for _ in range(50):
        layer(np.ones((1, 4, 4, 2), "float32"), training=True)
    matrix = np.asarray(layer.kernel).reshape(-1, 2)
    assert np.linalg.svd(matrix, compute_uv=False)[0] == pytest.approx(1.0, rel=1e-3)


def test_virtual_batch_norm_and_what_compares_images():
    packed = ganzoo.create("dcgan", SHAPE, width=4, d_normalization="virtual", pack=2)
    assert packed.discriminator(IMAGES).shape == (3, 1)  # the reference is packed, too
    with pytest.raises(InputError, match="keep them independent"):
        ganzoo.create("dcgan", SHAPE, width=4, minibatch="stddev", d_normalization="virtual")


def test_features_with_virtual_batch_norm_are_of_the_batch_alone():
    gan = ganzoo.create("dcgan", SHAPE, width=4, d_normalization="virtual")
    features = penalties.feature_reader(gan.discriminator)(IMAGES)
    assert len(features) == len(IMAGES)  # and not of the reference batch, too
    last = [x for x in gan.discriminator.layers if isinstance(x, keras.layers.Dense)][-1]
    np.testing.assert_allclose(last(features), gan.discriminator(IMAGES), rtol=1e-4, atol=1e-6)


def test_a_kernel_of_zeros_has_no_spectral_norm():
    with pytest.raises(InputError, match="no direction"):
        ganzoo.create("r3gan", SHAPE, width=4, d_normalization="spectral")


# --- resampling


def test_pixel_shuffle_lays_channels_out_in_space():
    x = RNG.normal(size=(2, 3, 3, 8)).astype("float32")
    np.testing.assert_array_equal(own.PixelShuffle(2)(x), tf.nn.depth_to_space(x, 2))
    wide = own.PixelShuffle((1, 2))(x)
    assert wide.shape == (2, 3, 6, 4)
    np.testing.assert_array_equal(wide[:, :, 1::2], x[..., 4:])


def test_pixel_shuffle_takes_the_place_of_transposed_convolutions():
    found = kinds(tricks.up(generator(), "pixel_shuffle"))
    assert keras.layers.Conv2DTranspose not in found and own.PixelShuffle in found


def test_averages_take_the_place_of_strides():
    network = tricks.down(discriminator(), "average_pool")
    convs = [x for x in tricks.flat(network) if isinstance(x, keras.layers.Conv2D)]
    assert all(conv.strides == (1, 1) for conv in convs)
    assert kinds(network).count(keras.layers.AveragePooling2D) == len(convs)
    assert network.output_shape == (None, 1)


# --- chance


def test_noise_in_the_generator_is_there_in_training_only():
    network = tricks.noise(generator(), 0.5)
    np.testing.assert_array_equal(network(Z), network(Z))
    assert np.abs(network(Z, training=True) - network(Z, training=True)).max() > 1e-3
    assert kinds(network).count(keras.layers.GaussianNoise) == 3  # behind every ReLU


def test_dropout_is_there_in_sampling_and_is_the_seeds(tmp_path):
    gan = ganzoo.create("dcgan", SHAPE, width=4, latent_dim=8, dropout=0.5)
    latents = np.repeat(Z[:1], 4, axis=0)
    images = gan.sample(latents=latents, seed=1)
    assert len(np.unique(images.reshape(4, -1), axis=0)) == 4  # of one latent
    np.testing.assert_array_equal(images, gan.sample(latents=latents, seed=1))
    assert np.any(images != gan.sample(latents=latents, seed=2))
    np.testing.assert_array_equal(gan.sample(8, seed=3)[:3], gan.sample(3, seed=3))
    gan.export(tmp_path / "1")
    served = tf.saved_model.load(str(tmp_path / "1"))
    found = served.sample(3, 3).numpy().astype(int)
    assert np.abs(found - gan.sample(3, seed=3).astype(int)).max() <= 1


def test_dropout_keeps_the_mean():
    layer = own.SamplingDropout(0.25)
    with random.scope(random.key(0)):
        x = np.asarray(layer(np.ones((100, 100), "float32")))
    assert (x == 0).mean() == pytest.approx(0.25, abs=0.02)
    assert x.mean() == pytest.approx(1.0, abs=0.03)


# --- minibatches


def test_minibatch_discrimination_by_hand():
    layer = own.MinibatchDiscrimination(kernels=3, dim=2)
    x = RNG.normal(size=(4, 5)).astype("float32")
    found = np.asarray(layer(x))
    rows = (x @ np.asarray(layer.tensor)).reshape(4, 3, 2)
    for i in range(4):
        others = [j for j in range(4) if j != i]
        near = sum(np.exp(-np.abs(rows[i] - rows[j]).sum(1)) for j in others)
        np.testing.assert_allclose(found[i, 5:], near, rtol=1e-5)
    np.testing.assert_array_equal(found[:, :5], x)


@pytest.mark.parametrize("kind", tricks.MINIBATCH)
def test_a_minibatch_layer_sees_duplicates(kind):
    layer = tricks.MINIBATCH[kind]()
    x = RNG.normal(size=(8, 5)).astype("float32")
    alike = np.repeat(x[:1], 8, axis=0)
    extra = [np.asarray(layer(v))[:, 5:].mean() for v in (x, alike)]
    assert abs(extra[0] - extra[1]) > 0.1 * abs(extra[0])
    network = tricks.minibatch(discriminator(), kind)
    kernel = network.layers[-1].kernel
    assert kernel.shape[0] > discriminator().layers[-1].kernel.shape[0]


def test_a_packed_discriminator_gives_a_score_for_each_pack():
    network = tricks.pack(discriminator(), 2)
    assert network(IMAGES).shape == (3, 1) and network.inputs[0].shape == (None, *SHAPE)


def test_the_penalty_of_a_pack_is_of_its_images_together():
    """Of a linear critic of two images at once the slope is that of both."""
    from ganzoo import penalties

    inputs = keras.Input((2,))
    packed = own.Packing(2)(inputs)
    network = keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(packed))
    gan = ganzoo.GAN(ganzoo.networks.mlp.generator((2,), 4, 8), network, latent_dim=8)
    gan.compile(ema=0)
    batch = {"real": RNG.normal(size=(4, 2)).astype("float32")}
    found = penalties.R1().value(gan, {"real": tf.constant(batch["real"])})
    expected = np.square(np.asarray(network.weights[0])).sum() / 2
    assert float(found) == pytest.approx(expected, rel=1e-5)
