"""Directions: vectors in a generator's latent space, along which one property of an image changes.

- `pca`: the principal components of styles (Harkonen et al., 2020, arXiv:2004.02546); in z, of the
  features that the first layer makes of latents, or of the images if it does not take all of them,
  and back to latents by regression.
- `sefa`: the directions that the first layers stretch most, the eigenvectors of A^T A for the
  matrices A that they multiply a code with (Shen and Zhou, 2021, arXiv:2007.06600).
- `class`: from samples of other classes toward those of one class, as a classifier sees them (Shen
  et al., 2020, arXiv:1907.10786). Departure: the normal of the boundary is that of a linear
  discriminant analysis, which needs no iterations, where the paper has a support vector machine.
"""

import dataclasses
import re

import keras
import numpy as np
from keras import ops

from ganzoo import zoo
from ganzoo.engine.batch import scaled
from ganzoo.errors import InputError, unknown
from ganzoo.inference import pictures
from ganzoo.inference.codes import Codes
from ganzoo.inference.sampler import Sampler
from ganzoo.networks import stylegan2

KINDS = ("pca", "sefa", "class")
SAMPLES = 4096  # of which components and classes are computed
DRAWN = 1000  # images of which components are computed
RIDGE = 0.05  # of the covariance in a discriminant analysis, relative to its mean eigenvalue


@dataclasses.dataclass
class Direction:
    """A direction in the latent space of one generator.

    Attributes:
        vector: float32 (D,), as long as codes vary along it: its standard deviation.
        name: What it is, such as `pca:3`.
        generator: The fingerprint of the generator.
    """

    vector: np.ndarray
    name: str
    generator: str

    def moved(self, codes: Codes, strengths, layers=None) -> Codes:
        """Returns each of the codes moved by each of the strengths, row by row.

        Args:
            codes: Codes of the same generator.
            strengths: Numbers, in standard deviations.
            layers: Layers whose styles are moved, in the space "w"; by default all.

        Raises:
            InputError: If the codes are of another generator, or have no layers.
        """
        codes.check(self.generator)
        if layers is not None and codes.space != "w":
            raise InputError("this generator has one code for all layers: omit the layers.")
        count, steps = len(codes), np.asarray(strengths, "float32")
        places = np.repeat(np.arange(count), len(steps))
        found = codes[places]
        offsets = np.tile(steps, count)[:, None] * self.vector
        if codes.space == "z":
            values = found.values + offsets
        else:
            values = found.values.copy()
            chosen = range(values.shape[1]) if layers is None else layers
            values[:, list(chosen)] += offsets[:, None]
        return dataclasses.replace(found, values=values.astype("float32"))


def direction(generator: Sampler, name: str, classifier: str | None = None) -> Direction:
    """Returns a direction of a generator.

    Args:
        generator: The generator.
        name: `pca:N` or `sefa:N`, the N-th component from 0, the strongest one first; or
            `class:NAME`, a class of the classifier by number or name.
        classifier: An entry of the zoo that classifies; by default the one for the size of the
            generator's images, if there is a single one.

    Raises:
        InputError: If there is no such direction.

    Example:
    ```python
    wider = ganzoo.editing.direction(generator, "pca:0")
    images = generator.synthesize(wider.moved(generator.codes(4), [-3, -1.5, 0, 1.5, 3]))
    ```
    """
    kind, _, which = name.partition(":")
    if kind not in KINDS or not which:
        raise InputError(f"--direction: expected pca:N, sefa:N or class:NAME, got {name!r}.")
    if kind == "class":
        vector = _toward(generator, which, classifier)
        return Direction(vector, name, generator.fingerprint)
    vectors = {"pca": components, "sefa": factors}[kind](generator)
    if not re.fullmatch(r"\d+", which) or int(which) >= len(vectors):
        raise InputError(
            f"--direction: expected a component from 0 to {len(vectors) - 1}, got {which!r}."
        )
    return Direction(vectors[int(which)], name, generator.fingerprint)


