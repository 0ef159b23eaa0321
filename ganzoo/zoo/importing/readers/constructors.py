"""The inert constructors: all that a pickle of weights may name, and the plain data it gives."""

import numpy as np

from ganzoo.zoo.importing.readers import pickles
from ganzoo.zoo.importing.readers.arrays import DTYPES, Array, Storage, view


class NumpyArray:
    """A pickled numpy array or scalar: empty until its attributes are set."""

    array = None

    def build(self, state: tuple) -> None:
        """Sets type, shape and numbers."""
        _, shape, dtype, fortran, data = state
        if not isinstance(dtype, Dtype) or not isinstance(data, bytes | bytearray | str):
            raise ValueError("it has a numpy array of objects")
        data = data.encode("latin1") if isinstance(data, str) else data
        flat = np.frombuffer(data, dtype.dtype)
        self.array = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)


class Dtype:
    """A pickled type of numbers."""

    def __init__(self, name: str, *_):
        if not isinstance(name, str) or name[:1] not in "fiub" or len(name) > 3:
            raise ValueError("it has a numpy array of objects")
        self.dtype = np.dtype(name)

    def build(self, state: tuple) -> None:
        """Sets the order of the bytes."""
        if state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])


class Module(pickles.Record):
    """A network or layer of an NVIDIA pickle: its attributes, and the name of its class."""


def _module(meta: dict) -> Module:
    module = Module(meta["state"])
    module.name = str(meta.get("class_name", ""))
    return module


def _tensor(storage, offset, shape, strides, *_) -> Array:
    if not isinstance(storage, Storage):
        raise ValueError("it has a tensor without a storage")
    return view(storage, offset, tuple(shape), tuple(strides))


def _retyped(function, _, arguments, *__):
    return CONSTRUCTORS[function](*arguments)


def _encoded(text: str, *_) -> bytes:
    return text.encode("latin1")


def _from_buffer(data: bytes, dtype: Dtype, shape: tuple, order: str) -> NumpyArray:
    array = NumpyArray()
    array.build((1, tuple(shape), dtype, order == "F", bytes(data)))
    return array


def _ignored(*_) -> None:
    return None


_TYPES = {f"torch {kind}Storage": None for kind in DTYPES}
_TYPES |= {
    f"torch {name}": None
    for name in (
        "float32 float64 float16 bfloat16 int64 int32 int16 int8 uint8 bool float double half "
        "long int contiguous_format channels_last Tensor"
    ).split()
}
# Everything that a pickle may name, and the plain data that a call of it gives.
CONSTRUCTORS = (
    _TYPES
    | {
        "collections OrderedDict": pickles.mapping,
        "collections defaultdict": lambda *_: {},
        "dnnlib.util EasyDict": pickles.mapping,
        "argparse Namespace": lambda: {},
        "__builtin__ set": lambda items=(): list(items),
        "builtins set": lambda items=(): list(items),
        "builtins dict": pickles.mapping,
        "torch.storage UntypedStorage": None,
        "torch Size": lambda items=(): tuple(items),
        "torch device": lambda *_: None,
        "torch._utils _rebuild_tensor": _tensor,
        "torch._utils _rebuild_tensor_v2": _tensor,
        "torch._utils _rebuild_parameter": lambda data, *_: data,
        "torch._utils _rebuild_parameter_with_state": lambda data, *_: data,
        "torch._tensor _rebuild_from_type_v2": _retyped,
        "torch.nn.parameter Parameter": None,
        "torch.jit._pickle build_intlist": _ignored,
        "torch_utils.persistence _reconstruct_persistent_obj": _module,
        "numpy ndarray": None,
        "numpy dtype": Dtype,
        "_codecs encode": _encoded,
    }
    | {
        f"{package} {name}": function
        for package in ("numpy.core.multiarray", "numpy._core.multiarray")
        for name, function in (
            ("_reconstruct", lambda *_: NumpyArray()),
            ("scalar", lambda dtype, data=b"": None),
        )
    }
)
CONSTRUCTORS |= {
    f"numpy.{package}.numeric _frombuffer": _from_buffer for package in ("core", "_core")
}
