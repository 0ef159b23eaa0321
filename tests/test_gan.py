"""What the base class does with a batch, checked against arithmetic done by hand."""

from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import maker

import ganzoo
from ganzoo import InputError, random
from ganzoo.engine import distribute
from ganzoo.engine.batch import as_batch, regroup
from ganzoo.gan import GAN
from ganzoo.inference import saved_model


def linear_pair(dim=3, latent=2):
    """Two networks of one matrix each, so that a step can be written down."""
    generator = keras.Sequential([keras.Input((latent,)), keras.layers.Dense(dim, use_bias=False)])
    critic = keras.Sequential([keras.Input((dim,)), keras.layers.Dense(1, use_bias=False)])
    return generator, critic


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_a_step_is_what_the_equations_say():
    keras.utils.set_random_seed(0)
    generator, critic = linear_pair()
    gan = GAN(generator, critic, latent_dim=2)
    sgd = keras.optimizers.SGD
    gan.compile(sgd(0.1), sgd(0.2), loss="non_saturating", ema=ganzoo.ema.EMA(0.0), seed=5)
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    g, d = generator.get_weights()[0], critic.get_weights()[0]
    with random.scope(random.fold(distribute.replica_key(5, gan.step), 0)):
        z = keras.random.normal((4, 2), seed=random.seed("latent")).numpy()
    fake = z @ g
    # D: -log s(xd) - log(1 - s(fd)), averaged; then G, against the new D, on the same fakes.
    d_new = d - 0.2 * (x.T @ (sigmoid(x @ d) - 1) + fake.T @ sigmoid(fake @ d)) / 4
    g_new = g - 0.1 * z.T @ ((sigmoid(fake @ d_new) - 1) @ d_new.T) / 4
    logs = gan.train_step({"real": tf.constant(x)})
    np.testing.assert_allclose(critic.get_weights()[0], d_new, rtol=1e-5)
    np.testing.assert_allclose(generator.get_weights()[0], g_new, rtol=1e-5)
    d_loss = -np.mean(np.log(sigmoid(x @ d))) - np.mean(np.log(1 - sigmoid(fake @ d)))
    np.testing.assert_allclose(logs["d_adv"], d_loss, rtol=1e-5)
    np.testing.assert_allclose(logs["d_grad_norm"], np.linalg.norm(d_new - d) / 0.2, rtol=1e-4)
    np.testing.assert_allclose(logs["g_grad_norm"], np.linalg.norm(g_new - g) / 0.1, rtol=1e-4)
    np.testing.assert_array_equal(gan.ema.network.get_weights()[0], generator.get_weights()[0])


def test_repeated_turns_are_traced_once_and_are_those_of_eager_mode():
    traced = []

    class Spy(GAN):
        def discriminator_step(self, batch):
            traced.append(batch["real"])
            return super().discriminator_step(batch)

    x = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
    ends = []
    for graph in (False, True):
        keras.utils.set_random_seed(0)
        gan = Spy(*linear_pair(), latent_dim=2)
        gan.compile(n_critic=5, seed=5)
        traced.clear()
        step = tf.function(gan.train_step, autograph=False) if graph else gan.train_step
        for _ in range(2):
            step({"real": tf.constant(x)})
        ends.append(gan.get_weights())
        assert len(traced) == (2 if graph else 10)  # once for four turns alone, once for the last
    for eager, graph in zip(*ends, strict=True):
        np.testing.assert_allclose(eager, graph, rtol=1e-5, atol=1e-6)


def test_several_turns_run_under_a_strategy_of_one_device():
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        gan = GAN(*linear_pair(), latent_dim=2)
        gan.compile(n_critic=4)
    logs = gan.fit(np.ones((16, 3), "float32"), batch_size=2, verbose=0).history
    assert np.isfinite(logs["d_adv"]).all() and int(gan.step.numpy()) == 2


