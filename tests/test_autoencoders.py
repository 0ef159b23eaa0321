"""IMLE, and what has an encoder: VAE, VAE-GAN, the hybrid, the adversarial autoencoder."""

import math
import tomllib

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import ganzoo
from ganzoo import random
from ganzoo.errors import InputError
from ganzoo.gans import imle
from ganzoo.gans.vae import divergence
from ganzoo.inference import saved_model
from ganzoo.training.recipe import Recipe

SHAPE = (8, 8, 1)
ENCODED = ("vae", "vaegan", "klgan", "aae", "bigan")


def make(name, **given):
    return ganzoo.create(name, SHAPE, width=4, latent_dim=3, run_eagerly=True, **given)


def images(count=8):
    return np.random.default_rng(0).uniform(-1, 1, (count, *SHAPE)).astype("float32")


def test_the_match_is_the_nearest_of_the_pool(monkeypatch):
    monkeypatch.setattr(imle, "CHUNK", 7)
    gan = make("imle", pool=20, g_normalization="none")
    drawn = []
    normal = keras.random.normal
    monkeypatch.setattr(
        keras.random, "normal", lambda *a, **k: drawn.append(normal(*a, **k)) or drawn[-1]
    )
    with random.scope(random.key(0)):
        found = ops.convert_to_numpy(gan.match(tf.constant(images(5))))
    (pool,) = (ops.convert_to_numpy(x) for x in drawn)
    samples = ops.convert_to_numpy(gan.generator(pool)).reshape(20, -1)
    apart = ((images(5).reshape(5, 1, -1) - samples) ** 2).sum(2)
    np.testing.assert_array_equal(found, pool[apart.argmin(1)])


def test_imle_leaves_no_mode_out():
    points = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], "float32")
    real = points[np.arange(300) % 3]
    keras.utils.set_random_seed(0)
    gan = ganzoo.create("imle", (2,), width=8, latent_dim=2, pool=64, ema=0.9)
    gan.fit(real, batch_size=30, epochs=15, verbose=0)
    apart = np.linalg.norm(gan.sample(500)[:, None] - points, axis=2)
    assert (apart.min(0) < 0.15).all()


def test_several_updates_share_a_pool(monkeypatch):
    gan, searches = make("imle", pool=5, turns=4), []
    match = gan.match
    monkeypatch.setattr(gan, "match", lambda real: searches.append(real) or match(real))
    logs = gan.train_step({"real": tf.constant(images(8))})
    assert [len(x) for x in searches] == [8] and int(gan.g_optimizer.iterations) == 4
    assert int(gan.step) == 1 and set(logs) == {"g_distance", "g_grad_norm"}
    with pytest.raises(InputError, match="turns=4 needs a batch size that is divisible"):
        gan.train_step({"real": tf.constant(images(6))})


def test_a_gan_is_drawn_to_every_image_too():
    gan = make("imlegan", pool=9, imle_weight=3.0, turns=2)
    batch = {"real": tf.constant(images(4))}
    with random.scope(random.key(0)):
        batch |= {"latents": gan.match(batch["real"])}
        batch |= gan.generate(batch)
    terms = gan.generator_loss(batch)
    apart = np.square(batch["near"] - batch["real"]).mean()
    assert float(terms["distance"]) == pytest.approx(3.0 * apart, rel=1e-5)
    verdict = ops.convert_to_numpy(gan.discriminator(batch["fake"], training=True))
    assert float(terms["adv"]) == pytest.approx(np.logaddexp(0.0, -verdict).mean(), rel=1e-4)
    gan.train_step({"real": tf.constant(images(8))})
    assert int(gan.g_optimizer.iterations) == int(gan.d_optimizer.iterations) == 2


