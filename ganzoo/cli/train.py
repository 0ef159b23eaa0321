"""`ganzoo train`: trains a GAN; the same program as `train.py`."""

import argparse
import sys
from collections.abc import Callable, Sequence

from ganzoo.engine.plugins import load_plugins, value_of
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.errors import InputError

ABOUT = """\
Trains a GAN: flags -> recipe -> run -> measured, exported model.

    {program}                                              # DCGAN on clothes, minutes
    {program} --model=wgan_gp --dataset=fashion_mnist      # any variant, any data set
    {program} --recipe=dcgan_fashion_mnist                 # reproduces a pretrained entry
    {program} --run_dir=runs/x                             # continues the run in runs/x
    {program} --run_dir=runs/x --steps=20000               # and makes it longer
    {program} --backend=jax --recipe=biggan_cifar10        # on a GPU that JAX can use
    {program} --model=infogan --help                       # one variant's hyperparameters

Every key of a recipe is a flag. A flag's value is written as in TOML. An argument of a part is
reached by a dot, --d_optimizer.learning_rate=1e-4, and any key by --set=KEY=VALUE.
"""


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    one = command(
        "train", _train, "train a GAN, as train.py does",
        "ganzoo train --model=wgan_gp --dataset=fashion_mnist --steps=2000",
        "\nIts flags: ganzoo train --help",
    )  # fmt: skip
    one.takes_all = True


def _train(args: argparse.Namespace) -> int:
    return main(args.flags, "ganzoo train")


def main(argv: Sequence[str], program: str) -> int:
    """Trains as the flags say; returns the exit status.

    Args:
        argv: The flags.
        program: Name of the program, for its messages.
    """
    argv = list(argv)
    about = ABOUT.format(program=f"python {program}" if program.endswith(".py") else program)
    try:
        if value_of(argv, "backend") == "jax":
            from ganzoo.training import jax_program

            return jax_program.main(argv, program, about)
        import_tensorflow()
        load_plugins(argv)
    except InputError as error:
        print(f"{program}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    from ganzoo.training import program as training

    return training.main(argv, program, about)
