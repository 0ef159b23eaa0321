"""`ganzoo push`: an entry becomes a repository of the Hugging Face Hub."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ganzoo import zoo
from ganzoo.engine.quiet import import_tensorflow
from ganzoo.zoo import hub


def add(command: Callable) -> None:
    """Adds the command, given the function that makes a command's parser."""
    put = command(
        "push", _push, "put an entry on the Hugging Face Hub, from where others load it",
        "ganzoo push dcgan_mnist --repo=me/dcgan_mnist",
        "\nWith the SavedModel, weights as safetensors, recipe, figures, pictures and card.\n"
        "Log in before: hf auth login. It needs: pip install 'keras-ganzoo[hub]'",
    )  # fmt: skip
    put.add_argument("name", metavar="NAME", help="a name from `ganzoo list`")
    put.add_argument(
        "--repo",
        required=True,
        metavar="OWNER/REPO",
        help="the repository, made if there is none",
    )
    put.add_argument("--private", action="store_true", help="if it is made, make it private")
    put.add_argument("--revision", metavar="NAME", help="push to this branch (default: main)")
    put.add_argument("--dry_run", action="store_true", help="push nothing, only write the folder")
    put.add_argument(
        "--out", type=Path, metavar="FOLDER",
        help="push nothing, only write this folder (default of --dry_run: NAME_hub)",
    )  # fmt: skip


def _push(args: argparse.Namespace) -> int:
    address = hub.address(args.repo)
    zoo.info(args.name)  # raises InputError: the name is unknown
    hub.required("huggingface_hub", address)
    hub.required("safetensors.numpy", address)
    import_tensorflow()
    from ganzoo.publishing import repository

    if not (args.dry_run or args.out):
        repository.push(args.name, args.repo, args.private, args.revision)
        print(f'{args.name}: pushed. Load it: ganzoo.load_pretrained("{address}")')
        return 0
    folder = args.out or Path(f"{args.name}_hub")
    repository.write(args.name, args.repo, folder)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            print(f"{path.stat().st_size:>12,}  {path.relative_to(folder)}")
    print(f"{args.name}: written to {folder} as it would be at {address}; nothing was pushed")
    return 0
