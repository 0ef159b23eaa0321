"""The notebooks run from top to bottom, each in a folder of its own."""

from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient", reason="pip install 'keras-ganzoo[notebooks]'")
    nbformat = pytest.importorskip("nbformat")
    monkeypatch.setenv("GANZOO_HOME", str(tmp_path / "home"))
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:  # the package is here
        cell.source = cell.source.replace("%pip install -q keras-ganzoo", "")
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=600, resources=resources).execute()
    shown = [x for cell in notebook.cells for x in cell.get("outputs", ())]
    assert any("image/png" in output.get("data", {}) for output in shown)
