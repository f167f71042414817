"""PEPSI and Diet-PEPSI as the paper's formulas say it: whole matrices, one picture after the other.

Slow and obvious; the oracle for exactness and the baseline for speed. Works on a state dict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

LAMBDA = 50.0
EPSILON = 1e-8


def generate(
    state: Mapping[str, Tensor],
    image: Tensor,
    hole: Tensor,
    *,
    diet: bool = False,
    groups: int = 1,
    fuse: bool = False,
    official: bool = False,
    squared: bool = True,
    similarity: str = "euclidean",
    coarse: bool = False,
) -> Tensor:
    """The picture of the inpainting path, or of the coarse path; the arguments as our class."""
    height, width = image.shape[-2:]
    image = torch.where(hole > 0.5, torch.full_like(image, -1), image)
    bottom, right = -height % 8, -width % 8
    known = mirror(1 - hole, 0, right, 0, bottom)
    x = torch.cat((mirror(image, 0, right, 0, bottom), known), 1)
    x = conv(state, "trunk.0", x)
    x = conv(state, "trunk.1", x, stride=2)
    x = conv(state, "trunk.2", x)
    x = conv(state, "trunk.3", x, stride=2)
    x = conv(state, "trunk.4", x)
    x = conv(state, "trunk.5", x, stride=2)
    for i, rate in enumerate((2, 4, 8, 16)):
        if diet:
            x = diet_unit(state, i, x, rate, groups)
        else:
            x = conv(state, f"dilated.{i}", x, dilation=rate)
    z = x
    if not coarse:
        small = F.interpolate(known, scale_factor=1 / 8, mode="nearest")
        x = torch.cat(
            [
                attention(
                    z[b : b + 1],
                    small[b : b + 1],
                    official=official,
                    squared=squared,
                    cosine=similarity == "cosine",
                )
                for b in range(len(z))
            ]
        )
        if fuse:
            x = conv(state, "fusion.0", torch.cat((z, x), 1))
    for block in range(4):
        x = conv(state, f"decoder.blocks.{block}.0", x)
        x = conv(state, f"decoder.blocks.{block}.1", x)
        if block < 3:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
    x = conv(state, "decoder.picture", x, linear=True).clamp(-1, 1)
    return x[..., :height, :width]


def mirror(x: Tensor, left: int, right: int, top: int, bottom: int) -> Tensor:
    """Reflection by bouncing each index off the ends until it lies inside."""

    def inside(i: int, n: int) -> int:
        while not 0 <= i < n:
            i = -i if i < 0 else 2 * (n - 1) - i
        return i

    height, width = x.shape[-2:]
    rows = [inside(i, height) for i in range(-top, height + bottom)]
    columns = [inside(i, width) for i in range(-left, width + right)]
    return x[:, :, rows][:, :, :, columns]


def conv(
    state: Mapping[str, Tensor],
    name: str,
    x: Tensor,
    stride: int = 1,
    dilation: int = 1,
    *,
    linear: bool = False,
) -> Tensor:
    weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
    margin = dilation * (weight.shape[-1] - 1) // 2
    padded = padded_by_reflection(x, margin)
    y = F.conv2d(padded, weight, bias, stride=stride, dilation=dilation)
    return y if linear else F.elu(y)


def padded_by_reflection(x: Tensor, margin: int) -> Tensor:
    if margin == 0:
        return x
    if margin < min(x.shape[-2:]):
        return F.pad(x, (margin,) * 4, mode="reflect")
    return mirror(x, margin, margin, margin, margin)


def diet_unit(state: Mapping[str, Tensor], index: int, x: Tensor, rate: int, groups: int) -> Tensor:
    unit = f"dilated.units.{index}"
    weight = state[f"{unit}.scale"] * state["dilated.common"] + state[f"{unit}.shift"]
    h = F.conv2d(
        padded_by_reflection(x, rate), weight, state[f"{unit}.bias"], dilation=rate, groups=groups
    )
    h = F.elu(h)
    batch, channels, height, width = h.shape
    h = h.view(batch, groups, channels // groups, height, width).transpose(1, 2)
    h = h.reshape(batch, channels, height, width)
    h = F.conv2d(h, state[f"{unit}.mix.weight"], state[f"{unit}.mix.bias"], groups=groups)
    return F.elu(x + h)


def attention(z: Tensor, known: Tensor, *, official: bool, squared: bool, cosine: bool) -> Tensor:
    """Steps 1 to 9 of the attention for one picture: z (1, C, h, w), known (1, 1, h, w)."""
    height, width = z.shape[-2:]
    background = z * known
    patches = F.unfold(background, 3)[0].T  # (N, 9 C)
    queries = F.unfold(z, 3, padding=1)[0].T  # (h w, 9 C)
    whole = F.unfold(known, 3)[0].min(0).values > 0.5  # (N,)
    centre = known[0, 0, 1:-1, 1:-1].flatten() > 0.5
    if official:
        usable = torch.ones_like(whole)
    elif whole.any():
        usable = whole
    elif centre.any():
        usable = centre
    else:
        return z
    if cosine:
        score = cosine_scores(queries, patches, usable, (height, width))[:, usable]
    else:
        score = distance_scores(queries, patches[usable], squared=squared)
    weight = torch.softmax(LAMBDA * score, 1)  # (h w, usable patches)
    rebuilt = weight @ patches[usable]
    pasted = F.fold(rebuilt.T[None], (height, width), 3, padding=1)
    if official:
        pasted = pasted / 9
    else:
        ones = torch.ones_like(rebuilt.T[None])
        pasted = pasted / F.fold(ones, (height, width), 3, padding=1)
    return background + pasted * (1 - known) if official else torch.where(known > 0.5, z, pasted)


def distance_scores(queries: Tensor, patches: Tensor, *, squared: bool) -> Tensor:
    d = queries.square().sum(1)[:, None] + patches.square().sum(1)[None] - 2 * queries @ patches.T
    if not squared:
        d = (d.clamp_min(0) + EPSILON).sqrt()
    mean = d.mean(1, keepdim=True)
    deviation = ((d - mean).square().mean(1, keepdim=True) + EPSILON).sqrt()
    return torch.tanh(-(d - mean) / deviation)


def cosine_scores(
    queries: Tensor, patches: Tensor, usable: Tensor, size: tuple[int, int]
) -> Tensor:
    """Cosines, twice smoothed by a 3x3 identity kernel: rows first, then columns first."""
    queries = queries / (queries.square().sum(1, keepdim=True) + EPSILON).sqrt()
    patches = patches / (patches.square().sum(1, keepdim=True) + EPSILON).sqrt()
    score = queries @ patches.T * usable
    height, width = size
    kernel = torch.eye(3, dtype=score.dtype)[None, None]
    score = F.conv2d(score[None, None], kernel, padding=1)[0, 0]
    score = score.view(height, width, height - 2, width - 2).permute(1, 0, 3, 2)
    score = score.reshape(height * width, -1)
    score = F.conv2d(score[None, None], kernel, padding=1)[0, 0]
    score = score.view(width, height, width - 2, height - 2).permute(1, 0, 3, 2)
    return score.reshape(height * width, -1)
