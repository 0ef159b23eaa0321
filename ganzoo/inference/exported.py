"""Exported: the base of what a training leaves behind, a network and what it takes to use it."""

import types
from collections.abc import Callable, Mapping
from pathlib import Path

import keras

from ganzoo.errors import InputError
from ganzoo.inference.writing import NATIVE, save


class Exported(keras.Model):
    """A trained network and its use; `export` writes it as a SavedModel, `load` reads it back.

    A kind of it is one subclass, which answers for itself: how it is called, served, sampled,
    measured and described. To add one, write the class and add it to `saved_model.KINDS`.

    Args:
        network: A built network.
        **facts: The other arguments of the subclass, plain data.

    Attributes:
        kind: The name of the kind in saved files.
        card: The texts of its model card: `picture` (what the card's picture shows), `limits`,
            `load`, `load_alone` (Python code with and without GanZoo), `signature` and `request`
            (a model server's). `{title}` (its name), `{entry}` (what loads it), `{folder}` and
            others are filled in; see `publishing.card`.
        task: What the Hugging Face Hub calls its task; None if it has no name for it.
        measurable: Whether it can be measured apart from its run, with `measured`.
        kept: Functions that load what it was trained with and is kept beside it, by their names.
        published: What the weights of a published entry are stored in; see `writing.save`.
        no_samples: What a person is told who wants samples of a model that draws none.
    """

    kind: str
    card: dict[str, str]
    task: str | None = None
    measurable = False
    published = "float16"
    kept: Mapping[str, Callable] = types.MappingProxyType({})
    no_samples = "this model draws no samples."

    @property
    def facts(self) -> dict:
        """The arguments that it was made with, apart from the network: plain data."""
        raise NotImplementedError

    @classmethod
    def of(cls, network, **facts):
        """Returns the object with these facts, to compute in float32."""
        return cls(network, **facts, dtype="float32")

    def endpoints(self) -> dict:
        """Returns the functions of the SavedModel by name: (function, inputs).

        The inputs are a list of (name, shape, dtype); the function returns a dict of tensors.
        """
        raise NotImplementedError

    def portable(self) -> tuple[Callable, list]:
        """Returns the function that is written in other formats, as `endpoints` has it."""
        return self.endpoints()["serving_default"]

    @classmethod
    def about(cls, facts: dict) -> dict:
        """Returns what a card says of an exported file, given what its `ganzoo.json` says."""
        return {"kind": cls.kind}

    @classmethod
    def card_of(cls, summary: dict) -> dict[str, str]:
        """Returns the texts of the card of an entry whose `metrics.json` is `summary`."""
        return cls.card

    @classmethod
    def usage(cls, run_dir: Path) -> str:
        """Returns the lines that tell a person, at the end of a run, how to use what came out."""
        return ""

    def write_samples(self, out: Path | None, num: int, seed: int, **options) -> str:
        """Draws samples for `ganzoo sample` and writes them to a file; returns what was done.

        Args:
            out: The file, or None to choose one or to print.
            num: Number of samples.
            seed: Seed of the samples.
            **options: `name` (a name for the file) and the other options of the command; see
                `drawing.write`.

        Raises:
            InputError: If it draws no samples, or an option does not fit.
        """
        raise InputError(self.no_samples)

    def sample(self, *args, **kwargs):
        """Raises `InputError`: it draws no samples."""
        raise InputError(self.no_samples)

    def measured(self, plan, known: dict):
        """Yields what `ganzoo evaluate` measures of it; see `evaluation.evaluator.Plan`.

        Args:
            plan: How to measure.
            known: Facts that were measured before, and need not be measured again.

        Raises:
            InputError: If it is not `measurable` apart from its run.
        """
        raise InputError(f"a {self.kind} is measured by its own run: see its card or summary.json.")

    @property
    def trainable_network(self):
        """The network that a training can go on with."""
        return self.network

    def companions(self) -> dict:
        """Returns what it was trained with and is kept beside it, by name."""
        return {name: load() for name, load in self.kept.items()}

    def critic(self):
        """Returns the `Critic` that it was trained against; None if it is not kept with it."""
        return self.kept.get("critic", lambda: None)()

    def encoder(self):
        """Returns the `Encoder` that it was trained with; None if it is not kept with it."""
        return self.kept.get("encoder", lambda: None)()

    def export(
        self, path, precision: str = "float32", companions: dict | None = None, *,
        format: str = "saved_model", batch_size: int | None = None,
    ) -> None:  # fmt: skip
        """Writes a self-contained SavedModel, see `writing.save`; or another format.

        Args:
            path: Directory of the SavedModel, or the file of another format.
            precision: What the weights are stored in.
            companions: What is kept beside it, in a SavedModel only.
            format: `"saved_model"`, or one of `formats.FORMATS`.
            batch_size: Number of examples in a batch; see `formats.write`.

        Raises:
            InputError: If an argument does not fit the format, or it cannot be written.

        Example:
        ```python
        ganzoo.load_pretrained("dcgan_mnist").export("digits.onnx", format="onnx")
        ```
        """
        if format != NATIVE:
            from ganzoo.inference import formats  # late: its parts of TensorFlow are not JAX'

            formats.write(self, path, format, precision, batch_size)
        elif batch_size is not None:
            raise InputError("batch_size: a SavedModel takes batches of any size: omit it.")
        else:
            save(self, path, precision, companions)

    def get_config(self) -> dict:
        """Returns the arguments; the network is serialized as its own config."""
        network = keras.saving.serialize_keras_object(self.network)
        return super().get_config() | {"network": network} | self.facts

    @classmethod
    def from_config(cls, config: dict, custom_objects=None):
        """Returns the model that `get_config` described."""
        network = keras.saving.deserialize_keras_object(config["network"], custom_objects)
        return cls(**(config | {"network": network}))
