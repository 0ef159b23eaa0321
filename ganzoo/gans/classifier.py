"""Classifier: not a GAN, but an image classifier whose features are used to evaluate GANs."""

import keras
import numpy as np
from keras import ops

from ganzoo.engine import batch as batches
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.gans.acgan import cross_entropy
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

    kind = "classifier"
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

    def call(self, inputs, training: bool = False):
        """Returns the probabilities (N, K) of images, uint8 or in [-1, 1]."""
        return ops.softmax(self.discriminator(batches.scaled(inputs), training=training)[0])

    @property
    def network(self):
        """The network to export; this and the next three members are what `export` needs."""
        return self.discriminator

    @property
    def facts(self) -> dict:
        """The arguments of the constructor other than the network."""
        return {"num_classes": self.num_classes}

    @classmethod
    def of(cls, network, **facts):
        """Returns a classifier with this network and these facts, which computes in float32."""
        return cls(None, network, **facts, dtype="float32")

    def endpoints(self) -> dict:
        """Returns the SavedModel's function and the name, shape and dtype of its input."""

        def serve(images):
            logits, features = self.discriminator(images)
            return {"probabilities": ops.softmax(logits), "features": features}

        return {"serving_default": (serve, [("images", (None, *self.image_shape), "float32")])}

    def features(self, images, batch_size: int = 250) -> np.ndarray:
        """Returns the features of images, uint8 or in [-1, 1]: float32 (N, D)."""
        if getattr(self._untracked, "reader", None) is None:
            network = self.discriminator
            self._untracked.reader = keras.Model(network.inputs, network.outputs[1])
        pieces = [images[i : i + batch_size] for i in range(0, len(images), batch_size)]
        pieces = [batches.scaled(ops.convert_to_tensor(piece)) for piece in pieces]
        return np.concatenate([self._untracked.reader.predict_on_batch(piece) for piece in pieces])

    def probabilities(self, features) -> np.ndarray:
        """Returns the class probabilities (N, K) for features (N, D)."""
        logits = self.discriminator.get_layer("logits")
        return ops.convert_to_numpy(ops.softmax(logits(ops.convert_to_tensor(features))))

    def classes(self, images) -> np.ndarray:
        """Returns the most probable class of each image, int64 (N,)."""
        return self.probabilities(self.features(images)).argmax(1)

    def measure(self, evaluate) -> dict:
        """Returns the fraction of misclassified examples as `error`."""
        real, labels = evaluate.examples["real"], evaluate.examples["label"]
        return {"error": float((self.classes(real) != labels).mean())}

    def picture(self, examples: dict, num: int = 64, seed: int = 0) -> np.ndarray:
        """Returns a grid of the examples whose true class gets the lowest probability."""
        real, labels = (examples[key][:FEW] for key in ("real", "label"))
        true_class = self.probabilities(self.features(real))[np.arange(len(real)), labels]
        return grid(real[np.argsort(true_class, kind="stable")[:num]])

    def sample(self, *args, **kwargs):
        """Raises an error, as a classifier cannot generate samples."""
        raise InputError("a classifier cannot generate samples: name a generator instead.")

    def export(self, path) -> None:
        """Writes the classifier as a standalone SavedModel; see `saved_model.save`."""
        from ganzoo.inference import saved_model

        saved_model.save(self, path)
