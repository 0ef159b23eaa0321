"""The ring of 8 modes and the grid of 25: how many does each variant find?

    python examples/modes.py

Every variant that needs no labels, with its own networks, loss and penalties, and for all the same
optimizer: canonical rates are for images, and leave a cloud where there should be modes. What is
found is kept: an interrupted script goes on. The set-ups of papers: `benchmarks/claims/modes.py`.
"""

import json

import experiment_page as page
import keras

import ganzoo
from ganzoo import data, gans, metrics, schedules
from ganzoo.errors import InputError

MIXTURES = {"ring8": 8, "grid25": 25}
WIDTH, STEPS, BATCH, SAMPLES, SHOWN = 32, 2500, 256, 2500, 300


def play(variant: str, mixture: str) -> dict:
    """Trains one GAN; returns the modes that its samples are at, and how many are at any."""
    keras.utils.set_random_seed(0)
    rate = schedules.LinearDecay(1e-3, STEPS * 3 // 5, STEPS)
    sides = ("g_optimizer", "d_optimizer") if gans.get(variant).compares else ("g_optimizer",)
    optimizers = {side: keras.optimizers.Adam(rate, beta_1=0.5) for side in sides}
    gan = ganzoo.create(variant, (2,), width=WIDTH, ema=0.0, steps_per_execution=50, **optimizers)
    stream = data.load(mixture, batch_size=BATCH, seed=0, repeat=True)
    gan.fit(stream, steps_per_epoch=STEPS, epochs=1, verbose=0)
    points = gan.sample(SAMPLES, seed=0)
    found = metrics.mixture_modes(points, mixture)
    return {
        "modes": found.modes,
        "high_quality": round(float(found.high_quality), 4),
        "points": [[round(float(v), 3) for v in axis[:SHOWN]] for axis in points.T],
    }


def of_points(variant: str) -> bool:
    """Returns whether a variant draws points, and needs no labels to."""
    if gans.takes_labels(variant) or gans.translates(variant):
        return False
    try:
        return ganzoo.create(variant, (2,), width=4).kind == "generator"
    except InputError:
        return False


def main() -> None:
    path = page.FOLDER / "modes.json"
    names = [variant for variant in ganzoo.list_variants() if of_points(variant)]
    results = json.loads(path.read_text()) if path.exists() else {}
    results |= {"steps": STEPS, "batch_size": BATCH, "samples": SAMPLES}
    for mixture in MIXTURES:
        rows = results.setdefault(mixture, {})
        for name in names:
            if name not in rows:  # what has been played is kept
                rows[name] = play(name, mixture)
                print(mixture, name, rows[name]["modes"], flush=True)
                page.keep(path, results)
    columns = 6
    figure = page.Figure((1.5 * columns, 1.7 * 2 * -(-len(names) // columns)), dpi=90)
    for place, (mixture, name) in enumerate([(m, n) for m in MIXTURES for n in names]):
        half = -(-len(names) // columns) * columns
        place = place % len(names) + (half if mixture != "ring8" else 0)
        axes = figure.add_subplot(2 * half // columns, columns, place + 1)
        row = results[mixture][name]
        axes.scatter(*row["points"], s=1)
        axes.set(xticks=[], yticks=[], xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
        axes.set_title(f"{name}: {row['modes']}", fontsize=8)
    figure.tight_layout()

    def all_found(mixture):
        """Returns the variants that found all modes."""
        rows = results[mixture]
        whole = [name for name in names if rows[name]["modes"] == MIXTURES[mixture]]
        return f"{len(whole)} of {len(names)} ({', '.join(whole) or 'none'})"

    table = [
        "| variant | ring, of 8 | at a mode | grid, of 25 | at a mode |",
        "|---|---|---|---|---|",
    ]
    for name in names:
        cells = [
            f"{r['modes']} | {r['high_quality']:.0%}" for r in (results[m][name] for m in MIXTURES)
        ]
        table.append(f"| `{name}` | {' | '.join(cells)} |")
    finding = (
        f"After {STEPS:,} steps of {BATCH} points, all 8 modes of the ring are found by "
        f"{all_found('ring8')}, all 25 of the grid by {all_found('grid25')}. A mode counts if a "
        "sample lies within three of its standard deviations, so a cloud that covers everything "
        "finds all of them, too: the shares of samples at a mode tell how sharp they are. One "
        "seed and one rate for all: it shows characters, not ranks."
    )
    page.write("modes", "Who finds the modes?", finding, figure, results, "\n".join(table))


if __name__ == "__main__":
    main()
