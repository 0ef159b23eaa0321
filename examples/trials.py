"""Many small trainings that differ in one thing: what `losses.py` and `tricks.py` share.

Every trial is the same small DCGAN on Fashion-MNIST (imported: see the README; 60,000 images) for
the same number of steps. It is judged by the Frechet distance between the features that
`classifier_fashion_mnist` gives its samples and those of the 10,000 test images. What has been
played is kept, so that a script that is stopped goes on where it was.
"""

import json
import statistics
import time

import experiment_page as page
import keras

import ganzoo
from ganzoo import data, metrics
from ganzoo.training import run

SHAPE, WIDTH, LATENT = (28, 28, 1), 8, 64
STEPS, BATCH, SAMPLES = 600, 64, 2500


def play(variant: str, arguments: dict, seed: int) -> dict:
    """Trains one GAN; returns the distance of its samples and how long the training took."""
    keras.utils.set_random_seed(seed)
    gan = ganzoo.create(
        variant, SHAPE, **{"width": WIDTH, "latent_dim": LATENT, "seed": seed} | arguments
    )
    stream = data.load("fashion_mnist", batch_size=BATCH, seed=seed, repeat=True)
    began = time.time()
    gan.fit(stream, steps_per_epoch=STEPS, epochs=1, verbose=0)
    seconds = time.time() - began
    judge = metrics.extractor("fashion_mnist")
    real = metrics.real_moments("fashion_mnist", "test", features=judge)
    distance = metrics.fid(real, gan.sample(SAMPLES, seed=seed), judge)
    return {"seed": seed, "fid_fashion_mnist": distance, "seconds": round(seconds, 1)}


def play_all(name: str, trials: dict, seeds: int) -> dict:
    """Plays what has not been played yet, the first seed of all trials first.

    Args:
        name: Of the script; results are kept in `docs/experiments/<name>.json`.
        trials: What is tried -> variant, arguments of `create`.
        seeds: Trainings of each.

    Returns:
        The trials' rows, by what is tried, under "trials", and what they have in common.
    """
    path = page.FOLDER / f"{name}.json"
    results = json.loads(path.read_text()) if path.exists() else {"trials": {}}
    results |= {"steps": STEPS, "batch_size": BATCH, "width": WIDTH, "samples": SAMPLES}
    results["hardware"] = run.hardware()
    for seed in range(seeds):
        for what, (variant, arguments) in trials.items():
            rows = results["trials"].setdefault(what, [])
            if any(row["seed"] == seed for row in rows):
                continue
            rows.append(play(variant, arguments(), seed))
            print(f"{what}: {rows[-1]}", flush=True)
            page.FOLDER.mkdir(parents=True, exist_ok=True)
            page.keep(path, results)
    results["trials"] = {what: results["trials"][what] for what in trials}
    return results


def distances(results: dict) -> dict[str, list[float]]:
    """Returns the distances of every trial, the best mean first."""
    found = {
        what: [row["fid_fashion_mnist"] for row in rows] for what, rows in results["trials"].items()
    }
    return dict(sorted(found.items(), key=lambda pair: statistics.mean(pair[1])))


def table(results: dict, baseline: str) -> str:
    """Returns a table in Markdown: each trial's distance, its spread, and what it did.

    A trial helps if the worst of its seeds is better than the best of the baseline's, and hurts if
    its best is worse than the baseline's worst; anything between is called even.
    """
    found = distances(results)
    usual = found[baseline]
    lines = [
        "| tried | distance, mean | spread | of the baseline's | |",
        "|---|---:|---:|---:|---|",
    ]
    for what, values in found.items():
        ratio = statistics.mean(values) / statistics.mean(usual)
        spread = f"{min(values):.1f} to {max(values):.1f}"
        lines.append(
            f"| {what} | {statistics.mean(values):.1f} | {spread} | {ratio:.2f} | "
            f"{verdict(values, usual) if what != baseline else 'the baseline'} |"
        )
    return "\n".join(lines)


def verdict(values: list[float], usual: list[float]) -> str:
    """Returns "helps", "even" or "hurts"."""
    if max(values) < min(usual):
        return "helps"
    return "hurts" if min(values) > max(usual) else "even"


def picture(results: dict, baseline: str):
    """Returns a figure: every seed a dot, the baseline's range a band."""
    found = distances(results)
    figure, [axes] = page.figure(width=7.0, height=0.6 + 0.2 * len(found))
    for row, values in enumerate(reversed(found.values())):
        axes.plot(values, [row] * len(values), "o", markersize=4)
    axes.axvspan(min(found[baseline]), max(found[baseline]), alpha=0.15)
    axes.set_yticks(range(len(found)), reversed(found), fontsize=7)
    axes.set(xscale="log", xlabel="Frechet distance on the zoo's classifier (less is better)")
    axes.grid(axis="x", which="both", alpha=0.2)
    return figure


def write(name: str, title: str, finding: str, results: dict, baseline: str) -> None:
    """Writes the page of a script's trials: the finding, the picture and the table."""
    drawn = picture(results, baseline)
    page.write(name, title, finding, drawn, results, table(results, baseline))
