"""SeqGAN: sequences of tokens, which no gradient goes through; G learns by policy gradient."""

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
    """A token is an action of G, and D's verdict on the whole sequence its reward.

        L_G = -E[sum_t Q_t log G(y_t | y_1..t-1)],  Q_t = E[sigmoid D(y_1..t, roll-out)]

    The reward Q_t of a token is the mean over `roll_outs` completions of the sequence by the
    roll-out policy; of the last one it is that of the sequence itself. The policy, whose weights
    trail those of G, is the average `ema`, which is also what is sampled.

    The game has three parts, by steps: G learns by maximum likelihood, the term `mle`, for
    `pretrain` steps; D alone for `d_pretrain`; then both, G the term `policy`, for which its
    optimizer begins anew: what Adam knows of the likelihood's gradients leads away from the policy.

    No reward is negative, so whatever G draws becomes likelier, and G sharper: its sequences get
    better and fewer. Hence the log `nll_data`, nats a token of real sequences under G: it rises
    where diversity is the price.

    A batch has `real` tokens, integers (N, T).

    Reference: Yu et al., 2017, arXiv:1609.05473, algorithm 1. Departure: D is trained on fresh
    fakes at every turn, where the paper makes some thousands at a time.
    """

    exported = Sequences
    compares = False  # D does not play from the start: its loss alone says nothing

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
            InputError: If a number is out of range, or a part works on images.
        """
        super().compile(*args, **kwargs)
        if min(self.pretrain, self.d_pretrain) < 0 or self.roll_outs < 1:
            raise InputError(
                "expected pretrain and d_pretrain >= 0 and roll_outs >= 1, got "
                f"{self.pretrain}, {self.d_pretrain} and {self.roll_outs}."
            )
        for name in ("augment", "replay", "penalties"):
            if getattr(self, name):
                raise InputError(f"{name} is for images, and SeqGAN has tokens: drop it.")
        if self.loss.relative:
            raise InputError("SeqGAN scores each sequence alone: give a loss that is not relative.")

    @property
    def image_shape(self) -> tuple:
        """The shape of a sequence, (T,)."""
        return tuple(self.discriminator.input_shape[1:])

    def sampler_of(self, side):
        """Returns what draws sequences by this network."""
        return Sequences(side, self.image_shape[0], self.words)

    @property
    def policy(self):
        """The roll-out policy: the average, or G itself."""
        return self.generator if self.ema is None else self.ema.network

    @property
    def part(self) -> str:
        """Which part of the game is played: "likelihood", "judge" or "policy"."""
        if not tf.executing_eagerly():  # each part is a graph of its own
            return self._untracked.part
        step = int(self.step.numpy())
        if step < self.pretrain:
            return "likelihood"
        return "judge" if step < self.pretrain + self.d_pretrain else "policy"

    def make_train_function(self, force: bool = False):
        """As `GAN.make_train_function`: one for each part, which begins where a step does."""
        if self.train_function is not None and not force:
            return self.train_function
        made = {}

        def train(iterator):
            part = self._untracked.part = self.part
            begun = int(self.step.numpy()) - self.pretrain - self.d_pretrain
            if 0 <= begun < self.steps_per_execution:
                self._begin_policy()
            if part not in made:
                super(SeqGAN, self).make_train_function(force=True)
                made[part], self.train_function = self.train_function, train
            return made[part](iterator)

        self.train_function = train
        return train

    def _begin_policy(self) -> None:
        """Has the optimizer of G forget what it learned of another loss."""
        used = getattr(self.g_optimizer, "inner_optimizer", self.g_optimizer)
        with self.distribute_strategy.scope():
            fresh = used.from_config(used.get_config())
            fresh.build(weights_of(self.generator))
        for old, new in zip(used.variables, fresh.variables, strict=True):
            old.assign(new)

    def generate(self, batch) -> dict:
        """Returns sequences, `fake`, once D plays."""
        if self.part == "likelihood":
            return {}
        return {"fake": sequences.draw(self.generator, size_of(batch), self.image_shape[0])}

    def discriminator_step(self, batch) -> dict:
        """Plays D's turn, once it is its time."""
        return {} if self.part == "likelihood" else super().discriminator_step(batch)

    def generator_step(self, batch, tape) -> dict:
        """Plays G's turn, but while D learns alone."""
        return {} if self.part == "judge" else super().generator_step(batch, tape)

    def generator_loss(self, batch) -> dict:
        """Returns `mle`, nats a token, or `policy`."""
        policy = self.part == "policy"
        tokens = batch["fake"] if policy else batch["real"]
        likely = sequences.log_likelihood(self.generator, tokens, training=True)
        if policy:
            rewards = ops.stop_gradient(self.rewards(tokens))
            return {"policy": -ops.mean(rewards * likely)}
        return {"mle": -ops.mean(likely)}

    def rewards(self, tokens):
        """Returns the reward of each token, float32 (N, T), of sequences (N, T)."""
        count = ops.shape(tokens)[0]
        whole = rollouts.completed(self.policy, tokens, self.roll_outs)
        found = tf.map_fn(self.verdicts, whole, fn_output_signature="float32")
        found = ops.mean(ops.reshape(found, (-1, count, self.roll_outs)), axis=2)
        return ops.concatenate([ops.transpose(found), self.verdicts(tokens)[:, None]], axis=1)

    def verdicts(self, tokens):
        """Returns how likely D, as it is in use, holds sequences for real, (N,)."""
        return ops.sigmoid(ops.cast(self.discriminator(tokens, training=False)[:, 0], "float32"))

    def call(self, inputs, training: bool = False):
        """Returns the logits that follow tokens, and the states; see `sequences.Sequences`."""
        return self.sampler(inputs, training=training)

    def lines(self, num: int = 16, seed: int = 0) -> list[str]:
        """Returns samples as text."""
        return self.sampler.lines(num, seed)

    def measure(self, evaluate) -> dict:
        """Returns what `evaluate` says of samples, and `nll_data`, of real sequences."""
        found = sequences.nll(self.policy, evaluate.examples["real"])
        return super().measure(evaluate) | {"nll_data": found}

    def picture(self, examples: dict, num: int = 64, seed: int = 0):
        """Returns samples, a row each: the darker a token, the more frequent in the examples."""
        tokens = self.sample(num, seed)
        seen = np.unique(examples.get("real", tokens), return_counts=True)
        counts = np.zeros(sequences.vocabulary_of(self.generator))
        counts[seen[0]] = seen[1]
        shade = 255.0 * (1.0 - np.log1p(counts) / np.log1p(counts.max()))
        return shade.astype("uint8")[tokens][..., None]

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"words": self.words}
