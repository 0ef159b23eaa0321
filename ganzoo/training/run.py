"""A run: a recipe carried out in a directory of its own, to its end, over any number of starts."""

import contextlib
import gc
import json
import math
from pathlib import Path

import keras
import tensorflow as tf

from ganzoo import callbacks, data, gans
from ganzoo.engine import distribute
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.inference import pictures
from ganzoo.metrics import spaces
from ganzoo.training import cured, initial, precision, summary
from ganzoo.training.directory import claim, limits_named, locked
from ganzoo.training.recipe import Recipe

MEASURED = 10_000  # real images, at most, that every epoch is measured against
LEARNS_FROM = {  # what is said if a data set does not have what the networks need
    "num_classes": "learns from labels, and {} has none",
    "vocabulary": "learns from sequences, {} has images",
    "teacher_dim": "learns from what a generator drew, and {} was not: give --dataset=drawn:NAME",
}
LOGGED = "training log, mean of the epoch"  # of a value that no measure of the samples gives


def train(
    recipe: Recipe, run_dir, data_dir=None, strategy=None, verbose="auto", on_failure="warn"
) -> dict:
    """Carries out a recipe in `run_dir`, from wherever it stands.

    Args:
        recipe: What to train; `Recipe.resolved` is called here.
        run_dir: Directory of the run (see `training.directory`); made if it does not exist.
        data_dir: Where imported data sets are; see `data.open`.
        strategy: A `tf.distribute.Strategy`; the current one by default.
        verbose: As in `fit`.
        on_failure: What `callbacks.FailureMonitor` does: "warn", "stop" or "rollback"; or "cure",
            to end the run and go on in `cured/` with the measured cure that fits (see `cured`).

    Returns:
        The summary, as written to `summary.json`, of the last run if it was cured; empty for a
        worker that is not the chief, since only the chief writes.

    Raises:
        InputError: If the variant does not know a key of the recipe, `run_dir` holds a run of
            another recipe, or another process is training in it.
        WorkerLost: If another worker of the training is gone.

    Example:
    ```python
    from ganzoo.training import run

    run.train(ganzoo.Recipe(model="wgan_gp", steps=2000), "runs/wgan_gp")
    ```
    """
    recipe, run_dir = recipe.resolved(), Path(run_dir)
    if on_failure == "cure" and distribute.workers(strategy) > 1:
        raise InputError("on_failure='cure' needs a single worker: use 'rollback'.")
    result = _carried_out(recipe, run_dir, data_dir, strategy, verbose, on_failure)
    if on_failure != "cure" or (cure := cured.cure_of(run_dir)) is None:
        return result
    after = cured.recipe(recipe, run_dir, result)
    print(cured.said(cure, after, run_dir), flush=True)
    return train(after, run_dir / cured.CURED, data_dir, strategy, verbose, on_failure)


