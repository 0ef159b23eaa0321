"""Unrolled GAN: G is trained against a D that is several updates ahead."""

import keras
import tensorflow as tf
from keras import ops

from ganzoo import losses
from ganzoo.errors import InputError
from ganzoo.gans.dcgan import DCGAN


class Unrolling:
    """Mixin that trains G against D after `unroll` further updates of D.

    The unrolled updates use D's own optimizer, SGD or Adam with its current moments, on the batch
    of this step, and G's gradient is propagated through all of them. They are then discarded: D
    itself is updated once, as usual, and the statistics of batch normalization stay unchanged.

    Since D's unrolled weights depend on the fakes, so does its loss on real images: G maximizes
    that loss, the term `real`. Without it, nothing would spread the samples over the modes. With
    `Minimax`, the default loss, the two terms are the paper's f_K; a relativistic loss includes the
    real images already.

    Example:
        class UnrolledLSGAN(Unrolling, LSGAN): ...

    Reference: Metz et al., 2017, arXiv:1611.02163.
    """

    @classmethod
    def learning(cls) -> dict:
        """As the GAN that it is mixed into, with five unrolled updates and the minimax loss.

        Returns:
            unroll: Number of updates of D that are unrolled in each update of G.
        """
        return super().learning() | {"unroll": 5, "loss": losses.Minimax()}

    def compile(self, *args, **kwargs):
        """As `GAN.compile`.

        Raises:
            InputError: If D's optimizer is neither SGD without momentum nor Adam.
        """
        super().compile(*args, **kwargs)
        _rule(self.d_optimizer)

    def generator_loss(self, batch) -> dict:
        """Returns the GAN's terms, and the term `real`, against the unrolled D."""
        weights = self.discriminator.trainable_variables
        values = [ops.convert_to_tensor(weight.value) for weight in weights]
        rule, state = _rule(self.d_optimizer)
        for turn in range(self.unroll):
            with tf.GradientTape() as tape:
                tape.watch(values)
                with keras.StatelessScope(zip(weights, values, strict=True)):
                    loss = sum(self.discriminator_loss(batch).values())
            gradients = tape.gradient(loss, values)
            values, state = rule(self.d_optimizer, values, gradients, state, turn)
        with keras.StatelessScope(zip(weights, values, strict=True)):
            terms = super().generator_loss(batch)
            if not self.loss.relative:
                score = ops.cast(self.score(batch["real"], batch), "float32")
                terms |= {"real": -ops.mean(self.loss.on_real(score))}
            return terms


def _rule(optimizer) -> tuple:
    """Returns the differentiable update of an optimizer, and its initial state."""
    if type(optimizer) is keras.optimizers.SGD and not optimizer.momentum:
        return _sgd, None
    if type(optimizer) is keras.optimizers.Adam and not optimizer.amsgrad:
        moments = (optimizer._momentums, optimizer._velocities)
        return _adam, [[ops.convert_to_tensor(v) for v in group] for group in moments]
    raise InputError(
        "unrolling needs a d_optimizer that is Adam, or SGD without momentum, got "
        f"{type(optimizer).__name__}."
    )


def _sgd(optimizer, values, gradients, state, turn):
    rate = ops.cast(optimizer.learning_rate, "float32")
    return [w - rate * g for w, g in zip(values, gradients, strict=True)], state


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


@keras.saving.register_keras_serializable("ganzoo")
class Unrolled(Unrolling, DCGAN):
    """DCGAN (for points, two multilayer perceptrons) with an unrolled discriminator.

    Reference: Metz et al., 2017, arXiv:1611.02163.
    """
