"""The table of data sources: one row feeds `data.load`, `data.names`, `--help` and `ganzoo data`.

To add a source, write a file that defines it (see `source.Source`) and add its row to `SOURCES`;
or, from code of your own, call `ganzoo.data.register(SourceKind(...))`.
"""

import dataclasses
import os
import re
from collections.abc import Callable
from typing import NamedTuple

from ganzoo.data import (
    ai_dogs,
    classics,
    drawn,
    emoji,
    emoji_categories,
    fashion_mnist_10k,
    few,
    folder,
    imported,
    npz,
    oracle,
    pairs,
    quatrains,
    stacked,
    tfds,
    toys,
    unpaired,
)
from ganzoo.data.edges import Edges
from ganzoo.data.source import Source
from ganzoo.errors import InputError, unknown


class Request(NamedTuple):
    """What a source is asked for; see `data.load`."""

    name: str  # all of it, such as "folder:photos"
    argument: str  # what follows the colon, if anything
    split: str
    image_size: tuple[int, int] | None
    channels: int | None
    data_dir: str | None
    levels: int | str | tuple[float, float] | None = None

    def inner(self, name: str, **changes) -> Source:
        """Opens another data set for the same request, of which this source is made."""
        return opened(self._replace(name=name, **changes))


@dataclasses.dataclass(frozen=True)
class SourceKind:
    """A row of the table.

    Attributes:
        name: What a person writes: "mnist", or "folder:PATH" with an argument in capitals. An
            argument NAME is the name of another data set.
        meaning: One line for `--help`.
        opens: Returns the `Source` for a `Request`, or raises `InputError`.
        imports: Function of (folder, data_dir) that stores the set's original files and returns
            what was done; for sets whose files `ganzoo data` can import.
        license: Name of the license and its holder; None if it depends on the person's own data.
        local: Whether the images are the person's own files, which others cannot get, and whose
            values can be of any range: only these take `levels`.
        features: Name of the feature space that runs are compared by, where it is not one of
            images.
    """

    name: str
    meaning: str
    opens: Callable[[Request], Source]
    imports: Callable[[str, str | None], str] | None = None
    license: str | None = None
    local: bool = False
    features: str | None = None

    @property
    def key(self) -> str:
        """The part of the name before the colon."""
        return self.name.partition(":")[0]

    @property
    def wraps(self) -> bool:
        """Whether the argument is the name of another data set."""
        return self.name.endswith(":NAME") and self.key != "tfds"


FASHION = "Fashion-MNIST, MIT license, Copyright (c) 2017 Zalando SE"


def _classic(name: str, meaning: str, license: str) -> SourceKind:
    def opens(request: Request) -> Source:
        return classics.source(name, *request[2:6])

    def imports(path: str, data_dir: str | None) -> str:
        return classics.import_files(name, path, data_dir)

    return SourceKind(name, meaning, opens, imports, license)


def _emoji(name: str, meaning: str, license: str) -> SourceKind:
    def opens(request: Request) -> Source:
        return emoji.source(name, *request[2:6])

    def imports(path: str, data_dir: str | None) -> str:
        return emoji.import_files(name, path, data_dir)

    return SourceKind(name, meaning, opens, imports, license)


def _labeled(name: str, module, meaning: str, license: str) -> SourceKind:
    """A set of labeled images that a package carries; the module has its classes and its import."""

    def opens(request: Request) -> Source:
        return imported.source(name, module.CLASSES, module.FETCH, *request[2:6])

    return SourceKind(name, meaning, opens, module.import_files, license)


def _mixture(name: str, meaning: str) -> SourceKind:
    return SourceKind(name, meaning, lambda r: toys.source(name, r.split, r.image_size, r.channels))


def _stacked(request: Request) -> Source:
    if request.channels == 1:
        raise InputError(f"{request.name} has three channels, an image in each: drop channels.")
    return stacked.source(request.inner(request.argument, channels=1))


