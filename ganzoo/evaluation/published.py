"""Published figures to compare with, and figures that cannot be compared."""

import itertools

from ganzoo import gans

SOURCE = "the lowest FID of this loss in a large search (Lucic et al., 2018, arXiv:1711.10337)"
DIFFERS = (  # what is not alike, whatever the recipe
    "That study searched a hundred settings for each loss and averaged no weights. This entry is "
    "one setting and one seed"
)
BIASED = (  # the sentence about models trained on a perceptual distance
    "trained to be close to the data in a classifier's features, so figures in the zoo's own "
    "features flatter it."
)
FID = {  # data set -> loss -> the figure
    "mnist": {
        "minimax": 9.8, "non_saturating": 6.8, "least_squares": 7.8, "clipped": 6.7,
        "gradient_penalty": 20.3, "dragan": 7.6, "began": 13.1,
    },
    "fashion_mnist": {
        "minimax": 29.6, "non_saturating": 26.5, "least_squares": 30.7, "clipped": 21.5,
        "gradient_penalty": 24.5, "dragan": 27.7, "began": 22.9,
    },
    "cifar10": {
        "minimax": 72.7, "non_saturating": 58.5, "least_squares": 87.1, "clipped": 55.2,
        "gradient_penalty": 55.8, "dragan": 69.8, "began": 71.4,
    },
}  # fmt: skip
GAME = ("discriminator_loss", "generator_loss", "score", "generate")  # methods of a `GAN`
LOSSES = {  # (loss, penalties, whether weights are clipped) -> its name in that study
    ("Minimax", (), False): "minimax",
    ("NonSaturating", (), False): "non_saturating",
    ("LeastSquares", (), False): "least_squares",
    ("Wasserstein", (), True): "clipped",
    ("Wasserstein", ("GradientPenalty",), False): "gradient_penalty",
    ("NonSaturating", ("DRAGAN",), False): "dragan",
}


def loss_of(recipe: dict) -> str | None:
    """Returns the loss of a resolved recipe, if it is one of the study; None for other games.

    The loss decides, not the name of the variant. A variant that has terms of its own, takes labels
    or shows D several images at once plays another game.
    """
    learning, cls = recipe.get("learning", {}), gans.get(recipe["model"])
    if recipe["model"] == "began":
        return "began"
    derived = itertools.takewhile(lambda one: one.__module__ != "ganzoo.gan", cls.__mro__)
    own = any(method in vars(one) for one in derived for method in GAME)
    others = learning.get("unroll") or recipe.get("architecture", {}).get("pack")
    if own or others or gans.takes_labels(recipe["model"]):
        return None
    penalties = tuple(penalty["class_name"] for penalty in learning.get("penalties", []))
    loss = learning.get("loss", {}).get("class_name")
    return LOSSES.get((loss, penalties, bool(learning.get("clip"))))


def fid(recipe: dict) -> float | None:
    """Returns the published FID of a resolved recipe's loss and data set, if there is one."""
    return FID.get(recipe["dataset"], {}).get(loss_of(recipe))


def differs(recipe: dict) -> str:
    """Returns in a sentence what is not like the study in which `fid` was measured."""
    decay = recipe.get("learning", {}).get("ema", {}).get("config", {}).get("decay")
    return f"{DIFFERS}{f', and averages G with a decay of {decay}' if decay else ''}."


def is_biased(recipe: dict) -> bool:
    """Returns whether the recipe's loss uses, or may use, the network that figures are taken in."""
    perceptual = recipe.get("learning", {}).get("perceptual")
    if perceptual is None:
        return False
    network = perceptual["config"]["network"]
    return not isinstance(network, str) or network == recipe["features"]
