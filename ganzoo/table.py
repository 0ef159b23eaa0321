"""The figures of the zoo's entries, as people read them: their cards, and the README's table.

All of it is made from `models/<entry>/metrics.json`; nothing is typed by hand.
"""

import hashlib
import json
import re
import tomllib
from pathlib import Path

from ganzoo import card, files, zoo
from ganzoo.errors import InputError

BEGIN = "<!-- figures: written by ganzoo evaluate --all -->"
END = "<!-- end of figures -->"
COLUMNS = {  # heading -> which facts it shows: the first that there is
    "FID": "fid",
    "FID, own features": r"fid_(?!infinity).+",
    "KID x 1000": "kid",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
    "MS-SSIM": r"ms_ssim(_.+)?",
    "SWD": "swd",
    "modes": "modes",
    "high quality": "high_quality",
}


def digest(entry: str) -> str:
    """Returns the SHA-256 of what the registry says of an entry's files, so of its weights."""
    text = json.dumps(zoo.info(entry)["files"], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def known(entry: str) -> dict[str, dict]:
    """Returns the facts that `record` wrote, if they are of the weights that there are now."""
    summary = zoo.info(entry)["metrics"]
    return summary["metrics"] if summary.get("evaluated") == digest(entry) else {}


def record(entry: str, facts: dict[str, dict]) -> None:
    """Adds facts to those of an entry, in its `metrics.json`; then call `write`.

    Raises:
        InputError: If this is no checkout.
    """
    summary = zoo.info(entry)["metrics"]
    if "evaluated" in summary and summary["evaluated"] != digest(entry):  # of other weights
        summary["metrics"] = {
            name: fact
            for name, fact in summary["metrics"].items()
            if not (isinstance(fact, dict) and "seconds" in fact)
        }
    summary = {**summary, "metrics": {**summary.get("metrics", {}), **facts}}
    summary["evaluated"] = digest(entry)
    path = checkout() / "models" / entry / "metrics.json"
    files.write_text(path, json.dumps(summary, indent=2) + "\n")


def card_of(entry: str) -> str:
    """Returns the card of an entry, from its recipe and its `metrics.json`."""
    recipe = tomllib.loads(zoo.recipe_path(entry).read_text("utf-8"))
    facts = zoo.info(entry)
    return card.render(entry, facts["version"], recipe, facts["metrics"])


def write() -> None:
    """Writes the cards and the README's table again.

    Raises:
        InputError: If this is no checkout, or the README has no place for the table.
    """
    path = checkout() / "README.md"
    text = path.read_text("utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise InputError(f"{path}: expected one line {BEGIN} and one {END} after it.")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    for entry in zoo.list_pretrained():
        files.write_text(zoo.info(entry)["card_path"], card_of(entry))
    files.write_text(path, f"{before}{BEGIN}\n{render()}{END}{after}")


def checkout() -> Path:
    """Returns the checkout that this package is in.

    Raises:
        InputError: If it is in none.
    """
    if zoo.layout().saved_models is None:
        raise InputError("expected a checkout of GanZoo, got an installed package: clone it.")
    return zoo.layout().models.parent


def render() -> str:
    """Returns the table, and how its figures were measured; "" if there are no figures.

    A column without a figure is left out, and so is an entry, such as a classifier.
    """
    summaries = {name: zoo.info(name)["metrics"] for name in zoo.list_pretrained()}
    shown = {name: row for name in summaries if (row := _shown(summaries[name]))}
    if not shown:
        return ""
    columns = [column for column in COLUMNS if any(column in row for row in shown.values())]
    lines = [["entry", *columns, "steps", "minutes"], ["---"] + ["---:"] * (len(columns) + 2)]
    for name, row in shown.items():
        cells = [_cell(column, row.get(column)) for column in columns]
        lines.append([f"[`{name}`](models/{name}/README.md)", *cells, *_cost(summaries[name])])
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table}\n\n{_caption(shown)}"


def _shown(summary: dict) -> dict[str, dict]:
    """Returns the fact of each column that has one."""
    found = {}
    for name, fact in summary.get("metrics", {}).items():
        column = next((c for c, names in COLUMNS.items() if re.fullmatch(names, name)), None)
        if column and isinstance(fact, dict) and fact.get("value") is not None:
            found.setdefault(column, fact)
    return found


def _cell(column: str, fact: dict | None) -> str:
    if fact is None:
        return "-"
    if column.endswith("x 1000"):
        return f"{1000 * fact['value']:.2f} ± {1000 * fact['std']:.2f}"
    if "of" in fact:
        return f"{fact['value']} of {fact['of']}"
    return f"{fact['value']:.3g}"


def _cost(summary: dict) -> list[str]:
    steps, seconds = summary.get("steps"), summary.get("seconds")
    return [f"{steps:,}" if steps else "-", f"{seconds / 60:.0f}" if seconds else "-"]


def _caption(shown: dict[str, dict[str, dict]]) -> str:
    """Returns a line for each way in which figures of the table were measured."""
    groups: dict[str, tuple[set, set, set]] = {}
    for name, row in shown.items():
        for column, fact in row.items():
            columns, against, names = groups.setdefault(_settings(fact), (set(), set(), set()))
            columns.add(column)
            against.add(fact.get("against", fact.get("mixture")))
            names.add(name)
    lines = []
    for settings, (columns, against, names) in groups.items():
        which = ", ".join(column for column in COLUMNS if column in columns)
        data = ", ".join(sorted(filter(None, against)))
        entries = "" if names == set(shown) else f" (`{'`, `'.join(sorted(names))}`)"
        lines.append(f"- {which}{entries}: {settings}{f'; against {data}' if data else ''}.\n")
    return "".join(lines)


def _settings(fact: dict) -> str:
    features = str(fact.get("features"))
    parts = [features if features in ("pixels", "points") else f"{features} features"]
    parts += [f"{fact['resize']} resize"] if "resize" in fact else []
    parts += [fact["precision"]] if "precision" in fact else []
    parts += [f"{fact[key]:,} {what}" for key, what in _NUMBERS.items() if key in fact]
    return ", ".join(parts)


_NUMBERS = {"n_fake": "samples", "n_real": "real ones"}
