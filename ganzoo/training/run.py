"""A run: a recipe carried out in a directory of its own, to its end, over any number of starts.

recipe.toml     what is trained, with every default written out
metrics.jsonl   a line an epoch
alarms.jsonl    what the failure monitor found, if anything; monitor.json is its memory
curves.png      losses and gradient norms
samples/        a grid of the same latents after every epoch
tensorboard/    the same for TensorBoard
checkpoints/    the newest two and the best one
saved_model/    the exported generator, of the best epoch     (these three at the end;
                and saved_model_<which>/, where there are several)
samples.png     its samples; row.png is their last row
summary.json    what it took and what came out
"""

import contextlib
import fcntl
import gc
import json
import math
import platform
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ganzoo import __version__, callbacks, data, gans
from ganzoo.callbacks.run_log import read as read_log
from ganzoo.engine import distribute, files
from ganzoo.engine.sides import networks_of
from ganzoo.errors import InputError, unknown
from ganzoo.inference import pictures
from ganzoo.training.recipe import Recipe, differences, is_longer

MEMORY = MemoryError, tf.errors.ResourceExhaustedError
MEASURED = 10_000  # real images, at most, that every epoch is measured against


def build(recipe: Recipe, data_dir=None) -> tuple[keras.Model, data.Info]:
    """Returns the compiled GAN of a resolved recipe, and what is known of its data set."""
    info = data.info(recipe.dataset, recipe.split, **_shape(recipe), data_dir=data_dir)
    labels = {}
    if gans.takes_labels(recipe.model):
        if info.num_classes is None:
            raise InputError(f"{recipe.model} learns from labels, and {recipe.dataset} has none.")
        labels = {"num_classes": info.num_classes}
    if gans.takes_tokens(recipe.model) != (info.vocabulary is not None):
        kinds = ("sequences", "images") if info.vocabulary is None else ("images", "sequences")
        raise InputError(f"{recipe.model} learns from {kinds[0]}, {recipe.dataset} has {kinds[1]}.")
    if info.vocabulary is not None:
        labels |= {"vocabulary": info.vocabulary}
    keras.config.set_dtype_policy(recipe.precision)
    keras.utils.set_random_seed(recipe.seed)
    gan = gans.create(
        recipe.model,
        info.image_shape,
        **labels,
        **recipe.architecture,
        **recipe.learning,
        seed=recipe.seed,
        steps_per_execution=recipe.steps_per_execution,
    )
    return gan, info


def train(
    recipe: Recipe, run_dir, data_dir=None, strategy=None, verbose="auto", on_failure="warn"
) -> dict:
    """Carries out a recipe in `run_dir`, from where it stands there.

    Args:
        recipe: What to train; `Recipe.resolved` is called here.
        run_dir: Directory of the run; made if it is not there.
        data_dir: Where imported data sets are; see `data.load`.
        strategy: A `tf.distribute.Strategy`; the one in force if not given.
        verbose: As in `fit`.
        on_failure: What `callbacks.FailureMonitor` does: "warn", "stop" or "rollback".

    Returns:
        The summary, as written to `summary.json`; empty for a worker that is not the chief, the one
        that writes.

    Raises:
        InputError: If the variant does not know a key of the recipe, `run_dir` holds a run of
            another one, or another process is at it.
        WorkerLost: If one of several workers is gone.
    """
    recipe, run_dir = recipe.resolved(), Path(run_dir)
    strategy = strategy or tf.distribute.get_strategy()
    chief = distribute.is_chief(strategy)
    with locked(run_dir) if chief else contextlib.nullcontext(), _limits_named(recipe, run_dir):
        if chief:
            for left in list(run_dir.rglob(".*.tmp*")):  # by a process that was killed
                files.remove(left)
            claim(run_dir, recipe)
        with strategy.scope():
            gan, info = build(recipe, data_dir)
        evaluate = evaluation(recipe, data_dir)
        monitor = gan.monitor or evaluate.monitor
        checkpoint = callbacks.Checkpoint(run_dir / "checkpoints", monitor)
        epoch = checkpoint.restore(gan)
        if chief:
            print(
                f"Training {recipe.model} on {info.num_examples:,} examples of {recipe.dataset}, "
                f"in {run_dir}: {recipe.steps} steps, batches of {recipe.batch_size}, "
                f"{recipe.precision}{_devices(strategy)}."
            )
            if gan.step.numpy():
                print(f"Going on in {run_dir} after epoch {epoch}, step {int(gan.step.numpy())}.")
        begun = int(gan.step.numpy()) < recipe.steps
        if begun:
            writer = tf.summary.create_file_writer(str(run_dir / "tensorboard")) if chief else None
            watch = callbacks.FailureMonitor(
                evaluate.examples, run_dir, on_failure, checkpoint, writer, silent=not chief,
                steps=recipe.steps,
            )  # fmt: skip
            beside = [callbacks.StopAtStep(recipe.steps), watch]
            if chief:
                beside = [
                    callbacks.Throughput(recipe.batch_size * gan.n_critic),
                    *beside,
                    callbacks.SampleGrid(run_dir / "samples", writer, examples=evaluate.examples),
                    evaluate,
                    callbacks.RunLog(run_dir, writer),
                    checkpoint,  # last, so that what it counts as done is done
                ]

            def save():
                watch.save_within()
                checkpoint.save_within()

            alone = distribute.workers(strategy) == 1  # to read the logs, all would have to
            with (
                callbacks.Interrupt(save if alone else None) as interrupt,
                _collecting_often(),
            ):
                beside.append(interrupt)
                at = epoch, checkpoint.within
                _fit(gan, info, recipe, beside, at, data_dir, verbose if chief else 0)
        if not chief:
            return {}
        if not begun and (run_dir / "summary.json").exists():
            return json.loads((run_dir / "summary.json").read_text())
        return _finish(gan, recipe, run_dir, evaluate, checkpoint, data_dir)


