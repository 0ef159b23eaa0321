"""What goes in: feeds what people bring to every door, and writes docs/what_goes_in.md.

    python benchmarks/claims/what_goes_in.py

Each situation either works with the right value, or is refused in one line. What is neither is a
bug: the script then ends with status 1. `tests/test_what_goes_in.py` runs the same situations.
"""

import sys
from pathlib import Path

from situations import SITUATIONS, Situation

PAGE = Path(__file__).parent.parent.parent / "docs" / "what_goes_in.md"


def page(rows: list[tuple[Situation, str, str]]) -> str:
    """Returns the page of the outcomes."""
    counts = {word: sum(o == word for _, o, _ in rows) for word in ("works", "refused", "neither")}
    lines = [
        "# What goes in",
        "",
        "Written by `python benchmarks/claims/what_goes_in.py`, which feeds each of these "
        f"{len(rows)} situations to its door: {counts['works']} work with the right value, "
        f"{counts['refused']} are refused in one line, {counts['neither']} are neither. "
        "`tests/test_what_goes_in.py` runs the same situations.",
    ]
    for kind in dict.fromkeys(s.kind for s, _, _ in rows):
        lines += [
            "",
            f"## {kind[0].upper()}{kind[1:]}",
            "",
            "| door | what | outcome |",
            "|---|---|---|",
        ]
        for one, outcome, said in rows:
            if one.kind == kind:
                text = " ".join(said.split()).replace("|", "\\|")
                lines.append(
                    f"| {one.door} | {one.what} | {outcome}{f': {text}' if text else ''} |"
                )
    return "\n".join(lines) + "\n"


def main() -> int:
    rows = [(one, *one.outcome()) for one in SITUATIONS]
    PAGE.write_text(page(rows))
    bad = [(one.name, said) for one, outcome, said in rows if outcome == "neither"]
    print(f"{len(rows)} situations, {len(bad)} neither")
    for name, said in bad:
        print(f"  {name}: {said}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
