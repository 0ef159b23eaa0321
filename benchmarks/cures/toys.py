"""Many small games on a 2-D mixture, one for each seed, in one compiled step.

A game is a recipe's own: its variant, networks, losses, parts and optimizers, as `ganzoo train`
would build them, under Keras' JAX backend. `jax.vmap` plays the games of all seeds together and
`jax.lax.scan` plays the steps of a window without returning to Python. Points are drawn from the
mixture itself.

Import this module before Keras: it chooses the backend.
"""

import os
import time

flags = "--xla_cpu_multi_thread_eigen=false --xla_backend_optimization_level=1"  # compiles faster
os.environ.setdefault("XLA_FLAGS", flags)

from ganzoo.training import jax_backend  # noqa: E402

jax_backend.without_tensorflow()

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import kept  # noqa: E402
import numpy as np  # noqa: E402
import points  # noqa: E402

from ganzoo import random  # noqa: E402
from ganzoo.callbacks import diagnosis, failure_monitor  # noqa: E402
from ganzoo.data.source import Info  # noqa: E402
from ganzoo.data.toys import MIXTURES  # noqa: E402
from ganzoo.training import run  # noqa: E402
from ganzoo.training.jax_game import JaxGame  # noqa: E402

WINDOWS = 100  # of a run, as those of the failure monitor
LOOKS = 20  # of a run, at which its samples are measured
SAMPLES = 512


class Games:
    """The games of a recipe with several seeds.

    Args:
        recipe: A recipe of a variant for points.
        seeds: Integer seeds.
    """

    def __init__(self, recipe, seeds):
        self.recipe, self.mixture = recipe, MIXTURES[recipe.dataset]
        self.seeds = list(seeds)
        info = Info(recipe.dataset, "train", 100_000, self.mixture.centers.shape[1:])
        states = []
        for seed in self.seeds:
            self.gan = run.build(recipe.replace({"seed": seed}).resolved(), info)
            game = JaxGame(self.gan)
            states.append(game.state())
        self.game = game
        self.states = jax.tree.map(lambda *values: jnp.stack(values), *states)
        self.window = jax.jit(jax.vmap(self._window, (0, 0, None, None)), static_argnums=3)
        self.draw = jax.jit(jax.vmap(self._draw, (0, None)))
        self.learned = jax.jit(jax.vmap(self._draw_learned, (0, None)))

    def _points(self, key):
        """Returns a batch of points of the mixture."""
        size, centers = self.recipe.batch_size, jnp.asarray(self.mixture.centers)
        key = jax.random.wrap_key_data(key.astype("uint32"))
        which, noise = jax.random.split(key)
        places = jax.random.randint(which, (size,), 0, len(centers))
        return centers[places] + self.mixture.std * jax.random.normal(noise, (size, 2))

    def _window(self, state, seed, first, length):
        """Plays steps of one game; returns its state, and the means of its logs."""

        def one(state, number):
            key = random.key(seed, number)
            turns = range(self.gan.n_critic)
            batches = [{"real": self._points(random.fold(key, 100 + turn))} for turn in turns]
            return self.game.step(state, batches, key)

        state, logs = jax.lax.scan(one, state, first + jnp.arange(length))
        return state, {name: jnp.mean(values) for name, values in logs.items()}

    def _draw(self, state, latents):
        with self.game.within(state):
            return self.gan.sampler(latents)

    def _draw_learned(self, state, latents):
        """Returns samples in training mode, by the generator that is trained."""
        with self.game.within(state), random.scope(random.key(2)):
            return self.gan.sampler_of(self.gan.generator)(latents, training=True)

    def play(self) -> dict:
        """Plays all steps; returns the records of each game by seed, and the seconds it took.

        Each record has `looks`, what the samples were like, and `windows` and `monitored`, what the
        failure monitor sees.
        """
        began, steps = time.perf_counter(), self.recipe.steps
        length = steps // WINDOWS
        real, seen = (points.drawn(self.mixture, *pair) for pair in ((SAMPLES, 1), (96, 3)))
        latents, few = (self.gan.sampler.draw_inputs(*pair) for pair in ((SAMPLES, 1), (64, 2)))
        records = [{"windows": [], "monitored": [], "looks": []} for _ in self.seeds]
        state, numbers = self.states, jnp.asarray(self.seeds, "int32")
        nearest = [None] * len(self.seeds)
        for window in range(1, WINDOWS + 1):
            step = window * length
            state, logs = self.window(state, numbers, jnp.int32(step - length), length)
            logs = {name: np.asarray(values) for name, values in logs.items()}
            for game, record in enumerate(records):
                row = {name: float(values[game]) for name, values in logs.items()}
                record["windows"].append({"step": step} | row)
            if window % 2 == 0:
                samples = np.asarray(self.learned(state, few))
                for game, record in enumerate(records):
                    if np.isfinite(samples[game]).all():
                        look = diagnosis.look(samples[game], seen, nearest[game])
                        nearest[game] = look.pop("nearest")
                        record["monitored"].append({"step": step} | look)
            if window % (WINDOWS // LOOKS) == 0:
                samples = np.asarray(self.draw(state, latents))
                for game, record in enumerate(records):
                    look = points.measured(samples[game], real, self.mixture)
                    record["looks"].append({"step": step} | look)
        self.samples = samples
        return {
            "runs": dict(zip(self.seeds, records, strict=True)),
            "seconds": round(time.perf_counter() - began, 2),
        }


def play(recipe, seeds) -> dict:
    """Returns how the games of a recipe ended, a list of measures in the order of the seeds.

    `distance` is the largest and `modes` the smallest of the last quarter of the looks, so that a
    game which only passes a good state has not recovered. `alarm` is the failure monitor's first
    one, and `alarmed_at` its step.
    """
    games = Games(recipe, seeds)
    records = games.play()
    chance = failure_monitor.losses_at_chance(games.gan)
    return {"seconds": records["seconds"]} | kept.columns(
        [_ending(record, chance, recipe.steps) for record in records["runs"].values()]
    )


def _ending(record: dict, chance, steps: int) -> dict:
    last = record["looks"][-LOOKS // 4 :]
    distances = [look["distance"] for look in last]
    alarm = _first_alarm(record, chance, steps)
    return {
        "distance": None if None in distances else max(distances),
        "modes": min(look["modes"] for look in last),
        "in_modes": last[-1]["in_modes"],
        "alarm": alarm and alarm[0],
        "alarmed_at": alarm and alarm[1],
    }


def _first_alarm(record, chance, steps):
    """Returns the failures that the monitor names first, joined, and the step; None for none."""
    for number, window in enumerate(record["windows"], 1):
        looks = [look for look in record["monitored"] if look["step"] <= window["step"]]
        if names := diagnosis.found(record["windows"][:number], looks, chance, steps):
            return "+".join(names), window["step"]
    return None
