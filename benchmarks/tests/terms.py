"""Do the tests notice a loss term or an argument that is wrong? Writes results/terms.json.

    python benchmarks/tests/terms.py                   # every variant; goes on where it stopped
    python benchmarks/tests/terms.py --only=wgan,unit  # these anew

Every loss term of every variant, and every number that its `learning` prescribes, is turned round,
multiplied by ten and left out, one at a time. The change is caught if the variant's own test of
tests/test_terms.py fails.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).parent.parent.parent
PATH = ROOT / "benchmarks" / "results" / "terms.json"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import keras  # noqa: E402
import test_terms as tests  # noqa: E402

import ganzoo  # noqa: E402
from ganzoo.engine import files  # noqa: E402

CHANGES = {  # what is done to a number or a tensor; None leaves it out
    "turned round": lambda value: -value,
    "times ten": lambda value: 10 * value,
    "left out": None,
}
SIDES = {"d": "discriminator_loss", "g": "generator_terms"}


# --- terms


def terms(name: str) -> Iterator[tuple[str, str, mock.patch]]:
    """Yields each term with each change of it, and what makes the change."""
    cls = ganzoo.gans.get(name)
    for term, formula in tests.TERMS[name].items():
        if formula is None:  # a state, which is no term
            continue
        side, _, key = term.partition("_")
        for change, function in CHANGES.items():
            patches = {method: changed(getattr(cls, method), side, key, function)
                       for method in (SIDES[side], "penalise")}  # fmt: skip
            yield f"term {term}", change, mock.patch.multiple(cls, **patches)


def changed(method: Callable, side: str, key: str, function: Callable | None) -> Callable:
    """Returns a method that returns terms with one of them changed."""

    def other(gan, *args):
        found = dict(method(gan, *args))
        if key in found and (method.__name__ != "penalise" or args[0] == side):
            value = found.pop(key)
            found |= {} if function is None else {key: function(value)}
        return found

    return other


# --- arguments


def arguments(name: str) -> Iterator[tuple[str, str, Callable]]:
    """Yields each argument of `learning`, and each number of its parts, with each change of it.

    Last is the function that returns the changed `learning`, which raises an error if the part
    refuses the value.
    """
    cls = ganzoo.gans.get(name)
    for key, value in cls.learning().items():
        for place, part in enumerate(value) if isinstance(value, list) else [(None, value)]:
            where = key if place is None else f"{key} {place}"
            for change, function in CHANGES.items():
                for inner in numbers(part) if part is not value or not plain(value) else [None]:
                    text = where if inner is None else f"{where}.{inner}"
                    yield text, change, (cls, key, place, inner, function)


def plain(value) -> bool:
    """Returns whether an argument is a number, a text or None, and no part with a config."""
    return value is None or isinstance(value, (bool, int, float, str, list))


def numbers(part) -> list[str | None]:
    """Returns the names of a part's numbers; None stands for the part itself."""
    if plain(part):
        return [None]
    config = config_of(part)
    kinds = {key: isinstance(x, (int, float)) for key, x in config.items()}
    return [None, *(key for key, is_number in kinds.items() if is_number)]


def config_of(part) -> dict:
    return part.get_config() if hasattr(part, "get_config") else dict(vars(part))


def learning_of(cls: type, key: str, place, inner, function) -> dict | None:
    """Returns `learning` with one number changed, or None if that changes nothing."""
    found = cls.learning()
    holder, index = (found, key) if place is None else (found[key], place)
    value = holder[index]
    if inner is None:
        if function is None:
            del holder[index]
            return found
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        new = function(value)
    else:
        config = config_of(value)
        if function is None:
            del config[inner]
        else:
            config[inner] = function(config[inner])
        new = type(value).from_config(config) if hasattr(value, "from_config") else None
        new = type(value)(**config) if new is None else new
        if config_of(new) == config_of(value):
            return None
    if new == value:
        return None
    holder[index] = new
    return found


# --- the trials


def caught_by(test: Callable, name: str) -> str | None:
    """Returns what a test says against the variant, or None if it passes."""
    keras.backend.clear_session()
    try:
        test(name)
    except (AssertionError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}".split("\n")[0][:160]
    return None


def trials(name: str) -> Iterator[dict]:
    """Yields a row for each change of a variant."""
    for what, change, patch in terms(name):
        with patch:
            by = caught_by(tests.test_terms_are_the_papers_and_can_be_descended, name)
        yield {"variant": name, "what": what, "change": change, "by": by}
    for what, change, given in arguments(name):
        try:
            learning = learning_of(*given)
        except (ValueError, TypeError, ganzoo.InputError) as error:
            yield {"variant": name, "what": what, "change": change, "by": f"refused: {error}"[:160]}
            continue
        if learning is None:
            continue
        with mock.patch.object(given[0], "learning", classmethod(lambda _, x=learning: x)):
            by = caught_by(tests.test_the_arguments_are_the_papers_or_a_departure_is_stated, name)
        yield {"variant": name, "what": what, "change": change, "by": by}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", default="", help="names of variants")
    parser.add_argument("--out", type=Path, default=PATH)
    args = parser.parse_args()
    rows = json.loads(args.out.read_text())["changes"] if args.out.exists() else []
    done = {row["variant"] for row in rows}
    names = args.only.split(",") if args.only else ganzoo.list_variants()
    for name in names:
        if name in done and not args.only:
            continue
        for test in (tests.test_terms_are_the_papers_and_can_be_descended,
                     tests.test_the_arguments_are_the_papers_or_a_departure_is_stated):  # fmt: skip
            if by := caught_by(test, name):
                sys.exit(f"{name} fails without a change: {by}")
        own = list(trials(name))
        rows = [row for row in rows if row["variant"] != name] + own
        survivors = [f"{row['what']} {row['change']}" for row in own if not row["by"]]
        counts = f"{len(own) - len(survivors)} of {len(own)}"
        print(f"{name}: {counts}", *survivors, sep="\n  ", flush=True)
        write(args.out, rows)


def write(path: Path, rows: list[dict]) -> None:
    """Writes the report of the variants that were tried."""
    caught = sum(bool(row["by"]) for row in rows)
    report = {
        "what": "changes of loss terms and of the arguments of `learning` that the tests notice",
        "variants": len({row["variant"] for row in rows}),
        "tried": len(rows),
        "caught": caught,
        "share": round(caught / len(rows), 4),
        "changes": rows,
    }
    files.write_text(path, json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
