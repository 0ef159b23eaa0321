"""GAN: the game of two sides that every variant is.

A step plays `n_critic` turns of the discriminator, each on fresh data, then one turn of the
generator. In its turn a side minimizes the sum of its loss terms: those that its loss method
returns, and those of the penalties on its side. A variant says what its terms are; a trick is one
more term, one more layer, or one more key in the batch (see `engine.batch`).
"""

import contextlib
import operator

import keras
import tensorflow as tf
from keras import ops

from ganzoo import (
    augment,
    balance,
    clipping,
    ema,
    freezing,
    losses,
    penalties,
    random,
    replay,
    schedules,
    unrolling,
)
from ganzoo.engine import distribute, habits, pixels
from ganzoo.engine.batch import as_batch, conditioned, size_of, split
from ganzoo.engine.sides import networks_of, side_of, weights_of
from ganzoo.engine.trainer import Trainer
from ganzoo.errors import InputError, unknown
from ganzoo.inference import pictures
from ganzoo.inference.critic import Critic
from ganzoo.inference.exported import Exported
from ganzoo.inference.sampler import Sampler
from ganzoo.networks import mlp


@keras.saving.register_keras_serializable("ganzoo")
class GAN(Trainer):
    """A two-sided game; every variant is this class with a method or two replaced.

    As it stands it is the first GAN: two perceptrons and the non-saturating loss.

    Args:
        generator: A built network from latents (N, latent_dim), or from [latents, labels], to
            images (N, H, W, C) in [-1, 1]; or a `Sampler`, such as `load_pretrained` returns. In
            variants that say so, a dict of networks that are trained together.
        discriminator: A built network from images, or from [images, labels], to logits (N, ...);
            or a dict of networks. If it has several outputs, the first one is the logits.
        latent_dim: Dimension of the Gaussian latents.
        num_classes: Number of classes, if the generator takes labels.

    Attributes:
        monitor: The log whose smallest value marks the best checkpoint; None for the distance that
            `callbacks.Evaluate` measures.
        class_names: Names of the classes, if they are known; an export takes them along.
        columns: Keys of the parts of a batch that is a tuple.
        compares: Whether D tells real from fake by its scores, in `compare`.
        fakes: The keys of the images that `generate` makes for D.
        exported: The class of what `export` writes, an `inference.exported.Exported`.
        exports: Names of the models that it can export, if there are several; `export` writes the
            first unless told otherwise.
        held_out: Whether runs keep a tenth of the training split to be measured on, since the
            measures could be memorized.
        gradient_scale: Ratio of healthy gradient norms to those of adversarial terms alone; scales
            what the failure monitor calls large.
        pictured: What `picture` shows, for the card; None for what models of that kind show.

    Raises:
        InputError: If a network is not built, or `latent_dim` is not what the generator takes.

    Example:
    ```python
    gan = ganzoo.GAN(my_generator, my_discriminator, latent_dim=64)
    gan.compile(penalties=["r1"], ema=0.999)
    gan.fit(ganzoo.data.load("fashion_mnist_10k", batch_size=64), epochs=5)
    images = gan.sample(16, seed=0)  # uint8 (16, H, W, C)
    ```

    Reference: Goodfellow et al., 2014, arXiv:1406.2661.
    """

    monitor = None
    class_names = None
    columns = ("real", "label")
    compares = True
    fakes = ("fake",)
    exported = Sampler
    exports = ()
    held_out = False
    gradient_scale = 1.0
    pictured = None
    makers = {
        "g_optimizer": schedules.get_optimizer,
        "d_optimizer": schedules.get_optimizer,
        "loss": losses.get,
        "n_critic": operator.index,
        "penalties": penalties.get_all,
        "augment": augment.get,
        "replay": replay.get,
        "balance": balance.get,
        "ema": ema.get,
        "clip": clipping.get,
        "unroll": unrolling.get,
        "freeze_d": freezing.get,
    }

    def __init__(self, generator, discriminator=None, latent_dim=128, num_classes=None, **kwargs):
        super().__init__(**kwargs)
        if isinstance(generator, Sampler):  # a loaded one, to be trained further
            latent_dim = generator.latent_dim
        self.generator, self.discriminator = unwrapped(generator), unwrapped(discriminator)
        self.latent_dim, self.num_classes = latent_dim, num_classes
        width = getattr(self.generator, "input_shape", None)
        if isinstance(width, tuple) and len(width) == 2 and width[1] not in (None, latent_dim):
            raise InputError(
                f"the generator takes latents of {width[1]}: give latent_dim={width[1]}."
            )
        self.adopt()
        habits.check_endings(self)

    # What a variant may replace: its default networks and training, and its side of the game.

    @classmethod
    def networks(cls, image_shape, width=256, latent_dim=128) -> dict:
        """Returns the default arguments of the class: `generator`, `discriminator` and others.

        Args:
            image_shape: (H, W, C); or (D,) for points.
            num_classes: Number of classes, in variants that take labels.
            vocabulary: Number of tokens or list of words, in variants for sequences.
            width: Filters, or units, of the networks' narrowest layer.
            latent_dim: Dimension of the Gaussian latents.
        """
        return mlp.pair(image_shape, width=width, latent_dim=latent_dim)

    @classmethod
    def learning(cls) -> dict:
        """Returns the default arguments of `compile`."""
        return {
            "g_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.5),
            "d_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.5),
            "loss": losses.NonSaturating(),
            "n_critic": 1,
            "penalties": [],
            "augment": None,
            "replay": None,
            "balance": None,
            "ema": ema.EMA(0.999),
            "clip": None,
            "unroll": None,
            "freeze_d": None,
        }

    def compile(
        self, g_optimizer=None, d_optimizer=None, *, loss=None, n_critic=None, penalties=None,
        augment=None, replay=None, balance=None, ema=None, clip=None, unroll=None,
        freeze_d=None, seed=0, **kwargs,
    ):  # fmt: skip
        """Sets how the game is trained. Arguments left out default to the variant's own choices.

        Compiling again resets optimizers, buffers and the average; the weights stay.

        Args:
            g_optimizer: Keras optimizer of the generator's side.
            d_optimizer: Keras optimizer of the discriminator's side.
            loss: Name or config of a loss, or a `losses.Loss`.
            n_critic: Turns of D before each turn of G, each on fresh data.
            penalties: List of names or configs of penalties, or `penalties.Penalty`; `[]` for none.
            augment: Name or config of an augmentation, or a layer, in front of every call of D.
            replay: Number of past fakes that D is also shown, 0 for none; or name or config of a
                replay.
            balance: Accuracy of D above which it skips its turn, or a `balance.Balance`.
            ema: Decay of the moving average of G's weights, or an `ema.EMA`; 0 for none.
            clip: Largest absolute value of D's weights, which are clipped after each of its
                updates; 0 for none.
            unroll: Number of updates of D that are unrolled in each update of G; 0 for none.
            freeze_d: Number of D's first layers whose weights stay as they are, when a pretrained D
                is fine-tuned; 0 for none.
            seed: Integer seed of all noise of the training.
            **kwargs: The variant's own arguments, those of its `learning`; and `jit_compile`,
                `steps_per_execution` and `run_eagerly`, as in Keras.

        Raises:
            InputError: If a part does not fit the networks.

        Example:
        ```python
        gan.compile(
            g_optimizer=keras.optimizers.Adam(1e-4, beta_1=0.5),
            d_optimizer=keras.optimizers.Adam(4e-4, beta_1=0.5),
            loss="hinge",
            penalties=[ganzoo.penalties.R1(1.0, interval=4)],
        )
        ```
        """
        arguments = {
            "g_optimizer": g_optimizer, "d_optimizer": d_optimizer, "loss": loss,
            "n_critic": n_critic, "penalties": penalties, "augment": augment, "replay": replay,
            "balance": balance, "ema": ema, "clip": clip, "unroll": unroll, "freeze_d": freeze_d,
        }  # fmt: skip
        frozen = self.learning().get("freeze_d") if freeze_d is None else freeze_d
        freezing.attach(self.discriminator, self.made("freeze_d", frozen))
        self.prepare(arguments, seed, **kwargs)
        clipping.attach(self)
        if self.unroll:
            unrolling.rule_of(self.d_optimizer)

    def generate(self, batch) -> dict:
        """Returns the fakes to add to the batch, `{"fake": ...}`."""
        shape = (size_of(batch), self.latent_dim)
        latents = keras.random.normal(shape, seed=random.seed("latent"))
        fake = self.generator(conditioned(self.generator, latents, batch), training=True)
        return {"fake": ops.cast(fake, "float32")}

    def judged(self, key: str, batch):
        """Returns what D judges of the batch's images of this key: the images themselves.

        A variant whose D sees more than images returns a tuple of tensors, of which the images are
        the first; penalties then take gradients at, and lines between, all of them.
        """
        return batch[key]

    def seen(self, judged, batch):
        """Returns the inputs of D: the images, augmented, with their labels or conditions."""
        return conditioned(self.discriminator, self.augmented(judged), batch)

    def discriminate(self, judged, batch):
        """Returns D's output on what `judged` returned, or on images."""
        return self.discriminator(self.seen(judged, batch), training=True)

    def augmented(self, images):
        """Returns the images as D sees them."""
        return self.augment(images, training=True) if self.augment else images

    def discriminator_loss(self, batch) -> dict:
        """Returns the named, weighted scalars whose sum D minimizes."""
        real, fake = (self.score(self.judged(key, batch), batch) for key in ("real", "fake"))
        return {"adv": self.compare(real, fake)}

    def generator_loss(self, batch) -> dict:
        """Returns the named, weighted scalars whose sum G minimizes."""
        return {"adv": self.persuade(self.score(self.judged("fake", batch), batch), batch)}

    def compare(self, real, fake):
        """Returns D's loss on its scores (N, ...); parts that adapt to D's success observe them."""
        for part in (self.augment, self.balance):
            if hasattr(part, "observe"):
                part.observe(real, fake)
        return self.loss.discriminator(real, fake)

    def persuade(self, fake, batch):
        """Returns G's loss on D's scores (N, ...) of its images, and of real ones if needed."""
        if not self.loss.relative:
            return self.loss.generator(fake)
        return self.loss.generator(fake, self.score(self.judged("real", batch), batch))

    def after_step(self, logs: dict) -> None:
        """Called with the step's logs, after both sides had their turns."""

    # How a step is played.

    def train_step(self, data):
        """Plays one step: D's turns, then G's. Returns the running means of the named terms."""
        # A step that starts where the data end must not count: counters wait for the batch.
        with tf.control_dependencies([x for x in tf.nest.flatten(data) if x is not None]):
            return self.play(self.checked(as_batch(data, self.columns)))

    def play(self, batch) -> dict:
        """Plays one step on a batch; a variant with other turns replaces this."""
        key = distribute.replica_key(self.seed, self.step)
        *early, last = split(batch, max(self.n_critic, 1))
        early_turn = distribute.traced_once(self.early_turn) if len(early) > 1 else self.early_turn
        for turn, batch in enumerate(early):
            early_turn(batch, random.fold(key, turn + 1))
        with random.scope(random.fold(key, 0)):
            return self.finish(self.both_turns(last))

    def early_turn(self, batch, key) -> None:
        """Plays a turn of D alone, with the noise of `key`."""
        with random.scope(key):
            self.discriminator_step(batch | self.generate(batch))

    def both_turns(self, batch) -> dict:
        """Plays a turn of D and a turn of G on the same fakes; returns the logs of both.

        G runs once, on the tape; D sees its images off the tape.
        """
        with tf.GradientTape() as tape:
            batch = batch | self.generate(batch)
            with tape.stop_recording():
                logs = self.discriminator_step(batch) if self.discriminator is not None else {}
            return logs | (self.generator_step(batch, tape) if self.generator is not None else {})

    def finish(self, logs: dict) -> dict:
        """Ends a step: counter, average and buffers move. Returns the logs' running means."""
        self.step.assign_add(1)
        if self.ema is not None:
            self.ema.update(self)
        if self.replay is not None:
            self.replay.after_step(self)
        self.after_step(logs)
        return self.track(logs | self.states())

    def states(self) -> dict:
        """Returns the logs of the parts whose state is of interest."""
        logs = {"d_accuracy": self.balance.accuracy.value} if self.balance is not None else {}
        return logs | (self.augment.states() if hasattr(self.augment, "states") else {})

    def checked(self, batch):
        """Returns the batch.

        Raises:
            InputError: If its images do not have the shape that the networks are built for.
        """
        if isinstance(self.generator, dict):
            return batch
        if "real" not in batch:
            raise InputError(f"expected the images under the key 'real', got {sorted(batch)}.")
        expected, got = self.image_shape, tuple(batch["real"].shape[1:])
        if expected != got:
            raise InputError(
                f"expected images of shape {expected}, as of the networks, got {got}: resize or "
                "batch the data, or build the networks for its shape."
            )
        return batch

    def discriminator_step(self, batch) -> dict:
        """Plays a turn of D on a batch with its fakes; returns its logs."""
        if self.replay is not None:
            batch = batch | self.replay.fakes(self, batch)
        with tf.GradientTape() as tape:
            terms = joined(self.discriminator_loss(batch), self.penalise("d", batch))
            return self.descend("d", terms, tape)

    def generator_step(self, batch, tape) -> dict:
        """Plays a turn of G on a batch whose fakes were made on `tape`; returns its logs."""
        judge = self.replay.judge(self) if self.replay is not None else contextlib.nullcontext()
        with judge:
            terms = self.generator_terms(batch)
        return self.descend("g", joined(terms, self.penalise("g", batch)), tape)

    def generator_terms(self, batch) -> dict:
        """Returns `generator_loss`, against D as it is or as it will be after some updates."""
        return unrolling.generator_loss(self, batch) if self.unroll else self.generator_loss(batch)

    def penalise(self, side: str, batch) -> dict:
        """Returns the terms of the penalties on this side, `"d"` or `"g"`, by their names.

        The regularizers of the side's layers, if there are any, add the term `regularization`.
        """
        turn = (self.d_optimizer if side == "d" else self.g_optimizer).iterations
        terms = [{p.name: p(self, batch, turn)} for p in self.penalties if p.side == side]
        networks = networks_of(side_of(self, side))
        regularizers = [loss for network in networks for loss in network.losses]
        return joined(*terms, {"regularization": sum(regularizers)} if regularizers else {})

    def descend(self, side: str, terms: dict, tape) -> dict:
        """Applies the gradient of the sum of `terms`, on the open `tape`, to a side's weights.

        Returns:
            The terms, and the global norm of the gradient on this replica, as `<side>_<name>`. The
            norm is 0 in a step that loss scaling leaves out, since the gradient overflowed.
        """
        optimizer = self.d_optimizer if side == "d" else self.g_optimizer
        weights = weights_of(side_of(self, side))
        # Gradients are summed over replicas when they are applied: hence the division.
        scale = optimizer.scale_loss(1.0 / distribute.replicas())
        gradients = tape.gradient(scale * sum(terms.values()), weights)
        # Those of embeddings are slices, which Keras would square one by one over replicas.
        gradients = [None if g is None else tf.convert_to_tensor(g) for g in gradients]
        norm = tf.linalg.global_norm(gradients) / scale
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            norm = tf.where(tf.math.is_finite(norm), norm, 0.0)  # it leaves such a step out
        balanced = side == "d" and self.balance is not None
        (self.balance if balanced else distribute).apply(optimizer, gradients, weights)
        return {f"{side}_{name}": value for name, value in (terms | {"grad_norm": norm}).items()}

    def score(self, judged, batch):
        """Returns D's logits on what `judged` returned: its output, or the first of several."""
        output = self.discriminate(judged, batch)
        return output[0] if isinstance(output, (list, tuple)) else output

    # What comes out.

    @property
    def image_shape(self) -> tuple:
        """Shape of the images, (H, W, C), or of the points, (D,)."""
        if self.generator is None:
            return tuple(self.discriminator.input_shape[1:])
        if shape := getattr(self.generator, "output_shape", None):
            return tuple(shape[1:])
        if self._untracked.shape is None:  # a subclass of `keras.Model` tells only by an image
            sampler = self.sampler_of(self.generator)
            self._untracked.shape = tuple(sampler(sampler.draw_inputs(1, seed=0)).shape[1:])
        return self._untracked.shape

    @property
    def sampler(self) -> Exported:
        """What is used and exported: of the averaged generator, once there is one."""
        average = getattr(self, "ema", None)
        return self.sampler_of(self.generator if average is None else average.network)

    def sampler_of(self, side) -> Sampler:
        """Returns the sampler of a generator: of the one in training, or of the averaged one."""
        return Sampler(side, self.latent_dim, self.num_classes, self.class_names)

    def call(self, inputs, training: bool = False):
        """Returns the images of latents, or of [latents, labels], by the averaged generator."""
        return self.sampler(inputs, training=training)

    def sample(self, num: int | None = None, seed: int = 0, **kwargs):
        """Returns `num` images, uint8 (num, H, W, C); see `Sampler.sample`."""
        return self.sampler.sample(num, seed, **kwargs)

    def export(
        self,
        path,
        which: str | None = None,
        precision: str = "float32",
        companions: bool = False,
        *,
        format: str = "saved_model",
        batch_size: int | None = None,
    ) -> None:
        """Writes the averaged generator, or another of `exports`, for use without GanZoo.

        Args:
            path: Directory of the SavedModel, see `writing.save`; or the file of another format.
            which: Which of `exports`; the first by default.
            precision: What the weights are stored in: `"float32"`, or `"float16"` for half the
                bytes; for LiteRT also `"int8"`.
            companions: Whether what it was trained with is kept beside it, in the SavedModel: the
                discriminator, if it scores samples, and the encoder, if there is one.
            format: `"saved_model"`, `"onnx"`, `"litert"` or `"tfjs"`; see `inference.formats`.
            batch_size: Number of examples in a batch, of another format than SavedModel; by default
                any number, and 1 for LiteRT.

        Raises:
            InputError: If there is no such export, format or precision, or it cannot be written.

        Example:
        ```python
        gan.export("saved_models/mine/1")
        gan.export("mine.onnx", format="onnx")
        ```
        """
        kept = self.companions() if companions else None
        self.exportable(which).export(path, precision, kept, format=format, batch_size=batch_size)

    def companions(self) -> dict:
        """Returns what the generator was trained with and may be kept beside it, by name.

        That is D as the `critic`, if there is a single one and it judges samples.
        """
        critic = self.critic()
        return {} if critic is None else {"critic": critic}

    def critic(self) -> Critic | None:
        """Returns D as a `Critic`; None if there is no single one, or it does not judge samples.

        It is no property, since Keras saves the networks of all properties.
        """
        if not isinstance(self.discriminator, keras.Model) or not issubclass(
            self.exported, Sampler
        ):
            return None
        images, *labels = getattr(self.discriminator, "inputs", None) or [None]
        judges = images is None or tuple(images.shape[1:]) == self.image_shape
        if not judges or any(x.ndim != 1 for x in labels):
            return None
        return Critic(self.discriminator, type(self.loss).__name__ if self.compares else None)

    def exportable(self, which: str | None = None) -> Exported:
        """Returns what `export` writes.

        Raises:
            InputError: If there is no such export.
        """
        if which and which not in self.exports:
            raise unknown(f"export of {type(self).__name__}", which, self.exports)
        return self.sampler

    @property
    def eligible(self) -> bool:
        """Whether a checkpoint of the present state may be chosen as the best one."""
        return True

    def measure(self, evaluate) -> dict:
        """Returns metrics for `callbacks.Evaluate`, by its `examples` and its `distance`."""
        return evaluate.distance(self.sample(evaluate.num, evaluate.seed))

    def picture(self, examples: dict, num: int = 64, seed: int = 0):
        """Returns a picture of samples from fixed latents, uint8 (H, W, C).

        For a conditional generator each column is a class; few classes have several columns.
        """
        if self.sampler.conditional:
            classes = min(self.num_classes, num)
            columns = classes * max(1, round(num**0.5 / classes))
            labels = [i % classes for i in range(num - num % columns)]
            return pictures.grid(self.sample(labels=labels, seed=seed), columns)
        points = len(self.image_shape) == 1
        return pictures.grid(self.sample(1000 if points else num, seed))

    def probe(self, examples: dict, num: int, seed: int):
        """Returns a function that makes `num` images from fixed inputs, as the training makes them.

        That is with the batch's statistics: moving statistics and averaged weights lag behind.
        """
        sampler = self.sampler_of(self.generator)
        inputs = sampler.draw_inputs(num, seed)
        return lambda: pixels.to_uint8(sampler(inputs, training=True))


def unwrapped(side):
    """Returns a side's network, given it or an exported model that holds it."""
    return side.trainable_network if isinstance(side, Exported) else side


def joined(*terms: dict) -> dict:
    """Returns the terms as one dict.

    Raises:
        InputError: If two terms share a name, or one has the name of a log that every side has.
    """
    names = [name for part in terms for name in part]
    for name in names:
        if names.count(name) > 1 or name == "grad_norm":
            raise InputError(f"two terms are called {name!r}: give the penalty another `name=`.")
    return {name: value for part in terms for name, value in part.items()}
