"""MinibatchStddev: shows a discriminator how much the images of a batch vary."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class MinibatchStddev(layers.Layer):
    """Adds to a map a channel with the average standard deviation of its group of images.

    The standard deviation over the group is computed for every position and channel, then averaged
    to one number, which fills the new channel of all images of the group. As real and fake images
    are in separate batches, D can detect fakes that are alike. Image `i` of a batch of N is in
    group `i` modulo N / group; a batch that is not divisible by `group` forms a single group.

    Input: (N, ..., C). Output: (N, ..., C + 1).

    Args:
        group: Number of images in a group; 0 for the whole batch.
        centered: Whether the number is 0 for equal images, rather than the root of the epsilon
            1e-8, as in the authors' code.

    Reference: Karras et al., 2018, arXiv:1710.10196, section 3; groups as in the authors' code.
    """

    def __init__(self, group: int = 4, centered: bool = True, **kwargs):
        super().__init__(**kwargs)
        if group < 0:
            raise ValueError(f"expected group >= 0, got {group}")
        self.group, self.centered = group, centered

    def call(self, x):
        """Returns the map with the added channel, which is computed in float32."""
        size, *positions, channels = ops.shape(x)
        if not self.group:
            group = size
        elif isinstance(size, int):
            group = size if size % self.group else self.group
        else:  # the batch size is only known at run time
            group = ops.where(size % self.group == 0, self.group, size)
        y = ops.reshape(ops.cast(x, "float32"), (group, -1, *positions, channels))
        y = ops.mean(ops.square(y - ops.mean(y, axis=0, keepdims=True)), axis=0)
        # The epsilon avoids the infinite derivative of the root at zero, for identical images.
        axes = tuple(range(1, len(x.shape)))
        y = ops.sqrt(y + 1e-8) - (1e-4 if self.centered else 0.0)
        y = ops.mean(y, axis=axes, keepdims=True)
        y = ops.tile(ops.cast(y, x.dtype), (group, *positions, 1))
        return ops.concatenate([x, y], axis=-1)

    def compute_output_shape(self, input_shape):
        """Returns the shape with the added channel."""
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self) -> dict:
        """Returns the constructor arguments."""
        more = {} if self.centered else {"centered": False}
        return super().get_config() | {"group": self.group} | more
