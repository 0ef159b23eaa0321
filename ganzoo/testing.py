"""The conformance test that every variant passes, and that a new one should be given.

def test_mine():
    run_gan_test(lambda: MyGAN(...), batches, terms={"d_adv", "g_adv"})
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import h5py
import keras
import numpy as np
import tensorflow as tf

from ganzoo.engine import distribute
from ganzoo.engine.batch import as_batch, regroup, split
from ganzoo.engine.sides import weights_of
from ganzoo.gan import GAN
from ganzoo.inference import saved_model


def run_gan_test(make: Callable[[], GAN], dataset: tf.data.Dataset, terms: set[str]) -> None:
    """Asserts what holds of every GAN.

    It trains, with finite logs of the expected names; a side's turn moves that side alone; it is a
    pure function of its seed; it is saved and loaded whole, optimizers and counters included, and
    goes on from there as if nothing had happened; its export draws what it draws.

    Args:
        make: Returns a compiled GAN, the same at each call but for its random weights.
        dataset: At least 4 batches, of a few examples each; its order must not change.
        terms: Names of the terms it logs, without the gradient norms.
    """
    keras.utils.set_random_seed(0)
    gan = make()
    check_fit(gan, dataset, terms)
    check_turns(gan, dataset)
    check_seed(make, dataset)
    check_saving(gan, dataset)
    check_export(gan)


def check_fit(gan: GAN, dataset, terms: set[str]) -> None:
    """Asserts that two steps move the weights and log finite numbers under the expected names."""
    before = {side: values(weights_of(network)) for side, network in sides(gan).items()}
    logs = gan.fit(dataset, epochs=2, steps_per_epoch=1, verbose=0).history
    expected = terms | {f"{side}_grad_norm" for side in before}
    assert set(logs) == expected, f"logs {sorted(logs)}, expected {sorted(expected)}"
    assert np.isfinite([value for series in logs.values() for value in series]).all(), logs
    assert int(gan.step.numpy()) == 2
    for side, network in sides(gan).items():
        assert differ(before[side], values(weights_of(network))), f"{side} did not move"


def sides(gan: GAN) -> dict:
    """Returns the sides that there are, as `"d"` and `"g"`."""
    both = {"d": gan.discriminator, "g": gan.generator}
    return {side: network for side, network in both.items() if network is not None}


def check_turns(gan: GAN, dataset) -> None:
    """Asserts that a turn of one side leaves the weights of the other bit for bit."""
    batch = split(as_batch(next(iter(regrouped(gan, dataset)))), max(gan.n_critic, 1))[0]
    if gan.discriminator is not None:
        own, other = values(weights_of(gan.discriminator)), values(weights_of(gan.generator))
        gan.discriminator_step(batch | gan.generate(batch))
        assert not differ(other, values(weights_of(gan.generator))), "D's turn moved G"
        assert differ(own, values(weights_of(gan.discriminator))), "D's turn did not move D"
    if gan.generator is not None:
        other = values(weights_of(gan.discriminator))
        with tf.GradientTape() as tape:
            gan.generator_step(batch | gan.generate(batch), tape)
        assert not differ(other, values(weights_of(gan.discriminator))), "G's turn moved D"


def check_seed(make: Callable[[], GAN], dataset) -> None:
    """Asserts that two trainings from one seed end with the same bits."""
    ends = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        gan = untraced(make())
        gan.fit(dataset, steps_per_epoch=2, verbose=0)
        ends.append(values(gan.weights))
    assert not (found := differ(*ends)), f"the same seed gave two trainings: {found}"


def check_saving(gan: GAN, dataset) -> None:
    """Asserts that a saved and loaded GAN has the same state and the same next step."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "gan.keras")
        gan.save(path)
        loaded = keras.saving.load_model(path)
    assert type(loaded) is type(gan)
    found = differ(state(gan), state(loaded))
    assert not found, f"what was loaded is not what was saved: {found}"
    for one in (gan, loaded):
        untraced(one).fit(dataset, steps_per_epoch=1, verbose=0)
    found = differ(state(gan), state(loaded))
    assert not found, f"the next step is not what it would have been: {found}"


def untraced(gan: GAN) -> GAN:
    """Returns the GAN, run eagerly from now on: a step or two are sooner done than traced."""
    gan.run_eagerly, gan.train_function = True, None
    return gan


