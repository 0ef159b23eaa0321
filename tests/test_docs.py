"""The pages of docs/: their code names what exists, their commands parse, their tables are data."""

import ast
import importlib.util
import json
import re
import shlex
from pathlib import Path

import pytest

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


def loaded(script):
    """Returns a script of the benchmarks as a module."""
    spec = importlib.util.spec_from_file_location("script", ROOT / "benchmarks" / script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fid_effects():
    return loaded("quality/fid_effects.py")


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


def test_the_tables_are_those_of_the_file(fid_effects):
    found = json.loads(fid_effects.OUT.read_text()) if fid_effects.OUT.exists() else {}
    assert fid_effects.rewrite(EVALUATION, found) == EVALUATION


def test_tables(fid_effects):
    several = {"mean": 21.456, "std": 0.1234, "subsets": 3}
    once = {"mean": 20.0, "std": None, "subsets": 1}
    row = {name: several for name in ("fid", "fid_both", "fid_infinity", "kid")}
    results = {
        "counts": {"n_real": 10000, "by_n_fake": {"500": row, "10000": {n: once for n in row}}},
        "settings": {"n_real": 2000, "n_fake": 2000, "fid": {"usual": 40.0, "clean": 50.0}},
        "reference": {"n_real": 10000, "n_fake": 10000, "fid": {"samples against test": 20.0}},
    }
    text = fid_effects.render(results)
    assert "| 500 | 21.46 ± 0.12 | 21.46 ± 0.12 |" in text
    assert "| 10,000 | 20.00 | 20.00 | 20.00 | 20.00 |" in text
    assert "| usual | 40.00 |  |" in text and "| clean | 50.00 | +25.00 % |" in text
    assert "| samples against test | 20.00 |" in text
    page = f"before\n{fid_effects.BEGIN}\nold\n{fid_effects.END}\nafter\n"
    once = fid_effects.rewrite(page, results)
    assert text in once and "old" not in once and once.endswith(f"{fid_effects.END}\nafter\n")
    assert fid_effects.rewrite(once, results) == once


@pytest.mark.parametrize(
    "script", [f"{room}/write_page.py" for room in ("claims", "reliability", "speed")]
)
def test_a_generated_page_says_what_was_measured(script):
    page = loaded(script)
    assert page.PAGE.read_text("utf-8") == page.render()
