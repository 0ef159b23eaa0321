"""A file of weights as a network of GanZoo: which one it is, and its weights in it."""

from pathlib import Path
from typing import NamedTuple

from ganzoo.errors import InputError, unknown
from ganzoo.zoo.importing import convert, readers
from ganzoo.zoo.importing.families import FAMILIES, Family

LARGEST = 8192  # pixels a side, and outputs of a critic


class Found(NamedTuple):
    """A network that was recognized in a file.

    Attributes:
        path: The file.
        format: What kind of file it is.
        family: Which network it is.
        part: Where in the file it is: the name that its arrays share, or "".
        arrays: Its arrays by name, without that.
        plan: The arguments of the family's `build`.
        unused: Number of arrays of the file that belong to something else.
    """

    path: Path
    format: str
    family: Family
    part: str
    arrays: dict
    plan: dict
    unused: int

    @property
    def parameters(self) -> int:
        """How many numbers the arrays have."""
        return sum(array.size for array in self.arrays.values())


def recognize(path, family: str | None = None, part: str | None = None, **options) -> Found:
    """Returns which network a file holds, without reading its weights.

    Args:
        path: The file; see `readers.read`.
        family: The network it should be, a name in `FAMILIES`; by default any.
        part: The part of the file to take, such as "G_ema" or "netG_state_dict"; by default the
            averaged one, else the first one.
        **options: Arguments of the network that the file does not determine, such as `size`.

    Raises:
        InputError: If the file cannot be read, or holds no such network.
    """
    if family is not None and family not in FAMILIES:
        raise unknown("family", family, FAMILIES)
    form, arrays = readers.read(path)
    for one in [FAMILIES[family]] if family else FAMILIES.values():
        if not (found := one.part(arrays, part)):
            continue
        prefix, inside = found
        try:
            plan = one.plan(inside)
        except (LookupError, ValueError, TypeError, ArithmeticError) as error:
            raise InputError(
                f"{path} is not a whole {one.name}: {type(error).__name__} {error} while its sizes "
                "were read. Download it again?"
            ) from error
        if strange := options.keys() - plan.keys():
            raise unknown(f"option of {one.name}", sorted(strange)[0], plan)
        unused = len(arrays) - sum(name.startswith(prefix) for name in arrays)
        return Found(Path(path), form, one, prefix.strip("./"), inside, plan | options, unused)
    names = sorted(arrays)
    shown = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
    wanted = f"a {family}" if family else f"one of {', '.join(FAMILIES)}"
    inside = f" in its part {part!r}" if part else ""
    raise InputError(f"{path}: expected {wanted}{inside}, got {len(names)} arrays: {shown}.")


def build(found: Found):
    """Returns the network that was recognized, with the weights of the file.

    Raises:
        InputError: If weights are missing, surplus, or of another shape.
    """
    try:
        if found.plan.get("size", 0) > LARGEST:
            raise ValueError(f"at most {LARGEST} pixels a side")
        network = found.family.build(**found.plan)
        if max(side or 1 for side in network.output_shape[1:]) > LARGEST:
            raise ValueError(f"at most {LARGEST} pixels a side")
    except (ValueError, TypeError, MemoryError, ArithmeticError) as error:
        raise InputError(
            f"{found.path}: expected the sizes of a {found.family.name}, got {found.plan} "
            f"({readers.problem(error)})."
        ) from error
    convert.fill(network, found.arrays, found.family.rule, found.family.ignored, str(found.path))
    return network


def exported(found: Found):
    """Returns what samples or translates by the network that was recognized.

    Raises:
        InputError: As `build`; or if it is a critic, which draws nothing.
    """
    from ganzoo.inference.sampler import Sampler
    from ganzoo.inference.translator import Translator
    from ganzoo.inference.truncated import TruncatedSampler

    family, plan = found.family, found.plan
    if family.kind == "critic":
        raise InputError(
            f"{found.path}: expected a generator, got {family.title}. In Python: "
            "ganzoo.zoo.importing.network.build(recognize(PATH)) returns it as a keras.Model."
        )
    network = build(found)
    if family.kind == "translator":
        return Translator.of(network)
    facts = {"latent_dim": plan["latent_dim"], "num_classes": plan.get("num_classes")}
    if family.kind == "truncated":
        return TruncatedSampler.of(network, **facts, normal=family.normal)
    return Sampler.of(network, **facts)
