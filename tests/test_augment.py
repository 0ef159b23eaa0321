"""The augmentations: what they change and by how much, their draws, and the feedback of ADA."""

import statistics
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import ganzoo
from ganzoo import augment, random
from ganzoo.errors import InputError

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, (6, 8, 12, 3)).astype("float32")
LAYERS = {
    "diff_augment": augment.DiffAugment,
    "ada": lambda: augment.ADA(p=0.9),
}


def under(key, layer, images):
    with random.scope(random.key(key)):
        return layer(images, training=True)


@pytest.fixture(params=LAYERS)
def layer(request):
    return LAYERS[request.param]()


@pytest.mark.parametrize("channels", [1, 3])
def test_shape_and_type_stay_and_the_gradient_reaches_the_image(layer, channels):
    keras.config.set_dtype_policy("mixed_bfloat16")
    x = tf.constant(IMAGES[..., :channels])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = under(0, layer, x)
        assert y.shape == x.shape and y.dtype == "float32"
        total = tf.reduce_sum(y**2)
    gradient = tape.gradient(total, x)
    assert np.isfinite(gradient).all() and (np.abs(gradient).max(axis=(1, 2, 3)) > 0).all()


def test_the_key_decides_and_each_call_draws_anew(layer):
    x = tf.constant(IMAGES)
    one, same, other = (under(key, layer, x).numpy() for key in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.1
    with random.scope(random.key(0)):
        first, second = (layer(x, training=True).numpy() for _ in range(2))
    np.testing.assert_array_equal(one, first)
    assert np.abs(first - second).max() > 0.1
    alike = under(0, layer, tf.constant(np.repeat(IMAGES[:1], 6, axis=0))).numpy()
    assert len(np.unique(alike, axis=0)) > 1  # images are changed each by itself


def test_images_are_left_alone_out_of_training(layer):
    np.testing.assert_array_equal(layer(IMAGES), IMAGES)


def test_batches_of_unknown_size(layer):
    call = tf.function(
        lambda x: under(0, layer, x), input_signature=[tf.TensorSpec((None, 8, 12, 3))]
    )
    np.testing.assert_allclose(call(IMAGES), under(0, layer, IMAGES), rtol=1e-5, atol=1e-5)


def test_points_are_refused_in_one_line(layer):
    with pytest.raises(InputError, match="is for images") as error:
        layer(np.zeros((4, 2), "float32"), training=True)
    assert "\n" not in str(error.value)


def test_second_derivatives_pass(layer):
    x = tf.constant(IMAGES)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            score = tf.reduce_sum(under(0, layer, x) ** 3)
        norm = tf.reduce_sum(inner.gradient(score, x) ** 2)
    assert np.isfinite(outer.gradient(norm, x)).all()


def test_translation_is_of_at_most_an_eighth_and_brings_in_zeros():
    size = 200
    x = np.zeros((size, 16, 24, 1), "float32")
    x[:, 8, 12] = 1.0
    moved = under(0, augment.DiffAugment("translation"), x).numpy()
    places = np.argwhere(moved[..., 0] == 1.0)
    assert len(places) == size and moved.sum() == size
    assert set(places[:, 1] - 8) == set(range(-2, 3))
    assert set(places[:, 2] - 12) == set(range(-3, 4))
    ones = under(0, augment.DiffAugment("translation"), np.ones_like(x)).numpy()[..., 0]
    down, across = places[:, 1] - 8, places[:, 2] - 12
    np.testing.assert_array_equal(
        ones.sum(axis=(1, 2)), (16 - np.abs(down)) * (24 - np.abs(across))
    )


def test_cutout_is_a_rectangle_of_half_the_sides_that_may_hang_over():
    x = np.ones((300, 8, 12, 2), "float32")
    cut = under(0, augment.DiffAugment("cutout"), x).numpy() == 0.0
    assert (cut[..., 0] == cut[..., 1]).all()
    rows, columns = cut.any(axis=(2, 3)), cut.any(axis=(1, 3))
    np.testing.assert_array_equal(cut[..., 0], rows[:, :, None] & columns[:, None, :])
    assert set(rows.sum(axis=1)) == {2, 3, 4} and set(columns.sum(axis=1)) == {3, 4, 5, 6}
    for lines in (rows, columns):
        assert (np.abs(np.diff(lines.astype(int), axis=1)).sum(axis=1) <= 2).all()  # in one piece


def test_color_moves_brightness_saturation_and_contrast_within_bounds():
    x = tf.constant(RNG.uniform(-1, 1, (200, 4, 4, 3)).astype("float32"))
    y = under(0, augment.DiffAugment("color"), x).numpy()
    means = [a.mean(axis=(1, 2, 3)) for a in (x.numpy(), y)]
    shift = means[1] - means[0]
    assert -0.5 <= shift.min() < -0.3 and 0.3 < shift.max() <= 0.5
    grey = [a.mean(axis=3, keepdims=True) for a in (x.numpy(), y)]
    contrast = grey[1].std(axis=(1, 2, 3)) / grey[0].std(axis=(1, 2, 3))
    assert 0.5 <= contrast.min() < 0.6 and 1.4 < contrast.max() <= 1.5
    spread = [(a - g).std(axis=(1, 2, 3)) for a, g in zip((x.numpy(), y), grey, strict=True)]
    saturation = spread[1] / spread[0] / contrast
    assert 0.0 <= saturation.min() < 0.1 and 1.9 < saturation.max() <= 2.0 + 1e-4


def test_unknown_kinds_name_the_nearest():
    with pytest.raises(InputError, match="Did you mean 'cutout'"):
        augment.DiffAugment("color,cutuot")


def test_cutout_takes_another_share_of_the_sides():
    layer = augment.DiffAugment("cutout=0.2")
    holes = (under(0, layer, np.ones((400, 10, 20, 1), "float32")).numpy() == 0).sum((1, 2, 3))
    assert holes.max() == 2 * 4 and holes.min() >= 1 * 2 and layer.get_config()["policy"]
    for wrong, said in (("cutout=2", "between 0 and 1"), ("cutout=", "SHARE"), ("color=1", "kind")):
        with pytest.raises(InputError, match=said):
            augment.DiffAugment(wrong)


def test_ada_at_p_0_is_the_identity_bit_for_bit():
    np.testing.assert_array_equal(under(0, augment.ADA(), IMAGES), IMAGES)


def test_ada_changes_more_images_the_higher_p_is():
    x = np.repeat(IMAGES[:1], 400, axis=0)
    shares = []
    for p in (0.1, 0.5):
        y = under(0, augment.ADA(p=p), x).numpy()
        shares.append((np.abs(y - x).max(axis=(1, 2, 3)) > 1e-6).mean())
    # Half the mirrorings, quarters (halves here) and inversions change nothing though drawn, and
    # one in ten or so translations by whole pixels.
    low, high = (1 - (1 - p / 2) ** 3 * (1 - p) ** 7 for p in (0.1, 0.5))
    assert abs(shares[0] - low) < 0.1 and abs(shares[1] - high) < 0.05


def only(*names):
    """Returns an ADA all of whose draws but these are the neutral one."""

    class Only(augment.ADA):
        def _both_if(self, name, *draw):
            return super()._both_if(name, *draw) * float(name in names)

    return Only(p=1.0)


@pytest.mark.parametrize("side", [8, 7])
def test_ada_mirrors_and_turns_exactly(side):
    x = np.repeat(RNG.normal(size=(1, side, side, 2)), 64, axis=0).astype("float32")
    y = under(0, only("mirror", "quarters"), x).numpy()
    turned = [np.rot90(a, k) for a in (x[0], x[0][:, ::-1]) for k in range(4)]
    found = {next(i for i, t in enumerate(turned) if np.array_equal(t, image)) for image in y}
    assert len(found) == 8


def test_ada_turns_images_that_are_not_square_by_halves():
    y = under(0, only("quarters"), np.repeat(IMAGES[:1], 32, axis=0)).numpy()
    halves = [IMAGES[0], IMAGES[0][::-1, ::-1]]
    assert {next(i for i, t in enumerate(halves) if np.array_equal(t, z)) for z in y} == {0, 1}


def test_ada_translates_by_whole_pixels_and_mirrors_what_comes_in():
    x = np.repeat(RNG.normal(size=(1, 16, 8, 1)), 64, axis=0).astype("float32")
    y = under(0, only("steps"), x).numpy()
    padded = np.pad(x[0], [(2, 2), (1, 1), (0, 0)], "reflect")
    shifts = {
        (i, j): padded[2 + i : 18 + i, 1 + j : 9 + j] for i in range(-2, 3) for j in range(-1, 2)
    }
    found = {next(k for k, t in shifts.items() if np.array_equal(t, image)) for image in y}
    assert len(found) == 15


def test_ada_rotation_and_zoom_of_what_is_round():
    row, column = np.mgrid[0:16, 0:16] - 7.5
    ball = np.exp(-(row**2 + column**2) / 18).astype("float32")
    x = np.repeat(ball[None, ..., None], 16, axis=0)
    turned = under(0, only("angle"), x).numpy()
    np.testing.assert_allclose(turned[:, 3:13, 3:13], x[:, 3:13, 3:13], atol=0.03)
    assert np.ptp(under(0, only("angle"), np.repeat(IMAGES[:1], 4, axis=0)), axis=0).max() > 0.1
    zoomed = under(0, only("zoom"), x).numpy()
    assert np.ptp(zoomed.mean(axis=(1, 2, 3))) > 0.05
    np.testing.assert_allclose(zoomed, zoomed.transpose(0, 2, 1, 3), atol=1e-5)


def test_ada_stretches_one_side_as_it_shrinks_the_other():
    row, column = np.mgrid[0:16, 0:16] - 7.5
    ball = np.exp(-(row**2 + column**2) / 6).astype("float32")
    x = np.repeat(ball[None, ..., None], 16, axis=0)
    y = under(0, only("stretch"), x).numpy()[..., 0]
    high, wide = ((y * axis**2).sum((1, 2)) / y.sum((1, 2)) for axis in (row, column))
    assert np.ptp(high) > 1.0
    np.testing.assert_allclose(high * wide, 9.0, rtol=0.25)  # variances of 3, and interpolation's


# What the authors' augment.py of stylegan2-ada-pytorch makes of `picture`, with p = 1, where all
# random numbers have the same percentile; written with PyTorch 2.13.
REFERENCE = Path(__file__).parent / "reference" / "ada.npz"
GEOMETRY = ("mirror", "quarters", "steps", "zoom", "angle", "stretch", "shift")
COLOR = ("brightness", "contrast", "luma", "hue", "saturation")


def picture():
    y, x = np.mgrid[:32, :32] / 32
    ball = np.exp(-((x - 0.4) ** 2 + (y - 0.55) ** 2) / 0.03)
    channels = ball, 0.5 * np.sin(5 * x + 2 * y), np.cos(4 * y - 3 * x * x)
    return np.stack(channels, axis=-1)[None].astype("float32")


def at(percentile, names):
    """Returns an ADA whose draws of these names are their percentile, and the others neutral."""
    normal = statistics.NormalDist(0.0, 0.5**0.5).inv_cdf(percentile)  # the authors' inverse of erf
    values = {augment._signed: 2 * percentile - 1, keras.random.uniform: percentile}

    class Fixed(augment.ADA):
        def _both_if(self, name, images, draw, count=2, p=None):
            value = values.get(draw, normal) if name in names else 0.0
            return tf.fill((count, len(images), 1, 1), np.float32(value))

    return Fixed(p=1.0)


@pytest.mark.parametrize("percentile", [0.3, 0.62])
def test_ada_is_the_authors(percentile):
    x = picture()
    with np.load(REFERENCE) as file:
        for kind, names in (("geometry", GEOMETRY), ("color", COLOR), ("gray", COLOR)):
            given = x[..., :1] if kind == "gray" else x
            found = at(percentile, names)(given, training=True).numpy()
            expected = file[f"{kind}_{percentile}"]
            if kind == "geometry":  # theirs also filters
                assert np.abs(found - expected).max() < 0.03 and expected.std() > 0.4
            else:
                np.testing.assert_allclose(found, expected, atol=1e-6)


def test_one_of_adas_two_rotations_takes_place_with_p():
    ada, x = augment.ADA(p=0.5), np.zeros((4000, 8, 8, 1), "float32")
    with random.scope(random.key(0)):
        angles = [ada._angle(name, x).numpy() for name in ("angle", "angle_after")]
    turned = (angles[0] != 0) | (angles[1] != 0)
    assert abs(turned.mean() - 0.5) < 0.03 and abs((angles[0] != 0).mean() - 0.293) < 0.03


def test_p_follows_the_signs_of_the_scores_and_stays_in_bounds():
    ada = augment.ADA(target=0.6, images=64, interval=2)
    sure, unsure = np.ones((8, 1), "float32"), np.tile([[1.0], [-1.0]], (4, 1))
    p = []
    for scores in [sure] * 10 + [unsure] * 12:
        ada.observe(scores)
        p.append(float(ada.p))
    up = np.repeat(np.arange(6) / 4, 2)[1:11].clip(0, 1)  # 16 of 64 images at every second batch
    down = np.repeat(1 - np.arange(7) / 4, 2)[1:13].clip(0, 1)
    np.testing.assert_allclose(p, [*up, *down], atol=1e-6)


def test_scores_at_the_target_do_not_move_p():
    ada = augment.ADA(target=0.5, images=64, interval=1, p=0.5)
    ada.observe(np.array([[1.0], [1.0], [1.0], [-1.0]]))
    assert float(ada.p) == 0.5


def test_parts_are_named_the_keras_way():
    ada = augment.get({"class_name": "ADA", "config": {"target": 0.5}})
    assert isinstance(ada, augment.ADA) and ada.target == 0.5
    assert augment.get("diff_augment").policy == "color,translation,cutout"
    noise = keras.layers.GaussianNoise(0.1)
    assert augment.get(noise) is noise and augment.get(None) is None
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(ada))
    assert again.get_config() == ada.get_config()
    with pytest.raises(InputError, match="Did you mean 'diff_augment'"):
        augment.get("diffaugment")
    with pytest.raises(InputError, match="expected target"):
        augment.get({"class_name": "ADA", "config": {"p": 2.0}})


