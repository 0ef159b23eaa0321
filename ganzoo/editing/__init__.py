"""What is done with a trained generator's codes: they are found for a photo.

Imports `inference` and `metrics`; the commands import it.
"""

from ganzoo.editing.projection import Projection, project

__all__ = ["Projection", "project"]
