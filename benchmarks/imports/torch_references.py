"""Makes references of networks that PyTorch can build from its own layers; needs torch.

    python benchmarks/imports/torch_references.py --out=FOLDER [--biggan] [--biggan_code=FOLDER]

writes `NAME.npz` as `references.py` reads it: DCGAN of the tutorial and its critic, CycleGAN's
ResNet, pix2pix' U-Net, and, with the package pytorch-pretrained-biggan, BigGAN-deep, and, with its
authors' code (the repository BigGAN-PyTorch), BigGAN. Weights are random; statistics are not those
of the start, so that nothing hides.
"""

import argparse
import sys
import types
from pathlib import Path

import numpy as np
import torch
from torch import nn


def dcgan(width=4, latent_dim=20):
    layers, before = [], latent_dim
    for index, factor in enumerate((8, 4, 2, 1)):
        options = (4, 2, 1) if index else (4, 1, 0)
        layers += [nn.ConvTranspose2d(before, factor * width, *options, bias=False)]
        layers += [nn.BatchNorm2d(factor * width), nn.ReLU()]
        before = factor * width
    layers += [nn.ConvTranspose2d(before, 3, 4, 2, 1, bias=False), nn.Tanh()]
    return _main(layers)


def dcgan_d(width=4):
    layers = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    for factor in (1, 2, 4):
        layers += [nn.Conv2d(factor * width, 2 * factor * width, 4, 2, 1, bias=False)]
        layers += [nn.BatchNorm2d(2 * factor * width), nn.LeakyReLU(0.2)]
    return _main([*layers, nn.Conv2d(8 * width, 1, 4, 1, 0, bias=False), nn.Flatten()])


def _main(layers):
    network = nn.Module()
    network.main = nn.Sequential(*layers)
    network.forward = lambda x: network.main(x)
    return network


class Residual(nn.Module):
    """A residual block with reflected margins."""

    def __init__(self, width, norm):
        super().__init__()
        parts = []
        for relu in ([nn.ReLU()], []):
            parts += [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), norm(width), *relu]
        self.conv_block = nn.Sequential(*parts)

    def forward(self, x):
        """Returns the map plus what the block makes of it."""
        return x + self.conv_block(x)


def resnet(width=4, blocks=6, norm=nn.InstanceNorm2d):
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), norm(width), nn.ReLU()]
    for factor in (1, 2):
        wide = 2 * factor * width
        layers += [nn.Conv2d(factor * width, wide, 3, 2, 1), norm(wide), nn.ReLU()]
    layers += [Residual(4 * width, norm) for _ in range(blocks)]
    for factor in (4, 2):
        narrow = factor * width // 2
        layers += [nn.ConvTranspose2d(factor * width, narrow, 3, 2, 1, output_padding=1)]
        layers += [norm(narrow), nn.ReLU()]
    layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh()]
    network = nn.Module()
    network.model = nn.Sequential(*layers)
    network.forward = lambda x: network.model(x)
    return network


class Level(nn.Module):
    """One level of the U-Net, with the levels below inside it."""

    def __init__(self, outer, inner, below=None, given=None, kind="middle"):
        super().__init__()
        self.outermost = kind == "outer"
        down = nn.Conv2d(given or outer, inner, 4, 2, 1, bias=False)
        wide = inner if below is None else 2 * inner
        bias = kind == "outer"
        up = nn.ConvTranspose2d(wide, outer, 4, 2, 1, bias=bias)
        if kind == "outer":
            parts = [down, below, nn.ReLU(), up, nn.Tanh()]
        elif kind == "inner":
            parts = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, nn.BatchNorm2d(outer)]
        else:
            parts = [nn.LeakyReLU(0.2), down, nn.BatchNorm2d(inner), below]
            parts += [nn.ReLU(), up, nn.BatchNorm2d(outer)]
        self.model = nn.Sequential(*parts)

    def forward(self, x):
        """Returns the map and what the levels below make of it, joined."""
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


def unet(width=2, depth=7):
    widths = [width * min(2**level, 8) for level in range(depth)]
    block = Level(widths[-2], widths[-1], kind="inner")
    for level in range(depth - 2, 0, -1):
        block = Level(widths[level - 1], widths[level], block)
    network = nn.Module()
    network.model = Level(3, width, block, kind="outer")
    network.forward = lambda x: network.model(x)
    return network


def randomized(network):
    """Returns the network in evaluation mode, with random weights and statistics."""
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2.0)
        elif tensor.is_floating_point() and tensor.ndim < 2:
            base = 1.0 if name.endswith("weight") else 0.0
            tensor.normal_().mul_(0.2).add_(base)
        elif tensor.is_floating_point():
            tensor.normal_().mul_((2.0 / tensor[0].numel()) ** 0.5)
    return network.eval()


