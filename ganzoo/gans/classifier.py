"""Classifier: not a GAN, but an image classifier whose features are used to evaluate GANs."""

import keras
import numpy as np

from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.gans.acgan import cross_entropy
from ganzoo.inference.classifier import TrainedClassifier
from ganzoo.inference.pictures import grid
from ganzoo.networks.classifier import classifier

FEW = 2000  # examples among which `picture` looks for the most wrongly classified ones


@keras.saving.register_keras_serializable("ganzoo")
class Classifier(GAN):
    """A classifier of the training data; samples are evaluated by its features and its classes.

    It is trained as a discriminator without a generator. The features are the outputs of its last
    hidden layer. On small images they rank generators in seconds, while Inception's features, which
    were made for photographs, take minutes.
    """

    exported = TrainedClassifier
    monitor = "error"
    compares = False

    @classmethod
    def networks(cls, image_shape, num_classes, width=32) -> dict:
        """Returns the classifier as the discriminator, with outputs [logits, features]."""
        network = classifier(image_shape, num_classes, width)
        return {"generator": None, "discriminator": network, "num_classes": num_classes}

    @classmethod
    def learning(cls) -> dict:
        """Adam at 1e-3."""
        return super().learning() | {
            "g_optimizer": None,
            "d_optimizer": keras.optimizers.Adam(1e-3),
            "loss": None,
            "ema": None,
        }

    def generate(self, batch) -> dict:
        """Returns an empty dict: there are no fakes."""
        return {}

    def discriminator_loss(self, batch) -> dict:
        """Returns the cross-entropy as the term `class`."""
        if "label" not in batch:
            raise InputError("a classifier needs labels: give batches with `real` and `label`.")
        return {"class": cross_entropy(batch["label"], self.score(batch["real"], batch))}

    @property
    def sampler(self) -> TrainedClassifier:
        """The classifier to use and to export."""
        if getattr(self._untracked, "trained", None) is None:
            trained = TrainedClassifier(self.discriminator, self.num_classes)
            self._untracked.trained = trained
        return self._untracked.trained

    def features(self, images, batch_size: int = 250) -> np.ndarray:
        """Returns the features of images, uint8 or in [-1, 1]: float32 (N, D)."""
        return self.sampler.features(images, batch_size)

    def probabilities(self, features) -> np.ndarray:
        """Returns the probabilities (N, K) that belong to features (N, D)."""
        return self.sampler.probabilities(features)

    def classes(self, images) -> np.ndarray:
        """Returns the most probable class of each image, int64 (N,)."""
        return self.sampler.classes(images)

    def measure(self, evaluate) -> dict:
        """Returns the fraction of misclassified examples as `error`."""
        examples = evaluate.examples
        return {"error": self.sampler.error(examples["real"], examples["label"])}

    def picture(self, examples: dict, num: int = 64, seed: int = 0) -> np.ndarray:
        """Returns a grid of the examples whose true class gets the lowest probability."""
        real, labels = (examples[key][:FEW] for key in ("real", "label"))
        true_class = self.probabilities(self.features(real))[np.arange(len(real)), labels]
        return grid(real[np.argsort(true_class, kind="stable")[:num]])