def _devices(strategy) -> str:
    count = distribute.replicas(strategy)
    return f", on {count} devices" if count > 1 else ""


def export(run_dir, path, which: str | None = None) -> None:
    """Exports the generator of a run's best checkpoint, finished or not, as a SavedModel.

    Args:
        run_dir: Directory of the run.
        path: Of the SavedModel.
        which: Which of a variant's `exports`; the first if not given.

    Raises:
        InputError: If the directory holds no run or no intact checkpoint, or there is no such
            export.
    """
    run_dir = Path(run_dir)
    recipe = Recipe.load(run_dir / "recipe.toml")
    gan, _ = build(recipe)
    if callbacks.Checkpoint(run_dir / "checkpoints").restore_best(gan) is None:
        raise InputError(f"{run_dir} has no intact checkpoint yet.")
    if which and which not in gan.exports:
        raise unknown(f"export of {recipe.model}", which, gan.exports)
    gan.export(path, *([which] if which else []))


def claim(run_dir: Path, recipe: Recipe) -> None:
    """Writes the recipe into a run's directory, if there is no checkpoint of another one's run.

    A run of the same recipe with fewer steps goes on, finished or not, as one of this recipe.

    Raises:
        InputError: If there is a run of another recipe, with the differences.
    """
    path = run_dir / "recipe.toml"
    if not path.exists() or not any((run_dir / "checkpoints").glob("step-*.json")):
        recipe.save(path)
    elif is_longer(before := Recipe.load(path), recipe):
        (run_dir / "summary.json").unlink(missing_ok=True)  # first: what it says is over
        recipe.save(path)
    elif changed := differences(before, recipe):
        raise InputError(
            f"{run_dir} holds a run of another recipe ({'; '.join(changed)}); choose another "
            "--run_dir, or go on with it by giving --run_dir alone, or with more --steps."
        )


@contextlib.contextmanager
def locked(run_dir: Path):
    """Keeps other processes out of the run's directory; the system frees it if this one dies.

    Raises:
        InputError: If another process is at it, or the directory cannot be written.
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


def _shape(recipe: Recipe) -> dict:
    size = tuple(recipe.image_size) if isinstance(recipe.image_size, list) else recipe.image_size
    return {"image_size": size, "channels": recipe.channels}


def evaluation(recipe: Recipe, data_dir=None) -> callbacks.Evaluate:
    """Returns what measures a resolved recipe's epochs, on data that it is trained on."""
    examples = data.examples(
        recipe.dataset, _held_out(recipe, data_dir), **_shape(recipe), data_dir=data_dir,
        limit=MEASURED,
    )  # fmt: skip
    if "real" not in examples:  # what translations are to look like
        examples["real"] = examples["y"]
    return callbacks.Evaluate(examples, recipe.features, every=recipe.evaluate_every)


def _held_out(recipe: Recipe, data_dir) -> str:
    """Returns the split to measure on: of pairs, whose answers can be learned by heart, "test"."""
    if not gans.translates(recipe.model):
        return recipe.split
    there = data.has_split(recipe.dataset, "test", **_shape(recipe), data_dir=data_dir)
    return "test" if there else recipe.split


