"""Recipe: what to train, as plain data that can be read, compared, and overridden field by field.

    model = "wgan_gp"
    dataset = "fashion_mnist"
    steps = 20000

    [architecture]        # arguments of the variant's `networks`
    width = 48

    [learning]            # arguments of its `compile`; parts are named the Keras way
    ema = 0.999
    penalties = [{ class_name = "GradientPenalty", config = { weight = 10.0 } }]

Recipes are TOML, so they execute nothing. An unknown key, or a value of the wrong type, is an error
that names the nearest valid one.
"""

import dataclasses
import re
import tomllib
from pathlib import Path

import keras
import numpy as np
import tomli_w

from ganzoo import gans
from ganzoo.data import sources
from ganzoo.engine import files
from ganzoo.engine.hyperparameters import TABLES
from ganzoo.errors import InputError, unknown
from ganzoo.metrics import spaces
from ganzoo.training import initial, precision


def _field(default, meaning: str):
    return dataclasses.field(default=default, metadata={"meaning": meaning})


@dataclasses.dataclass
class Recipe:
    """What to train. `meaning` says what each field means.

    Raises:
        InputError: If a value has the wrong type or is out of bounds.

    Example:
    ```python
    recipe = ganzoo.Recipe(model="wgan_gp", steps=2000).replace({"width": 16, "ema": 0.99})
    recipe.save("wgan_gp.toml")  # python train.py --recipe=wgan_gp.toml
    ```
    """

    model: str = _field("dcgan", "Variant to train; --list shows them.")
    init: str | None = _field(
        None,
        "What to start from in place of random weights: an entry, a run, a SavedModel or "
        "FAMILY:FILE; with its critic, if it has one.",
    )
    dataset: str = _field("fashion_mnist_10k", "Data set to train on.")
    split: str = _field("train", "Split of the data set to train on.")
    image_size: int | list | None = _field(
        None, "Side of the images, or height x width, as 32x64; the data set's own by default."
    )
    channels: int | None = _field(None, "1 or 3; the data set's own by default.")
    levels: int | str | None = _field(
        None, "For your own files: number of gray levels, as 4096, or black and white, as 0:1."
    )
    direction: str | None = _field(None, "AtoB, or BtoA to swap the images of pairs.")
    num_labels: int | None = _field(
        None, "Use the labels of only this many images (sgan); all by default."
    )
    steps: int = _field(2000, "Steps to train for, each of n_critic turns of D and one of G.")
    batch_size: int = _field(64, "Images per turn.")
    steps_per_epoch: int | None = _field(
        None, "Steps between two checkpoints and pictures; one pass over the data by default."
    )
    steps_per_execution: int = _field(1, "Steps that run without returning to Python.")
    seed: int = _field(0, "Seed of the weights, the order of the data and all noise.")
    precision: str = _field("auto", "auto, float32, mixed_bfloat16 or mixed_float16.")
    features: str = _field("auto", "Feature space that checkpoints are compared in.")
    evaluate_every: int = _field(
        1, "Compare only after this many steps, at the end of the epoch they end in."
    )
    architecture: dict = dataclasses.field(default_factory=dict)
    learning: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        """Checks types and bounds."""
        if match := re.fullmatch(r"(\d+)x(\d+)", str(self.image_size)):
            self.image_size = [int(side) for side in match.groups()]
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, field.type):
                table = field.type is dict
                expected = "a table" if table else getattr(field.type, "__name__", field.type)
                raise InputError(f"recipe: {field.name}: expected {expected}, got {value!r}.")
        if self.model not in gans.list_variants():
            raise unknown("model", self.model, gans.list_variants())
        for name in COUNTS:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"recipe: {name}: expected at least 1, got {value}.")
        if self.features != "auto":
            spaces.get(self.features)
        if not 0 <= self.seed < 2**32:
            raise InputError(f"recipe: seed: expected 0 to 2**32 - 1, got {self.seed}.")
        if self.steps % self.steps_per_execution:
            raise InputError(
                f"recipe: steps: expected a multiple of steps_per_execution="
                f"{self.steps_per_execution}, got {self.steps}."
            )

    @classmethod
    def from_dict(cls, data: dict) -> "Recipe":
        """Returns the recipe that plain data describes.

        Raises:
            InputError: If a key is unknown, with the nearest valid one, or a value does not fit.
        """
        valid = [field.name for field in dataclasses.fields(cls)]
        for key in data:
            if key not in valid:
                raise unknown("recipe key", key, valid)
        recipe = cls(**data)
        for table in TABLES:
            given = dict(getattr(recipe, table))
            keys = _keys(recipe.model, table) if given else {}
            for key in given:
                if key not in keys:
                    raise unknown(f"recipe key in [{table}] of {recipe.model}", key, keys)
                if isinstance(keys[key].default, bool):
                    given[key] = _switch(key, given[key])
            setattr(recipe, table, given)
        return recipe

    @classmethod
    def load(cls, path) -> "Recipe":
        """Returns the recipe in a TOML file.

        Raises:
            InputError: If the file cannot be read, is no TOML, or is no recipe.
        """
        try:
            return cls.from_dict(tomllib.loads(Path(path).read_text()))
        except OSError as error:
            raise InputError(f"cannot read recipe {path}: {error.strerror}.") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is no TOML file: {error}.") from error
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    def replace(self, changes: dict[str, object]) -> "Recipe":
        """Returns the recipe with fields replaced.

        Args:
            changes: New values by name: a field, a hyperparameter, or a dotted path such as
                "learning.g_optimizer.config.learning_rate".

        Raises:
            InputError: If a name is unknown or a value does not fit.
        """
        data = self.to_dict()
        changes = dict(changes)
        if "model" in changes:  # first: it decides which other names there are
            data["model"] = changes.pop("model")
            if data["model"] not in gans.list_variants():
                raise unknown("model", data["model"], gans.list_variants())
        fields = [field.name for field in dataclasses.fields(self)]
        for name, value in changes.items():
            path = name.split(".")
            if name not in fields and len(path) == 1:
                known = gans.hyperparameters(data["model"])
                if name not in known:
                    raise unknown(f"recipe key of {data['model']}", name, [*fields, *known])
                path = [known[name].table, name]
            *tables, key = path
            place = data
            for table in tables:
                place = place.setdefault(table, {})
                if not isinstance(place, dict):
                    raise InputError(f"cannot set {name}: {table} is not a table but {place!r}.")
            place[key] = value
        return Recipe.from_dict(data)

    def resolved(self) -> "Recipe":
        """Returns the recipe with every default written out, so that it does not change with them.

        Raises:
            InputError: If a part cannot be made.
        """
        cls = gans.get(self.model)
        known = _keys(self.model, "architecture")
        architecture = {k: v.default for k, v in known.items() if v.default is not None}
        architecture |= self.architecture
        sizes = {}
        if self.init is not None:
            latent_dim, sizes = initial.load(self.init).latent_dim, initial.sizes(self.init)
            sizes = {key: getattr(self, key) or size for key, size in sizes.items()}
            architecture |= {"latent_dim": latent_dim} if "latent_dim" in known else {}
        parts = cls.learning() | self.learning
        made = {name: cls.made(name, value) for name, value in parts.items()}
        off = {name: 0 for name, value in parts.items() if value is not None and made[name] is None}
        learning = {name: spec(part) for name, part in made.items()} | off
        return dataclasses.replace(
            self,
            architecture=architecture,
            **sizes,
            learning={name: value for name, value in learning.items() if value is not None},
            precision=precision.resolve(self.precision),
            features=_features(self),
        )

    def to_dict(self) -> dict:
        """Returns plain data, without the fields that are not set."""
        data = {k: v for k, v in dataclasses.asdict(self).items() if v is not None}
        for table in TABLES:
            data[table] = {k: v for k, v in data[table].items() if v is not None}
        return data

    def save(self, path) -> None:
        """Writes the recipe as TOML, whole or not at all."""
        files.write_text(path, self.to_toml())

    def to_toml(self) -> str:
        """Returns the recipe as TOML."""
        return tomli_w.dumps(self.to_dict())


