"""Files of PyTorch: zip archives, the older format without a zip, and pickles of whole networks.

A zip archive has raw little-endian numbers in `<root>/data/<key>` and a pickle `<root>/data.pkl`
of how they are put together. The older format is a row of pickles followed by the numbers. The
pickles of StyleGAN2-ADA and StyleGAN3 hold networks as records: the source of their classes, which
is not read, and their parameters and buffers, each storage being a file of the older format inside.
"""

import io
import os
import zipfile
from collections.abc import Callable

import numpy as np

from ganzoo.importing.readers import pickles
from ganzoo.importing.readers.arrays import DTYPES, Array, Storage, view, width

MAGIC = 0x1950A86A20F9469CFC6C  # the first value of the older format
SLACK = 1 << 24  # bytes: what is packed beside the numbers
FACTS = ("conv_clamp",)  # attributes of layers that change what the weights mean
_PARTS = ("_parameters", "_buffers", "_modules")  # of a torch module


class NumpyArray:
    """A pickled numpy array or scalar: empty until its attributes are set."""

    array = None

    def build(self, state: tuple) -> None:
        """Sets type, shape and numbers."""
        _, shape, dtype, fortran, data = state
        if not isinstance(dtype, _Dtype) or not isinstance(data, bytes | bytearray | str):
            raise ValueError("it has a numpy array of objects")
        data = data.encode("latin1") if isinstance(data, str) else data
        flat = np.frombuffer(data, dtype.dtype)
        self.array = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)


class _Dtype:
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


def _network(*_) -> Module:
    return _Tf()


class _Tf(Module):
    """A network of the TensorFlow 1 releases: its attributes are set after it is made."""

    def build(self, state: dict) -> None:
        """Sets the attributes."""
        self.update(pickles.mapping(state))


def _tensor(storage, offset, shape, strides, *_) -> Array:
    if not isinstance(storage, Storage):
        raise ValueError("it has a tensor without a storage")
    return view(storage, offset, tuple(shape), tuple(strides))


def _retyped(function, _, arguments, *__):
    return CONSTRUCTORS[function](*arguments)


def _encoded(text: str, *_) -> bytes:
    return text.encode("latin1")


def _ignored(*_) -> None:
    return None


def _inner(data: bytes):
    return older(lambda: io.BytesIO(data))


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
        "torch.storage _load_from_bytes": _inner,
        "torch.jit._pickle build_intlist": _ignored,
        "torch_utils.persistence _reconstruct_persistent_obj": _module,
        "dnnlib.tflib.network Network": _network,
        "numpy ndarray": None,
        "numpy dtype": _Dtype,
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


def zipped(path) -> dict[str, Array]:
    """Returns the tensors of a zip archive, by dotted path."""
    with zipfile.ZipFile(path) as archive:
        return tensors(archive, path)


def tensors(archive: zipfile.ZipFile, path=None) -> dict[str, Array]:
    """Returns the tensors of an open archive; they are read from `path`, or from the archive.

    Raises:
        ValueError: If it is not such an archive, or is damaged.
    """
    indices = [name for name in archive.namelist() if name.count("/") == 1]
    root = next((name[: -len("data.pkl")] for name in indices if name.endswith("/data.pkl")), None)
    if root is None:
        raise ValueError("it has no data.pkl")
    _check_stored(archive)
    order = f"{root}byteorder"
    if order in archive.namelist() and archive.read(order).strip() != b"little":
        raise ValueError("its numbers are big-endian")

    members = set(archive.namelist())

    def persistent(identity) -> Storage:
        kind, key, count = _identified(identity)
        if f"{root}data/{key}" not in members:
            raise ValueError(f"storage {key} is missing")
        member = archive.getinfo(f"{root}data/{key}")
        if member.file_size != count * width(kind):
            raise ValueError(
                f"storage {key} of {count} numbers has {member.file_size} bytes, not "
                f"{count * width(kind)}"
            )

        def read() -> bytes:
            if path is None:
                return archive.read(member)
            with zipfile.ZipFile(path) as again:
                return again.read(member)

        return Storage(kind, count, read)

    index = io.BytesIO(archive.read(f"{root}data.pkl"))
    return found(pickles.load(index, CONSTRUCTORS, persistent))


