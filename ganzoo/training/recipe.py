"""Recipe: what to train, as plain data that can be read, compared, and overridden field by field.

    model = "wgan_gp"
    dataset = "fashion_mnist"
    steps = 20000

    [architecture]        # arguments of the variant's canonical networks
    width = 48

    [learning]            # arguments of its `compile`; parts are named the Keras way
    ema = 0.999
    penalties = [{ class_name = "GradientPenalty", config = { weight = 10.0 } }]

Recipes are TOML, so they execute nothing. An unknown key, or a value of another type, is an error
that names the nearest valid one.
"""

import dataclasses
import inspect
import tomllib
from pathlib import Path

import numpy as np
import tomli_w

from ganzoo.engine import files
from ganzoo.errors import InputError, unknown
from ganzoo.gans import list_variants

HELP = {  # flag -> what it is; the flags of train.py and the keys of a recipe are the same
    "model": "Variant to train; `--list` shows them.",
    "dataset": "Data set: fashion_mnist_10k, fashion_mnist, mnist, cifar10, tfds:NAME, "
    "folder:PATH, npz:PATH, stacked:NAME, ring8, grid25; for translation edges:NAME, pairs:PATH, "
    "unpaired:A,B, unpaired:NAME, openmoji, fluent_emoji, emoji_styles; sequences: oracle, "
    "quatrains.",
    "split": "Split of the data set to train on.",
    "image_size": "Side of the images, or [height, width]; the data set's own if not given.",
    "channels": "1 or 3; the data set's own if not given.",
    "num_labels": "Use the labels of only so many images (sgan); all if not given.",
    "steps": "Steps to train for, each of n_critic turns of D and one of G.",
    "batch_size": "Images of a turn.",
    "steps_per_epoch": "Steps between two checkpoints and pictures; one pass if not given.",
    "steps_per_execution": "Steps that run without coming back to Python.",
    "seed": "Seed of the weights, the data's order and all noise.",
    "precision": "auto, float32, mixed_bfloat16 or mixed_float16.",
    "features": "What epochs are compared by: auto, pixels, inception, mnist, fashion_mnist, "
    "cifar10; of sequences oracle or bleu.",
    "evaluate_every": "Compare only after so many steps, at the end of an epoch.",
    "width": "architecture: filters, or units, of the networks' narrowest layer.",
    "latent_dim": "architecture: width of the Gaussian that G draws from.",
    "categorical": "architecture: classes of the categorical code (infogan).",
    "uniform": "architecture: uniform codes (infogan).",
    "gaussian": "architecture: Gaussian codes (infogan).",
    "g_units": "architecture: units of G's first dense layer; 0 for 16 width (infogan).",
    "latents": "architecture: sphere or uniform, made of the Gaussian.",
    "g_normalization": "architecture: batch, synchronized (batch, over all devices), layer, "
    "instance, pixel, virtual, spectral or none, in place of G's own.",
    "up": "architecture: pixel_shuffle, where G enlarges.",
    "noise": "architecture: standard deviation of Gaussian noise on every hidden layer of G.",
    "dropout": "architecture: rate of dropout on every hidden layer of G, in sampling, too.",
    "d_normalization": "architecture: as g_normalization, of D.",
    "down": "architecture: average_pool, where D's convolutions stride.",
    "minibatch": "architecture: discrimination or stddev, a layer of D that compares images.",
    "patch": "architecture: pixels a side of what D judges, 1, 16, 34, 70, 142 or 286 "
    "(pix2pix, cyclegan, unit).",
    "blocks": "architecture: residual blocks of each generator (cyclegan, unit).",
    "convolutions": "architecture: elu, or strided and normalised (began, ebgan).",
    "pack": "architecture: images that D judges together.",
    "g_optimizer": 'learning: optimizer of G, e.g. \'{class_name="Adam", '
    "config={learning_rate=2e-4, beta_1=0.5}}'.",
    "d_optimizer": "learning: optimizer of D.",
    "loss": "learning: non_saturating, minimax, least_squares, wasserstein, hinge, or a config.",
    "n_critic": "learning: turns of D before each turn of G.",
    "penalties": "learning: list of penalties, e.g. '[\"r1\"]'; '[]' for none.",
    "augment": "learning: diff_augment, ada, instance_noise or a config, in front of every call of "
    "D.",
    "replay": "learning: number of past fakes that D is also shown, or past_checkpoints.",
    "balance": "learning: accuracy of D above which it waits; off by default.",
    "ema": "learning: decay of G's moving average; 0 for none.",
    "d_ema": "learning: decay of D's moving average; 0 for none (sgan).",
    "clip": "learning: bound of the critic's weights (wgan).",
    "gamma": "learning: ratio of the errors on fakes and on real images (began).",
    "k_rate": "learning: rate at which k is moved (began).",
    "margin": "learning: energy up to which fakes are lifted (ebgan).",
    "pull": "learning: weight of the pulling-away term (ebgan).",
    "unroll": "learning: turns of D that G looks ahead (unrolled).",
    "mixing": "learning: chance that an image is made of two styles (stylegan2).",
    "class_weight": "learning: weight of the class terms (acgan, sgan).",
    "information_weight": "learning: weight of the mutual information (infogan).",
    "l1_weight": "learning: weight of the distance to the true partner (pix2pix).",
    "cycle_weight": "learning: weight of the way there and back (cyclegan, unit).",
    "identity_weight": "learning: weight of leaving alone what is of the right side (cyclegan).",
    "reconstruction_weight": "learning: weight of an image's way through its own side (unit), or "
    "code (aae).",
    "kl_weight": "learning: weight of the latents' squared means (unit), or of the divergence from "
    "the prior (vae, vaegan, klgan).",
    "likelihood_weight": "learning: weight of the likelihood (klgan).",
    "imle_weight": "learning: weight of the distance to the nearest sample (imlegan).",
    "style": "learning: weight of likeness against D's verdict, for the decoder (vaegan).",
    "pool": "learning: samples that each image's nearest is sought among (imle, imlegan).",
    "turns": "learning: updates, each on a part of the batch, after a search in the pool (imle, "
    "imlegan).",
    "perceptual": "learning: mnist or fashion_mnist, whose classifier sees what is near (imle, "
    "imlegan).",
    "pretrain": "learning: steps of maximum likelihood (seqgan).",
    "d_pretrain": "learning: steps after those, in which D learns alone (seqgan).",
    "roll_outs": "learning: completions of each prefix of a sequence (seqgan).",
}
TABLES = {
    "architecture": (
        "width", "latent_dim", "categorical", "uniform", "gaussian", "g_units", "latents",
        "g_normalization", "up", "noise", "dropout", "d_normalization", "down", "minibatch",
        "pack", "patch", "blocks", "convolutions",
    ),
    "learning": (
        "g_optimizer", "d_optimizer", "loss", "n_critic", "penalties", "augment", "replay",
        "balance", "ema", "d_ema",
        "clip", "gamma", "k_rate", "margin", "pull", "unroll", "mixing", "class_weight",
        "information_weight", "l1_weight", "cycle_weight", "identity_weight",
        "reconstruction_weight", "kl_weight", "likelihood_weight", "imle_weight", "style", "pool",
        "turns", "perceptual", "pretrain", "d_pretrain", "roll_outs",
    ),
}  # fmt: skip
FEATURES = ("auto", "pixels", "inception", "mnist", "fashion_mnist", "cifar10", "oracle", "bleu")
SEQUENCES = {"oracle": "oracle", "quatrains": "bleu"}  # data set -> features


