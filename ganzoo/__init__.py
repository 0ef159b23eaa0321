"""GanZoo: a TensorFlow / Keras 3 model zoo of generative adversarial networks.

Importing this package is fast: TensorFlow is only imported when a name that needs it is used.
"""

import importlib

__version__ = "0.1.0"

_MODULES = {  # public name -> the module that defines it
    "GAN": "gan",
    "create": "gans",
    "list_variants": "gans",
    "list_pretrained": "zoo",
    "load_pretrained": "zoo",
    "Recipe": "training.recipe",
    "InputError": "errors",
}
_SUBPACKAGES = (
    "augment", "callbacks", "data", "editing", "gans", "layers", "losses", "metrics", "networks",
    "penalties", "schedules", "testing",
)  # fmt: skip

__all__ = ["__version__", *_MODULES, *_SUBPACKAGES]


def __getattr__(name: str):
    if name in _MODULES:
        return getattr(importlib.import_module(f"ganzoo.{_MODULES[name]}"), name)
    if name in _SUBPACKAGES:
        return importlib.import_module(f"ganzoo.{name}")
    raise AttributeError(f"module 'ganzoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
