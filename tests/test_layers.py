"""Layers against their formulas."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from ganzoo import layers

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def saved_and_loaded(layer, inputs, tmp_path, **call):
    """Returns what a model of this one layer gives before it is saved, and after it is loaded."""
    sources = inputs if isinstance(inputs, list) else [inputs]
    tensors = [keras.Input(x.shape[1:], dtype=str(x.dtype)) for x in sources]
    tensors = tensors if isinstance(inputs, list) else tensors[0]
    model = keras.Model(tensors, layer(tensors))
    model(inputs, training=True)
    model.save(tmp_path / "layer.keras")
    loaded = keras.saving.load_model(tmp_path / "layer.keras")
    return np.asarray(model(inputs, **call)), np.asarray(loaded(inputs, **call))


# --- spectral normalisation


def matrix(layer):
    kernel = np.asarray(layer._raw())
    return kernel.reshape(-1, kernel.shape[-1])


@pytest.mark.parametrize(
    "make",
    [
        lambda: (layers.SpectralConv2D(5, 3, padding="same"), normal(2, 6, 6, 4)),
        lambda: (layers.SpectralDense(5), normal(3, 7)),
        lambda: (layers.SpectralEmbedding(6, 4), np.array([0, 5, 2], "int32")),
    ],
)
def test_the_largest_singular_value_becomes_one(make):
    layer, x = make()
    for _ in range(200):
        layer(x, training=True)
    largest = np.linalg.svd(matrix(layer), compute_uv=False)[0]
    assert float(layer.sigma) == pytest.approx(largest, rel=1e-4)
    kernel = layer.embeddings if hasattr(layer, "embeddings") else layer.kernel
    np.testing.assert_allclose(np.asarray(kernel), np.asarray(layer._raw()) / largest, rtol=1e-3)


def test_only_training_moves_u_and_nothing_moves_the_kernel():
    layer, x = layers.SpectralDense(5), normal(3, 7)
    layer(x)
    before, u = matrix(layer).copy(), layer.u.numpy().copy()
    layer(x)
    np.testing.assert_array_equal(layer.u.numpy(), u)
    layer(x, training=True)
    assert np.abs(layer.u.numpy() - u).max() > 1e-3
    np.testing.assert_array_equal(matrix(layer), before)


def test_the_gradient_goes_through_sigma():
    import tensorflow as tf

    layer, x = layers.SpectralDense(3, use_bias=False), np.eye(4, dtype="float32")
    for _ in range(300):
        layer(x, training=True)
    cotangent = normal(4, 3)
    with tf.GradientTape() as tape:
        loss = ops.sum(layer(x) * cotangent)
    found = tape.gradient(loss, layer.trainable_variables[0]).numpy()
    u, values, v = np.linalg.svd(matrix(layer))
    normalized = matrix(layer) / values[0]  # equation 12 of the paper
    expected = (cotangent - (cotangent * normalized).sum() * np.outer(u[:, 0], v[0])) / values[0]
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_spectral_layers_are_saved_with_their_vectors(tmp_path):
    before, after = saved_and_loaded(layers.SpectralConv2D(5, 3), normal(2, 6, 6, 4), tmp_path)
    np.testing.assert_array_equal(before, after)


# --- weight normalisation


def test_weight_norm_is_length_times_direction(tmp_path):
    x = normal(3, 7)
    layer = layers.WeightNormDense(4, use_bias=False)
    layer(x)
    layer.scale.assign([1.0, 2.0, 0.5, 3.0])
    raw = np.asarray(layer._kernel)
    expected = x @ (raw / np.linalg.norm(raw, axis=0) * [1.0, 2.0, 0.5, 3.0])
    np.testing.assert_allclose(np.asarray(layer(x)), expected, rtol=1e-4, atol=1e-5)
    before, after = saved_and_loaded(layers.WeightNormDense(4), x, tmp_path)
    np.testing.assert_array_equal(before, after)
    held = layers.WeightNormDense(4, length=1.5, train_length=False)
    held(x)
    assert len(held.trainable_variables) == 2
    np.testing.assert_allclose(np.linalg.norm(held.kernel, axis=0), 1.5, rtol=1e-5)
    before, after = saved_and_loaded(held, x, tmp_path)
    np.testing.assert_array_equal(before, after)


# --- attention, conditions


def test_attention_starts_as_the_identity_and_is_the_formula(tmp_path):
    x = normal(2, 4, 6, 16)
    layer = layers.SelfAttention()
    np.testing.assert_array_equal(np.asarray(layer(x)), x)
    layer.gamma.assign(0.7)
    query, key, value = (np.asarray(part(x)) for part in (layer.query, layer.key, layer.value))
    key, value = (y.reshape(2, 2, 2, 3, 2, -1).max((2, 4)).reshape(2, 6, -1) for y in (key, value))
    scores = query.reshape(2, 24, -1) @ key.transpose(0, 2, 1)
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    seen = (weights @ value).reshape(2, 4, 6, 8).astype("float32")
    expected = x + 0.7 * np.asarray(layer.out(seen))
    np.testing.assert_allclose(np.asarray(layer(x)), expected, rtol=1e-4, atol=1e-5)
    before, after = saved_and_loaded(layers.SelfAttention(), x, tmp_path)
    np.testing.assert_array_equal(before, after)


def test_attention_of_few_channels_has_one_of_each():
    layer = layers.SelfAttention()
    layer(normal(1, 2, 2, 4))
    assert [part.kernel.shape[-1] for part in (layer.query, layer.key, layer.value)] == [1, 1, 2]


def test_each_class_has_a_scale_and_a_shift_of_its_own(tmp_path):
    x, label = normal(8, 4, 4, 3), np.arange(8, dtype="int32") % 3
    layer = layers.ConditionalBatchNormalization(3)
    plain = np.asarray(layer([x, label], training=True))
    half = layers.ConditionalBatchNormalization(3, dtype="mixed_bfloat16")
    half([x, label])
    assert half.affine.dtype_policy.name == "mixed_bfloat16"
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    np.testing.assert_allclose(plain, (x - mean) / np.sqrt(variance + 1e-3), atol=1e-4)
    table = normal(3, 6)
    layer.affine.set_weights([table])
    scale, shift = table[label][:, None, None, :3], table[label][:, None, None, 3:]
    found = np.asarray(layer([x, label], training=True))
    np.testing.assert_allclose(found, plain * (1 + scale) + shift, atol=1e-4)
    before, after = saved_and_loaded(layers.ConditionalBatchNormalization(3), [x, label], tmp_path)
    np.testing.assert_allclose(before, after, atol=1e-6)


def test_projection_is_a_linear_score_and_a_product_with_the_class():
    features, label = normal(5, 6), np.array([0, 1, 1, 2, 0], "int32")
    layer = layers.Projection(3)
    found = np.asarray(layer([features, label]))
    linear = features @ np.asarray(layer.linear.kernel) + np.asarray(layer.linear.bias)
    own = (np.asarray(layer.classes.embeddings)[label] * features).sum(1, keepdims=True)
    np.testing.assert_allclose(found, linear + own, rtol=1e-4, atol=1e-5)


def test_a_label_is_one_more_channel_the_same_for_a_class():
    x, label = normal(4, 5, 6, 2), np.array([0, 1, 0, 1], "int32")
    found = np.asarray(layers.LabelMap(2, 3)([x, label]))
    assert found.shape == (4, 5, 6, 3)
    np.testing.assert_array_equal(found[..., :2], x)
    np.testing.assert_array_equal(found[0, ..., 2], found[2, ..., 2])
    assert np.abs(found[0, ..., 2] - found[1, ..., 2]).max() > 1e-4


# --- packing, codes


def test_packing_joins_neighbours_by_channels():
    x = normal(6, 4, 4, 2)
    found = np.asarray(layers.Packing(3)(x))
    assert found.shape == (2, 4, 4, 6)
    np.testing.assert_array_equal(found[1], np.concatenate(x[3:6], axis=-1))
    points = normal(4, 2)
    np.testing.assert_array_equal(layers.Packing(2)(points), points.reshape(2, 4))
    with pytest.raises(ValueError, match="pack"):
        layers.Packing(0)


def test_codes_are_classes_uniform_numbers_and_the_rest():
    latents = normal(20_000, 9)
    codes = layers.Codes(categorical=4, uniform=2, gaussian=1)
    found = np.asarray(codes(latents))
    assert found.shape == latents.shape and codes.size == 7
    np.testing.assert_array_equal(found[:, :4].argmax(1), latents[:, :4].argmax(1))
    np.testing.assert_array_equal(found[:, :4].sum(1), 1)
    np.testing.assert_allclose(found[:, :4].mean(0), 0.25, atol=0.02)
    hist, _ = np.histogram(found[:, 4:6], bins=10, range=(-1, 1))
    np.testing.assert_allclose(hist / hist.sum(), 0.1, atol=0.01)
    np.testing.assert_array_equal(found[:, 6:], latents[:, 6:])


# --- batch normalisation


@pytest.mark.parametrize(("policy", "apart"), [("float32", 1e-4), ("mixed_bfloat16", 0.05)])
@pytest.mark.parametrize("affine", [True, False])
def test_batch_normalization_is_that_of_keras(policy, apart, affine):
    x = tf.cast(3.0 * normal(4, 5, 6, 3) + 2.0, keras.DTypePolicy(policy).compute_dtype)
    weight, start = tf.cast(normal(4, 5, 6, 3), x.dtype), normal(2, 3)

    def results(cls):
        layer = cls(center=affine, scale=affine, epsilon=0.1, dtype=policy)
        layer.build(x.shape)
        for variable, value in zip(layer.trainable_variables, start, strict=False):
            variable.assign(value)
        with tf.GradientTape() as outer:  # penalties take gradients of gradients
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = layer(x, training=True)
                loss = tf.reduce_sum(tf.cast(y * weight, "float32") ** 2)
            slope = inner.gradient(loss, x)
            bend = tf.reduce_sum(tf.cast(slope, "float32") ** 2)
        twice = outer.gradient(bend, [x, *layer.trainable_variables])
        found = [y, slope, *twice, *layer.non_trainable_variables, layer(x, training=False)]
        return [np.asarray(tf.cast(value, "float32")) for value in found]

    for one, other in zip(
        results(keras.layers.BatchNormalization), results(layers.BatchNormalization), strict=True
    ):
        np.testing.assert_allclose(other, one, rtol=0, atol=apart * np.abs(one).max())
