"""Reads a pickle without executing it: an interpreter of its instructions that calls nothing.

A pickle is a program for a stack machine. Python's own machine imports the functions that the
program names, and calls them, so a pickle can do anything. This one knows the instructions that
build numbers, strings and containers; a function is only a name here, and what a call of it gives
is decided by a table of inert constructors. Any other name is refused.
"""

import os
import pickletools
from collections.abc import Callable, Mapping

MOST = 20_000_000  # instructions
DEEPEST = 64  # levels of containers that `leaves` follows
WIDEST = 1_000_000  # values that `leaves` visits
# Modules of classes whose objects become records: those of TorchScript archives, of PyTorch's
# layers, and of R3GAN, whose networks are pickled as they are.
INERT = ("__torch__", "torch.nn.modules.", "R3GAN.")
_MARK = object()
_SCALARS = (str, bytes, int, float, bool, type(None))


class Name(str):
    """The name of a function or class, "module name": never the object itself."""


class Record(dict):
    """An object of a class that is not imported: its attributes, and the name of the class."""

    name = ""


class Bounded:
    """A file from which no more bytes are asked than it has, so that no size can fill memory.

    Args:
        file: A file opened for reading bytes.
    """

    def __init__(self, file):
        self.file, self.tell = file, file.tell
        here = file.tell()
        self.size = file.seek(0, os.SEEK_END)
        file.seek(here)

    def read(self, count: int) -> bytes:
        """Returns exactly `count` bytes.

        Raises:
            ValueError: If fewer are left.
        """
        left = self.size - self.file.tell()
        if not 0 <= count <= left:
            raise ValueError(f"it ends too early: {count} more bytes are expected, {left} are left")
        return self.file.read(count)

    def readline(self) -> bytes:
        """Returns the next line, of at most 64 KiB."""
        return self.file.readline(1 << 16)


