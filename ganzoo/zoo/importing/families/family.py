"""Family: what is known of the files of one kind of network."""

import re
from collections.abc import Callable
from typing import NamedTuple

from ganzoo.zoo.importing.convert import Rule, torch_rule


def no_change(arrays: dict) -> dict:
    """Returns the arrays as they are."""
    return arrays


class Family(NamedTuple):
    """What is known of the files of one kind of network.

    Attributes:
        name: Its name on the command line.
        title: What it is, and the paper.
        anchors: Regular expressions of names that all its files have; the first one tells which
            part of a file is meant, by what stands before it.
        plan: Function that returns the arguments of `build`, read off the arrays.
        build: Function that returns the network.
        kind: What it becomes: "sampler", "truncated", "translator", or "critic".
        rule: The names of the arrays of its weights; see `convert.fill`.
        ignored: Regular expression of the names of arrays that are no weights.
        prepared: Function that renames or combines arrays before anything else.
        normal: Whether latents are drawn from the normal distribution, rather than from the one
            that is truncated at 2 and multiplied by `truncation`.
    """

    name: str
    title: str
    anchors: tuple[str, ...]
    plan: Callable[[dict], dict]
    build: Callable
    kind: str
    rule: Rule = torch_rule
    ignored: str = r".*num_batches_tracked"
    prepared: Callable[[dict], dict] = no_change
    normal: bool = True

    def part(self, arrays: dict, prefer: str | None = None) -> tuple[str, dict] | None:
        """Returns the part of a file that is such a network, and its arrays without the prefix.

        Of several the averaged one is taken, else the one that comes first; or `prefer`.
        """
        found = {}
        for name in arrays:
            if match := re.fullmatch(rf"(|.*[./])(?:{self.anchors[0]})", name):
                found.setdefault(match[1])
        wanted = [prefix for prefix in found if prefer is None or prefix.strip("./") == prefer]
        for prefix in sorted(wanted, key=lambda prefix: "ema" not in prefix.lower()):
            inside = {n[len(prefix) :]: a for n, a in arrays.items() if n.startswith(prefix)}
            if all(any(re.fullmatch(a, name) for name in inside) for a in self.anchors):
                return prefix, self.prepared(inside)
        return None


def count(arrays: dict, pattern: str) -> int:
    """Returns how many names match a regular expression."""
    return sum(re.fullmatch(pattern, name) is not None for name in arrays)


def side(arrays: dict, name: str, axis: int) -> int:
    """Returns the length of an axis of an array."""
    return arrays[name].shape[axis]
