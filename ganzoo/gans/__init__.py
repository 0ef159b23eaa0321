"""The variants, one file each, in historical order. Listing them imports nothing."""

import importlib

from ganzoo.errors import InputError, unknown

_CLASSES = {  # variant -> class; it lives in the module of the variant's name
    "gan": "GAN",
    "dcgan": "DCGAN",
    "lsgan": "LSGAN",
    "wgan": "WGAN",
    "wgan_gp": "WGANGP",
    "dragan": "DRAGAN",
}

__all__ = ["create", "get", "list_variants", *_CLASSES.values()]


def list_variants() -> list[str]:
    """Returns the names that `create` takes."""
    return list(_CLASSES)


def get(name: str) -> type:
    """Returns the class of a variant.

    Raises:
        InputError: If there is no such variant.
    """
    if name not in _CLASSES:
        raise unknown("variant", name, _CLASSES)
    home = "ganzoo.gan" if name == "gan" else f"ganzoo.gans.{name}"
    return getattr(importlib.import_module(home), _CLASSES[name])


def create(
    name, image_shape=(28, 28, 1), num_classes=None, width=None, latent_dim=None, **learning
):
    """Returns a variant with its canonical networks, compiled with its canonical learning.

    Args:
        name: One of `list_variants()`.
        image_shape: (H, W, C), sides from 8 to 256; or (D,) for points.
        num_classes: Number of classes, for the variants that use labels.
        width: Filters, or units, of the networks' narrowest layer; the variant's own if not given.
        latent_dim: Width of the Gaussian that the generator draws from; the same.
        **learning: Arguments of `GAN.compile` to replace canonical ones.

    Raises:
        InputError: If the variant or a part is unknown, or the shape or a part does not fit.
    """
    cls = get(name)
    valid = [*cls.learning(), "seed", "jit_compile", "run_eagerly", "steps_per_execution"]
    for key in learning:
        if key not in valid:
            raise unknown(f"argument of {cls.__name__}.compile", key, valid)
    if num_classes is not None:
        raise InputError(f"variant {name!r} takes no labels: drop num_classes.")
    sizes = {"width": width, "latent_dim": latent_dim}
    sizes = {key: value for key, value in sizes.items() if value is not None}
    for key, value in sizes.items():
        if not isinstance(value, int) or value < 1:
            raise InputError(f"expected {key} >= 1, got {value!r}.")
    gan = cls(**cls.networks(tuple(image_shape), **sizes))
    gan.compile(**learning)
    return gan


def __getattr__(class_name: str):
    for name, known in _CLASSES.items():
        if known == class_name:
            return get(name)
    raise AttributeError(f"module 'ganzoo.gans' has no attribute {class_name!r}")
