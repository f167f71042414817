"""The IConv generator as its formulas stand in the paper and in the authors' PyTorch program.

Plain functions on a state dict: every scale is applied at run time, every map is made in full, one
operation per line of the formulas. It is what the network is compared with, for its values and for
its speed.

Hukkelås, Lindseth, Mester: Image Inpainting with Learnable Feature Imputation, 2020.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    State = Mapping[str, Tensor]


def equalised(state: State, name: str, x: Tensor) -> Tensor:
    weight = state[f"{name}.weight"]
    fan_in = weight[0].numel()
    return F.conv2d(x, weight / math.sqrt(fan_in), state[f"{name}.bias"], padding="same")


def linear(state: State, name: str, x: Tensor) -> Tensor:
    weight = state[f"{name}.weight"]
    return F.linear(x, weight / math.sqrt(weight.shape[1]), state[f"{name}.bias"])


def normalised(x: Tensor) -> Tensor:
    x = F.leaky_relu(x, 0.2)
    return x * torch.rsqrt((x**2).mean(dim=1, keepdim=True) + 1e-7)


def expected_value(state: State, name: str, x: Tensor, certainty: Tensor) -> Tensor:
    """Equation 4: the certainty-weighted average of the surrounding features."""
    weight = state[f"{name}.impute.weight"]
    channels, kernel = weight.shape[0], weight.shape[-1]
    scaled = weight * (math.sqrt(channels) / kernel)
    bias = state[f"{name}.impute.bias"]
    summed = F.conv2d(x * certainty, scaled, bias, padding=kernel // 2, groups=channels)
    mean = F.avg_pool2d(certainty, kernel, 1, kernel // 2)
    return summed / (mean + 1e-2)


def next_certainty(state: State, name: str, certainty: Tensor) -> Tensor:
    """Equation 5, as released."""
    certainty = F.conv2d(certainty, state[f"{name}.certainty"], padding=1)
    certainty = torch.sigmoid(certainty)
    certainty = (certainty - 0.5) * 2 + 1e-6
    return certainty.clamp(0, 1)


def layer(
    state: State, name: str, x: Tensor, certainty: Tensor, imputation: bool
) -> tuple[Tensor, Tensor]:
    if not imputation:
        return normalised(equalised(state, name, x)), certainty
    guess = expected_value(state, name, x, certainty)
    x = x * certainty + guess * (1 - certainty)
    x = normalised(equalised(state, name, x))
    if f"{name}.certainty" in state:
        certainty = next_certainty(state, name, certainty)
    return x, certainty


def down(x: Tensor, certainty: Tensor, pool: str) -> tuple[Tensor, Tensor]:
    coarse = F.avg_pool2d(certainty, 2)
    if pool == "certainty":
        return F.avg_pool2d(x * certainty, 2) / (coarse + 1e-2), coarse
    return F.avg_pool2d(x, 2), coarse


def up(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


def skip(
    state: State, name: str, shallow: tuple[Tensor, Tensor], deep: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Equations 6 and 7; a 1x1 convolution of both where convolutions are plain."""
    if f"{name}.weight" in state:
        return normalised(equalised(state, name, torch.cat((deep[0], shallow[0]), dim=1))), deep[1]
    first = shallow[1] * state[f"{name}.beta0"].relu()
    second = deep[1] * state[f"{name}.beta1"].relu()
    gate = first / (first + second + 1e-8)
    mixed = [gate * ours + (1 - gate) * theirs for ours, theirs in zip(shallow, deep, strict=True)]
    return mixed[0], mixed[1]


def pose_bank(state: State, keypoints: Tensor) -> Tensor:
    pose = keypoints.flatten(1) * 2 - 1
    for name in ("pose.0", "pose.1"):
        pose = F.leaky_relu(linear(state, name, pose), 0.2)
    return pose.view(-1, 16, 4, 4)


def generate(
    state: State,
    image: Tensor,
    hole: Tensor,
    *,
    side: int = 256,
    pool: str = "certainty",
    imputation: bool = True,
    latent: Tensor | None = None,
    points: Tensor | None = None,
    **_: object,
) -> Tensor:
    """The raw picture.

    Args:
        state: the state dict of an `IconvGenerator`.
        image: (B, 3, H, W) in [-1, 1], sides multiples of side/4, 0 under the hole.
        hole: (B, 1, H, W), 1 = missing.
        side: nominal side.
        pool: "certainty" or "plain".
        imputation: False for the ablation of plain convolutions.
        latent: (B, 32, 4H/side, 4W/side); zeros if None.
        points: (B, n, 2), the keypoints in 0..1; for a network with a pose only.
        **_: flags of the network that the state shows already.

    Returns:
        (B, 3, H, W).
    """
    known = 1 - hole
    x, certainty = image * known, known
    if not imputation:
        x, pool = torch.cat((x, known, 1 - known), dim=1), "plain"
    x, certainty = layer(state, "from_rgb", x, certainty, imputation)
    features = {}
    size = side
    while size >= 4:
        for index in (0, 1):
            x, certainty = layer(state, f"encoder.{size}.{index}", x, certainty, imputation)
        features[size] = (x, certainty)
        if size > 4:
            x, certainty = down(x, certainty, pool)
        size //= 2
    z = x.new_zeros(x.shape[0], 32, *x.shape[-2:]) if latent is None else latent
    x = torch.cat((x, z), dim=1)
    if points is not None:
        x = torch.cat((x, pose_bank(state, points)), dim=1)
    rgb = x.new_zeros(())
    size, heads = 4, 0
    while size <= side:
        if size > 4:
            x, certainty = up(x), up(certainty)
            x, certainty = skip(state, f"skips.{size}", features.pop(size), (x, certainty))
            rgb = up(rgb)
        for index in (0, 1):
            x, certainty = layer(state, f"decoder.{size}.{index}", x, certainty, imputation)
        rgb = rgb + equalised(state, f"heads.{size}", x)
        size *= 2
        heads += 1
    return rgb / heads
