"""Labels, weights of examples, and names of classes."""

from functools import partial

import numpy as np

from ganzoo.inference import saved_model

from .shared import DOORS, FLOATS, PIXELS, game, named_sampler, order, seen, untrained
from .situation import same, situation

CLASSES = np.arange(16) % 3
ONE_HOT = np.eye(3)[CLASSES]
LABELS = {
    "integers (N,)": (CLASSES, None),
    "integers (N, 1)": (CLASSES[:, None], None),
    "one-hot (N, K)": (ONE_HOT, None),
    "one-hot of the wrong number of classes": (np.eye(4)[CLASSES], "one-hot ones (N, 3)"),
    "rows of ones that are not one-hot": (np.ones((16, 3)), "labels"),
    "a label that is too large": (CLASSES + 1, "labels from 0 to 2"),
    "a label below 0": (CLASSES - 1, "labels from 0 to 2"),
    "strings": (np.array(["a", "b"] * 8), "expected integer labels"),
    "floats": (CLASSES + 0.5, "expected integer labels"),
    "missing": (None, "expected labels from 0 to 2"),
}


def labeled(door, labels, folder) -> bool:
    """Returns whether a training sees the right class of each image."""
    columns = (PIXELS,) if labels is None else (PIXELS, labels)
    if door != "fit of an array":
        columns = (DOORS[door](*columns),)
    return same(seen(untrained(True), *columns)["label"], CLASSES[order(FLOATS)])


for what, (labels, refused) in LABELS.items():
    for door in DOORS:
        situation("labels", door, what, refused)(partial(labeled, door, labels))
for given in ({"class_weight": {0: 1.0}}, {"sample_weight": np.ones(16)}):
    (key,) = given

    @situation("labels", "fit", key, f"{key}: a GAN weights no examples")
    def _(folder, given=given):
        return game().fit(FLOATS, verbose=0, **given) is None


for door in ("fit of a tf.data.Dataset", "fit of a generator"):

    @situation("labels", door, "three-tuples", "tuples of 3")
    def _(folder, form=DOORS[door]):
        return game().fit(form(FLOATS, CLASSES, CLASSES), verbose=0) is None


@situation("labels", "sample", "names of classes")
def _(folder):
    sampler = named_sampler()
    return same(sampler.sample(labels=["cat", "ant"]), sampler.sample(labels=[2, 0]))


@situation("labels", "sample", "an unknown name", "Did you mean 'ant'")
def _(folder):
    return named_sampler().sample(labels=["ants"]) is None


@situation("labels", "export", "names of classes travel along")
def _(folder):
    named_sampler().export(folder / "1")
    return saved_model.load(folder / "1").class_names == ("ant", "bee", "cat")
