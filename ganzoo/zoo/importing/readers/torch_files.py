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

from ganzoo.zoo.importing.readers import constructors, pickles
from ganzoo.zoo.importing.readers.arrays import DTYPES, Array, Storage, width

MAGIC = 0x1950A86A20F9469CFC6C  # the first value of the older format
SLACK = 1 << 24  # bytes: what is packed beside the numbers
FACTS = ("conv_clamp",)  # attributes of layers that change what the weights mean
_PARTS = ("_parameters", "_buffers", "_modules")  # of a torch module


def _inner(data: bytes):
    return older(lambda: io.BytesIO(data))


CONSTRUCTORS = constructors.CONSTRUCTORS | {"torch.storage _load_from_bytes": _inner}


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
    flat = pickles.leaves(_opened(value), (Array, constructors.NumpyArray))
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
