"""Semi-supervised GAN: a classifier learned from few labels, many images, and fakes."""

import functools

import keras
from keras import ops

from ganzoo import ema
from ganzoo.errors import InputError
from ganzoo.gan import GAN
from ganzoo.gans.acgan import cross_entropy
from ganzoo.inference.classifier import TrainedClassifier
from ganzoo.networks import semi


@keras.saving.register_keras_serializable("ganzoo")
class SGAN(GAN):
    """D is a K-class classifier whose logits l also give the probability that an image is real.

        D(x) = Z / (Z + 1),  Z = sum_k exp l_k(x)

    D minimizes the adversarial loss on unlabeled and fake images, with log Z as the score, and the
    cross-entropy on labeled images. G minimizes feature matching: the squared distance between the
    mean outputs of D's last hidden layer on real and on fake images.

    A batch has `labelled` images and their `label` in addition to `real`, as returned by
    `data.load(..., num_labels=100)`; without `labelled`, the labels are those of `real`. The
    trained `classifier` is the moving average of D, as in the authors' code.

    Reference: Salimans et al., 2016, arXiv:1606.03498, sections 3.1 and 5, and the authors' code.
    """

    monitor = "d_class"
    makers = GAN.makers | {"d_ema": functools.partial(ema.get, side="d")}
    exports = ("generator", "classifier")

    @classmethod
    def networks(cls, image_shape, num_classes, width=250, latent_dim=100) -> dict:
        """Returns the multilayer perceptrons that the paper uses for MNIST."""
        return semi.pair(image_shape, num_classes, width, latent_dim)

    @classmethod
    def learning(cls) -> dict:
        """Adam at 3e-3 with beta_1 0.5, as in the authors' code.

        That code halves the adversarial term, hence the class weight of 2; its Adam divides by
        sqrt(v + 1e-8), hence the epsilon; and it decays the learning rate near the end, which is
        not done here.

        Returns:
            class_weight: Weight of the classification loss on the labeled images.
            d_ema: Decay of the moving average of D's weights, which serves as the classifier; 0
                for none.
        """
        return super().learning() | {
            "g_optimizer": keras.optimizers.Adam(3e-3, beta_1=0.5, epsilon=1e-4),
            "d_optimizer": keras.optimizers.Adam(3e-3, beta_1=0.5, epsilon=1e-4),
            "class_weight": 2.0,
            "d_ema": ema.EMA(0.9999, side="d"),
        }

    @property
    def classifier(self) -> TrainedClassifier:
        """The moving average of D as a `TrainedClassifier`, with `predict` and `features`."""
        network = self.discriminator if self.d_ema is None else self.d_ema.network
        return TrainedClassifier(network, self.num_classes)

    def exportable(self, which: str | None = None):
        """Returns the averaged generator, or the classifier if `which` says so."""
        return self.classifier if which == "classifier" else super().exportable(which)

    def measure(self, evaluate) -> dict:
        """Returns the distance and, if the examples have labels, the classifier's `error` on them.

        During a run, the examples are training images, most of which were used without labels.
        """
        metrics, examples = super().measure(evaluate), evaluate.examples
        if "label" not in examples:
            return metrics
        return metrics | {"error": self.classifier.error(examples["real"], examples["label"])}

    def after_step(self, logs: dict) -> None:
        """Updates the moving average of D."""
        if self.d_ema is not None:
            self.d_ema.update(self)

    def score(self, images, batch):
        """Returns log Z, (N, 1)."""
        logits = ops.cast(self.discriminate(images, batch)[0], "float32")
        return ops.logsumexp(logits, axis=-1, keepdims=True)

    def discriminator_loss(self, batch) -> dict:
        """Returns the adversarial term and the cross-entropy on the labeled images."""
        if "label" not in batch:
            raise InputError("SGAN needs labels: load data with num_labels=100, or all labels.")
        labeled = batch.get("labelled", batch["real"])
        logits = self.discriminate(labeled, batch)[0]
        return super().discriminator_loss(batch) | {
            "class": self.class_weight * cross_entropy(batch["label"], logits)
        }

    def generator_loss(self, batch) -> dict:
        """Returns the squared distance between the mean features of real and fake images."""
        real, fake = (self.discriminate(batch[key], batch)[1] for key in ("real", "fake"))
        difference = ops.mean(ops.stop_gradient(real), axis=0) - ops.mean(fake, axis=0)
        return {"features": ops.mean(ops.square(difference))}
