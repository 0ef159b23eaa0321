"""The variants, one file each: a file here is a variant, and there is no other list of them.

Variant `wgan_gp` is the class `WGANGP` of `wgan_gp.py`: the file's name without underscores, in any
case, perhaps with GAN behind it. Listing the variants imports none of them.
"""

import importlib
import inspect
from pathlib import Path

from ganzoo.engine import hyperparameters as engine
from ganzoo.engine.hyperparameters import Hyperparameter
from ganzoo.errors import InputError, is_whole, unknown

_OWN: dict[str, type] = {}  # variants that a person registered
_KERAS = ("seed", "jit_compile", "run_eagerly", "steps_per_execution")  # arguments of `compile`

__all__ = ["create", "get", "hyperparameters", "list_variants", "register"]


def list_variants() -> list[str]:
    """Returns the names that `create` takes."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(path.stem for path in files if path.stem != "__init__") + list(_OWN)


def register(name: str, cls: type) -> None:
    """Makes a variant of your own known by name, to `create`, recipes and `train.py`.

    Args:
        name: The name to use.
        cls: A subclass of `GAN` with `networks` and `learning`.

    Raises:
        InputError: If the name is taken.

    Example:
    ```python
    ganzoo.gans.register("my_gan", MyGAN)
    gan = ganzoo.create("my_gan", image_shape=(32, 32, 3))
    ```
    """
    if name in list_variants():
        raise InputError(f"there is already a variant {name!r}: choose another name.")
    _OWN[name] = cls


def get(name: str) -> type:
    """Returns the class of a variant.

    Raises:
        InputError: If the variant is unknown.
    """
    if name in _OWN:
        return _OWN[name]
    if name not in list_variants():
        raise unknown("variant", name, list_variants())
    module = importlib.import_module(f"ganzoo.gans.{name}")
    classes = {key: item for key, item in vars(module).items() if isinstance(item, type)}
    return next(cls for key, cls in classes.items() if _variant_of(key) == name)


def _variant_of(class_name: str) -> str | None:
    """Returns the variant whose class has this name, or None."""
    lower = class_name.lower()
    names = {name.replace("_", ""): name for name in list_variants() if name not in _OWN}
    return names.get(lower) or names.get(lower.removesuffix("gan"))


def hyperparameters(name: str) -> dict[str, Hyperparameter]:
    """Returns the hyperparameters of a variant, and the tricks of architecture, by name."""
    from ganzoo.networks import tricks  # here, like all that imports Keras: listing is quick

    known = engine.of(get(name))
    others = {
        key: Hyperparameter(key, "architecture", None, trick.meaning)
        for key, trick in tricks.SIDES.items()
        if key not in known
    }
    return known | others


def from_data(name: str) -> dict[str, bool]:
    """Returns what a variant's default networks must be told of the data, besides their shape.

    Returns:
        Whether they need it, for each of `num_classes`, `vocabulary`, `teacher_dim` that they take.
    """
    parameters = inspect.signature(get(name).networks).parameters
    return {
        key: parameters[key].default is inspect.Parameter.empty
        for key in engine.FROM_DATA
        if key in parameters and key != "image_shape"
    }


def takes_labels(name: str) -> bool:
    """Returns whether a variant's default networks can be made for a number of classes."""
    return "num_classes" in from_data(name)


def create(
    name, image_shape=(28, 28, 1), num_classes=None, *, generator=None, discriminator=None,
    **arguments,
):  # fmt: skip
    """Returns a variant with its default networks, compiled with its default training settings.

    Args:
        name: One of `list_variants()`.
        image_shape: (H, W, C), with sides from 8 to 256; or (D,) for points; or (T,) for sequences
            of tokens, together with `vocabulary`.
        num_classes: Number of classes, for the variants that use labels.
        generator: What to train in place of the default generator: a built network, or a `Sampler`,
            such as `load_pretrained` returns.
        discriminator: The same in place of the default discriminator: a network or a `Critic`.
        **arguments: Arguments of the variant's `networks`, such as `width` and `latent_dim`;
            tricks of architecture, by the names in `networks.tricks.SIDES`; and arguments of
            `GAN.compile`. `hyperparameters(name)` lists them.

    Raises:
        InputError: If the variant or a part is unknown, or the shape or a part does not fit.

    Example:
    ```python
    gan = ganzoo.create("wgan_gp", image_shape=(28, 28, 1), width=32)
    gan.fit(ganzoo.data.load("fashion_mnist_10k"), epochs=5)

    labeled = ganzoo.create("cgan", num_classes=10, dropout=0.2, penalties=["r1"])
    ```
    """
    from ganzoo.networks import tricks

    cls, known = get(name), hyperparameters(name)
    needs = from_data(name)
    valid = [*known, *_KERAS, *(key for key in needs if key != "num_classes")]
    for key in arguments:
        if key not in valid:
            raise unknown(f"argument of {cls.__name__}", key, valid)
    if num_classes is not None and "num_classes" not in needs:
        raise InputError(f"variant {name!r} takes no labels: drop num_classes.")
    if num_classes is None and needs.get("num_classes"):
        raise InputError(f"variant {name!r} learns from labels: give num_classes.")
    if num_classes is not None:
        arguments["num_classes"] = num_classes
    parameters = dict(inspect.signature(cls.networks).parameters)
    sizes = [key for key in parameters if key != "image_shape"]
    given = {key: value for key, value in arguments.items() if key in sizes and value is not None}
    if generator is not None and "latent_dim" in sizes:
        given["latent_dim"] = getattr(generator, "latent_dim", given.get("latent_dim", 128))
    for key in sizes:
        if parameters[key].default is inspect.Parameter.empty and key not in given:
            raise InputError(f"variant {name!r} needs {key}: give {key}=...")
    for key, value in given.items():
        if key in ("width", "latent_dim", "num_classes") and not is_whole(value, 1):
            raise InputError(f"expected {key} >= 1, a whole number, got {value!r}.")
    parts = cls.networks(tuple(image_shape), **given)
    for side, network in (("generator", generator), ("discriminator", discriminator)):
        if network is not None:
            parts[side] = _fitting(name, side, network, parts[side])
    for key, trick in tricks.SIDES.items():
        if key not in sizes and arguments.get(key) is not None:
            parts[trick.side] = tricks.applied(key, arguments[key], parts[trick.side])
    gan = cls(**parts)
    learned = [key for key, parameter in known.items() if parameter.table == "learning"]
    learning = {key: value for key, value in arguments.items() if key in (*learned, *_KERAS)}
    gan.compile(**learning)
    return gan


def _fitting(name: str, side: str, network, default):
    """Returns a network in place of a default one, which takes and returns the same.

    Raises:
        InputError: If it does not.
    """
    network = getattr(network, "trainable_network", network)
    if not all(hasattr(one, "input_shape") for one in (network, default)):
        raise InputError(f"{name} has no single {side} that another one could replace.")
    pairs = {"takes": "input_shape"} | ({"returns": "output_shape"} if side == "generator" else {})
    for verb, attribute in pairs.items():
        got, expected = getattr(network, attribute), getattr(default, attribute)
        if got != expected:
            raise InputError(
                f"expected a {side} for {name} that {verb} {expected}, got one that {verb} {got}."
            )
    return network


def __getattr__(class_name: str):
    if name := _variant_of(class_name):
        return get(name)
    raise AttributeError(f"module 'ganzoo.gans' has no attribute {class_name!r}")
