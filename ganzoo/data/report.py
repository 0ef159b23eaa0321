"""A look at some examples before a training: what is in them, and what seems to be wrong."""

from typing import NamedTuple

import numpy as np

from ganzoo.data.source import Source

LOOKED_AT = 500  # examples, at most
SIDE = 8  # pixels a side of the small images that are compared
COPIES, BLANK = 0.2, 0.05  # shares from which copies and images of one color are reported
FLAT = 2  # largest difference of the values of an image of one color
NARROW = 64  # fewest of the 256 values that should lie between the smallest and the largest


class Report(NamedTuple):
    """What a look at examples found.

    Attributes:
        facts: What they are like, in words.
        problems: What seems to be wrong, in words, by its name.
    """

    facts: str
    problems: dict[str, str]

    def lines(self) -> list[str]:
        """Returns what to tell a person."""
        return [f"The data: {self.facts}.", *(f"WARNING: {x}." for x in self.problems.values())]


def check(source: Source, labels_matter: bool = True) -> Report:
    """Looks at up to 500 examples of a data set.

    Args:
        source: The data set, from `data.open`.
        labels_matter: Whether the training uses labels.

    Returns:
        A `Report`. Its problems have the names "copies", "one_color", "narrow_range",
        "same_pictures" (of pairs), "one_label" and "shuffled_labels".

    Example:
        report = ganzoo.data.check(ganzoo.data.open("folder:my_pictures"))
        for line in report.lines():
            print(line)
    """
    examples = source.examples(LOOKED_AT)
    images = {key: x for key, x in examples.items() if np.ndim(x) == 4 and x.dtype == np.uint8}
    problems: dict[str, str] = {}
    facts = [f"{len(next(iter(examples.values()))):,} looked at"]
    for key, x in images.items():
        which = "the images" if len(images) == 1 else f"the images {key!r}"
        facts.append(f"values of {which} from {x.min()} to {x.max()}, mean {x.mean():.0f}")
        problems |= {name: text for name, text in _images(x, which).items() if name not in problems}
    if len(images) == 2:
        x, y = images.values()
        if x.shape == y.shape and np.array_equal(x, y):
            problems["same_pictures"] = "both images of each pair are the same"
    labels = examples.get("label")
    if labels is not None and labels_matter:
        counts = np.unique(labels, return_counts=True)[1]
        facts.append(f"{len(counts)} classes of {counts.min()} to {counts.max()} examples")
        problems |= _labels(images.get("real"), np.asarray(labels), counts, bool(problems))
    return Report(", ".join(facts), problems)


def _images(x: np.ndarray, which: str) -> dict[str, str]:
    """Returns the problems of images, uint8 (N, H, W, C)."""
    flat, low, high = x.reshape(len(x), -1), int(x.min()), int(x.max())
    copies = 1.0 - len({image.tobytes() for image in flat}) / len(flat)
    if len(flat) > 1 and copies > 1.0 - 1.5 / len(flat):
        return {"copies": f"{which} are all the same"}
    if high - low < NARROW:
        said = f"the values of {which} are from {low} to {high}, of 0 to 255: were they scaled?"
        return {"narrow_range": said}
    problems = {}
    if copies > COPIES:
        problems["copies"] = f"{copies:.0%} of {which} are copies of others"
    blank = float(np.mean(np.ptp(flat, axis=1) <= FLAT))
    if blank > BLANK:
        problems["one_color"] = f"{blank:.0%} of {which} are of a single color"
    return problems


def _labels(images, labels: np.ndarray, counts: np.ndarray, ill: bool) -> dict[str, str]:
    """Returns the problems of labels (N,); that they are shuffled only of images that are well."""
    if len(counts) == 1 and len(labels) > 1:
        return {"one_label": f"all examples have the label {labels[0]}"}
    if images is None or ill or len(labels) < LOOKED_AT // 2:
        return {}
    near = _nearest(_small(images))
    share = float(np.mean(labels == labels[near]))
    chance = float(np.sum((counts / len(labels)) ** 2))
    if share > chance + 2.0 * np.sqrt(chance * (1.0 - chance) / len(labels)):
        return {}
    return {
        "shuffled_labels": "the labels seem to have nothing to do with the images: the most "
        f"similar two share a label in {share:.0%} of the cases, {chance:.0%} by chance"
    }


def _small(images: np.ndarray) -> np.ndarray:
    """Returns the sums of the cells of a grid on each image, float32 (N, cells)."""
    _, height, width, _ = images.shape
    rows, columns = (np.arange(0, side, max(side // SIDE, 1)) for side in (height, width))
    gray = images.astype("float32").mean(axis=-1)
    sums = np.add.reduceat(np.add.reduceat(gray, rows, axis=1), columns, axis=2)
    return sums.reshape(len(images), -1)


def _nearest(rows: np.ndarray) -> np.ndarray:
    """Returns the index of the nearest other row of each row, (N,)."""
    rows = rows - rows.mean(axis=0)
    norms = np.sum(rows**2, axis=1)
    squares = norms[:, None] + norms - 2.0 * rows @ rows.T
    np.fill_diagonal(squares, np.inf)
    return np.argmin(squares, axis=1)
