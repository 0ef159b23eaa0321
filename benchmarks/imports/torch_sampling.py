"""Seconds for one batch of the authors' generators in PyTorch, with random weights; needs torch.

    python benchmarks/imports/torch_sampling.py stylegan2 CODE BATCH
    python benchmarks/imports/torch_sampling.py biggan CODE BATCH

CODE is a checkout of stylegan2-ada-pytorch, or BigGAN-PyTorch. Prints the seconds of each of three
calls, after one that does not count.
"""

import json
import sys
import time
import types

import torch


def stylegan2(batch: int):
    from training.networks import Generator

    network = Generator(
        z_dim=512, c_dim=0, w_dim=512, img_resolution=256, img_channels=3,
        synthesis_kwargs={"channel_base": 32768, "channel_max": 512},
    ).eval()  # fmt: skip
    z = torch.randn(batch, 512)
    return lambda: network(z, None, truncation_psi=1.0, noise_mode="const")


def biggan(batch: int):
    sys.modules["sync_batchnorm"] = types.SimpleNamespace(SynchronizedBatchNorm2d=None)
    from BigGAN import Generator

    network = Generator(
        G_ch=96, dim_z=120, resolution=128, G_attn="64", hier=True, shared_dim=128,
        no_optim=True, skip_init=True,
    ).eval()  # fmt: skip
    z, labels = torch.randn(batch, 120), torch.arange(batch)
    return lambda: network(z, network.shared(labels))


if __name__ == "__main__":
    name, code, size = sys.argv[1:]
    sys.path.insert(0, code)
    draw = {"stylegan2": stylegan2, "biggan": biggan}[name](int(size))
    seconds = []
    with torch.no_grad():
        for _ in range(4):
            start = time.perf_counter()
            draw()
            seconds.append(time.perf_counter() - start)
    print(json.dumps(seconds[1:]))
