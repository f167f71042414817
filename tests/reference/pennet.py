"""PEN-Net as its formulas read: whole L x L matrices, one sample after the other, no short cuts.

Patches of the low map are the kernels of a transposed convolution and patches of the high map the
kernels of a convolution, as in the program that the authors released. The oracle for exactness,
and what speed and memory are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

State = Mapping[str, Tensor]


def windows(x: Tensor, side: int, stride: int, padding: int) -> Tensor:
    """(C, H, W) to (L, C, side, side), in raster order, zeros around the map."""
    channels = x.shape[0]
    columns = F.unfold(x[None], side, stride=stride, padding=padding)[0]
    return columns.t().reshape(-1, channels, side, side)


def small_mask(hole: Tensor, height: int, width: int, how: str) -> Tensor:
    if how == "bilinear":
        return F.interpolate(hole, size=(height, width), mode="bilinear", align_corners=True)
    if how == "nearest":
        return F.interpolate(hole, size=(height, width), mode="nearest")
    return F.max_pool2d(hole, hole.shape[-1] // width)


def attend_one(
    low: Tensor,
    high: Tensor,
    mask: Tensor,
    *,
    patch: int = 3,
    cosine: bool = False,
    strict: bool = False,
) -> Tensor:
    """Attention transfer on one sample: (C1, 2h, 2w), (C2, h, w), (1, h, w) to (C1, 2h, 2w)."""
    height, width = high.shape[-2:]
    padding = patch // 2
    values = windows(low, 4, stride=2, padding=1)
    keys = windows(high, patch, stride=1, padding=padding)
    known = windows(mask, patch, stride=1, padding=padding).mean((1, 2, 3)) == 0
    known = known.to(high.dtype)[None, :, None, None]
    length = keys.pow(2).sum((1, 2, 3), keepdim=True).sqrt().clamp(min=1e-4)
    scores = F.conv2d(high[None], keys / length, padding=padding)
    if cosine:
        scores = scores / length.reshape(1, 1, height, width)
    if not strict:
        scores = scores * known
        weights = F.softmax(scores * 10, dim=1)
        weights = (weights * known).clamp(min=1e-8)
    elif known.any():
        weights = F.softmax((scores * 10).masked_fill(known == 0, float("-inf")), dim=1)
    else:
        weights = torch.zeros_like(scores)
    return F.conv_transpose2d(weights, values, stride=2, padding=1)[0] / 4


def transfer(
    state: State,
    name: str,
    low: Tensor,
    high: Tensor,
    hole: Tensor,
    *,
    patch: int = 3,
    mask_resize: str = "bilinear",
    cosine: bool = False,
    strict: bool = False,
) -> Tensor:
    """The attention, and the four dilated convolutions where the state has them."""
    mask = small_mask(hole, high.shape[-2], high.shape[-1], mask_resize)
    filled = torch.stack(
        [
            attend_one(low[k], high[k], mask[k], patch=patch, cosine=cosine, strict=strict)
            for k in range(len(low))
        ]
    )
    if f"{name}.refine.0.weight" not in state:
        return filled
    parts = []
    for branch, dilation in enumerate((1, 2, 4, 8)):
        weight = state[f"{name}.refine.{branch}.weight"]
        bias = state[f"{name}.refine.{branch}.bias"]
        parts.append(F.relu(F.conv2d(filled, weight, bias, padding=dilation, dilation=dilation)))
    return torch.cat(parts, 1)


def conv(state: State, name: str, x: Tensor, stride: int = 1) -> Tensor:
    weight = state[f"{name}.weight"]
    return F.conv2d(x, weight, state[f"{name}.bias"], stride=stride, padding=weight.shape[-1] // 2)


def double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


def released(state: State, image: Tensor, hole: Tensor, **attention: str | bool) -> list[Tensor]:
    """The full-size picture, then the pyramid, finest first."""
    x = torch.cat([image * (1 - hole) + hole, hole], 1)
    maps = []
    for level in range(6):
        x = conv(state, f"down.{level}", x, stride=2)
        x = F.leaky_relu(x, 0.2) if level < 5 else F.relu(x)
        maps.append(x)
    filled = {5: maps[5]}
    for level in (4, 3, 2, 1, 0):
        filled[level] = transfer(
            state,
            f"transfer.{level}",
            maps[level],
            filled[level + 1],
            hole,
            patch=1 if level == 4 else 3,
            **attention,  # type: ignore[arg-type]
        )
    decoded = maps[5]
    pyramid: list[Tensor] = []
    for level in (4, 3, 2, 1, 0):
        up = F.relu(conv(state, f"up.{level}", double(decoded)))
        decoded = torch.cat([up, filled[level]], 1)
        pyramid.insert(0, torch.tanh(conv(state, f"heads.{level}", decoded)))
    x = F.relu(conv(state, "decoder.0", double(decoded)))
    return [torch.tanh(conv(state, "decoder.1", x)), *pyramid]


def paper(state: State, image: Tensor, hole: Tensor, **attention: str | bool) -> list[Tensor]:
    """The picture, then the pyramid, finest first; its first is the picture."""
    x = torch.cat([image * (1 - hole) + hole, hole], 1)
    maps = []
    for level in range(7):
        x = F.leaky_relu(conv(state, f"down.{level}", x, stride=1 if level == 0 else 2), 0.2)
        maps.append(x)
    filled = {6: maps[6]}
    for level in (5, 4, 3, 2, 1, 0):
        filled[level] = transfer(
            state,
            f"transfer.{level}",
            maps[level],
            filled[level + 1],
            hole,
            **attention,  # type: ignore[arg-type]
        )
    decoded = maps[6]
    pyramid: list[Tensor] = []
    for level in (5, 4, 3, 2, 1, 0):
        weight, bias = state[f"up.{level}.weight"], state[f"up.{level}.bias"]
        up = F.relu(
            F.conv_transpose2d(decoded, weight, bias, stride=2, padding=1, output_padding=1)
        )
        decoded = torch.cat([up, filled[level]], 1)
        pyramid.insert(0, conv(state, f"heads.{level}", decoded).clamp(-1, 1))
    return [pyramid[0], *pyramid]


def generate_all(
    state: State,
    image: Tensor,
    hole: Tensor,
    *,
    variant: str = "released",
    mask_resize: str = "bilinear",
    cosine: bool = False,
    strict: bool = False,
) -> list[Tensor]:
    network = released if variant == "released" else paper
    return network(state, image, hole, mask_resize=mask_resize, cosine=cosine, strict=strict)


def generate(state: State, image: Tensor, hole: Tensor, **configuration: str | bool) -> Tensor:
    """The raw full-size picture; sides are multiples of 64, the hole is 1 or 0."""
    return generate_all(state, image, hole, **configuration)[0]  # type: ignore[arg-type]
