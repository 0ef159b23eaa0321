"""The conformance test that every variant must pass.

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
    """Asserts the properties of every GAN.

    Training logs finite values under the expected names; a turn of one side only changes the
    weights of that side; training is a pure function of the seed; a saved and loaded GAN has the
    same state, including optimizers and counters, and continues the same training; the export
    makes the same samples.

    Args:
        make: Returns a compiled GAN, the same in each call apart from its random weights.
        dataset: At least 4 batches of a few examples each, always in the same order.
        terms: Names of the logged loss terms, without the gradient norms.
    """
    keras.utils.set_random_seed(0)
    gan = make()
    check_fit(gan, dataset, terms)
    check_turns(gan, dataset)
    check_seed(make, dataset)
    check_saving(gan, dataset)
    check_export(gan)


def check_fit(gan: GAN, dataset, terms: set[str], steps: int = 2) -> None:
    """Asserts that some steps change the weights and log finite values of the expected names."""
    before = {side: values(weights_of(network)) for side, network in sides(gan).items()}
    logs = gan.fit(dataset, epochs=steps, steps_per_epoch=1, verbose=0).history
    expected = terms | {f"{side}_grad_norm" for side in before}
    assert set(logs) == expected, f"logs {sorted(logs)}, expected {sorted(expected)}"
    assert np.isfinite([value for series in logs.values() for value in series]).all(), logs
    assert int(gan.step.numpy()) == steps
    for side, network in sides(gan).items():
        assert differ(before[side], values(weights_of(network))), (
            f"the weights of {side} did not change"
        )


def sides(gan: GAN) -> dict:
    """Returns the sides that the GAN has, by the names `"d"` and `"g"`."""
    both = {"d": gan.discriminator, "g": gan.generator}
    return {side: network for side, network in both.items() if network is not None}


def check_turns(gan: GAN, dataset) -> None:
    """Asserts that a turn of one side does not change the weights of the other."""
    batch = split(as_batch(next(iter(regrouped(gan, dataset)))), max(gan.n_critic, 1))[0]
    if gan.discriminator is not None:
        d_before, g_before = (
            values(weights_of(gan.discriminator)),
            values(weights_of(gan.generator)),
        )
        gan.discriminator_step(batch | gan.generate(batch))
        assert not differ(g_before, values(weights_of(gan.generator))), "D's turn changed G"
        assert differ(d_before, values(weights_of(gan.discriminator))), "D's turn did not change D"
    if gan.generator is not None:
        d_before = values(weights_of(gan.discriminator))
        with tf.GradientTape() as tape:
            gan.generator_step(batch | gan.generate(batch), tape)
        assert not differ(d_before, values(weights_of(gan.discriminator))), "G's turn changed D"


def check_seed(make: Callable[[], GAN], dataset) -> None:
    """Asserts that two trainings with the same seed end with identical weights."""
    results = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        gan = untraced(make())
        gan.fit(dataset, steps_per_epoch=2, verbose=0)
        results.append(values(gan.weights))
    assert not (difference := differ(*results)), f"the same seed gave other weights: {difference}"


def check_saving(gan: GAN, dataset) -> None:
    """Asserts that a saved and loaded GAN has the same state and the same next step."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "gan.keras")
        gan.save(path)
        loaded = keras.saving.load_model(path)
    assert type(loaded) is type(gan)
    difference = differ(state(gan), state(loaded))
    assert not difference, f"the loaded GAN differs from the saved one: {difference}"
    for each in (gan, loaded):
        untraced(each).fit(dataset, steps_per_epoch=1, verbose=0)
    difference = differ(state(gan), state(loaded))
    assert not difference, f"the next step of the loaded GAN differs: {difference}"


def untraced(gan: GAN) -> GAN:
    """Makes the GAN run eagerly, which is faster for a step or two than tracing it."""
    gan.run_eagerly, gan.train_function = True, None
    return gan


def check_export(gan: GAN) -> None:
    """Asserts that the export, loaded by TensorFlow or by GanZoo, has the GAN's outputs."""
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
    # The export computes in float32; for a network in half precision, a few pixels may differ.
    for other in others:
        assert np.mean(np.abs(expected - other)) < 1.0


def check_replicas(make: Callable[[], GAN], dataset, strategy: tf.distribute.Strategy) -> None:
    """Asserts that replicas with the same data and noise train as a single device does.

    The sum of the gradients of the same batch on each replica is the gradient of that batch if
    losses were divided by the number of replicas. The GAN must use plain SGD: an update of Adam
    does not depend on the scale of the gradient, so that for gradients close to 0 rounding errors
    would determine its sign.
    """

    def same_key(seed, step):
        return distribute.random.key(seed, step.value)

    count = strategy.num_replicas_in_sync
    # A step's batch is split among the replicas first, then into the `n_critic` turns.
    results = []
    for scope, copies in [(tf.distribute.get_strategy(), 1), (strategy, count)]:
        with scope.scope(), mock.patch.object(distribute, "replica_key", same_key):
            keras.utils.set_random_seed(2)
            gan = make()
            data = regrouped(gan, dataset).map(lambda b, n=copies: repeated(b, n))
            history = keras.Model.fit(gan, data, steps_per_epoch=2, verbose=0, shuffle=False)
            results.append((values(gan.weights), history.history))
    for one, many in zip(results[0][0], results[1][0], strict=True):
        np.testing.assert_allclose(one, many, rtol=1e-4, atol=1e-5)
    for name, logged in results[0][1].items():
        np.testing.assert_allclose(logged, results[1][1][name], rtol=1e-3, atol=1e-5, err_msg=name)


def regrouped(gan: GAN, dataset):
    """Returns the dataset as `fit` passes it to `train_step`."""
    return regroup(dataset, gan.n_critic) if gan.n_critic > 1 else dataset


def repeated(batch: dict, copies: int) -> dict:
    """Returns the batch repeated `copies` times."""
    return {name: tf.concat([value] * copies, axis=0) for name, value in batch.items()}


def state(gan: GAN) -> list[np.ndarray]:
    """Returns the whole state of a GAN: weights, averages, buffers, counters, optimizers."""
    optimizers = [gan.g_optimizer, gan.d_optimizer]
    return values([*gan.weights, *(v for o in optimizers if o is not None for v in o.variables)])


def saved_weights(run_dir: Path) -> dict[str, np.ndarray]:
    """Returns the arrays of the newest checkpoint of a run, by their paths in the file."""
    newest = sorted((run_dir / "checkpoints").glob("step-*.weights.h5"))[-1]
    arrays = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            arrays[name] = item[()]

    with h5py.File(newest) as file:
        file.visititems(visit)
    return arrays


def values(variables) -> list[np.ndarray]:
    """Returns the values of variables."""
    return [variable.numpy() for variable in variables]


def differ(a: list[np.ndarray], b: list[np.ndarray]) -> str:
    """Describes how two lists of arrays differ; returns "" if they are identical."""
    pairs = list(zip(a, b, strict=True))
    indices = [i for i, (x, y) in enumerate(pairs) if x.tobytes() != y.tobytes()]
    if not indices:
        return ""
    x, y = map(np.ravel, pairs[indices[0]])
    mask = x != y
    return (
        f"{len(indices)} of {len(pairs)} arrays, the first at index {indices[0]}, in {mask.sum()} "
        f"of {x.size} elements: {x[mask][:4]} and {y[mask][:4]}"
    )
