"""Published networks compute what their authors' do; incomplete weights are refused."""

import pathlib
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parent
sys.path.insert(0, str(ROOT.parent / "benchmarks" / "imports"))
import references  # noqa: E402

from ganzoo.engine.sides import clone  # noqa: E402
from ganzoo.errors import InputError  # noqa: E402
from ganzoo.layers.lowpass import lowpass  # noqa: E402
from ganzoo.layers.resample import fir  # noqa: E402
from ganzoo.zoo.importing import network  # noqa: E402
from ganzoo.zoo.importing.families import FAMILIES  # noqa: E402

FILES = sorted((ROOT / "reference" / "published").glob("*.npz"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_outputs_are_those_of_the_authors(path):
    for row in references.compared(path):
        assert row["largest"] < 1e-4 and row["l2"] < 1e-5, row


def state(name):
    with np.load(ROOT / "reference" / "published" / f"{name}.npz") as file:
        return {n[6:]: file[n] for n in file.files if n.startswith("state/")}


def test_a_network_of_two_inputs_draws_classes_and_can_be_copied():
    model = network.exported(references.recognized(state("biggan_64"), "G_ema.pth"))
    images = model.sample(2, seed=3, labels=[1, 4])
    assert images.shape == (2, 64, 64, 3) and images.dtype == np.uint8
    copy = type(model).of(clone(model.network), **model.facts)
    np.testing.assert_array_equal(copy.sample(2, seed=3, labels=[1, 4]), images)


def test_missing_and_surplus_arrays_are_named():
    arrays = state("dcgan_64")
    del arrays["main.4.bias"], arrays["main.7.weight"]
    arrays["main.99.weight_of_something"] = np.zeros(3)
    with pytest.raises(InputError) as raised:
        network.build(references.recognized(arrays, "x.pth"))
    assert "without main.4.bias, main.7.weight" in str(raised.value)
    assert "main.99.weight_of_something" in str(raised.value)


def test_an_array_of_another_shape_is_named():
    arrays = state("dcgan_64") | {"main.4.bias": np.zeros(3, "float32")}
    with pytest.raises(InputError, match=r"main.4.bias for a weight of shape \[16\], got \[3\]"):
        network.build(references.recognized(arrays, "x.pth"))
    arrays["main.4.bias"] = np.full(16, np.nan, "float32")
    with pytest.raises(InputError, match="main.4.bias has values that are not finite"):
        network.build(references.recognized(arrays, "x.pth"))


def test_a_size_that_no_memory_holds_is_refused():
    arrays = state("stylegan2_c5")
    for scale in range(4, 28):  # names of layers up to half a billion pixels a side
        one = {k: v for k, v in arrays.items() if k.startswith("synthesis.b32.")}
        arrays |= {k.replace("b32", f"b{4 * 2**scale}"): v for k, v in one.items()}
    with pytest.raises(InputError, match="at most 8192 pixels a side"):
        network.build(references.recognized(arrays, "x.pkl"))


def test_the_averaged_generator_of_several_is_taken():
    arrays = state("dcgan_64")
    both = {f"G.{k}": v for k, v in arrays.items()} | {f"G_ema.{k}": v for k, v in arrays.items()}
    assert references.recognized(both, "x.pth").part == "G_ema."
    assert references.recognized({f"module.{k}": v for k, v in arrays.items()}, "x").part


def test_names_of_families_are_those_of_the_table():
    assert all(name == family.name for name, family in FAMILIES.items())


def test_the_synthesis_of_stylegan3_follows_a_rotation_of_its_input():
    found = references.recognized(state("stylegan3_r"), "x.pkl")
    built = network.build(found)
    synthesis = built.get_layer("synthesis")
    waves = synthesis.get_layer("synthesis.input")
    styles = np.random.default_rng(0).normal(size=(1, *synthesis.input_shape[1:]))
    upright = waves(styles[:, 0])[0]
    waves.transform.assign([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])  # a quarter turn
    np.testing.assert_allclose(waves(styles[:, 0])[0], np.rot90(upright, -1), atol=1e-4)


def test_resampling_by_two_keeps_a_constant_and_follows_the_definition():
    x = np.random.default_rng(0).normal(size=(1, 5, 5, 2)).astype("float32")
    taps = np.array([1, 2, 3, 4], "float32") / 10
    up = np.asarray(fir(x, taps, up=2, padding=(2, 1)))
    zeros = np.zeros((10, 10))
    zeros[::2, ::2] = x[0, :, :, 1]
    padded = np.pad(zeros, ((2, 1), (2, 1)))
    kernel = np.outer(taps, taps)[::-1, ::-1] * 4
    expected = [
        [(padded[i : i + 4, j : j + 4] * kernel).sum() for j in range(10)] for i in range(10)
    ]
    np.testing.assert_allclose(up[0, :, :, 1], expected, rtol=1e-5, atol=1e-5)
    whole = np.asarray(fir(x, kernel / 4, up=2, padding=(2, 1)))
    assert whole.shape == up.shape


def test_low_pass_filters_keep_the_mean_and_stop_what_is_above():
    for radial in (False, True):
        taps = lowpass(24, cutoff=4.0, width=2.0, rate=32.0, radial=radial)
        line = taps.sum(0) if radial else taps
        place = np.arange(24) / 32
        assert line.sum() == pytest.approx(1.0, abs=1e-6)
        assert abs((line * np.exp(2j * np.pi * 8 * place)).sum()) < 0.02
        np.testing.assert_allclose(line, line[::-1], atol=1e-6)
