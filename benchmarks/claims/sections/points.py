"""Sections about 2-D mixtures and Gaussians."""

import statistics

MODES = {"ring8": 8, "grid25": 25}
SHARP = 0.8  # share of the samples in modes, of a mixture that is solved


def modes(modes: dict) -> str:
    lines = [
        "## Modes of 2-D mixtures",
        "",
        "`python benchmarks/claims/modes.py`, which lists the networks and the learning rates.",
        "High quality: the share of samples within three standard deviations of a mode.",
        "",
        "| experiment | modes, per seed | mean | high quality, per seed | mean | steps |",
        "|---|---|---:|---|---:|---:|",
    ]
    for name, row in modes.items():
        cells = []
        for key, form in (("modes", "{:d}"), ("high_quality", "{:.2f}")):
            values = [run[key] for run in row["runs"]]
            mean = statistics.mean(values)
            cells += [", ".join(form.format(value) for value in values), f"{mean:.2f}"]
        lines.append(f"| {name} | {' | '.join(cells)} | {row['steps']:,} |")
    lines.append("")
    for mixture in MODES:
        packed = modes.get(f"pacgan 2 on {mixture}")
        plain = modes.get(f"the same without packing on {mixture}")
        if packed and plain:
            with_, without = (
                statistics.mean(run["modes"] for run in row["runs"]) for row in (packed, plain)
            )
            lines += [
                f"On {mixture} the networks, loss and penalty of the PacGAN experiment reach",
                f"{without:.2f} modes without packing and {with_:.2f} with it.",
            ]
    return "\n".join(lines)


def mixtures(mixtures: dict) -> str:
    lines = [
        "## The ring and the grid, by each variant's own recipe",
        "",
        "`python benchmarks/cures/mixtures.py`: networks of width 32, batches of 128, and",
        "otherwise what `ganzoo train` does without flags. A mode counts if it has a tenth of its",
        "share of the samples; in modes are samples within a third of the distance between two",
        "modes. Distance: the mean energy distance to the data, over that within the data. Three",
        "seeds.",
        "",
        "| variant | ring: modes of 8 | in modes | distance "
        "| grid: modes of 25 | in modes | distance |",
        "|---|---|---:|---:|---|---:|---:|",
    ]
    names = dict.fromkeys(key.partition(" on ")[0] for key in mixtures)
    solved: dict[str, list[str]] = {mixture: [] for mixture in MODES}
    for name in names:
        rows = {mixture: mixtures.get(f"{name} on {mixture}", {}) for mixture in MODES}
        if not all("modes" in row for row in rows.values()):
            continue
        cells = []
        for mixture, row in rows.items():
            distances = row["distance"]
            near = "none" if None in distances else f"{statistics.mean(distances):.3f}"
            share = f"{statistics.mean(row['in_modes']):.0%}"
            cells += [", ".join(map(str, row["modes"])), share, near]
            if min(row["modes"]) == MODES[mixture] and min(row["in_modes"]) > SHARP:
                solved[mixture].append(f"`{name}`")
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    for mixture, what in (("ring8", "ring"), ("grid25", "grid")):
        who = ", ".join(solved[mixture]) or "none"
        lines += ["", f"All modes of the {what}, with {SHARP:.0%} of the samples in modes: {who}."]
    return "\n".join(lines)


def divergences(divergences: dict) -> str:
    lines = [
        "## KL is mode-covering, reverse KL is mode-seeking",
        "",
        "`python benchmarks/claims/divergences.py`: G learns a single Gaussian in the plane; the",
        "data are a mixture of two, with weight 0.7 at (1, 0) and 0.3 at (-1, 0) and standard",
        "deviation 0.3. Mean and standard deviation are those along the first axis. Exact: the",
        "result of minimizing the divergence between the densities by gradient descent.",
        "",
        "| divergence | exact mean | mean, per seed | exact std | std, per seed |",
        "|---|---:|---|---:|---|",
    ]
    for name in ("kl", "js", "reverse_kl"):
        if row := divergences.get(name):
            cells = [
                f"{row['exact'][key]:.2f} | " + ", ".join(f"{run[key]:.2f}" for run in row["runs"])
                for key in ("mean", "std")
            ]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
