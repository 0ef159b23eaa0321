"""The pages of docs/: their code names what exists, their commands parse, their tables are data."""

import ast
import importlib
import re
import shlex
from pathlib import Path

import pytest
from cases import loaded

import ganzoo
from ganzoo import cli, metrics
from ganzoo.cli import parser

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))
EVALUATION = (ROOT / "docs" / "evaluation.md").read_text()


def blocks(language):
    """Returns (page, block) of all pages."""
    pattern = re.compile(rf"```{language}\n(.*?)```", re.S)
    return [(page.name, code) for page in PAGES for code in pattern.findall(page.read_text())]


def named(node):
    """Returns the names of a dotted expression, outermost first, or None if it is another one."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else None


@pytest.mark.parametrize(("page", "code"), blocks("python"))
def test_python_names_what_exists(page, code):
    for node in ast.walk(ast.parse(code, page)):
        first, *names = named(node) or [None]
        start = {"ganzoo": ganzoo, "metrics": metrics}.get(first)
        for name in names if start is not None else ():
            assert hasattr(start, name), f"{page}: no {name} in {start}"
            start = getattr(start, name)
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module)
            assert all(hasattr(module, alias.name) for alias in node.names), code


@pytest.mark.parametrize(
    "command",
    sorted({
        line
        for _, block in blocks("bash")
        for line in block.splitlines()
        if line.startswith("ganzoo ")
    }),
)  # fmt: skip
def test_commands_parse(command):
    args = parser.parse(*cli.parsers(), shlex.split(command)[1:])
    if getattr(args, "metrics", None):
        from ganzoo.evaluation import evaluator

        evaluator.check(args.metrics, args.features or ())


def test_links_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
            assert "://" in target or (page.parent / target).exists(), (page.name, target)


def test_scripts_that_are_named_exist():
    for page in PAGES:
        for path in re.findall(r"`(?:python )?((?:benchmarks|tests)/[\w*./]+)`", page.read_text()):
            assert list(ROOT.glob(path)), (page.name, path)


def test_every_metric_is_explained():
    in_text = set(re.findall(r"\bmetrics\.(\w+)", EVALUATION))
    assert not {name for name in in_text if not hasattr(metrics, name)}
    plumbing = {"Moments", "moments", "frechet_distance", "real_moments", "sample_features"}
    plumbing |= {"Space", "register"}
    assert set(metrics.__all__) - plumbing <= in_text


@pytest.mark.parametrize(
    "script", [f"{room}/write_page.py" for room in ("claims", "reliability", "speed")]
)
def test_a_generated_page_says_what_was_measured(script):
    page = loaded(ROOT / "benchmarks" / script)
    assert page.PAGE.read_text("utf-8") == page.render()
