"""Shared code of the experiments: figures, and the pages that describe the results."""

import json
import re
from pathlib import Path

from matplotlib.figure import Figure

from ganzoo.engine import files

FOLDER = Path(__file__).parent.parent / "docs" / "experiments"


def figure(columns: int = 1, width: float = 4.5, height: float = 3.4) -> tuple:
    """Returns a figure and its axes, side by side."""
    result = Figure((width * columns, height), dpi=110, layout="constrained")
    return result, [result.add_subplot(1, columns, i + 1) for i in range(columns)]


def write(
    name: str, title: str, finding: str, picture: Figure, results: dict, table: str = ""
) -> None:
    """Writes the figure, the results and the page of an experiment.

    Args:
        name: Name of the script, which is the stem of all three files.
        title: Title of the page.
        finding: A paragraph with numbers from `results`.
        picture: The figure.
        results: The measured values.
        table: A Markdown table, or an empty string.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with files.replacing(FOLDER / f"{name}.png", ".png") as temporary:
        picture.savefig(temporary)
    keep(FOLDER / f"{name}.json", results)
    page = f"# {title}\n\n`python examples/{name}.py`\n\n![{title}]({name}.png)\n\n{finding}\n"
    page += f"\n{table}\n" if table else ""
    files.write_text(FOLDER / f"{name}.md", page)
    files.write_text(FOLDER / "README.md", index())
    print(finding)


def keep(path: Path, results: dict) -> None:
    """Writes the results as JSON, with each list of numbers on one line."""
    text = json.dumps(results, indent=1)
    text = re.sub(r"\[[^][{}]*\]", lambda match: " ".join(match.group().split()), text)
    files.write_text(path, text + "\n")


def index() -> str:
    """Returns the text of the page that lists all experiments."""
    lines = ["# Experiments", "", "Each page is written by a script in `examples/`."]
    for path in sorted(FOLDER.glob("*.md")):
        if path.stem != "README":
            title = path.read_text().splitlines()[0].removeprefix("# ")
            lines += ["", f"## [{title}]({path.name})", "", f"![{title}]({path.stem}.png)"]
    return "\n".join([*lines, ""])
