"""Counter-based randomness: every draw is a pure function of (run seed, step, replica, name).

A training step opens a `scope` with its key; whoever needs noise inside it asks for `seed(name)`
and passes that to a function of `keras.random`. Nothing is stored, so a resumed run draws what the
uninterrupted one would have drawn, replicas differ because their keys differ, and the draws
compile under XLA. Keras' own `SeedGenerator` does neither: its state is saved by no one and is
the same on every replica; `adopt` puts the layers that use it (Dropout, GaussianNoise) under the
scope as well.

Reference: Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011 (the counter-based
generators behind `tf.random.stateless_*` and `jax.random`).
"""

import contextlib
import threading
import zlib
from collections import Counter

import keras
from keras import ops

_INT31 = 2**31 - 1
_local = threading.local()  # replicas of one process are traced in threads of their own


class FixedSeed(keras.random.SeedGenerator):
    """The seed of one draw, in the form that `keras.random` accepts.

    Args:
        key: Integer tensor of shape (2,).
    """

    def __init__(self, key):  # no super().__init__(): there is no state to make
        self.key = key

    def next(self, ordered: bool = True):
        """Returns the key, the same at every call."""
        dtype = "uint32" if keras.backend.backend() == "jax" else "int32"
        return ops.cast(self.key, dtype)


def key(seed: int, step=0):
    """Returns the key, an int32 tensor of shape (2,), of a step of the run with this seed."""
    counters = ops.stack([ops.cast(seed % _INT31, "int32"), ops.cast(step % _INT31, "int32")])
    # Drawn, not taken as they are: `fold` adds, and seed 1 must not be seed 0 on replica 1.
    return keras.random.randint((2,), 0, _INT31, "int32", seed=FixedSeed(counters))


def fold(key, data):
    """Returns a new key made of `key` and the integer `data`, as unrelated to both as a draw."""
    offset = ops.stack([ops.cast(data, "int32"), ops.zeros((), "int32")])
    return keras.random.randint((2,), 0, _INT31, "int32", seed=FixedSeed(key + offset))


@contextlib.contextmanager
def scope(key):
    """While it is open, `seed` gives seeds that depend on nothing but `key` and the names asked."""
    stack = _local.__dict__.setdefault("stack", [])
    stack.append((key, Counter()))
    try:
        yield
    finally:
        stack.pop()


def seed(name: str) -> FixedSeed | None:
    """Returns the seed of the next draw called `name`; asked again, another one.

    Outside of any scope it is None, which `keras.random` takes as "use the global generator".
    """
    if not getattr(_local, "stack", None):
        return None
    key, drawn = _local.stack[-1]
    drawn[name] += 1
    return FixedSeed(fold(key, zlib.crc32(f"{name}:{drawn[name]}".encode()) % _INT31))


def adopt(network: keras.Model) -> None:
    """Puts the noise of Keras' own layers (Dropout, GaussianNoise, ...) under the scope."""
    for layer in network._flatten_layers():
        generator = getattr(layer, "seed_generator", None)
        if isinstance(generator, keras.random.SeedGenerator):
            generator.next = _scoped(layer.path, generator.next)


def _scoped(name: str, own_next):
    def next(ordered: bool = True):
        fixed = seed(name)
        return own_next(ordered) if fixed is None else fixed.next()

    return next
