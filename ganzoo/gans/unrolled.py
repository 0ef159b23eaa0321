"""Unrolled GAN: G looks some turns of D ahead."""

import keras
import tensorflow as tf
from keras import ops

from ganzoo import losses
from ganzoo.errors import InputError
from ganzoo.gans.dcgan import DCGAN


class Unrolling:
    """Makes of a GAN one whose G descends the loss against a D that has answered `unroll` times.

    D's answers are steps of its own optimizer, SGD or Adam with its present moments, on this step's
    batch; the gradient goes through all of them. D itself then takes its one turn as ever: the
    answers are forgotten. Statistics of batch normalisation are not moved by them.

    That D's later weights depend on the fakes makes its loss on the real images G's concern, too: G
    descends minus that loss as the term `real`, without which there is nothing that spreads it over
    the modes. With `Minimax`, the default, the two terms are the paper's f_K; of a loss that is
    relative the real images are a part already.

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
        """Returns the GAN's terms, and `real`, against the D of so many turns later."""
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
    """Returns the differentiable step of an optimizer, and the state that it starts from."""
    if type(optimizer) is keras.optimizers.SGD and not optimizer.momentum:
        return _sgd, None
    if type(optimizer) is keras.optimizers.Adam and not optimizer.amsgrad:
        moments = (optimizer._momentums, optimizer._velocities)
        return _adam, [[ops.convert_to_tensor(v) for v in group] for group in moments]
    raise InputError(
        f"unrolling goes through Adam or SGD without momentum, got {type(optimizer).__name__}."
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
    # Below the root a small number: its derivative at zero is infinite.
    values = [
        w - rate * m / (ops.sqrt(v + 1e-16) + optimizer.epsilon)
        for w, m, v in zip(values, first, second, strict=True)
    ]
    return values, [first, second]


@keras.saving.register_keras_serializable("ganzoo")
class Unrolled(Unrolling, DCGAN):
    """DCGAN, or on points two perceptrons, with an unrolled discriminator.

    Reference: Metz et al., 2017, arXiv:1611.02163.
    """
