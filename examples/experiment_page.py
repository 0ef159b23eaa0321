"""What the experiments have in common: a picture and a page of one paragraph."""

import json
import re
from pathlib import Path

from matplotlib.figure import Figure

from ganzoo.engine import files

FOLDER = Path(__file__).parent.parent / "docs" / "experiments"


def figure(columns: int = 1, width: float = 4.5, height: float = 3.4) -> tuple:
    """Returns a figure, and its axes side by side."""
    made = Figure((width * columns, height), dpi=110, layout="constrained")
    return made, [made.add_subplot(1, columns, i + 1) for i in range(columns)]


def write(
    name: str, title: str, finding: str, picture: Figure, results: dict, table: str = ""
) -> None:
    """Writes the picture, the figures that the finding quotes, and the page.

    Args:
        name: Of the script, and of all three files.
        title: Of the page.
        finding: One paragraph, its figures filled in from `results`.
        picture: The picture.
        results: What was measured.
        table: A table in Markdown, if there is one.
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
    """Writes what was measured, a list of numbers to a line."""
    text = json.dumps(results, indent=1)
    text = re.sub(r"\[[^][{}]*\]", lambda found: " ".join(found.group().split()), text)
    files.write_text(path, text + "\n")


def index() -> str:
    """Returns the page that lists all others."""
    lines = ["# Experiments", "", "Each is a script of `examples/`, and its page is written by it."]
    for path in sorted(FOLDER.glob("*.md")):
        if path.stem != "README":
            title = path.read_text().splitlines()[0].removeprefix("# ")
            lines += ["", f"## [{title}]({path.name})", "", f"![{title}]({path.stem}.png)"]
    return "\n".join([*lines, ""])
