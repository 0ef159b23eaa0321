"""SeqGAN: discrete sequences, for which G is trained by policy gradient."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ganzoo import losses
from ganzoo.engine.batch import size_of
from ganzoo.engine.sides import weights_of
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.inference import rollouts, sequences
from ganzoo.inference.sequences import Sequences
from ganzoo.networks import seqgan


@keras.saving.register_keras_serializable("ganzoo")
class SeqGAN(GAN):
    """G is a policy whose actions are tokens, with D's score of the whole sequence as the reward.

        L_G = -E[sum_t Q_t log G(y_t | y_1..t-1)],  Q_t = E[sigmoid D(y_1..t, roll-out)]

    The reward Q_t of a token is D's mean score over `roll_outs` completions of the sequence by the
    roll-out policy; for the last token it is the score of the sequence itself. The roll-out policy
    is the moving average `ema` of G, which is also the generator that is sampled.

    Training has three phases: G is trained by maximum likelihood (term `mle`) for `pretrain` steps,
    then D alone for `d_pretrain` steps, then both, with the term `policy` for G. The last phase
    resets G's optimizer, because Adam's moments of the likelihood gradients would mislead it.

    As rewards are never negative, every sampled sequence becomes more likely, so that sequences get
    better but less diverse. The log `nll_data`, the negative log-likelihood of real sequences under
    G in nats per token, shows this: it rises when diversity is lost. A run measures it on sequences
    that it is not trained on, and chooses the best checkpoint of the last phase by it.

    A batch has `real` tokens, integers (N, T).

    Reference: Yu et al., 2017, arXiv:1609.05473, algorithm 1. Departure: D is trained on new fakes
    in every turn, where the paper generates thousands of them at a time.
    """

    exported = Sequences
    held_out = True
    monitor = "nll_data"
    compares = False  # D is not trained from the start, so its loss alone tells nothing

    def __init__(self, generator, discriminator=None, words=None, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        self.words = None if words is None else tuple(words)

    @classmethod
    def networks(cls, image_shape, vocabulary, width=32) -> dict:
        """Returns the paper's LSTM generator and convolutional discriminator.

        Args:
            image_shape: Shape of a sequence, (T,).
            vocabulary: Number of tokens, or the list of strings that they stand for.
            width: Units of the LSTM, and size of the token embeddings of both networks.
        """
        words = None if isinstance(vocabulary, int) else tuple(vocabulary)
        return seqgan.pair(image_shape, len(words or range(vocabulary)), width) | {"words": words}

    @classmethod
    def learning(cls) -> dict:
        """Adam at 1e-2 for G and 1e-4 for D, 16 roll-outs, and an average of decay 0.8 as policy.

        Returns:
            pretrain: Steps in which G is pretrained by maximum likelihood.
            d_pretrain: Steps after those in which only D is trained.
            roll_outs: Completions sampled for each prefix of a sequence, to estimate its reward.
        """
        return super().learning() | {
            "g_optimizer": keras.optimizers.Adam(1e-2),
            "d_optimizer": keras.optimizers.Adam(1e-4),
            "loss": losses.NonSaturating(),
            "n_critic": 5,
            "ema": 0.8,
            "pretrain": 2000,
            "d_pretrain": 200,
            "roll_outs": 16,
        }

    def compile(self, *args, **kwargs):
        """As `GAN.compile`.

        Raises:
            InputError: If a number is out of range, or an argument is for images only.
        """
        super().compile(*args, **kwargs)
        if min(self.pretrain, self.d_pretrain) < 0 or self.roll_outs < 1:
            raise InputError(
                "expected pretrain and d_pretrain >= 0 and roll_outs >= 1, got "
                f"{self.pretrain}, {self.d_pretrain} and {self.roll_outs}."
            )
        for name in ("augment", "replay", "penalties", "unroll"):
            if getattr(self, name):
                raise InputError(f"{name} is for images, but SeqGAN has tokens: drop it.")
        if self.loss.relative:
            raise InputError("SeqGAN scores each sequence alone: use a loss that is not relative.")

    @property
    def image_shape(self) -> tuple:
        """The shape of a sequence, (T,)."""
        return tuple(self.discriminator.input_shape[1:])

    def sampler_of(self, side):
        """Returns the sampler of this network."""
        return Sequences(side, self.image_shape[0], self.words)

    @property
    def policy(self):
        """The roll-out policy: the moving average of G, or G itself without `ema`."""
        return self.generator if self.ema is None else self.ema.network

    @property
    def part(self) -> str:
        """The current phase: "likelihood" (G), "judge" (D alone) or "policy" (both)."""
        if not tf.executing_eagerly():  # each phase is traced as a separate graph
            return self._untracked.part
        step = int(self.step.numpy())
        if step < self.pretrain:
            return "likelihood"
        return "judge" if step < self.pretrain + self.d_pretrain else "policy"

    def make_train_function(self, force: bool = False):
        """As `GAN.make_train_function`, with a separate function for each phase."""
        if self.train_function is not None and not force:
            return self.train_function
        functions = {}

        def train(iterator):
            part = self._untracked.part = self.part
            policy_steps = int(self.step.numpy()) - self.pretrain - self.d_pretrain
            if 0 <= policy_steps < self.steps_per_execution:
                self._begin_policy()
            if part not in functions:
                super(SeqGAN, self).make_train_function(force=True)
                functions[part], self.train_function = self.train_function, train
            return functions[part](iterator)

        self.train_function = train
        return train

    def _begin_policy(self) -> None:
        """Resets the state of G's optimizer, as the loss changes."""
        optimizer = getattr(self.g_optimizer, "inner_optimizer", self.g_optimizer)
        with self.distribute_strategy.scope():
            fresh = optimizer.from_config(optimizer.get_config())
            fresh.build(weights_of(self.generator))
        for old, new in zip(optimizer.variables, fresh.variables, strict=True):
            old.assign(new)

    def generate(self, batch) -> dict:
        """Returns sequences as `fake`, or nothing in the first phase, which needs none."""
        if self.part == "likelihood":
            return {}
        return {"fake": sequences.draw(self.generator, size_of(batch), self.image_shape[0])}

    def discriminator_step(self, batch) -> dict:
        """Plays D's turn, except in the first phase."""
        return {} if self.part == "likelihood" else super().discriminator_step(batch)

    def generator_step(self, batch, tape) -> dict:
        """Plays G's turn, except while D is trained alone."""
        return {} if self.part == "judge" else super().generator_step(batch, tape)

    def generator_loss(self, batch) -> dict:
        """Returns the term `policy` in the last phase, else `mle`, in nats per token."""
        policy = self.part == "policy"
        tokens = batch["fake"] if policy else batch["real"]
        log_likelihood = sequences.log_likelihood(self.generator, tokens, training=True)
        if policy:
            rewards = ops.stop_gradient(self.rewards(tokens))
            return {"policy": -ops.mean(rewards * log_likelihood)}
        return {"mle": -ops.mean(log_likelihood)}

    def rewards(self, tokens):
        """Returns the reward of each token, float32 (N, T), of sequences (N, T)."""
        count = ops.shape(tokens)[0]
        completions = rollouts.completed(self.policy, tokens, self.roll_outs)
        rewards = tf.map_fn(self.verdicts, completions, fn_output_signature="float32")
        rewards = ops.mean(ops.reshape(rewards, (-1, count, self.roll_outs)), axis=2)
        return ops.concatenate([ops.transpose(rewards), self.verdicts(tokens)[:, None]], axis=1)

    def verdicts(self, tokens):
        """Returns D's probability, in inference mode, that each sequence is real, (N,)."""
        return ops.sigmoid(ops.cast(self.discriminator(tokens, training=False)[:, 0], "float32"))

    def call(self, inputs, training: bool = False):
        """Returns the logits of the next tokens and the new states; see `sequences.Sequences`."""
        return self.sampler(inputs, training=training)

    def lines(self, num: int = 16, seed: int = 0) -> list[str]:
        """Returns samples as text."""
        return self.sampler.lines(num, seed)

    @property
    def eligible(self) -> bool:
        """Whether the last phase has begun: before it there is no adversarial training."""
        return int(self.step.numpy()) > self.pretrain + self.d_pretrain

    def measure(self, evaluate) -> dict:
        """Returns the distance of the samples, and `nll_data` of the real sequences."""
        nll = sequences.nll(self.policy, evaluate.examples["real"])
        return super().measure(evaluate) | {"nll_data": nll}

    def picture(self, examples: dict, num: int = 64, seed: int = 0):
        """Returns an image of samples, one per row; darker tokens are more frequent in the data."""
        tokens = self.sample(num, seed)
        unique, frequency = np.unique(examples.get("real", tokens), return_counts=True)
        counts = np.zeros(sequences.vocabulary_of(self.generator))
        counts[unique] = frequency
        shade = 255.0 * (1.0 - np.log1p(counts) / np.log1p(counts.max()))
        return shade.astype("uint8")[tokens][..., None]

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        return super().get_config() | {"words": self.words}
