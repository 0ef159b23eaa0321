"""Where the documentation names a variant."""

import re
from pathlib import Path

from pymdownx.slugs import slugify

from ganzoo import gans

LISTS = ("zoo", "reference", "composition", "what_goes_in", "speed")  # they name every variant


def named_in(root: Path) -> dict[str, list[tuple[str, str]]]:
    """Returns title and link of the sections of `docs/` that name a variant, by variant."""
    found: dict[str, list[tuple[str, str]]] = {}
    names = {
        name: re.compile(rf"`{name}`|\b{gans.get(name).__name__}\b|\| {name} \|")
        for name in gans.list_variants()
    }
    for path in sorted([*root.glob("docs/*.md"), *root.glob("docs/experiments/*.md")]):
        if path.stem in (*LISTS, "README"):
            continue
        for title, anchor, text in sections(path.read_text("utf-8")):
            link = f"../{path.relative_to(root).as_posix()}{anchor}"
            for name, pattern in names.items():
                if pattern.search(text):
                    found.setdefault(name, []).append((title, link))
    return found


def sections(text: str) -> list[tuple[str, str, str]]:
    """Returns title, anchor and text of each section of a page; the first has no anchor."""
    text = re.sub(
        r"^```.*?^```", lambda match: match[0].replace("\n#", "\n "), text, flags=re.M | re.S
    )
    head, *rest = re.split(r"^(#{2,3} .+)$", text, flags=re.M)
    title = re.search(r"^# (.+)$", head, re.M)
    title = title[1] if title else ""
    slug = slugify(case="lower")
    result = [(title, "", head)]
    for heading, body in zip(rest[::2], rest[1::2], strict=True):
        name = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading.lstrip("# ").strip())
        result.append((f"{title}: {name}", f"#{slug(name, '-')}", body))
    return result