def test_each_turn_of_the_critic_sees_fresh_data_and_fresh_noise():
    seen = []

    class Spy(GAN):
        def discriminator_step(self, batch):
            seen.append((batch["real"].numpy(), batch["fake"].numpy()))
            return super().discriminator_step(batch)

    gan = Spy(*linear_pair(), latent_dim=2)
    gan.compile(n_critic=3, run_eagerly=True)
    x = np.arange(18, dtype="float32").reshape(6, 3)
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(2)
    logs = gan.fit(dataset, verbose=0)
    np.testing.assert_array_equal(np.concatenate([real for real, _ in seen]), x)
    fakes = [fake for _, fake in seen]
    assert not np.allclose(fakes[0], fakes[1]) and not np.allclose(fakes[1], fakes[2])
    assert int(gan.step.numpy()) == 1 and int(gan.d_optimizer.iterations.numpy()) == 3
    assert int(gan.g_optimizer.iterations.numpy()) == 1 and "d_adv" in logs.history


def test_regroup_joins_batches_in_order_and_knows_how_many():
    dataset = tf.data.Dataset.range(14).batch(2, drop_remainder=True)
    joined = regroup(dataset, 3)
    assert int(joined.cardinality()) == 2
    assert [list(b.numpy()) for b in joined] == [list(range(6)), list(range(6, 12))]


def test_integer_images_are_scaled_and_bare_tensors_named():
    batch = as_batch((tf.constant([[[[0]], [[255]]]], tf.uint8), tf.constant([3])))
    np.testing.assert_allclose(batch["real"].numpy().ravel(), [-1, 1])
    assert batch["label"].numpy() == [3]
    assert set(as_batch((tf.zeros((1, 2)), None))) == {"real"}


def test_arrays_and_datasets_of_uint8_train(eagerly):
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), "uint8")
    gan = ganzoo.create("dcgan", (8, 8, 1), width=4, latent_dim=4)
    assert len(gan.fit(images, batch_size=16, epochs=2, verbose=0).epoch) == 2
    assert int(gan.step.numpy()) == 4
    gan.fit(tf.data.Dataset.from_tensor_slices(images).batch(8), verbose=0)
    gan.fit({"real": images, "label": np.zeros(40, "int32")}, verbose=0)


def test_wrong_data_is_refused_in_words():
    gan = ganzoo.create("wgan_gp", (8, 8, 1), width=4, latent_dim=4)
    with pytest.raises(InputError, match=r"of shape \('N', 8, 8, 1\).*got \(200, 9, 9, 1\)"):
        gan.fit(np.zeros((200, 9, 9, 1), "uint8"), verbose=0)
    with pytest.raises(InputError, match="at least batch_size=32 images, got 5"):
        gan.fit(np.zeros((5, 8, 8, 1), "uint8"), verbose=0)
    with pytest.raises(InputError, match="divisible by 5, got 12"):
        gan.train_step({"real": tf.zeros((12, 8, 8, 1))})
    with pytest.raises(InputError, match="Evaluate"):
        gan.evaluate(np.zeros((32, 8, 8, 1), "uint8"), verbose=0)


def test_wrong_arguments_are_refused_in_words():
    with pytest.raises(InputError, match="Did you mean 'wgan_gp'"):
        ganzoo.create("wgan-gp")
    with pytest.raises(InputError, match="Did you mean 'penalties'"):
        ganzoo.create("dcgan", (8, 8, 1), penalty=[])
    with pytest.raises(InputError, match="takes no labels"):
        ganzoo.create("dcgan", (8, 8, 1), num_classes=10)
    with pytest.raises(InputError, match="n_critic >= 1"):
        ganzoo.create("dcgan", (8, 8, 1), width=4, n_critic=0)
    with pytest.raises(InputError, match="g_optimizer='adamm'"):
        ganzoo.create("dcgan", (8, 8, 1), width=4, g_optimizer="adamm")
    unbuilt = keras.Sequential([keras.layers.Dense(1)])
    with pytest.raises(InputError, match="must be built"):
        GAN(unbuilt, linear_pair()[1])


