"""Reads the tensors of a TorchScript archive without executing anything in it.

Such an archive is a zip: raw little-endian numbers in `<root>/data/<key>`, and `<root>/data.pkl`,
a pickle that says which module owns which of them. A pickle is a program for a stack machine; here
its instructions are walked through and only what builds tuples, dicts and names is followed, with
plain values in place of objects. No class is looked up, nothing is imported or called, and any
other instruction is an error.
"""

import pickletools
import zipfile

import numpy as np

_LARGEST = 64 * 2**20  # bytes of one member; the largest tensor of Inception-v3 has 8 MB
_MARK = object()
_IGNORED = ("collections OrderedDict", "torch.jit._pickle build_intlist")  # hooks, padding
_DTYPES = {"torch FloatStorage": "<f4"}


def tensors(archive: zipfile.ZipFile) -> dict[str, np.ndarray]:
    """Returns the tensors by their path in the module, e.g. `net.layers.conv.weight`.

    Raises:
        ValueError: If the archive is not of that form.
    """
    indices = [name for name in archive.namelist() if name.count("/") == 1]
    root = next((name[: -len("data.pkl")] for name in indices if name.endswith("/data.pkl")), None)
    if root is None:
        raise ValueError("it has no data.pkl")
    found = {}
    _collect("", _walk(_member(archive, f"{root}data.pkl")), found)
    return {name: _tensor(archive, root, *where) for name, where in found.items()}


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


def _collect(prefix: str, module, found: dict) -> None:
    """Adds to `found` where each tensor of a module, and of those in it, lies."""
    for name, value in module.items():
        if isinstance(value, dict):
            _collect(f"{prefix}{name}.", value, found)
        elif isinstance(value, tuple) and value[:1] == ("tensor",):
            found[f"{prefix}{name}"] = value[1:]


def _walk(pickled: bytes):
    """Returns what the pickle builds; an object is a dict of its attributes."""
    stack, memo = [], {}

    def since_mark():
        place = len(stack) - 1 - stack[::-1].index(_MARK)
        items = stack[place + 1 :]
        del stack[place:]
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
            case "BINPERSID":  # ("storage", kind, key, device, count): stands for itself
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