def test_a_perceptual_distance_is_of_pixels_and_of_maps():
    seen = keras.Input(SHAPE)
    maps = [keras.layers.Conv2D(3, 2, strides=2)(seen), keras.layers.Conv2D(2, 4)(seen)]
    network = keras.Model(seen, maps)
    gan = make("imle", perceptual=network)
    x, y = images(2)
    rows = ops.convert_to_numpy(gan.rows(np.stack([x, y])))
    expected = np.square(x - y).mean()
    for values in network.predict(np.stack([x, y]), verbose=0):
        unit = values / np.linalg.norm(values, axis=-1, keepdims=True)
        expected += np.square(unit[0] - unit[1]).sum(-1).mean()
    assert np.square(rows[0] - rows[1]).sum() == pytest.approx(expected, rel=1e-4)
    before = network.get_weights()
    gan.train_step({"real": tf.constant(images(8))})
    for one, other in zip(before, gan.perceptual.network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_zoos_classifier_sees_what_is_near(tmp_path):
    gan = ganzoo.create("imle", (28, 28, 1), width=2, latent_dim=3, pool=4, perceptual="mnist")
    shapes = [tuple(shape[1:]) for shape in gan.perceptual.network.output_shape]
    assert shapes == [(14, 14, 32), (7, 7, 64)]
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    x = np.random.default_rng(0).uniform(-1, 1, (2, 28, 28, 1)).astype("float32")
    np.testing.assert_array_equal(gan.rows(x), again.rows(x))


def test_a_recipe_names_the_perceptual_distance():
    recipe = Recipe(model="imle", learning={"perceptual": "mnist"}).resolved()
    written = Recipe.from_dict(tomllib.loads(recipe.to_toml()))
    assert written == recipe == written.resolved()
    assert recipe.learning["perceptual"]["config"] == {"network": "mnist"}


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("imle", {"pool": 0}, "pool >= 1"),
        ("imle", {"turns": 1.5}, "turns >= 1, a whole number, got 1.5"),
        ("imle", {"perceptual": "mnits"}, "Did you mean 'mnist'"),
        ("imle", {"perceptual": "mnist"}, r"expected images of shape \(28, 28, 1\)"),
        ("imlegan", {"n_critic": 2}, "expected n_critic 1, got 2"),
        ("imle", {"loss": "hinge"}, "loss needs a discriminator"),
        ("imle", {"penalties": ["feature_matching"]}, "FeatureMatching needs a discriminator"),
        ("vae", {"augment": "diff_augment"}, "augment needs a discriminator"),
        ("vae", {"n_critic": 2}, "n_critic needs a discriminator"),
        ("vaegan", {"style": 0.0}, "style > 0"),
        ("aae", {"replay": 16}, "the D of AAE sees codes"),
    ],
)
def test_what_does_not_fit_is_refused(name, given, message):
    with pytest.raises(InputError, match=message):
        make(name, **given)


def test_networks_of_ones_own():
    with pytest.raises(InputError, match="needs generator="):
        ganzoo.gans.VAE(ganzoo.networks.dcgan.generator(SHAPE, 4, 3), latent_dim=3)
    gan = make("vaegan")
    plain = ganzoo.gans.VAEGAN(
        dict(gan.generator), ganzoo.networks.dcgan.discriminator(SHAPE, 4), latent_dim=3
    )
    with pytest.raises(InputError, match="logits, features"):
        plain.compile()


def test_divergence():
    mean, deviation = np.array([[0.5, -1.0]], "float32"), np.array([[2.0, 0.25]], "float32")
    expected = sum(
        -math.log(s) + (s * s + m * m) / 2 - 0.5 for m, s in zip(mean[0], deviation[0], strict=True)
    )
    found = divergence(ops.convert_to_tensor(mean), 2 * ops.log(deviation))
    np.testing.assert_allclose(found, [expected], rtol=1e-5)


@pytest.mark.parametrize("name", ENCODED)
def test_the_encoder_can_be_used(name):
    gan, real = make(name), images()
    codes = gan.encode(real)
    assert codes.shape == (8, 3) and codes.dtype == "float32"
    pixels = np.round((real + 1) * 127.5).astype("uint8")
    np.testing.assert_allclose(gan.encode(pixels), codes, atol=0.05)
    np.testing.assert_array_equal(gan.reconstruct(real), gan.sample(latents=codes))
    labels = np.arange(8) % 2
    direction = gan.attribute(real, labels, 1)
    np.testing.assert_allclose(direction, codes[1::2].mean(0) - codes[::2].mean(0), atol=1e-5)
    np.testing.assert_array_equal(
        gan.shifted(real, direction, 2.0), gan.sample(latents=codes + 2.0 * direction)
    )
    assert gan.picture({"real": np.tile(pixels, (3, 1, 1, 1))}, 48).shape == (48, 64, 1)
    with pytest.raises(InputError, match="some 5"):
        gan.attribute(real, labels, 5)


def test_a_vae_learns_to_reconstruct():
    keras.utils.set_random_seed(0)
    points = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], "float32")
    adam = keras.optimizers.Adam(1e-2)
    gan = ganzoo.create(
        "vae", (2,), width=8, latent_dim=2, ema=0.5, g_optimizer=adam, kl_weight=0.05
    )
    gan.fit(points.repeat(16, axis=0), batch_size=32, epochs=60, verbose=0)
    assert np.abs(gan.reconstruct(points) - points).max() < 0.4


def test_each_side_of_a_vaegan_gets_its_own_terms():
    gan, batch = make("vaegan", style=0.1), {"real": tf.constant(images())}

    def gradients(term):
        with random.scope(random.key(0)), tf.GradientTape() as tape:
            terms = gan.generator_loss(batch | gan.generate(batch))
            loss = terms[term]
        weights = [gan.generator[part].trainable_variables for part in ("encoder", "decoder")]
        found = tape.gradient(loss, weights)
        kept = [[g for g in side if g is not None] for side in found]
        return [float(tf.linalg.global_norm(side)) if side else 0.0 for side in kept]

    encoder, decoder = gradients("adv")
    assert encoder == 0.0 and decoder > 0.0
    encoder, decoder = gradients("kl")
    assert encoder > 0.0 and decoder == 0.0
    encoder, decoder = gradients("feature")
    gan.style = 1.0
    plain_encoder, plain_decoder = gradients("feature")
    assert encoder == pytest.approx(plain_encoder, rel=1e-3)
    assert decoder == pytest.approx(0.1 * plain_decoder, rel=1e-3)


