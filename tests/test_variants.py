"""What single variants claim: their formulas, and what they refuse."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import losses, penalties
from ganzoo.errors import InputError
from ganzoo.gans.ebgan import pulling_away
from ganzoo.inference import saved_model

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, (8, 8, 8, 1)).astype("float32")
LABELS = RNG.integers(0, 3, 8).astype("int32")


def create(name, shape=(8, 8, 1), **learning):
    return ganzoo.create(name, shape, width=4, latent_dim=8, **learning)


# --- losses of pairs, and f-divergences


def softplus(x):
    return np.log1p(np.exp(x))


def test_relativistic_losses():
    real, fake = RNG.normal(size=(5, 1)), RNG.normal(size=(5, 1))
    loss = losses.Relativistic()
    assert float(loss.discriminator(real, fake)) == pytest.approx(softplus(fake - real).mean())
    assert float(loss.generator(fake, real)) == pytest.approx(softplus(real - fake).mean())
    loss = losses.Relativistic(average=True)
    expected = softplus(-(real - fake.mean())).mean() + softplus(fake - real.mean()).mean()
    assert float(loss.discriminator(real, fake)) == pytest.approx(expected, rel=1e-5)
    assert float(loss.generator(fake, real)) == pytest.approx(
        softplus(-(fake - real.mean())).mean() + softplus(real - fake.mean()).mean(), rel=1e-5
    )


P, Q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
TRUE = {  # divergence -> its value, and the score whose T is the best, by the ratio r = p / q
    "kl": ((P * np.log(P / Q)).sum(), lambda r: 1 + np.log(r)),
    "reverse_kl": ((Q * np.log(Q / P)).sum(), lambda r: np.log(r)),
    "js": (
        (P * np.log(2 * P / (P + Q))).sum() + (Q * np.log(2 * Q / (P + Q))).sum(),
        lambda r: np.log(r),
    ),
    "pearson": (((Q - P) ** 2 / Q).sum(), lambda r: 2 * (r - 1)),
    "hellinger": (((np.sqrt(P) - np.sqrt(Q)) ** 2).sum(), lambda r: np.log(r) / 2),
    "total_variation": (np.abs(P - Q).sum() / 2, lambda r: 20 * np.sign(r - 1)),
}


@pytest.mark.parametrize("name", losses.DIVERGENCES)
def test_the_bound_is_the_divergence_at_the_best_score_and_below_it_elsewhere(name):
    value, best = TRUE[name]
    loss = losses.FDivergence(name)

    def bound(score):
        score = score.astype("float32")
        return -float((P * np.asarray(loss.on_real(score))).sum()) - float(
            (Q * np.asarray(loss.on_fake(score))).sum()
        )

    score = best(P / Q)
    assert bound(score) == pytest.approx(value, rel=1e-4)
    for _ in range(20):
        assert bound(score + RNG.normal(size=3)) <= value + 1e-5


def test_a_saturating_generator_descends_the_divergence_itself():
    fake = RNG.normal(size=(5, 1)).astype("float32")
    plain, saturating = (losses.FDivergence("pearson", s) for s in (False, True))
    assert float(plain.generator(fake)) == pytest.approx(-fake.mean(), rel=1e-5)
    assert float(saturating.generator(fake)) == pytest.approx(
        -(fake**2 / 4 + fake).mean(), rel=1e-5
    )


def test_an_unknown_divergence_is_one_line():
    with pytest.raises(InputError, match="reverse_kl"):
        losses.FDivergence("reverse_k")


# --- BEGAN, EBGAN


def test_began_balances_the_two_errors():
    gan = create("began", gamma=0.5, k_rate=0.1)
    logs = {"d_real": tf.constant(2.0), "g_adv": tf.constant(0.4)}
    gan.after_step(logs)
    assert float(gan.k) == pytest.approx(0.1 * (0.5 * 2.0 - 0.4))
    assert float(logs["m_global"]) == pytest.approx(2.0 + abs(0.5 * 2.0 - 0.4))
    gan.after_step({"d_real": tf.constant(100.0), "g_adv": tf.constant(0.0)})
    assert float(gan.k) == 1.0  # it stays within [0, 1]
    gan.after_step({"d_real": tf.constant(0.0), "g_adv": tf.constant(100.0)})
    assert float(gan.k) == 0.0


def test_began_scores_by_reconstruction():
    gan = create("began")
    drawn = np.asarray(gan.discriminator(IMAGES)[0])
    expected = -np.abs(drawn - IMAGES).mean((1, 2, 3))
    np.testing.assert_allclose(gan.score(IMAGES, {})[:, 0], expected, rtol=1e-4)
    gan.k.assign(0.3)
    terms = gan.discriminator_loss({"real": IMAGES, "fake": IMAGES[::-1]})
    assert float(terms["fake"]) == pytest.approx(-0.3 * float(terms["real"]), rel=1e-4)


def test_ebgan_lifts_fakes_up_to_the_margin_only():
    gan = create("ebgan", margin=0.2)
    energy = np.asarray(gan.energy(IMAGES, {})[0])
    terms = gan.discriminator_loss({"real": IMAGES, "fake": IMAGES})
    assert float(terms["real"]) == pytest.approx(energy.mean(), rel=1e-4)
    assert float(terms["fake"]) == pytest.approx(np.maximum(0.2 - energy, 0).mean(), abs=1e-5)


def test_the_pulling_away_term_is_the_mean_squared_cosine():
    assert float(pulling_away(np.eye(4, dtype="float32"))) == pytest.approx(0, abs=1e-6)
    assert float(pulling_away(np.ones((4, 3), "float32"))) == pytest.approx(1, abs=1e-5)
    rows = np.array([[1.0, 0], [1, 1]], "float32")
    assert float(pulling_away(rows)) == pytest.approx(0.5, abs=1e-5)


# --- unrolling


SGD, ADAM = lambda: keras.optimizers.SGD(0.1), lambda: keras.optimizers.Adam(0.01)


@pytest.mark.parametrize(
    ("name", "make", "parts"),
    [("unrolled", SGD, {}), ("unrolled", ADAM, {}),
     ("dragan", ADAM, {"unroll": 3, "penalties": []}),
     ("wgan", lambda: keras.optimizers.RMSprop(0.01), {"clip": 0, "n_critic": 1})],
)  # fmt: skip
def test_unrolling_sees_the_discriminator_of_later_and_leaves_the_present_one(name, make, parts):
    keras.utils.set_random_seed(0)
    gan = create(name, (2,), d_optimizer=make(), **({"unroll": 3} | parts))
    batch = {
        "real": RNG.normal(size=(16, 2)).astype("float32"),
        "fake": RNG.normal(size=(16, 2)).astype("float32"),
    }
    before = [w.numpy() for w in gan.discriminator.weights]
    found = float(gan.generator_terms(batch)["adv"])
    for old, weight in zip(before, gan.discriminator.weights, strict=True):
        np.testing.assert_array_equal(old, weight.numpy())
    plain = float(gan.generator_loss(batch)["adv"])
    for _ in range(3):  # the same answers, played for real
        gan.discriminator_step(batch)
    later = float(gan.generator_loss(batch)["adv"])
    assert found == pytest.approx(later, rel=1e-3) and abs(found - plain) > 1e-3


def test_the_gradient_goes_through_the_answers():
    """Against a finite difference, by a fake image."""
    keras.utils.set_random_seed(0)
    gan = create("unrolled", (2,), unroll=2, d_optimizer=keras.optimizers.SGD(0.5))
    real, fake = (RNG.normal(size=(4, 2)).astype("float32") for _ in range(2))

    def loss(fake):
        return gan.generator_terms({"real": real, "fake": fake})["adv"]

    x = tf.constant(fake)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(x)
    found = tape.gradient(value, x).numpy()
    step = np.zeros_like(fake)
    step[1, 0] = 1e-2
    difference = (float(loss(fake + step)) - float(loss(fake - step))) / 2e-2
    assert found[1, 0] == pytest.approx(difference, rel=0.05, abs=1e-4)


@pytest.mark.parametrize(
    "name", ["wgan_gp", pytest.param("cyclegan", marks=pytest.mark.slow), "ebgan"]
)
def test_any_variant_can_unroll(name):
    """Also with a penalty, which is part of D's answers, and with several discriminators."""
    sizes = {"blocks": 1} if name == "cyclegan" else {"latent_dim": 8}
    adam = {"d_optimizer": keras.optimizers.Adam(1e-3)}
    gan = ganzoo.create(name, (8, 8, 1), width=4, n_critic=1, unroll=2, run_eagerly=True,
                        **sizes, **adam)  # fmt: skip
    data = {"x": IMAGES, "y": IMAGES[::-1]} if name == "cyclegan" else {"real": IMAGES}
    logs = gan.fit(tf.data.Dataset.from_tensors(data), verbose=0).history
    assert np.isfinite(list(logs.values())).all() and ("g_real" in logs) == (name == "wgan_gp")


