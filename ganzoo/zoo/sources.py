"""Where a file to import comes from: a path, an address with its hash, or the Hugging Face Hub."""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from ganzoo.engine import files
from ganzoo.errors import InputError
from ganzoo.zoo import download, hub, local

LARGEST = 8 << 30  # bytes of a download
_NAME = re.compile(r"(?:(?P<family>[a-z][a-z0-9_]+):(?!//))?(?P<place>.+)", re.DOTALL)


class Source(NamedTuple):
    """What a person asks to import.

    Attributes:
        family: The network it should be, or None.
        place: A path or an address.
    """

    family: str | None
    place: str


def parse(text: str) -> Source:
    """Returns the parts of `FAMILY:PLACE` or of `PLACE`."""
    match = _NAME.fullmatch(text)
    return Source(match["family"], match["place"]) if match else Source(None, text)


def is_source(text: str) -> bool:
    """Returns whether this is `FAMILY:PLACE` or an address, rather than a name or a path."""
    return parse(text).family is not None or re.match(r"(hf|https?)://", text) is not None


def path(place: str) -> Path:
    """Returns the file at a place, downloaded if it is an address.

    Args:
        place: A path; `hf://OWNER/REPO/FILE`, of the Hugging Face Hub, or `hf://OWNER/REPO@REVISION
            /FILE`; or `https://...#sha256=HEX`.

    Raises:
        InputError: If it cannot be downloaded, or has another hash.
    """
    if place.startswith("hf://"):
        return _from_hub(place)
    if re.match(r"https?://", place):
        return _downloaded(place)
    return Path(place).expanduser()


def _from_hub(place: str) -> Path:
    match = re.fullmatch(r"hf://([\w.-]+/[\w.-]+?)(?:@([\w./-]+?))?/([\w./ -]+)", place)
    if not match or ".." in match[3].split("/"):
        raise InputError(f"expected hf://OWNER/REPO/FILE, got {place!r}.")
    with hub.client(place) as client:
        found = client.hf_hub_download(
            match[1],
            match[3],
            revision=match[2],
            endpoint=hub.endpoint(),
            local_files_only=local.offline(),
        )
    return Path(found)


def _downloaded(place: str) -> Path:
    url, _, fragment = place.partition("#")
    match = re.fullmatch(r"sha256=([0-9a-f]{64})", fragment)
    if not match:
        raise InputError(
            f"expected the file's hash behind its address, {url}#sha256=HEX, got {fragment!r}."
        )
    name = re.sub(r"[^\w.-]", "_", Path(unquote(urlsplit(url).path)).name) or "file"
    target = local.home() / "downloads" / match[1][:16] / name
    if target.is_file() and files.sha256(target) == match[1]:
        return target
    digest, size = hashlib.sha256(), 0
    try:
        with files.replacing(target) as temporary:
            with temporary.open("wb") as file:
                for chunk in download.chunks(url):
                    size += len(chunk)
                    if size > LARGEST:
                        raise InputError(f"{url}: expected at most {LARGEST:,} bytes, got more.")
                    file.write(chunk)
                    digest.update(chunk)
            if digest.hexdigest() != match[1]:
                raise InputError(
                    f"{url}: expected SHA-256 {match[1][:12]}..., got {digest.hexdigest()[:12]}... "
                    f"of {size:,} bytes. Download it again?"
                )
    except OSError as error:
        raise InputError(f"cannot write {target}: {error.strerror}. Set GANZOO_HOME?") from error
    return target


def open_source(text: str, part: str | None = None, **options):
    """Returns the network in a file as something to sample or translate with; stores nothing.

    Args:
        text: `FAMILY:PLACE`, or `PLACE` if the family is to be guessed; see `path`.
        part: The part of the file to take; by default the averaged generator.
        **options: Arguments of the network that the file does not determine, such as `size`.

    Raises:
        InputError: If it cannot be read, or is no such network.
    """
    from ganzoo.zoo.importing import network

    source = parse(text)
    return network.exported(network.recognize(path(source.place), source.family, part, **options))
