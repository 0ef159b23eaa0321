"""`tfds:NAME`: image sets of TensorFlow Datasets, in memory up to 1 GiB, else streamed."""

import math

import numpy as np
import tensorflow as tf

from ganzoo.data import images, reachable
from ganzoo.data.order import Order
from ganzoo.data.source import Info, Memory, Source
from ganzoo.errors import InputError, unknown

_IN_MEMORY = 2**30  # bytes of pixels up to which a set is read into memory
_BLOCK = 2048  # encoded images in a block; a streamed set is shuffled within blocks


class TFDS(Source):
    """One split of a TFDS set with the feature `image`, and optionally `label`.

    A streamed set is shuffled within blocks of 2,048 images, depending on seed, epoch and block, in
    addition to the shuffling by TFDS when the set was written. `start_batch` is exact there, too,
    but reads the skipped examples of that epoch, without decoding them.
    """

    def __init__(
        self,
        name: str,
        split: str = "train",
        image_size: tuple[int, int] | None = None,
        channels: int | None = None,
        data_dir: str | None = None,
    ):
        """Opens the set, and downloads it if necessary; for the arguments see `load`.

        Raises:
            InputError: If the set is not available, or has no images of a known size.
        """
        import tensorflow_datasets as tfds  # slow to import

        self._builder = _prepared(name, data_dir)
        features = self._builder.info.features
        image = features["image"] if "image" in features else None
        if not isinstance(image, tfds.features.Image) or image.np_dtype != np.uint8:
            raise InputError(f"tfds:{name} has no feature 'image' of uint8 pictures.")
        try:
            count = self._builder.info.splits[split].num_examples
        except (KeyError, ValueError):
            raise unknown(f"split of tfds:{name}", split, self._builder.info.splits) from None
        self._size = image_size or image.shape[:2]
        if None in self._size:
            raise InputError(f"tfds:{name} has images of many sizes: give image_size.")
        self._channels = channels or min(3, image.shape[2] or 3)
        self._same = image.shape == (*self._size, self._channels)
        label = features["label"] if "label" in features else None
        names = label.names if isinstance(label, tfds.features.ClassLabel) else None
        self._encoded = self._builder.as_dataset(
            split=split, shuffle_files=False, decoders={"image": tfds.decode.SkipDecoding()}
        ).map(lambda e: {key: e[key] for key in ("image", "label")[: 1 if names is None else 2]})
        shape = (*self._size, self._channels)
        self.info = Info(
            f"tfds:{name}", split, count, shape, names and len(names), names and tuple(names)
        )

    def arrays(self, limit):
        """See `Source.arrays`; returns the first `limit`, as TFDS sets are already shuffled."""
        count = min(self.info.num_examples, limit or self.info.num_examples)
        real = np.empty((count, *self.info.image_shape), np.uint8)
        labels = None if self.info.num_classes is None else np.empty(count, np.int32)
        done = 0
        try:
            for example in self._decoded(self._encoded.take(count)).as_numpy_iterator():
                real[done] = example["real"]
                if labels is not None:
                    labels[done] = example["label"]
                done += 1
        except tf.errors.OpError as error:
            raise self._damaged(str(error).splitlines()[0]) from error
        if done < count:
            raise self._damaged(f"{done} of {count} examples")
        return real, labels

    def batches(self, order: Order):
        """See `Source.batches`."""
        info = self.info
        if info.num_examples * math.prod(info.image_shape) <= _IN_MEMORY:
            memory = Memory(info.name, info.split, *self.arrays(None), info.class_names)
            return memory.batches(order)
        per_epoch = order.per_epoch(info.num_examples)
        size = order.batch_size

        def one_pass(number):
            examples = self._encoded
            if order.shuffle:

                def shuffled(block, columns):
                    count = tf.size(columns["image"], tf.int64)
                    index = order.shuffled(tf.range(count), count, number * 2**24 + block)
                    return {key: tf.gather(column, index) for key, column in columns.items()}

                examples = examples.batch(_BLOCK).enumerate().map(shuffled).unbatch()
            return examples.take(per_epoch * size)

        examples = order.passes(info.num_examples).flat_map(one_pass)
        examples = examples.skip(order.start_batch % per_epoch * size)
        batches = self._decoded(examples).batch(size, order.drop_remainder)
        if order.repeat:
            return batches
        return batches.apply(tf.data.experimental.assert_cardinality(per_epoch))

    def _damaged(self, reason: str) -> InputError:
        folder = self._builder.data_dir
        return InputError(f"the TFDS copy in {folder} is damaged ({reason}): delete it.")

    def _decoded(self, examples: tf.data.Dataset) -> tf.data.Dataset:
        feature = self._builder.info.features["image"]

        def fit(pixels):
            return images.fit(images.to_picture(pixels), self._size, self._channels)

        def decode(example):
            pixels = feature.decode_example(example["image"])
            if not self._same:
                pixels = tf.numpy_function(fit, [pixels], tf.uint8, stateful=False)
            result = {"real": tf.ensure_shape(pixels, self.info.image_shape)}
            if "label" in example:
                result["label"] = tf.cast(example["label"], tf.int32)
            return result

        return examples.map(decode, num_parallel_calls=2)


def _prepared(name: str, data_dir):
    """Returns the builder of a set, which is downloaded and prepared if necessary.

    Raises:
        InputError: If the set is unknown, or cannot be downloaded.
    """
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.registered.DatasetNotFoundError:
        raise unknown("TFDS set", name, tfds.list_builders(with_community_datasets=False)) from None
    except (ValueError, AssertionError) as error:  # unknown config or version
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InputError(f"cannot open {f'tfds:{name}'!r}: {reason}") from error
    if builder.is_prepared():
        return builder
    remedy = "prepare it with TFDS on a machine with a network, and give its folder as data_dir"
    if name in ("mnist", "fashion_mnist", "cifar10"):
        remedy = f"import its files, `ganzoo data {name} --from=PATH`"
    urls = list(builder.url_infos)[:1] or ["https://storage.googleapis.com"]
    if not reachable.reachable(urls[0]):
        raise InputError(
            f"{name} is not in {builder.data_dir} and {urls[0]} does not answer: {remedy}."
        )
    try:
        builder.download_and_prepare()
    except (OSError, tfds.download.DownloadError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"cannot download {name} ({reason}): {remedy}.") from error
    return builder
