"""What people bring to every door, one module for each kind of trouble, in the order of the page.

To add a situation, decorate a function of an empty folder with `situation` in its module.
"""

# isort: off
from .situation import SITUATIONS, Situation
from . import (  # noqa: F401
    values,
    image_files,
    folders,
    labels,
    batches,
    own_networks,
    keras_habits,
    other_shapes,
    command_line,
)

__all__ = ["SITUATIONS", "Situation"]
