"""GAN: the game of two sides that every variant is.

A step plays `n_critic` turns of the discriminator, each on fresh data, then one of the generator.
A side's turn descends the sum of a dict of named, weighted terms: those of its loss hook and those
of the penalties on its side. A variant says what its terms are; a trick is one more term, one more
layer, or one more key in the batch, whose contract is in `batch.py`.
"""

import contextlib
import types
import warnings

import keras
import tensorflow as tf
from keras import ops

from ganzoo import ema, learning, losses, random
from ganzoo.engine import distribute
from ganzoo.engine.batch import as_batch, conditioned, from_arrays, regroup, size_of, split
from ganzoo.engine.sides import networks_of, side_of, weights_of
from ganzoo.errors import InputError
from ganzoo.inference import pictures, saved_model
from ganzoo.inference.sampler import Sampler, as_pixels


@keras.saving.register_keras_serializable("ganzoo")
class GAN(keras.Model):
    """A two-sided game; every variant is this class with a hook or two replaced.

    As it stands it is the first GAN: two perceptrons and the non-saturating loss.

    Args:
        generator: A built network from latents (N, latent_dim), or from [latents, labels], to
            images (N, H, W, C) in [-1, 1]; or a `Sampler`, such as `load_pretrained` returns. In
            variants that say so, a dict of networks that are trained together.
        discriminator: A built network from images, or from [images, labels], to logits (N, ...);
            or a dict of networks. One with several outputs gives its logits first.
        latent_dim: Width of the Gaussian that the generator draws from.
        num_classes: Number of classes, if the generator is given labels.

    Attributes:
        monitor: The log whose least value marks the best checkpoint; None for the distance that
            `callbacks.Evaluate` takes.
        compares: Whether D tells real from fake by its scores, in `compare`.
        fakes: The keys of the images that `generate` makes for D.
        kind: What is exported, as of `export`.
        exports: The names of what it exports, if that are several; the first is what `export`
            writes if none is named.
        gradient_scale: How many times as large gradients are, in a healthy run, as those of
            adversarial terms alone; what the failure monitor calls large is so many times more.

    Reference: Goodfellow et al., 2014, arXiv:1406.2661.
    """

    monitor = None
    compares = True
    fakes = ("fake",)
    kind = "generator"
    exports = ()
    gradient_scale = 1.0

    def __init__(self, generator, discriminator=None, latent_dim=128, num_classes=None, **kwargs):
        super().__init__(**kwargs)
        if isinstance(generator, Sampler):  # one that was loaded, to be trained further
            generator, latent_dim = generator.network, generator.latent_dim
        self.generator, self.discriminator = generator, discriminator
        self.latent_dim, self.num_classes = latent_dim, num_classes
        for network in [*networks_of(generator), *networks_of(discriminator)]:
            if not network.built:
                raise InputError(f"network {network.name!r} must be built: call it once first.")
            random.adopt(network)
        width = getattr(generator, "input_shape", None)
        if isinstance(width, tuple) and len(width) == 2 and width[1] not in (None, latent_dim):
            raise InputError(
                f"the generator takes latents of {width[1]}: give latent_dim={width[1]}."
            )
        self.step = self.add_weight(
            name="step", shape=(), dtype="int64", initializer="zeros", trainable=False,
            aggregation="only_first_replica",
        )  # fmt: skip
        self._untracked = types.SimpleNamespace(trackers={})  # kept out of what Keras saves
        self.built = True  # the networks arrive built

    # What a variant may replace: its canonical networks and learning, and its side of the game.

    @classmethod
    def networks(cls, image_shape, width=256, latent_dim=128) -> dict:
        """Returns the canonical `generator` and `discriminator` for images of this shape."""
        from ganzoo.networks import mlp

        return mlp.pair(image_shape, width=width, latent_dim=latent_dim)

    @classmethod
    def learning(cls) -> dict:
        """Returns the canonical arguments of `compile`."""
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
        }

    def generate(self, batch) -> dict:
        """Returns the fakes to add to the batch, `{"fake": ...}`."""
        shape = (size_of(batch), self.latent_dim)
        latents = keras.random.normal(shape, seed=random.seed("latent"))
        fake = self.generator(conditioned(self.generator, latents, batch), training=True)
        return {"fake": ops.cast(fake, "float32")}

    def discriminate(self, images, batch):
        """Returns the discriminator's output on `images`, augmented, with their conditions."""
        images = self.augmented(images)
        return self.discriminator(conditioned(self.discriminator, images, batch), training=True)

    def augmented(self, images):
        """Returns the images as the discriminator is shown them."""
        return self.augment(images, training=True) if self.augment else images

    def discriminator_loss(self, batch) -> dict:
        """Returns the named, weighted scalars that D descends."""
        real, fake = self.score(batch["real"], batch), self.score(batch["fake"], batch)
        return {"adv": self.compare(real, fake)}

    def generator_loss(self, batch) -> dict:
        """Returns the named, weighted scalars that G descends."""
        return {"adv": self.persuade(self.score(batch["fake"], batch), batch)}

    def compare(self, real, fake):
        """Returns D's loss on its scores (N, ...); what adapts to how D does takes note of them."""
        for part in (self.augment, self.balance):
            if hasattr(part, "observe"):
                part.observe(real, fake)
        return self.loss.discriminator(real, fake)

    def persuade(self, fake, batch):
        """Returns G's loss on D's scores (N, ...) of its images, and of the real ones if needed."""
        scores = [fake, self.score(batch["real"], batch)] if self.loss.relative else [fake]
        return self.loss.generator(*scores)

    def after_step(self, logs: dict) -> None:
        """Called with the step's logs, after both sides had their turns."""

    def measure(self, evaluate) -> dict:
        """Returns figures for `callbacks.Evaluate`, whose `examples` and `distance` it may use."""
        return evaluate.distance(self.sample(evaluate.num, evaluate.seed))

    def picture(self, examples: dict, num: int = 64, seed: int = 0):
        """Returns what to look at, uint8 (H, W, C): samples, always of the same latents.

        Of a generator that is given labels each column is a class.
        """
        if self.sampler.conditional:
            classes = min(self.num_classes, num)
            labels = [i % classes for i in range(num - num % classes)]
            return pictures.grid(self.sample(labels=labels, seed=seed), classes)
        points = len(self.image_shape) == 1
        return pictures.grid(self.sample(1000 if points else num, seed))

    def probe(self, examples: dict, num: int, seed: int):
        """Returns a function that makes `num` images as training does, always of the same inputs.

        That is with the batch's statistics: the moving ones, and the averaged weights, lag behind.
        """
        sampler = self.sampler_of(self.generator)
        inputs = sampler.draw_inputs(num, seed)
        return lambda: as_pixels(sampler(inputs, training=True))

    # What is shared.

    def compile(
        self, g_optimizer=None, d_optimizer=None, *, loss=None, n_critic=None, penalties=None,
        augment=None, replay=None, balance=None, ema=None, seed=0, **kwargs,
    ):  # fmt: skip
        """Says how the game is learned. What is not given is the variant's canonical choice.

        Compiling anew starts optimizers, buffers and the average anew, the weights stay.

        Args:
            g_optimizer: Keras optimizer of the generator's side.
            d_optimizer: Keras optimizer of the discriminator's side.
            loss: A `losses.Loss`, or its name.
            n_critic: Turns of D before each turn of G, each on fresh data.
            penalties: List of `penalties.Penalty`, or names or configs of them; `[]` for none.
            augment: A layer in front of every call of the discriminator, or a name or config of
                `augment`.
            replay: A `replay.Replay`, or the number of past fakes to keep; or a
                `replay.PastCheckpoints`.
            balance: A `balance.Balance`, or the accuracy above which D waits.
            ema: An `ema.EMA`, or its decay; 0 to sample the generator as it is.
            seed: Integer seed of all noise of the training.
            **kwargs: What else the variant's `learning` names; and `jit_compile`,
                `steps_per_execution`, `run_eagerly`, as in Keras.

        Raises:
            InputError: If a part does not fit the networks.
        """
        if isinstance(g_optimizer, keras.Optimizer) and g_optimizer is d_optimizer:
            raise InputError("each side needs an optimizer of its own: make two of them.")
        given = {
            "g_optimizer": g_optimizer, "d_optimizer": d_optimizer, "loss": loss,
            "n_critic": n_critic, "penalties": penalties, "augment": augment, "replay": replay,
            "balance": balance, "ema": ema,
        }  # fmt: skip
        canonical = self.learning()
        given |= {k: kwargs.pop(k, None) for k in canonical if k not in given}  # the variant's own
        given = {k: canonical[k] if v is None else v for k, v in given.items()}
        super().compile(optimizer=None, **kwargs)
        parts = {name: learning.made(name, value) for name, value in given.items()}
        if self.discriminator is not None and parts["n_critic"] < 1:
            raise InputError(f"expected n_critic >= 1, got {parts['n_critic']}")
        for name, side in [("g_optimizer", self.generator), ("d_optimizer", self.discriminator)]:
            if side is None:
                parts[name] = None
            else:
                parts[name] = distribute.loss_scaled(parts[name], networks_of(side))
                parts[name].build(weights_of(side))
        for name, part in parts.items():
            setattr(self, name, part)
        if self.discriminator is None:
            self._refuse(given)
        for penalty in self.penalties:
            kind, cls = type(penalty).__name__, type(self).__name__
            if side_of(self, penalty.side) is None:
                raise InputError(f"{kind} is a term of a side that {cls} lacks.")
            if isinstance(self.discriminator, dict) and not penalty.several:
                raise InputError(f"{kind} is of one discriminator, and {cls} has several: drop it.")
        for part in tf.nest.flatten(list(parts.values())):
            if hasattr(part, "attach"):
                part.attach(self)
        if isinstance(self.augment, keras.layers.Layer):
            random.adopt(self.augment)
            if not self.augment.built:  # under several replicas Keras wants to find it so
                self.augment.build((None, *self.image_shape))
        self.seed = seed
        self._compile_arguments = parts | {"seed": seed} | kwargs

    def _refuse(self, given: dict) -> None:
        """Refuses what is given for the turns of a discriminator that there is not."""
        for name in ("loss", "augment", "replay", "balance", "n_critic"):
            if given[name] not in (None, 1):
                raise InputError(
                    f"{name} is for a discriminator, which {type(self).__name__} lacks: drop it."
                )

    def train_step(self, data):
        """Plays one step: D's turns, then G's. Returns the running means of the named terms."""
        # A step that starts where the data end must not count: counters wait for the batch.
        with tf.control_dependencies([x for x in tf.nest.flatten(data) if x is not None]):
            return self.play(self.checked(as_batch(data)))

    def play(self, batch) -> dict:
        """Plays one step on a batch of the contract; a variant with other turns replaces this."""
        key = distribute.replica_key(self.seed, self.step)
        *early, last = split(batch, max(self.n_critic, 1))
        for turn, batch in enumerate(early):
            with random.scope(random.fold(key, turn + 1)):
                self.discriminator_step(batch | self.generate(batch))
        with random.scope(random.fold(key, 0)):
            return self.finish(self.both_turns(last))

    def both_turns(self, batch) -> dict:
        """Plays a turn of D and one of G that share their fakes; returns the logs of both.

        G runs once, on the tape, and D sees what it made off the tape.
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
        """Returns the logs of the parts that have a state of interest."""
        logs = {"d_accuracy": self.balance.accuracy.value} if self.balance is not None else {}
        return logs | (self.augment.states() if hasattr(self.augment, "states") else {})

    def checked(self, batch):
        """Returns the batch.

        Raises:
            InputError: If its images are not of the shape that the networks are for.
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
            terms = self.generator_loss(batch)
        return self.descend("g", joined(terms, self.penalise("g", batch)), tape)

    def penalise(self, side: str, batch) -> dict:
        """Returns the terms of the penalties on this side, `"d"` or `"g"`, by their names.

        The regularizers of the side's own layers, if it has any, are one more: `regularization`.
        """
        turn = (self.d_optimizer if side == "d" else self.g_optimizer).iterations
        terms = [{p.name: p(self, batch, turn)} for p in self.penalties if p.side == side]
        networks = networks_of(side_of(self, side))
        own = [loss for network in networks for loss in network.losses]
        return joined(*terms, {"regularization": sum(own)} if own else {})

    def descend(self, side: str, terms: dict, tape) -> dict:
        """Applies the gradient of the sum of `terms`, on the open `tape`, to a side's weights.

        Returns:
            The terms, and the global norm of the gradient on this replica, as `<side>_<name>`.
        """
        optimizer = self.d_optimizer if side == "d" else self.g_optimizer
        weights = weights_of(side_of(self, side))
        # Gradients are summed over replicas when they are applied: hence the division.
        scale = optimizer.scale_loss(1.0 / distribute.replicas())
        gradients = tape.gradient(scale * sum(terms.values()), weights)
        # Of embeddings they are slices: joined over replicas, Keras would square them one by one.
        gradients = [None if g is None else tf.convert_to_tensor(g) for g in gradients]
        norm = tf.linalg.global_norm(gradients) / scale
        balanced = side == "d" and self.balance is not None
        (self.balance if balanced else distribute).apply(optimizer, gradients, weights)
        return {f"{side}_{name}": value for name, value in (terms | {"grad_norm": norm}).items()}

    def score(self, images, batch):
        """Returns the discriminator's logits on `images`: its output, or the first of them."""
        output = self.discriminate(images, batch)
        return output[0] if isinstance(output, (list, tuple)) else output

    def track(self, logs: dict) -> dict:
        """Updates the running mean of each log and returns the means."""
        for name, value in logs.items():
            self.tracker(name).update_state(value)
        return {name: self.tracker(name).result() for name in logs}

    def tracker(self, name: str) -> keras.metrics.Mean:
        """Returns the running mean of a log; a new one if it has none yet."""
        trackers = self._untracked.trackers
        if name not in trackers:
            trackers[name] = distribute.untraced(lambda: keras.metrics.Mean(name=name))
        return trackers[name]

    @property
    def image_shape(self) -> tuple:
        """The shape of the images: (H, W, C), or (D,)."""
        if self.generator is None:
            return tuple(self.discriminator.input_shape[1:])
        shape = getattr(self.generator, "output_shape", None)
        return tuple((shape or self.generator.compute_output_shape((None, self.latent_dim)))[1:])

    @property
    def metrics(self) -> list:
        """The running means of the terms, known once a step was played."""
        return list(self._untracked.trackers.values())

    def make_train_function(self, force: bool = False):
        """As Keras', but right under strategies of several replicas, too."""
        if distribute.replicas(self.distribute_strategy) == 1:
            return super().make_train_function(force)
        if self.train_function is None or force:
            self.train_function = distribute.train_function(self)
        return self.train_function

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Does nothing, where Keras takes a batch to build by: all here is built.

        Under MultiWorkerMirroredStrategy Keras 3.15 would fail on batches that are dicts.
        """

    def fit(
        self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, **kwargs
    ):
        """`keras.Model.fit`, where a batch is what one turn sees.

        A dataset whose batches hold 64 images gives each of D's turns 64 fresh ones, whatever
        `n_critic` is: a step then takes `n_critic` batches, and an epoch has so many fewer steps.

        Args:
            x: A `tf.data.Dataset` of batches (see the batch contract), or an array of images.
            y: Integer labels of an array.
            batch_size: Images of a turn, for arrays; 32 if not given.
            epochs: As in Keras.
            verbose: As in Keras.
            callbacks: As in Keras; before them, the statistics of the averaged generator are taken
                anew after every epoch.
            **kwargs: As in Keras.

        Raises:
            InputError: If there is validation data, the batches do not fit n_critic or replicas, or
                the process has trained on another MirroredStrategy.
            WorkerLost: If one of several workers is gone.
        """
        self._assert_compile_called("fit")
        for name in ("validation_data", "validation_split"):
            if kwargs.get(name) is not None:
                raise InputError(NO_VALIDATION)
        if x is not None and (hasattr(x, "shape") or isinstance(x, (list, dict))):
            x = from_arrays(x, y, batch_size or 32)
        if isinstance(x, tf.data.Dataset):
            x = regroup(x, self.n_critic, distribute.replicas(self.distribute_strategy))
            x = distribute.sharded(x)
            kwargs["shuffle"] = False  # it shuffles itself
        if self.ema is not None:
            recalibrate = keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: self.ema.recalibrate(self.sampler)
            )
            callbacks = [recalibrate, *keras.tree.flatten(callbacks or [])]
        with distribute.failures_named(self.distribute_strategy), warnings.catch_warnings():
            # Keras takes the end of a dataset of unknown length for a mistake.
            warnings.filterwarnings("ignore", message=r"\s*Your input ran out of data")
            return super().fit(x, epochs=epochs, verbose=verbose, callbacks=callbacks, **kwargs)

    def test_step(self, data):
        """Refuses: a GAN has no validation loss."""
        raise InputError(NO_VALIDATION)

    def call(self, inputs, training: bool = False):
        """Returns the images of latents, or of [latents, labels], by the averaged generator."""
        return self.sampler(inputs, training=training)

    @property
    def sampler(self) -> Sampler:
        """The generator to draw from: the averaged one, once there is one."""
        average = getattr(self, "ema", None)
        return self.sampler_of(self.generator if average is None else average.network)

    def sampler_of(self, side) -> Sampler:
        """Returns what draws by this generator: the one in training, or the averaged one."""
        return Sampler(side, self.latent_dim, self.num_classes)

    def sample(self, num: int | None = None, seed: int = 0, **kwargs):
        """Returns `num` images, uint8 (num, H, W, C); see `Sampler.sample`."""
        return self.sampler.sample(num, seed, **kwargs)

    def export(self, path) -> None:
        """Writes the averaged generator as a self-sufficient SavedModel; see `saved_model.save`."""
        saved_model.save(self.sampler, path)

    def get_config(self) -> dict:
        """Returns the arguments; the networks travel as their own configs."""
        return super().get_config() | {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "latent_dim": self.latent_dim,
            "num_classes": self.num_classes,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects=None):
        """Returns the model that `get_config` described."""
        sides = {
            side: keras.saving.deserialize_keras_object(config[side], custom_objects)
            for side in ("generator", "discriminator")
        }
        return cls(**(config | sides))

    def get_compile_config(self) -> dict:
        """Returns the arguments of `compile`, as they were resolved."""
        arguments = getattr(self, "_compile_arguments", None)
        return None if arguments is None else keras.saving.serialize_keras_object(arguments)

    def compile_from_config(self, config: dict) -> None:
        """Compiles as the saved model was."""
        self.compile(**keras.saving.deserialize_keras_object(config))


NO_VALIDATION = (
    "a GAN has no validation loss: measure its samples with callbacks.Evaluate(images), in place "
    "of validation_data and evaluate()."
)


def joined(*terms: dict) -> dict:
    """Returns the terms as one dict.

    Raises:
        InputError: If two of them have one name, or that of a log that every side has.
    """
    names = [name for part in terms for name in part]
    for name in names:
        if names.count(name) > 1 or name == "grad_norm":
            raise InputError(f"two terms are called {name!r}: give the penalty another `name=`.")
    return {name: value for part in terms for name, value in part.items()}
