"""The Inception-v3 network whose features the original FID uses.

It differs from the network of the Inception-v3 paper, and from those of Keras and torchvision: it
is the one in the TensorFlow archive inception-2015-12-05. Average pooling excludes the padding from
the mean; the pooling branch of the last block is max pooling; batch normalization has no scale and
an epsilon of 0.001 (it is folded into the convolutions here). The input is (x - 128) / 128 at
299 x 299 pixels; the features are the 2048 means of the last 8 x 8 maps (`pool3`).

Reference: Szegedy et al., 2016, arXiv:1512.00567; Heusel et al., 2017, arXiv:1706.08500.
"""

import keras
from keras import layers

SIZE = 299
FEATURES = 2048


def inception(weights, dtype: str = "float32") -> keras.Model:
    """Returns the network from (N, 299, 299, 3) in [-1, 1) to float32 (N, 2048).

    Args:
        weights: Dict of arrays from `weights.inception_weights`.
        dtype: Dtype of the computation; `"bfloat16"` has 8 significant bits. The final means are
            always float32.
    """
    images = keras.Input((SIZE, SIZE, 3), name="images", dtype=dtype)
    x = images
    for name, filters, kernel, stride, padding in _STEM:
        x = _conv(x, name, filters, kernel, stride, padding, dtype)
        if name in ("conv_2", "conv_4"):
            x = layers.MaxPooling2D(3, 2, dtype=dtype)(x)
    blocks = (_a, _a, _a, _b, _c, _c, _c, _c, _d, _e, _e)
    for index, (block, option) in enumerate(zip(blocks, _OPTIONS, strict=True)):
        name = f"mixed_{index}" if index else "mixed"

        def conv(x, layer, filters, kernel=1, stride=1, padding="same", name=name):
            return _conv(x, f"{name}.{layer}", filters, kernel, stride, padding, dtype)

        x = layers.Concatenate(dtype=dtype)(block(x, conv, option))
    features = layers.GlobalAveragePooling2D(dtype="float32")(x)
    model = keras.Model(images, features, name="inception_2015")
    for layer in model.layers:
        if layer.weights:
            name = layer.name.replace("-", ".")
            layer.set_weights([weights[f"{name}.kernel"], weights[f"{name}.bias"]])
    model.trainable = False
    return model


_STEM = (  # name, filters, kernel, stride, padding
    ("conv", 32, 3, 2, "valid"),
    ("conv_1", 32, 3, 1, "valid"),
    ("conv_2", 64, 3, 1, "same"),
    ("conv_3", 80, 1, 1, "valid"),
    ("conv_4", 192, 3, 1, "valid"),
)
# For `_a` filters of the pooling branch, for `_c` filters of the 7-wide layers, for `_e` pooling.
_OPTIONS = (32, 64, 64, None, 128, 160, 160, 192, None, "average", "max")


def _conv(x, name, filters, kernel, stride, padding, dtype):
    name = name.replace(".", "-")  # the torch backend does not allow dots in names
    return layers.Conv2D(
        filters, kernel, stride, padding, activation="relu", name=name, dtype=dtype
    )(x)


def _pool(x, how="average"):
    """Returns 3 x 3 pooling with stride 1, over the pixels inside the image."""
    kind = layers.AveragePooling2D if how == "average" else layers.MaxPooling2D
    return kind(3, 1, "same", dtype=x.dtype)(x)


def _a(x, conv, pooled):
    tower = conv(conv(x, "tower.conv", 48), "tower.conv_1", 64, 5)
    tower_1 = conv(conv(x, "tower_1.conv", 64), "tower_1.conv_1", 96, 3)
    tower_1 = conv(tower_1, "tower_1.conv_2", 96, 3)
    return [conv(x, "conv", 64), tower, tower_1, conv(_pool(x), "tower_2.conv", pooled)]


def _b(x, conv, _):
    tower = conv(conv(x, "tower.conv", 64), "tower.conv_1", 96, 3)
    tower = conv(tower, "tower.conv_2", 96, 3, 2, "valid")
    down = layers.MaxPooling2D(3, 2, dtype=x.dtype)(x)
    return [conv(x, "conv", 384, 3, 2, "valid"), tower, down]


def _c(x, conv, width):
    tower = conv(conv(x, "tower.conv", width), "tower.conv_1", width, (1, 7))
    tower = conv(tower, "tower.conv_2", 192, (7, 1))
    tower_1 = conv(conv(x, "tower_1.conv", width), "tower_1.conv_1", width, (7, 1))
    tower_1 = conv(tower_1, "tower_1.conv_2", width, (1, 7))
    tower_1 = conv(tower_1, "tower_1.conv_3", width, (7, 1))
    tower_1 = conv(tower_1, "tower_1.conv_4", 192, (1, 7))
    return [conv(x, "conv", 192), tower, tower_1, conv(_pool(x), "tower_2.conv", 192)]


def _d(x, conv, _):
    tower = conv(conv(x, "tower.conv", 192), "tower.conv_1", 320, 3, 2, "valid")
    tower_1 = conv(conv(x, "tower_1.conv", 192), "tower_1.conv_1", 192, (1, 7))
    tower_1 = conv(tower_1, "tower_1.conv_2", 192, (7, 1))
    tower_1 = conv(tower_1, "tower_1.conv_3", 192, 3, 2, "valid")
    return [tower, tower_1, layers.MaxPooling2D(3, 2, dtype=x.dtype)(x)]


def _e(x, conv, how):
    tower = conv(x, "tower_conv", 384)
    tower_1 = conv(conv(x, "tower_1_conv", 448), "tower_1_conv_1", 384, 3)
    return [
        conv(x, "conv", 320),
        conv(tower, "tower_mixed_conv", 384, (1, 3)),
        conv(tower, "tower_mixed_conv_1", 384, (3, 1)),
        conv(tower_1, "tower_1_mixed_conv", 384, (1, 3)),
        conv(tower_1, "tower_1_mixed_conv_1", 384, (3, 1)),
        conv(_pool(x, how), "tower_2_conv", 192),
    ]
