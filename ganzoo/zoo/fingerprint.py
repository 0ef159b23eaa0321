"""Summaries of the outputs of SavedModels for fixed inputs; a program that only needs TensorFlow.

    python -P ganzoo/zoo/fingerprint.py FOLDER...

Each signature is called on reproducible inputs, latents and images that are sines, and eight
samples are drawn with seed 0. A line of JSON for each folder has the shape of the outputs, their
mean and standard deviation, and their inner products with four cosines, which depend on the order.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

NUM = 8  # number of samples, and of inputs of every signature
CLOSE = 0.01  # tolerance for rounding on other machines, in standard deviations
ROUNDING = 1e-6  # further tolerance, relative to the mean or to 1: 8 times float32's precision


def of(folder) -> dict:
    """Returns the fingerprint of each signature of a SavedModel, without GanZoo.

    Raises:
        OSError: Or another error of TensorFlow, if it cannot be loaded.
    """
    import tensorflow as tf

    model, outputs = tf.saved_model.load(str(folder)), {}
    for name, call in sorted(model.signatures.items()):
        inputs = {
            key: _input(key, spec) for key, spec in call.structured_input_signature[1].items()
        }
        results = sorted(call(**inputs).items())
        outputs[name] = {key: numbers(value.numpy()) for key, value in results}
    return outputs


def _input(name: str, spec):
    """Returns a fixed input of a signature: a scalar, or a batch of `NUM` examples."""
    import numpy as np
    import tensorflow as tf

    if not spec.shape.rank:
        return tf.constant(NUM if name == "num" else 0, spec.dtype)
    shape = [NUM if size is None else size for size in spec.shape]
    count = np.arange(np.prod(shape), dtype="float64").reshape(shape)
    if spec.dtype.is_floating:
        values = np.sin(count)
    elif spec.dtype == tf.uint8:
        values = np.floor(127.5 + 127.5 * np.sin(count))
    else:
        values = np.zeros(shape)  # classes and tokens
    return tf.constant(values, spec.dtype)


def numbers(values) -> dict:
    """Returns the shape of an array and numbers that vary continuously with its values."""
    import numpy as np

    flat = np.asarray(values, "float64").ravel()
    place = np.arange(flat.size)
    unit = flat / np.sqrt(max(flat.size, 1) / 2)
    cosines = [float(unit @ np.cos(k * place)) for k in (1.0, 2.0, 3.0, 5.0)]
    return {
        "shape": list(np.shape(values)),
        "mean": float(flat.mean()),
        "std": float(flat.std()),
        "cosines": cosines,
    }


def difference(expected: dict, got: dict) -> str | None:
    """Returns how a fingerprint differs from the expected one, or None."""
    for name, values in expected.items():
        for key, one in values.items():
            other = got.get(name, {}).get(key)
            if other is None or other["shape"] != one["shape"]:
                shape = other and other["shape"]
                return f"{name}: expected {key} of shape {one['shape']}, got {shape}"
            wanted, received = ([f["mean"], f["std"], *f["cosines"]] for f in (one, other))
            error = max(abs(a - b) for a, b in zip(wanted, received, strict=True))
            tolerance = CLOSE * one["std"] + ROUNDING * max(1.0, abs(one["mean"]))
            if not error <= tolerance:  # also if it is NaN
                return (
                    f"{name}: expected {key} with mean {one['mean']:.6g} and standard deviation "
                    f"{one['std']:.6g}, got {other['mean']:.6g} and {other['std']:.6g}; the "
                    f"largest difference of the fingerprint is {error:.3g}"
                )
    return None


def alone(folders) -> list[dict | str]:
    """Returns the fingerprint of each SavedModel, or an error message, from a separate process.

    That process cannot import GanZoo, so that a SavedModel which it can load needs no GanZoo.
    """
    from ganzoo.engine import progress  # here, as this file is also run where GanZoo is not

    folders = [str(Path(folder).resolve()) for folder in folders]
    command = [sys.executable, "-P", __file__, *folders]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    with tempfile.TemporaryFile("w+") as errors:
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        ) as started:
            own = (line for line in started.stdout if line.startswith(("{", '"')))
            lines = [json.loads(line) for line in progress.counted(own, len(folders))]
        status = started.returncode
        errors.seek(0)
        last = (errors.read().strip().splitlines() or ["no message"])[-1]
    missing = f"the process that loads it ended with status {status}: {last}"
    return lines + [missing] * (len(folders) - len(lines))


def main() -> None:
    """Prints a line of JSON for each folder on the command line."""
    sys.modules["ganzoo"] = None  # makes importing it fail
    for folder in sys.argv[1:]:
        try:
            line = of(folder)
        except Exception as error:  # the remaining folders are still processed
            line = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
