"""The flags of the training program: every key of a recipe is one, read off the code that uses it.

The fields of a recipe come from `Recipe`, hyperparameters from the variants, the names of data sets
and feature spaces from their tables; so do the lines of `--help`.
"""

import functools
import inspect
import textwrap

from absl import flags

from ganzoo import augment, gans, losses, penalties, replay
from ganzoo.data import sources
from ganzoo.engine.hyperparameters import Hyperparameter
from ganzoo.errors import InputError
from ganzoo.metrics import spaces
from ganzoo.training import recipe as recipes

RUN = {  # flags that are not keys of a recipe
    "run_dir": "Directory of the run; runs/<model>_<dataset> by default. One that holds a run "
    "continues it.",
    "recipe": "Name of a pretrained entry, or a TOML file, to start from.",
    "data_dir": "Where imported data sets are; $GANZOO_DATA or the cache by default.",
    "strategy": "How to distribute: none, mirrored, multiworker or tpu (default: none).",
    "on_failure": "What to do when the run fails: warn, stop, rollback to the best checkpoint, or "
    "cure, which goes on from it with what helped others (default: warn).",
    "backend": "What computes: tensorflow or jax (default: tensorflow).",
    "teacher": "For distilled: the generator to learn from, short for --dataset=drawn:TEACHER.",
    "plugin": "Python file that registers variants, data sources or feature spaces of your own.",
}
OTHERS = {  # flags that are not strings
    "set": "Any recipe key by its dotted path: KEY=VALUE.",
    "dry_run": "Print the resolved recipe and the networks, and stop.",
    "list": "Print the variants and the pretrained entries, and stop.",
}
PARTS = {"loss": losses, "penalties": penalties, "augment": augment, "replay": replay}
DEFAULTS = {"strategy": "none", "on_failure": "warn", "backend": "tensorflow"}


def defined(variants: tuple[str, ...] | None = None) -> flags.FlagValues:
    """Returns the flags, not parsed yet: with the hyperparameters of these variants, or of all."""
    values = flags.FlagValues()
    for name, meaning in RUN.items():
        flags.DEFINE_string(name, DEFAULTS.get(name), meaning, flag_values=values)
    flags.DEFINE_multi_string("set", [], OTHERS["set"], flag_values=values)
    for name in ("dry_run", "list"):
        flags.DEFINE_bool(name, False, OTHERS[name], flag_values=values)
    for name in keys(variants):
        flags.DEFINE_string(name, None, "Key of a recipe.", flag_values=values)
    return values


def parsed(words: list[str]) -> tuple[flags.FlagValues, list[str]]:
    """Returns the parsed flags, and the words that are none.

    To ask all variants for their hyperparameters takes half a second, so only the base is asked
    while its flags suffice.

    Raises:
        absl.flags.Error: If a flag is wrong.
    """
    try:
        values = defined(("gan",))
        return values, values(words)
    except flags.UnrecognizedFlagError:
        values = defined()
        return values, values(words)


def keys(variants: tuple[str, ...] | None = None) -> list[str]:
    """Returns the keys of a recipe that are flags: its fields, and hyperparameters of variants.

    Args:
        variants: Names; all by default.
    """
    return _keys(tuple(gans.list_variants()) if variants is None else variants)


@functools.lru_cache(maxsize=2)
def _keys(variants: tuple[str, ...]) -> list[str]:
    known = list(recipes.meanings())
    for variant in variants:
        known += gans.hyperparameters(variant)
    return list(dict.fromkeys(known))


def changes(values: flags.FlagValues) -> tuple[dict, dict]:
    """Returns what the flags change in a recipe: keys by name, and --set by dotted path."""
    names = [name for name in values if name not in RUN | OTHERS]
    given = {name: values[name].value for name in names if values[name].value is not None}
    deeper = {}
    for item in values.set:
        key, equals, value = item.partition("=")
        if not equals:
            raise InputError(f"--set: expected KEY=VALUE, got {item!r}.")
        deeper[key] = recipes.value_of(value)
    if values.teacher is not None:
        if "dataset" in given:
            raise InputError("--teacher stands for --dataset=drawn:TEACHER: give one of them.")
        given["dataset"] = f"drawn:{values.teacher}"
    return {key: recipes.value_of(value) for key, value in given.items()}, deeper


def dotted(word: str) -> str:
    """Returns the --set that a word such as `--d_optimizer.beta_1=0` is short for, or the word."""
    name, dot, rest = word.removeprefix("--").partition(".")
    if not (word.startswith("--") and dot and "=" in rest and name in keys()):
        return word
    return f"--set=learning.{name}.config.{rest}"


def help_text(about: str, model: str | None = None) -> str:
    """Returns what --help prints: of all variants, or of one with all its defaults."""
    if model is not None:
        known = gans.hyperparameters(model)
        title = f"Hyperparameters of {model}: {_idea(model)}"
        return "\n".join([title, "", *_lines(known.values()), ""])
    base = gans.hyperparameters("gan")
    data = {row.name: row.meaning for row in sources.SOURCES.values()}
    features = {row.name: row.meaning for row in spaces.SPACES.values()}
    named = {key: f"{', '.join(module.CLASSES)}." for key, module in PARTS.items()}
    parts = [
        about.strip(),
        _section("The run:", RUN | OTHERS),
        _section("The recipe:", recipes.meanings()),
        _section("Data sets (--dataset):", data, ""),
        _section("Feature spaces (--features):", features, ""),
        "\nHyperparameters of every variant, of its networks (defaults: --model=NAME --help):",
        *_lines((x for x in base.values() if x.table == "architecture"), default=False),
        "\nHyperparameters of every variant, of its training (defaults of the base):",
        *_lines(x for x in base.values() if x.table == "learning"),
        _section("Names of parts:", named),
        "\nVariants (--model), and hyperparameters of their own:",
    ]
    for variant in gans.list_variants():
        parts.append(f"  {variant}: {_idea(variant)}")
        own = {k: v for k, v in gans.hyperparameters(variant).items() if k not in base}
        parts += _lines(own.values(), indent=4)
    return "\n".join(parts) + "\n"


def _idea(variant: str) -> str:
    return (inspect.getdoc(gans.get(variant)) or "").split("\n\n")[0].replace("\n", " ")


def _section(title: str, meanings: dict[str, str], prefix: str = "--") -> str:
    lines = [_line(f"{prefix}{name}", meaning) for name, meaning in meanings.items()]
    return "\n".join([f"\n{title}", *lines])


def _lines(parameters, indent: int = 2, default: bool = True) -> list[str]:
    return [
        _line(f"--{x.name}", f"{x.meaning}{_default(x) if default else ''}", indent)
        for x in parameters
    ]


def _line(name: str, meaning: str, indent: int = 2) -> str:
    head = f"{' ' * indent + name:<26} "
    gap = " " * len(head)
    return textwrap.fill(meaning, 100, initial_indent=head, subsequent_indent=gap)


def _default(parameter: Hyperparameter) -> str:
    value = parameter.default
    if value is None or value is inspect.Parameter.empty:
        return ""
    return f" (default: {shown(recipes.spec(value))})"


def shown(value) -> str:
    """Returns a value of a recipe as a person would write it in Python."""
    if isinstance(value, dict) and "class_name" in value:
        inside = ", ".join(f"{k}={shown(v)}" for k, v in value.get("config", {}).items())
        return f"{value['class_name']}({inside})"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(shown, value))}]"
    return f"{value}"