@keras.saving.register_keras_serializable("ganzoo_tests")
class Listening(ganzoo.GAN):
    """A GAN whose augmentation hears of the scores."""

    def discriminator_loss(self, batch):
        real, fake = self.score(batch["real"], batch), self.score(batch["fake"], batch)
        self.augment.observe(real)
        return {"adv": self.loss.discriminator(real, fake)}


def test_ada_in_a_gan_is_trained_saved_and_loaded(tmp_path, eagerly):
    keras.utils.set_random_seed(0)
    gan = Listening(**ganzoo.GAN.networks((8, 8, 1), width=8, latent_dim=4))
    # p goes up or down at every step, from the middle.
    gan.compile(augment=augment.ADA(images=100, interval=1, p=0.5), seed=1)
    images = RNG.uniform(-1, 1, (16, 8, 8, 1)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(images).batch(4)
    gan.fit(data, steps_per_epoch=3, verbose=0)
    assert round(abs(float(gan.augment.p) - 0.5), 4) in (0.04, 0.12)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert float(loaded.augment.p) == float(gan.augment.p)
    for one in (gan, loaded):
        one.fit(data, steps_per_epoch=1, verbose=0)
    for mine, its in zip(gan.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), its.numpy())


def test_replicas_draw_their_own_and_share_p(replicas):
    with replicas.scope():
        ada = augment.ADA(images=64, interval=1, p=0.5)
    x = tf.constant(IMAGES)

    def play():
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        with random.scope(random.fold(random.key(0), replica)):
            ada.observe(tf.ones((8, 1)))
            return ada(x, training=True)

    one, other = replicas.experimental_local_results(replicas.run(tf.function(play)))
    assert np.abs(one - other).max() > 0.1
    copies = replicas.experimental_local_results(ada.p.value)
    np.testing.assert_allclose([copy.numpy() for copy in copies], 0.75)  # 16 of 64 images