@contextlib.contextmanager
def _collecting_often():
    """Has Python's garbage collector leave alone what there is before a training.

    That is so much, with TensorFlow, that it would put off a full collection for dozens of epochs,
    each with some megabytes of figures in cycles.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextlib.contextmanager
def _limits_named(recipe: Recipe, run_dir: Path):
    """Has a lack of disk or memory said in a sentence."""
    try:
        yield
    except (OSError, RuntimeError, MemoryError, tf.errors.OpError) as error:
        print(flush=True)  # the bar of the progress is left
        if reason := files.unwritable(error):
            raise InputError(
                f"the run in {run_dir} stopped: {reason}. Mend that and type the same again: it "
                "goes on after its last checkpoint."
            ) from error
        # A constant that TensorFlow has no room for, it "cannot parse".
        if not isinstance(error, MEMORY) and "Cannot parse tensor from proto" not in str(error):
            raise
        raise InputError(
            f"there is not enough memory for batches of {recipe.batch_size}: halve --batch_size or "
            "--width, or take --precision=mixed_bfloat16. What was saved is there."
        ) from error


def _fit(gan, info, recipe, beside, at, data_dir, verbose) -> None:
    """Trains to the recipe's last step, after `at`: epochs, and steps of the next one."""
    batches = info.num_examples // recipe.batch_size
    execution = recipe.steps_per_execution
    steps = recipe.steps_per_epoch or batches // gan.n_critic
    steps = min(max(1, steps // execution) * execution, recipe.steps)
    epoch, within = at
    parts = [(epoch, epoch + 1, steps - within)] if within else []  # one that was broken off
    left = recipe.steps - int(gan.step.numpy()) - sum(length for *_, length in parts)
    first = epoch + len(parts)
    parts.append((first, first + max(0, math.ceil(left / steps)), steps))
    for first, last, length in parts:
        stream = data.load(
            recipe.dataset, recipe.split, recipe.batch_size, **_shape(recipe), seed=recipe.seed,
            repeat=True, start_batch=int(gan.step.numpy()) * gan.n_critic, data_dir=data_dir,
            num_labels=recipe.num_labels,
        )  # fmt: skip
        gan.fit(
            stream, steps_per_epoch=length, initial_epoch=first, epochs=last, verbose=verbose,
            callbacks=beside,
        )  # fmt: skip
        if gan.stop_training:
            break


def _finish(gan, recipe, run_dir, evaluate, checkpoint, data_dir) -> dict:
    rows = read_log(run_dir / "metrics.jsonl")
    last = int(gan.step.numpy())  # short of the recipe's, if the failure monitor stopped it
    best = checkpoint.restore_best(gan)
    gan.export(run_dir / "saved_model")
    for which in gan.exports[1:]:
        gan.export(run_dir / f"saved_model_{which}", which)
    picture = gan.picture(evaluate.examples)
    pictures.save_png(run_dir / "samples.png", pictures.enlarged(picture))
    row = picture[-gan.image_shape[0] :] if len(gan.image_shape) == 3 else picture
    pictures.save_png(run_dir / "row.png", pictures.enlarged(row))
    values = {checkpoint.monitor: best.get(checkpoint.monitor)}  # None if it diverged
    if None not in values.values():
        values |= gan.measure(evaluate)
    rates = [row["images_per_second"] for row in rows if "images_per_second" in row]
    summary = {
        "kind": gan.kind,
        "steps": last,
        "recipe": files.sha256(run_dir / "recipe.toml"),
        "alarms": read_log(run_dir / "alarms.jsonl"),
        "seconds": rows[-1].get("seconds", 0.0) if rows else 0.0,
        "images_per_second": round(float(np.median(rates)), 1) if rates else None,
        "best_step": best["step"],
        "monitor": checkpoint.monitor,
        "metrics": evaluate.facts(values, f"{recipe.dataset} {_held_out(recipe, data_dir)}"),
        "parameters": {
            side: sum(network.count_params() for network in networks_of(getattr(gan, side)))
            for side in ("generator", "discriminator")
            if getattr(gan, side) is not None
        },
        "hardware": hardware(),
        "versions": {
            "ganzoo": __version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "python": platform.python_version(),
        },
    }
    files.write_text(run_dir / "summary.json", json.dumps(summary, indent=1))
    return summary


def closing_words(run_dir, summary: dict) -> str:
    """Returns what a person wants to know at the end: what came out, where it is, what is next."""
    run_dir = Path(run_dir)
    minutes, rate = summary["seconds"] / 60, summary["images_per_second"]
    monitor = summary["monitor"]
    value = summary["metrics"][monitor]["value"]
    value = "never finite: the run diverged" if value is None else f"{value:.4g}"
    loaded = f'tensorflow.saved_model.load("{run_dir / "saved_model"}")'
    use = {
        "generator": f"""
  more samples  ganzoo sample {run_dir} --num=64 --out=grid.png
  in Python     {loaded}.sample(16, 0)""",
        "translator": f"""
  translate     ganzoo translate {run_dir} image.png --out=translated.png
  in Python     {loaded}.translate(images, 0)""",
        "sequences": f"""
  more samples  ganzoo sample {run_dir} --num=64
  in Python     {loaded}.sample(16, 0)""",
    }.get(summary.get("kind"), "")
    return f"""
Done: {summary["steps"]} steps in {minutes:.1f} minutes, {rate} images/s.
Best epoch: step {summary["best_step"]}, {monitor} {value}.

  look at it    {run_dir / "samples.png"}  (and {run_dir / "samples"}, {run_dir / "curves.png"})\
{use}
  watch         tensorboard --logdir={run_dir / "tensorboard"}
  go on         python train.py --run_dir={run_dir} --steps={2 * summary["steps"]}
  next          python train.py --dataset=fashion_mnist --steps=20000    (all 60,000 images)
                python train.py --model=wgan_gp                          (another variant)
"""


def hardware() -> str:
    """Returns what the run was computed on, in words."""
    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(g).get("device_name", "GPU") for g in gpus]
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "CPU")
    cores = sum(x.startswith("processor") for x in lines) or "?"
    return ", ".join([f"{cores} cores of {model}", *(names or ["no GPU"])])
