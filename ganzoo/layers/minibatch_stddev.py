"""MinibatchStddev: a discriminator that sees how much the images of a batch differ."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("ganzoo")
class MinibatchStddev(layers.Layer):
    """Joins to a map, as one more channel, how much its group of images differs on average.

    The standard deviation over the group is taken at every place and channel and averaged over all
    of them: one number, the same at every place of the group's images. As real and fake images pass
    separately, fakes that are alike give themselves away. The image `i` of a batch of N is in
    group `i` modulo N / group; a batch that does not divide by `group` is one group.

    Input: (N, ..., C). Output: (N, ..., C + 1).

    Args:
        group: Images in a group.

    Reference: Karras et al., 2018, arXiv:1710.10196, section 3; groups, as in the authors' code.
    """

    def __init__(self, group: int = 4, **kwargs):
        super().__init__(**kwargs)
        if group < 1:
            raise ValueError(f"expected group >= 1, got {group}")
        self.group = group

    def call(self, x):
        """Measures, in float32, and joins."""
        size, *places, channels = ops.shape(x)
        if isinstance(size, int):
            group = size if size % self.group else self.group
        else:  # known only when it runs
            group = ops.where(size % self.group == 0, self.group, size)
        y = ops.reshape(ops.cast(x, "float32"), (group, -1, *places, channels))
        y = ops.mean(ops.square(y - ops.mean(y, axis=0, keepdims=True)), axis=0)
        # The derivative of the root is infinite at zero, which is where images that are alike are.
        axes = tuple(range(1, len(x.shape)))
        y = ops.mean(ops.sqrt(y + 1e-8) - 1e-4, axis=axes, keepdims=True)
        y = ops.tile(ops.cast(y, x.dtype), (group, *places, 1))
        return ops.concatenate([x, y], axis=-1)

    def compute_output_shape(self, input_shape):
        """Returns the shape with the channel."""
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self) -> dict:
        """Returns the arguments."""
        return super().get_config() | {"group": self.group}
