"""Trains a recipe under Keras' JAX backend, where there is a GPU and no TensorFlow.

    python benchmarks/jax_train.py --recipe=R.toml --data=fashion_mnist.npz --out=R.weights.h5
    python benchmarks/jax_train.py --adopt=R.weights.h5 --recipe=R.toml --run_dir=runs/r

The first command needs jax, keras, absl-py and tomli-w. It plays a variant's own game: its
networks, hooks, losses, penalties, augmentation, average and optimizers are those of the package,
and only who takes the gradients is another. The second, with TensorFlow, makes a run of what came
out, which `ganzoo publish` takes and `train.py` goes on with.

Of the data, `ganzoo data` writes the file: `train_images` uint8 (N, H, W, C), `train_labels` (N,).

Departures from `GAN.play`: G's turn draws latents of its own, where there it shares those of D's
last turn. Not for variants that take gradients or play turns by themselves, with conditions of
TensorFlow (unrolled, stylegan2, balance, replay, lazy penalties, ...): those fail when traced.
"""

import argparse
import contextlib
import itertools
import json
import os
import sys
import time
from pathlib import Path
from unittest import mock

CHUNK = 250  # steps that run without coming back to Python


def without_tensorflow():
    """Has `import tensorflow` give something of which no function that computes is called here.

    Returns:
        The keras module, which is to find out first that there is none.
    """
    os.environ["KERAS_BACKEND"] = "jax"
    sys.modules["tensorflow"] = None  # not found, even where there is one
    import keras
    from keras.src.utils.module_utils import tensorflow as optional

    assert not optional.available
    absent = mock.MagicMock(name="tensorflow")
    absent.nest.flatten = keras.tree.flatten
    absent.config.list_physical_devices.return_value = []
    absent.distribute.get_strategy.return_value.num_replicas_in_sync = 1
    sys.modules["tensorflow"] = absent
    return keras


class Game:
    """The step of a compiled GAN as a pure function of its state, a dict of lists of arrays.

    Keys are `d` and `g`, the trainable weights of the sides, `d_slots` and `g_slots`, the variables
    of their optimizers, and `rest`: everything else, such as statistics and the average.
    """

    def __init__(self, gan):
        from ganzoo.engine.sides import side_of, weights_of

        self.gan = gan
        self.variables = {side: weights_of(side_of(gan, side)) for side in "dg"}
        self.optimizers = {"d": gan.d_optimizer, "g": gan.g_optimizer}
        learned = {id(v) for side in "dg" for v in self.variables[side]}
        rest = {id(v): v for v in gan.variables if id(v) not in learned}
        self.variables["rest"] = list(rest.values())
        for side, optimizer in self.optimizers.items():
            self.variables[f"{side}_slots"] = optimizer.variables

    def state(self) -> dict:
        """Returns the state that the variables hold."""
        return {key: [v.value for v in held] for key, held in self.variables.items()}

    def hold(self, state: dict) -> None:
        """Gives the variables the state's values."""
        for key, held in self.variables.items():
            for variable, value in zip(held, state[key], strict=True):
                variable.assign(value)

    @contextlib.contextmanager
    def within(self, state: dict):
        """While it is open, the variables have the values of a state, which `rest` reads back."""
        import keras

        pairs = [
            pair for key in ("d", "g", "rest")
            for pair in zip(self.variables[key], state[key], strict=True)
        ]  # fmt: skip
        with keras.StatelessScope(state_mapping=pairs) as scope:
            yield scope

    def rest(self, scope) -> list:
        """Returns what the variables besides the weights have become."""
        return [scope.get_current_value(variable) for variable in self.variables["rest"]]

    def turn(self, side: str, state: dict, batch: dict) -> tuple[dict, dict]:
        """Plays a side's turn on a batch; returns the state after it, and its terms."""
        import jax

        from ganzoo.gan import joined

        gan, optimizer = self.gan, self.optimizers[side]

        def objective(weights):
            with self.within(state | {side: weights}) as scope:
                filled = batch | gan.generate(batch)
                hook = gan.discriminator_loss if side == "d" else gan.generator_loss
                terms = joined(hook(filled), gan.penalise(side, filled))
                return sum(terms.values()), (terms, self.rest(scope))

        slope = jax.grad(objective, has_aux=True)
        gradients, (terms, rest) = slope(state[side])
        weights, slots = optimizer.stateless_apply(state[f"{side}_slots"], gradients, state[side])
        after = {side: weights, f"{side}_slots": slots, "rest": rest}
        return state | after, {f"{side}_{name}": value for name, value in terms.items()}

    def step(self, state: dict, batches: list[dict], number) -> tuple[dict, dict]:
        """Plays the step of this number: D's turns, a batch each, then one of G on the last."""
        from ganzoo import random

        gan, key, logs = self.gan, random.key(self.gan.seed, number), {}
        for turn, batch in enumerate(batches):
            with random.scope(random.fold(key, (turn + 1) % len(batches))):
                state, logs = self.turn("d", state, batch)
                if turn == len(batches) - 1:
                    state, more = self.turn("g", state, batch)
        logs |= more
        with self.within(state) as scope:
            gan.step.assign(gan.step + 1)
            if gan.ema is not None:
                gan.ema.update(gan)
            gan.after_step(logs)
            return state | {"rest": self.rest(scope)}, logs


def squared_slope(gan, images, batch):
    """As `penalties.squared_slope`, of JAX' gradient."""
    import jax
    from keras import ops

    scores, back = jax.vjp(lambda x: ops.cast(gan.score(x, batch), "float32"), images)
    (gradient,) = back(ops.ones_like(scores))
    squares = ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))
    return ops.sum(ops.reshape(squares, (ops.shape(scores)[0], -1)), axis=1)