def test_several_steps_in_one_execution_are_the_same_steps():
    ends = []
    for execution in (1, 3):
        keras.utils.set_random_seed(0)
        gan = ganzoo.create("gan", (8, 8, 1), width=4, latent_dim=4, steps_per_execution=execution)
        images = np.random.default_rng(0).integers(0, 256, (48, 8, 8, 1), "uint8")
        gan.fit(tf.data.Dataset.from_tensor_slices(images).batch(8), verbose=0)
        ends.append(gan.generator.get_weights())
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_step_is_traced_once_on_each_replica(replicas):
    for strategy in (tf.distribute.get_strategy(), replicas):
        with strategy.scope():
            gan = GAN(*linear_pair(), latent_dim=2)
            gan.compile(ema=0.9, replay=16)
        with mock.patch.object(gan, "train_step", side_effect=gan.train_step) as step:
            gan.fit(np.zeros((16, 3), "float32"), batch_size=4, epochs=2, verbose=0)
        assert step.call_count == strategy.num_replicas_in_sync


@pytest.mark.slow
@pytest.mark.parametrize(("name", "turns"), [("gan", 1), ("wgan_gp", 2)])
def test_everything_compiles_under_xla(name, turns):
    gan = ganzoo.create(
        name, (8, 8, 1), width=4, latent_dim=4, n_critic=turns, replay=32, jit_compile=True,
        penalties=["gradient_penalty", {"class_name": "R1", "config": {"interval": 2}}],
    )  # fmt: skip
    images = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1), "uint8")
    logs = gan.fit(images, batch_size=16, epochs=2, verbose=0).history
    assert np.isfinite(list(logs.values())).all()


def test_the_epoch_log_is_the_mean_over_its_steps():
    keras.utils.set_random_seed(0)
    gan = ganzoo.create("gan", (2,), width=4, latent_dim=4)
    points = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    rows = []
    keep = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda _, logs: rows.append(float(logs["d_adv"]))
    )
    history = gan.fit(points, batch_size=16, verbose=0, callbacks=[keep]).history
    assert history["d_adv"] == [pytest.approx(rows[-1])]  # Keras logs running means


def conditional_pair():
    latents, label = keras.Input((4,)), keras.Input((), dtype="int32")
    x = keras.layers.Concatenate()([latents, keras.layers.Embedding(3, 4)(label)])
    x = keras.layers.Dense(64, activation="tanh")(x)
    generator = keras.Model([latents, label], keras.layers.Reshape((8, 8, 1))(x))
    image, label = keras.Input((8, 8, 1)), keras.Input((), dtype="int32")
    x = keras.layers.Concatenate()(
        [keras.layers.Flatten()(image), keras.layers.Embedding(3, 4)(label)]
    )
    return generator, keras.Model([image, label], keras.layers.Dense(1)(x))


def test_networks_that_take_labels_are_given_them(tmp_path, eagerly):
    gan = GAN(*conditional_pair(), latent_dim=4, num_classes=3)
    gan.compile()
    images = np.random.default_rng(0).integers(0, 256, (32, 8, 8, 1), "uint8")
    gan.fit(images, np.arange(32, dtype="int32") % 3, batch_size=8, verbose=0)
    assert not np.array_equal(gan.sample(4, labels=0), gan.sample(4, labels=2))
    gan.export(tmp_path / "1")
    served = tf.saved_model.load(str(tmp_path / "1"))
    out = served.signatures["serving_default"](
        latents=tf.zeros((2, 4)), labels=tf.constant([0, 2])
    )["images"]
    assert out.shape == (2, 8, 8, 1)
    np.testing.assert_array_equal(served.sample(6, 1).numpy(), gan.sample(6, seed=1))