def load(file, constructors: Mapping[str, Callable | None], persistent: Callable | None = None):
    """Returns the value of the next pickle in a file.

    Args:
        file: A file opened for reading bytes, or a `Bounded` one.
        constructors: For each name that the pickle may use, what a call of it gives: a function of
            the arguments that returns plain data. None for names that are only mentioned.
        persistent: What stands in place of an object that is stored outside of the pickle, as a
            function of its identification.

    Raises:
        ValueError: If it is damaged, or asks for anything that is not in `constructors`.
    """
    machine = _Machine(constructors, persistent)
    try:
        steps = pickletools.genops(file if isinstance(file, Bounded) else Bounded(file))
        for count, (opcode, argument, _) in enumerate(steps):
            if count > MOST:
                raise ValueError(f"its index has more than {MOST:,} instructions")
            machine.step(opcode.name, argument)
        return machine.stack.pop()
    except (LookupError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise ValueError(f"its index is damaged ({type(error).__name__})") from error


def leaves(value, kinds: type | tuple) -> dict:
    """Returns the values of these types inside nested dicts, lists and tuples, by dotted path.

    Raises:
        ValueError: If it is nested too deeply, or in a circle, or has too many values.
    """
    found, todo, visited = {}, [("", value, 0)], 0
    while todo:
        path, value, depth = todo.pop()
        visited += 1
        if depth > DEEPEST or visited > WIDEST:
            raise ValueError(f"its index is nested more than {DEEPEST} levels deep, or in a circle")
        if isinstance(value, kinds):
            found[path] = value
        elif isinstance(value, dict | list | tuple):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            start = f"{path}." if path else ""
            todo.extend([(f"{start}{key}", item, depth + 1) for key, item in items][::-1])
    return found


def mapping(items=()) -> dict:
    """The inert constructor of all kinds of dicts."""
    pairs = list(items.items() if isinstance(items, dict) else items)
    return {_key(pair[0]): pair[1] for pair in pairs if len(pair) == 2}


def _key(key):
    """Returns a key of a dict: plain, since the hash of nested tuples can take forever."""
    parts = key if isinstance(key, tuple) else (key,)
    if not all(isinstance(part, _SCALARS) for part in parts):
        raise ValueError(f"its index has a {type(key).__name__} as a key")
    return key


class _Machine:
    """The stack and the memo of a pickle, and its instructions."""

    plain = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
    empty = {"EMPTY_TUPLE": tuple, "EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": list}
    literal = frozenset(
        "BINUNICODE SHORT_BINUNICODE BINUNICODE8 UNICODE BININT BININT1 BININT2 INT LONG LONG1 "
        "LONG4 BINFLOAT FLOAT BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8 STRING BINSTRING "
        "SHORT_BINSTRING".split()
    )
    few = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}

    def __init__(self, constructors, persistent):
        self.constructors, self.persistent = constructors, persistent
        self.stack, self.memo = [], {}

    def step(self, name: str, argument) -> None:
        stack = self.stack
        if name in self.literal:
            stack.append(argument)
        elif name in self.plain:
            stack.append(self.plain[name])
        elif name in self.empty:
            stack.append(self.empty[name]())
        elif name in self.few:
            count = self.few[name]
            stack[-count:] = [tuple(stack[-count:])]
        else:
            self._other(name, argument)

    def _other(self, name: str, argument) -> None:
        stack, memo = self.stack, self.memo
        match name:
            case "PROTO" | "FRAME" | "STOP":
                pass
            case "MARK":
                stack.append(_MARK)
            case "BINPUT" | "LONG_BINPUT" | "PUT":
                memo[argument] = stack[-1]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET" | "GET":
                stack.append(memo[argument])
            case "POP":
                stack.pop()
            case "POP_MARK":
                self._since_mark()
            case "DUP":
                stack.append(stack[-1])
            case "TUPLE":
                stack.append(tuple(self._since_mark()))
            case "LIST" | "FROZENSET":
                stack.append(self._since_mark())
            case "DICT":
                items = self._since_mark()
                stack.append({})
                self._set(stack[-1], items)
            case "APPEND":
                item = stack.pop()
                self._last(list).append(item)
            case "APPENDS" | "ADDITEMS":
                items = self._since_mark()
                self._last(list).extend(items)
            case "SETITEM":
                key, value = stack[-2:]
                del stack[-2:]
                self._set(self._last(dict), [key, value])
            case "SETITEMS":
                items = self._since_mark()
                self._set(self._last(dict), items)
            case "GLOBAL":
                stack.append(self._named(argument))
            case "STACK_GLOBAL":
                stack[-2:] = [self._named(f"{stack[-2]} {stack[-1]}")]
            case "REDUCE" | "NEWOBJ":  # function or class, arguments
                stack[-2:] = [self._called(stack[-2], stack[-1])]
            case "NEWOBJ_EX":
                stack[-3:] = [self._called(stack[-3], stack[-2])]
            case "BUILD":  # object, attributes
                self._built()
            case "BINPERSID":
                if self.persistent is None:
                    raise ValueError("its index names an object outside of it")
                stack.append(self.persistent(stack.pop()))
            case _:
                raise ValueError(f"its index has an instruction {name}")

    def _since_mark(self) -> list:
        index = len(self.stack) - 1
        while self.stack[index] is not _MARK:
            index -= 1
            if index < 0:
                raise ValueError("its index is damaged (no mark)")
        items = self.stack[index + 1 :]
        del self.stack[index:]
        return items

    def _last(self, kind: type):
        if not isinstance(self.stack[-1], kind):
            raise ValueError(f"its index puts an item into a {type(self.stack[-1]).__name__}")
        return self.stack[-1]

    @staticmethod
    def _set(target: dict, items: list) -> None:
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[_key(key)] = value

    def _named(self, name: str) -> Name:
        if name not in self.constructors and not name.startswith(INERT):
            shown = name.replace(" ", ".")[:80]
            raise ValueError(f"its index asks for {shown!r}, which no file of weights needs")
        return Name(name)

    def _called(self, name, arguments: tuple):
        if not isinstance(name, Name) or not isinstance(arguments, tuple):
            raise ValueError("its index calls something that is not a function")
        constructor = self.constructors.get(name)
        if constructor is not None:
            return constructor(*arguments)
        if not name.startswith(INERT):
            raise ValueError(f"its index calls {name.replace(' ', '.')!r}")
        record = Record()
        record.name = str(name)
        return record

    def _built(self) -> None:
        attributes = self.stack.pop()
        target = self.stack[-1]
        if hasattr(target, "build"):
            target.build(attributes)
        elif isinstance(target, Record) and isinstance(attributes, dict):
            target.update(attributes)
        elif not isinstance(target, dict):  # a dict's own attributes hold no weights
            raise ValueError(f"its index sets attributes of a {type(target).__name__}")