def _carried_out(recipe: Recipe, run_dir: Path, data_dir, strategy, verbose, on_failure) -> dict:
    """Carries out a resolved recipe, to its end or that which the failure monitor makes."""
    strategy = strategy or tf.distribute.get_strategy()
    chief = distribute.is_chief(strategy)
    with locked(run_dir) if chief else contextlib.nullcontext(), limits_named(recipe, run_dir):
        if chief:
            claim(run_dir, recipe)
            ended = on_failure == "cure" and cured.cure_of(run_dir)
            if ended and (run_dir / "summary.json").exists():
                return json.loads((run_dir / "summary.json").read_text())
        source = opened(recipe, data_dir)
        with strategy.scope():
            gan = build(recipe, source.info)
        source, evaluate = divided(recipe, gan, source)
        checkpoint = callbacks.Checkpoint(run_dir / "checkpoints", gan.monitor or evaluate.monitor)
        if chief and (run_dir / "trainer.json").exists():
            measure_all(gan, checkpoint, evaluate)
        epoch = checkpoint.restore(gan)
        begun = int(gan.step.numpy())
        if chief and begun < recipe.steps:
            print(
                f"Training {recipe.model} on {source.info.num_examples:,} examples of "
                f"{recipe.dataset}, in {run_dir}: {recipe.steps} steps, batches of "
                f"{recipe.batch_size}, {recipe.precision}{_devices(strategy)}."
            )
            if recipe.precision == "mixed_bfloat16" and not precision.has_bfloat16():
                print(
                    "This machine has no bfloat16 instructions and emulates them, at a tenth of "
                    "the speed: --precision=float32 is faster."
                )
            if begun:
                print(f"Continuing in {run_dir} after epoch {epoch}, step {begun}.")
        if begun < recipe.steps:
            report = data.check(source, labels_matter=bool(gan.num_classes))
            if chief and not begun:
                print(*report.lines(), sep="\n", flush=True)
            writer = tf.summary.create_file_writer(str(run_dir / "tensorboard")) if chief else None
            watch = callbacks.FailureMonitor(
                evaluate.examples, run_dir, on_failure, checkpoint, writer, silent=not chief,
                steps=recipe.steps, suspicions=tuple(report.problems.values()),
            )  # fmt: skip
            parts = [callbacks.StopAtStep(recipe.steps), watch]
            if chief:
                parts = [
                    callbacks.Throughput(recipe.batch_size * gan.n_critic),
                    *parts,
                    callbacks.SampleGrid(run_dir / "samples", writer, examples=evaluate.examples),
                    evaluate,
                    callbacks.RunLog(run_dir, writer),
                    checkpoint,  # last, so that what it counts as done is done
                ]

            def save():
                watch.save_within()
                checkpoint.save_within()

            single = distribute.workers(strategy) == 1  # with several, all would have to save
            with callbacks.Interrupt(save if single else None) as interrupt, _collecting_often():
                parts.append(interrupt)
                start = epoch, checkpoint.within
                _fit(gan, source, recipe, parts, start, verbose if chief else 0)
        if not chief:
            return {}
        if begun >= recipe.steps and (run_dir / "summary.json").exists():
            return json.loads((run_dir / "summary.json").read_text())
        return _finish(gan, run_dir, evaluate, checkpoint)


def opened(recipe: Recipe, data_dir=None, split: str | None = None) -> data.Source:
    """Returns the data of a recipe, or another split of them."""
    size = recipe.image_size
    return data.open(
        recipe.dataset,
        split or recipe.split,
        image_size=tuple(size) if isinstance(size, list) else size,
        channels=recipe.channels,
        data_dir=data_dir,
        levels=recipe.levels,
        direction=recipe.direction,
    )


def build(recipe: Recipe, info: data.Info | None = None) -> GAN:
    """Returns the compiled game of a resolved recipe.

    Args:
        recipe: The recipe.
        info: What is known of its data, if they were opened already.

    Raises:
        InputError: If the variant does not fit the data.
    """
    info, sizes = info or opened(recipe).info, {}
    needs = gans.from_data(recipe.model)
    if info.vocabulary is not None and "vocabulary" not in needs:
        raise InputError(f"{recipe.model} learns from images, {recipe.dataset} has sequences.")
    for key, needed in needs.items():
        sizes[key] = getattr(info, key)
        if sizes[key] is None and needed:
            raise InputError(f"{recipe.model} {LEARNS_FROM[key].format(recipe.dataset)}.")
    keras.config.set_dtype_policy(recipe.precision)
    keras.utils.set_random_seed(recipe.seed)
    start = initial.networks(recipe.init, info) if recipe.init else {}
    gan = gans.create(
        recipe.model,
        info.image_shape,
        **sizes,
        **start,
        **recipe.architecture,
        **recipe.learning,
        seed=recipe.seed,
        steps_per_execution=recipe.steps_per_execution,
    )
    gan.class_names = info.class_names
    return gan


def parts_of(source: data.Source, gan: GAN) -> tuple[data.Source, data.Source]:
    """Returns the data that a game is trained on, and those that its epochs are measured on."""
    return source.divided() if gan.held_out else (source, source)


def divided(
    recipe: Recipe, gan: GAN, source: data.Source
) -> tuple[data.Source, callbacks.Evaluate]:
    """Returns the data that a resolved recipe is trained on, and what measures its epochs.

    The test split has no part in it. Models whose measures could be memorized (`GAN.held_out`) are
    measured on a tenth of the training split, on which they are not trained; the others on the
    data that they are trained on.
    """
    source, measured = parts_of(source, gan)
    examples = measured.examples(MEASURED)
    if "real" not in examples:  # what translations should look like
        examples["real"] = examples["y"]
    against = f"{recipe.dataset} {measured.info.split}"
    every = recipe.evaluate_every
    return source, callbacks.Evaluate(examples, recipe.features, every=every, against=against)


