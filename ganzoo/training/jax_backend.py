"""Keras' JAX backend, and what stands in for TensorFlow where it is not installed or not wanted."""

import os
import sys
import types

from ganzoo.errors import InputError


class Absent:
    """Stands for a part of TensorFlow that is not there; calling it raises `InputError`.

    Classes may be derived from it and nothing is an instance of it, so that modules which use
    TensorFlow in some functions can be imported for the others.
    """

    def __init__(self, name: str, **parts):
        self.__dict__ |= {"_name": name} | parts

    def __getattr__(self, name: str):  # noqa: D105
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__dict__.setdefault(name, Absent(f"{self._name}.{name}"))

    def __call__(self, *args, **kwargs):  # noqa: D102
        raise InputError(
            f"--backend=jax: this recipe needs TensorFlow ({self._name}): train it without the "
            "flag, or drop the part that needs it."
        )

    def __mro_entries__(self, bases):  # noqa: D105
        return (object,)

    def __instancecheck__(self, instance) -> bool:  # noqa: D105
        return False

    def __or__(self, other):  # noqa: D105
        return other

    __ror__ = __or__


def without_tensorflow() -> None:
    """Chooses Keras' JAX backend, and makes `import tensorflow` give an `Absent`.

    Call it before Keras is imported.

    Raises:
        InputError: If JAX is not installed, or Keras has already chosen another backend.
    """
    if "keras" in sys.modules:
        raise InputError("--backend=jax: Keras is already loaded with another backend.")
    os.environ["KERAS_BACKEND"] = "jax"
    sys.modules["tensorflow"] = None  # not found, even where it is installed
    try:
        import jax
        import keras
        from keras.src.utils.module_utils import tensorflow as optional
    except ImportError as error:
        raise InputError(
            "--backend=jax needs JAX: pip install 'keras-ganzoo[jax]', or see JAX' own page for "
            "GPUs."
        ) from error

    assert not optional.available  # Keras looks once, and must look now

    def cond(condition, if_true, if_false):
        def floats(function):
            return lambda: jax.tree.map(lambda x: jax.numpy.asarray(x, "float32"), function())

        return jax.lax.cond(condition, floats(if_true), floats(if_false))

    strategy = types.SimpleNamespace(num_replicas_in_sync=1)
    errors = types.SimpleNamespace(
        **{
            name: type(name, (RuntimeError,), {})
            for name in (
                "OpError", "ResourceExhaustedError", "UnavailableError", "AbortedError",
                "CancelledError", "DeadlineExceededError", "InternalError",
            )
        }
    )  # fmt: skip
    sys.modules["tensorflow"] = Absent(
        "tensorflow",
        __version__="none",
        cond=cond,
        config=Absent("tensorflow.config", list_physical_devices=lambda kind: []),
        distribute=Absent("tensorflow.distribute", get_strategy=lambda: strategy),
        errors=errors,
        executing_eagerly=lambda: True,  # Keras' Rescaling asks
        nest=Absent("tensorflow.nest", flatten=keras.tree.flatten),
    )
