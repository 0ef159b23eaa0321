"""DCGAN as PyTorch's tutorial has it: state dicts with the names `main.0.weight`, ..."""

from ganzoo.networks.published import dcgan
from ganzoo.zoo.importing.families.family import Family, count, side


def _plan(arrays: dict) -> dict:
    kernels = sorted(
        (int(name.split(".")[1]) for name in arrays if len(arrays[name].shape) == 4),
    )
    last = f"main.{kernels[-1]}.weight"
    return {
        "size": 4 * 2 ** (len(kernels) - 1),
        "width": side(arrays, last, 0),
        "channels": side(arrays, last, 1),
        "latent_dim": side(arrays, "main.0.weight", 0),
    }


def _critic_plan(arrays: dict) -> dict:
    kernels = count(arrays, r"main\.\d+\.weight") - count(arrays, r"main\.\d+\.running_mean")
    return {
        "size": 4 * 2 ** (kernels - 1),
        "width": side(arrays, "main.0.weight", 0),
        "channels": side(arrays, "main.0.weight", 1),
    }


GENERATOR = Family(
    name="dcgan",
    title="DCGAN as in PyTorch's tutorial (Radford et al., 2016, arXiv:1511.06434)",
    anchors=(r"main\.0\.weight", r"main\.1\.running_mean", r"main\.3\.weight"),
    plan=_plan,
    build=dcgan.generator,
    kind="sampler",
)
CRITIC = Family(
    name="dcgan_critic",
    title="the discriminator of DCGAN as in PyTorch's tutorial",
    anchors=(r"main\.0\.weight", r"main\.2\.weight", r"main\.3\.running_mean"),
    plan=_critic_plan,
    build=dcgan.discriminator,
    kind="critic",
)