def measure_all(gan: GAN, checkpoint: callbacks.Checkpoint, evaluate: callbacks.Evaluate) -> None:
    """Measures the checkpoints that were not measured when they were written, by another backend.

    Their batch-norm statistics are those of the last step: they are recomputed first, as `fit`
    does after every epoch.
    """
    for record in checkpoint.records():
        if checkpoint.monitor not in record and checkpoint.load(gan, record):
            if gan.ema is not None:
                gan.ema.recalibrate(gan.sampler)
            checkpoint.set_model(gan)
            checkpoint.on_epoch_end(record["epoch"] - 1, gan.measure(evaluate))


def best(run_dir) -> GAN:
    """Returns the game of a run's best checkpoint, finished or not.

    Raises:
        InputError: If the directory holds no run or no intact checkpoint.
    """
    run_dir = Path(run_dir)
    recipe = Recipe.load(run_dir / "recipe.toml")
    gan = build(recipe)
    monitor = gan.monitor or spaces.get(recipe.features).monitor
    if callbacks.Checkpoint(run_dir / "checkpoints", monitor).restore_best(gan) is None:
        raise InputError(f"{run_dir} has no intact checkpoint yet.")
    return gan


def _devices(strategy) -> str:
    count = distribute.replicas(strategy)
    return f", on {count} devices" if count > 1 else ""


@contextlib.contextmanager
def _collecting_often():
    """Makes Python's garbage collector ignore what existed before the training.

    With TensorFlow that is so much that a full collection would come only after dozens of epochs,
    each of which leaves some megabytes of figures in reference cycles.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _fit(gan, source, recipe, parts, start, verbose) -> None:
    """Trains to the recipe's last step from `start`: epochs, and steps of the next one."""
    batches = source.info.num_examples // recipe.batch_size
    execution = recipe.steps_per_execution
    steps = recipe.steps_per_epoch or batches // gan.n_critic
    steps = min(max(1, steps // execution) * execution, recipe.steps)
    epoch, within = start
    fits = [(epoch, epoch + 1, steps - within)] if within else []  # an interrupted epoch
    left = recipe.steps - int(gan.step.numpy()) - sum(length for *_, length in fits)
    first = epoch + len(fits)
    fits.append((first, first + max(0, math.ceil(left / steps)), steps))
    for first, last, length in fits:
        stream = source.load(
            recipe.batch_size, seed=recipe.seed, repeat=True, num_labels=recipe.num_labels,
            start_batch=int(gan.step.numpy()) * gan.n_critic,
        )  # fmt: skip
        gan.fit(
            stream, steps_per_epoch=length, initial_epoch=first, epochs=last, verbose=verbose,
            callbacks=parts,
        )  # fmt: skip
        if gan.stop_training:
            break


def _finish(gan, run_dir, evaluate, checkpoint) -> dict:
    """Exports, draws and measures the best checkpoint; returns the summary."""
    steps = int(gan.step.numpy())  # fewer than the recipe's, if the failure monitor stopped it
    best = checkpoint.restore_best(gan)
    gan.export(run_dir / "saved_model", companions=True)
    for which in gan.exports[1:]:
        gan.export(run_dir / f"saved_model_{which}", which)
    picture = gan.picture(evaluate.examples)
    pictures.save_png(run_dir / "samples.png", pictures.enlarged(picture))
    row = picture[-gan.image_shape[0] :] if len(gan.image_shape) == 3 else picture
    pictures.save_png(run_dir / "row.png", pictures.enlarged(row))
    value = best.get(checkpoint.monitor)  # None if it diverged
    facts = {checkpoint.monitor: {"value": value, "source": LOGGED}}
    if value is not None or not gan.eligible:
        facts |= evaluate.facts(gan.measure(evaluate))
    return summary.write(run_dir, gan, steps, best, checkpoint.monitor, facts)
