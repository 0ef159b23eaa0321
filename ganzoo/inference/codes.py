"""Codes: points of a generator's latent space, and paths between them.

The space is "w", the styles of each layer (N, L, D), where a generator consists of a mapping and a
synthesis, as those of StyleGAN2 and StyleGAN3 do; else it is "z", the latents (N, D).
"""

import dataclasses
import zipfile
from collections.abc import Callable, Sequence

import numpy as np

from ganzoo import latents
from ganzoo.engine import files
from ganzoo.errors import InputError

NOISE = "noise/"  # before the names of noise maps in a file
FIELDS = ("values", "space", "generator", "labels", "truncation")


@dataclasses.dataclass
class Codes:
    """Points of the latent space of one generator, which its `synthesize` draws.

    Attributes:
        values: float32 (N, L, D) of the space "w", or (N, D) of the space "z".
        space: `"w"` or `"z"`.
        generator: The fingerprint of the generator, which tells it from others.
        labels: Classes, int32 (N,), if the generator takes labels; or, of points between classes,
            the shares of each, float32 (N, K).
        truncation: The truncation of the network, if it has such an input, as that of BigGAN.
        noise: Maps of the layers that add noise, by their names, float32 (N, H, W, 1), if the
            points have maps of their own.

    Example:
    ```python
    codes = generator.codes(seeds=[3, 7])  # of two samples
    between = codes.path(5)  # five points from the first to the second
    images = generator.synthesize(between)
    between.save("path.npz")
    ```
    """

    values: np.ndarray
    space: str
    generator: str
    labels: np.ndarray | None = None
    truncation: float | None = None
    noise: dict[str, np.ndarray] | None = None

    def __len__(self) -> int:
        """Returns the number of points."""
        return len(self.values)

    def __getitem__(self, places) -> "Codes":
        """Returns some of the points, by a slice or an array of places."""
        labels = None if self.labels is None else self.labels[places]
        noise = self._noise(lambda maps: maps[places])
        return dataclasses.replace(self, values=self.values[places], labels=labels, noise=noise)

    def check(self, generator: str, space: str | None = None, where: str = "") -> None:
        """Checks whose codes they are.

        Args:
            generator: The fingerprint of the generator that they should be of.
            space: The space that they should be in, if that matters.
            where: What the error message begins with, such as the name of a file.

        Raises:
            InputError: If they are of another generator or space.
        """
        if self.generator != generator or space not in (None, self.space):
            within = f" in {space}" if space else ""
            raise InputError(
                f"{where}expected codes of the generator {generator}{within}, got some of "
                f"{self.generator} in {self.space}."
            )

    def _noise(self, change: Callable) -> dict | None:
        """Returns the noise maps with a function applied to each; None if there are none."""
        return self.noise and {name: change(maps) for name, maps in self.noise.items()}

    def path(self, columns: int, closed: bool = False) -> "Codes":
        """Returns the path through the points: straight lines in w, great circles in z.

        Args:
            columns: Points from one of the given ones to the next, both included if it is open.
            closed: Whether it returns to the first point: a loop, which does not contain that
                point twice.

        Returns:
            N columns points if it is closed, else (N - 1) columns.

        Between points of different classes, the shares of both classes change evenly. Noise maps
        are those of the point before.

        Raises:
            InputError: If there are fewer than two points.
        """
        if len(self) < 2:
            raise InputError(f"expected two points or more for a path, got {len(self)}.")
        ends = np.roll(self.values, -1, axis=0)
        starts, ends = (self.values, ends) if closed else (self.values[:-1], ends[:-1])
        shares = np.linspace(0.0, 1.0, columns, endpoint=not closed)
        shares = shares.reshape((-1, *[1] * (self.values.ndim - 1)))
        pieces = [
            latents.slerp(*np.broadcast_arrays(a[None], b[None]), shares)
            if self.space == "z"
            else (1.0 - shares) * a + shares * b
            for a, b in zip(starts, ends, strict=True)
        ]
        values = np.concatenate(pieces).astype("float32")
        labels = None if self.labels is None else self._classes(len(starts), shares.reshape(-1, 1))
        noise = self._noise(lambda maps: np.repeat(maps[: len(starts)], columns, axis=0))
        return dataclasses.replace(self, values=values, labels=labels, noise=noise)

    def _classes(self, count: int, shares: np.ndarray) -> np.ndarray:
        """Returns the classes on the path from each of the first `count` points to the next."""
        labels = self.labels
        if labels.ndim == 1 and (self.space == "w" or len(set(labels.tolist())) == 1):
            return np.repeat(labels[:count], len(shares))
        if labels.ndim == 1:
            labels = np.eye(1 + labels.max(), dtype="float32")[labels]
        following = np.roll(labels, -1, axis=0)
        parts = [(1.0 - shares) * labels[i] + shares * following[i] for i in range(count)]
        return np.concatenate(parts).astype("float32")

    def mixed(self, others: "Codes", layers: Sequence[int]) -> "Codes":
        """Returns each of these points with some layers' styles of each of the others.

        Args:
            others: Points of the same generator, of the space "w".
            layers: The layers whose styles are those of the others; 0 is the coarsest.

        Returns:
            len(self) x len(others) points, row by row.

        Raises:
            InputError: If the space has no styles, or there is no such layer.

        Reference: Karras et al., 2019, arXiv:1812.04948, section 3.1.
        """
        if self.space != "w":
            raise InputError(
                "this generator has one code for all layers: mixing needs one with styles, such as "
                "stylegan2."
            )
        count = self.values.shape[1]
        if strange := [layer for layer in layers if not 0 <= layer < count]:
            raise InputError(f"expected layers from 0 to {count - 1}, got {strange[0]}.")
        rows = np.repeat(self.values, len(others), axis=0)
        columns = np.tile(others.values, (len(self), 1, 1))
        rows[:, list(layers)] = columns[:, list(layers)]
        labels = None if self.labels is None else np.repeat(self.labels, len(others), axis=0)
        noise = self._noise(lambda maps: np.repeat(maps, len(others), axis=0))
        return dataclasses.replace(self, values=rows, labels=labels, noise=noise)

    def save(self, path, **arrays) -> None:
        """Writes the points to a .npz file, and other arrays with them, whole or not at all."""
        fields = {name: getattr(self, name) for name in FIELDS} | arrays
        fields |= {f"{NOISE}{name}": maps for name, maps in (self.noise or {}).items()}
        with files.replacing(path, ".npz") as temporary:
            np.savez_compressed(temporary, **{k: v for k, v in fields.items() if v is not None})

    @classmethod
    def load(cls, path) -> "Codes":
        """Returns the points in a file.

        Raises:
            InputError: If it cannot be read, or holds something else.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                found = {name: file[name] for name in FIELDS if name in file}
                noise = {name.removeprefix(NOISE): np.asarray(file[name], "float32")
                         for name in file.files if name.startswith(NOISE)}  # fmt: skip
            values = np.asarray(found["values"], "float32")
            if values.ndim not in (2, 3) or not len(values) or not np.isfinite(values).all():
                raise ValueError(f"values of shape {values.shape}")
            if any(len(maps) != len(values) for maps in noise.values()):
                raise ValueError(f"noise maps of other than {len(values)} points")
            truncation = found.get("truncation")
            return cls(
                values, str(found["space"]), str(found["generator"]), found.get("labels"),
                None if truncation is None else float(truncation), noise or None,
            )  # fmt: skip
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror or error}.") from error
        except (KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{path}: expected codes of a generator, as `ganzoo sample --out=FILE.npz` "
                f"writes them, got {type(error).__name__}: {error}."
            ) from error


def layers_of(text: str, count: int) -> list[int]:
    """Returns the layers that a person names: `coarse`, `middle`, `fine`, `4` or `4-7`.

    Coarse layers are the first third, middle ones the second, fine ones the last.

    Raises:
        InputError: If there are no such layers.
    """
    third = [round(count * share / 3) for share in range(4)]
    names = {
        name: list(range(*third[place : place + 2]))
        for place, name in enumerate(("coarse", "middle", "fine"))
    }
    if text in names:
        return names[text]
    first, dash, last = text.partition("-")
    if first.isdecimal() and (last if dash else first).isdecimal():
        found = list(range(int(first), int(last if dash else first) + 1))
        if found and found[-1] < count:
            return found
    raise InputError(
        f"--layers: expected coarse, middle, fine, or layers from 0 to {count - 1} such as 2-5, "
        f"got {text!r}."
    )
