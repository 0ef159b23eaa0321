"""A run under Keras' JAX backend, up to its last checkpoint."""

import functools
import itertools
import json
import time
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from ganzoo import data, random
from ganzoo.callbacks.checkpoint import Checkpoint
from ganzoo.callbacks.run_log import RunLog
from ganzoo.engine import files, pixels
from ganzoo.errors import InputError
from ganzoo.training import run
from ganzoo.training.directory import claim, locked
from ganzoo.training.jax_game import JaxGame
from ganzoo.training.recipe import Recipe

CHUNK = 250  # steps that run without returning to Python
KEPT = 4  # newest checkpoints that are kept: which is best is measured later, by TensorFlow


def train(recipe: Recipe, run_dir: Path, data_dir=None) -> None:
    """Carries out a recipe in `run_dir`, from wherever it stands, but for export and measures.

    Args:
        recipe: The resolved recipe.
        run_dir: Directory of the run.
        data_dir: Where imported data sets are.

    Raises:
        InputError: If the recipe needs TensorFlow, or the directory holds another run.
    """
    # The step counter is int64 in TensorFlow; JAX makes it int32 and says so every time.
    warnings.filterwarnings("ignore", "Explicitly requested dtype int64")
    if recipe.precision == "mixed_float16":
        raise InputError("--backend=jax: it does not scale losses: use mixed_bfloat16 or float32.")
    if recipe.num_labels is not None:
        raise InputError("--backend=jax: it learns from all labels or none: drop --num_labels.")
    with locked(run_dir):
        claim(run_dir, recipe)
        source = run.opened(recipe, data_dir)
        gan = run.build(recipe, source.info)
        source, _ = run.parts_of(source, gan)
        checkpoint, log = Checkpoint(run_dir / "checkpoints", keep=KEPT), RunLog(run_dir)
        epoch = checkpoint.restore(gan)
        within, step = checkpoint.within, int(gan.step.numpy())
        checkpoint.set_model(gan)
        log.set_model(gan)
        log.on_train_begin()
        size, turns = recipe.batch_size, gan.n_critic
        columns = {key: jnp.asarray(x) for key, x in source.examples(None).items()}
        count = len(next(iter(columns.values())))
        if count < size:
            raise InputError(f"batch_size {size} is more than the {count} examples there are.")
        print(
            f"Training {recipe.model} on {count:,} examples of {recipe.dataset}, in {run_dir}: "
            f"{recipe.steps} steps, batches of {size}, {recipe.precision}, by JAX on "
            f"{jax.devices()[0].device_kind}{f', from step {step}' if step else ''}.",
            flush=True,
        )
        if not step:
            print(*data.check(source, bool(gan.num_classes)).lines(), sep="\n", flush=True)
        game = JaxGame(gan)

        def batch_of(places):
            batch = {key: column[places] for key, column in columns.items()}
            scaled = {k: pixels.to_float(x) for k, x in batch.items() if x.dtype == jnp.uint8}
            return batch | scaled

        def one(state, given):
            places, number = given
            key = random.key(gan.seed, number)
            return game.step(state, [batch_of(own) for own in places], key)

        @functools.partial(jax.jit, donate_argnums=0)  # the old state gives its memory to the new
        def many(state, places, first):
            numbers = first + jnp.arange(len(places))
            state, logs = jax.lax.scan(one, state, (places, numbers))
            return state, {name: jnp.mean(values) for name, values in logs.items()}

        order, state = orders(count, size, recipe.seed, step * turns), game.copied()
        every = recipe.steps_per_epoch or max(1, count // size // turns)
        while step < recipe.steps:
            end = min(step + every - within, recipe.steps)
            sums, began, start, timed = {}, time.perf_counter(), step, None
            while step < end:
                length = min(CHUNK, end - step)
                places = np.stack([next(order) for _ in range(length * turns)])
                places = places.reshape(length, turns, size)
                state, logs = many(state, places, jnp.int32(step))
                step += length
                for name, value in logs.items():
                    sums[name] = sums.get(name, 0.0) + float(value) * length
                timed = timed or (time.perf_counter(), step)  # the first chunk may be compiled
            logs = {name: total / (end - start) for name, total in sums.items()}
            if step > timed[1]:
                elapsed = time.perf_counter() - timed[0]
                rate = (step - timed[1]) * size * turns / elapsed
                logs["images_per_second"] = round(rate, 1)
            game.hold(state)
            log.on_epoch_end(epoch, logs)
            checkpoint.on_epoch_end(epoch, logs)
            epoch, within = epoch + 1, 0
            print(f"step {step} of {recipe.steps}, {time.perf_counter() - began:.1f} s: "
                  f"{', '.join(f'{k} {v:.4g}' for k, v in logs.items())}", flush=True)  # fmt: skip
        facts = {
            "hardware": f"{jax.devices()[0].device_kind}, under Keras' JAX backend",
            "versions": {"jax": jax.__version__},
        }
        files.write_text(run_dir / "trainer.json", json.dumps(facts))


def orders(count: int, size: int, seed: int, start: int = 0):
    """Yields the indices of the examples of one batch after the other: each example once a pass.

    Args:
        count: Number of examples.
        size: Examples in a batch.
        seed: Integer that the passes are shuffled by.
        start: Number of the first batch.
    """
    per_pass = count // size
    for number in itertools.count(start // per_pass):
        order = np.random.default_rng((seed, number)).permutation(count)
        batches = order[: per_pass * size].reshape(-1, size)
        yield from batches[start % per_pass if number == start // per_pass else 0 :]
