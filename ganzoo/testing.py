"""The conformance test that every variant must pass.

def test_mine():
    run_gan_test(lambda: MyGAN(...), batches, terms={"d_adv": my_formula, "g_adv": my_other})
"""

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import h5py
import keras
import numpy as np
import tensorflow as tf

from ganzoo import random
from ganzoo.engine import distribute
from ganzoo.engine.batch import as_batch, regroup, split
from ganzoo.engine.sides import weights_of
from ganzoo.gan import GAN
from ganzoo.inference import saved_model


def run_gan_test(make: Callable[[], GAN], dataset: tf.data.Dataset, terms) -> None:
    """Asserts the properties of every GAN.

    Each loss term has the value of its formula, if one is given; training logs finite values under
    the expected names; a turn of one side only changes the weights of that side; training is a pure
    function of the seed; a saved and loaded GAN has the same state, including optimizers and
    counters, and continues the same training; the export makes the same samples.

    Args:
        make: Returns a compiled GAN, the same in each call apart from its random weights.
        dataset: At least 4 batches of a few examples each, always in the same order.
        terms: Names of the logged loss terms, without the gradient norms; or a dict of them with
            their formulas, which `check_terms` then checks.
    """
    keras.utils.set_random_seed(0)
    gan = make()
    if isinstance(terms, dict):
        check_terms(gan, dataset, terms)
    check_fit(gan, dataset, terms)
    check_turns(gan, dataset)
    check_seed(make, dataset)
    check_saving(gan, dataset)
    check_export(gan)


def check_terms(gan: GAN, dataset, formulas: dict) -> set[str]:
    """Asserts that the loss terms of both sides equal their formulas, and can be descended.

    A formula is a function of the GAN, the given batch, and what `generate` returned for it, both
    dicts of arrays. It is called with the random numbers of the step, and may change the weights,
    which are restored.

    A small step along the gradient of a term must lower it by what the gradient predicts.

    Args:
        gan: A compiled GAN.
        dataset: Its batches.
        formulas: The formula of each term, or None to check only its gradient, by the names of the
            terms in the logs. States that the step logs besides may be among them.

    Returns:
        The names of the terms that were checked.
    """
    given = split(as_batch(next(iter(regrouped(gan, dataset))), gan.columns), max(gan.n_critic, 1))
    checked = set()
    for side in sides(gan):
        terms, made, tape = turn(gan, side, given[0], persistent=True)
        weights = weights_of(sides(gan)[side])
        for name, value in terms.items():
            assert name in formulas, f"no formula of {name}: there are {sorted(formulas)}"
            if formulas[name] is not None:
                with restored(gan), random.scope(random.key(0)):
                    expected = float(formulas[name](gan, arrays(given[0]), arrays(made)))
                assert np.isclose(value, expected, rtol=2e-3, atol=1e-10), (
                    f"{name} is {value}, its formula gives {expected}"
                )
            pairs = zip(weights, tape.gradient(value, weights), strict=True)
            check_descent(gan, side, given[0], name, float(value), list(pairs))
        checked |= set(terms)
    return checked


def check_descent(gan: GAN, side: str, given: dict, name: str, value: float, pairs) -> None:
    """Asserts that a small step along the gradient of a term lowers it as far as predicted.

    Args:
        gan: The GAN.
        side: `"d"` or `"g"`.
        given: The batch.
        name: The name of the term.
        value: Its value.
        pairs: The side's weights, each with its gradient or None.
    """
    pairs = [(w, tf.convert_to_tensor(g)) for w, g in pairs if g is not None]
    squares = sum(float(tf.reduce_sum(tf.square(g))) for _, g in pairs)
    assert squares > 0.0, f"{name} has no gradient"
    drops = []
    for share in (1e-3, 1e-4, 1e-2, 1e-5):  # curvature spoils long steps, rounding short ones
        predicted = share * max(abs(value), 1e-4)
        with restored(gan):
            for weight, gradient in pairs:
                weight.value.assign_sub(predicted / squares * gradient, read_value=False)
            drops.append((value - float(turn(gan, side, given)[0][name])) / predicted)
        if 0.5 < drops[-1] < 1.5:
            return
    raise AssertionError(f"steps along the gradient of {name} lowered it by {drops} times of that")


def turn(gan: GAN, side: str, given: dict, persistent: bool = False) -> tuple:
    """Returns the loss terms of a side's turn, what the generator made for it, and the tape.

    The turn ends before the optimizer's update, and the state is restored.
    """

    def stopped(gan, side, terms, tape):
        return {f"{side}_{name}": value for name, value in terms.items()}

    with restored(gan), random.scope(random.key(0)), mock.patch.object(GAN, "descend", stopped):
        with tf.GradientTape(persistent=persistent) as tape:
            made = gan.generate(given)
            batch = given | made
            if side == "d":
                return gan.discriminator_step(batch), made, tape
            return gan.generator_step(batch, tape), made, tape


@contextlib.contextmanager
def restored(gan: GAN):
    """Context after which all weights have the values that they had before."""
    variables = [variable.value for variable in state_variables(gan)]  # faster than Keras' own
    before = [tf.identity(variable) for variable in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value, read_value=False)


def arrays(batch: dict) -> dict[str, np.ndarray]:
    """Returns the tensors as arrays."""
    return {name: np.asarray(value) for name, value in batch.items()}


def check_fit(gan: GAN, dataset, terms, steps: int = 2) -> None:
    """Asserts that some steps change the weights and log finite values of the expected names."""
    before = {side: values(weights_of(network)) for side, network in sides(gan).items()}
    logs = gan.fit(dataset, epochs=steps, steps_per_epoch=1, verbose=0).history
    expected = set(terms) | {f"{side}_grad_norm" for side in before}
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


def check_saving(gan: GAN, dataset=None) -> None:
    """Asserts that a saved and loaded GAN has the same state and, given data, next step."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "gan.keras")
        gan.save(path)
        loaded = keras.saving.load_model(path)
    assert type(loaded) is type(gan)
    difference = differ(state(gan), state(loaded))
    assert not difference, f"the loaded GAN differs from the saved one: {difference}"
    if dataset is None:
        return
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
    return values(state_variables(gan))


def state_variables(gan: GAN) -> list:
    """Returns the variables of the state of a GAN."""
    optimizers = [gan.g_optimizer, gan.d_optimizer]
    return [*gan.weights, *(v for o in optimizers if o is not None for v in o.variables)]


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