def older(opened: Callable):
    """Returns the value in a file of the older format, which `opened` opens."""
    with opened() as raw:
        file = pickles.Bounded(raw)
        if pickles.load(file, {}) != MAGIC:
            raise ValueError("it is not a file of PyTorch")
        pickles.load(file, {})
        if pickles.load(file, {}).get("little_endian") is not True:
            raise ValueError("its numbers are big-endian")
        places: dict[str, tuple] = {}
        widths: dict[str, int] = {}

        def persistent(identity) -> Storage:
            kind, key, count = _identified(identity)

            def read() -> bytes:
                start, stored = places[key]
                if stored != count:
                    raise ValueError(f"storage {key} has {stored} numbers, not {count}")
                with opened() as again:
                    again.seek(start)
                    return pickles.Bounded(again).read(count * width(kind))

            widths[key] = width(kind)
            return Storage(kind, count, read)

        value = pickles.load(file, CONSTRUCTORS, persistent)
        for key in pickles.load(file, {}):
            count = int.from_bytes(file.read(8), "little")
            start, size = file.tell(), count * widths.get(key, 1)
            if size > file.size - start:
                raise ValueError(f"storage {key} of {count} numbers is larger than the file")
            places[key] = (start, count)
            raw.seek(start + size)
    if missing := widths.keys() - places.keys():
        raise ValueError(f"storage {sorted(missing)[0]} is missing")
    return value


def pickled(path) -> dict[str, Array]:
    """Returns the tensors of a file of the older format, or of a pickle of networks."""
    with open(path, "rb") as file:
        if MAGIC.to_bytes(10, "little") not in file.read(64):
            file.seek(0)
            return found(pickles.load(file, CONSTRUCTORS))
    return found(older(lambda: open(path, "rb")))


def found(value) -> dict[str, Array]:
    """Returns the tensors in nested dicts and modules, by dotted path."""
    flat = pickles.leaves(_opened(value), (Array, NumpyArray))
    return {
        path: item if isinstance(item, Array) else _wrapped(item.array)
        for path, item in flat.items()
        if isinstance(item, Array) or item.array is not None
    }


def _opened(value):
    """Returns dicts in place of modules: their parameters, buffers and parts in one."""
    done: dict[int, dict] = {}

    def opened(value, depth):
        if depth > pickles.DEEPEST:
            raise ValueError(f"its index is nested more than {pickles.DEEPEST} levels deep")
        if not isinstance(value, dict):
            return value
        if id(value) not in done:
            done[id(value)] = result = {}
            items = value.items()
            if isinstance(value, pickles.Record) and value.keys() >= set(_PARTS):
                items = [pair for part in _PARTS for pair in value[part].items()]
                facts = [(k, v) for k, v in value.items() if k in FACTS and type(v) in (int, float)]
                items += [(k, _wrapped(np.float32(v))) for k, v in facts]
            result.update({key: opened(item, depth + 1) for key, item in items})
        return done[id(value)]

    return opened(value, 0)


def _wrapped(array: np.ndarray) -> Array:
    return Array(array.shape, array.dtype.str, lambda: array)


def _identified(identity) -> tuple[str, str, int]:
    """Returns the type of numbers, the key and the count of a storage's identification."""
    if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
        raise ValueError("its index names an object outside of it")
    _, kind, key, _, count = identity[:5]
    kind = str(kind).removeprefix("torch ").removesuffix("Storage")
    kind = "Byte" if kind == "torch.storage Untyped" else kind
    if kind not in DTYPES or not isinstance(key, str) or type(count) is not int or count < 0:
        raise ValueError(f"it has a storage of an unknown type, {kind[:40]!r}")
    return DTYPES[kind], key, count


def _check_stored(archive: zipfile.ZipFile) -> None:
    """Raises `ValueError` if the members are larger than the archive itself: a zip bomb."""
    total = sum(member.file_size for member in archive.infolist())
    archive.fp.seek(0, os.SEEK_END)
    limit = archive.fp.tell() + SLACK
    if total > limit:
        raise ValueError(f"its {total:,} bytes unpacked are more than the {limit:,} expected")
