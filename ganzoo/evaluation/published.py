"""Published figures to compare with, and figures that cannot be compared."""

SOURCE = "the lowest FID of this loss in a large search (Lucic et al., 2018, arXiv:1711.10337)"
BIASED = (  # the sentence about models trained on a perceptual distance
    "trained to be close to the data in a classifier's features, so figures in the zoo's own "
    "features flatter it."
)
FID = {
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


def fid(recipe: dict) -> float | None:
    """Returns the best published FID of a recipe's loss and data set, if there is one."""
    return FID.get(recipe["dataset"], {}).get(recipe["model"])


def is_biased(recipe: dict) -> bool:
    """Returns whether the recipe's loss uses, or may use, the network that figures are taken in."""
    perceptual = recipe.get("learning", {}).get("perceptual")
    if perceptual is None:
        return False
    network = perceptual["config"]["network"]
    return not isinstance(network, str) or network == recipe["features"]
