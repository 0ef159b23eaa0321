"""The validation part of a training split, and that the test split decides about nothing."""

import json

import numpy as np
import pytest
from PIL import Image

from ganzoo import data, testing
from ganzoo.data import oracle, store
from ganzoo.data.pairs import Pairs
from ganzoo.data.source import Memory
from ganzoo.errors import InputError
from ganzoo.training import run
from ganzoo.training.recipe import Recipe

RNG = np.random.default_rng(0)


def images(count, side=8):
    return RNG.integers(0, 255, (count, side, side, 1), "uint8")


def rows(columns):
    """Returns what tells the examples apart."""
    return {example.tobytes() for example in columns}


def test_the_parts_are_disjoint_and_together_the_whole():
    source = Memory("mine", "train", images(200), RNG.integers(0, 3, 200), ("a", "b", "c"))
    training, validation = source.divided()
    parts = [rows(part.examples(None)["real"]) for part in (training, validation)]
    assert 10 <= len(parts[1]) <= 35 and not parts[0] & parts[1]
    assert parts[0] | parts[1] == rows(source.examples(None)["real"])
    assert (training.info.split, validation.info.split) == ("train", "validation")
    assert training.info.num_examples == len(parts[0]) and training.info.num_classes == 3
    seen = {x.tobytes() for b in training.load(10) for x in ((b["real"].numpy() + 1) * 127.5)}
    assert len(seen) == len(parts[0]) // 10 * 10  # batches are of this part


@pytest.fixture
def folder(tmp_path):
    """Two domains with files of the same names."""
    for domain in "AB":
        (tmp_path / "set" / f"train{domain}").mkdir(parents=True)
        for i, image in enumerate(images(60)):
            Image.fromarray(image[..., 0]).save(tmp_path / "set" / f"train{domain}" / f"{i}.png")
    return tmp_path / "set"


def test_files_of_one_name_are_in_the_same_part_and_new_files_move_none(folder):
    def names(part):
        return [{side._tree.name(i) for i in range(len(side._tree))}
                for side in part._sides.values()]  # fmt: skip

    before = [names(part) for part in data.open(f"unpaired:{folder}").divided()]
    for x, y in before:
        assert x == y
    for domain in "AB":
        Image.fromarray(images(1)[0, ..., 0]).save(folder / f"train{domain}" / "0000.png")
    after = [names(part) for part in data.open(f"unpaired:{folder}").divided()]
    for (old, _), (new, _) in zip(before, after, strict=True):
        assert old <= new


def test_a_pair_is_whole_in_its_part(folder):
    for number, name in enumerate(["A", "B"]):
        (folder / f"train{name}").rename(folder / "AB"[number])
    for part in data.open(f"pairs:{folder}").divided():
        columns = part.examples(None)
        assert len(columns["x"]) == len(columns["y"]) == part.info.num_examples
    swapped = data.open(f"pairs:{folder}", direction="BtoA").divided()[1]
    np.testing.assert_array_equal(swapped.examples(None)["y"], columns["x"])


def test_variants_of_an_emoji_are_in_the_same_part(tmp_path):
    codes = np.repeat([f"1f{i:03x}" for i in range(50)], 4)
    columns = {"train_x": images(200), "train_y": images(200)}
    store.save("openmoji", columns | {"train_code": codes}, tmp_path)
    parts = data.open("openmoji", data_dir=tmp_path).divided()
    seen = [set(part._identities) for part in parts]
    assert all(seen) and not seen[0] & seen[1] and len(seen[0] | seen[1]) == 50
    store.save("openmoji", columns, tmp_path)  # as before there were codes
    assert (
        sum(p.info.num_examples for p in data.open("openmoji", data_dir=tmp_path).divided()) == 200
    )


def test_unpaired_pairs_stay_unpaired():
    pairs = Pairs("mine", "train", images(100), images(100), None, None)
    validation = data.unpaired.Apart(pairs).divided()[1].examples(None)
    columns = pairs.examples(None)
    places = [[rows_of.index(x.tobytes()) for x in validation[key]]
              for key in "xy" for rows_of in [[x.tobytes() for x in columns[key]]]]  # fmt: skip
    assert not set(places[0]) & set(places[1])


def test_too_few_examples_are_one_line():
    with pytest.raises(InputError, match="4 examples are too few to keep a tenth"):
        Memory("mine", "train", images(4), None, None).divided()


# --- the test split


def chosen(directory):
    """Returns what a run says of its best checkpoint, and the weights of the newest one."""
    summary = json.loads((directory / "summary.json").read_text())
    weights = {k: x.tobytes() for k, x in testing.saved_weights(directory).items()}
    return summary["best_step"], summary["metrics"], weights


@pytest.mark.parametrize(
    "model", ["gan", "pix2pix", pytest.param("cyclegan", marks=pytest.mark.slow)]
)
def test_a_poisoned_test_split_changes_nothing(model, tmp_path, quickly):
    x, y, black = images(64), images(64), np.zeros((16, 8, 8, 1), "uint8")
    sizes = {"width": 2, **({"blocks": 1} if model == "cyclegan" else {})}
    name = {"gan": f"npz:{tmp_path}/set.npz", "cyclegan": "unpaired:openmoji"}
    recipe = Recipe(model=model, dataset=name.get(model, "openmoji"), steps=2, batch_size=8,
                    steps_per_epoch=1).replace(sizes)  # fmt: skip
    found = []
    for number, poison in enumerate([images(16), black]):
        pairs = {"train_x": x, "train_y": y, "test_x": poison, "test_y": poison}
        store.save("openmoji", pairs, tmp_path)
        np.savez(tmp_path / "set.npz", x_train=x, x_test=poison)
        run.train(recipe, tmp_path / f"run{number}", data_dir=tmp_path, verbose=0)
        found.append(chosen(tmp_path / f"run{number}"))
    assert found[0] == found[1]


def test_poisoned_sequences_change_nothing(tmp_path, quickly, monkeypatch):
    monkeypatch.setattr(oracle, "LENGTH", 2)
    monkeypatch.setattr(oracle, "VOCABULARY", 200)
    oracle.oracle.cache_clear()
    learning = {"pretrain": 1, "d_pretrain": 0, "roll_outs": 1, "n_critic": 1, "width": 2}
    recipe = Recipe(model="seqgan", dataset="oracle", steps=3, batch_size=8, steps_per_epoch=1)
    training, found = RNG.integers(0, 200, (128, 2)).astype("int32"), []
    for number, poison in enumerate([None, np.zeros((64, 2), "int32")]):
        splits = {"train": training, "test": poison}
        monkeypatch.setattr(oracle, "_sequences", splits.__getitem__)
        run.train(recipe.replace(learning), tmp_path / f"run{number}", verbose=0)
        found.append(chosen(tmp_path / f"run{number}"))
    oracle.oracle.cache_clear()
    assert found[0] == found[1]
    assert found[0][0] > 1  # of the last phase, the only one with a policy
    assert found[0][1]["nll_data"]["against"] == "oracle validation"
