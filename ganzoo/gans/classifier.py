"""Classifier: no GAN but a judge of them, a game whose one side tells the classes apart."""

import keras
import numpy as np
from keras import ops

from ganzoo.engine import batch as batches
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.gans.acgan import cross_entropy
from ganzoo.inference.pictures import grid
from ganzoo.networks.classifier import classifier

FEW = 2000  # examples that its picture is chosen from


@keras.saving.register_keras_serializable("ganzoo")
class Classifier(GAN):
    """A classifier of the data: its features, and its classes, are what samples are judged by.

    It takes turns as a discriminator without a generator. The features are those of its last hidden
    layer; on small images they tell generators apart in seconds, where Inception's, made
    for photographs, take minutes.
    """

    kind = "classifier"
    monitor = "error"
    compares = False

    @classmethod
    def networks(cls, image_shape, num_classes, width=32) -> dict:
        """Returns the classifier as the discriminator, which gives logits and features."""
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
        """Returns nothing: there are no fakes."""
        return {}

    def discriminator_loss(self, batch) -> dict:
        """Returns the cross-entropy, `class`."""
        if "label" not in batch:
            raise InputError("a classifier needs labels: give batches with `real` and `label`.")
        return {"class": cross_entropy(batch["label"], self.score(batch["real"], batch))}

    def call(self, inputs, training: bool = False):
        """Returns the probabilities (N, K) of images, uint8 or in [-1, 1]."""
        return ops.softmax(self.discriminator(batches.scaled(inputs), training=training)[0])

    @property
    def network(self):
        """The classifier itself, as of `export`, like the two that follow."""
        return self.discriminator

    @property
    def facts(self) -> dict:
        """What it is made of, but for the network."""
        return {"num_classes": self.num_classes}

    @classmethod
    def of(cls, network, **facts):
        """Returns the one that has these facts, to compute in float32."""
        return cls(None, network, **facts, dtype="float32")

    def endpoints(self) -> dict:
        """Returns the function of the SavedModel, and the name, shape and type of its input."""

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
        """Returns the probabilities (N, K) that belong to features (N, D)."""
        logits = self.discriminator.get_layer("logits")
        return ops.convert_to_numpy(ops.softmax(logits(ops.convert_to_tensor(features))))

    def classes(self, images) -> np.ndarray:
        """Returns the likeliest class of each image, int64 (N,)."""
        return self.probabilities(self.features(images)).argmax(1)

    def measure(self, evaluate) -> dict:
        """Returns the share of the examples that it takes for another class, `error`."""
        real, labels = evaluate.examples["real"], evaluate.examples["label"]
        return {"error": float((self.classes(real) != labels).mean())}

    def picture(self, examples: dict, num: int = 64, seed: int = 0) -> np.ndarray:
        """Returns those of the examples whose own class it holds for the least likely."""
        real, labels = (examples[key][:FEW] for key in ("real", "label"))
        own = self.probabilities(self.features(real))[np.arange(len(real)), labels]
        return grid(real[np.argsort(own, kind="stable")[:num]])

    def sample(self, *args, **kwargs):
        """Refuses: it draws nothing."""
        raise InputError("a classifier draws no samples: give the name or folder of a generator.")

    def export(self, path) -> None:
        """Writes the classifier as a self-sufficient SavedModel; see `saved_model.save`."""
        from ganzoo.inference import saved_model

        saved_model.save(self, path)