def test_a_loaded_gan_has_its_parts():
    gan = ganzoo.create(
        "wgan", (2,), width=4, clip=0.02, replay=8, loss="hinge", g_optimizer="adam", ema=0.5
    )
    config = gan.get_compile_config()
    other = ganzoo.create("wgan", (2,), width=4)
    other.compile_from_config(config)
    assert other.replay.capacity == 8 and other.ema.decay == 0.5
    assert type(other.loss).__name__ == "Hinge" and type(other.g_optimizer).__name__ == "Adam"
    assert all(w.constraint.bound == 0.02 for w in other.discriminator.trainable_variables)


@keras.saving.register_keras_serializable("test")
class Own(keras.Model):
    """A network as people write them."""

    def __init__(self, shape, **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        self.dense = keras.layers.Dense(int(np.prod(shape)), activation="tanh")
        self.reshape = keras.layers.Reshape(self.shape)

    def build(self, input_shape):
        self.dense.build((None, int(np.prod(input_shape[1:]))))
        self.built = True

    def call(self, x, training=False):
        return self.reshape(self.dense(keras.ops.reshape(x, (keras.ops.shape(x)[0], -1))))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.shape)

    def get_config(self):
        return {"shape": self.shape}


def test_networks_that_are_classes_of_ones_own(tmp_path, eagerly):
    generator, critic = Own((8, 8, 1)), Own((1,))
    generator.build((None, 4)), critic.build((None, 8, 8, 1))
    gan = GAN(generator, critic, latent_dim=4)
    gan.compile(replay=32)
    images = np.random.default_rng(0).integers(0, 256, (32, 8, 8, 1), "uint8")
    gan.fit(images, batch_size=8, verbose=0)
    gan.export(tmp_path / "1")
    served = tf.saved_model.load(str(tmp_path / "1")).sample(3, 0).numpy()
    np.testing.assert_array_equal(served, gan.sample(3))


def test_a_loaded_generator_is_trained_further(tmp_path, eagerly):
    ganzoo.create("dcgan", (8, 8, 1), width=4, latent_dim=4).export(tmp_path / "1")
    loaded = saved_model.load(tmp_path / "1")
    gan = ganzoo.gans.DCGAN(loaded, ganzoo.networks.dcgan.discriminator((8, 8, 1), width=4))
    gan.compile()
    before = loaded.sample(4)
    gan.fit(np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1), "uint8"), verbose=0)
    assert not np.array_equal(before, loaded.sample(4)) and gan.latent_dim == 4


def test_the_regularizers_of_a_network_are_a_term():
    generator, _ = linear_pair()
    l2 = keras.regularizers.L2(10.0)
    critic = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_regularizer=l2)])
    gan = GAN(generator, critic, latent_dim=2)
    gan.compile()
    expected = 10.0 * np.sum(critic.get_weights()[0] ** 2)
    logs = gan.train_step({"real": tf.zeros((4, 3))})
    np.testing.assert_allclose(logs["d_regularization"], expected, rtol=1e-5)


def test_a_penalty_cannot_take_the_place_of_another_term():
    gan = ganzoo.create("gan", (2,), width=4, penalties=[ganzoo.penalties.R1(name="adv")])
    with pytest.raises(InputError, match="two terms are called 'adv'"):
        gan.train_step({"real": tf.zeros((4, 2))})


def test_datasets_that_cannot_be_divided_are_refused_or_shortened(replicas):
    gan = ganzoo.create("gan", (2,), width=4, n_critic=3, run_eagerly=True)
    points = np.random.default_rng(0).normal(size=(47, 2)).astype("float32")
    short = tf.data.Dataset.from_tensor_slices(points).batch(8)  # the sixth has but 7
    gan.fit(short, verbose=0)
    assert int(gan.step.numpy()) == 1
    with pytest.raises(InputError, match="n_critic=3 batches, but there are only 2"):
        gan.fit(short.take(2), verbose=0)
    with replicas.scope():
        pair = ganzoo.create("gan", (2,), width=4, run_eagerly=True)
    with pytest.raises(InputError, match="divisible by 2 replicas, got 7"):
        pair.fit(tf.data.Dataset.from_tensor_slices(points).batch(7, drop_remainder=True))
    pair.fit(short, verbose=0)
    assert int(pair.step.numpy()) == 5


