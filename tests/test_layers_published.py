"""The layers of published networks that single networks' outputs do not pin down."""

import keras
import numpy as np
import pytest

from ganzoo import layers
from ganzoo.layers.lowpass import lowpass

RNG = np.random.default_rng(0)


def steer(layer, length, shift=0.0):
    """Has w give this cosine and shift along x, and a sine and a shift along y of zero."""
    layer.affine.set_weights([np.zeros((3, 4)), np.array([length, 0.0, shift, 0.0])])


def fourier(transform):
    """Returns the waves of a layer under a transform of the plane, (N, 8, 8, C)."""
    keras.utils.set_random_seed(0)
    layer = layers.FourierInput(4, 8, rate=8.0, bandwidth=2.0)
    layer.build((None, 3))
    layer.transform.assign(transform)
    steer(layer, 1.0)
    return np.asarray(layer(np.zeros((1, 3), "float32")))


def test_waves_are_shifted_and_turned_with_the_plane():
    plain = fourier(np.eye(3))
    assert plain.std() > 0.1
    right, down = np.eye(3), np.eye(3)
    right[0, 2] = down[1, 2] = -1 / 8  # by one pixel
    np.testing.assert_allclose(fourier(right)[:, :, 1:], plain[:, :, :-1], atol=1e-4)
    np.testing.assert_allclose(fourier(down)[:, 1:], plain[:, :-1], atol=1e-4)
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    turned = fourier(quarter)
    turns = [np.abs(turned - np.rot90(plain, k, (1, 2))).max() < 1e-4 for k in range(4)]
    assert turns in ([False, True, False, False], [False, False, False, True])


def test_w_turns_and_shifts_the_waves():
    """cos, sin, x and y are outputs of an affine map of w, the first two of any length."""
    keras.utils.set_random_seed(0)
    layer = layers.FourierInput(4, 8, rate=8.0, bandwidth=2.0)
    layer.build((None, 3))
    steer(layer, 2.0, shift=2.0 / 8)
    shifted = np.asarray(layer(np.zeros((1, 3), "float32")))
    steer(layer, 3.0)
    plain = np.asarray(layer(np.zeros((1, 3), "float32")))
    np.testing.assert_allclose(shifted[:, :, 1:], plain[:, :, :-1], atol=1e-4)


@pytest.mark.parametrize(("image", "gain"), [(True, 1.0), (False, np.sqrt(2.0))])
def test_styled_convolutions_are_clamped(image, gain):
    keras.utils.set_random_seed(0)
    inputs = [RNG.normal(size=s).astype("float32") for s in ((2, 4, 4, 3), (2, 5))]
    free, clamped = (layers.StyledConv2D(6, image=image, clamp=c) for c in (None, 0.01))
    free(inputs)
    clamped(inputs)
    clamped.set_weights(free.get_weights())
    expected = np.clip(free(inputs), -0.01 * gain, 0.01 * gain)
    assert np.abs(free(inputs)).max() > 0.1
    np.testing.assert_allclose(clamped(inputs), expected, rtol=1e-6)


def test_statistics_are_interpolated_and_not_trained():
    layer = layers.StandingBatchNorm(steps=3, conditional=False, epsilon=0.0)
    x, truncations = np.ones((3, 1, 1, 2), "float32"), np.array([0.25, 0.5, 2.0], "float32")
    layer.build([(None, 1, 1, 2), (None,)])
    layer.means.assign([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]])
    layer.variances.assign([[1.0, 1.0], [4.0, 1.0], [16.0, 1.0]])
    found = np.asarray(layer([x, truncations]))[:, 0, 0, 0]
    np.testing.assert_allclose(found, [0.0, -0.5, -0.75], atol=1e-5)
    assert [w.name for w in layer.trainable_weights] == ["weight", "bias"]
    of_class = layers.StandingBatchNorm(steps=3)
    of_class.build([(None, 1, 1, 2), (None,), (None, 5)])
    assert [w.shape for w in of_class.trainable_weights] == [(5, 2)] * 2


def test_a_low_pass_filter_passes_what_is_low():
    taps = lowpass(41, 2.0, 1.0, 16.0)
    frequency = np.fft.fftfreq(4096, 1 / 16.0)
    gain = np.abs(np.fft.fft(taps, 4096))
    assert gain[0] == pytest.approx(1.0, abs=1e-6)
    assert gain[np.abs(frequency) < 1.0].min() > 0.95
    assert gain[np.abs(frequency) > 3.5].max() < 0.05
    round_ = lowpass(41, 2.0, 1.0, 16.0, radial=True)
    np.testing.assert_allclose(round_, round_.T, atol=1e-7)
    lines = np.abs(np.fft.fft(round_.sum(0), 4096))  # a slice of its spectrum
    assert lines[np.abs(frequency) < 1.0].min() > 0.9 and lines[np.abs(frequency) > 3.5].max() < 0.1


def test_the_mean_square_of_the_input_is_not_trained():
    layer = layers.AliasFreeConv2D(
        2, 3, size=8, rates=(8, 8), cutoffs=(2.0, 2.0), widths=(1.0, 1.0)
    )
    layer.build([(None, 8, 8, 3), (None, 4)])
    assert [weight.name for weight in layer.non_trainable_weights] == ["magnitude_ema"]
