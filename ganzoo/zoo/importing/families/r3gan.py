"""R3GAN: the official pickles, and state dicts with their names."""

from ganzoo.networks.published import r3gan
from ganzoo.zoo.importing import convert
from ganzoo.zoo.importing.families.family import Family, count, side

IGNORED = r".*Resampler\.Kernel"


def _rule(layer: str, weight: str):
    if weight == "constant":
        return f"{layer}.Basis", lambda array: array.transpose(1, 2, 0)
    if layer.endswith(".Basis"):
        return f"{layer}.weight", lambda array: array.transpose(2, 3, 0, 1)
    if layer == "EmbeddingLayer":
        return f"{layer}.weight", lambda array: array.T
    return convert.torch_rule(layer, weight)


def _stages(arrays: dict) -> dict:
    """Returns widths, groups, blocks, expansion and classes, which both networks have."""
    widths, groups, blocks, expansion = [], [], [], 2
    for stage in range(1000):
        start = rf"MainLayers\.{stage}\.Layers"
        inside = count(arrays, rf"{start}\.\d+\.LinearLayer2\.Layer\.weight")
        if not inside:
            break
        first = next(
            n.removesuffix(".LinearLayer2.Layer.weight") for n in arrays
            if n.startswith(f"MainLayers.{stage}.") and n.endswith(".LinearLayer2.Layer.weight")
        )  # fmt: skip
        wide, narrow = (arrays[f"{first}.LinearLayer{i}.Layer.weight"].shape for i in (2, 3))
        widths.append(narrow[0])
        groups.append(wide[0] // wide[1])
        blocks.append(inside)
        expansion = wide[0] // narrow[0]
    classes = arrays.get("EmbeddingLayer.weight")
    return {
        "widths": widths,
        "groups": groups,
        "blocks": blocks,
        "expansion": expansion,
        "num_classes": classes.shape[1] if classes else None,
        "class_dim": classes.shape[0] if classes else 0,
    }


def _plan(arrays: dict) -> dict:
    plan = _stages(arrays)
    joined = side(arrays, "MainLayers.0.Layers.0.LinearLayer.weight", 1)
    channels = side(arrays, "AggregationLayer.Layer.weight", 0)
    return plan | {"channels": channels, "latent_dim": joined - plan["class_dim"]}


def _critic_plan(arrays: dict) -> dict:
    return _stages(arrays) | {"channels": side(arrays, "ExtractionLayer.Layer.weight", 1)}


GENERATOR = Family(
    name="r3gan",
    title="R3GAN (Huang et al., 2024, arXiv:2501.05441)",
    anchors=(r"AggregationLayer\.Layer\.weight", r"MainLayers\.0\.Layers\.0\.Basis"),
    plan=_plan,
    build=r3gan.generator,
    kind="sampler",
    rule=_rule,
    ignored=IGNORED,
)
CRITIC = Family(
    name="r3gan_critic",
    title="the discriminator of R3GAN (Huang et al., 2024, arXiv:2501.05441)",
    anchors=(r"ExtractionLayer\.Layer\.weight", r"MainLayers\.0\.Layers\.0\.NonLinearity1\.Bias"),
    plan=_critic_plan,
    build=r3gan.discriminator,
    kind="critic",
    rule=_rule,
    ignored=IGNORED,
)
