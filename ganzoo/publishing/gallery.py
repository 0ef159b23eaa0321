"""The zoo's entries, as people see them: their cards, and the README's pictures and table.

All of it is made from `models/<entry>/metrics.json`; nothing is typed by hand.
"""

import hashlib
import json
import re
import tomllib
from pathlib import Path

from ganzoo import zoo
from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.publishing import card

BEGIN = "<!-- {}: written by ganzoo evaluate --all -->"
END = "<!-- end of {} -->"
COLUMNS = {  # heading -> which facts it shows: the first that there is; `ganzoo list` shows one
    "L1": "l1",
    "SSIM": "ssim",
    "FID": "fid",
    "FID, own features": r"fid_(?!infinity).+",
    "KID x 1000": "kid",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
    "stacked modes": "stacked_modes",
    "modes": "modes",
    "high quality": "high_quality",
    "SWD": "swd",
    "MS-SSIM": r"ms_ssim(_.+)?",
    "NLL, oracle": "nll_oracle",
    "NLL, data": "nll_data",
    "1 - BLEU-3": "bleu_gap",
    "error of the code": "code_error",
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
    facts = zoo.info(entry)
    return card.render(entry, facts["version"], _recipe(entry), facts["metrics"])


def _recipe(entry: str) -> dict:
    return tomllib.loads(zoo.recipe_path(entry).read_text("utf-8"))


def write() -> None:
    """Writes the cards, and the README's pictures and table, again.

    Raises:
        InputError: If this is no checkout, or the README has no place for them.
    """
    path = checkout() / "README.md"
    text = path.read_text("utf-8")
    for what, made in (("pictures", gallery()), ("figures", render())):
        text = put(text, BEGIN.format(what), END.format(what), made, path)
    for entry in zoo.list_pretrained():
        files.write_text(zoo.info(entry)["card_path"], card_of(entry))
    files.write_text(path, text)


def put(text: str, begin: str, end: str, made: str, path: Path) -> str:
    """Returns a text with what was made between two of its lines, in place of what stood there.

    Raises:
        InputError: If the text, of this path, has no such lines, or several.
    """
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise InputError(f"{path}: expected one line {begin} and one {end} after it.")
    before, after = text[: text.index(begin)], text[text.index(end) :]
    return f"{before}{begin}\n{made}{after}"


def gallery() -> str:
    """Returns a row of pictures for each entry, with its name, which leads to its card."""
    rows = [
        f"| [`{name}`](models/{name}/README.md) | ![{zoo.info(name)['description']}]"
        f"(models/{name}/row.png) |\n"
        for name in zoo.list_pretrained()
    ]
    return "".join(["| entry | a row of its pictures |\n| --- | --- |\n", *rows]) if rows else ""


def checkout() -> Path:
    """Returns the checkout that this package is in.

    Raises:
        InputError: If it is in none.
    """
    if zoo.layout().saved_models is None:
        raise InputError("expected a checkout of GanZoo, got an installed package: clone it.")
    return zoo.layout().models.parent


def render() -> str:
    """Returns a table for each data set, and how its figures were measured.

    A column without a figure is left out, and so is an entry, such as a classifier, or a data set.
    """
    summaries = {name: zoo.info(name)["metrics"] for name in zoo.list_pretrained()}
    groups: dict[str, dict] = {}
    for name, summary in summaries.items():
        if row := _shown(summary):
            groups.setdefault(_recipe(name)["dataset"], {})[name] = row
    return "\n".join(_table(data, groups[data], summaries) for data in sorted(groups))


def _table(dataset: str, shown: dict[str, dict], summaries: dict[str, dict]) -> str:
    columns = [column for column in COLUMNS if any(column in row for row in shown.values())]
    recipes = {name: _recipe(name) for name in shown}
    known = {name: card.published(recipe) for name, recipe in recipes.items()}
    heads = [f"`{dataset}`", *["published FID"] * any(known.values()), *columns, "steps", "minutes"]
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1)]
    for name, row in shown.items():
        cells = [f"[`{name}`](models/{name}/README.md)"]
        if any(known.values()):
            cells.append(f"{known[name]:.1f}" if known[name] else "-")
        cells += [_cell(column, row.get(column)) for column in columns]
        lines.append([*cells, *_cost(summaries[name])])
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    source = f"- published FID: {card.SOURCE}.\n" if any(known.values()) else ""
    biased = [name for name, recipe in recipes.items() if card.is_biased(recipe)]
    note = f"- `{'`, `'.join(biased)}`: {card.BIASED}\n" if biased else ""
    machines = _machines({name: summaries[name].get("hardware") for name in shown})
    return f"{table}\n\n{source}{note}{_caption(shown)}{machines}"


def _shown(summary: dict) -> dict[str, dict]:
    """Returns the fact of each column that has one."""
    found = {}
    for name, fact in summary.get("metrics", {}).items():
        column = column_of(name)
        if column and isinstance(fact, dict) and fact.get("value") is not None:
            found.setdefault(column, fact)
    return found


def column_of(figure: str) -> str | None:
    """Returns the heading under which a figure of this name is shown, or None."""
    return next((c for c, names in COLUMNS.items() if re.fullmatch(names, figure)), None)


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


def _machines(hardware: dict[str, str | None]) -> str:
    """Returns what the minutes are minutes of, for each machine that there is."""
    lines = []
    for machine in sorted({machine for machine in hardware.values() if machine}):
        names = [name for name, its in hardware.items() if its == machine]
        entries = "" if names == list(hardware) else f" (`{'`, `'.join(names)}`)"
        lines.append(f"- minutes{entries}: {machine}.\n")
    return "".join(lines)


def _settings(fact: dict) -> str:
    parts = []
    if features := fact.get("features"):
        parts.append(features if features in ("pixels", "points") else f"{features} features")
    parts += [f"{fact['resize']} resize"] if "resize" in fact else []
    parts += [fact["precision"]] if "precision" in fact else []
    parts += [f"{fact[key]:,} {what}" for key, what in _NUMBERS.items() if key in fact]
    return ", ".join(parts)


_NUMBERS = {"n_fake": "samples", "n_real": "real ones"}