# --- without labels


def components(generator: Sampler) -> np.ndarray:
    """Returns the principal components, float32 (K, D), the one with most variance first.

    Each is as long as the standard deviation of codes along it.
    """
    codes = generator.codes(SAMPLES, 0).values
    if generator.space == "w":
        styles = codes[:, 0].astype("float64")
        _, singular, vectors = np.linalg.svd(styles - styles.mean(0), full_matrices=False)
        return _signed(vectors * (singular / np.sqrt(SAMPLES - 1))[:, None])
    kernel = _first(generator)
    if kernel is None:
        codes, features = _of_images(generator)
        left, singular, _ = np.linalg.svd(features, full_matrices=False)
    else:
        codes = codes.astype("float64") - codes.mean(0)
        basis, shape = np.linalg.qr(codes)  # the features are codes @ kernel: their rank is small
        left, singular, _ = np.linalg.svd(shape @ kernel, full_matrices=False)
        left = basis @ left
    rank = min(codes.shape[1], int((singular > 1e-6 * singular[0]).sum()))
    scores = left[:, :rank] * np.sqrt(len(codes) - 1)  # of variance 1
    return _signed(scores.T @ codes / (len(codes) - 1))


def _of_images(generator: Sampler) -> tuple:
    """Returns latents, and the images that they draw, as rows; means are taken out.

    The mean that is taken out of an image is that of its class.
    """
    codes = generator.codes(DRAWN, 0)
    images = scaled(ops.convert_to_tensor(generator.synthesize(codes)))
    size = [min(side, 16) for side in images.shape[1:3]]
    rows = ops.convert_to_numpy(ops.image.resize(images, size, antialias=True))
    rows = rows.reshape(DRAWN, -1).astype("float64")
    classes = np.zeros(DRAWN, int) if codes.labels is None else codes.labels
    for label in np.unique(classes):
        rows[classes == label] -= rows[classes == label].mean(0)
    values = codes.values.astype("float64")
    return values - values.mean(0), rows


def factors(generator: Sampler) -> np.ndarray:
    """Returns the directions that the first layers stretch most, float32 (D, D).

    Each is as long as the standard deviation of codes along it.
    """
    codes = generator.codes(SAMPLES, 0).values
    if generator.space == "w":
        _, synthesis, _ = stylegan2.halves(generator.network)
        kernels = [np.asarray(layer.affine.kernel) for layer in synthesis._flatten_layers()
                   if hasattr(layer, "affine")]  # fmt: skip
        matrix, codes = np.concatenate(kernels, axis=1), codes[:, 0]
    else:
        matrix = _first(generator)
        if matrix is None:
            raise InputError(
                "sefa: this generator has no first layer of all its latents: use pca:N or "
                "class:NAME."
            )
    vectors = np.linalg.eigh(matrix @ matrix.T)[1].T[::-1]
    spread = (codes @ vectors.T).std(0)
    return _signed(vectors * spread[:, None])


def _first(generator: Sampler) -> np.ndarray | None:
    """Returns the kernel (D, units) of the first layer that latents meet, without other inputs.

    It is None if that is no layer that takes all of them, which a BigGAN divides.
    """
    for layer in generator.network._flatten_layers():
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            matrix = ops.convert_to_numpy(kernel)
            if _joined(layer, generator.network.inputs[0]):
                matrix = matrix[: generator.latent_dim]
            if matrix.ndim in (2, 4) and matrix.shape[-2] != generator.latent_dim:
                matrix = np.moveaxis(matrix, -1, -2)  # of a transposed convolution
            if matrix.shape[-2] == generator.latent_dim:
                flat = np.moveaxis(matrix, -2, 0)
                return flat.reshape(generator.latent_dim, -1).astype("float64")
            break
    return None


def _joined(layer, latents) -> bool:
    """Returns whether a layer's input is a concatenation that begins with the latents."""
    operation = layer.input._keras_history.operation
    return isinstance(operation, keras.layers.Concatenate) and operation.input[0] is latents


