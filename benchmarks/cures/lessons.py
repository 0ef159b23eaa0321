"""What the matrix teaches: lessons in words, each with what must hold in the results.

A lesson that no longer holds is an error of `write_page.py`: read the table again, and rewrite it.
"""

from collections.abc import Callable
from typing import NamedTuple

import cells


class Table:
    """The cells, by short questions.

    Args:
        found: The cells of the matrix that were played, from `cells.played`.
    """

    def __init__(self, found: dict):
        self.found = found

    def share(self, patient: str, *names: str) -> list[float]:
        """Returns the shares of games that recovered with some cures."""
        return [self.found[patient, name].share for name in names]

    def cures(self, patient: str, *names: str) -> bool:
        """Returns whether each of these cures lets most games recover."""
        return min(self.share(patient, *names)) > 0.5

    def fails(self, patient: str, *names: str) -> bool:
        """Returns whether none of these cures lets a quarter of the games recover."""
        return max(self.share(patient, *names)) < 0.25

    def harms(self, patient: str, *names: str) -> bool:
        """Returns whether each of these cures makes samples worse, beyond chance."""
        return all(self.found[patient, name].harms for name in names)

    def ratio(self, patient: str, name: str) -> float:
        """Returns the ratio of the distances with and without a cure."""
        return self.found[patient, name].ratio

    def count(self, name: str, check: Callable) -> int:
        """Returns in how many set-ups a check of the cell of a cure holds."""
        return sum(map(check, cells.of_cure(self.found, name)))

    def never(self, *names: str) -> bool:
        """Returns whether none of these cures lets a third of the games of any set-up recover."""
        return all(self.count(name, lambda cell: cell.share >= 1 / 3) == 0 for name in names)


class Lesson(NamedTuple):
    """A lesson.

    Attributes:
        about: The patient, or "" for all of them.
        text: What it teaches.
        holds: Whether a `Table` says so.
    """

    about: str
    text: str
    holds: Callable[[Table], bool]


