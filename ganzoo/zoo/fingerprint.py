"""What SavedModels give for fixed inputs, in a few numbers; a program that needs TensorFlow alone.

    python -P ganzoo/zoo/fingerprint.py FOLDER...

Each signature is called on numbers that anybody can make again, latents and images that are sines,
and eight samples are drawn with seed 0. A line of JSON for each folder says the shape of what came,
its mean, its standard deviation, and its products with four unit cosines, which know the order.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

NUM = 8  # samples, and inputs of every signature
CLOSE = 0.01  # standard deviations by which a machine's rounding may move a mean
ROUNDING = 1e-6  # and of the mean itself, or of one: eight times what float32 resolves


def of(folder) -> dict:
    """Returns the fingerprint of each signature of a SavedModel, without GanZoo.

    Raises:
        OSError: Or whatever TensorFlow raises, if it cannot be loaded.
    """
    import tensorflow as tf

    model, found = tf.saved_model.load(str(folder)), {}
    for name, call in sorted(model.signatures.items()):
        inputs = {
            key: _input(key, spec) for key, spec in call.structured_input_signature[1].items()
        }
        found[name] = {key: numbers(value.numpy()) for key, value in sorted(call(**inputs).items())}
    return found


def _input(name: str, spec):
    """Returns a fixed input: a scalar, or `NUM` of what the signature takes."""
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
    """Returns the shape of an array, and numbers that hardly move when its values hardly do."""
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
    """Returns in what a fingerprint is not as expected, or None."""
    for name, values in expected.items():
        for key, one in values.items():
            other = got.get(name, {}).get(key)
            if other is None or other["shape"] != one["shape"]:
                there = other and other["shape"]
                return f"{name}: expected {key} of shape {one['shape']}, got {there}"
            before, after = ([f["mean"], f["std"], *f["cosines"]] for f in (one, other))
            far = max(abs(a - b) for a, b in zip(before, after, strict=True))
            most = CLOSE * one["std"] + ROUNDING * max(1.0, abs(one["mean"]))
            if not far <= most:  # NaN is far
                return (
                    f"{name}: expected {key} with mean {one['mean']:.6g}, standard deviation "
                    f"{one['std']:.6g} and the cosines of the card, got {other['mean']:.6g} and "
                    f"{other['std']:.6g}, and a number that is {far:.3g} off"
                )
    return None


def alone(folders) -> list[dict | str]:
    """Returns the fingerprint of each SavedModel, or why there is none, from a process of its own.

    That process cannot import GanZoo: what it can load, others can.
    """
    folders = [str(Path(folder).resolve()) for folder in folders]
    command = [sys.executable, "-P", __file__, *folders]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(("{", '"'))]
    last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
    missing = f"the process that loads it ended with status {done.returncode}: {last}"
    return lines + [missing] * (len(folders) - len(lines))


def main() -> None:
    """Prints a line for each folder of the command line."""
    sys.modules["ganzoo"] = None  # so that importing it fails
    for folder in sys.argv[1:]:
        try:
            line = of(folder)
        except Exception as error:  # whatever is wrong with one, the others are looked at
            line = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
