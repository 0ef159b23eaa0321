"""A small convolutional classifier, whose last features are used to compare sets of images."""

import keras
from keras import layers

from ganzoo.networks.dcgan import checked

MOMENTUM = 0.9  # of the moving statistics: Keras' 0.99 is too slow for the first epoch


def classifier(
    image_shape, num_classes: int, width: int = 32, features: int = 128, dropout: float = 0.4
):
    """Returns a network from images (N, H, W, C) to [logits (N, K), features (N, `features`)].

    It has three scales of 3 x 3 convolutions with batch normalization, with `width` / 2, `width`
    and 2 `width` filters and max pooling between them, then one hidden dense layer with ReLU, whose
    outputs are the features. The logits are a linear function of the features.

    Args:
        image_shape: (H, W, C).
        num_classes: K.
        width: Filters of the second scale.
        features: Number of features.
        dropout: Dropout rate of the features; the hidden layer's input has half that rate, the
            convolutions a quarter.
    """
    images = keras.Input(checked(image_shape), name="images")
    x = _conv(images, max(width // 2, 1))
    for filters in (width, 2 * width):
        x = layers.MaxPooling2D(2, padding="same")(x)
        x = layers.Dropout(dropout / 4)(_conv(_conv(x, filters), filters))
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Dense(features, use_bias=False)(layers.Dropout(dropout / 2)(layers.Flatten()(x)))
    hidden = layers.ReLU(dtype="float32", name="features")(
        layers.BatchNormalization(momentum=MOMENTUM)(x)
    )
    x = layers.Dropout(dropout)(hidden)
    logits = layers.Dense(num_classes, dtype="float32", name="logits")(x)
    return keras.Model(images, [logits, hidden], name="classifier")


def _conv(x, filters):
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))
