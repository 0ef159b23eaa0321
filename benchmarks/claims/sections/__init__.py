"""The sections of the page of claims, in the modules by subject.

A section is a function that returns its text. Its arguments are the results that it needs, by the
names of their files, and it is left out while the first one's file is missing.
"""

from .every import every_variant
from .images import (
    autoencoders,
    critic_estimate,
    errors,
    first_gradients,
    imle,
    labels,
    seeds,
)
from .networks import distillation, translation
from .points import divergences, mixtures, modes
from .sequences import poems, seqgan

SECTIONS = (  # in the order of the page
    modes, mixtures, divergences, labels, errors, seeds, critic_estimate, translation, imle,
    autoencoders, first_gradients, distillation, seqgan, poems, every_variant,
)  # fmt: skip
