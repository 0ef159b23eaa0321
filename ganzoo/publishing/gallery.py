"""The zoo as people see it: cards, `docs/zoo.md`, `docs/reference.md` and the README's table.

Figures come from `models/<entry>/metrics.json`; nothing is typed by hand.
"""

import hashlib
import json
from pathlib import Path

from ganzoo import zoo
from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.evaluation import tables
from ganzoo.publishing import card, reference

BEGIN = "<!-- {}: written by ganzoo evaluate --all -->"
END = "<!-- end of {} -->"
FEATURED = (  # the entries that the README shows
    "biggan_fashion_mnist", "biggan_cifar10", "wgan_gp_fashion_mnist", "dragan_fashion_mnist_long",
    "infogan_mnist", "pix2pix_fluent_emoji", "pacgan_stacked_mnist", "cgan_fashion_mnist",
)  # fmt: skip
PAGE = """\
# The zoo

No sample is picked. Under each table stands how its figures were measured and on which machine each
entry was trained. The command that writes this page is `ganzoo evaluate --all`.

## Pictures

{pictures}
## Figures

{figures}"""


def digest(entry: str) -> str:
    """Returns the SHA-256 of what the registry says of an entry's files: it identifies weights."""
    text = json.dumps(zoo.info(entry)["files"], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def known(entry: str) -> dict[str, dict]:
    """Returns the facts that `record` wrote, if they were measured with the present weights."""
    summary = zoo.info(entry)["metrics"]
    return summary["metrics"] if summary.get("evaluated") == digest(entry) else {}


def record(entry: str, facts: dict[str, dict]) -> None:
    """Adds facts to those of an entry, in its `metrics.json`; call `write` afterwards.

    Raises:
        InputError: If this is not a checkout.
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


def add(entry: str, facts: dict) -> None:
    """Adds facts that are no figures to an entry's `metrics.json`."""
    if facts:
        path = checkout() / "models" / entry / "metrics.json"
        files.write_text(path, json.dumps(zoo.info(entry)["metrics"] | facts, indent=2) + "\n")


def card_of(entry: str) -> str:
    """Returns the card of an entry, from its recipe and its `metrics.json`."""
    facts = zoo.info(entry)
    return card.render(entry, facts["version"], tables.recipe_of(entry), facts["metrics"])


def write() -> None:
    """Writes the cards, the generated pages and the README's table again.

    Raises:
        InputError: If this is not a checkout, or the README has no place for the table.
    """
    root, names = checkout(), zoo.list_pretrained()
    path = root / "README.md"
    featured = [name for name in FEATURED if name in names]
    begin, end = BEGIN.format("entries"), END.format("entries")
    readme = put(path.read_text("utf-8"), begin, end, tables.short(featured, "models"), path)
    page = PAGE.format(pictures=pictures("../models"), figures=tables.by_data("../models"))
    for entry in names:
        files.write_text(zoo.info(entry)["card_path"], card_of(entry))
    files.write_text(root / "docs" / "zoo.md", page)
    files.write_text(root / "docs" / "reference.md", reference.render())
    files.write_text(path, readme)


def put(text: str, begin: str, end: str, made: str, path: Path) -> str:
    """Returns a text with `made` between two of its lines, in place of what stood there.

    Raises:
        InputError: If the text, of this path, does not have exactly one of each line.
    """
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise InputError(f"{path}: expected one line {begin} and one {end} after it.")
    before, after = text[: text.index(begin)], text[text.index(end) :]
    return f"{before}{begin}\n{made}{after}"


def pictures(link: str) -> str:
    """Returns a table with a row of pictures of each entry, and a link to its card.

    Args:
        link: Path from the page to `models/`.
    """
    rows = [
        f"| [`{name}`]({link}/{name}/README.md) | ![{zoo.info(name)['description']}]"
        f"({link}/{name}/row.png) |\n"
        for name in zoo.list_pretrained()
    ]
    return "".join(["| entry | a row of its pictures |\n| --- | --- |\n", *rows]) if rows else ""


def checkout() -> Path:
    """Returns the checkout that this package is in.

    Raises:
        InputError: If it is installed elsewhere.
    """
    if zoo.layout().saved_models is None:
        raise InputError("expected a checkout of GanZoo, got an installed package: clone it.")
    return zoo.layout().models.parent
