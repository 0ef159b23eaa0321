"""An entry as a repository of the Hugging Face Hub: `zoo.hub` says what is in it, and reads it."""

import contextlib
import json
import shutil
import tempfile
from pathlib import Path

from ganzoo import zoo
from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.evaluation import tables
from ganzoo.inference import saved_model
from ganzoo.publishing import card
from ganzoo.zoo import hub, local, registry

WEIGHTS, PICTURE = "model.safetensors", "samples.png"
LIBRARY = "ganzoo"
SAMPLES = 16  # images in the picture of an imported generator


def push(name: str, repo: str, private: bool = False, revision: str | None = None) -> None:
    """Puts an entry on the Hub, all of it or nothing: in one commit.

    Args:
        name: One of `zoo.list_pretrained()` or `zoo.list_imported()`.
        repo: OWNER/REPO, which is made if there is none.
        private: Whether it is private if it is made.
        revision: The branch, which is made if there is none; by default the main one.

    Raises:
        InputError: If the name is unknown, or the Hub cannot be reached or refuses.
    """
    address = hub.address(repo)
    if local.offline():
        raise InputError(f"{address}: GANZOO_OFFLINE disables the network: unset it.")
    with tempfile.TemporaryDirectory() as folder:
        write(name, repo, Path(folder) / name)
        with hub.client(address) as package:
            api = package.HfApi(endpoint=hub.endpoint())
            api.create_repo(repo, private=private or None, exist_ok=True)
            if revision:
                api.create_branch(repo, branch=revision, exist_ok=True)
            api.upload_folder(
                repo_id=repo,
                folder_path=Path(folder) / name,
                revision=revision,
                commit_message=f"{name}, version {zoo.info(name)['version']}",
            )


def write(name: str, repo: str, folder: Path) -> None:
    """Writes what `push` puts on the Hub to a folder, which appears whole or not at all.

    Args:
        name: As in `push`.
        repo: OWNER/REPO that it is written for.
        folder: The folder. One that was written before is replaced.

    Raises:
        InputError: If the name is unknown, or the folder is another one or cannot be written.
    """
    address = hub.address(repo)
    facts, source = zoo.info(name), zoo.fetch(name)
    files.check_replaceable(folder, hub.MANIFEST, "is not what `ganzoo push` writes, and stays")
    try:
        with files.replacing_folder(folder) as new:
            for path in facts["files"]:
                _copy(source / path, new / hub.MODEL / path)
            for path in facts["card_path"].parent.iterdir():
                if path.is_file() and path.name != hub.CARD:
                    _copy(path, new / path.name)
            model = saved_model.load(source)
            _write_weights(model.network, source, new / WEIGHTS)
            if not (new / PICTURE).is_file():
                with contextlib.suppress(InputError):  # it draws no samples
                    model.write_samples(new / PICTURE, SAMPLES, 0, name=name)
            manifest = {"format": 1, "name": name}
            manifest |= {key: facts[key] for key in ("version", "description")}
            manifest |= registry.contents(new)  # all but the card, which may be edited there
            files.write_text(new / hub.MANIFEST, json.dumps(manifest, indent=2) + "\n")
            text = front_matter(name, model.task) + card_of(name, address, (new / PICTURE).exists())
            files.write_text(new / hub.CARD, text)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error.strerror}.") from error


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write_weights(network, source: Path, path: Path) -> None:
    """Writes the weights of a network as a SavedModel stores them, under their names in Keras."""
    from safetensors.numpy import save_file

    names = [weight.path for weight in network.weights]
    names = [n if names.count(n) == 1 else f"{n}.{place}" for place, n in enumerate(names)]
    arrays = saved_model.stored_weights(source, len(names))
    save_file(dict(zip(names, arrays, strict=True)), path, metadata={"format": "keras"})


def card_of(name: str, address: str, picture: bool) -> str:
    """Returns the card of an entry as it is at an address.

    Args:
        name: The entry.
        address: The address, `hf://OWNER/REPO`.
        picture: Whether there is a picture of samples beside it.
    """
    facts = zoo.info(name)
    if name in zoo.list_pretrained():
        recipe = tables.recipe_of(name)
        return card.render(name, facts["version"], recipe, facts["metrics"], address)
    text = facts["card"].replace(f'load_pretrained("{name}")', f'load_pretrained("{address}")')
    return text.replace("\n\n", f"\n\n![Samples of {name}]({PICTURE})\n\n", 1) if picture else text


def front_matter(name: str, task: str | None) -> str:
    """Returns what the Hub reads of a card: YAML with tags, license and figures.

    Args:
        name: The entry. All of it is read from its recipe and its `metrics.json`.
        task: The Hub's name of its task.
    """
    summary = zoo.info(name)["metrics"]
    if imported := summary.get("imported"):
        of, results = [imported["family"], "imported"], None
        license = {"license": "other", "license_name": imported["license"]}
    else:
        recipe = tables.recipe_of(name)
        of, results = [recipe["model"], recipe["dataset"]], _results(summary, recipe, task)
        license = {"license": card.WEIGHTS_LICENSE.lower()}
    data = hub.required("huggingface_hub", name).ModelCardData(
        **license,
        library_name=LIBRARY,
        pipeline_tag=task,
        tags=["gan", "keras", "tensorflow", *of],
        model_name=name,
        eval_results=results,
    )
    return f"---\n{data.to_yaml()}\n---\n\n"


def _results(summary: dict, recipe: dict, task: str | None) -> list | None:
    """Returns the figures of an entry for the Hub's index of models; None if there are none."""
    result, results = hub.required("huggingface_hub", LIBRARY).EvalResult, []
    for figure, fact in summary["metrics"].items():
        fact = dict(fact) if isinstance(fact, dict) else {"value": fact}
        data, _, split = fact.pop("against", recipe["dataset"]).partition(" ")
        value = fact.pop("value", None)
        if task and isinstance(value, int | float):
            results.append(
                result(
                    task_type=task,
                    dataset_type=data,
                    dataset_name=data,
                    dataset_split=split or None,
                    metric_type=figure,
                    metric_value=value,
                    metric_args=fact or None,
                )
            )
    return results or None
