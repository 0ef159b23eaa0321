"""Counter-based random numbers, which depend only on the run's seed, the step, replica and name.

A training step opens a `scope` with its key. Code that needs noise calls `seed(name)` inside it and
passes the result to a function of `keras.random`. There is no state, so a resumed run draws the
same numbers as an uninterrupted one, replicas differ since their keys differ, and the draws compile
under XLA. The state of Keras' `SeedGenerator`, in contrast, is not saved, and is the same on every
replica. `adopt` makes layers that use it (Dropout, GaussianNoise) use the scope.

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
_local = threading.local()  # the replicas of a process are traced in separate threads


class FixedSeed(keras.random.SeedGenerator):
    """The seed of one random draw, in a form that `keras.random` accepts.

    Args:
        key: Integer tensor of shape (2,).
    """

    def __init__(self, key):  # no super().__init__(), as there is no state
        self.key = key

    def next(self, ordered: bool = True):
        """Returns the key, the same at every call."""
        dtype = "uint32" if keras.backend.backend() == "jax" else "int32"
        return ops.cast(self.key, dtype)


def key(seed: int, step=0):
    """Returns the key of a step, an int32 tensor of shape (2,), for a run with this seed."""
    counters = ops.stack([ops.cast(seed % _INT31, "int32"), ops.cast(step % _INT31, "int32")])
    # A random draw, since `fold` adds, and seed 1 must not equal seed 0 on replica 1.
    return keras.random.randint((2,), 0, _INT31, "int32", seed=FixedSeed(counters))


def fold(key, data):
    """Returns a new pseudorandom key computed from `key` and the integer `data`."""
    offset = ops.stack([ops.cast(data, "int32"), ops.zeros((), "int32")])
    return keras.random.randint((2,), 0, _INT31, "int32", seed=FixedSeed(key + offset))


@contextlib.contextmanager
def scope(key):
    """Context in which the seeds from `seed` depend only on `key` and on the requested names."""
    stack = _local.__dict__.setdefault("stack", [])
    stack.append((key, Counter()))
    try:
        yield
    finally:
        stack.pop()


def seed(name: str) -> FixedSeed | None:
    """Returns the seed of the next draw called `name`, a different one at each call.

    Outside of any scope it returns None, for which `keras.random` uses its global generator.
    """
    if not getattr(_local, "stack", None):
        return None
    key, counts = _local.stack[-1]
    counts[name] += 1
    return FixedSeed(fold(key, zlib.crc32(f"{name}:{counts[name]}".encode()) % _INT31))


def adopt(network: keras.Model) -> None:
    """Makes Keras' random layers (Dropout, GaussianNoise, ...) take their seeds from the scope."""
    for layer in network._flatten_layers():
        generator = getattr(layer, "seed_generator", None)
        if isinstance(generator, keras.random.SeedGenerator):
            generator.next = _scoped(layer.path, generator.next)


def _scoped(name: str, original_next):
    def next(ordered: bool = True):
        fixed = seed(name)
        return original_next(ordered) if fixed is None else fixed.next()

    return next