LESSONS = (
    Lesson(
        "",
        "WGAN-GP as a whole, with its loss, its penalty, five turns of D and its own learning "
        "rates, lets all games of nearly every set-up recover. No single part of it does: a "
        "game that is ill in several ways at once wants several things changed at once.",
        lambda t: (
            t.count("wgan_gp", lambda c: c.share == 1.0) >= 9
            and t.count("gradient_penalty", lambda c: c.share == 1.0) < 4
            and t.count("d_turns", lambda c: c.share == 1.0) < 4
        ),
    ),
    Lesson(
        "",
        "Of what can be added to a game as it is, the penalties on D's gradient are the best: "
        "R1, R1 with R2, and R3GAN's relativistic loss with both.",
        lambda t: all(t.count(x, lambda c: c.share > 0.5) >= 3 for x in ("r1", "r1_r2", "r3gan")),
    ),
    Lesson(
        "",
        "Spectral normalization, which is advised for nearly everything, cures a D that has "
        "won, and makes several of the collapses worse.",
        lambda t: (
            t.count("d_spectral", lambda c: c.share > 0.5) == 1
            and t.cures("d_wins", "d_spectral")
            and t.count("d_spectral", lambda c: c.harms) >= 4
        ),
    ),
    Lesson(
        "",
        "Uniform or spherical z, smoothed, random or flipped labels, and the average of G's "
        "weights cure nothing here. Neither do the memories: replay, past checkpoints, "
        "historical averaging.",
        lambda t: t.never(
            "uniform", "sphere", "label_smoothing", "random_labels", "flipped_labels", "ema",
            "replay", "past_checkpoints", "historical_averaging",
        ),
    ),
    Lesson(
        "",
        "Lower learning rates bring samples nearer to the data almost everywhere, and hardly "
        "ever to a good state within the same number of steps: they buy time.",
        lambda t: (
            t.count("default_rates", lambda c: c.helps) >= 9
            and t.count("slower", lambda c: c.helps) >= 7
            and t.never("default_rates", "slower")
        ),
    ),
    Lesson(
        "complete_collapse",
        "The loss is the illness. R3GAN's cures every game, and a relativistic loss alone most "
        "of them; so does a gradient penalty with the old loss. What lets D see several samples "
        "together brings a few modes back at best.",
        lambda t: (
            t.cures("complete_collapse", "r3gan", "relativistic", "gradient_penalty")
            and t.fails("complete_collapse", "pack", "stddev", "discrimination")
        ),
    ),
    Lesson(
        "partial_collapse",
        "Whatever smooths D near the data works, instance noise as well as R1, and so does "
        "packing. A norm in D does not: spectral and layer norm make it worse, and so does a "
        "slower D.",
        lambda t: (
            t.cures("partial_collapse", "instance_noise", "r1", "r1_r2", "pack")
            and t.harms("partial_collapse", "d_spectral", "d_layer", "slower_d")
        ),
    ),
    Lesson(
        "late_collapse",
        "It is the momentum: without it, or with SGD for D, games recover, if not most of them. "
        "Penalties bring the samples nearer and do not prevent the collapse.",
        lambda t: (
            min(t.share("late_collapse", "no_momentum", "d_sgd")) >= 0.25
            and t.fails("late_collapse", "r1", "r1_r2", "r3gan", "gradient_penalty")
        ),
    ),
    Lesson(
        "rotating_modes",
        "No single part stops the rotation, not even unrolling, which was made for it and takes "
        "the distance to less than a tenth. Two together do: packing with minibatch "
        "discrimination, by both of which D sees several samples at once. So does WGAN-GP, which "
        "also brings the rates of both sides together.",
        lambda t: (
            t.cures("rotating_modes", "wgan_gp", "pack+discrimination")
            and t.fails("rotating_modes", "unrolled", "replay", "historical_averaging", "pack")
            and t.fails("rotating_modes", "r1", "r1_r2", "r3gan", "gradient_penalty")
            and t.ratio("rotating_modes", "unrolled") < 0.1
        ),
    ),
    Lesson(
        "d_wins",
        "Every bound on D's slope cures it: penalties as well as spectral norm. The classic "
        "answer, a loss that does not saturate, is not enough, nor is a single turn of D.",
        lambda t: (
            t.cures("d_wins", "r1", "r1_r2", "gradient_penalty", "d_spectral", "r3gan")
            and t.fails("d_wins", "non_saturating", "one_turn")
        ),
    ),
    Lesson(
        "d_too_fast",
        "A rate that is wrong by a factor of a hundred is cured by other rates alone. Penalties "
        "and norms, which help a D that is too strong, take the distance to a tenth and no "
        "further.",
        lambda t: (
            t.cures("d_too_fast", "wgan_gp", "wgan")
            and t.fails("d_too_fast", "r1", "r3gan", "gradient_penalty", "d_spectral")
        ),
    ),
    Lesson(
        "g_wins",
        "A D that does not learn cannot be helped by anything that is done to its gradient: "
        "only other rates help, and the hinge loss and spectral norm make it worse.",
        lambda t: (
            t.cures("g_wins", "wgan_gp", "wgan")
            and t.fails("g_wins", "r1", "r3gan", "gradient_penalty")
            and t.harms("g_wins", "hinge", "d_spectral")
        ),
    ),
    Lesson(
        "no_lipschitz_bound",
        "Here nearly everything cures: R1, but also batch norm in G, packing, minibatch stddev, "
        "unrolling, and no momentum, none of which bounds D's slope. A slower D makes it worse.",
        lambda t: (
            t.cures("no_lipschitz_bound", "r1", "g_batch", "pack", "stddev", "unrolled")
            and t.cures("no_lipschitz_bound", "no_momentum")
            and t.harms("no_lipschitz_bound", "slower_d")
        ),
    ),
    Lesson(
        "divergent_rates",
        "Only other rates cure rates. A tenth of them is still far too much; batch norm in D "
        "makes the samples explode.",
        lambda t: (
            t.cures("divergent_rates", "wgan_gp", "wgan")
            and t.fails("divergent_rates", "slower", "r1", "r3gan", "d_spectral")
            and t.harms("divergent_rates", "d_batch")
        ),
    ),
    Lesson(
        "momentum",
        "Less momentum alone lets few games recover in the same time; WGAN-GP's rates with its "
        "momentum of 0.5 let all of them.",
        lambda t: (
            t.cures("momentum", "wgan_gp")
            and max(t.share("momentum", "beta_05", "no_momentum")) < 0.5
        ),
    ),
    Lesson(
        "exploding_weights",
        "Where weights become infinite, what matters is the optimizer: with Adam or RMSprop at "
        "usual rates the numbers stay numbers. R1 saves one game, and norms only slow the "
        "explosion.",
        lambda t: (
            t.cures("exploding_weights", "wgan_gp", "wgan")
            and t.fails("exploding_weights", "r1", "d_spectral", "gradient_penalty")
        ),
    ),
)  # fmt: skip


def of(patient: str, found: dict) -> list[str]:
    """Returns the lessons about a patient, or "" for all patients together.

    Raises:
        SystemExit: If one does not hold any more.
    """
    table, texts = Table(found), []
    for lesson in LESSONS:
        if lesson.about == patient:
            if not lesson.holds(table):
                raise SystemExit(f"this lesson does not hold any more, rewrite it: {lesson.text}")
            texts.append(lesson.text)
    return texts
