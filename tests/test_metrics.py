"""Measures, pictures, files, precision: the small rooms."""

import math
import os

import numpy as np
import pytest
from PIL import Image

from ganzoo import metrics
from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.inference import pictures
from ganzoo.training import precision

RNG = np.random.default_rng(0)


def images(count=30, shape=(36, 40, 3), seed=0):
    return np.random.default_rng(seed).integers(60, 180, (count, *shape)).astype("uint8")


# --- Sliced Wasserstein


@pytest.mark.parametrize("shape", [(8, 8, 1), (5, 6, 1), (28, 28, 1), (33, 47, 3), (64, 64, 1)])
def test_distance_of_a_set_to_itself_in_any_order_is_zero(shape):
    a = images(12, shape)
    assert metrics.sliced_wasserstein(a, a) == 0.0
    constant = np.full((12, *shape), 7, "uint8")  # no contrast to divide by
    assert metrics.sliced_wasserstein(constant, constant) == 0.0


def test_distance_of_points_does_not_depend_on_their_order():
    a = RNG.normal(size=(200, 2))
    assert metrics.sliced_wasserstein(a, a[::-1]) == pytest.approx(0.0, abs=1e-6)


def test_distance_of_shifted_numbers_is_the_shift():
    a = RNG.normal(size=(500, 1)) * 3
    for shift in (-0.5, 0.25, 4.0):
        assert metrics.sliced_wasserstein(a, a + shift) == pytest.approx(abs(shift), rel=1e-4)


def test_distance_of_scaled_numbers_is_that_of_the_sorted_ones():
    a = RNG.normal(size=(500, 1))
    expected = np.abs(np.sort(a[:, 0]) - np.sort(-2 * a[:, 0])).mean()
    assert metrics.sliced_wasserstein(a, -2 * a) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("width", [2, 3, 10])
def test_distance_of_shifted_points_is_the_mean_projection_of_the_shift(width):
    a, shift = RNG.normal(size=(50, width)), RNG.normal(size=width)
    # E|<u, v>| for u uniform on the sphere.
    mean = math.gamma(width / 2) / (math.sqrt(math.pi) * math.gamma((width + 1) / 2))
    got = metrics.sliced_wasserstein(a, a + shift, directions=20_000)
    assert got == pytest.approx(mean * np.linalg.norm(shift), rel=0.03)


def test_distance_of_points_is_symmetric():
    a, b = RNG.normal(size=(100, 2)), RNG.normal(size=(100, 2)) * 2 + 1
    there, back = metrics.sliced_wasserstein(a, b), metrics.sliced_wasserstein(b, a)
    assert there == pytest.approx(back, rel=1e-5) and there > 0.3


def test_distance_of_images_is_about_symmetric():
    a, b = images(seed=1), np.clip(images(seed=2) * 1.2 + 10, 0, 255).astype("uint8")
    there, back = metrics.sliced_wasserstein(a, b), metrics.sliced_wasserstein(b, a)
    assert there == pytest.approx(back, rel=0.5) and there > 0.1


def test_distance_grows_with_brightness_contrast_noise_and_blur():
    a = images(100, (32, 32, 1))
    base = images(100, (32, 32, 1), seed=1)
    centred = base.astype(float) - 120
    noise = RNG.normal(size=base.shape)
    blurred = (centred + np.roll(centred, 1, 1)) / 2
    series = {
        "brightness": [base + s for s in (0, 10, 40)],
        "contrast": [centred * s + 120 for s in (1, 0.8, 0.4)],
        "noise": [base + s * noise for s in (0, 20, 40)],
        "blur": [centred * (1 - s) + blurred * s + 120 for s in (0, 0.5, 1)],
    }
    for name, steps in series.items():
        steps = [np.clip(step, 0, 255).astype("uint8") for step in steps]
        near, middle, far = (metrics.sliced_wasserstein(a, step) for step in steps)
        assert near < 0.06 and near < middle < far and far > 2 * near, name


def test_distance_sees_one_image_repeated():
    a = np.clip(images(100, (8, 8, 1)) + RNG.integers(-50, 50, (100, 1, 1, 1)), 0, 255)
    a = a.astype("uint8")
    collapsed = np.repeat(a[:1], 100, axis=0)
    assert metrics.sliced_wasserstein(a, collapsed) > 3 * metrics.sliced_wasserstein(a, a[::-1])


def test_distance_is_that_of_the_seed():
    a, b = images(seed=1), images(seed=2)
    first = metrics.sliced_wasserstein(a, b, seed=1)
    assert first == metrics.sliced_wasserstein(a, b, seed=1)
    assert first != metrics.sliced_wasserstein(a, b, seed=2)
    assert isinstance(first, float)


def test_unsigned_images_do_not_wrap_around():
    a, b = np.full((4, 32, 32, 1), 250, "uint8"), np.full((4, 32, 32, 1), 5, "uint8")
    a[:, :4], b[:, :9] = 5, 250
    both = metrics.sliced_wasserstein(a, b)
    assert both == pytest.approx(metrics.sliced_wasserstein(a / 127.5 - 1, b / 127.5 - 1))


@pytest.mark.parametrize("other", [(11, 8, 8, 1), (12, 8, 9, 1), (12, 8, 8, 3), (12, 64)])
def test_sets_of_different_shapes_are_refused(other):
    with pytest.raises(ValueError, match="one shape"):
        metrics.sliced_wasserstein(np.zeros((12, 8, 8, 1), "uint8"), np.zeros(other, "uint8"))


# --- Pictures


def numbered(count, height=2, width=3, channels=1):
    tags = np.arange(1, count + 1, dtype="uint8").reshape(-1, 1, 1, 1)
    return tags + np.zeros((1, height, width, channels), "uint8")


