"""GanZoo: a TensorFlow / Keras 3 model zoo of generative adversarial networks.

Importing this package is cheap: TensorFlow is imported when the first name that needs it is used.
"""

import importlib

__version__ = "0.1.0"

_HOME = {  # public name -> the module it lives in
    "GAN": "gan",
    "create": "gans",
    "list_variants": "gans",
    "list_pretrained": "zoo",
    "load_pretrained": "zoo",
    "Recipe": "training.recipe",
    "InputError": "errors",
}
_ROOMS = (
    "augment", "callbacks", "data", "gans", "layers", "losses", "metrics", "networks", "penalties",
    "schedules", "testing",
)  # fmt: skip

__all__ = ["__version__", *_HOME, *_ROOMS]


def __getattr__(name: str):
    if name in _HOME:
        return getattr(importlib.import_module(f"ganzoo.{_HOME[name]}"), name)
    if name in _ROOMS:
        return importlib.import_module(f"ganzoo.{name}")
    raise AttributeError(f"module 'ganzoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
