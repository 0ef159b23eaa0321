"""The card of a pretrained generator, written from what was measured and from nothing else."""

import inspect

_FASHION = "Fashion-MNIST, MIT licence, Copyright (c) 2017 Zalando SE"
_MNIST = "MNIST, CC BY-SA 3.0, Copyright (c) Yann LeCun and Corinna Cortes"
LICENCES = {
    "fashion_mnist": _FASHION,
    "fashion_mnist_10k": _FASHION,
    "mnist": _MNIST,
    "openmoji": "OpenMoji, CC BY-SA 4.0",
    "fluent_emoji": "Fluent Emoji, MIT licence, Copyright (c) Microsoft Corporation",
    "emoji_styles": "Noto Emoji, Apache-2.0, Google; Twemoji, CC BY 4.0, Twitter",
    "cifar10": "CIFAR-10, free for research, Alex Krizhevsky, Vinod Nair and Geoffrey Hinton, 2009",
    "oracle": "none, random numbers",
}
SOURCE = "the lowest FID of this loss in a large search (Lucic et al., 2018, arXiv:1711.10337)"
BIASED = (  # the sentence about what was trained on a perceptual distance
    "trained to be near the data as a classifier sees it, so figures in own features flatter it."
)
PUBLISHED = {
    "mnist": {
        "dcgan": 6.8, "lsgan": 7.8, "wgan": 6.7, "wgan_gp": 20.3, "dragan": 7.6, "began": 13.1,
    },
    "fashion_mnist": {
        "dcgan": 26.5, "lsgan": 30.7, "wgan": 21.5, "wgan_gp": 24.5, "dragan": 27.7, "began": 22.9,
    },
    "cifar10": {
        "dcgan": 58.5, "lsgan": 87.1, "wgan": 55.2, "wgan_gp": 55.8, "dragan": 69.8, "began": 71.4,
    },
}  # fmt: skip

CARD = """\
# {entry}

![{picture}](samples.png)

{paper}

Model `{model}`, trained on `{dataset}`{way}.

## Reproduce

```
python train.py --recipe={entry}
```

{cost} The recipe is [recipe.toml](recipe.toml); what was measured is [metrics.json](metrics.json).

## Figures

| figure | value | measured with |
|---|---|---|
{figures}
{published}{biased}{neighbours}
## Limits

{limits}

## Load

With GanZoo:

```python
import ganzoo

{load}
```

With TensorFlow alone:

```python
import tensorflow as tf

{load_alone}
```

With a model server ({signature}):

```
tensorflow_model_server --rest_api_port=8501 --model_name={entry} \\
  --model_base_path="$PWD/saved_models/{entry}" &
curl localhost:8501/v1/models/{entry}{request}
```

What it gives for fixed inputs is in [metrics.json](metrics.json), too, and `ganzoo verify {entry}`
compares.

## Licence

Data: {licence}. Weights: Apache-2.0, as GanZoo.
"""

KINDS = {  # kind of model -> what its card says; `load` gives what the model is about
    "generator": {
        "picture": "Samples of {entry}, none of them picked",
        "limits": """\
It draws what is in `{dataset}`, at the size of the recipe, and nothing else; it also repeats that
data's gaps and biases. The figures hold for the settings beside them: compare them only with
figures measured the same way. They do not show that no sample is close to a training image.""",
        "load": """\
images = ganzoo.load_pretrained("{entry}").sample(16, seed=0)  # uint8 (16, H, W, C)""",
        "load_alone": """\
images = tf.saved_model.load("saved_models/{entry}/{version}").sample(16, 0)""",
        "signature": "the signature `serving_default` takes latents and gives images in [-1, 1]",
        "request": """\
:predict \\
  -d '{{"signature_name": "sample", "inputs": {{"num": 16, "seed": 0}}}}'""",
    },
    "translator": {
        "picture": "In each triple an image, its translation, and its true partner; or, of sets "
        "that nobody paired, its translation back",
        "limits": """\
It translates what is like the images of `{dataset}`, at the size of the recipe, and nothing else.
The figures hold for the settings beside them: compare them only with figures measured the same
way.""",
        "load": """\
batch = ganzoo.data.examples("{dataset}", "train", limit=16{shape})
images = batch["{given}"]  # uint8 (16, H, W, C)
translated = ganzoo.load_pretrained("{entry}").translate(images)""",
        "load_alone": """\
translate = tf.saved_model.load("saved_models/{entry}/{version}").translate
translated = translate(images, 0)  # uint8 (N, H, W, C) both""",
        "signature": "the signature `translate` takes uint8 `images` and a `seed`, and gives such",
        "request": "/metadata",
    },
    "classifier": {
        "picture": "The training images of which it thinks least that they are of their class",
        "limits": """\
It tells the classes of `{dataset}` apart: what it says of other images means nothing. Its features
compare images of that data, as `features="{dataset}"` does with those of `classifier_{dataset}`;
Frechet distances in them are on a scale of their own.""",
        "load": """\
classifier = ganzoo.load_pretrained("{entry}")
images, labels = ganzoo.data.arrays("{dataset}", "test")  # uint8 (N, H, W, C)
classes = classifier.predict(images).argmax(1)
features = classifier.features(images)  # float32 (N, D)""",
        "load_alone": """\
found = tf.saved_model.load("saved_models/{entry}/{version}")(tf.zeros((1, 28, 28, 1)))
found["probabilities"], found["features"]""",
        "signature": "`serving_default` takes images in [-1, 1], gives probabilities and features",
        "request": "/metadata",
    },
    "sequences": {
        "picture": "Sequences, a row each, none of them picked: the darker a token, the more "
        "frequent it is in the data",
        "limits": """\
It draws sequences like those of `{dataset}`, of the same length and the same tokens, and nothing
else. The figures hold for the settings beside them: compare them only with figures measured the
same way.""",
        "load": """\
sequences = ganzoo.load_pretrained("{entry}")
tokens = sequences.sample(16, seed=0)  # int32 (16, T)
lines = sequences.lines(16, seed=0)  # the same as text""",
        "load_alone": """\
tokens = tf.saved_model.load("saved_models/{entry}/{version}").sample(16, 0)""",
        "signature": "the signature `serving_default` takes tokens and gives their log-likelihood",
        "request": """\
:predict \\
  -d '{{"signature_name": "sample", "inputs": {{"num": 16, "seed": 0}}}}'""",
    },
}

