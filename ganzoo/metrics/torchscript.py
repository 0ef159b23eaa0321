"""Reads the tensors of a TorchScript archive without executing any of its code.

The archive is a zip file with raw little-endian numbers in `<root>/data/<key>`, and a pickle
`<root>/data.pkl` that maps them to modules. A pickle is a program for a stack machine; this reader
interprets only the instructions that build tuples, dicts and names, with plain values in place of
objects. It looks up no classes, imports and calls nothing, and raises an error for any other
instruction.
"""

import pickletools
import zipfile

import numpy as np

_LARGEST = 64 * 2**20  # maximum size of a member; the largest tensor of Inception-v3 has 8 MB
_MARK = object()
_IGNORED = ("collections OrderedDict", "torch.jit._pickle build_intlist")  # hooks, padding
_DTYPES = {"torch FloatStorage": "<f4"}


def tensors(archive: zipfile.ZipFile) -> dict[str, np.ndarray]:
    """Returns the tensors by their path in the module, e.g. `net.layers.conv.weight`.

    Raises:
        ValueError: If the archive does not have the expected form.
    """
    indices = [name for name in archive.namelist() if name.count("/") == 1]
    root = next((name[: -len("data.pkl")] for name in indices if name.endswith("/data.pkl")), None)
    if root is None:
        raise ValueError("it has no data.pkl")
    locations = {}
    _collect("", _walk(_member(archive, f"{root}data.pkl")), locations)
    return {name: _tensor(archive, root, *where) for name, where in locations.items()}


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _LARGEST:
        raise ValueError(f"{name} is larger than expected")
    return archive.read(name)


def _tensor(archive, root, storage, offset, shape, strides) -> np.ndarray:
    _, kind, key, _, count = storage
    flat = np.frombuffer(_member(archive, f"{root}data/{key}"), _DTYPES[kind])
    step = [int(np.prod(shape[i + 1 :])) for i in range(len(shape))]
    size = int(np.prod(shape))
    if list(strides) != step or len(flat) != count or not 0 <= offset <= count - size:
        raise ValueError(f"tensor {key} is not one contiguous block of its storage")
    return flat[offset : offset + size].reshape(shape)


def _collect(prefix: str, module, locations: dict) -> None:
    """Adds to `locations` those of the tensors of a module and its submodules."""
    for name, value in module.items():
        if isinstance(value, dict):
            _collect(f"{prefix}{name}.", value, locations)
        elif isinstance(value, tuple) and value[:1] == ("tensor",):
            locations[f"{prefix}{name}"] = value[1:]


def _walk(pickled: bytes):
    """Returns the pickled value, with a dict of attributes in place of each object."""
    stack, memo = [], {}

    def since_mark():
        index = len(stack) - 1 - stack[::-1].index(_MARK)
        items = stack[index + 1 :]
        del stack[index:]
        return items

    for opcode, argument, _ in pickletools.genops(pickled):
        match opcode.name:
            case "PROTO":
                pass
            case "MARK":
                stack.append(_MARK)
            case "GLOBAL" | "BINUNICODE" | "BININT" | "BININT1" | "BININT2":
                stack.append(argument)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[opcode.name])
            case "EMPTY_TUPLE":
                stack.append(())
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "TUPLE":
                stack.append(tuple(since_mark()))
            case "APPENDS":
                items = since_mark()
                stack[-1].extend(items)
            case "SETITEMS":
                items = since_mark()
                stack[-1].update(zip(items[::2], items[1::2], strict=True))
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "NEWOBJ":  # class, arguments -> an object without attributes
                stack[-2:] = [{}]
            case "BUILD":  # object, attributes
                attributes = stack.pop()
                stack[-1].update(attributes)
            case "BINPERSID":  # ("storage", kind, key, device, count): kept as it is
                pass
            case "REDUCE":
                function, arguments = stack[-2:]
                if function == "torch._utils _rebuild_tensor_v2":
                    stack[-2:] = [("tensor", *arguments[:4])]
                elif function in _IGNORED:
                    stack[-2:] = [None]
                else:
                    raise ValueError(f"its index calls {function}")
            case "STOP":
                return stack.pop()
            case name:
                raise ValueError(f"its index has an instruction {name}")
    raise ValueError("its index has no end")
