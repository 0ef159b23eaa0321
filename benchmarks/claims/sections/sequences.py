"""Sections about sequences."""


def seqgan(seqgan: dict) -> str:
    lines = [
        "## SeqGAN on synthetic data",
        "",
        "`python benchmarks/claims/seqgan.py`: negative log-likelihood in nats per token. The",
        "oracle, a random LSTM, generates sequences of 20 tokens from a vocabulary of 5,000.",
        "Published (arXiv:1609.05473): 9.038 for maximum likelihood and 8.736 for SeqGAN, on an",
        "oracle of the same kind with other random weights.",
        "",
        "The likelihood of samples under the oracle only measures quality. Diversity is measured",
        "by the likelihood of held-out sequences under G: policy gradient makes G more peaked,",
        "which makes sequences that it no longer generates less likely. The baseline is the",
        "generator trained by maximum likelihood at a lower temperature, chosen for the same",
        "likelihood under the oracle.",
        "",
        "| seed | training | samples, by the oracle | held-out data, by G | steps | minutes |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for seed, row in sorted(seqgan.items()):
        if seed == "speed":
            continue
        names = {"mle": "maximum likelihood", "seqgan": "SeqGAN"}
        names["tempered"] = f"temperature {row['tempered']['temperature']:.2f}"
        steps = {"mle": row["mle_step"], "seqgan": row["steps"]}
        for key, name in names.items():
            cost = f"{steps[key]:,} | {row['seconds'][key] / 60:.0f}" if key in steps else "|"
            lines.append(
                f"| {seed} | {name} | {row[key]['oracle']:.3f} | {row[key]['data']:.3f} | {cost} |"
            )
    if speed := seqgan.get("speed"):
        lines += [
            "",
            f"Roll-outs generate {speed['tokens_per_second']:,.0f} tokens per second on",
            f"{speed['hardware']}, and take {speed['share']:.0%} of the time of a policy gradient",
            "step.",
        ]
    return "\n".join(lines)


def poems(poems: dict) -> str:
    lines = [
        "## SeqGAN on poems",
        "",
        "`python benchmarks/claims/poems.py`: Chinese quatrains of 20 characters. BLEU of",
        f"{poems['samples']:,} samples, with the poems of the test split as references, and of",
        "real poems for comparison.",
        "",
        "| poems | BLEU-2 | BLEU-3 | BLEU-4 | steps | minutes |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    figures = " | ".join(f"{x:.3f}" for x in poems["real"])
    lines.append(f"| real, of the training split | {figures} | | |")
    for name, what in (("mle", "maximum likelihood"), ("seqgan", "SeqGAN")):
        row = poems[name]
        figures = " | ".join(f"{x:.3f}" for x in row["bleu"])
        lines.append(f"| {what} | {figures} | {row['steps']:,} | {row['seconds'] / 60:.0f} |")
    shown = (poems[name]["lines"] for name in ("mle", "seqgan"))
    lines += [
        "",
        "Samples of both, not cherry-picked:",
        "",
        "| maximum likelihood | SeqGAN |",
        "|---|---|",
    ]
    lines += [f"| {_lined(a)} | {_lined(b)} |" for a, b in zip(*shown, strict=True)]
    return "\n".join(lines)


def _lined(poem: str) -> str:
    return "，".join(poem[i : i + 5] for i in range(0, 20, 5))
