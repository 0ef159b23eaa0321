"""The page of the demo, made with Gradio: a tab for each thing that people do with a generator."""

import functools
import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr

from ganzoo.demo import studio
from ganzoo.errors import InputError

TITLE, FIRST = "GanZoo", "biggan_fashion_mnist"
ABOUT = """# GanZoo
Pretrained GANs to look at: draw samples, move them along directions of the latent space, film a
walk from one to the next, mix their styles, translate a picture, or find your own photo in the
latent space."""
PROGRESS = gr.Progress()  # which Gradio finds among the defaults of a function
PROJECTED = "Finding a photo takes a minute or two, and the weights of LPIPS: see `ganzoo data`."


def build(chosen: str | None = None) -> gr.Blocks:
    """Returns the page.

    Args:
        chosen: Name or folder of the generator, or translator, that is shown first.

    Raises:
        InputError: If there is no such model.
    """
    generators, translators = studio.choices()
    first = FIRST if FIRST in generators else next(iter(generators), None)
    translator = next(iter(translators), None)
    if chosen is not None:
        if studio.model(chosen).kind == "translator":
            translator, translators = chosen, _with(translators, chosen)
        else:
            studio.generator(chosen)
            first, generators = chosen, _with(generators, chosen)
    if first is None:
        raise InputError("the zoo has no generator yet: give the folder of a run of your own.")
    with gr.Blocks(title=TITLE, delete_cache=(3600, 3600)) as page:
        gr.Markdown(ABOUT)
        with gr.Row():
            name = gr.Dropdown(generators, value=first, label="Generator", scale=3)
            names = studio.classes(first)
            label = gr.Dropdown(
                [studio.ANY, *names],
                value=studio.ANY,
                label="Class",
                visible=bool(names),
                scale=2,
                allow_custom_value=True,
            )
            variety = gr.Slider(0.1, 1.0, 1.0, step=0.05, label="Truncation", scale=2)
        with gr.Tab("Samples"):
            _samples(name, label, variety, page)
        with gr.Tab("Directions"):
            _directions(name, label, variety)
        with gr.Tab("Interpolation"):
            _interpolation(name, label, variety)
        with gr.Tab("Style mixing", visible=studio.mixes(first)) as mixing:
            _mixing(name, variety)
        with gr.Tab("Find a photo"):
            _projection(name)
        if translators:
            with gr.Tab("Translate"):
                _translation(translators, translator)

        def changed(name):
            names = studio.classes(name)
            choices = [studio.ANY, *names]
            return (
                gr.update(choices=choices, value=studio.ANY, visible=bool(names)),
                gr.update(visible=studio.mixes(name)),
            )

        name.change(_told(changed), name, [label, mixing])
    return page


def _with(names: list[str], name: str) -> list[str]:
    return names if name in names else [name, *names]


def _told(function):
    """Returns the function with its refusals shown on the page."""

    @functools.wraps(function)
    def told(*arguments):
        try:
            return function(*arguments)
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from None

    return told


def _picture(label: str) -> gr.Image:
    return gr.Image(label=label, interactive=False, format="png", height=540)


def _samples(name, label, variety, page) -> None:
    with gr.Row():
        with gr.Column(scale=1):
            seed = gr.Number(0, precision=0, minimum=0, label="First seed")
            count = gr.Slider(1, 64, 36, step=1, label="Images")
            button = gr.Button("Draw", variant="primary")
        with gr.Column(scale=2):
            picture = _picture("Samples")
    given = [name, seed, count, label, variety]
    draw = _told(studio.samples)
    button.click(draw, given, picture, api_name="samples")
    page.load(draw, given, picture, api_name=False)
    name.change(
        _told(lambda name, seed, count, variety: studio.samples(name, seed, count, None, variety)),
        [name, seed, count, variety], picture, api_name=False,
    )  # fmt: skip


def _directions(name, label, variety) -> None:
    with gr.Row():
        with gr.Column(scale=1):
            seed = gr.Number(0, precision=0, minimum=0, label="Seed")
            sliders = [
                gr.Slider(-4, 4, 0 if place else 2, step=0.25, label=f"Principal component {place}")
                for place in range(studio.DIRECTIONS)
            ]
            button = gr.Button("Draw", variant="primary")
        with gr.Column(scale=2):
            picture = _picture("The sample, and what it is moved to")
    given = [name, seed, label, variety, *sliders]
    button.click(_told(studio.edited), given, picture, api_name="edited")
    for slider in sliders:
        slider.release(_told(studio.edited), given, picture, api_name=False)


def _interpolation(name, label, variety) -> None:
    with gr.Row():
        with gr.Column(scale=1):
            seed = gr.Number(0, precision=0, minimum=0, label="First seed")
            count = gr.Slider(2, 12, 5, step=1, label="Seeds to pass")
            button = gr.Button("Film", variant="primary")
        with gr.Column(scale=2):
            film = gr.Image(label="Loop", interactive=False, format="webp", height=540)
    given = [name, seed, count, label, variety]
    button.click(_told(studio.film), given, film, api_name="film")


def _mixing(name, variety) -> None:
    with gr.Row():
        with gr.Column(scale=1):
            rows = gr.Number(0, precision=0, minimum=0, label="First seed of the rows")
            columns = gr.Number(4, precision=0, minimum=0, label="First seed of the columns")
            layers = gr.Radio(
                ["coarse", "middle", "fine"], value="coarse", label="Layers that columns give"
            )
            button = gr.Button("Mix", variant="primary")
        with gr.Column(scale=2):
            picture = _picture("Each image has its row's styles, and those layers of its column")
    given = [name, rows, columns, layers, variety]
    button.click(_told(studio.mixed), given, picture, api_name="mixed")


def _projection(name) -> None:
    with gr.Row():
        with gr.Column(scale=1):
            photo = gr.Image(type="filepath", sources=["upload", "clipboard"], label="Your photo")
            steps = gr.Slider(20, 1000, 200, step=20, label="Steps")
            button = gr.Button("Find", variant="primary")
            gr.Markdown(PROJECTED)
        with gr.Column(scale=2):
            picture = _picture("The photo, and what the generator draws")
            figures = gr.Textbox(label="How near", interactive=False)

    def find(name, path, steps, progress=PROGRESS):
        def shown(step, loss):
            progress((step, int(steps)), desc=f"loss {loss:.3f}")

        return studio.projected(name, _given(path), steps, shown)

    button.click(_told(find), [name, photo, steps], [picture, figures], api_name="projected")


def _translation(translators: list[str], chosen: str) -> None:
    with gr.Row():
        with gr.Column(scale=1):
            name = gr.Dropdown(translators, value=chosen, label="Translator")
            canvas = gr.ImageEditor(
                type="filepath", sources=["upload", "clipboard"], label="Upload, or draw",
                brush=gr.Brush(default_size=8, colors=["#000000"]), image_mode="RGB",
            )  # fmt: skip
            inverted = gr.Checkbox(True, label="Invert (edges are white on black)")
            seed = gr.Number(0, precision=0, minimum=0, label="Seed")
            button = gr.Button("Translate", variant="primary")
        with gr.Column(scale=2):
            picture = _picture("The picture as the translator takes it, and its translation")

    def translate(name, drawn, inverted, seed):
        return studio.translated(name, _given(drawn and drawn["composite"]), inverted, seed)

    given = [name, canvas, inverted, seed]
    button.click(_told(translate), given, picture, api_name="translated")


def _given(path):
    """Returns the path of a picture.

    Raises:
        InputError: If none was given.
    """
    if not path:
        raise InputError("no picture yet: upload one, or draw one.")
    return path
