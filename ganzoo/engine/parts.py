"""Creates parts (losses, penalties, replay buffers) from their names or configs.

A part is specified as in Keras: by a name, `"hinge"`, by a config, `{"class_name": "R1", "config":
{"weight": 10.0}}`, or as an object. Only the classes of the given table can be created, so a recipe
cannot execute arbitrary code.
"""

import re

import keras

from ganzoo.errors import InputError, unknown


def snake_case(name: str) -> str:
    """Returns `"LeastSquares"` as `"least_squares"`, `"R1"` as `"r1"`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def table(*classes: type, package: str | None = None) -> dict[str, type]:
    """Registers the classes with Keras, so that saved models find them, and returns their table.

    Args:
        *classes: The classes.
        package: Name to register them under: by default that of their module, since there is a GAN
            and a penalty called DRAGAN. Saved files hold it: it stays if the module moves.

    Returns:
        The classes by their snake_case names.
    """
    for cls in classes:
        keras.saving.register_keras_serializable(package or cls.__module__)(cls)
    return {snake_case(cls.__name__): cls for cls in classes}


def get(kind: str, identifier, classes: dict[str, type], base: type | None = None):
    """Returns the part that `identifier` names.

    Args:
        kind: What is wanted, for the error message, e.g. `"loss"`.
        identifier: A name, a dict of `class_name` and `config`, a part, or None.
        classes: The valid classes, by snake_case name.
        base: The class that parts of a person's own derive from, if there is one.

    Raises:
        InputError: If the name is unknown or the class does not take that config.
    """
    if identifier is None or isinstance(identifier, base or tuple(classes.values())):
        return identifier
    if isinstance(identifier, str):
        identifier = {"class_name": identifier}
    if not isinstance(identifier, dict) or "class_name" not in identifier:
        raise InputError(
            f"expected a {kind}: a name, an object or {{class_name, config}}; got {identifier!r}. "
            f"Valid names: {', '.join(classes)}."
        )
    cls = classes.get(snake_case(identifier["class_name"]))
    if cls is None:
        raise unknown(kind, identifier["class_name"], classes)
    try:
        return cls(**identifier.get("config", {}))
    except (TypeError, ValueError) as error:
        raise InputError(f"{kind} {cls.__name__}: {error}") from error