@dataclasses.dataclass
class Recipe:
    """What to train: see the module, and `HELP` for each field."""

    model: str = "dcgan"
    dataset: str = "fashion_mnist_10k"
    split: str = "train"
    image_size: int | list | None = None
    channels: int | None = None
    num_labels: int | None = None
    steps: int = 2000
    batch_size: int = 64
    steps_per_epoch: int | None = None
    steps_per_execution: int = 1
    seed: int = 0
    precision: str = "auto"
    features: str = "auto"
    evaluate_every: int = 1
    architecture: dict = dataclasses.field(default_factory=dict)
    learning: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        """Checks types and bounds.

        Raises:
            InputError: If a value is of another type or out of bounds.
        """
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, field.type):
                expected = getattr(field.type, "__name__", str(field.type))
                raise InputError(f"recipe: {field.name}: expected {expected}, got {value!r}.")
        if self.model not in list_variants():
            raise unknown("model", self.model, list_variants())
        for name in (
            "steps",
            "batch_size",
            "steps_per_epoch",
            "steps_per_execution",
            "evaluate_every",
        ):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"recipe: {name}: expected at least 1, got {value}.")
        if self.features not in FEATURES:
            raise unknown("features", self.features, FEATURES)
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
        for table, keys in TABLES.items():
            if not isinstance(data.get(table, {}), dict):
                raise InputError(f"recipe: {table}: expected a table, got {data[table]!r}.")
            for key in data.get(table, {}):
                if key not in keys:
                    raise unknown(f"recipe key in [{table}]", key, keys)
        return cls(**data)

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
        """Returns the recipe with fields replaced, named as in `HELP` or by a dotted path.

        Raises:
            InputError: If a name is unknown or a value does not fit.
        """
        data = self.to_dict()
        for name, value in changes.items():
            table = next((table for table, keys in TABLES.items() if name in keys), None)
            *path, key = name.split(".") if table is None else (table, name)
            place = data
            for step in path:
                place = place.setdefault(step, {})
                if not isinstance(place, dict):
                    raise InputError(f"cannot set {name}: {step} is no table but {place!r}.")
            place[key] = value
        return Recipe.from_dict(data)

    def resolved(self) -> "Recipe":
        """Returns the recipe with every default written out, so that it does not change with them.

        Raises:
            InputError: If the variant does not exist or does not know a key.
        """
        from ganzoo import gans
        from ganzoo.learning import made
        from ganzoo.networks import tricks
        from ganzoo.training import precision

        cls = gans.get(self.model)
        signature = inspect.signature(cls.networks).parameters
        given = ("image_shape", "num_classes", "vocabulary")  # by the data
        architecture = {k: v.default for k, v in signature.items() if k not in given}
        canonical = {"architecture": architecture | tricks.SIDES, "learning": cls.learning()}
        for table, keys in canonical.items():
            for key in getattr(self, table):
                if key not in keys:
                    raise unknown(f"[{table}] key of {self.model}", key, keys)
        parts = canonical["learning"] | self.learning
        learning = {k: spec(made(k, v)) for k, v in parts.items()}
        return dataclasses.replace(
            self,
            architecture=architecture | self.architecture,
            learning={k: v for k, v in learning.items() if v is not None},
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


def _features(recipe: Recipe) -> str:
    if recipe.features != "auto":
        return recipe.features
    if recipe.dataset in SEQUENCES:
        return SEQUENCES[recipe.dataset]
    from ganzoo.metrics import domain

    return domain.of_data(recipe.dataset, recipe.image_size, recipe.channels) or "pixels"


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
    import keras  # not at the top: reading a recipe, and `--help`, should take no seconds

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