def orders(count: int, size: int, seed: int):
    """Yields the places of the images of one batch after the other: each image once a pass.

    Args:
        count: Images that there are.
        size: Images of a batch.
        seed: Integer that the passes are shuffled by.
    """
    import numpy as np

    for turn in itertools.count():
        order = np.random.default_rng((seed, turn)).permutation(count)
        yield from order[: count // size * size].reshape(-1, size)


def train(recipe_path: Path, data: Path, out: Path, steps: int | None) -> None:
    """Carries out a recipe, and writes weights and, beside them, what it took.

    What there is after every epoch is written, so that a machine that is taken away leaves that.
    """
    keras = without_tensorflow()
    import jax
    import jax.numpy as jnp
    import numpy as np

    from ganzoo import gans, penalties
    from ganzoo.engine import files
    from ganzoo.training.recipe import Recipe

    penalties.squared_slope = squared_slope
    recipe = Recipe.load(recipe_path).resolved()
    with np.load(data) as stored:
        images, labels = stored["train_images"], stored["train_labels"].astype("int32")
    known = {"num_classes": int(labels.max()) + 1} if gans.takes_labels(recipe.model) else {}
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy("float32")
    gan = gans.create(
        recipe.model, images.shape[1:], **known, **recipe.architecture, **recipe.learning,
        seed=recipe.seed,
    )  # fmt: skip
    game = Game(gan)
    steps, turns, size = steps or recipe.steps, gan.n_critic, recipe.batch_size
    images, labels = jnp.asarray(images), jnp.asarray(labels)

    def one(state, given):
        places, number = given
        batches = [
            {"real": images[place].astype("float32") / 127.5 - 1.0, "label": labels[place]}
            for place in places
        ]
        return game.step(state, batches, number)

    @jax.jit
    def many(state, places, first):
        numbers = first + jnp.arange(len(places))
        state, logs = jax.lax.scan(one, state, (places, numbers))
        return state, {name: jnp.mean(values) for name, values in logs.items()}

    order, state = orders(len(images), size, recipe.seed), game.state()
    begun, timed, done, rows = time.perf_counter(), None, 0, []
    every = recipe.steps_per_epoch or len(images) // size
    while done < steps:
        count = min(CHUNK, steps - done)
        places = np.stack([next(order) for _ in range(count * turns)])
        state, logs = many(state, places.reshape(count, turns, size), jnp.int32(done))
        logs = {name: float(value) for name, value in logs.items()}
        done += count
        now = time.perf_counter()
        timed = timed or (now, done)  # the first chunk is compiled
        if done % every and done < steps:
            continue
        rate = (done - timed[1]) * size * turns / (now - timed[0]) if done > timed[1] else None
        rows.append({"epoch": len(rows) + 1, "step": done, "seconds": round(now - begun, 2)} | logs)
        if rate:
            rows[-1]["images_per_second"] = round(rate, 1)
        print(f"{out.name}: {json.dumps(rows[-1])}", flush=True)
        game.hold(state)
        with files.replacing(out, ".weights.h5") as temporary:
            gan.save_weights(temporary)
        facts = {
            "rows": rows,
            "hardware": jax.devices()[0].device_kind,
            "versions": {"jax": jax.__version__, "keras": keras.__version__},
        }
        files.write_text(facts_of(out), json.dumps(facts))


def facts_of(weights: Path) -> Path:
    """Returns where it stands what weights took."""
    return weights.with_name(weights.name.removesuffix(".weights.h5") + ".json")


def adopt(weights: Path, recipe_path: Path, run_dir: Path) -> None:
    """Makes a run of weights of `train`: a finished one, if they are of the recipe's last step."""
    from ganzoo import callbacks
    from ganzoo.engine import files
    from ganzoo.training import run
    from ganzoo.training.recipe import Recipe

    recipe = Recipe.load(recipe_path).resolved()
    facts = json.loads(facts_of(weights).read_text())
    with run.locked(run_dir):
        run.claim(run_dir, recipe)
        gan = run.build(recipe)
        gan.load_weights(weights)
        if gan.ema is not None:
            gan.ema.recalibrate(gan.sampler)
        evaluate, last = run.evaluation(recipe), facts["rows"][-1]
        monitor = gan.monitor or evaluate.monitor
        if monitor not in last:
            last[monitor] = float(gan.measure(evaluate)[monitor])
        checkpoint = callbacks.Checkpoint(run_dir / "checkpoints", monitor)
        checkpoint.set_model(gan)
        checkpoint.on_epoch_end(last["epoch"] - 1, last)
        log = "".join(json.dumps(row) + "\n" for row in facts["rows"])
        files.write_text(run_dir / "metrics.jsonl", log)
    summary = run.train(recipe, run_dir)
    summary["best_step"] = None  # no step but the last was looked at
    summary["hardware"] = f"{facts['hardware']}, under Keras' JAX backend"
    summary["versions"] |= facts["versions"]
    files.write_text(run_dir / "summary.json", json.dumps(summary, indent=1))


def main() -> None:
    """Trains, or adopts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--recipe", type=Path, required=True, help="TOML file")
    parser.add_argument("--data", type=Path, help="what `ganzoo data` wrote")
    parser.add_argument("--out", type=Path, help="file to write, *.weights.h5")
    parser.add_argument("--steps", type=int, help="in place of the recipe's, for a trial")
    parser.add_argument("--adopt", type=Path, help="*.weights.h5 to make a run of")
    parser.add_argument("--run_dir", type=Path, help="the run's directory")
    given = parser.parse_args()
    if given.adopt:
        adopt(given.adopt, given.recipe, given.run_dir)
    else:
        train(given.recipe, given.data, given.out, given.steps)


if __name__ == "__main__":
    main()
