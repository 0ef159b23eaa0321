"""Which numbers the networks compute in."""

from pathlib import Path

import keras
import tensorflow as tf

from ganzoo.errors import unknown

POLICIES = ("auto", "float32", "mixed_bfloat16", "mixed_float16")


def resolve(name: str) -> str:
    """Returns the Keras dtype policy to use: `auto` is bfloat16 where the hardware computes in it.

    Losses and the last layer of every network stay in float32. float16 is never chosen: GANs that
    are stable in bfloat16 overflow in it.

    Raises:
        InputError: If the name is unknown.
    """
    if name not in POLICIES:
        raise unknown("precision", name, POLICIES)
    if name != "auto":
        return name
    return "mixed_bfloat16" if has_bfloat16() else "float32"


def has_bfloat16() -> bool:
    """Returns whether the first accelerator, or else the processor, has bfloat16 instructions."""
    if keras.backend.backend() != "tensorflow":
        return False  # TensorFlow alone was asked about its devices
    devices = tf.config.list_physical_devices("GPU")
    if devices:
        capability = tf.config.experimental.get_device_details(devices[0])
        return capability.get("compute_capability", (0, 0)) >= (8, 0)
    cpu = Path("/proc/cpuinfo")
    flags = set(cpu.read_text().split()) if cpu.exists() else set()
    return bool(flags & {"avx512_bf16", "amx_bf16"})
