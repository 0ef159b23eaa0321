"""Docstrings as Markdown: what is not a section of the Google style is shown as it is meant."""

import inspect
import re

import griffe

EXAMPLE = re.compile(r"^Example:\n(?P<code>(?: {4}.*\n|\n)*(?: {4}.*))$", re.M)
REFERENCE = re.compile(r"^References?: .*(?:\n +\S.*)*", re.M)


def fenced(match: re.Match) -> str:
    """Returns an example as a block of code."""
    return f"Example:\n\n```python\n{inspect.cleandoc(match['code'])}\n```"


def unwrapped(match: re.Match) -> str:
    """Returns a reference on one line: further lines are indented, as those of a section are."""
    return " ".join(match[0].split())


class Docstrings(griffe.Extension):
    """Rewrites each docstring that is read."""

    def on_object(self, *, obj: griffe.Object, **kwargs) -> None:
        """Changes the docstring of a module, class, function or attribute."""
        if obj.docstring:
            text = inspect.cleandoc(obj.docstring.value)
            text = re.sub(r"^Example:\n```", "Example:\n\n```", text, flags=re.M)
            obj.docstring.value = REFERENCE.sub(unwrapped, EXAMPLE.sub(fenced, text))
