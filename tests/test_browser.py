"""The pages in a real browser: Chromium, driven by Playwright.

    pip install -e '.[browser]' && apt-get install chromium && pytest -m slow tests/test_browser.py

The page without a server also needs npm, for TensorFlow.js.
"""

import shutil
import socket
import subprocess

import keras
import numpy as np
import pytest
from cases import maker

from ganzoo.demo import browser as page

pytestmark = pytest.mark.slow
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def tab():
    """A page of a browser without a window; what goes wrong in it is an error."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no Chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        opened = chromium.new_page(viewport={"width": 1000, "height": 950})
        opened.set_default_timeout(120_000)
        errors = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        yield opened
        chromium.close()
    assert not errors


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A generator with classes and a translator, with weights that make images differ."""
    keras.utils.set_random_seed(0)
    rng, root, found = np.random.default_rng(0), tmp_path_factory.mktemp("models"), {}
    for name in ("cgan", "dcgan", "pix2pix"):
        found[name] = maker(name)().sampler
        for weight in found[name].network.weights:
            if len(weight.shape) > 1:
                weight.assign(rng.normal(0.0, 0.2, weight.shape))
        found[name].export(root / name)
    return root, found


@pytest.fixture(scope="module")
def written(models, tmp_path_factory):
    """The page without a server."""
    if not shutil.which("npm"):
        pytest.skip("no npm")
    root, folder = models[0], tmp_path_factory.mktemp("page")
    command = ["npm", "install", "--silent", f"--prefix={folder}", "@tensorflow/tfjs"]
    subprocess.run(command, check=True)
    page.write([str(root / name) for name in models[1]], folder / "page.html", folder)
    return folder / "page.html"


def pixels(tab, canvas: str) -> np.ndarray:
    """Returns the red values of a canvas."""
    script = f"""() => {{
        const canvas = document.querySelector('{canvas}');
        const context = canvas.getContext('2d');
        return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data);
    }}"""
    return np.array(tab.evaluate(script))[::4]


def test_the_browser_computes_what_the_network_does(tab, written, models):
    tab.goto(written.as_uri())
    tab.wait_for_selector("body[data-ready=cgan]")
    rng = np.random.default_rng(1)
    latents, labels = rng.normal(size=(6, 8)).astype("float32"), np.arange(6, dtype="int32") % 3
    inputs = {
        "latents": {"data": latents.ravel().tolist(), "shape": [6, 8], "dtype": "float32"},
        "labels": {"data": labels.tolist(), "shape": [6], "dtype": "int32"},
    }
    found = tab.evaluate(
        "inputs => ganzoo.run('cgan', inputs).then(x => Array.from(x.data))", inputs
    )
    expected = keras.ops.convert_to_numpy(models[1]["cgan"]([latents, labels])).ravel()
    np.testing.assert_allclose(found, expected, atol=5e-3)  # the weights are stored as float16


def test_samples_change_with_the_seed_and_walk(tab, written):
    tab.goto(written.as_uri())
    tab.wait_for_selector("body[data-ready=cgan]")
    first = pixels(tab, "#samples")
    assert first.std() > 1.0
    tab.click("#draw")
    tab.wait_for_function("document.querySelector('#seed').value === '1'")
    tab.fill("#seed", "0")
    tab.dispatch_event("#seed", "change")
    tab.wait_for_timeout(2000)
    np.testing.assert_array_equal(pixels(tab, "#samples"), first)
    tab.click("#walk")
    tab.wait_for_timeout(2000)
    tab.click("#walk")
    assert (pixels(tab, "#samples") != first).mean() > 0.1
    tab.select_option("#class", label="2")


def test_a_generator_without_classes_has_no_choice_of_them(tab, written):
    tab.goto(written.as_uri())
    tab.wait_for_selector("body[data-ready=cgan]")
    assert tab.is_visible("#class")
    tab.click("nav button:text-is('dcgan')")
    tab.wait_for_selector("body[data-ready=dcgan]")
    assert pixels(tab, "#samples").std() > 1.0 and not tab.is_visible("#class")


def test_a_drawing_is_translated(tab, written):
    tab.goto(written.as_uri())
    tab.wait_for_selector("body[data-ready=cgan]")
    tab.click("nav button:has-text('pix2pix')")
    tab.wait_for_selector("body[data-ready=pix2pix]")
    empty = pixels(tab, "#translation")
    box = tab.locator("#drawing").bounding_box()
    tab.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.7 * box["height"], steps=10)
    tab.mouse.up()
    tab.wait_for_timeout(2000)
    assert pixels(tab, "#drawing").max() == 255
    assert (pixels(tab, "#translation") != empty).mean() > 0.1


def test_the_demo_draws_at_each_click(tab, models):
    pytest.importorskip("gradio")
    from ganzoo.demo import page as demo

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = demo.build(str(models[0] / "cgan"))
    made.queue().launch(server_port=port, quiet=True, prevent_thread_lock=True)
    try:
        tab.goto(made.local_url)
        image = tab.locator("img[src*='/gradio_api/file=']").first
        image.wait_for()
        first = image.get_attribute("src")
        tab.get_by_label("First seed").first.fill("7")
        tab.get_by_role("button", name="Draw").first.click()
        tab.wait_for_function("src => ![...document.images].some(x => x.src === src)", arg=first)
        assert image.evaluate("x => x.naturalWidth") > 100
    finally:
        made.close()
