"""The PyTorch part of train_speed.py: the same networks, losses and updates in PyTorch's style.

Run by an interpreter with torch but without tensorflow. Fakes are generated once per step, Adam is
fused, and D's weights are frozen in G's turn, unlike in PyTorch's own example.
"""

import contextlib
import os
import sys
import time

import memory
import pipe


def networks(torch, spec: dict) -> dict:
    """Returns G and D with the layers of the Keras networks."""
    if spec["kind"] == "resnet":
        return resnets(torch, spec)
    return {side: torch.nn.Sequential(*map(layer(torch), spec[side])) for side in ("g", "d")}


def layer(torch):
    """Returns the function that creates a layer from its description."""
    nn = torch.nn

    def conv(kind, cin, cout, kernel, stride, bias):
        if kind == "conv_transpose":
            return nn.ConvTranspose2d(cin, cout, kernel, stride, (kernel - stride) // 2, bias=bias)
        return nn.Conv2d(cin, cout, kernel, stride, (kernel - 1) // 2, bias=bias)

    makers = {
        "dense": lambda cin, cout, bias: nn.Linear(cin, cout, bias),
        "reshape": lambda h, w, c: nn.Unflatten(1, (c, h, w)),
        "flatten": nn.Flatten,
        "batch_norm": nn.BatchNorm2d,
        "layer_norm": lambda h, w, c: nn.LayerNorm([c, h, w]),
        "relu": nn.ReLU,
        "leaky_relu": nn.LeakyReLU,
        "tanh": nn.Tanh,
        "conv": lambda *given: conv("conv", *given),
        "conv_transpose": lambda *given: conv("conv_transpose", *given),
    }
    return lambda described: makers[described[0]](*described[1:])


def resnets(torch, spec: dict) -> dict:
    """Returns the residual networks of SNGAN, for 32 x 32 pixels."""
    nn, width, functional = torch.nn, spec["width"], torch.nn.functional
    spectral = nn.utils.parametrizations.spectral_norm

    class Up(nn.Module):
        def __init__(self):
            super().__init__()
            self.norms = nn.ModuleList([nn.BatchNorm2d(width), nn.BatchNorm2d(width)])
            self.convs = nn.ModuleList(
                [nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2)]
            )
            self.shortcut = nn.Conv2d(width, width, 1, bias=False)

        def forward(self, x):
            twice = functional.interpolate
            y = self.convs[0](twice(self.norms[0](x).relu(), scale_factor=2))
            return self.convs[1](self.norms[1](y).relu()) + self.shortcut(twice(x, scale_factor=2))

    class Down(nn.Module):
        def __init__(self, cin, first, halve):
            super().__init__()
            self.first, self.halve = first, halve
            self.convs = nn.ModuleList(
                [spectral(nn.Conv2d(n, width, 3, padding=1)) for n in (cin, width)]
            )
            self.shortcut = spectral(nn.Conv2d(cin, width, 1)) if halve else nn.Identity()

        def forward(self, x):
            y = self.convs[1](self.convs[0](x if self.first else x.relu()).relu())
            if self.halve:
                y, x = (functional.avg_pool2d(z, 2) for z in (y, x))
            return y + self.shortcut(x)

    class Score(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = spectral(nn.Linear(width, 1))

        def forward(self, x):
            return self.dense(x.relu().sum((2, 3)))

    generator = [nn.Linear(spec["latent_dim"], 16 * width), nn.Unflatten(1, (width, 4, 4))]
    generator += [Up(), Up(), Up(), nn.BatchNorm2d(width), nn.ReLU()]
    generator += [nn.Conv2d(width, spec["channels"], 3, padding=1), nn.Tanh()]
    judge = [Down(spec["channels"], True, True), Down(width, False, True)]
    judge += [Down(width, False, False), Down(width, False, False), Score()]
    return {"g": nn.Sequential(*generator), "d": nn.Sequential(*judge)}


def trainer(torch, spec: dict, precision: str, layout: str, device: str = "cpu"):
    """Returns the function that trains for some steps and returns the time in seconds.

    On another device than the CPU, both networks are compiled.
    """
    functional = torch.nn.functional
    nets = networks(torch, spec)
    form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    nets = {side: net.to(device, memory_format=form) for side, net in nets.items()}
    adam = {
        side: torch.optim.Adam(net.parameters(), 2e-4, betas=(0.5, 0.999), fused=True)
        for side, net in nets.items()
    }
    height, width, channels = spec["image_shape"]
    batch = spec["batch"]
    real = torch.rand(batch, channels, height, width).mul(2).sub(1)
    real = real.to(device, memory_format=form)
    g, d = (net if device == "cpu" else torch.compile(net) for net in (nets["g"], nets["d"]))

    def numbers():
        if precision == "bfloat16":
            return torch.autocast(device, torch.bfloat16)
        return contextlib.nullcontext()

    def judged(images):
        with numbers():
            return d(images).float()

    def penalty(fake):
        at = torch.rand(batch, 1, 1, 1, device=device)
        between = (real + at * (fake - real)).requires_grad_()
        (slope,) = torch.autograd.grad(judged(between).sum(), between, create_graph=True)
        return 10 * (slope.flatten(1).norm(dim=1) - 1).square().mean()

    def d_loss(fake):
        on_real, on_fake = judged(real), judged(fake)
        if spec["loss"] == "wgan_gp":
            return on_fake.mean() - on_real.mean() + penalty(fake)
        if spec["loss"] == "hinge":
            return (1 - on_real).relu().mean() + (1 + on_fake).relu().mean()
        return functional.softplus(-on_real).mean() + functional.softplus(on_fake).mean()

    def g_loss(fake):
        score = judged(fake)
        return functional.softplus(-score).mean() if spec["loss"] == "ns" else -score.mean()

    def step():
        latents = torch.randn(batch, spec["latent_dim"], device=device)
        with numbers():
            fake = g(latents)
        fake = fake.float()
        adam["d"].zero_grad()
        d_loss(fake.detach()).backward()
        adam["d"].step()
        d.requires_grad_(False)
        adam["g"].zero_grad()
        g_loss(fake).backward()
        adam["g"].step()
        d.requires_grad_(True)

    def play(steps: int) -> float:
        start = time.perf_counter()
        for _ in range(steps):
            step()
        if device != "cpu":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    return play


def profiled(torch, play, steps: int) -> dict[str, float]:
    """Returns the milliseconds per step of each operation, without those that it calls."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        play(steps)
    return {row.key: row.self_cpu_time_total / 1000 / steps for row in profile.key_averages()}


def worker(threads: int):
    """Returns a greeting, and the function that trains for some steps and returns the time."""
    import torch

    torch.set_num_threads(threads)
    kept = {}

    def answer(request, arrays):
        key = request["case"], request["precision"], request["layout"]
        if key not in kept:
            for other in [other for other in kept if other[0] != key[0]]:
                del kept[other]
            kept[key] = trainer(torch, request["spec"], *key[1:], request.get("device", "cpu"))
            kept[key](2)
        if request.get("profile"):
            return {"milliseconds": profiled(torch, kept[key], request["steps"])}, []
        seconds = kept[key](request["steps"])
        return {
            "seconds": seconds,
            "memory": memory.peak(),
        }, []

    return {"versions": {"torch": torch.__version__}}, answer


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # it is not to spin while others compute
    pipe.serve(lambda: worker(int(sys.argv[1])))
