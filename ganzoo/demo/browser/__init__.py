"""A page without a server: one file with trained networks, which the browser runs itself.

The networks are computed by TensorFlow.js, whose script the page contains as well, so the file can
be opened from a disk, mailed, or put on any web server.
"""

import base64
import io
import json
import re
import tomllib
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo import data, zoo
from ganzoo.data import sources
from ganzoo.demo import studio
from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.inference import formats, tfjs

FOLDER = Path(__file__).parent
RUNTIME = Path("node_modules", "@tensorflow", "tfjs", "dist", "tf.min.js")
EXAMPLES = 8  # pictures that a translator can be tried with
KINDS = ("generator", "translator")


def write(names: list[str], path: Path, runtime: Path) -> None:
    """Writes the page.

    Args:
        names: Generators of images and translators: names from `ganzoo list`, SavedModels or runs.
        path: The file, a .html; what is there is replaced.
        runtime: The script tf.min.js of the package @tensorflow/tfjs, or the folder that has it.

    Raises:
        InputError: If there is no such model or script, or a model cannot be shown.
    """
    if path.suffix != ".html":
        raise InputError(f"expected a name that ends in .html, got {str(path)!r}.")
    parts = {
        "STYLE": (FOLDER / "page.css").read_text("utf-8"),
        "RUNTIME": _inline(_script(runtime)),
        "MODELS": _inline(json.dumps([_model(name) for name in names])),
        "SCRIPT": (FOLDER / "page.js").read_text("utf-8"),
    }
    page = (FOLDER / "page.html").read_text("utf-8")
    files.write_text(path, re.sub(r"/\*([A-Z]+)\*/", lambda match: parts[match[1]], page))


def _script(runtime: Path) -> str:
    """Returns the text of TensorFlow.js.

    Raises:
        InputError: If it is not there.
    """
    path = runtime if runtime.is_file() else runtime / RUNTIME
    if not path.is_file():
        raise InputError(
            f"expected TensorFlow.js, {RUNTIME}, in {runtime}, found none: `npm install "
            "@tensorflow/tfjs` there, or give the folder in which you did with --tfjs."
        )
    return path.read_text("utf-8")


def _inline(text: str) -> str:
    """Returns JavaScript or JSON that can stand within an HTML script."""
    return text.replace("</", "<\\/")


def _model(name: str) -> dict:
    """Returns all that the page has of a model, plain data.

    Raises:
        InputError: If it is neither a generator of images nor a translator.
    """
    model, title, dataset = studio.model(name), zoo.find(name)[1], _recipe(name).get("dataset")
    if model.kind not in KINDS or len(model.network.output_shape) != 4:
        raise InputError(f"{name}: expected a generator or translator of images, got others.")
    portable = formats.Portable(model, None)
    with formats.quiet():
        graph, weights = tfjs.converted(portable, "float16")
    found = {
        "name": title,
        "title": title.replace("_", " "),
        "kind": model.kind,
        "about": _about(name, dataset) if dataset else "",
        "inputs": {spec.name: list(spec.shape[1:]) for spec in portable.specs},
        "model": graph,
        "weights": base64.b64encode(weights).decode(),
    }
    if model.kind == "translator":
        examples = _examples(dataset, found["inputs"]["images"])
        bright = bool(len(examples)) and examples.mean() > 127.5
        found |= {"examples": list(map(_png, examples)), "ink": "black" if bright else "white"}
    elif classes := studio.classes(name):
        found["classes"] = classes
    return found


def _recipe(name: str) -> dict:
    """Returns the recipe of an entry as plain data; empty for other models."""
    if name not in zoo.list_pretrained():
        return {}
    path = zoo.info(name)["recipe"]
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}


def _about(name: str, dataset: str) -> str:
    """Returns what the page says below the pictures of an entry."""
    facts = zoo.info(name)
    license = sources.license_of(dataset, facts["metrics"].get("teacher"))
    return facts["description"] + (f". Data: {license}." if license else ".")


def _examples(dataset: str | None, shape: list[int]) -> np.ndarray:
    """Returns inputs of the test split, uint8 (N, H, W, C); none if the data are not here."""
    try:
        if dataset:
            options = {"image_size": shape[:2], "channels": shape[2]}
            return data.examples(dataset, "test", limit=EXAMPLES, **options)["x"]
    except InputError:
        pass
    return np.zeros((0, *shape), "uint8")


def _png(image: np.ndarray) -> str:
    """Returns an image as an address that contains it."""
    stream = io.BytesIO()
    Image.fromarray(image.squeeze()).save(stream, "PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
