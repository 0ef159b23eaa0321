"""The gallery: a card for each entry, with the values that it can be filtered by."""

import html

from ganzoo import zoo
from ganzoo.evaluation import tables

GALLERY = """\
---
hide: [toc]
---

# Gallery

No sample is picked. Each name leads to the entry's card: its figures, how they were measured, its
recipe, and how to load it.

<div class="gallery" markdown>
{cards}
</div>
"""

ENTRY = """\
<div class="entry" data-variant="{variant}" data-data="{data}" data-size="{size}" \
data-kind="{kind}" markdown>

**[{name}](../models/{name}/README.md)**

[![{description}](../models/{name}/row.png)](../models/{name}/README.md)

[{variant}](../variants/{variant}.md) on {data}, {shape}{megabytes:.1f} MB

{figures}

</div>
"""


def render() -> str:
    """Returns the page with a card for each entry."""
    return GALLERY.format(cards="\n".join(card(name) for name in zoo.list_pretrained()))


def card(name: str) -> str:
    """Returns an entry's card in the gallery, with the values that it can be filtered by."""
    facts, recipe = zoo.info(name), tables.recipe_of(name)
    shape = tables.shape(facts["metrics"]) or []
    size = " x ".join(map(str, shape[:2]))
    return ENTRY.format(
        name=name,
        variant=recipe["model"],
        data=html.escape(recipe["dataset"]),
        size=size,
        kind=facts["metrics"].get("kind", ""),
        description=facts["description"],
        shape=f"{' x '.join(map(str, shape))}, " if shape else "",
        megabytes=facts["bytes"] / 1e6,
        figures=", ".join(tables.in_words(facts["metrics"])[:3]),
    )