def _unpaired(request: Request) -> Source:
    size, channels = request.image_size, request.channels
    options = {"image_size": size, "channels": channels, "levels": request.levels}
    if _is_folder(request.argument):
        return unpaired.of_folders(request.argument, request.split, options)
    names = _two(request.argument)
    if len(names) == 1:
        return unpaired.Apart(request.inner(names[0]))
    if len(names) > 2:
        raise InputError(f"{request.name}: expected two sets, A,B, got {len(names)}.")
    sides = [request.inner(name) for name in names]
    shapes = [side.info.image_shape for side in sides]
    if not channels and all(len(shape) == 3 for shape in shapes):
        most = max(shape[2] for shape in shapes)  # gray images become color ones
        sides = [
            side if shape[2] == most else request.inner(name, channels=most)
            for name, side, shape in zip(names, sides, shapes, strict=True)
        ]
    return unpaired.Unpaired(request.name, *sides)


def _two(argument: str) -> list[str]:
    """Returns the names that a comma separates, of sets or folders, which can hold commas, too."""
    pieces = argument.split(",")
    for place in range(1, len(pieces)):
        both = [",".join(pieces[:place]), ",".join(pieces[place:])]
        if all(part.partition(":")[0] in SOURCES or _is_folder(part) for part in both):
            return [f"folder:{part}" if _is_folder(part) else part for part in both]
    return pieces


def of_path(text: str) -> str:
    """Returns the name of a data set: `folder:` or `npz:` and the path, if the text is a path."""
    if text.partition(":")[0] in SOURCES:
        return text
    if _is_folder(text):
        return f"folder:{text}"
    return f"npz:{text}" if text.endswith(".npz") else text


def _is_folder(path: str) -> bool:
    return os.path.isdir(os.path.expanduser(path))


_ROWS = (
    SourceKind(
        "fashion_mnist_10k",
        "10,000 images of clothes, 28 x 28 grayscale; part of the package",
        lambda r: fashion_mnist_10k.source(r.split, r.image_size, r.channels),
        license=FASHION,
    ),
    _classic("fashion_mnist", "60,000 + 10,000 images of clothes, 28 x 28 grayscale", FASHION),
    _classic(
        "mnist",
        "60,000 + 10,000 handwritten digits, 28 x 28 grayscale",
        "MNIST, CC BY-SA 3.0, Copyright (c) Yann LeCun and Corinna Cortes",
    ),
    _classic(
        "cifar10",
        "50,000 + 10,000 photos of 10 classes, 32 x 32 color",
        "CIFAR-10, free for research, Alex Krizhevsky, Vinod Nair and Geoffrey Hinton, 2009",
    ),
    _labeled(
        "ai_dogs",
        ai_dogs,
        "5,000 photo-like images of dogs that smile or do not, 128 x 128 color, made by a network",
        "AI dogs of flask-humanify, Apache-2.0; made by a diffusion model",
    ),
    _labeled(
        "emoji",
        emoji_categories,
        "3,700 emoji in 9 categories, 64 x 64 color",
        "Noto Emoji, Apache-2.0, Google",
    ),
    SourceKind(
        "tfds:NAME",
        "a TensorFlow Datasets set with images",
        lambda r: tfds.TFDS(r.argument, *r[2:6]),
    ),
    SourceKind(
        "folder:PATH",
        "a folder of images, with folders train and test or one folder per class if you like",
        lambda r: folder.Folder(r.argument, r.split, r.image_size, r.channels, r.levels),
        local=True,
    ),
    SourceKind(
        "npz:PATH",
        "a NumPy archive with `images` and, if you like, `labels`",
        lambda r: npz.source(r.argument, r.split, r.image_size, r.channels, r.levels),
        local=True,
    ),
    SourceKind(
        "drawn:MODEL",
        "what a generator draws, with its latents: drawn:ENTRY, or drawn:5000:ENTRY",
        lambda r: drawn.source(r.argument, *r[2:6]),
    ),
    SourceKind(
        "few:COUNT:NAME",
        "only so many examples of a set's training split, always the same: few:500:fashion_mnist",
        few.source,
    ),
    SourceKind("stacked:NAME", "three grayscale images of a set as the channels of one", _stacked),
    _mixture("ring8", "8 Gaussians on a circle: points"),
    _mixture("grid25", "25 Gaussians on a grid: points"),
    SourceKind(
        "edges:NAME",
        "pairs: the edges of a set's images, and the images",
        lambda r: Edges(r.inner(r.argument)),
    ),
    SourceKind(
        "pairs:PATH",
        "pairs: a folder of images that hold x and y side by side, or of folders A and B",
        lambda r: pairs.PairFolder(r.argument, r.split, r.image_size, r.channels, r.levels),
        local=True,
    ),
    SourceKind(
        "unpaired:NAME",
        "two unpaired sets: unpaired:A,B of two folders or sets; a folder with trainA, trainB, "
        "testA and testB; or a set of pairs, unpaired",
        _unpaired,
    ),
    _emoji(
        "openmoji", "pairs: line drawings and color drawings of emoji", "OpenMoji, CC BY-SA 4.0"
    ),
    _emoji(
        "fluent_emoji",
        "pairs: flat and 3-D emoji",
        "Fluent Emoji, MIT license, Copyright (c) Microsoft Corporation",
    ),
    _emoji(
        "emoji_styles",
        "pairs: emoji in two drawing styles",
        "Noto Emoji, Apache-2.0, Google; Twemoji, CC BY 4.0, Twitter",
    ),
    SourceKind(
        "oracle",
        "sequences: the synthetic task of SeqGAN",
        lambda r: oracle.source(r.split, r.image_size, r.channels),
        license="none, random numbers",
        features="oracle",
    ),
    SourceKind(
        "quatrains",
        "sequences: Chinese quatrains of 20 characters",
        lambda r: quatrains.source(r.split, r.image_size, r.channels, r.data_dir),
        quatrains.import_files,
        features="bleu",
    ),
)
SOURCES: dict[str, SourceKind] = {row.key: row for row in _ROWS}