# --- pairs of images and codes


def paired(**given):
    """Returns a BiGAN and a batch with what its generator side made of it."""
    gan = make("bigan", d_normalization="none", **given)
    batch = {"real": tf.constant(images(4))}
    with random.scope(random.key(0)):
        return gan, batch | gan.generate(batch)


def test_the_stochastic_encoder_is_that_of_ali():
    gan, batch = paired(stochastic=True)
    with random.scope(random.key(0)):
        gan.prior(batch)  # drawn first
        mean, log_variance, codes = gan.posterior(batch["real"])
    np.testing.assert_array_equal(batch["real_code"], codes)
    assert np.abs(codes - mean).max() > 0.01
    np.testing.assert_allclose(gan.encode(images(4)), gan.encoder()(images(4)), atol=1e-6)


def test_a_relativistic_loss_trains_both_parts_in_one_term():
    gan, batch = paired(loss="relativistic")
    terms = gan.generator_loss(batch)
    real, fake = (gan.score(gan.judged(key, batch), batch) for key in ("real", "fake"))
    assert set(terms) == {"adv"}
    assert float(terms["adv"]) == pytest.approx(float(gan.loss.generator(fake, real)), rel=1e-6)


@pytest.mark.parametrize("key, name", [("real", "r1"), ("fake", "r2")])
def test_a_penalty_is_of_the_gradient_at_the_image_and_at_the_code(key, name):
    gan, batch = paired(penalties=[name])
    points = [batch[key], batch[f"{key}_code"]]
    with tf.GradientTape() as tape:
        tape.watch(points)
        total = tf.reduce_sum(gan.discriminator(points, training=True))
    squares = sum(np.square(g).sum() for g in tape.gradient(total, points)) / 4
    got = gan.penalise("d", batch)[name]
    assert float(got) == pytest.approx(10.0 * squares / 2, rel=1e-4)


@pytest.mark.parametrize("name", ["gradient_penalty", "dragan"])
def test_a_penalty_goes_along_lines_between_pairs(name, monkeypatch):
    gan, batch = paired(penalties=[name])
    seen = []
    score = gan.score
    monkeypatch.setattr(gan, "score", lambda x, batch: seen.append(x) or score(x, batch))
    with random.scope(random.key(0)):
        assert np.isfinite(float(gan.penalise("d", batch)[name]))
    (x, codes), (real, z_real) = seen[0], gan.judged("real", batch)
    fake, z_fake = gan.judged("fake", batch)
    if name == "gradient_penalty":  # one share for an image and its code
        share = np.mean((x - fake) / (real - fake), axis=(1, 2, 3))[:, None]
        expected = share * z_real + (1 - share) * z_fake
        np.testing.assert_allclose(codes, expected, atol=1e-3)
    else:
        assert 0 < np.abs(codes - z_real).max() <= 0.5 * np.std(z_real)


def test_an_augmentation_is_of_images_only():
    gan, batch = paired(augment="instance_noise")
    with random.scope(random.key(0)):
        shown, codes = gan.seen(gan.judged("real", batch), batch)
    assert np.abs(shown - batch["real"]).max() > 0
    np.testing.assert_array_equal(codes, batch["real_code"])


def test_pairs_need_a_critic_of_pairs():
    parts = ganzoo.gans.get("bigan").networks(SHAPE, width=4, latent_dim=3)
    parts["discriminator"] = ganzoo.networks.dcgan.discriminator(SHAPE, width=4)
    with pytest.raises(InputError, match="BiGAN needs a discriminator of"):
        ganzoo.gans.BiGAN(**parts).compile()
    with pytest.raises(InputError, match="Replay stores images only"):
        make("bigan", replay=16)


@pytest.mark.parametrize("name", ["bigan", "vaegan", "aae"])
def test_the_encoder_is_kept_beside_the_generator(name, tmp_path):
    gan = make(name)
    gan.export(tmp_path / "1", companions=True)
    loaded = saved_model.load(tmp_path / "1")
    np.testing.assert_allclose(loaded.encoder().encode(images(5)), gan.encode(images(5)), atol=1e-5)
    assert (loaded.critic() is None) == (name != "vaegan")
    with pytest.raises(InputError, match="an encoder tells the codes"):
        loaded.encoder().sample(1)
    alone = tf.saved_model.load(str(tmp_path / "1" / "assets.extra" / "encoder"))
    np.testing.assert_allclose(alone(images(2))["codes"], gan.encode(images(2)), atol=1e-5)
