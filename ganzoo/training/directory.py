"""The directory of a run: whose it is, and what goes wrong in it, said in a sentence.

recipe.toml     what is trained, with every default written out
metrics.jsonl   one line per epoch
alarms.jsonl    what the failure monitor reported, if anything; monitor.json is its memory
curves.png      losses and gradient norms
samples/        a grid of samples from fixed latents after every epoch
tensorboard/    the same for TensorBoard
checkpoints/    the newest two and the best one
cure.json       what changes if the failure monitor ended the run to be cured; it goes on in cured/
saved_model/    the exported model of the best epoch          (this and the next three at the end;
                and saved_model_<which>/, where there are several)
samples.png     its samples; row.png is their last row
summary.json    what it took and what came out
"""

import contextlib
import fcntl
from pathlib import Path

import tensorflow as tf

from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.training.recipe import Recipe, differences, is_longer

MEMORY = MemoryError, tf.errors.ResourceExhaustedError


def claim(run_dir: Path, recipe: Recipe) -> None:
    """Writes the recipe into a run's directory, unless a run of another recipe has checkpoints.

    A run of the same recipe with fewer steps continues as a run of this one, finished or not.

    Raises:
        InputError: If there is a run of another recipe; it names the differences.
    """
    for left in list(run_dir.rglob(".*.tmp*")):  # by a process that was killed
        files.remove(left)
    path = run_dir / "recipe.toml"
    if not path.exists() or not any((run_dir / "checkpoints").glob("step-*.json")):
        recipe.save(path)
    elif is_longer(before := Recipe.load(path), recipe):
        (run_dir / "summary.json").unlink(missing_ok=True)  # first: it is no longer true
        recipe.save(path)
    elif changed := differences(before, recipe):
        raise InputError(
            f"{run_dir} holds a run of another recipe ({'; '.join(changed)}); choose another "
            "--run_dir, or continue that run by giving --run_dir alone, or with more --steps."
        )


@contextlib.contextmanager
def locked(run_dir: Path):
    """Keeps other processes out of the run's directory; the system frees it if this one dies.

    Raises:
        InputError: If another process is training in it, or it cannot be written.
    """
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        lock = open(run_dir / ".lock", "w")
    except OSError as error:
        raise InputError(f"cannot write to run directory {run_dir}: {error.strerror}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"another process is training in {run_dir}.") from error
        yield


@contextlib.contextmanager
def limits_named(recipe: Recipe, run_dir: Path):
    """Turns errors for lack of disk space or memory into an `InputError` of one sentence."""
    try:
        yield
    except (OSError, RuntimeError, MemoryError, tf.errors.OpError) as error:
        print(flush=True)  # leave the line of the progress bar
        if reason := files.unwritable(error):
            raise InputError(
                f"the run in {run_dir} stopped: {reason}. Fix that and rerun the command: it "
                "continues after its last checkpoint."
            ) from error
        # A constant that TensorFlow has no room for, it "cannot parse".
        if not isinstance(error, MEMORY) and "Cannot parse tensor from proto" not in str(error):
            raise
        raise InputError(
            f"there is not enough memory for batches of {recipe.batch_size}: halve --batch_size or "
            "--width, or use --precision=mixed_bfloat16. What was saved is there."
        ) from error
