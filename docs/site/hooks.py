"""What MkDocs calls: the site's files are those of the repository and the pages of `pages`.

Each file has the path that it has in the repository, so the links between files hold on the site.
"""

import re
from pathlib import Path

import pages
from mkdocs.structure.files import File, InclusionLevel

ROOT = Path(__file__).resolve().parents[2]
COPIED = (  # besides the pages that `pages` makes
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*", "docs/experiments/*",
    "docs/cures/*", "docs/imported/*", "docs/judging/*", "docs/projection/*", "docs/using/*",
    "models/*/*.md", "models/*/*.png", "models/*/*.json", "models/*/recipe.toml",
    "benchmarks/results/*.json", "examples/serving/*.py",
)  # fmt: skip
ARXIV = re.compile(r"(?<![\w/>])arXiv:(\d{4}\.\d{4,5})")
MODEL = re.compile(r"^Model `(\w+)`", re.M)
_made: dict[str, str] = {}  # path on the site -> Markdown


def on_config(config):
    """Makes the pages, and completes the navigation."""
    _made.clear()
    _made.update(pages.make(ROOT))
    known = [*_made, *(path.relative_to(ROOT).as_posix() for path in _copied())]
    config["nav"] = _expanded(config["nav"], known, set(_named(config["nav"])))
    return config


def on_files(files, config):
    """Adds the files of the repository, and the pages that were made."""
    for path in _copied():
        name = path.relative_to(ROOT).as_posix()
        level = (
            InclusionLevel.NOT_IN_NAV if name.startswith("models/") else InclusionLevel.UNDEFINED
        )
        files.append(File.generated(config, name, abs_src_path=str(path), inclusion=level))
    for name, text in _made.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links the variant on an entry's card."""
    if page.file.src_uri.startswith("models/"):
        return MODEL.sub(r"Model [`\1`](../../variants/\1.md)", markdown)
    return markdown


def on_page_content(html, page, config, files):
    """Links the papers."""
    return ARXIV.sub(r'<a href="https://arxiv.org/abs/\1">arXiv:\1</a>', html)


def _copied() -> list[Path]:
    return sorted(path for glob in COPIED for path in ROOT.glob(glob) if path.is_file())


def _named(nav) -> list[str]:
    """Returns the paths in a navigation."""
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [path for part in parts for path in _named(part)]


def _expanded(nav, known: list[str], named: set[str]):
    """Returns a navigation with the pages that FOLDER/* stands for."""
    if isinstance(nav, dict):
        return {title: _expanded(part, known, named) for title, part in nav.items()}
    if isinstance(nav, str):
        return nav
    result = []
    for part in nav:
        if isinstance(part, str) and part.endswith("/*"):
            found = re.compile(re.escape(part[:-1]) + r"[^/]+\.md")
            result += sorted(path for path in set(known) - named if found.fullmatch(path))
        else:
            result.append(_expanded(part, known, named))
    return result