CONDITIONAL = {  # of a generator that is given labels
    "load": """\
generator = ganzoo.load_pretrained("{entry}")
images = generator.sample(16, seed=0)  # uint8 (16, H, W, C), of random classes
images = generator.sample(16, seed=0, labels={last})  # of one, 0 to {last}; or a list""",
    "load_alone": """\
generator = tf.saved_model.load("saved_models/{entry}/{version}")
images = generator.sample(16, 0)  # of random classes
latents, labels = tf.random.normal((16, {latents})), tf.fill([16], {last})
images = generator(latents, labels)["images"]  # of one, float32 in [-1, 1]""",
    "signature": "the signature `serving_default` takes latents and labels, and gives images in "
    "[-1, 1]",
}

NEIGHBOURS = """
![Samples and the training images nearest to them](neighbours.png)

In each row a sample, and the training images that are nearest to it.
"""


def render(entry: str, version: int, recipe: dict, summary: dict) -> str:
    """Returns the card as Markdown.

    Args:
        entry: The entry's name.
        version: The version of its SavedModel.
        recipe: The run's recipe; its `model`, `dataset`, `image_size`, `channels` and `latent_dim`
            are used.
        summary: The run's facts: `steps`, and `metrics` with for each figure a number or
            `{"value": number}` and what it was measured with; `seconds`, `images_per_second`,
            `hardware`, `versions`, `best_step`, the `kind` of what was exported, how many
            `classes` it can be asked for, and `which` of several exports it is, are used if they
            are there.
    """
    rows = []
    for name, fact in summary["metrics"].items():
        fact = dict(fact) if isinstance(fact, dict) else {"value": fact}
        value = fact.pop("value", "")
        value = f"{value:.4g}" if isinstance(value, float) else value
        rows.append(f"| {name} | {value} | {_pairs(fact) or '-'} |")
    from ganzoo import gans

    which, known = summary.get("which"), published(recipe)
    names = {
        "entry": entry, "version": version, "dataset": recipe["dataset"],
        "given": (which or "x")[0],  # of a translation
        "latents": recipe.get("architecture", {}).get("latent_dim"),
        "last": (summary.get("classes") or 1) - 1,
        "shape": "".join(f", {k}={recipe[k]}" for k in ("image_size", "channels") if recipe.get(k)),
    }  # fmt: skip
    words = KINDS[summary.get("kind") or getattr(gans.get(recipe["model"]), "kind", "generator")]
    if summary.get("classes"):
        words = words | CONDITIONAL
    if which == "classifier":
        words = words | {"picture": "Samples of the generator that it learned from"}
    return CARD.format(
        **names,
        **{key: text.format(**names) for key, text in words.items()},
        model=recipe["model"],
        way=f", `{which}` of what it exports" if which else "",
        paper=_paper(recipe["model"]),
        cost=_cost(summary),
        figures="\n".join(rows),
        published=f"\nPublished: {known:g}, {SOURCE}.\n" if known else "",
        biased=f"\nIt was {BIASED}\n" if is_biased(recipe) else "",
        neighbours=NEIGHBOURS
        if any(n.startswith("neighbours") for n in summary["metrics"])
        else "",
        licence=LICENCES.get(
            recipe["dataset"].split(":")[-1], f"that of `{recipe['dataset']}`, see its source"
        ),
    )


def published(recipe: dict) -> float | None:
    """Returns the best published FID of a recipe's loss and data set, if there is one."""
    return PUBLISHED.get(recipe["dataset"], {}).get(recipe["model"])


def is_biased(recipe: dict) -> bool:
    """Returns whether the recipe's loss is, or may be, of the network that figures are made in."""
    perceptual = recipe.get("learning", {}).get("perceptual")
    if perceptual is None:
        return False
    network = perceptual["config"]["network"]
    return not isinstance(network, str) or network == recipe["features"]


def _paper(model: str) -> str:
    """Returns what the variant's docstring says of the idea and of its paper."""
    from ganzoo import gans

    text = inspect.getdoc(gans.get(model)) or ""
    idea, *rest = text.split("\n\n")
    papers = [part for part in rest if part.startswith(("Reference:", "References:"))]
    return "\n\n".join([idea, *(inspect.cleandoc(part.split(":", 1)[1]) for part in papers)])


def _cost(summary: dict) -> str:
    parts = [f"{summary['steps']:,} steps"]
    if seconds := summary.get("seconds"):
        parts.append(f"{seconds / 60:.3g} minutes")
    if rate := summary.get("images_per_second"):
        parts.append(f"{rate:.4g} images a second")
    for key in ("hardware", "versions"):
        if value := summary.get(key):
            parts.append(_pairs(value) if isinstance(value, dict) else str(value))
    best = summary.get("best_step")
    kept = f" What is kept is that of step {best:,}, the best one." if best else ""
    return f"It took {', '.join(parts)}.{kept}"


def _pairs(facts: dict) -> str:
    return ", ".join(f"{key} {value}" for key, value in facts.items())
