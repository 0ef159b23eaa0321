"""Publishes a finished run as an entry of the zoo, the only way to create one.

Every file is written under a hidden name and then renamed, the registry last: this rename publishes
the entry. If anything fails before it, the previous state is restored.
"""

import contextlib
import json
import os
import re
import shutil
import tomllib
from pathlib import Path

from ganzoo import gans, zoo
from ganzoo.data import sources
from ganzoo.engine.files import sha256
from ganzoo.errors import InputError, unknown
from ganzoo.evaluation import tables
from ganzoo.inference import saved_model
from ganzoo.publishing import card
from ganzoo.training.recipe import Recipe, differences
from ganzoo.zoo import fingerprint, hub, registry

LIMIT = 10_000_000  # maximum size of a SavedModel in bytes, as it is kept in git
PICTURES = ("samples.png", "row.png")
NEEDED = ("recipe.toml", "metrics.jsonl", *PICTURES, "summary.json", "saved_model")


def publish(
    run_dir: str | Path, entry: str, root: str | Path | None = None, version: int | None = None,
    which: str | None = None,
) -> Path:  # fmt: skip
    """Publishes a finished run as an entry of the zoo, replacing the entry's last version.

    The run's SavedModel is written anew, with weights of half the bytes; see `Exported.published`.

    Args:
        run_dir: A run of `train.py`, with `recipe.toml`, `metrics.jsonl`, `samples.png`, `row.png`,
            `summary.json` and `saved_model/`.
        entry: `<model>_<dataset>` of the recipe, or `<model>_<dataset>_<suffix>`; without counts of
            examples, as in drawn:8000:NAME.
        root: The checkout to publish in; by default the one that this package is in.
        version: The version to publish; by default the last one, which is replaced.
        which: The export to publish if the run has several, such as the directions of a
            translation; by default the first.

    Returns:
        The folder of the published SavedModel.

    Raises:
        InputError: If the run is not finished, its recipe was changed afterwards or is from another
            version of GanZoo, others cannot get its data, the name is wrong, the SavedModel is over
            10 MB or cannot be loaded without GanZoo, or a file cannot be written. In these cases
            nothing is changed.
    """
    run, root = Path(run_dir), Path(root) if root else zoo.layout().registry.parent.parent
    catalogue = root / "saved_models" / "registry.json"
    if not catalogue.is_file():
        raise InputError(f"expected a checkout of GanZoo, got {root}: it has no {catalogue.name}.")
    known = registry.read(catalogue)
    recipe, summary = _finished(run)
    exported = _exported(run, recipe["model"], which)
    uncounted = re.sub(r"\d+:", "", recipe["dataset"])  # drawn:8000:NAME is drawn:NAME
    prefix = f"{recipe['model']}_{uncounted.replace(':', '_')}"
    if not sources.is_public(recipe["dataset"]):
        raise InputError(
            f"{run}: expected a public data set, so that others can reproduce the recipe; got "
            f"{recipe['dataset']!r}."
        )
    teacher = _teacher(recipe["dataset"], run)
    start = recipe.get("init")
    if start is not None and not (start in known["entries"] or "://" in start):
        raise InputError(
            f"{run}: expected a run that started from a published entry or an address, so that "
            f"others can reproduce it, got --init={start}."
        )
    if not registry.is_name(entry) or not f"{entry}_".startswith(f"{prefix}_"):
        raise InputError(
            f"expected the entry name {prefix!r}, as in the recipe, or {prefix}_<suffix> with a "
            f"suffix in a-z, 0-9 and _; got {entry!r}."
        )
    if version is None:
        version = known["entries"].get(entry, {"version": 1})["version"]
    model, facts = root / "saved_models" / entry / f"{version:d}", root / "models" / entry
    try:
        with contextlib.ExitStack() as undo:
            staged_model = _stage(model, undo)
            weights = write_weights(exported, staged_model)
            summary |= {"fingerprint": _fingerprint(staged_model), "weights": weights}
            summary |= ({"which": which} if which else {}) | saved_model.about(exported)
            summary |= {"teacher": teacher} if teacher else {}
            staged_facts = _stage(facts, undo)
            for name in ("recipe.toml", *PICTURES):
                shutil.copyfile(run / name, staged_facts / name)
            metrics = json.dumps(summary, indent=2) + "\n"
            (staged_facts / "metrics.json").write_text(metrics, "utf-8")
            text = card.render(entry, version, recipe, summary)
            (staged_facts / "README.md").write_text(text, "utf-8")
            known["entries"][entry] = {
                "version": version,
                "description": f"{recipe['model']} trained on {recipe['dataset']}"
                + (f", {which}" if which else ""),
                **_contents(staged_model),
            }
            known["entries"] = dict(sorted(known["entries"].items()))
            registry.validate(known)
            _replace(staged_facts, facts, undo)
            _replace(staged_model, model, undo)
            written = _hidden(catalogue, "new")
            undo.callback(written.unlink, missing_ok=True)
            written.write_text(json.dumps(known, indent=2) + "\n", "utf-8")
            os.replace(written, catalogue)
            undo.pop_all()  # published
    except (OSError, shutil.Error) as error:
        raise InputError(f"cannot publish {entry}: {error}. Nothing was changed.") from error
    for target in (facts, model):
        shutil.rmtree(_hidden(target, "old"), ignore_errors=True)
    return model


