"""The layout of a folder of images: which of its folders are splits, and which are domains.

Names of splits are known in any case: train and training; val, valid and validation; test and
testing. The two domains of a translation are called A and B; they stand in each split (train/A),
hold each split (A/train), or are part of its name (trainA, as CycleGAN's sets have it).
"""

import dataclasses
import os
import re

from ganzoo.errors import InputError, unknown

_SPLIT = re.compile(
    r"(?:(?P<train>train|training)|(?P<validation>val|valid|validation)|(?P<test>test|testing))"
    r"(?:[ _-]?(?P<domain>[ab]))?",
    re.IGNORECASE,
)
KNOWN = (
    "train, val and test; trainA, trainB, testA and testB; or A and B, with train and test in each"
)


@dataclasses.dataclass(frozen=True)
class Layout:
    """What the folders of a set of images are for.

    Attributes:
        root: The folder.
        splits: For each split, the paths of its folder, or of one folder for each domain; empty if
            there are no splits.
        domains: The paths of the folders A and B of a set without splits, if it has them.
    """

    root: str
    splits: dict[str, tuple[str, ...]]
    domains: tuple[str, ...] = ()

    @property
    def two(self) -> bool:
        """Whether each split is two folders, one for each domain."""
        return any(len(paths) > 1 for paths in self.splits.values())

    def folders(self, split: str, name: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
        """Returns the folders of a split: one, or one for each domain.

        Args:
            split: Name of the split.
            name: Name of the data set, for the error message.
            otherwise: Splits that a set without folders for them has.

        Raises:
            InputError: If there is no such split.
        """
        if split not in (self.splits or otherwise):
            raise unknown(f"split of {name}", split, self.splits or otherwise)
        return self.splits[split] if self.splits else self.domains or (self.root,)


def layout(path: str) -> Layout:
    """Returns the layout of the folder at `path`.

    Raises:
        InputError: If there is no such folder, or its layout is not a known one.
    """
    root = os.path.expanduser(path)
    if not os.path.isdir(root):
        raise InputError(f"no folder {path!r}: give one that holds images.")
    names = _folders(root)
    found = {name: match for name in names if (match := _SPLIT.fullmatch(name))}
    if found:
        return Layout(root, _splits(path, root, names, found))
    inner = {name: _inner_splits(os.path.join(root, name)) for name in names}
    holders = {name: splits for name, splits in inner.items() if splits}
    if not holders:
        both = tuple(names) if [name.lower() for name in names] == ["a", "b"] else ()
        return Layout(root, {}, tuple(os.path.join(root, name) for name in both))
    if [name.lower() for name in names] != ["a", "b"]:
        raise _refusal(path, [f"{n}/{s}" for n, splits in holders.items() for s in splits.values()])
    first, second = (inner[name] for name in names)
    if first.keys() != second.keys():
        raise _refusal(path, [f"{n}/{s}" for n, splits in inner.items() for s in splits.values()])
    return Layout(
        root,
        {
            split: tuple(os.path.join(root, name, inner[name][split]) for name in names)
            for split in _in_order(first)
        },
    )


def _folders(root: str) -> list[str]:
    """Returns the sorted names of the folders in a folder."""
    try:
        with os.scandir(root) as entries:
            return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
    except OSError as error:
        raise InputError(f"cannot list the folder {root!r}: {error}.") from error


def _inner_splits(root: str) -> dict[str, str]:
    """Returns the folders in a folder that are splits: the canonical name -> the name."""
    matches = [match for name in _folders(root) if (match := _SPLIT.fullmatch(name))]
    return {_canonical(match): match.string for match in matches if not match["domain"]}


def _splits(path: str, root: str, names: list[str], found: dict) -> dict[str, tuple[str, ...]]:
    """Returns the folders of each split of a folder some of whose folders are called like one."""
    others = [name for name in names if name not in found and _holds_files(root, name)]
    splits: dict[str, dict[str, str]] = {}
    for name, match in found.items():
        domains = splits.setdefault(_canonical(match), {})
        if (domain := (match["domain"] or "").lower()) in domains:
            raise _refusal(path, names)
        domains[domain] = os.path.join(root, name)
    kinds = {tuple(sorted(domains)) for domains in splits.values()}
    if others or kinds not in ({("",)}, {("a", "b")}):
        raise _refusal(path, names)
    return {
        split: tuple(splits[split][domain] for domain in sorted(splits[split]))
        for split in _in_order(splits)
    }


def _canonical(match) -> str:
    """Returns the name of the split that a folder's name stands for."""
    return next(split for split in ("train", "validation", "test") if match[split])


def _in_order(splits) -> list[str]:
    return [split for split in ("train", "validation", "test") if split in splits]


def _holds_files(root: str, name: str) -> bool:
    """Returns whether there is a file in or below a folder."""
    return any(files for _, _, files in os.walk(os.path.join(root, name)))


def _refusal(path: str, names: list[str]) -> InputError:
    seen = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return InputError(
        f"{path}: some of its folders are called like splits, but together they are no known "
        f"layout: {seen}. Expected only {KNOWN}."
    )
