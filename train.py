#!/usr/bin/env python3
"""Trains a GAN: flags -> recipe -> run -> measured, exported model.

    python train.py                                              # DCGAN on clothes, minutes
    python train.py --model=wgan_gp --dataset=fashion_mnist      # any variant, any data set
    python train.py --recipe=dcgan_fashion_mnist                 # reproduces a pretrained entry
    python train.py --help

It is `ganzoo train` for a checkout: the absl flags are defined in ganzoo/training/flags.py, what
they start is ganzoo/training/program.py, and a run is ganzoo/training/run.py.
"""

import sys

from ganzoo.cli.train import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], "train.py"))