def test_any_critic_can_be_clipped():
    gan = create("dcgan", clip=0.01, run_eagerly=True, d_optimizer=keras.optimizers.SGD(10.0))
    gan.fit(IMAGES, batch_size=4, verbose=0)
    largest = max(np.abs(w).max() for w in gan.discriminator.trainable_variables)
    assert largest == pytest.approx(0.01)
    gan.compile(d_optimizer=keras.optimizers.SGD(10.0), run_eagerly=True)  # no longer
    gan.fit(IMAGES, batch_size=4, verbose=0)
    assert max(np.abs(w).max() for w in gan.discriminator.trainable_variables) > 0.02
    both = ganzoo.create("cyclegan", (8, 8, 1), width=4, blocks=1, clip=0.02)
    for network in both.discriminator.values():
        assert max(np.abs(w).max() for w in network.trainable_variables) <= 0.02


def test_no_clipping_is_kept_in_files(tmp_path):
    create("wgan", clip=0).save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert not loaded.clip and all(w.constraint is None for w in loaded.discriminator.weights)
    with pytest.raises(InputError, match="expected clip > 0, or 0 for none, got -1"):
        create("dcgan", clip=-1)
    with pytest.raises(InputError, match="unroll must be a whole number from 0, got 1.5"):
        create("dcgan", unroll=1.5)


