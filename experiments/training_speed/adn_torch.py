"""ADN's training step in PyTorch, to time ours against: same layers, losses, optimiser.

Written for the benchmark alone. Doubling and convolution are separate, as in ADN; ours
folds them into one.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

RECONSTRUCTION = 20.0


def make_step(base: int, size: int, batch: int) -> Callable[[], float]:
    """A function that trains once on fixed noise and returns the generators' loss."""
    torch.manual_seed(0)
    nets = generators(base)
    critics = nn.ModuleDict({"d_l": patch_gan(base), "d_h": patch_gan(base)})
    settings = {"lr": 1e-4, "betas": (0.5, 0.999), "weight_decay": 1e-4}
    optimizers = [torch.optim.Adam(m.parameters(), **settings) for m in (nets, critics)]
    x_l, x_h = (torch.rand(batch, 1, size, size) * 2 - 1 for _ in range(2))

    def step() -> float:
        made = decodings(nets, x_l, x_h)
        loss = generator_loss(critics, made, x_l, x_h)
        optimizers[0].zero_grad()
        loss.backward()
        fooled = critic_loss(critics["d_l"], x_l, made["hl"])
        fooled = fooled + critic_loss(critics["d_h"], x_h, made["lh"])
        # Also clears what the generators' loss left in the critics.
        optimizers[1].zero_grad()
        fooled.backward()
        for optimizer in optimizers:
            optimizer.step()
        return float(loss.detach())

    return step


def generators(base: int) -> nn.ModuleDict:
    """What the first optimiser trains."""
    return nn.ModuleDict(
        {
            "e_l": Encoder(base),
            "e_h": Encoder(base),
            "e_a": Scales(base),
            "g_l": Decoder(base, merges=True),
            "g_h": Decoder(base, merges=False),
        }
    )


def decodings(nets: nn.ModuleDict, x_l, x_h) -> dict:
    """The five images of ADN."""
    a, c_h = nets["e_a"](x_l), nets["e_h"](x_h)
    hl = nets["g_l"](c_h, a)
    c_l = nets["e_l"](x_l)
    return {
        "ll": nets["g_l"](c_l, a),
        "lh": nets["g_h"](c_l),
        "hl": hl,
        "hh": nets["g_h"](c_h),
        "hlh": nets["g_h"](nets["e_l"](hl)),
    }


def generator_loss(critics: nn.ModuleDict, made: dict, x_l, x_h):
    """ADN's sum: fooling both critics, two reconstructions, a cycle, the artifact."""
    l1 = functional.l1_loss
    fooling = sum(
        ((critics[name](made[image]) - 1) ** 2).mean()
        for name, image in (("d_l", "hl"), ("d_h", "lh"))
    )
    kept = l1(made["ll"], x_l) + l1(made["hh"], x_h) + l1(made["hlh"], x_h)
    artifact = l1(x_l - made["lh"], made["hl"] - x_h)
    return fooling + RECONSTRUCTION * (kept + artifact)


def critic_loss(critic: nn.Module, real, made):
    """Least squares, half the sum."""
    score = critic(made.detach())
    return 0.5 * (((critic(real) - 1) ** 2).mean() + (score**2).mean())


class Scales(nn.Module):
    """Features at three scales."""

    def __init__(self, base: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            [
                block(1, base, 7, 1, 3),
                block(base, 2 * base, 4, 2, 1),
                block(2 * base, 4 * base, 4, 2, 1),
            ]
        )

    def forward(self, x):
        scales = []
        for each in self.blocks:
            x = each(x)
            scales.append(x)
        return scales


class Encoder(nn.Module):
    """Content code."""

    def __init__(self, base: int) -> None:
        super().__init__()
        self.scales = Scales(base)
        self.residuals = nn.Sequential(*(Residual(4 * base, nn.ReLU()) for _ in "four"))

    def forward(self, x):
        return self.residuals(self.scales(x)[-1])


class Decoder(nn.Module):
    """Code, and artifacts where it merges them, to image."""

    def __init__(self, base: int, merges: bool) -> None:
        super().__init__()
        leaky = nn.LeakyReLU(0.2)
        self.residuals = nn.Sequential(*(Residual(4 * base, leaky) for _ in "four"))
        self.ups = nn.ModuleList([Up(4 * base), Up(2 * base)])
        widths = (4 * base, 2 * base, base) if merges else ()
        self.merges = nn.ModuleList([nn.Conv2d(2 * w, w, 1) for w in widths])
        self.final = nn.Conv2d(base, 1, 7, padding=3, padding_mode="reflect")

    def forward(self, code, artifact=None):
        x = self.residuals(code)
        for k, up in enumerate(self.ups):
            x = up(self._merged(x, artifact, k))
        return torch.tanh(self.final(self._merged(x, artifact, 2)))

    def _merged(self, x, artifact, k: int):
        if artifact is None:
            return x
        return self.merges[k](torch.cat([x, artifact[2 - k]], 1))


class Residual(nn.Module):
    """x + two blocks."""

    def __init__(self, width: int, activation: nn.Module) -> None:
        super().__init__()
        self.first = block(width, width, 3, 1, 1, activation)
        self.second = block(width, width, 3, 1, 1, nn.Identity())

    def forward(self, x):
        return x + self.second(self.first(x))


class Up(nn.Module):
    """Doubling, convolution, layer norm, activation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width // 2, 5, padding=2, padding_mode="reflect")
        self.gain = nn.Parameter(torch.rand(width // 2))
        self.shift = nn.Parameter(torch.zeros(width // 2))

    def forward(self, x):
        x = self.conv(functional.interpolate(x, scale_factor=2))
        x = functional.layer_norm(x, x.shape[1:])
        scaled = x * self.gain[:, None, None] + self.shift[:, None, None]
        return functional.leaky_relu(scaled, 0.2)


def block(c: int, f: int, k: int, stride: int, pad: int, activation=None) -> nn.Module:
    """Reflecting convolution, instance norm, activation."""
    conv = nn.Conv2d(c, f, k, stride, pad, padding_mode="reflect")
    return nn.Sequential(conv, nn.InstanceNorm2d(f), activation or nn.ReLU())


def patch_gan(base: int) -> nn.Module:
    """Two strided layers, 34 pixels."""

    def layer(c: int, f: int, stride: int, normed: bool) -> list[nn.Module]:
        norm = [nn.InstanceNorm2d(f)] if normed else []
        return [nn.Conv2d(c, f, 4, stride, 1), *norm, nn.LeakyReLU(0.2)]

    return nn.Sequential(
        *layer(1, base, 2, normed=False),
        *layer(base, 2 * base, 2, normed=True),
        *layer(2 * base, 4 * base, 1, normed=True),
        nn.Conv2d(4 * base, 1, 4, 1, 1),
    )
