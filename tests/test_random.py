"""Randomness: pure functions of (key, name, ordinal), and nothing else."""

import threading

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import random


def normal(name="a", count=1000):
    return keras.random.normal((count,), seed=random.seed(name)).numpy()


def draws(key, names="a", count=1000):
    """Returns the draws of these names, in this order, in a scope of that key."""
    with random.scope(key):
        return [normal(name, count) for name in names]


def correlation(a, b):
    return abs(np.corrcoef(a, b)[0, 1])


def test_a_draw_is_a_function_of_key_name_and_ordinal():
    first, second = draws(random.key(3, 7), "aa"), draws(random.key(3, 7), "aa")
    np.testing.assert_array_equal(first, second)


def test_a_draw_does_not_depend_on_the_other_names_asked():
    (alone,) = draws(random.key(3, 7), "b")
    _, among, _ = draws(random.key(3, 7), "aba")
    np.testing.assert_array_equal(alone, among)


def test_ordinals_start_again_in_every_scope():
    with random.scope(random.key(0)):
        first = [normal(), normal()]
    with random.scope(random.key(0)):
        np.testing.assert_array_equal(first[0], normal())
        np.testing.assert_array_equal(first[1], normal())


def test_ordinals_names_steps_and_seeds_give_unrelated_draws():
    pool = []
    for seed in (0, 1, 2, 1000):
        for step in (0, 1, 2, 1000):
            pool += draws(random.key(seed, step), "aab", count=2000)
    # 48 sets, 1,128 pairs: independent ones correlate by 1/sqrt(2000) = 0.022, at most 5 of those.
    table = np.abs(np.corrcoef(pool)) - np.eye(len(pool))
    assert table.max() < 0.112
    assert np.median(table) > 0.005  # they are no orthogonal set either


def test_fold_is_reproducible_and_different_for_each_number():
    key = random.key(5, 9)
    np.testing.assert_array_equal(random.fold(key, 3), random.fold(key, 3))
    folded = {tuple(random.fold(key, i).numpy()) for i in range(50)}
    assert len(folded) == 50


def test_replicas_of_runs_with_near_seeds_have_keys_of_their_own():
    # As distribute.replica_key makes them: seed 0 on its replica 1 is not seed 1 on its replica 0.
    keys = {
        tuple(random.fold(random.key(seed, 4), replica).numpy())
        for seed in range(6)
        for replica in range(4)
    }
    assert len(keys) == 24


@pytest.mark.parametrize("seed", [-1, 0, 2**31 - 2, 2**40])
@pytest.mark.parametrize("step", [0, 2**31, 2**45])
def test_any_integer_makes_a_key(seed, step):
    key = random.key(seed, tf.constant(step, "int64"))
    assert key.dtype == tf.int32 and key.shape == (2,)
    assert np.isfinite(draws(key)[0]).all()


def test_without_a_scope_the_global_generator_is_used():
    assert random.seed("a") is None
    keras.utils.set_random_seed(1)
    first, second = normal(), normal()
    assert correlation(first, second) < 0.2
    keras.utils.set_random_seed(1)
    np.testing.assert_array_equal(normal(), first)


def test_the_scope_is_closed_when_its_block_fails():
    with pytest.raises(RuntimeError), random.scope(random.key(0)):
        raise RuntimeError
    assert random.seed("a") is None


def test_a_nested_scope_hides_the_outer_one_and_leaves_it_as_it_was():
    first, second = draws(random.key(1), "aa")
    (inner,) = draws(random.key(2), "a")
    with random.scope(random.key(1)):
        np.testing.assert_array_equal(normal(), first)
        with random.scope(random.key(2)):
            np.testing.assert_array_equal(normal(), inner)
        np.testing.assert_array_equal(normal(), second)


def noise_of_step(step):
    with random.scope(random.fold(random.key(0, step), 1)):
        return (
            keras.random.normal((500,), seed=random.seed("n")),
            keras.random.uniform((500,), seed=random.seed("u")),
            keras.random.randint((500,), 0, 10, seed=random.seed("i")),
        )


def test_a_compiled_graph_draws_what_eager_code_draws():
    graph = tf.function(noise_of_step)
    for step in (0, 1, 77):
        for compiled, eager in zip(
            graph(tf.constant(step, "int64")), noise_of_step(step), strict=True
        ):
            np.testing.assert_array_equal(compiled, eager)


def test_keys_are_the_same_under_xla():
    def folded(step):
        return random.fold(random.fold(random.key(0, step), 1), 12345)

    jitted = tf.function(folded, jit_compile=True)
    for step in (0, 1, 77):
        np.testing.assert_array_equal(jitted(tf.constant(step, "int64")), folded(step))


