"""What people bring to every door: one module for each kind of trouble, listed in its order below.

To add a situation, write a function of an empty folder there, and decorate it with `situation`.
"""

from . import values  # isort: skip
from . import image_files  # isort: skip
from . import folders  # isort: skip
from . import labels  # isort: skip
from . import batches  # isort: skip
from . import own_networks  # isort: skip
from . import keras_habits  # isort: skip
from . import other_shapes  # isort: skip
from . import command_line  # isort: skip
from .situation import SITUATIONS, Situation

__all__ = [
    "SITUATIONS", "Situation", "batches", "command_line", "folders", "image_files",
    "keras_habits", "labels", "other_shapes", "own_networks", "values",
]  # fmt: skip
