"""The pages of the site that are derived from the library and from the files of the entries.

No name and no number is written here: a new variant, entry, trick or module needs no edit.
"""

import tomllib
from pathlib import Path

from ganzoo import gans
from pages import api, gallery, mentions, tricks, variants


def make(root: Path) -> dict[str, str]:
    """Returns the Markdown of each page, by its path on the site.

    Args:
        root: The checkout.
    """
    papers = tomllib.loads((root / "tests/reference/papers.toml").read_text("utf-8"))
    entries, named = variants.by_variant(), mentions.named_in(root)
    made = {
        "zoo/README.md": gallery.render(),
        "tricks/README.md": tricks.render(),
        "variants/README.md": variants.index(),
    }
    for name in gans.list_variants():
        made[f"variants/{name}.md"] = variants.render(
            name, entries.get(name, []), papers.get(name, {}), named.get(name, [])
        )
    return made | api.render()
