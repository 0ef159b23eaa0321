"""Tables of the entries' figures, made from `models/<entry>/metrics.json` alone."""

import re
import tomllib

from ganzoo import zoo
from ganzoo.evaluation import published

COLUMNS = {  # heading -> the facts it can show: the first that there is
    "L1": "l1",
    "SSIM": "ssim",
    "FID": "fid",
    "FID without averaging": "fid_without_averaging",
    "FID, own features": r"fid_(?!infinity|without)((?!_without_averaging).)+",
    "FID, own features, without averaging": r"fid_(?!without).+_without_averaging",
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
NUMBERS = {"n_fake": "samples", "n_real": "real ones"}


def recipe_of(entry: str) -> dict:
    """Returns the recipe of an entry."""
    return tomllib.loads(zoo.recipe_path(entry).read_text("utf-8"))


def in_words(metrics: dict) -> list[str]:
    """Returns the figures in a `metrics.json`, such as "fid 21.5", in the order of the columns."""
    facts = metrics.get("metrics", {})
    order = list(COLUMNS)

    def place(name):  # a classifier's accuracy is in no table
        column = column_of(name)
        return order.index(column) if column else len(order) + (name != "accuracy")

    texts = []
    for name in sorted(facts, key=place):
        value = facts[name].get("value") if isinstance(facts[name], dict) else facts[name]
        texts.append(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}")
    return texts


def column_of(figure: str) -> str | None:
    """Returns the heading under which a figure of this name is shown, or None."""
    return next((c for c, names in COLUMNS.items() if re.fullmatch(names, figure)), None)


def by_data(link: str) -> str:
    """Returns a table for each data set, and how its figures were measured.

    Columns, entries (such as classifiers) and data sets without a figure are left out.

    Args:
        link: Path from the page to `models/`.
    """
    summaries = {name: zoo.info(name)["metrics"] for name in zoo.list_pretrained()}
    groups: dict[str, dict] = {}
    for name, summary in summaries.items():
        if row := _shown(summary):
            groups.setdefault(recipe_of(name)["dataset"], {})[name] = row
    return "\n".join(_table(data, groups[data], summaries, link) for data in sorted(groups))


def short(names: list[str], link: str) -> str:
    """Returns one table of these entries, each with its first figure and what trained it."""
    lines = [["entry", "data", "figure", "steps", "minutes", "trained on"], ["---"] * 6]
    for name in names:
        summary, data = zoo.info(name)["metrics"], recipe_of(name)["dataset"]
        figure = next(iter(in_words(summary)), "-")
        lines.append(
            [f"[`{name}`]({link}/{name}/README.md)", data, figure, *_cost(summary),
             summary.get("hardware", "-")]
        )  # fmt: skip
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _table(dataset: str, shown: dict[str, dict], summaries: dict[str, dict], link: str) -> str:
    columns = [column for column in COLUMNS if any(column in row for row in shown.values())]
    recipes = {name: recipe_of(name) for name in shown}
    known = {name: published.fid(recipe) for name, recipe in recipes.items()}
    heads = [f"`{dataset}`", *["published FID"] * any(known.values()), *columns, "steps", "minutes"]
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1)]
    for name, row in shown.items():
        cells = [f"[`{name}`]({link}/{name}/README.md)"]
        if any(known.values()):
            cells.append(f"{known[name]:.1f}" if known[name] else "-")
        cells += [_cell(column, row.get(column)) for column in columns]
        lines.append([*cells, *_cost(summaries[name])])
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    source = f"- published FID: {published.SOURCE}.\n" if any(known.values()) else ""
    biased = [name for name, recipe in recipes.items() if published.is_biased(recipe)]
    note = f"- `{'`, `'.join(biased)}`: {published.BIASED}\n" if biased else ""
    machines = _machines({name: summaries[name].get("hardware") for name in shown})
    return f"{table}\n\n{source}{note}{_caption(shown)}{machines}"


def _shown(summary: dict) -> dict[str, dict]:
    """Returns the fact of each column that has one."""
    facts = {}
    for name, fact in summary.get("metrics", {}).items():
        column = column_of(name)
        if column and isinstance(fact, dict) and fact.get("value") is not None:
            facts.setdefault(column, fact)
    return facts


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
    """Returns, for each machine, a line that says which entries' minutes it took."""
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
    parts += [f"{fact[key]:,} {what}" for key, what in NUMBERS.items() if key in fact]
    return ", ".join(parts)


def shape(summary: dict) -> list[int] | None:
    """Returns the shape of an entry's images, [H, W, C]; None if it makes none."""
    if found := summary.get("imported", {}).get("shape"):
        return found
    arrays = [array for call in summary.get("fingerprint", {}).values() for array in call.values()]
    shapes = [array["shape"][1:] for array in arrays if len(array.get("shape", ())) == 4]
    return shapes[0] if shapes else None
