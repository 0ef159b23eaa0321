"""The GAN variants, one per file, in historical order. Listing them imports no TensorFlow."""

import importlib
import inspect

from ganzoo.errors import InputError, is_whole, unknown

_CLASSES = {  # variant -> class; each class is in the module named after its variant
    "vae": "VAE",  # not a GAN: the baseline of the variants with an encoder
    "gan": "GAN",
    "cgan": "CGAN",
    "aae": "AAE",
    "dcgan": "DCGAN",
    "vaegan": "VAEGAN",
    "fgan": "FGAN",
    "sgan": "SGAN",
    "infogan": "InfoGAN",
    "ebgan": "EBGAN",
    "acgan": "ACGAN",
    "lsgan": "LSGAN",
    "unrolled": "Unrolled",
    "seqgan": "SeqGAN",
    "pix2pix": "Pix2Pix",
    "wgan": "WGAN",
    "unit": "UNIT",
    "cyclegan": "CycleGAN",
    "began": "BEGAN",
    "wgan_gp": "WGANGP",
    "dragan": "DRAGAN",
    "klgan": "KLGAN",
    "pacgan": "PacGAN",
    "sngan": "SNGAN",
    "projection": "ProjectionGAN",
    "sagan": "SAGAN",
    "rgan": "RGAN",
    "imle": "IMLE",
    "biggan": "BigGAN",
    "stylegan2": "StyleGAN2",
    "imlegan": "IMLEGAN",
    "r3gan": "R3GAN",
    "classifier": "Classifier",  # not a GAN: samples are evaluated with it
}

__all__ = ["create", "get", "list_variants", *_CLASSES.values()]


def list_variants() -> list[str]:
    """Returns the names that `create` accepts."""
    return list(_CLASSES)


def get(name: str) -> type:
    """Returns the class of a variant.

    Raises:
        InputError: If the variant is unknown.
    """
    if name not in _CLASSES:
        raise unknown("variant", name, _CLASSES)
    home = "ganzoo.gan" if name == "gan" else f"ganzoo.gans.{name}"
    return getattr(importlib.import_module(home), _CLASSES[name])


def takes_labels(name: str) -> bool:
    """Returns whether a variant is trained with class labels."""
    return "num_classes" in inspect.signature(get(name).networks).parameters


def takes_tokens(name: str) -> bool:
    """Returns whether a variant generates sequences of tokens."""
    return "vocabulary" in inspect.signature(get(name).networks).parameters


def translates(name: str) -> bool:
    """Returns whether a variant translates between two domains of images, `x` and `y`."""
    return get(name).kind == "translator"


def create(name, image_shape=(28, 28, 1), num_classes=None, **arguments):
    """Returns a variant with its default networks, compiled with its default training settings.

    Args:
        name: One of `list_variants()`.
        image_shape: (H, W, C), with sides from 8 to 256; (D,) for points; or (T,) for sequences of
            tokens, together with `vocabulary`.
        num_classes: Number of classes, for the variants that use labels.
        **arguments: Arguments of the variant's `networks`, such as `width`, the filters or units of
            the networks' narrowest layer, and `latent_dim`; architecture tricks, by the names in
            `networks.tricks.SIDES`; and arguments of `GAN.compile` that replace the defaults.

    Raises:
        InputError: If the variant or an argument is unknown, or an argument does not fit the
            variant or the image shape.
    """
    from ganzoo.networks import tricks  # imported late, so that listing the variants stays cheap

    cls = get(name)
    parameters = dict(inspect.signature(cls.networks).parameters)
    sizes = [key for key in parameters if key != "image_shape"]
    valid = [*cls.learning(), "seed", "jit_compile", "run_eagerly", "steps_per_execution"]
    others = [key for key in tricks.SIDES if key not in sizes]
    for key in arguments:
        if key not in [*valid, *sizes, *others]:
            raise unknown(f"argument of {cls.__name__}", key, [*sizes, *valid, *others])
    if (num_classes is not None) != takes_labels(name):
        advice = "takes no labels: drop" if num_classes is not None else "learns from labels: give"
        raise InputError(f"variant {name!r} {advice} num_classes.")
    if num_classes is not None:
        arguments["num_classes"] = num_classes
    network_arguments = {
        key: value for key, value in arguments.items() if key in sizes and value is not None
    }
    for key in sizes:
        if parameters[key].default is inspect.Parameter.empty and key not in network_arguments:
            raise InputError(f"variant {name!r} needs {key}: give {key}=...")
    for key, value in network_arguments.items():
        if key in ("width", "latent_dim", "num_classes") and not is_whole(value, 1):
            raise InputError(f"expected {key} >= 1, a whole number, got {value!r}.")
    parts = cls.networks(tuple(image_shape), **network_arguments)
    for key in others:
        if arguments.get(key) is not None:
            side, _ = tricks.SIDES[key]
            parts[side] = tricks.applied(key, arguments[key], parts[side])
    gan = cls(**parts)
    gan.compile(**{key: value for key, value in arguments.items() if key in valid})
    return gan


def __getattr__(class_name: str):
    for name, known in _CLASSES.items():
        if known == class_name:
            return get(name)
    raise AttributeError(f"module 'ganzoo.gans' has no attribute {class_name!r}")