def saved(path, network, given: dict, outputs: dict):
    state = network.state_dict().items()
    arrays = {f"state/{k}": v.numpy() for k, v in state if not k.endswith("num_batches_tracked")}
    arrays |= {f"in/{k}": np.asarray(v) for k, v in given.items()}
    arrays |= {f"out/{k}": v.detach().numpy() for k, v in outputs.items()}
    np.savez_compressed(path, **arrays)
    print(path, path.stat().st_size)


def biggan(out: Path):
    from pytorch_pretrained_biggan import BigGAN, BigGANConfig

    halvings = ((16, 8), (8, 4), (4, 2), (2, 1))
    layers = [(up, a, b if up else a) for a, b in halvings for up in (False, True)]
    config = BigGANConfig(
        output_dim=64, z_dim=8, class_embed_dim=8, channel_width=3, num_classes=5,
        layers=layers, attention_layer_position=2, eps=1e-4, n_stats=11,
    )  # fmt: skip
    network = BigGAN(config)
    for name, tensor in network.state_dict().items():
        if name.endswith(("running_means", "bias", "gamma")):
            tensor.normal_().mul_(0.3)
        elif name.endswith("running_vars"):
            tensor.uniform_(0.5, 2.0)
        elif name.endswith("generator.bn.weight"):
            tensor.normal_().mul_(0.3).add_(1.0)
        elif tensor.ndim > 1:
            tensor.normal_().mul_((1.0 / tensor[0].numel()) ** 0.5)
    z, c = torch.randn(3, 8), torch.eye(5)[[0, 3, 4]]
    network.train()
    with torch.no_grad():
        for _ in range(20):  # until the vectors of the spectral norms have settled
            network(z, c, 1.0)
        network.eval()
        image = network(z, c, 0.4)
    given = {"z": z, "c": c, "truncation": np.float32(0.4)}
    saved(out / "biggan_deep_64.npz", network, given, {"image": image})


def biggan_original(out: Path, code: Path):
    sys.modules["sync_batchnorm"] = types.SimpleNamespace(SynchronizedBatchNorm2d=None)
    sys.path.insert(0, str(code))
    from BigGAN import Generator

    options = {"n_classes": 5, "shared_dim": 6, "no_optim": True}
    for name, network in {
        "biggan_64": Generator(G_ch=2, dim_z=20, resolution=64, G_attn="32", hier=True, **options),
        "biggan_32": Generator(G_ch=4, dim_z=10, resolution=32, G_attn="16", mybn=True, **options),
    }.items():
        for key, tensor in network.state_dict().items():
            if key.endswith("_mean"):
                tensor.normal_().mul_(0.3)
            elif key.endswith("_var"):
                tensor.uniform_(0.5, 2.0)
            elif key.endswith(("gain", "gamma")):
                tensor.normal_().mul_(0.3).add_(1.0)
            elif key.endswith("weight"):
                tensor.normal_().mul_((1.0 / tensor[0].numel()) ** 0.5)
            elif key.endswith("bias"):
                tensor.normal_().mul_(0.3)
        network.eval()
        z, c = torch.randn(3, network.dim_z), torch.eye(5)[[0, 3, 4]]
        image = network(z, network.shared(c.argmax(1)))
        saved(out / f"{name}.npz", network, {"z": z, "c": c}, {"image": image})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--biggan", action="store_true")
    parser.add_argument("--biggan_code", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    if args.biggan:
        biggan(args.out)
    with torch.no_grad():
        if args.biggan_code:
            biggan_original(args.out, args.biggan_code)
        z = torch.randn(3, 20)
        network = randomized(dcgan())
        image = network(z[:, :, None, None])
        saved(args.out / "dcgan_64.npz", network, {"z": z}, {"image": image})
        critic = randomized(dcgan_d())
        saved(args.out / "dcgan_d_64.npz", critic, {"image": image}, {"logits": critic(image)})
        x = torch.randint(0, 9, (2, 3, 32, 32)) / 4 - 1
        network = randomized(resnet())
        saved(args.out / "cyclegan_6.npz", network, {"image": x}, {"image": network(x)})
        network = randomized(resnet(norm=nn.BatchNorm2d, blocks=2))
        saved(args.out / "cyclegan_batch.npz", network, {"image": x}, {"image": network(x)})
        x = torch.randint(0, 3, (1, 3, 128, 128)) - 1.0
        network = randomized(unet())
        saved(args.out / "pix2pix_128.npz", network, {"image": x}, {"image": network(x)})


if __name__ == "__main__":
    main()