COUNTS = ("steps", "batch_size", "steps_per_epoch", "steps_per_execution", "evaluate_every")


def meanings() -> dict[str, str]:
    """Returns what each field of a recipe means, with its default."""
    found = {}
    for field in dataclasses.fields(Recipe):
        if field.name not in TABLES:
            default = f" (default: {field.default})" if field.default is not None else ""
            found[field.name] = field.metadata["meaning"] + default
    return found


def _switch(key: str, value) -> bool:
    """Returns the truth value that a person wrote: true, as in TOML, or True, as in Python."""
    value = {"True": True, "False": False}.get(value, value) if isinstance(value, str) else value
    if value not in (True, False):
        raise InputError(f"recipe: {key}: expected true or false, got {value!r}.")
    return bool(value)


def _keys(model: str, table: str) -> dict:
    """Returns the hyperparameters of a variant that stand in this table of a recipe."""
    return {k: v for k, v in gans.hyperparameters(model).items() if v.table == table}


def _features(recipe: Recipe) -> str:
    if recipe.features != "auto":
        return recipe.features
    if features := sources.kind_of(recipe.dataset).features:
        return features
    return spaces.of_data(recipe.dataset, recipe.image_size, recipe.channels) or "pixels"


def differences(old: Recipe, new: Recipe) -> list[str]:
    """Returns a line `key: old -> new` for each field that differs."""
    old, new = flat(old.to_dict()), flat(new.to_dict())
    keys = dict.fromkeys([*old, *new])
    return [f"{k}: {old.get(k)} -> {new.get(k)}" for k in keys if old.get(k) != new.get(k)]


def is_longer(old: Recipe, new: Recipe) -> bool:
    """Returns whether `new` is `old` with more steps, so that a run of `old` can become its."""
    return new.steps > old.steps and not differences(old.replace({"steps": new.steps}), new)


def flat(data: dict, prefix: str = "") -> dict:
    """Returns nested tables as one, with dotted keys."""
    items = {}
    for key, value in data.items():
        nested = flat(value, f"{prefix}{key}.") if isinstance(value, dict) else None
        items |= nested if nested else {f"{prefix}{key}": value}
    return items


def value_of(text: str):
    """Returns a flag's text as the TOML value it spells, or as itself, a string."""
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text


def spec(part):
    """Returns the plain data that makes an equal part.

    Of an optimizer, whose configs are long, what Keras has as default is left out.
    """
    if isinstance(part, (list, tuple)):
        return [spec(item) for item in part]
    if not hasattr(part, "get_config"):
        return part
    default = type(part)().get_config() if isinstance(part, keras.optimizers.Optimizer) else {}
    config = {
        key: _shortest(value)
        for key, value in part.get_config().items()
        if key not in ("name", "dtype", "trainable") and value is not None
        if value != default.get(key, ...)
    }
    return {"class_name": type(part).__name__, "config": config}


def _shortest(value):
    """Returns the shortest decimal that is the same float32: optimizers store their rates so."""
    if isinstance(value, dict):  # a schedule
        return {key: _shortest(item) for key, item in value.items() if item is not None}
    if isinstance(value, float) and float(np.float32(value)) == value:
        return float(str(np.float32(value)))
    return value
