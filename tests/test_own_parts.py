"""A loss and a penalty of a person's own: they train, are saved and come back."""

import keras
import numpy as np
from keras import ops

import ganzoo
from ganzoo import losses, penalties

IMAGES = np.random.default_rng(0).integers(0, 256, (32, 8, 8, 1), "uint8")


@keras.saving.register_keras_serializable("test_own_parts")
class Squared(losses.Loss):
    def on_real(self, score):
        return ops.square(score - 1.0)

    def on_fake(self, score):
        return ops.square(score + 1.0)


@keras.saving.register_keras_serializable("test_own_parts")
class Brightness(penalties.Penalty):
    side = "g"

    def value(self, gan, batch):
        return ops.square(ops.mean(batch["fake"]))


def test_they_train_and_are_saved(tmp_path):
    gan = ganzoo.create(
        "gan", (8, 8, 1), width=4, latent_dim=4, loss=Squared(flip=0.1), penalties=[Brightness(2.0)]
    )
    logs = gan.fit(IMAGES, batch_size=8, verbose=0).history
    assert np.isfinite(logs["g_brightness"][0]) and np.isfinite(logs["d_adv"][0])
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert isinstance(loaded.loss, Squared) and loaded.loss.flip == 0.1
    assert isinstance(loaded.penalties[0], Brightness) and loaded.penalties[0].weight == 2.0