def _signed(vectors: np.ndarray) -> np.ndarray:
    """Returns vectors whose largest entry is positive, since their sign is arbitrary."""
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(1)[:, None], axis=1)
    return (vectors * np.sign(largest)).astype("float32")


# --- with labels


def _toward(generator: Sampler, which: str, classifier: str | None) -> np.ndarray:
    """Returns the direction toward the samples of a class."""
    judge = zoo.load_pretrained(classifier or _classifier(generator))
    if getattr(judge, "kind", "") != "classifier":
        raise InputError(f"--classifier: expected a classifier, got a {judge.kind}.")
    names = [str(number) for number in range(judge.num_classes)]
    if which not in names:
        raise unknown("class", which, names)
    codes = generator.codes(SAMPLES, 0)
    inside = judge.classes(generator.synthesize(codes)) == int(which)
    if not 10 <= inside.sum() <= SAMPLES - 10:
        raise InputError(
            f"--direction: expected samples inside and outside of class {which}, got "
            f"{int(inside.sum())} of {SAMPLES} inside."
        )
    values = codes.values if codes.space == "z" else codes.values[:, 0]
    means = values[inside].mean(0), values[~inside].mean(0)
    rest = np.concatenate([values[inside] - means[0], values[~inside] - means[1]])
    covariance = rest.T.astype("float64") @ rest / len(rest)
    covariance += RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    normal = np.linalg.solve(covariance, means[0] - means[1])
    normal /= np.linalg.norm(normal)
    return (normal * (values @ normal).std()).astype("float32")


def _classifier(generator: Sampler) -> str:
    shape = tuple(generator.network.output_shape[1:])
    fitting = [
        name
        for name in zoo.list_pretrained()
        if name.startswith("classifier_") and zoo.load_pretrained(name).image_shape == shape
    ]
    if len(fitting) != 1:
        raise InputError(
            f"--classifier: expected the name of a classifier of images {shape}: "
            f"{', '.join(fitting) or 'there is none'}."
        )
    return fitting[0]


def strengths_of(text: str) -> list[float]:
    """Returns the strengths that a person writes: `-3..3` (seven), `-3..3/5` or `-1,0,2`.

    Raises:
        InputError: If it is none of these.
    """
    number = r"-?\d+(?:\.\d+)?"
    if match := re.fullmatch(rf"({number})\.\.({number})(?:/(\d+))?", text):
        count = int(match[3] or 7)
        if 2 <= count <= 100:
            return np.linspace(float(match[1]), float(match[2]), count).tolist()
    elif re.fullmatch(rf"{number}(,{number})*", text):
        return [float(part) for part in text.split(",")]
    raise InputError(f"--strength: expected -3..3, -3..3/5 or -1,0,2, got {text!r}.")


def strips(generator: Sampler, seed: int = 0) -> tuple[list[str], np.ndarray] | None:
    """Returns the names of a generator's first three components, and a row of images of each.

    A row leads from three standard deviations before a sample to three behind it; of a generator
    of points there is nothing to show, None.
    """
    if len(generator.network.output_shape) != 4:
        return None
    vectors = components(generator)[:3]
    steps, code = strengths_of("-3..3"), generator.codes(1, seed)
    names = [f"pca:{number}" for number in range(len(vectors))]
    moved = [Direction(vector, name, generator.fingerprint).moved(code, steps)
             for vector, name in zip(vectors, names, strict=True)]  # fmt: skip
    images = np.concatenate([generator.synthesize(codes) for codes in moved])
    picture = pictures.grid(images, len(steps))
    return names, pictures.enlarged(picture, 64 * len(steps))


def strip(generator: Sampler, moved: Codes, columns: int, noise=None) -> np.ndarray:
    """Returns a picture of codes that were moved, a row for each."""
    images = generator.synthesize(moved, noise=noise)
    picture = pictures.grid(images, columns)
    return pictures.enlarged(picture, 64 * columns)
