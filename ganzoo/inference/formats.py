"""Other formats than SavedModel: ONNX, LiteRT and TensorFlow.js, by Keras' own exporters or ours.

Each holds one function of a trained network, `Exported.portable`: of a generator, latents (and
labels) to images in [-1, 1]. It computes in float32 and draws no random numbers: noise maps are
those that are stored with the weights, and a translator's dropout is off.
"""

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ganzoo.engine import files
from ganzoo.engine.sides import clone
from ganzoo.errors import InputError, check_whole, unknown
from ganzoo.inference import tfjs, writing
from ganzoo.layers import SamplingDropout, noise


class Format(NamedTuple):
    """A format that trained networks are exported in.

    Attributes:
        suffix: How the names of its files end; "" if it is a folder.
        precisions: What weights can be stored in.
        write: Function of a `Portable`, the path and the precision.
        batch_size: Number of examples in a batch by default; None for any number.
        extra: The extra of this package that has what it needs; "" if nothing is missing.
    """

    suffix: str
    precisions: tuple[str, ...]
    write: Callable
    batch_size: int | None = None
    extra: str = ""


class Portable(keras.Model):
    """One function of a trained network, as Keras' exporters take it.

    Args:
        model: An `Exported`.
        batch_size: Number of examples in a batch; None for any number.
    """

    def __init__(self, model: keras.Model, batch_size: int | None):
        super().__init__(dtype="float32")
        self.network = writing.in_float32(clone(model.network))
        self.function, inputs = type(model).of(self.network, **model.facts).portable()
        drops = any(isinstance(x, SamplingDropout) for x in self.network._flatten_layers())
        self.noise = "none" if drops else "const"
        self.specs = [
            keras.InputSpec(dtype, (batch_size, *shape[1:]), name=name)
            for name, shape, dtype in inputs
        ]
        self.built = True

    def call(self, inputs, training: bool = False):
        """Returns the dict of tensors that the function returns for a list of inputs."""
        with noise.noise(self.noise):
            return self.function(*inputs)

    def example(self, size: int, seed: int = 0) -> dict[str, np.ndarray]:
        """Returns random inputs by name, `size` examples, to compare formats by.

        Numbers are from the normal distribution, images in [-1, 1], and labels or tokens 0 or 1.
        """
        rng, found = np.random.default_rng(seed), {}
        for spec in self.specs:
            shape = (size, *spec.shape[1:])
            if np.dtype(spec.dtype).kind == "i":
                values = rng.integers(0, 2, shape)
            else:
                values = rng.normal(size=shape) if len(shape) < 4 else rng.uniform(-1, 1, shape)
            found[spec.name] = values.astype(spec.dtype)
        return found

    def concrete(self):
        """Returns the function as a graph of TensorFlow, with one output for each name."""
        specs = [tf.TensorSpec(x.shape, x.dtype, name=x.name) for x in self.specs]
        return tf.function(lambda *inputs: self(list(inputs))).get_concrete_function(*specs)


def write(
    model, path, format: str, precision: str = "float32", batch_size: int | None = None
) -> None:
    """Writes the portable function of a trained network in another format than SavedModel.

    Args:
        model: An `Exported`.
        path: The file, or for TensorFlow.js the folder. It appears whole or not at all; what is
            there is replaced.
        format: `"onnx"`, `"litert"` or `"tfjs"`.
        precision: What weights are stored in: `"float32"`; for LiteRT also `"float16"`, or
            `"int8"`, which computes with 8 bits, too (dynamic range quantization); for
            TensorFlow.js also `"float16"`.
        batch_size: Number of examples in a batch. By default any number, and 1 for LiteRT, whose
            interpreter has no kernels for some operations on batches of any size.

    Raises:
        InputError: If an argument is not as described, a package is missing, or the network has an
            operation that the format lacks.
    """
    chosen, path = _known(format), Path(path)
    if precision not in chosen.precisions:
        raise unknown(f"precision of {format}", precision, chosen.precisions)
    if batch_size is not None:
        check_whole("batch_size", batch_size, 1)
    if path.suffix != chosen.suffix:
        expected = f"a name that ends in {chosen.suffix}" if chosen.suffix else "a folder"
        raise InputError(f"{format}: expected {expected}, got {str(path)!r}.")
    try:
        with quiet():
            chosen.write(Portable(model, batch_size or chosen.batch_size), path, precision)
    except ImportError as error:
        raise InputError(
            f"{format} needs the package {error.name}: pip install 'keras-ganzoo[{chosen.extra}]'."
        ) from None
    except OSError as error:
        raise InputError(f"cannot write {path}: {files.unwritable(error)}.") from error


def path_of(name: str, format: str) -> Path:
    """Returns the path to write a model of this name to, unless told otherwise.

    Raises:
        InputError: If the format is unknown.
    """
    suffix = "" if format == writing.NATIVE else _known(format).suffix
    return Path(f"{name}{suffix}" if suffix else f"{name}_{format}")


def _known(format: str) -> Format:
    if format not in FORMATS:
        raise unknown("format", format, [writing.NATIVE, *FORMATS])
    return FORMATS[format]


def _onnx(portable: Portable, path: Path, precision: str) -> None:
    import onnx
    import tf2onnx  # noqa: F401, which Keras' exporter would only miss later

    with files.replacing(path, ".onnx") as temporary:
        portable.export(
            str(temporary), format="onnx", verbose=False, input_signature=[portable.specs]
        )
        try:
            onnx.checker.check_model(str(temporary))  # the converter keeps what it does not know
        except onnx.checker.ValidationError as error:
            raise InputError(f"ONNX cannot compute this network: {_reason(error)}") from error


def _litert(portable: Portable, path: Path, precision: str) -> None:
    target = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}  # and none of TensorFlow's own
    options = {} if precision == "float32" else {"optimizations": [tf.lite.Optimize.DEFAULT]}
    if precision == "float16":
        target["supported_types"] = [tf.float16]
    with files.replacing(path, ".tflite") as temporary:
        try:
            portable.export(
                str(temporary), format="litert", verbose=False, input_signature=[portable.specs],
                target_spec=target, **options,
            )  # fmt: skip
        except OSError:
            raise
        except Exception as error:  # the converter has classes of its own, and raises others, too
            raise InputError(f"LiteRT cannot compute this network: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Returns what a converter means: the operations that it lacks, or its first line."""
    lacking = re.search(r"(?:TF Select ops:|Custom ops:|No Op registered for) (.+)", str(error))
    if lacking:
        return f"it has no {lacking[1].split(' with ')[0].strip()}"
    return (str(error).strip() or repr(error)).splitlines()[0]


@contextlib.contextmanager
def quiet():
    """Keeps what converters say to themselves."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"):
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


FORMATS = {
    "onnx": Format(".onnx", ("float32",), _onnx, extra="onnx"),
    "litert": Format(".tflite", ("float32", "float16", "int8"), _litert, batch_size=1),
    "tfjs": Format("", ("float32", "float16"), tfjs.write),
}
