"""The cures: every trick of the zoo that can be put on a recipe, one at a time.

Each is a change of a recipe's fields, as flags of `ganzoo train` are. A cure that a patient's
recipe has already, or that does not fit its networks, leaves its cell empty with the reason.
"""

from typing import NamedTuple


class Cure(NamedTuple):
    """A cure: what it is called in tables, and the changes of the recipe, by their dotted names."""

    title: str
    changes: dict


def part(name: str, **config) -> dict:
    """Returns the config of a part, as in a recipe."""
    return {"class_name": name, "config": config}


def adam(rate: float, beta_1: float = 0.5) -> dict:
    """Returns the config of an Adam optimizer."""
    return part("Adam", learning_rate=rate, beta_1=beta_1)


def penalties(*names, **config) -> dict:
    """Returns the change that puts penalties of one weight on a recipe."""
    return {"penalties": [part(name, **config) for name in names]}


G, D = "g_optimizer", "d_optimizer"


class Times(NamedTuple):
    """A factor by which a number of the recipe is multiplied."""

    factor: float


RATE = "config.learning_rate"
OF_IMAGES = 8e-4  # the largest learning rate that is usual for images; points take larger ones
CURES = {
    # The loss, and its labels.
    "non_saturating": Cure("non-saturating loss", {"loss": "non_saturating"}),
    "least_squares": Cure("least-squares loss", {"loss": "least_squares"}),
    "hinge": Cure("hinge loss", {"loss": "hinge"}),
    "relativistic": Cure("relativistic loss", {"loss": "relativistic"}),
    "label_smoothing": Cure(
        "one-sided label smoothing, 0.9", {"loss": part("NonSaturating", real_label=0.9)}
    ),
    "random_labels": Cure(
        "random labels, 0.7-1.2 and 0-0.3",
        {"loss": part("NonSaturating", real_label=[0.7, 1.2], fake_label=[0.0, 0.3])},
    ),
    "flipped_labels": Cure("5 % flipped labels", {"loss": part("NonSaturating", flip=0.05)}),
    # The critic's slope.
    "r1": Cure("R1, 0.1", penalties("R1", weight=0.1)),
    "r1_strong": Cure("R1, 1", penalties("R1", weight=1.0)),
    "r1_lazy": Cure("lazy R1, 0.1 every 16 turns", penalties("R1", weight=0.1, interval=16)),
    "r1_r2": Cure("R1 and R2, 0.1", penalties("R1", "R2", weight=0.1)),
    "gradient_penalty": Cure("gradient penalty, 1", penalties("GradientPenalty", weight=1.0)),
    "dragan": Cure("DRAGAN penalty, 1", penalties("DRAGAN", weight=1.0)),
    "clip": Cure("weights clipped at 0.1", {"clip": 0.1}),
    "wgan": Cure(
        "WGAN: Wasserstein loss, clipping at 0.1, RMSprop at 5e-4, 5 turns of D",
        {"loss": "wasserstein", "clip": 0.1, "n_critic": 5, "penalties": []}
        | {side: part("RMSprop", learning_rate=5e-4) for side in (G, D)},
    ),
    "wgan_gp": Cure(
        "WGAN-GP: Wasserstein loss, gradient penalty, 5 turns of D, Adam at 1e-3",
        {"loss": "wasserstein", "n_critic": 5, "clip": 0}
        | penalties("GradientPenalty", weight=1.0)
        | {side: adam(1e-3) for side in (G, D)},
    ),
    "r3gan": Cure(
        "R3GAN: relativistic loss, R1 and R2",
        {"loss": "relativistic"} | penalties("R1", "R2", weight=0.1),
    ),
    # Normalization.
    "d_spectral": Cure("spectral norm in D", {"d_normalization": "spectral"}),
    "d_batch": Cure("batch norm in D", {"d_normalization": "batch"}),
    "d_layer": Cure("layer norm in D", {"d_normalization": "layer"}),
    "d_virtual": Cure("virtual batch norm in D", {"d_normalization": "virtual"}),
    "d_none": Cure("no norm in D", {"d_normalization": "none"}),
    "g_batch": Cure("batch norm in G", {"g_normalization": "batch"}),
    "g_pixel": Cure("pixel norm in G", {"g_normalization": "pixel"}),
    # What D sees together.
    "discrimination": Cure("minibatch discrimination", {"minibatch": "discrimination"}),
    "stddev": Cure("minibatch stddev", {"minibatch": "stddev"}),
    "pack": Cure("packing, 2", {"pack": 2}),
    "feature_matching": Cure("feature matching", {"penalties": ["feature_matching"]}),
    # Noise, and the latents.
    "instance_noise": Cure(
        "instance noise, 0.3, decaying",
        {"augment": part("InstanceNoise", stddev=0.3, steps="steps")},
    ),
    "dropout": Cure("dropout in G, 0.5", {"dropout": 0.5}),
    "noise": Cure("noise in every layer of G, 0.1", {"noise": 0.1}),
    "sphere": Cure("spherical z", {"latents": "sphere"}),
    "uniform": Cure("uniform z", {"latents": "uniform"}),
    "diff_augment": Cure("DiffAugment", {"augment": "diff_augment"}),
    "ada": Cure("ADA", {"augment": "ada"}),
    # Memory and foresight.
    "replay": Cure("replay of 1,024 fakes", {"replay": 1024}),
    "past_checkpoints": Cure(
        "past checkpoints", {"replay": part("PastCheckpoints", interval=100, share=0.2)}
    ),
    "historical_averaging": Cure(
        "historical averaging",
        {"penalties": [part("HistoricalAveraging", side=side) for side in "dg"]},
    ),
    "unrolled": Cure("unrolling, 5 updates", {"unroll": 5}),
    "ema": Cure("average of G's weights, 0.999", {"ema": 0.999}),
    # Optimizers, and the balance of the sides.
    "d_sgd": Cure("SGD for D, 0.05", {D: part("SGD", learning_rate=0.05)}),
    "rmsprop": Cure(
        "RMSprop at 5e-4", {side: part("RMSprop", learning_rate=5e-4) for side in (G, D)}
    ),
    "no_momentum": Cure("Adam's beta_1 0", {"learning.{}.config.beta_1": 0.0}),
    "beta_05": Cure("Adam's beta_1 0.5", {"learning.{}.config.beta_1": 0.5}),
    "slower": Cure("a tenth of both rates", {"learning.{}." + RATE: Times(0.1)}),
    "slower_g": Cure("a tenth of G's rate", {f"learning.{G}.{RATE}": Times(0.1)}),
    "slower_d": Cure("a tenth of D's rate", {f"learning.{D}.{RATE}": Times(0.1)}),
    "default_rates": Cure("the default rates, 2e-4", {side: adam(2e-4) for side in (G, D)}),
    "ttur": Cure("TTUR: 2e-4 for G, 8e-4 for D", {G: adam(2e-4), D: adam(8e-4)}),
    "d_turns": Cure("5 turns of D", {"n_critic": 5}),
    "one_turn": Cure("1 turn of D", {"n_critic": 1}),
    "balance": Cure("D waits above an accuracy of 0.8", {"balance": 0.8}),
    "large_batch": Cure("batches 4 times as large", {"batch_size": Times(4)}),
    "wide": Cure("networks twice as wide", {"width": Times(2)}),
}


