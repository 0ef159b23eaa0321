"""Base classes of the image-to-image translation variants: pix2pix, CycleGAN and UNIT."""

import keras
import numpy as np

from ganzoo import metrics
from ganzoo.engine import pixels
from ganzoo.engine.batch import scaled, spread
from ganzoo.errors import InputError, unknown
from ganzoo.gan import GAN
from ganzoo.inference import pictures
from ganzoo.inference.translator import Translator

SHOWN = 16  # examples in a picture, three images each


class Translation(GAN):
    """A GAN that translates images of domain `x` to domain `y`.

    Batches have images `x` and `y`, (N, H, W, C); whether they form pairs depends on the variant.

    Attributes:
        directions: The directions of translation; the first one is the default of `translate` and
            `export`.
    """

    columns = ("x", "y")
    exported = Translator
    held_out = True
    directions = exports = ("x_to_y",)

    def path(self, networks, direction: str) -> keras.Model:
        """Returns the network that translates in this direction.

        Args:
            networks: The generator's side, or its moving average.
            direction: One of `directions`.
        """
        return networks

    def checked(self, batch) -> dict:
        """Returns the batch.

        Raises:
            InputError: If `x` or `y` is missing, or has not the shape that the networks expect.
        """
        for key in ("x", "y"):
            if key not in batch:
                raise InputError(
                    f"{type(self).__name__} learns from images 'x' and 'y', got {sorted(batch)}: "
                    "use a data set of pairs, such as edges:fashion_mnist, or unpaired:A,B."
                )
            expected, got = self.image_shape, tuple(batch[key].shape[1:])
            if expected != got:
                raise InputError(
                    f"expected images {key!r} of shape {expected}, as the networks do, got {got}: "
                    "resize the data, or build the networks for its shape."
                )
        return batch

    def translator(self, direction: str | None = None) -> Translator:
        """Returns the translator of a direction, with the averaged networks if there are any.

        Raises:
            InputError: If the direction is unknown.
        """
        direction = direction or self.directions[0]
        if direction not in self.directions:
            raise unknown("direction", direction, self.directions)
        average = getattr(self, "ema", None)
        networks = self.generator if average is None else average.network
        return Translator(self.path(networks, direction), direction)

    @property
    def sampler(self) -> Translator:
        """The translator of the first direction."""
        return self.translator()

    @property
    def image_shape(self) -> tuple:
        """The shape of the images, (H, W, C)."""
        return tuple(self.path(self.generator, self.directions[0]).input_shape[1:])

    def translate(self, images, direction: str | None = None, seed: int = 0, **options):
        """Returns the translations of images, uint8 (N, H, W, C); see `Translator.translate`."""
        return self.translator(direction).translate(images, seed, **options)

    def sample(self, *args, **kwargs):
        """Raises an error, as a translator needs images to translate."""
        return self.sampler.sample()

    def exportable(self, which: str | None = None):
        """Returns the `Translator` of a direction."""
        return self.translator(which)

    def probe(self, examples, num: int, seed: int):
        """Returns a function that translates the same images `x` at each call, in training mode."""
        network = self.path(self.generator, self.directions[0])
        x = scaled(keras.ops.convert_to_tensor(examples["x"][:num]))
        return lambda: pixels.to_uint8(network(x, training=True))

    def chosen(self, evaluate) -> tuple[np.ndarray, np.ndarray]:
        """Returns the examples of `x` and of `y` to evaluate on."""
        sides = [evaluate.examples[key] for key in ("x", "y")]
        count = min(evaluate.num, *map(len, sides))
        return tuple(spread(side, count) for side in sides)


class TwoWay(Translation):
    """A translation in both directions, with a discriminator for each domain.

    The generator and the discriminator are dicts of networks.
    """

    directions = exports = ("x_to_y", "y_to_x")
    fakes = ("fake_x", "fake_y")

    def path(self, networks, direction):
        """Returns the generator of this direction."""
        return networks[direction]

    def discriminator_loss(self, batch) -> dict:
        """Returns the adversarial loss of each domain's D, as the terms `adv_x` and `adv_y`."""
        return {
            f"adv_{key}": self.compare(
                self.judged(batch[key], key), self.judged(batch[f"fake_{key}"], key)
            )
            for key in "xy"
        }

    def persuasions(self, batch) -> dict:
        """Returns the adversarial losses of the generators, as the terms `adv_x` and `adv_y`."""
        terms = {}
        for key in "xy":
            scores = [self.judged(batch[f"fake_{key}"], key)]
            if self.loss.relative:
                scores.append(self.judged(batch[key], key))
            terms[f"adv_{key}"] = self.loss.generator(*scores)
        return terms

    def judged(self, images, key: str):
        """Returns the logits of a domain's D on augmented images."""
        return self.discriminator[key](self.augmented(images), training=True)

    def measure(self, evaluate) -> dict:
        """Returns the distance of translations into `y` from the images of `y`, and `cycle_l1`.

        `cycle_l1` is the mean absolute difference, from 0 to 1, between images and their
        translations to the other domain and back.
        """
        x, y = self.chosen(evaluate)
        translated = self.translate(x, seed=evaluate.seed)
        x_cycled = self.translate(translated, "y_to_x", evaluate.seed)
        y_cycled = self.translate(self.translate(y, "y_to_x", evaluate.seed), seed=evaluate.seed)
        cycle = np.concatenate([metrics.l1(x, x_cycled), metrics.l1(y, y_cycled)])
        return evaluate.distance(translated) | {"cycle_l1": float(cycle.mean())}

    def picture(self, examples: dict, num: int = 64, seed: int = 0) -> np.ndarray:
        """Returns, for each direction, examples, their translations, and these translated back."""
        sides = []
        for key, direction in zip("xy", self.directions, strict=True):
            images = spread(examples[key], min(SHOWN // 2, len(examples[key])))
            translated = self.translate(images, direction, seed)
            (back,) = set(self.directions) - {direction}
            sides.append(rows(images, translated, self.translate(translated, back, seed)))
        return pictures.grid(np.concatenate(sides), columns=6)


def rows(*columns) -> np.ndarray:
    """Returns the images of several columns row by row: (N * columns, H, W, C)."""
    return np.stack(columns, axis=1).reshape(-1, *columns[0].shape[1:])