def register(kind: SourceKind) -> None:
    """Adds a row to the table.

    Raises:
        InputError: If its name is taken.
    """
    if kind.key in SOURCES:
        raise InputError(f"there is already a data source {kind.key!r}: choose another name.")
    SOURCES[kind.key] = kind


def names() -> list[str]:
    """Returns the names that can be loaded; NAME and PATH stand for the caller's own."""
    return [kind.name for kind in SOURCES.values()]


def kind_of(name: str) -> SourceKind:
    """Returns the row that a data set's name belongs to.

    Raises:
        InputError: If there is none, or an argument is missing or too many.
    """
    key, colon, argument = str(name).partition(":")
    kind = SOURCES.get(key)
    if kind is None or (":" in kind.name) != bool(argument) or (colon and not argument):
        raise unknown("data set", name, names())
    return kind


def argument_of(name: str) -> str:
    """Returns what follows the kind in a data set's name, without a count of examples."""
    return re.sub(r"^\d+:", "", str(name).partition(":")[2])


def chain(name: str) -> list[SourceKind]:
    """Returns the rows of a name such as "stacked:mnist", outermost first."""
    kind, argument = kind_of(name), argument_of(name)
    if not kind.wraps or "," in argument or argument.partition(":")[0] not in SOURCES:
        return [kind]
    return [kind, *chain(argument)]


def license_of(name: str, teacher: dict | None = None) -> str | None:
    """Returns the license of a data set, of which others are made; None if it is not known.

    Args:
        name: The data set.
        teacher: What an entry's `metrics.json` says of the generator that drew the set, if one did.
    """
    if teacher:
        return teacher["license"]
    return chain(name)[-1].license if name.partition(":")[0] in SOURCES else None


def is_public(name: str) -> bool:
    """Returns whether others can get the data set, so that a recipe for it can be carried out."""
    kind, parts = kind_of(name), argument_of(name).split(",")
    if not kind.wraps:
        return not kind.local
    return all(part.partition(":")[0] in SOURCES and is_public(part) for part in parts)


def opened(request: Request) -> Source:
    """Returns the source that is asked for.

    Raises:
        InputError: If there is no such source, or the data are not available.
    """
    kind = kind_of(request.name)
    if request.levels is not None and not (kind.local or kind.wraps):
        raise InputError(f"levels: the values of {kind.name} are known: drop it.")
    return kind.opens(request._replace(argument=request.name.partition(":")[2]))