def named(name: str) -> Cure:
    """Returns a cure by its name, or those whose names "+" joins as one.

    Raises:
        LookupError: If there is no such cure, or two of them change the same.
    """
    parts = [CURES[part] for part in name.split("+")]
    fields = [field for part in parts for field in touched(part)]
    if len(set(fields)) < len(fields):
        raise LookupError(f"{name}: both change the same")
    changes = {key: value for part in parts for key, value in part.changes.items()}
    return Cure(" with ".join(part.title for part in parts), changes)


def touched(cure: Cure) -> set[str]:
    """Returns the fields of a recipe that a cure changes; optimizers by their sides."""
    names = set()
    for name in cure.changes:
        both = [name.format(side) for side in (G, D)] if "{}" in name else [name]
        names |= {full.removeprefix("learning.").partition(".")[0] for full in both}
    return names


def treated(recipe, cure: Cure):
    """Returns the patient's recipe with a cure, resolved.

    Raises:
        InputError: If the cure does not fit.
        LookupError: If the recipe has it already; with the reason.
    """
    changes = {}
    for name, value in cure.changes.items():
        changes |= {name.format(side): value for side in ((G, D) if "{}" in name else (G,))}
    for name, value in changes.items():
        if isinstance(value, Times):
            old = found(recipe, name)
            changes[name] = type(old)(old * value.factor)
        elif isinstance(value, dict) and value["config"].get("steps") == "steps":
            changes[name] = part(value["class_name"], **value["config"] | {"steps": recipe.steps})
    new = recipe.replace(changes).resolved()
    if new == recipe.resolved():
        raise LookupError("the patient has it")
    return new


def found(recipe, name: str):
    """Returns the value of a recipe by its name, dotted or not.

    A resolved recipe leaves out what Keras has as default, a patient's own file may leave out more.
    """
    for values in (recipe.to_dict(), recipe.resolved().to_dict()):
        *tables, key = name.split(".")
        for table in tables:
            values = values.get(table, {})
        for place in (values, values.get("architecture", {}), values.get("learning", {})):
            if key in place:
                return place[key]
    raise LookupError(f"the patient has no {name}")


def plain(cure: Cure) -> dict | None:
    """Returns the changes as plain data; None if they fit only the recipe that they were made for.

    So do those that depend on its own numbers, and learning rates that are too large for images.
    """
    changes = {name.removeprefix("learning."): value for name, value in cure.changes.items()}
    depends = any("{}" in name or isinstance(value, Times) for name, value in changes.items())
    rates = [changes[side]["config"]["learning_rate"] for side in (G, D) if side in changes]
    depends |= "'steps': 'steps'" in str(changes) or max(rates, default=0.0) > OF_IMAGES
    return None if depends else changes
