"""Trainer: what every game needs of Keras, apart from the game itself."""

import copy
import types
import warnings
from collections.abc import Callable

import keras
import tensorflow as tf

from ganzoo import random
from ganzoo.engine import distribute, habits, incoming
from ganzoo.engine.sides import networks_of, side_of, weights_of
from ganzoo.errors import InputError

NO_VALIDATION = (
    "a GAN has no validation loss: measure its samples with callbacks.Evaluate(images) instead of "
    "validation_data and evaluate()."
)


class Trainer(keras.Model):
    """The plumbing between a game and Keras: `compile`'s arguments, `fit`, running means, saving.

    A subclass has a `generator` and a `discriminator`, each a network, a dict of networks or None,
    and plays a step in `train_step`.

    Attributes:
        makers: For each argument of `compile` the function that makes it from what a person or a
            recipe gives: an object, a name, a config. Arguments without one are taken as they are.
    """

    makers: dict[str, Callable] = {}

    def adopt(self) -> None:
        """Takes over the networks, once they are set; they must be built.

        Raises:
            InputError: If one is not built.
        """
        for network in [*networks_of(self.generator), *networks_of(self.discriminator)]:
            if not network.built:
                raise InputError(f"network {network.name!r} must be built: call it once first.")
            random.adopt(network)
        self.step = self.add_weight(
            name="step", shape=(), dtype="int64", initializer="zeros", trainable=False,
            aggregation="only_first_replica",
        )  # fmt: skip
        self._untracked = types.SimpleNamespace(  # kept out of what Keras saves
            trackers={}, optimizers=None, shape=None
        )
        self.built = True

    # Compiling.

    def prepare(self, arguments: dict, seed: int, **kwargs) -> None:
        """Compiles the game with these arguments; those that are None take the variant's default.

        Args:
            arguments: Arguments of `compile` by name.
            seed: Integer seed of all noise of the training.
            **kwargs: Further arguments of the variant, and of `keras.Model.compile`.

        Raises:
            InputError: If a part does not fit the networks.
        """
        defaults = self.learning()
        own = {name: kwargs.pop(name, None) for name in defaults if name not in arguments}
        arguments = arguments | own
        habits.check_compile(kwargs, arguments)
        both = arguments["g_optimizer"], arguments["d_optimizer"]
        if isinstance(both[0], keras.Optimizer) and both[0] is both[1]:
            raise InputError("each side needs an optimizer of its own: make two of them.")
        given = [name for name, value in arguments.items() if value is not None]
        arguments = {k: defaults[k] if v is None else v for k, v in arguments.items()}
        self._untracked.optimizers = None
        super().compile(optimizer=None, **kwargs)
        parts = {name: self.made(name, value) for name, value in arguments.items()}
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
        both = [o for o in (self.g_optimizer, self.d_optimizer) if o is not None]
        self._untracked.optimizers = habits.Optimizers(both)
        self._check_sides(arguments)
        for part in keras.tree.flatten(list(parts.values())):
            if hasattr(part, "attach"):
                part.attach(self)
        if isinstance(self.augment, keras.layers.Layer):
            random.adopt(self.augment)
            if not self.augment.built:  # with several replicas Keras expects it to be
                self.augment.build((None, *self.image_shape))
        self.seed = seed
        off = {name: 0 for name in given if parts[name] is None}  # None would be the default
        self._compile_arguments = parts | off | {"seed": seed} | kwargs

    @classmethod
    def made(cls, name: str, value):
        """Returns the argument of `compile` that an object, a name or a config stands for.

        Raises:
            InputError: If nothing can be made from it.
        """
        if name not in cls.makers:
            return value
        try:
            # Keras writes into the config of an optimizer: it gets a copy.
            value = copy.deepcopy(value) if isinstance(value, dict) else value
            return cls.makers[name](value)
        except InputError:
            raise
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise InputError(f"{name}={value!r}: {' '.join(str(error).split())}") from error

    @property
    def optimizer(self):
        """The optimizers of both sides, for Keras' callbacks; None until the game is compiled."""
        return getattr(vars(self).get("_untracked"), "optimizers", None)

    @optimizer.setter
    def optimizer(self, value):
        """Ignores what Keras sets: None."""

    def _check_sides(self, arguments: dict) -> None:
        """Raises `InputError` if an argument needs a side that this game lacks."""
        cls = type(self).__name__
        if self.discriminator is None:
            for name in (
                "loss", "augment", "replay", "balance", "n_critic", "clip", "unroll", "freeze_d",
            ):  # fmt: skip
                if arguments[name] and (name, arguments[name]) != ("n_critic", 1):
                    raise InputError(f"{name} needs a discriminator, which {cls} lacks: drop it.")
        for penalty in self.penalties:
            kind = type(penalty).__name__
            for side in (penalty.side, *penalty.needs):
                if side_of(self, side) is None:
                    name = "discriminator" if side == "d" else "generator"
                    raise InputError(f"{kind} needs a {name}, which {cls} lacks: drop it.")
            if isinstance(self.discriminator, dict) and not penalty.several:
                raise InputError(
                    f"{kind} needs a single discriminator, and {cls} has several: drop it."
                )

    # Fitting.

    def fit(
        self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, **kwargs
    ):
        """Trains the game, as `keras.Model.fit` does; a batch is what one turn sees.

        With batches of 64 images each turn of D gets 64 fresh ones, whatever `n_critic` is: a step
        takes `n_critic` batches, and an epoch has fewer steps accordingly.

        Args:
            x: A `tf.data.Dataset`, a `PyDataset` or a generator of batches (see `engine.batch`); or
                an array of images. Images are uint8, floats in [-1, 1] or uint16 of the full range.
            y: Labels of an array, integers (N,) or one-hot (N, K).
            batch_size: Images per turn, for arrays; 32 by default.
            epochs: As in Keras.
            verbose: As in Keras.
            callbacks: As in Keras; before them, the batch-norm statistics of the averaged generator
                are recomputed after every epoch.
            **kwargs: As in Keras.

        Raises:
            InputError: If the data are not of an understood kind (see `engine.incoming`) or do not
                fit the networks, n_critic or the number of replicas; if validation data or weights
                are given; or if the process has trained under another MirroredStrategy.
            WorkerLost: If another worker of the training is gone.
        """
        self._assert_compile_called("fit")
        for name in ("validation_data", "validation_split"):
            if kwargs.get(name) is not None:
                raise InputError(NO_VALIDATION)
        for name in ("class_weight", "sample_weight"):
            if kwargs.get(name) is not None:
                raise InputError(f"{name}: a GAN weights no examples: choose them in the dataset.")
        x = incoming.batches_of(
            x, y, batch_size or 32, self.guard(), self.n_critic,
            distribute.replicas(self.distribute_strategy),
        )  # fmt: skip
        if isinstance(x, tf.data.Dataset):
            x = distribute.sharded(x)
        if not isinstance(x, keras.utils.PyDataset):
            kwargs["shuffle"] = False  # datasets and generators shuffle themselves
        steps = kwargs.get("steps_per_epoch")
        if (
            steps
            and isinstance(x, tf.data.Dataset)
            and 0 <= (count := int(x.cardinality())) < steps
        ):
            raise InputError(
                f"steps_per_epoch={steps}: the data have {count} steps: repeat the dataset, "
                "dataset.repeat(), or drop steps_per_epoch."
            )
        callbacks = habits.callbacks_of(callbacks, steps)
        if self.ema is not None:
            recalibrate = keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: self.ema.recalibrate(self.sampler)
            )
            callbacks = [recalibrate, *callbacks]
        named = distribute.failures_named(self.distribute_strategy)
        with named, incoming.refusals_named(), warnings.catch_warnings():
            # Keras takes the end of a dataset of unknown length for a mistake; see `habits.Enough`.
            warnings.filterwarnings("ignore", message=r"\s*Your input ran out of data")
            return super().fit(x, epochs=epochs, verbose=verbose, callbacks=callbacks, **kwargs)

    def guard(self) -> incoming.Guard:
        """Returns what checks the data of this game."""
        layers = [x for n in networks_of(self.discriminator) for x in n._flatten_layers()]
        pack = max([getattr(layer, "pack", 1) for layer in layers], default=1)
        return incoming.Guard(self.columns, self.image_shape, self.num_classes, pack)

    def make_train_function(self, force: bool = False):
        """Makes Keras' train function, or one that is also right with several replicas."""
        if distribute.replicas(self.distribute_strategy) == 1:
            return super().make_train_function(force)
        if self.train_function is None or force:
            self.train_function = distribute.train_function(self)
        return self.train_function

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Does nothing, where Keras takes a batch to build the model: all networks are built.

        Under MultiWorkerMirroredStrategy, Keras 3.15 would fail on batches that are dicts.
        """

    def test_step(self, data):
        """Raises `InputError`: a GAN has no validation loss."""
        raise InputError(NO_VALIDATION)

    # Logging.

    def track(self, logs: dict) -> dict:
        """Updates the running mean of each log and returns the means."""
        for name, value in logs.items():
            self.tracker(name).update_state(value)
        return {name: self.tracker(name).result() for name in logs}

    def tracker(self, name: str) -> keras.metrics.Mean:
        """Returns the running mean of a log, created at the first call."""
        trackers = self._untracked.trackers
        if name not in trackers:
            trackers[name] = distribute.untraced(lambda: keras.metrics.Mean(name=name))
        return trackers[name]

    @property
    def metrics(self) -> list:
        """The running means of the logs, known after the first step."""
        return list(self._untracked.trackers.values())

    # Saving.

    def get_config(self) -> dict:
        """Returns the arguments; the networks are serialized as their own configs."""
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
        """Returns the arguments of `compile`, defaults filled in."""
        arguments = getattr(self, "_compile_arguments", None)
        return None if arguments is None else keras.saving.serialize_keras_object(arguments)

    def compile_from_config(self, config: dict) -> None:
        """Compiles as the saved model was compiled."""
        self.compile(**keras.saving.deserialize_keras_object(config))
