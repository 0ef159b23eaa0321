"""TrainedClassifier: a network that tells classes apart, by which samples are judged."""

import keras
import numpy as np
from keras import ops

from ganzoo.engine.batch import scaled
from ganzoo.inference.exported import Exported


@keras.saving.register_keras_serializable("ganzoo")
class TrainedClassifier(Exported):
    """A trained classifier of images: their probabilities, and the features behind them.

    Args:
        network: A built network from images (N, H, W, C) in [-1, 1] to [logits (N, K), features
            (N, D)], whose last layer is called "logits".
        num_classes: K.

    Example:
    ```python
    classifier = ganzoo.load_pretrained("classifier_mnist")
    images, labels = ganzoo.data.arrays("mnist", "test")
    accuracy = (classifier.classes(images) == labels).mean()
    ```
    """

    kind = "classifier"
    task = "image-classification"
    measurable = True
    no_samples = "a classifier draws no samples: give the name or folder of a generator."
    card = {
        "picture": "The training images to whose own class it gives the lowest probability",
        "limits": """\
It tells the classes of `{dataset}` apart; its answers on other images mean nothing. Its features
compare images of that data, as `features="{dataset}"` does with those of `classifier_{dataset}`;
Frechet distances in them have a scale of their own.""",
        "load": """\
classifier = ganzoo.load_pretrained("{entry}")
images, labels = ganzoo.data.arrays("{dataset}", "test")  # uint8 (N, H, W, C)
classes = classifier.predict(images).argmax(1)
features = classifier.features(images)  # float32 (N, D)""",
        "load_alone": """\
found = tf.saved_model.load("{folder}")(tf.zeros((1, 28, 28, 1)))
found["probabilities"], found["features"]""",
        "signature": "the signature `serving_default` takes images in [-1, 1], and returns "
        "probabilities and features",
        "request": "/metadata",
    }
    published = "float32"  # other entries are measured in its features, which stay as they are

    def __init__(self, network, num_classes=None, **kwargs):
        super().__init__(**kwargs)
        self.network, self.num_classes = network, num_classes
        self.reader = keras.Model(network.inputs, network.outputs[1])
        self.built = True

    @property
    def facts(self) -> dict:
        """The arguments that it was made with, apart from the network."""
        return {"num_classes": self.num_classes}

    @property
    def image_shape(self) -> tuple:
        """Shape (H, W, C) of the images that it takes."""
        return tuple(self.network.input_shape[1:])

    def call(self, inputs, training: bool = False):
        """Returns the probabilities (N, K) of images, uint8 or in [-1, 1]."""
        return ops.softmax(self.network(scaled(inputs), training=training)[0])

    def features(self, images, batch_size: int = 250) -> np.ndarray:
        """Returns the features of images, uint8 or in [-1, 1]: float32 (N, D)."""
        pieces = [images[i : i + batch_size] for i in range(0, len(images), batch_size)]
        pieces = [scaled(ops.convert_to_tensor(piece)) for piece in pieces]
        return np.concatenate([self.reader.predict_on_batch(piece) for piece in pieces])

    def probabilities(self, features) -> np.ndarray:
        """Returns the probabilities (N, K) that belong to features (N, D)."""
        logits = self.network.get_layer("logits")
        return ops.convert_to_numpy(ops.softmax(logits(ops.convert_to_tensor(features))))

    def classes(self, images) -> np.ndarray:
        """Returns the most probable class of each image, int64 (N,)."""
        return self.probabilities(self.features(images)).argmax(1)

    def error(self, images, labels) -> float:
        """Returns the fraction of images (N, H, W, C) that it assigns to another class."""
        return float((self.classes(images) != labels).mean())

    def endpoints(self) -> dict:
        """Returns the function of the SavedModel; see `Exported.endpoints`."""

        def serve(images):
            logits, features = self.network(images)
            return {"probabilities": ops.softmax(logits), "features": features}

        return {"serving_default": (serve, [("images", (None, *self.image_shape), "float32")])}

    def measured(self, plan, known):
        """Yields its accuracy on labeled images; see `Exported.measured`."""
        return plan.of_classifier(self, known)
