"""Many short trainings that differ in one setting: the shared code of `losses.py` and `tricks.py`.

Every trial trains the same small DCGAN on Fashion-MNIST (60,000 images; to import it see the
README) for the same number of steps. The result is the Frechet distance between samples and the
10,000 test images, in the features of `classifier_fashion_mnist`. Results are saved, so an
interrupted script continues where it stopped.
"""

import json
import statistics
import time

import experiment_page as page
import keras

import ganzoo
from ganzoo import data, metrics
from ganzoo.training.summary import hardware

SHAPE, WIDTH, LATENT = (28, 28, 1), 8, 64
STEPS, BATCH, SAMPLES = 600, 64, 2500


def play(variant: str, arguments: dict, seed: int) -> dict:
    """Trains a GAN; returns the distance of its samples, and the training time."""
    keras.utils.set_random_seed(seed)
    gan = ganzoo.create(
        variant, SHAPE, **{"width": WIDTH, "latent_dim": LATENT, "seed": seed} | arguments
    )
    stream = data.load("fashion_mnist", batch_size=BATCH, seed=seed, repeat=True)
    start = time.time()
    gan.fit(stream, steps_per_epoch=STEPS, epochs=1, verbose=0)
    seconds = time.time() - start
    features = metrics.extractor("fashion_mnist")
    real = metrics.real_moments("fashion_mnist", "test", features=features)
    distance = metrics.fid(real, gan.sample(SAMPLES, seed=seed), features)
    return {"seed": seed, "fid_fashion_mnist": distance, "seconds": round(seconds, 1)}


def play_all(name: str, trials: dict, seeds: int) -> dict:
    """Runs all trials without saved results, the first seed of all trials first.

    Args:
        name: Name of the script; results are saved in `docs/experiments/<name>.json`.
        trials: Dict from labels of trials to (variant, function that returns arguments of
            `create`).
        seeds: Number of trainings of each trial.

    Returns:
        A dict of the shared settings, and of the rows of each trial under "trials".
    """
    path = page.FOLDER / f"{name}.json"
    results = json.loads(path.read_text()) if path.exists() else {"trials": {}}
    results |= {"steps": STEPS, "batch_size": BATCH, "width": WIDTH, "samples": SAMPLES}
    results["hardware"] = hardware()
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
    """Returns the distances of every trial, sorted by their mean."""
    values = {
        what: [row["fid_fashion_mnist"] for row in rows] for what, rows in results["trials"].items()
    }
    return dict(sorted(values.items(), key=lambda pair: statistics.mean(pair[1])))


def table(results: dict, baseline: str) -> str:
    """Returns a Markdown table with the mean distance of each trial, its range and its effect.

    A trial helps if its worst seed is better than the best seed of the baseline, and hurts if its
    best seed is worse than the worst of the baseline; otherwise the effect is even.
    """
    by_trial = distances(results)
    reference = by_trial[baseline]
    lines = [
        "| trial | mean distance | range | ratio to baseline | effect |",
        "|---|---:|---:|---:|---|",
    ]
    for what, values in by_trial.items():
        ratio = statistics.mean(values) / statistics.mean(reference)
        spread = f"{min(values):.1f} to {max(values):.1f}"
        lines.append(
            f"| {what} | {statistics.mean(values):.1f} | {spread} | {ratio:.2f} | "
            f"{verdict(values, reference) if what != baseline else 'the baseline'} |"
        )
    return "\n".join(lines)


def verdict(values: list[float], reference: list[float]) -> str:
    """Returns "helps", "even" or "hurts", compared with the values of the baseline."""
    if max(values) < min(reference):
        return "helps"
    return "hurts" if min(values) > max(reference) else "even"


def picture(results: dict, baseline: str):
    """Returns a figure with a dot for every seed, and the range of the baseline as a band."""
    by_trial = distances(results)
    figure, [axes] = page.figure(width=7.0, height=0.6 + 0.2 * len(by_trial))
    for row, values in enumerate(reversed(by_trial.values())):
        axes.plot(values, [row] * len(values), "o", markersize=4)
    axes.axvspan(min(by_trial[baseline]), max(by_trial[baseline]), alpha=0.15)
    axes.set_yticks(range(len(by_trial)), reversed(by_trial), fontsize=7)
    axes.set(xscale="log", xlabel="Frechet distance on the zoo's classifier (less is better)")
    axes.grid(axis="x", which="both", alpha=0.2)
    return figure


def write(name: str, title: str, finding: str, results: dict, baseline: str) -> None:
    """Writes the page of a script's trials: the finding, the figure and the table."""
    figure = picture(results, baseline)
    page.write(name, title, finding, figure, results, table(results, baseline))
