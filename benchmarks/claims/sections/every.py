"""The section about every variant."""


def every_variant(every_variant: dict) -> str:
    steps = max(row.get("steps", 0) for row in every_variant.values())
    lines = [
        "## Every variant with its defaults",
        "",
        "`python benchmarks/claims/every_variant.py`: `python train.py --model=X --dataset=mnist",
        f"--steps={steps}`, with canonical networks and learning rates, on a busy machine. After",
        "so few steps, the values only show that training works, not how good a variant is.",
        "",
        "| variant | minutes | metric | or error message |",
        "|---|---:|---:|---|",
    ]
    for name, row in every_variant.items():
        if "said" in row:
            lines.append(f"| `{name}` | | | {row['said']} |")
        else:
            value = f"`{row['monitor']}` {row['value']:.3g}"
            lines.append(f"| `{name}` | {row['seconds'] / 60:.1f} | {value} | |")
    return "\n".join(lines)