def test_unrolling_refuses_optimizers_that_it_cannot_follow():
    with pytest.raises(InputError, match="Nadam"):
        create("unrolled", (2,), d_optimizer="nadam")


# --- labels


def test_acgan_wants_the_classes_to_be_right():
    gan = create("acgan", num_classes=3, class_weight=2.0)
    batch = {"real": IMAGES, "fake": IMAGES, "label": LABELS}
    logits = np.asarray(gan.discriminator(IMAGES, training=True)[1])
    shifted = logits - logits.max(1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    expected = -2.0 * log_p[np.arange(8), LABELS].mean()
    assert float(gan.generator_loss(batch)["class"]) == pytest.approx(expected, rel=1e-3)
    with pytest.raises(InputError, match="class logits"):
        ganzoo.gans.ACGAN(gan.generator, create("dcgan").discriminator, 8, 3).compile()


@pytest.mark.parametrize(
    "name",
    [
        "cgan",
        pytest.param("projection", marks=pytest.mark.slow),
        pytest.param("biggan", marks=pytest.mark.slow),
    ],
)
def test_both_sides_are_told_the_class(name):
    gan = create(name, num_classes=3, n_critic=1, run_eagerly=True)
    assert len(gan.generator.inputs) == len(gan.discriminator.inputs) == 2
    gan.fit(IMAGES.repeat(2, 0), LABELS.repeat(2, 0), batch_size=8, epochs=2, verbose=0)
    one, other = (gan.score(IMAGES, {"label": np.full(8, k, "int32")}) for k in (0, 1))
    assert np.abs(np.asarray(one) - np.asarray(other)).max() > 1e-6
    assert gan.sample(3, labels=[0, 1, 2]).shape == (3, 8, 8, 1)
    picture = gan.picture({}, num=8)  # two rows of three classes
    assert picture.shape == (16, 24, 1)
    second = gan.sample(labels=[0, 1, 2] * 2, seed=0)[4]
    np.testing.assert_array_equal(picture[8:, 8:16], second)
    assert gan.picture({}, num=64).shape == (7 * 8, 9 * 8, 1)  # each class has three columns


def test_the_orthogonal_penalty_is_zero_for_orthogonal_columns():
    gan = create("gan", (2,))
    value = penalties.Orthogonal(1.0).value
    for weight in gan.generator.trainable_variables:
        if len(weight.shape) == 2:
            rows, columns = weight.shape
            weight.assign(
                3.0 * np.eye(rows, columns) if rows >= columns else np.zeros((rows, columns))
            )
    assert float(value(gan, {})) == pytest.approx(0, abs=1e-5)
    kernel = gan.generator.trainable_variables[0]
    kernel.assign(RNG.normal(size=kernel.shape))
    gram = kernel.numpy().T @ kernel.numpy()
    expected = (gram**2).sum() - (np.diag(gram) ** 2).sum()
    assert float(value(gan, {})) == pytest.approx(expected, rel=1e-4)


def test_packing_needs_a_batch_that_divides_and_gives_a_score_for_each_pack():
    gan = create("pacgan")
    assert gan.score(IMAGES, {}).shape == (4, 1)
    assert not np.allclose(gan.score(IMAGES, {}), gan.score(IMAGES[[0, 2, 1, 3, 4, 5, 6, 7]], {}))


# --- few labels


def test_the_semi_supervised_score_is_the_log_of_the_sum():
    gan = create("sgan", num_classes=3)
    logits = np.asarray(gan.discriminator(IMAGES)[0])
    gan.discriminator.trainable = True

    class Quiet(type(gan)):
        def discriminate(self, images, batch):
            return self.discriminator(images, training=False)

    quiet = Quiet(gan.generator, gan.discriminator, 8, 3)
    quiet.compile()
    expected = np.log(np.exp(logits).sum(1, keepdims=True))
    np.testing.assert_allclose(quiet.score(IMAGES, {}), expected, rtol=1e-4)
    features = np.asarray(gan.discriminator(IMAGES)[1])
    apart = features[:4].mean(0) - features[4:].mean(0)
    found = quiet.generator_loss({"real": IMAGES[:4], "fake": IMAGES[4:]})["features"]
    assert float(found) == pytest.approx((apart**2).mean(), rel=1e-3)


def test_semi_supervised_learning_gives_a_classifier(tmp_path, eagerly):
    data = ganzoo.data.load("fashion_mnist_10k", batch_size=50, num_labels=100)
    gan = ganzoo.create("sgan", num_classes=10, width=16, latent_dim=8)
    gan.fit(data, epochs=1, steps_per_epoch=3, verbose=0)
    images, _ = ganzoo.data.arrays("fashion_mnist_10k", limit=20)
    assert gan.classifier.network is gan.d_ema.network  # D by the average of its weights
    averages = [np.abs(mean - weight).max() for mean, weight in
                zip(gan.d_ema.network.get_weights(), gan.discriminator.get_weights(),
                    strict=True)]  # fmt: skip
    assert max(averages) > 0
    found = gan.classifier.predict(images, verbose=0)
    assert found.shape == (20, 10)
    gan.export(tmp_path / "1", "classifier")
    loaded = saved_model.load(tmp_path / "1")
    np.testing.assert_allclose(loaded.predict(images, verbose=0), found, atol=1e-5)
    gan.export(tmp_path / "2", "generator")
    np.testing.assert_array_equal(saved_model.load(tmp_path / "2").sample(3), gan.sample(3))


def test_few_labels_are_always_the_same_and_even():
    batches = [
        list(ganzoo.data.load("fashion_mnist_10k", batch_size=50, num_labels=20, repeat=True,
                              start_batch=start).take(40 - start)) for start in (0, 39)
    ]  # fmt: skip
    np.testing.assert_array_equal(batches[0][39]["labelled"], batches[1][0]["labelled"])
    seen = {x.tobytes(): int(k) for b in batches[0] for x, k in
            zip(b["labelled"].numpy(), b["label"].numpy(), strict=True)}  # fmt: skip
    assert len(seen) == 20 and sorted(seen.values()) == sorted([*range(10)] * 2)
    for count, words in [(15, "multiple of 10"), (10**6, "of a class")]:
        with pytest.raises(InputError, match=words):
            ganzoo.data.load("fashion_mnist_10k", num_labels=count)


# --- codes


def test_the_information_is_its_bound():
    gan = ganzoo.create("infogan", (8, 8, 1), width=4, latent_dim=16, uniform=1, gaussian=1)
    latents = RNG.normal(size=(6, 16)).astype("float32")
    classes, even, rest = (np.asarray(part) for part in gan.codes.parts(latents))
    perfect = np.concatenate([50 * classes, even, rest[:, :1]], axis=1)
    entropy = np.log(10) + np.log(2) + 0.5 * np.log(2 * np.pi * np.e)
    likely = -0.5 * np.log(2 * np.pi) * 2
    found = float(gan.information(latents, perfect.astype("float32")))
    assert found == pytest.approx(likely + entropy, rel=1e-4)
    wrong = np.roll(perfect, 1, axis=1)
    assert float(gan.information(latents, wrong.astype("float32"))) < found


def test_g_units_narrow_infogans_generator_alone():
    shape, sizes = (8, 8, 1), {}
    for units in (0, 16, 64):  # 16 width is 64
        gan = ganzoo.create("infogan", shape, width=4, latent_dim=16, g_units=units)
        sizes[units] = [gan.generator.count_params(), gan.discriminator.count_params()]
    assert sizes[0] == sizes[64]
    assert sizes[16][0] < sizes[64][0] / 2 and sizes[16][1] == sizes[64][1]
    with pytest.raises(InputError, match="g_units"):
        ganzoo.create("infogan", shape, g_units=-1)


def test_a_traversal_has_a_row_for_each_code():
    gan = ganzoo.create("infogan", (8, 8, 1), width=4, latent_dim=16)
    assert gan.picture({}).shape == (12 * 8, 10 * 8, 1)
    assert gan.read((127 * (IMAGES + 1)).astype("uint8")).shape == (8,)


def test_the_code_is_named_on_one_half_and_judged_on_the_other(monkeypatch):
    gan = ganzoo.create("infogan", (8, 8, 1), width=4, latent_dim=16)
    monkeypatch.setattr(gan, "read", lambda images: images[:, 0, 0, 0])
    codes = np.repeat(np.arange(10), 20)
    labels = 9 - codes
    labels[1:20:2] = 5  # of the second half, those of one code
    examples = {"real": codes[:, None, None, None], "label": labels}
    evaluate = SimpleNamespace(examples=examples, num=4, seed=0, distance=lambda x: {"swd": 1.0})
    assert gan.names(examples["real"][::2], labels[::2]).tolist() == list(range(9, -1, -1))
    assert gan.measure(evaluate) == {"swd": 1.0, "code_error": 0.1}
    del examples["label"]
    assert gan.measure(evaluate) == {"swd": 1.0}
