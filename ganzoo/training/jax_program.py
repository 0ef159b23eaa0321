"""Training under Keras' JAX backend: the same recipe, flags, run directory and checkpoints.

What it lacks against `fit`: the failure monitor, pictures and TensorBoard during the training, a
stop within an epoch, strategies. The model is exported and measured by TensorFlow: right after the
training where it is installed, else when the run is started again where it is.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from absl import logging

from ganzoo.engine.plugins import load_plugins
from ganzoo.errors import InputError
from ganzoo.training import jax_backend

REFUSED = {  # flag -> why another value than the default does not go with JAX
    "strategy": "it trains on one device",
    "on_failure": "there is no failure monitor",
}

KEPT = ("data_dir", "plugin")  # flags that the end of the run needs as well


def main(argv: list[str], program: str, about: str) -> int:
    """Runs the program and returns its exit status; arguments as of `program.main`."""
    has_tensorflow = importlib.util.find_spec("tensorflow") is not None
    jax_backend.without_tensorflow()
    from ganzoo.training import jax_run
    from ganzoo.training import program as training

    logging.set_verbosity(logging.WARNING)
    try:
        load_plugins(argv)
        values = training.parsed(argv, program, about)
        if values is None:  # help was asked for
            return 0
        for name, reason in REFUSED.items():
            if values[name].value != values[name].default:
                raise InputError(f"--backend=jax: {reason}: drop --{name}.")
        recipe = training.recipe_of(values)
        run_dir = Path(values.run_dir or training.default_directory(recipe))
        jax_run.train(recipe, run_dir, values.data_dir)
    except InputError as error:
        print(f"{program}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. To continue after the last checkpoint, run the command again.")
        return 130
    finish = [sys.executable, "-m", "ganzoo", "train", f"--run_dir={run_dir}"]
    finish += [f"--{name}={values[name].value}" for name in KEPT if values[name].value]
    if not has_tensorflow:
        print(f"Trained. To export and measure it, where TensorFlow is installed:\n  ganzoo "
              f"{' '.join(finish[3:])}")  # fmt: skip
        return 0
    environment = os.environ | {"KERAS_BACKEND": "tensorflow"}
    return subprocess.run(finish, env=environment).returncode