def test_draws_under_xla_are_reproducible_and_of_the_right_distribution():
    # Not the draws of eager code: TensorFlow's own floats differ between its two compilers.
    once = tf.function(noise_of_step, jit_compile=True)
    again = tf.function(lambda step: noise_of_step(step), jit_compile=True)
    step = tf.constant(5, "int64")
    for a, b in zip(once(step), again(step), strict=True):
        np.testing.assert_array_equal(a, b)
    normals = np.concatenate([once(tf.constant(i, "int64"))[0] for i in range(20)])
    assert abs(normals.mean()) < 0.05 and abs(normals.std() - 1) < 0.05
    assert len(np.unique(normals)) > 9900


def test_draws_are_standard_normal():
    (x,) = draws(random.key(0), count=200_000)
    assert abs(x.mean()) < 5 / np.sqrt(200_000)
    assert abs(x.std() - 1) < 5 / np.sqrt(400_000)
    assert abs((x**3).mean()) < 5 * np.sqrt(15 / 200_000)
    assert abs((x**4).mean() - 3) < 5 * np.sqrt(96 / 200_000)
    np.testing.assert_allclose((np.abs(x) < 1.959964).mean(), 0.95, atol=0.003)


def test_threads_do_not_share_scopes():
    expected = {seed: draws(random.key(seed), "aaaa") for seed in range(2)}
    meet, got, outside = threading.Barrier(2), {}, []

    def work(seed):
        with random.scope(random.key(seed)):
            meet.wait(10)
            got[seed] = [normal() for _ in range(4)]
            meet.wait(10)
        outside.append(random.seed("a"))

    with random.scope(random.key(9)):
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outside == [None, None]
    for seed in range(2):
        np.testing.assert_array_equal(got[seed], expected[seed])


def noisy_network():
    """Returns a network whose dropout and noise lie inside a nested model."""
    inside = keras.Sequential([keras.layers.Dropout(0.5), keras.layers.GaussianNoise(1.0)])
    inputs = keras.Input((200,))
    return keras.Model(inputs, keras.layers.Dropout(0.25)(inside(inputs)))


def test_adopted_layers_are_reproducible_in_a_scope_and_free_outside():
    network, x = noisy_network(), np.ones((2, 200), "float32")
    random.adopt(network)

    def called(key):
        with random.scope(key):
            return network(x, training=True).numpy()

    first = called(random.key(0, 1))
    np.testing.assert_array_equal(first, called(random.key(0, 1)))
    assert np.abs(first - called(random.key(0, 2))).max() > 1
    with random.scope(random.key(0, 1)):  # the second call of a step is another draw
        network(x, training=True)
        assert np.abs(first - network(x, training=True).numpy()).max() > 1
    free = [network(x, training=True).numpy() for _ in range(2)]
    assert np.abs(free[0] - free[1]).max() > 1
    np.testing.assert_array_equal(network(x, training=False), x)


def test_adopted_layers_draw_apart_from_each_other():
    inputs = keras.Input((1000,))
    outputs = [keras.layers.GaussianNoise(1.0)(inputs) for _ in range(2)]
    network = keras.Model(inputs, outputs)
    random.adopt(network)
    with random.scope(random.key(0)):
        first, second = network(np.zeros((1, 1000), "float32"), training=True)
    assert correlation(np.ravel(first), np.ravel(second)) < 0.2


def test_outside_of_a_scope_adoption_changes_nothing():
    x = np.ones((1, 200), "float32")
    layers = [keras.layers.Dropout(0.5, seed=3) for _ in range(2)]
    random.adopt(layers[1])
    for _ in range(2):
        np.testing.assert_array_equal(*[layer(x, training=True) for layer in layers])


def test_adopted_layers_draw_alike_in_a_graph():
    network, x = noisy_network(), np.ones((2, 200), "float32")
    random.adopt(network)

    @tf.function
    def called(step):
        with random.scope(random.key(0, step)):
            return network(x, training=True)

    with random.scope(random.key(0, 6)):
        eager = network(x, training=True)
    np.testing.assert_allclose(called(tf.constant(6, "int64")), eager, rtol=1e-6)
    assert np.abs(called(tf.constant(7, "int64")) - eager).max() > 1


def trained(unlike, noisy=False, augment=None):
    """Returns D's weights after a step from fixed weights, under Keras' global seed `unlike`."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Dropout(0.5)(inputs) if noisy else inputs
    critic = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(x)))
    generator = ganzoo.networks.mlp.generator((8, 8, 1), width=4, latent_dim=4)
    gan = ganzoo.GAN(generator, critic, latent_dim=4)
    keras.utils.set_random_seed(unlike)
    gan.compile(augment=augment, seed=1, ema=0, run_eagerly=True)
    gan.train_step(tf.ones((8, 8, 8, 1)))
    return np.concatenate([weight.ravel() for weight in gan.discriminator.get_weights()])


@pytest.mark.parametrize("noisy", [False, True])
def test_noise_of_a_training_depends_on_its_seed_alone(noisy):
    np.testing.assert_array_equal(trained(1, noisy), trained(2, noisy))


def test_noise_of_an_augmenting_layer_depends_on_the_seed_of_the_training_alone():
    weights = [trained(unlike, augment=keras.layers.GaussianNoise(1.0)) for unlike in (1, 2)]
    np.testing.assert_array_equal(*weights)
