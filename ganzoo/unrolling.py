"""Unrolling: G is trained against a discriminator that is several updates ahead.

The unrolled updates use D's own optimizer with its current moments, on the batch of this step, and
G's gradient is propagated through all of them. They are then discarded: D itself is updated once,
as usual, and the statistics of batch normalization stay unchanged.

Since D's unrolled weights depend on the fakes, so does its loss on real images: G maximizes that
loss, the term `real`. Without it, nothing would spread the samples over the modes. With
`losses.Minimax` the two terms are the paper's f_K; a relativistic loss includes the real images
already, and without adversarial scores (BEGAN, EBGAN) or with several discriminators there is no
such term.

Reference: Metz et al., 2017, arXiv:1611.02163.
"""

import keras
from keras import ops

from ganzoo.engine import gradients
from ganzoo.engine.sides import holding, weights_of
from ganzoo.errors import InputError, check_whole


def get(steps) -> int | None:
    """Returns the number of unrolled updates; 0 or None for none.

    Raises:
        InputError: If it is no whole number, or negative.
    """
    if steps is not None:
        check_whole("unroll", steps, 0)
    return steps


def generator_loss(gan, batch: dict) -> dict:
    """Returns the terms of G's loss against D after `gan.unroll` further updates on `batch`."""
    weights = weights_of(gan.discriminator)
    values = [ops.convert_to_tensor(weight.value) for weight in weights]
    rule, state = rule_of(gan.d_optimizer)

    def loss(values):
        with holding(weights, values):
            terms = gan.discriminator_loss(batch) | gan.penalise("d", batch)
            return sum(terms.values())

    for turn in range(gan.unroll):
        slopes = gradients.of(loss, values)
        values, state = rule(_inner(gan.d_optimizer), values, slopes, state, turn)
        values = [
            weight.constraint(value) if weight.constraint is not None else value
            for weight, value in zip(weights, values, strict=True)
        ]
    with holding(weights, values):
        terms = gan.generator_loss(batch)
        if gan.compares and not gan.loss.relative and not isinstance(gan.discriminator, dict):
            score = ops.cast(gan.score(gan.judged("real", batch), batch), "float32")
            terms |= {"real": -ops.mean(gan.loss.on_real(score))}
        return terms


def rule_of(optimizer) -> tuple:
    """Returns the differentiable update of an optimizer, and its initial state.

    Raises:
        InputError: If the optimizer is none of those whose updates can be unrolled.
    """
    optimizer = _inner(optimizer)
    if type(optimizer) is keras.optimizers.SGD and not optimizer.momentum:
        return _sgd, None
    if type(optimizer) is keras.optimizers.Adam and not optimizer.amsgrad:
        moments = (optimizer._momentums, optimizer._velocities)
        return _adam, [[ops.convert_to_tensor(v) for v in group] for group in moments]
    if type(optimizer) is keras.optimizers.RMSprop and not (
        optimizer.momentum or optimizer.centered
    ):
        return _rmsprop, [ops.convert_to_tensor(v) for v in optimizer._velocities]
    raise InputError(
        "unrolling needs a d_optimizer that is Adam, or SGD or RMSprop without momentum, got "
        f"{type(optimizer).__name__}."
    )


def _inner(optimizer):
    """Returns the optimizer itself, given it or what scales its losses."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _sgd(optimizer, values, gradients, state, turn):
    rate = ops.cast(optimizer.learning_rate, "float32")
    return [w - rate * g for w, g in zip(values, gradients, strict=True)], state


def _rmsprop(optimizer, values, gradients, state, turn):
    rate, rho = ops.cast(optimizer.learning_rate, "float32"), optimizer.rho
    state = [rho * v + (1.0 - rho) * ops.square(g) for v, g in zip(state, gradients, strict=True)]
    values = [
        w - rate * g * ops.rsqrt(v + optimizer.epsilon)
        for w, g, v in zip(values, gradients, state, strict=True)
    ]
    return values, state


def _adam(optimizer, values, gradients, state, turn):
    rate = ops.cast(optimizer.learning_rate, "float32")
    beta_1, beta_2 = optimizer.beta_1, optimizer.beta_2
    count = ops.cast(optimizer.iterations, "float32") + turn + 1.0
    rate *= ops.sqrt(1.0 - beta_2**count) / (1.0 - beta_1**count)
    first = [m + (g - m) * (1.0 - beta_1) for m, g in zip(state[0], gradients, strict=True)]
    second = [
        v + (ops.square(g) - v) * (1.0 - beta_2) for v, g in zip(state[1], gradients, strict=True)
    ]
    # The small number keeps the derivative of the square root finite at zero.
    values = [
        w - rate * m / (ops.sqrt(v + 1e-16) + optimizer.epsilon)
        for w, m, v in zip(values, first, second, strict=True)
    ]
    return values, [first, second]
