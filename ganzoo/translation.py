"""Translation: what pix2pix, CycleGAN and UNIT share, games whose generators are given images."""

import keras
import numpy as np

from ganzoo import metrics
from ganzoo.engine import pixels
from ganzoo.engine.batch import scaled, spread
from ganzoo.errors import InputError, unknown
from ganzoo.gan import GAN
from ganzoo.inference import pictures
from ganzoo.inference.translator import Translator

SHOWN = 16  # examples in a picture, each of them three images


class Translation(GAN):
    """A game of images `x` and `y`, in which G makes of the one what could be the other.

    Batches have `x` and `y`, (N, H, W, C); whether they belong together depends on the variant.

    Attributes:
        directions: Those in which it translates; the first one is that of `translate` and `export`
            if none is given.
    """

    exported = Translator
    held_out = True
    directions = exports = ("x_to_y",)

    def path(self, networks, direction: str) -> keras.Model:
        """Returns the one network that translates in this direction.

        Args:
            networks: The side of G, or its average.
            direction: One of `directions`.
        """
        return networks

    def checked(self, batch) -> dict:
        """Returns the batch.

        Raises:
            InputError: If it has no `x` and `y`, or they are not of the networks' shape.
        """
        for key in ("x", "y"):
            if key not in batch:
                raise InputError(
                    f"{type(self).__name__} learns from images 'x' and 'y', got {sorted(batch)}: "
                    "take a data set of pairs, such as edges:fashion_mnist, or unpaired:A,B."
                )
            expected, got = self.image_shape, tuple(batch[key].shape[1:])
            if expected != got:
                raise InputError(
                    f"expected images {key!r} of shape {expected}, as of the networks, got {got}: "
                    "resize the data, or build the networks for its shape."
                )
        return batch

    def translator(self, direction: str | None = None) -> Translator:
        """Returns the translator in a direction, of the averaged networks once there are such.

        Raises:
            InputError: If there is no such direction.
        """
        direction = direction or self.directions[0]
        if direction not in self.directions:
            raise unknown("direction", direction, self.directions)
        average = getattr(self, "ema", None)
        networks = self.generator if average is None else average.network
        return Translator(self.path(networks, direction), direction)

    @property
    def sampler(self) -> Translator:
        """The translator in the first direction."""
        return self.translator()

    @property
    def image_shape(self) -> tuple:
        """The shape of the images, (H, W, C)."""
        return tuple(self.path(self.generator, self.directions[0]).input_shape[1:])

    def translate(self, images, direction: str | None = None, seed: int = 0, **options):
        """Returns the translations of images, uint8 (N, H, W, C); see `Translator.translate`."""
        return self.translator(direction).translate(images, seed, **options)

    def sample(self, *args, **kwargs):
        """Refuses: there is nothing to draw."""
        return self.sampler.sample()

    def export(self, path, direction: str | None = None) -> None:
        """Writes one direction as a self-sufficient SavedModel; see `export.save`."""
        self.translator(direction).export(path)

    def probe(self, examples, num: int, seed: int):
        """Returns a function that translates always the same `x` as training does."""
        network = self.path(self.generator, self.directions[0])
        x = scaled(keras.ops.convert_to_tensor(examples["x"][:num]))
        return lambda: pixels.to_uint8(network(x, training=True))

    def chosen(self, evaluate) -> tuple[np.ndarray, np.ndarray]:
        """Returns as many examples of `x` and of `y` as are measured."""
        sides = [evaluate.examples[key] for key in ("x", "y")]
        count = min(evaluate.num, *map(len, sides))
        return tuple(spread(side, count) for side in sides)


class TwoWay(Translation):
    """A translation there and back, with a D for each side's images: dicts of networks."""

    directions = exports = ("x_to_y", "y_to_x")
    fakes = ("fake_x", "fake_y")

    def path(self, networks, direction):
        """Returns the network of that name."""
        return networks[direction]

    def discriminator_loss(self, batch) -> dict:
        """Returns how each side's D tells its images from the fakes: `adv_x`, `adv_y`."""
        return {
            f"adv_{key}": self.compare(
                self.judged(batch[key], key), self.judged(batch[f"fake_{key}"], key)
            )
            for key in "xy"
        }

    def persuasions(self, batch) -> dict:
        """Returns G's losses on what each side's D makes of the fakes: `adv_x`, `adv_y`."""
        terms = {}
        for key in "xy":
            scores = [self.judged(batch[f"fake_{key}"], key)]
            if self.loss.relative:
                scores.append(self.judged(batch[key], key))
            terms[f"adv_{key}"] = self.loss.generator(*scores)
        return terms

    def judged(self, images, key: str):
        """Returns the logits of a side's D on images, which are augmented."""
        return self.discriminator[key](self.augmented(images), training=True)

    def measure(self, evaluate) -> dict:
        """Returns how far translations into `y` are from the style of `y`, and `cycle_l1`.

        The latter is the mean absolute difference, of 0 to 1, of images to their translations there
        and back.
        """
        x, y = self.chosen(evaluate)
        there = self.translate(x, seed=evaluate.seed)
        back = self.translate(there, "y_to_x", evaluate.seed)
        again = self.translate(self.translate(y, "y_to_x", evaluate.seed), seed=evaluate.seed)
        cycle = np.concatenate([metrics.l1(x, back), metrics.l1(y, again)])
        return evaluate.distance(there) | {"cycle_l1": float(cycle.mean())}

    def picture(self, examples: dict, num: int = 64, seed: int = 0) -> np.ndarray:
        """Returns, for each direction, examples, their translations, and these translated back."""
        sides = []
        for key, there in zip("xy", self.directions, strict=True):
            first = spread(examples[key], min(SHOWN // 2, len(examples[key])))
            second = self.translate(first, there, seed)
            (back,) = set(self.directions) - {there}
            sides.append(rows(first, second, self.translate(second, back, seed)))
        return pictures.grid(np.concatenate(sides), columns=6)


def rows(*columns) -> np.ndarray:
    """Returns images that lie side by side, one after the other: (N * columns, H, W, C)."""
    return np.stack(columns, axis=1).reshape(-1, *columns[0].shape[1:])
