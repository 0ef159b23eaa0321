"""SavedModels that GanZoo wrote, loaded again as Keras models."""

import functools
import json
from pathlib import Path

import keras
import tensorflow as tf

from ganzoo import layers, networks
from ganzoo.errors import InputError
from ganzoo.inference.classifier import TrainedClassifier
from ganzoo.inference.critic import Critic
from ganzoo.inference.encoder import Encoder
from ganzoo.inference.exported import Exported
from ganzoo.inference.sampler import Sampler
from ganzoo.inference.sequences import Sequences
from ganzoo.inference.translator import Translator
from ganzoo.inference.truncated import TruncatedSampler
from ganzoo.inference.writing import ABOUT, COMPANIONS, in_float32, is_saved_model, save

__all__ = ["ABOUT", "KINDS", "about", "is_saved_model", "load", "save"]

# What saved networks are made of: importing these rooms registers their classes with Keras.
BUILT_OF = (layers, networks)
KINDS = {
    cls.kind: cls
    for cls in (
        Sampler, TruncatedSampler, Translator, TrainedClassifier, Sequences, Critic, Encoder,
    )
}  # fmt: skip

# What the readers of JSON, of Keras' configs and of checkpoints raise on damaged files.
UNREADABLE = (
    OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError, tf.errors.OpError,
)  # fmt: skip


def load(path) -> Exported:
    """Returns the model that `save` wrote: one of `KINDS`.

    It can be trained further. The network is made from its config, in Keras' safe mode, and from
    the weights of the SavedModel: nothing in the files is executed.

    Raises:
        InputError: If the directory is not such a SavedModel, or is damaged.
    """
    path = Path(path)
    if not (path / ABOUT).is_file():
        raise InputError(f"{path} is not a SavedModel of GanZoo: {path / ABOUT} is missing.")
    try:
        facts = json.loads((path / ABOUT).read_text())
        cls = KINDS[facts.pop("kind", Sampler.kind)]
        facts.pop("format")
        network = keras.saving.deserialize_keras_object(facts.pop("network"), safe_mode=True)
        network = in_float32(network)  # the config of a whole network holds no policy
        network.trainable = True  # a training's average is not; what is loaded may be fine-tuned
        network.set_weights(stored_weights(path, len(network.weights)))
        model = cls.of(network, **facts)
        model.kept = {
            folder.name: functools.cache(functools.partial(load, folder))
            for folder in (path / COMPANIONS).iterdir()
            if is_saved_model(folder)
        }
        return model
    except UNREADABLE as error:
        problem = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} is damaged or was not written by ganzoo: {problem}") from error


def stored_weights(path, count: int) -> list:
    """Returns the arrays of a SavedModel's network, as they are stored, in the network's order."""
    reader = tf.train.load_checkpoint(str(Path(path) / "variables" / "variables"))
    return [reader.get_tensor(f"network/{i}/.ATTRIBUTES/VARIABLE_VALUE") for i in range(count)]


def about(path) -> dict:
    """Returns what the card of an entry says of its SavedModel, without loading it.

    That is its `kind`, and its number of `classes` if it is a conditional generator; nothing for a
    SavedModel that GanZoo did not write.
    """
    path = Path(path) / ABOUT
    if not path.is_file():
        return {}
    facts = json.loads(path.read_text("utf-8"))
    return KINDS[facts["kind"]].about(facts)
