"""`few:COUNT:NAME`: only so many examples of a set's training split, to learn from little data.

Which they are depends on their identities alone, as for the validation part: the smaller of two
numbers gives a part of the larger one. The test split stays whole.
"""

import re
import zlib

from ganzoo.data.source import Source
from ganzoo.errors import InputError


def source(request) -> Source:
    """Returns the source of a request for `few:COUNT:NAME`.

    Raises:
        InputError: If there is no count, or the set has fewer examples.
    """
    if not (match := re.fullmatch(r"0*([1-9]\d*):(.+)", request.argument)):
        raise InputError(f"expected few:COUNT:NAME, as few:500:fashion_mnist, got {request.name}.")
    count, inner = int(match[1]), request.inner(match[2])
    if request.split == "train":
        identities = set()
        inner.part(lambda identity: not identities.add(identity))
        if count > len(identities):
            raise InputError(f"{request.name}: {match[2]} has only {len(identities)} examples.")
        kept = set(sorted(identities, key=_rank)[:count])
        inner = inner.part(lambda identity: identity in kept)
    return inner.copied(name=request.name)


def _rank(identity: str) -> tuple:
    return zlib.crc32(f"few {identity}".encode()), identity