def _finished(run: Path) -> tuple[dict, dict]:
    """Returns the recipe and the summary of a finished run; raises `InputError` otherwise."""
    for name in NEEDED:
        if not (run / name).exists():
            raise InputError(f"{run}: expected a finished run with {name}, got none. See train.py.")
    try:
        recipe = tomllib.loads((run / "recipe.toml").read_text("utf-8"))
        summary = json.loads((run / "summary.json").read_text("utf-8"))
        required = recipe["model"], recipe["dataset"], recipe["steps"]
        done, _ = summary["steps"], dict(summary["metrics"])
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{run}: expected model, dataset and steps in recipe.toml, and steps and metrics in "
            f"summary.json; got {type(error).__name__}: {error}."
        ) from error
    if done != required[2]:
        raise InputError(f"{run}: expected a run of {required[2]} steps, got {done}. Resume it.")
    _check_recipe(run, summary)
    summary["metrics"] |= measured(run)
    return recipe, summary


def _teacher(dataset: str, run: Path) -> dict:
    """Returns what others must know of the generator that drew a data set; {} for other sets.

    Its `name` and the `license` of what it draws; of an imported one also its `title`, `family`,
    `origin` and `sha256`.

    Raises:
        InputError: If others cannot get the generator.
    """
    if sources.kind_of(dataset).key != "drawn":
        return {}
    name = sources.argument_of(dataset)
    if name in zoo.list_imported():
        facts = zoo.info(name)["metrics"]["imported"]
        kept = ("title", "family", "origin", "sha256", "license")
        return {"name": name} | {key: facts[key] for key in kept}
    if name not in zoo.list_pretrained() and not hub.is_entry(name):
        raise InputError(
            f"{run}: expected a run whose teacher others can get, an entry of the zoo, an imported "
            f"one or hf://OWNER/REPO; got {name}."
        )
    return {"name": name, "license": card.license_of(tables.recipe_of(name)["dataset"])}


def measured(run: Path) -> dict[str, dict]:
    """Returns the facts that `ganzoo evaluate RUN` has measured of a run as it is now."""
    path = run / "evaluation.json"
    found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found["metrics"] if found and found.get("steps") == steps_of(run) else {}


def steps_of(run: Path) -> int | None:
    """Returns how many steps a finished run has trained for; None for one that is not."""
    path = run / "summary.json"
    return json.loads(path.read_text("utf-8")).get("steps") if path.is_file() else None


def _check_recipe(run: Path, summary: dict) -> None:
    """Raises `InputError` if the recipe was changed after the run or is from another version.

    `train.py --recipe=ENTRY` must reproduce the published entry.
    """
    path = run / "recipe.toml"
    if summary.get("recipe") != sha256(path):
        raise InputError(
            f"{path}: expected the recipe of the run, as recorded in summary.json, got one that "
            "was changed afterwards, or a summary of an older version of GanZoo. If the recipe is "
            f"unchanged, remove summary.json and run: python train.py --run_dir={run}"
        )
    recipe = Recipe.load(path)
    if changed := differences(recipe, recipe.resolved()):
        raise InputError(
            f"{path}: expected a recipe with all defaults of this version of GanZoo, got one of "
            f"another version ({'; '.join(changed)}). Train it again."
        )


def _exported(run: Path, model: str, which: str | None) -> Path:
    """Returns the SavedModel of a run; `which` selects one if there are several."""
    exports = gans.get(model).exports
    if which and which not in exports:
        raise unknown(f"export of {model}", which, exports)
    first = which in (None, *exports[:1])
    folder = run / ("saved_model" if first else f"saved_model_{which}")
    if not (folder / "saved_model.pb").is_file():
        raise InputError(f"{folder}: expected saved_model.pb, got no such file.")
    return folder


def write_weights(exported: Path, folder: Path) -> str:
    """Writes a SavedModel anew as an entry has it; returns what its weights are stored in."""
    model = saved_model.load(exported)
    model.export(folder, model.published, model.companions())
    return model.published


def _fingerprint(folder: Path) -> dict:
    """Returns the fingerprint of a SavedModel, which must not need GanZoo."""
    (got,) = fingerprint.alone([folder])
    if isinstance(got, str):
        raise InputError(
            f"expected a SavedModel that can be loaded without GanZoo, got {got}. Export it again."
        )
    return got


def _contents(folder: Path) -> dict:
    """Returns `bytes` and `files` of a SavedModel for the registry."""
    found = registry.contents(folder)
    if found["bytes"] > LIMIT:
        raise InputError(
            f"expected a SavedModel of at most {LIMIT:,} bytes, as it is kept in git, got "
            f"{found['bytes']:,}. Train a smaller generator."
        )
    return found


def _hidden(target: Path, suffix: str) -> Path:
    return target.with_name(f".{target.name}.{suffix}")


def _stage(target: Path, undo: contextlib.ExitStack) -> Path:
    """Creates the empty folder that will become `target`."""
    staged, old = _hidden(target, "new"), _hidden(target, "old")
    if old.exists() and not target.exists():  # a publication was killed between two renames
        os.rename(old, target)
    for leftover in (staged, old):
        shutil.rmtree(leftover, ignore_errors=True)
    if not target.parent.exists():
        undo.callback(shutil.rmtree, target.parent, ignore_errors=True)
    staged.mkdir(parents=True)
    undo.callback(shutil.rmtree, staged, ignore_errors=True)
    return staged


def _replace(staged: Path, target: Path, undo: contextlib.ExitStack) -> None:
    """Renames `staged` to `target`; `undo` restores the previous one."""
    old = _hidden(target, "old")
    if target.exists():
        os.rename(target, old)
        undo.callback(os.rename, old, target)
    os.rename(staged, target)
    undo.callback(shutil.rmtree, target)
