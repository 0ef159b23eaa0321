"""The command line: flags of `train.py`, `ganzoo sample` and `ganzoo evaluate`."""

import contextlib
import io

import numpy as np
from PIL import Image

import ganzoo

from .shared import SHAPE, game, named_sampler, paint
from .situation import same, situation


def command(*words: str) -> tuple[int, str]:
    """Returns the status of a command of `ganzoo`, and what it said to stderr."""
    from ganzoo import cli

    with contextlib.redirect_stderr(io.StringIO()) as said:
        return cli.main(list(words)), said.getvalue()


@situation("command line", "train.py", "--image_size=32x64")
def _(folder):
    return ganzoo.Recipe(image_size="32x64").image_size == [32, 64]


@situation("command line", "ganzoo sample", "--out of a folder, and --seeds=3-5")
def _(folder):
    named_sampler().export(folder / "1")
    status, _ = command("sample", f"{folder}/1", "--seeds=3-5", f"--out={folder}/images")
    names = sorted(path.name for path in (folder / "images").iterdir())
    return status == 0 and names == [f"{n:05d}.png" for n in (3, 4, 5)]


@situation("command line", "ganzoo sample", "--labels by name: a class in each column")
def _(folder):
    named_sampler().export(folder / "1")
    status, _ = command(
        "sample", f"{folder}/1", "--labels=cat,bee", "--num=6", f"--out={folder}/a.png"
    )
    return status == 0 and Image.open(folder / "a.png").size == (16, 24)


@situation("command line", "ganzoo sample", "--truncation of StyleGAN2: towards the mean style")
def _(folder):
    gan = ganzoo.create("stylegan2", SHAPE, width=4, latent_dim=4)
    whole, less = (gan.sampler.sample(32, truncation=t).astype(float) for t in (1.0, 0.01))
    return same(whole, gan.sampler.sample(32)) and less.std(0).mean() < 0.1 * whole.std(0).mean()


@situation(
    "command line", "sample", "truncation of given latents", "truncation is for random latents"
)
def _(folder):
    return game().sampler.sample(latents=np.zeros((2, 4)), truncation=0.5) is None


@situation("command line", "ganzoo evaluate", "a folder against a folder of images of many sizes")
def _(folder):
    for number in range(4):
        paint(folder / f"fake/{number}.png", 60 * number, (32, 32))
        paint(folder / f"real/{number}.png", 60 * number, (32 + number, 40))
    words = ("--metrics=swd", "--num=4", f"--out={folder}/out")
    status, _ = command("evaluate", f"{folder}/fake", f"--against={folder}/real", *words)
    return status == 0 and "swd" in (folder / "out/evaluation.json").read_text()


@situation("command line", "ganzoo evaluate", "a folder, and nothing to compare it with")
def _(folder):
    paint(folder / "fake/1.png")
    status, said = command("evaluate", f"{folder}/fake")
    return status == 2 and "--against: expected a data set or a folder" in said


@situation("command line", "ganzoo sample", "--seeds that are none")
def _(folder):
    status, said = command("sample", "x", "--seeds=9-3")
    return status == 2 and "expected seeds such as 7, 0-15 or 1,5,9" in said
