"""What is done with a trained generator's codes: they are found for a photo, and moved.

Imports `inference` and `metrics`; the commands import it.
"""

from ganzoo.editing import directions
from ganzoo.editing.directions import Direction, direction
from ganzoo.editing.projection import Projection, project

__all__ = ["Direction", "Projection", "direction", "directions", "project"]
