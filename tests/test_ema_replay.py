"""The average of the generator, and the buffer of past fakes."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import ema, random, replay
from ganzoo.errors import InputError
from ganzoo.inference.sampler import Sampler

# --- EMA


def normalised_generator():
    """Returns a generator that has trained weights and moving statistics."""
    inputs = keras.Input((3,))
    x = keras.layers.BatchNormalization()(keras.layers.Dense(4)(inputs))
    return keras.Model(inputs, keras.layers.Reshape((2, 2, 1))(x))


def attached(decay, generator):
    average = ema.EMA(decay)
    average.attach(types.SimpleNamespace(generator=generator))
    return average


def update(average, generator, step):
    average.update(types.SimpleNamespace(generator=generator, step=tf.constant(step, "int64")))


def drawn_weights(network, seed):
    rng = np.random.default_rng(seed)
    return [rng.uniform(0.5, 1.5, w.shape).astype("float32") for w in network.weights]


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9])
def test_average_follows_the_closed_form_with_its_warm_up(decay):
    generator = normalised_generator()
    average = attached(decay, generator)
    expected = generator.weights[0].numpy().astype("float64")
    for step in range(1, 31):
        generator.set_weights(drawn_weights(generator, step))
        update(average, generator, step)
        beta = min(decay, (1 + step) / (10 + step))
        expected = beta * expected + (1 - beta) * generator.weights[0].numpy()
    np.testing.assert_allclose(average.network.weights[0], expected, rtol=1e-5)


def test_warm_up_forgets_the_random_start_at_once():
    generator = normalised_generator()
    average = attached(0.999, generator)
    start = generator.get_weights()[0]
    generator.set_weights(drawn_weights(generator, 0))
    update(average, generator, 1)
    moved = average.network.get_weights()[0] - start
    np.testing.assert_allclose(moved / (generator.get_weights()[0] - start), 9 / 11, rtol=1e-3)


def test_average_without_decay_is_the_generator():
    generator = normalised_generator()
    average = attached(0.0, generator)
    for step in (1, 2):
        generator.set_weights(drawn_weights(generator, step))
        update(average, generator, step)
        for mean, weight in zip(average.network.weights, generator.weights, strict=True):
            np.testing.assert_array_equal(mean.numpy(), weight.numpy())


def test_moving_statistics_are_copied_and_the_rest_is_averaged():
    generator = normalised_generator()
    average = attached(0.9, generator)
    generator.set_weights(drawn_weights(generator, 1))
    update(average, generator, 1000)
    for mean, weight in zip(average.network.weights, generator.weights, strict=True):
        assert np.allclose(mean, weight) == ("moving" in weight.path), weight.path


def test_average_starts_as_the_generator_and_is_a_copy_that_no_optimizer_trains():
    generator = normalised_generator()
    average = attached(0.9, generator)
    assert average.network is not generator and not average.network.trainable
    assert average.trainable_variables == [] and average.trainable_weights == []
    assert len(generator.trainable_variables) == 4
    latents = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(average.network(latents), generator(latents))
    before = average.network.get_weights()[0]
    generator.set_weights(drawn_weights(generator, 1))
    np.testing.assert_array_equal(average.network.get_weights()[0], before)


def test_samples_are_those_of_the_average():
    gan = ganzoo.create("gan", (8, 8, 1), width=4, latent_dim=4)
    np.testing.assert_array_equal(gan.sample(3), ganzoo_sample(gan.generator))
    gan.generator.set_weights(drawn_weights(gan.generator, 0))
    assert (gan.sample(3) != ganzoo_sample(gan.generator)).any()
    np.testing.assert_array_equal(gan.sample(3), ganzoo_sample(gan.ema.network))


def test_recalibration_takes_the_statistics_of_the_averaged_weights():
    generator = normalised_generator()
    average = attached(0.9, generator)
    average.network.set_weights(drawn_weights(generator, 3))
    kernel, bias, scale, shift, *_ = before = average.network.get_weights()
    own = generator.get_weights()
    sampler = Sampler(average.network, 3)
    average.recalibrate(sampler, batches=4, batch_size=50)
    values = [sampler.latents(50, seed).numpy() @ kernel + bias for seed in range(4)]
    after = average.network.get_weights()
    for got, kept in zip(after[:4], [kernel, bias, scale, shift], strict=True):
        np.testing.assert_array_equal(got, kept)
    np.testing.assert_allclose(after[4], np.mean([v.mean(0) for v in values], 0), rtol=1e-4)
    np.testing.assert_allclose(after[5], np.mean([v.var(0) for v in values], 0), rtol=1e-3)
    assert np.abs(after[4] - before[4]).max() > 0.01
    assert not average.network.trainable and average.trainable_variables == []
    assert [layer.momentum for layer in average.network.layers if hasattr(layer, "momentum")] == [
        0.99
    ]
    for now, then in zip(generator.get_weights(), own, strict=True):
        np.testing.assert_array_equal(now, then)


def test_fit_recalibrates_before_the_callbacks_of_an_epoch():
    gan = ganzoo.create("dcgan", (8, 8, 1), width=2, latent_dim=4, run_eagerly=True)
    seen = []
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(gan.ema.network.get_weights())
    )
    gan.fit(np.zeros((8, 8, 8, 1), "uint8"), batch_size=8, epochs=1, verbose=0, callbacks=[look])
    gan.ema.recalibrate(gan.sampler)
    for then, now in zip(seen[0], gan.ema.network.get_weights(), strict=True):
        np.testing.assert_array_equal(then, now)
    paths = [w.path for w in gan.ema.network.weights]
    copied = dict(zip(paths, gan.generator.get_weights(), strict=True))
    taken = dict(zip(paths, seen[0], strict=True))
    assert all(np.abs(copied[p] - taken[p]).max() > 0 for p in paths if "moving_var" in p)


def ganzoo_sample(network):
    return Sampler(network, 4).sample(3)


def test_training_moves_the_average_once_a_step():
    gan = ganzoo.create("gan", (8, 8, 1), width=4, latent_dim=4, ema=0.5)
    images = tf.random.stateless_uniform((4, 8, 8, 1), (0, 0), -1.0, 1.0)
    expected = [w.numpy() for w in gan.generator.trainable_variables]
    for step in (1, 2, 3):
        gan.train_step(images)
        beta = min(0.5, (1 + step) / (10 + step))
        now = [w.numpy() for w in gan.generator.trainable_variables]
        expected = [beta * a + (1 - beta) * w for a, w in zip(expected, now, strict=True)]
    for mean, value in zip(gan.ema.network.weights, expected, strict=True):
        np.testing.assert_allclose(mean, value, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("decay", [1.0, 1.5, -0.1])
def test_a_decay_out_of_bounds_is_one_line(decay):
    for given in (decay, {"class_name": "EMA", "config": {"decay": decay}}):
        with pytest.raises(InputError, match="decay") as caught:
            ganzoo.create("gan", (8, 8, 1), width=4, ema=given)
        assert "\n" not in str(caught.value)


def test_ema_get_takes_a_decay_a_config_and_an_object():
    assert ema.get(0.9).decay == 0.9 and ema.get(0) is None
    made = ema.get({"class_name": "EMA", "config": {"decay": 0.7}})
    assert made.decay == 0.7 and ema.get(made) is made and ema.get(None) is None
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert copy.decay == 0.7


# --- Replay


def buffer(capacity, share=0.5, shape=(2, 2, 1)):
    made = replay.Replay(capacity, share)
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    generator.add(keras.layers.Reshape(shape))
    critic = types.SimpleNamespace(inputs=[None])
    shape = generator.output_shape[1:]
    made.attach(
        types.SimpleNamespace(
            generator=generator, discriminator=critic, image_shape=shape, fakes=("fake",)
        )
    )
    return made


def tagged(first, count, shape=(2, 2, 1)):
    """Returns images each of which holds its own number everywhere."""
    tags = np.arange(first, first + count, dtype="float32")
    return tf.constant(tags.reshape(-1, *(1,) * len(shape)) + np.zeros((1, *shape), "float32"))


def shown(made, images, step):
    """Returns the tags of what the buffer shows, after checking that no image was mixed."""
    with random.scope(random.key(0, step)):
        images = made(images).numpy()
    tags = images.reshape(len(images), -1)
    assert (tags == tags[:, :1]).all()
    return tags[:, 0].astype(int)


def test_buffer_fills_first_and_shows_every_new_fake_meanwhile():
    made = buffer(12)
    for step in range(3):
        np.testing.assert_array_equal(
            shown(made, tagged(1 + 4 * step, 4), step), np.arange(1 + 4 * step, 5 + 4 * step)
        )
        assert int(made.seen.numpy()) == 4 * (step + 1)
    np.testing.assert_array_equal(made.images.numpy()[:, 0, 0, 0], np.arange(1, 13))


@pytest.mark.parametrize(("compiled", "steps"), [(False, 60), (True, 300)])
def test_a_share_of_what_is_shown_is_old_and_each_image_at_most_once(compiled, steps):
    made, batch = buffer(16, share=0.25), 8

    def step_of(images, step):
        with random.scope(random.key(0, step)):
            return made(images)

    call = tf.function(step_of) if compiled else step_of
    old, ages, kept = 0, [], set()
    for step in range(steps):
        first = 1 + batch * step
        tags = call(tagged(first, batch), tf.constant(step)).numpy()[:, 0, 0, 0].astype(int)
        assert len(set(tags)) == batch and tags.min() >= 1
        past = [tag for tag in tags if tag < first]
        assert set(past) <= kept  # what comes out was in the buffer before this step
        new_place = [i for i, tag in enumerate(tags) if tag >= first]
        assert all(tags[i] == first + i for i in new_place)  # the rest is shown in its place
        kept = set(made.images.numpy()[:, 0, 0, 0].astype(int)) - {0}
        if step < 2:
            continue
        # A new fake is either shown or kept in the place of an old one, which has left.
        assert kept.isdisjoint(past)
        assert {t for t in kept if t >= first} == set(range(first, first + batch)) - set(tags)
        old += len(past)
        ages += [step - (tag - 1) // batch for tag in past]
    count = (steps - 2) * batch
    np.testing.assert_allclose(old / count, 0.25, atol=5 * np.sqrt(0.25 * 0.75 / count))
    # An image leaves with probability 0.25 * 8 / 16 a step: its mean age is 8 steps.
    np.testing.assert_allclose(np.mean(ages), 8, rtol=0.25)


def test_no_empty_place_is_shown_if_the_capacity_is_no_multiple_of_the_batch():
    made, old = buffer(11, share=0.9), []
    for step in range(100):
        tags = shown(made, tagged(1 + 4 * step, 4), step)
        assert tags.min() >= 1 and len(set(tags)) == 4
        old += list(tags < 1 + 4 * step) if step >= 2 else []
    # The empty places do not take away from the share either.
    np.testing.assert_allclose(np.mean(old), 0.9, atol=5 * 0.3 / np.sqrt(len(old)))


def test_no_empty_place_is_shown_if_the_batch_has_more_images_than_the_buffer():
    made = buffer(10, share=0.9)
    shown(made, tagged(1, 3), 0)  # the last, smaller batch of an epoch, say
    for step in range(1, 20):
        tags = shown(made, tagged(1 + 10 * step, 8), step)
        assert tags.min() >= 1 and len(set(tags)) == 8


def test_unknown_batch_size():
    made = buffer(12, share=0.5)

    @tf.function(
        input_signature=[tf.TensorSpec((None, 2, 2, 1), tf.float32), tf.TensorSpec((), tf.int64)]
    )
    def call(images, step):
        with random.scope(random.key(0, step)):
            return made(images)

    old = []
    for step in range(100):
        images = call(tagged(1 + 4 * step, 4), step).numpy()[:, 0, 0, 0]
        assert images.min() >= 1 and len(set(images)) == 4
        old += list(images < 1 + 4 * step) if step >= 3 else []
    np.testing.assert_allclose(np.mean(old), 0.5, atol=5 * 0.5 / np.sqrt(len(old)))


def test_half_precision_fakes_keep_their_dtype():
    made = buffer(4)
    for step in range(4):
        with random.scope(random.key(0, step)):
            assert made(tf.cast(tagged(1, 4), "float16")).dtype == tf.float16


def test_a_batch_larger_than_the_buffer_is_one_line():
    with pytest.raises(InputError, match="capacity") as caught:
        buffer(4)(tagged(1, 5))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("config", [{"capacity": 0}, {"share": 0.0}, {"share": 1.0}])
def test_arguments_out_of_bounds_are_one_line(config):
    with pytest.raises(InputError, match="share"):
        replay.get({"class_name": "Replay", "config": config})


def test_a_capacity_out_of_bounds_is_one_line():
    with pytest.raises(InputError, match="capacity"):
        ganzoo.create("gan", (8, 8, 1), width=4, replay=-1)


def test_replay_get_takes_a_capacity_a_config_and_an_object():
    assert replay.get(7).capacity == 7 and replay.get(None) is replay.get(0) is None
    made = replay.get({"class_name": "Replay", "config": {"capacity": 9, "share": 0.3}})
    assert (made.capacity, made.share) == (9, 0.3) and replay.get(made) is made
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert (copy.capacity, copy.share) == (9, 0.3)


def test_buffer_is_saved_and_restored_with_the_weights(tmp_path):
    images = tf.random.stateless_uniform((4, 8, 8, 1), (0, 0), -1.0, 1.0)
    gan = ganzoo.create("gan", (8, 8, 1), width=4, latent_dim=4, replay=10)
    for _ in range(2):
        gan.train_step(images)
    assert int(gan.replay.seen.numpy()) == 8
    gan.save_weights(tmp_path / "a.weights.h5")
    other = ganzoo.create("gan", (8, 8, 1), width=4, latent_dim=4, replay=10)
    assert int(other.replay.seen.numpy()) == 0
    other.load_weights(tmp_path / "a.weights.h5")
    assert int(other.replay.seen.numpy()) == 8
    np.testing.assert_array_equal(other.replay.images.numpy(), gan.replay.images.numpy())
    assert np.abs(gan.replay.images.numpy()[:8]).max() > 0


def test_d_is_shown_the_buffers_images_and_g_its_own():
    gan = ganzoo.create(
        "gan", (8, 8, 1), width=4, latent_dim=4,
        replay={"class_name": "Replay", "config": {"capacity": 8, "share": 0.99}},
    )  # fmt: skip
    seen = {}
    gan.discriminator_loss, d_loss = (
        lambda batch: seen.update(d=batch["fake"].numpy()) or d_loss(batch),
        gan.discriminator_loss,
    )
    gan.generator_loss, g_loss = (
        lambda batch: seen.update(g=batch["fake"].numpy()) or g_loss(batch),
        gan.generator_loss,
    )
    images = tf.zeros((8, 8, 8, 1))
    gan.train_step(images)
    first = seen["g"]
    np.testing.assert_array_equal(seen["d"], first)
    gan.train_step(images)
    from_first = [(first == image).all((1, 2, 3)).any() for image in seen["d"]]
    assert sum(from_first) >= 7
    assert not any((first == image).all((1, 2, 3)).any() for image in seen["g"])


def test_a_discriminator_that_is_given_labels_is_refused():
    image, label = keras.Input((8, 8, 1)), keras.Input((1,))
    x = keras.layers.Concatenate()([keras.layers.Flatten()(image), label])
    critic = keras.Model([image, label], keras.layers.Dense(1)(x))
    gan = ganzoo.GAN(ganzoo.networks.mlp.generator((8, 8, 1), 4, 4), critic, latent_dim=4)
    with pytest.raises(InputError, match="labels") as caught:
        gan.compile(replay=16)
    assert "\n" not in str(caught.value)
