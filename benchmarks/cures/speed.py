"""What a step costs when many games are played at once; writes cures_speed.json.

    python benchmarks/cures/speed.py

The steps of 1, 12 and 32 games of a patient at once, and of one game by `fit`, as a person would
train it, each the fastest of several repetitions.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).parent.parent / "results" / "cures_speed.json"
PATIENT, STEPS, REPEATS = "partial_collapse", 200, 5


def recipe():
    import patients

    from ganzoo.training.recipe import Recipe

    return Recipe.load(patients.FOLDER / f"{PATIENT}.toml").replace({"steps_per_execution": 10})


def fastest(play) -> float:
    """Returns the microseconds of a step, of a function that plays `STEPS` of them."""
    play()  # compiles
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        play()
        times.append(time.perf_counter() - began)
    return round(min(times) / STEPS * 1e6, 1)


def at_once(count: int) -> float:
    """Returns the microseconds of a step of that many games at once, by JAX."""
    import toys

    games = toys.Games(recipe().resolved(), range(count))
    seeds = toys.jnp.asarray(games.seeds, "int32")

    def play():
        state, _ = games.window(games.states, seeds, toys.jnp.int32(0), STEPS)
        toys.jax.block_until_ready(state)

    return fastest(play)


def by_fit() -> float:
    """Returns the microseconds of a step of one game by `fit`, by TensorFlow."""
    from ganzoo.training import run

    resolved = recipe().resolved()
    source = run.opened(resolved)
    gan = run.build(resolved, source.info)
    stream = source.load(resolved.batch_size, repeat=True)
    return fastest(lambda: gan.fit(stream, steps_per_epoch=STEPS, epochs=1, verbose=0))


def main() -> None:
    if sys.argv[1:]:
        print(by_fit() if sys.argv[1] == "fit" else at_once(int(sys.argv[1])))
        return
    found = {}
    for what in ("fit", "1", "12", "32"):  # each in its own process: they need different backends
        command = [sys.executable, __file__, what]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[what] = float(done.stdout.split()[-1])
        print(what, found[what], flush=True)
    RESULTS.write_text(json.dumps({"microseconds": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