def check_export(gan: GAN) -> None:
    """Asserts that the export, loaded by TensorFlow or by us, gives what the GAN gives."""
    with tempfile.TemporaryDirectory() as directory:
        gan.export(Path(directory, "1"))
        served = tf.saved_model.load(str(Path(directory, "1")))
        ours = saved_model.load(Path(directory, "1"))
    if hasattr(gan.sampler, "translate"):
        images = np.random.default_rng(0).integers(0, 256, (5, *gan.image_shape), "uint8")
        outputs = [f(images, 3) for f in (gan.sampler.translate, served.translate, ours.translate)]
    elif gan.generator is None:
        images = np.random.default_rng(0).uniform(-1, 1, (5, *gan.image_shape)).astype("float32")
        outputs = [255.0 * x for x in (gan(images), served(images)["probabilities"], ours(images))]
    else:
        outputs = [f(5, 3) for f in (gan.sample, served.sample, ours.sample)]
    expected, *others = (np.asarray(x, "float32") for x in outputs)
    # The export computes in float32; of a network in half precision, all but a few pixels agree.
    for other in others:
        assert np.mean(np.abs(expected - other)) < 1.0


def check_replicas(make: Callable[[], GAN], dataset, strategy: tf.distribute.Strategy) -> None:
    """Asserts that replicas that see the same data and noise train as one device does.

    Summed gradients of twice the same batch are the gradients of that batch, if each was divided
    by the number of replicas. Make the GAN with plain SGD: an update of Adam does not depend on
    the gradient's scale, and where that is all but 0 it is the sign of a rounding error.
    """

    def alike(seed, step):
        return distribute.random.key(seed, step.value)

    count = strategy.num_replicas_in_sync
    # Each step's batch is `n_critic` turns, cut for the replicas first: each gets all the turns.
    ends = []
    for scope, copies in [(tf.distribute.get_strategy(), 1), (strategy, count)]:
        with scope.scope(), mock.patch.object(distribute, "replica_key", alike):
            keras.utils.set_random_seed(2)
            gan = make()
            data = regrouped(gan, dataset).map(lambda b, n=copies: repeated(b, n))
            history = keras.Model.fit(gan, data, steps_per_epoch=2, verbose=0, shuffle=False)
            ends.append((values(gan.weights), history.history))
    for one, many in zip(ends[0][0], ends[1][0], strict=True):
        np.testing.assert_allclose(one, many, rtol=1e-4, atol=1e-5)
    for name, logged in ends[0][1].items():
        np.testing.assert_allclose(logged, ends[1][1][name], rtol=1e-3, atol=1e-5, err_msg=name)


def regrouped(gan: GAN, dataset):
    """Returns the dataset as `fit` hands it to `train_step`."""
    return regroup(dataset, gan.n_critic) if gan.n_critic > 1 else dataset


def repeated(batch: dict, copies: int) -> dict:
    """Returns the batch `copies` times, one after the other."""
    return {name: tf.concat([value] * copies, axis=0) for name, value in batch.items()}


def state(gan: GAN) -> list[np.ndarray]:
    """Returns all that a GAN must keep: weights, averages, buffers, counters, optimizers."""
    optimizers = [gan.g_optimizer, gan.d_optimizer]
    return values([*gan.weights, *(v for o in optimizers if o is not None for v in o.variables)])


def saved_weights(run_dir: Path) -> dict[str, np.ndarray]:
    """Returns the arrays of a run's newest checkpoint, by their paths in it."""
    newest = sorted((run_dir / "checkpoints").glob("step-*.weights.h5"))[-1]
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(newest) as file:
        file.visititems(visit)
    return found


def values(variables) -> list[np.ndarray]:
    """Returns the values of variables."""
    return [variable.numpy() for variable in variables]


def differ(a: list[np.ndarray], b: list[np.ndarray]) -> str:
    """Returns where two lists of arrays differ in a bit, in words; nothing if they do not."""
    pairs = list(zip(a, b, strict=True))
    places = [i for i, (x, y) in enumerate(pairs) if x.tobytes() != y.tobytes()]
    if not places:
        return ""
    x, y = (np.ravel(one) for one in pairs[places[0]])
    there = x != y
    return (
        f"{len(places)} of {len(pairs)} arrays, the first number {places[0]}, at {there.sum()} of "
        f"{x.size} places: {x[there][:4]} against {y[there][:4]}"
    )
