"""StyleGAN2 and StyleGAN2-ADA: the official PyTorch pickles, and state dicts with their names."""

from ganzoo.networks.published import stylegan2
from ganzoo.zoo.importing import convert
from ganzoo.zoo.importing.families.family import Family, count, side

# Filters for resampling, which are always [1, 3, 3, 1], and facts of the pickles.
IGNORED = r".*resample_filter|.*conv_clamp|.*num_batches_tracked"


def _rule(layer: str, weight: str):
    if weight == "constant":
        return f"{layer}.const", lambda array: array.transpose(1, 2, 0)
    if weight == "w_avg":
        return "mapping.w_avg", None
    return convert.torch_rule(layer, weight)


def _critic_rule(layer: str, weight: str):
    if (layer, weight) == ("b4.fc", "kernel"):
        return "b4.fc.weight", convert.flattened(4, 4)
    return convert.torch_rule(layer, weight)


def clamp(arrays: dict) -> float | None:
    """Returns the largest absolute value of the activations that a pickle states."""
    values = [array.numpy() for name, array in arrays.items() if name.endswith("conv_clamp")]
    return float(values[0]) if values else None


def _plan(arrays: dict) -> dict:
    scales = count(arrays, r"synthesis\.b\d+\.conv1\.weight")
    widths = [side(arrays, f"synthesis.b{4 * 2**i}.conv1.weight", 0) for i in range(scales)]
    style_dim = side(arrays, "synthesis.b4.conv1.affine.weight", 1)
    classes = side(arrays, "mapping.embed.weight", 1) if "mapping.embed.weight" in arrays else None
    latent_dim = side(arrays, "mapping.fc0.weight", 1) - (style_dim if classes else 0)
    return {
        "size": 4 * 2 ** (scales - 1),
        "widths": widths,
        "channels": side(arrays, "synthesis.b4.torgb.weight", 0),
        "latent_dim": latent_dim,
        "style_dim": style_dim,
        "depth": count(arrays, r"mapping\.fc\d+\.weight"),
        "num_classes": classes,
        "clamp": clamp(arrays),
    }


def _critic_plan(arrays: dict) -> dict:
    scales = 1 + count(arrays, r"b\d+\.conv0\.weight")
    size = 4 * 2 ** (scales - 1)
    classes = side(arrays, "mapping.embed.weight", 1) if "mapping.embed.weight" in arrays else None
    return {
        "size": size,
        "widths": [side(arrays, "b4.conv.weight", 0)]
        + [side(arrays, f"b{4 * 2**i}.conv0.weight", 0) for i in range(1, scales)],
        "channels": side(arrays, f"b{size}.fromrgb.weight", 1),
        "num_classes": classes,
        "code_dim": side(arrays, "b4.out.weight", 0) if classes else 512,
        "depth": count(arrays, r"mapping\.fc\d+\.weight"),
        "clamp": clamp(arrays),
    }


GENERATOR = Family(
    name="stylegan2",
    title="StyleGAN2 or StyleGAN2-ADA (Karras et al., 2020, arXiv:1912.04958, 2006.06676)",
    anchors=(r"mapping\.w_avg", r"synthesis\.b4\.const", r"synthesis\.b4\.torgb\.weight"),
    plan=_plan,
    build=stylegan2.generator,
    kind="truncated",
    rule=_rule,
    ignored=IGNORED,
)
CRITIC = Family(
    name="stylegan2_critic",
    title="the discriminator of StyleGAN2 (Karras et al., 2020, arXiv:1912.04958)",
    anchors=(r"b4\.out\.weight", r"b4\.conv\.weight", r"b8\.skip\.weight"),
    plan=_critic_plan,
    build=stylegan2.discriminator,
    kind="critic",
    rule=_critic_rule,
    ignored=IGNORED,
)