def test_common_mistakes_are_refused_in_words():
    gan = ganzoo.create("dcgan", (8, 8, 1), width=4, latent_dim=4)
    images = np.random.default_rng(0).uniform(0, 1, (32, 8, 8, 1)).astype("float32")
    with pytest.raises(InputError, match=r"got float32 from .* x \* 2 - 1"):
        gan.fit(images, verbose=0)
    with pytest.raises(InputError, match="the same length"):
        gan.fit(2 * images - 1, np.zeros(31, "int32"), verbose=0)
    with pytest.raises(InputError, match="of 'real', got the keys .'image'"):
        gan.fit({"image": 2 * images - 1}, verbose=0)
    with pytest.raises(InputError, match="no validation loss"):
        gan.fit(2 * images - 1, validation_data=images, verbose=0)
    with pytest.raises(InputError, match="latent_dim=2"):
        GAN(*linear_pair())
    adam = keras.optimizers.Adam()
    with pytest.raises(InputError, match="optimizer of its own"):
        gan.compile(adam, adam)


def test_what_a_gan_does_not_have_it_does_not_export(tmp_path):
    points = ganzoo.create("gan", (2,), width=4, latent_dim=4)
    with mock.patch.object(type(points.generator), "__call__", side_effect=AssertionError):
        assert points.image_shape == (2,)  # nothing is drawn for that
    assert points.critic() is not None
    for name in ("pix2pix", "classifier", "imle"):
        gan = maker(name)()
        assert gan.critic() is None
        with pytest.raises(InputError, match="unknown .*'wings'"):
            gan.export(tmp_path, which="wings")
    assert not any(tmp_path.iterdir())


def test_a_half_precision_training_exports_in_single_precision(tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    gan = ganzoo.create("dcgan", (8, 8, 1), width=4, latent_dim=4)
    gan.export(tmp_path / "1")
    keras.config.set_dtype_policy("float32")
    served = tf.saved_model.load(str(tmp_path / "1"))
    graph = served.signatures["serving_default"].graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    assert not [n.name for n in nodes if n.attr["DstT"].type == tf.bfloat16.as_datatype_enum]
    latents = np.random.default_rng(0).normal(size=(7, 4)).astype("float32")
    ours = saved_model.load(tmp_path / "1")(latents).numpy()
    theirs = served.signatures["serving_default"](latents=tf.constant(latents))["images"]
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert gan.generator.layers[1].compute_dtype == "bfloat16"  # the training's own is as it was


def test_turns_are_a_loop_in_a_graph_and_written_out_under_a_strategy():
    total, traced = tf.Variable(0.0), []

    def turn(number):
        traced.append(number)
        total.assign_add(tf.cast(number, "float32"))
        return {"number": tf.cast(number, "float32"), "total": total.read_value()}

    def means():
        return distribute.in_turn(turn, 5)

    for run, traces in ((means, 5), (tf.function(means), 2)):
        total.assign(0.0)
        traced.clear()
        found = run()
        assert (float(found["number"]), float(found["total"])) == (2.0, 4.0) and float(
            total
        ) == 10.0
        assert len(traced) == traces
    traced.clear()
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        tf.function(lambda: distribute.in_turn(turn, 5))()
    assert len(traced) == 5


def test_a_step_that_overflows_is_left_out_and_has_no_gradient_norm():
    keras.config.set_dtype_policy("mixed_float16")
    gan = ganzoo.create("lsgan", (8, 8, 1), width=2, latent_dim=4, run_eagerly=True)
    gan.d_optimizer.dynamic_scale.assign(1e30)
    before = gan.discriminator.get_weights()[0]
    logs = gan.fit(np.zeros((4, 8, 8, 1), "uint8"), batch_size=4, verbose=0).history
    assert logs["d_grad_norm"] == [0.0] and logs["g_grad_norm"][0] > 0.0
    np.testing.assert_array_equal(gan.discriminator.get_weights()[0], before)
