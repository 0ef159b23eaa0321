"""The networks that can be imported, each in one file: how it is recognized and read.

`FAMILIES` is the only list of them. To add one, write its network in `networks.published`, a file
here, and its line in this table.
"""

from ganzoo.zoo.importing.families import (
    biggan,
    biggan_deep,
    dcgan,
    progan,
    r3gan,
    srgan,
    stylegan2,
    stylegan3,
    translation,
)
from ganzoo.zoo.importing.families.family import Family

__all__ = ["FAMILIES", "Family"]

FAMILIES = {
    family.name: family
    for family in (
        stylegan2.GENERATOR,
        stylegan2.CRITIC,
        stylegan3.GENERATOR,
        r3gan.GENERATOR,
        r3gan.CRITIC,
        biggan.GENERATOR,
        biggan_deep.GENERATOR,
        progan.GENERATOR,
        translation.RESNET,
        translation.UNET,
        translation.CARTOON,
        srgan.GENERATOR,
        dcgan.GENERATOR,
        dcgan.CRITIC,
    )
}