@pytest.mark.parametrize(
    "count, columns, layout",
    [
        (1, None, [[1]]),
        (4, None, [[1, 2], [3, 4]]),
        (5, None, [[1, 2, 3], [4, 5, 255]]),
        (6, 2, [[1, 2], [3, 4], [5, 6]]),
        (3, 5, [[1, 2, 3, 255, 255]]),
    ],
)
def test_grid_lays_images_out_row_by_row_and_fills_with_white(count, columns, layout):
    grid = pictures.grid(numbered(count), columns)
    assert grid.dtype == np.uint8
    assert grid.shape == (2 * len(layout), 3 * len(layout[0]), 1)
    expected = np.repeat(np.repeat(np.array(layout), 2, axis=0), 3, axis=1)
    np.testing.assert_array_equal(grid[..., 0], expected)


def test_grid_keeps_each_image_whole():
    some = images(4, (5, 7, 3))
    grid = pictures.grid(some)
    np.testing.assert_array_equal(grid[:5, :7], some[0])
    np.testing.assert_array_equal(grid[:5, 7:], some[1])
    np.testing.assert_array_equal(grid[5:, :7], some[2])


def test_grid_of_points_is_a_picture_of_them():
    grid = pictures.grid(RNG.normal(size=(50, 2)).astype("float32"))
    assert grid.dtype == np.uint8 and grid.shape == (400, 400, 3)
    assert len(np.unique(grid.reshape(-1, 3), axis=0)) > 3


def test_enlarged_repeats_pixels():
    small = images(1, (4, 8, 1))[0]
    large = pictures.enlarged(small, 16)
    np.testing.assert_array_equal(
        large, np.kron(small[..., 0], np.ones((2, 2), "uint8"))[..., None]
    )
    np.testing.assert_array_equal(pictures.enlarged(small, 3), small)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_holds_the_picture(tmp_path, channels):
    picture = images(1, (6, 5, channels))[0]
    pictures.save_png(tmp_path / "new" / "a.png", picture)
    loaded = np.asarray(Image.open(tmp_path / "new" / "a.png"))
    np.testing.assert_array_equal(loaded.reshape(picture.shape), picture)
    assert os.listdir(tmp_path / "new") == ["a.png"]


def test_curves_of_a_run_are_a_picture_even_where_it_diverged(tmp_path, curves):
    rows = [
        {"epoch": 1, "step": 5, "d_adv": 1.0, "g_adv": 0.5, "d_grad_norm": 2.0, "g_grad_norm": 1.0},
        {"epoch": 2, "step": 9, "d_adv": math.nan, "g_adv": math.inf, "d_grad_norm": math.nan,
         "g_grad_norm": 0.0, "d_r1": 0.1},
    ]  # fmt: skip
    pictures.curves(tmp_path / "curves.png", rows)
    assert np.asarray(Image.open(tmp_path / "curves.png")).std() > 1
    assert os.listdir(tmp_path) == ["curves.png"]


# --- Files


def test_replacing_puts_the_new_file_in_place(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    files.write_text(path, "old")
    with files.replacing(path, ".x") as temporary:
        assert temporary.name.endswith(".x") and temporary.parent == path.parent
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(path.parent) == ["a.txt"]


@pytest.mark.parametrize("existed", [False, True])
@pytest.mark.parametrize("writes", [False, True])
def test_replacing_leaves_nothing_behind_when_it_fails(tmp_path, existed, writes):
    path = tmp_path / "a.txt"
    if existed:
        path.write_text("old")
    with pytest.raises(ZeroDivisionError), files.replacing(path) as temporary:
        if writes:
            temporary.write_text("half of the ne")
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == (["a.txt"] if existed else [])
    assert not existed or path.read_text() == "old"


def test_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert files.sha256(tmp_path / "a") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


# --- Precision


@pytest.mark.parametrize("name", ["float32", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("hardware", [False, True])
def test_a_named_precision_is_taken(monkeypatch, name, hardware):
    monkeypatch.setattr(precision, "has_bfloat16", lambda: hardware)
    assert precision.resolve(name) == name


@pytest.mark.parametrize("hardware, name", [(False, "float32"), (True, "mixed_bfloat16")])
def test_automatic_precision_is_that_of_the_hardware(monkeypatch, hardware, name):
    monkeypatch.setattr(precision, "has_bfloat16", lambda: hardware)
    assert precision.resolve("auto") == name


@pytest.mark.parametrize(
    "wrong, near", [("bfloat16", "mixed_bfloat16"), ("float23", "float32"), ("Auto", "auto")]
)
def test_an_unknown_precision_names_the_nearest(wrong, near):
    with pytest.raises(InputError, match=f"Did you mean '{near}'"):
        precision.resolve(wrong)


@pytest.mark.parametrize(
    "flags, has", [("fpu avx512_bf16 sse", True), ("fpu amx_bf16", True), ("fpu avx512f", False)]
)
def test_the_processor_is_asked_for_its_instructions(monkeypatch, flags, has):
    monkeypatch.setattr(precision.tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(precision.Path, "exists", lambda self: True)
    monkeypatch.setattr(precision.Path, "read_text", lambda self: f"flags : {flags}\n")
    assert precision.has_bfloat16() is has


@pytest.mark.parametrize("capability, has", [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_an_accelerator_is_asked_for_its_capability(monkeypatch, capability, has):
    config = precision.tf.config
    monkeypatch.setattr(config, "list_physical_devices", lambda kind: ["one"])
    monkeypatch.setattr(
        config.experimental, "get_device_details", lambda _: {"compute_capability": capability}
    )
    assert precision.has_bfloat16() is has
