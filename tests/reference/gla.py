"""MPGA + GLA as the authors' program computes it: whole matrices, a loop over the batch.

Plain functions on a state dict; the oracle for exactness, and the baseline for speed and memory.
Uddin and Jung, "Global and Local Attention-Based Free-Form Image Inpainting", Sensors 2020.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    State = Mapping[str, Tensor]


def generate(
    state: State, image: Tensor, hole: Tensor, *, preset: str = "paper", strict: bool = False
) -> Tensor:
    """The fine network's output, clamped; sides are multiples of 8."""
    return both(state, image, hole, preset=preset, strict=strict)[1]


def both(
    state: State, image: Tensor, hole: Tensor, *, preset: str = "paper", strict: bool = False
) -> tuple[Tensor, Tensor]:
    """The coarse and the fine output, clamped to [-1, 1]."""
    image = image * (1 - hole)
    known = 1 - hole
    act = F.elu if preset == "released" else lambda x: F.leaky_relu(x, 0.2)

    def mpga(psi: Tensor) -> Tensor:
        part = _part(state, "coarse.attention.")
        small = F.interpolate(known, scale_factor=1 / 4, mode="nearest")
        return global_attention(part, psi, small, preset, strict)

    def gla(psi: Tensor) -> Tensor:
        part = _part(state, "fine.attention.")
        small = F.interpolate(hole, scale_factor=1 / 8, mode="nearest")
        return patch_attention(part, psi, small, preset, strict)

    ones = torch.ones_like(hole)
    coarse = stage(_part(state, "coarse."), torch.cat([image, ones, hole], 1), act, mpga)
    mixed = coarse * hole + image * known
    return coarse, stage(_part(state, "fine."), torch.cat([mixed, ones, hole], 1), act, gla)


def stage(
    state: State, x: Tensor, act: Callable[[Tensor], Tensor], attend: Callable[[Tensor], Tensor]
) -> Tensor:
    """One of the two networks, section 4 of the table of layers."""

    def conv(name: str, x: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
        weight, bias = state[name + ".weight"], state[name + ".bias"]
        padding = dilation * (weight.shape[-1] - 1) // 2
        return F.conv2d(x, weight, bias, stride, padding, dilation)

    regular = x
    strides = [1, 2, 1, 2, 1, 1, 1, 1, 1, 1]
    dilations = [1, 1, 1, 1, 1, 1, 2, 4, 8, 16]
    for index, (stride, dilation) in enumerate(zip(strides, dilations, strict=True)):
        regular = act(conv(f"regular.{index}", regular, stride, dilation))
    attended = x
    for index, stride in enumerate([1, 2, 1, 2, 1]):
        attended = act(conv(f"attentive.{index}", attended, stride))
    attended = F.relu(conv("attentive.5", attended))
    attended = attend(attended)
    attended = act(conv("after.0", attended))
    attended = act(conv("after.1", attended))
    y = torch.cat([regular, attended], 1)
    y = act(conv("decoder.0", y))
    y = act(conv("decoder.1", y))
    y = F.interpolate(y, scale_factor=2, mode="nearest")
    y = act(conv("decoder.2", y))
    y = act(conv("decoder.3", y))
    y = F.interpolate(y, scale_factor=2, mode="nearest")
    y = act(conv("decoder.4", y))
    y = act(conv("decoder.5", y))
    return conv("decoder.6", y).clamp(-1, 1)


def global_attention(
    state: State, psi: Tensor, known: Tensor, preset: str, strict: bool, scalar: str = "gamma"
) -> Tensor:
    """Equations 1 to 5, with the whole matrix; `known` is (B, 1, h, w)."""
    batch, channels, height, width = psi.shape
    q = _conv(state, "query", psi).flatten(2).transpose(1, 2)  # (B, N, 16)
    k = _conv(state, "key", psi).flatten(2)  # (B, 16, N)
    v = _conv(state, "value", psi).flatten(2)  # (B, C, N)
    rho = torch.bmm(q, k)  # (B, N, N): query, key
    flags = known.flatten(2)  # (B, 1, N)
    if preset == "released":
        mask = (1 - flags).repeat(1, flags.shape[2], 1).transpose(1, 2)
    else:
        mask = flags.repeat(1, flags.shape[2], 1)
    pruned = rho * mask
    if strict:
        some = flags.sum(2, keepdim=True) > 0
        pruned = torch.where(some, pruned.masked_fill(mask == 0, -torch.inf), pruned)
    kappa = F.softmax(pruned, dim=-1)
    attended = torch.bmm(v, kappa.transpose(1, 2)).view(batch, channels, height, width)
    if preset == "released":
        return state[scalar] * psi * (1 - known) + known * attended
    own = state[scalar] * psi if scalar == "beta" else psi
    return known * own + (1 - known) * attended


def window_attention(
    state: State, windows: Tensor, holes: Tensor, preset: str, strict: bool
) -> Tensor:
    """Equations 6 to 10 for the (L, C, 3, 3) windows of one sample; `holes` is (L, 1, 3, 3)."""
    count, channels = windows.shape[:2]
    key = "window_key" if preset == "paper" else "key"
    q = _conv(state, "window_query", windows).flatten(2).transpose(1, 2)  # (L, 9, 16)
    k = _conv(state, key, windows).flatten(2)  # (L, 16, 9)
    v = _conv(state, "window_value", windows).flatten(2)  # (L, C, 9)
    e = torch.bmm(q, k)
    flags = (1 - holes if preset == "paper" else holes).view(count, 1, 9)
    if strict:
        some = flags.sum(2, keepdim=True) > 0
        e = torch.where(some, e.masked_fill(flags == 0, -torch.inf), e * flags)
    else:
        e = e * flags
    attended = torch.bmm(v, F.softmax(e, -1).transpose(1, 2)).view(count, channels, 3, 3)
    if preset == "paper":
        return (1 - holes) * windows + holes * attended
    return state["beta_2"] * windows * holes + (1 - holes) * attended


def patch_attention(state: State, psi: Tensor, holes: Tensor, preset: str, strict: bool) -> Tensor:
    """The attention of the fine network, section 6; `holes` is (B, 1, h / 2, w / 2)."""
    f = F.interpolate(psi, scale_factor=1 / 2, mode="nearest")
    foreground = f
    if preset == "paper":
        foreground = global_attention(state, f, 1 - holes, preset, strict, "beta")
    height, width = f.shape[-2:]
    done = []
    for sample in range(len(psi)):
        one = slice(sample, sample + 1)
        windows = _windows(f[one], 3, 1)  # (L, C, 3, 3)
        hole = _windows(holes[one], 3, 1)  # (L, 1, 3, 3)
        patches = window_attention(state, windows, hole, preset, strict)
        norms = patches.pow(2).sum((1, 2, 3), keepdim=True).sqrt().clamp(min=1e-4)
        scores = F.conv2d(foreground[one], patches / norms, padding=1)  # (1, L, h/2, w/2)
        scores = fuse(scores.view(height * width, height * width), height, width)
        clear = (hole.mean((1, 2, 3)) == 0).to(psi.dtype)[:, None]  # (L, 1)
        scores = scores * clear
        if strict and clear.any():
            scores = scores.masked_fill(clear == 0, -torch.inf)
        weights = F.softmax(scores * 10, dim=0) * clear  # over the patches
        weights = weights.view(1, -1, height, width)
        values = _windows(psi[one], 4, 2)  # (L, C, 4, 4)
        done.append(F.conv_transpose2d(weights, values, stride=2, padding=1) / 4)
    return torch.cat(done)


def fuse(scores: Tensor, height: int, width: int) -> Tensor:
    """Add the diagonal neighbours, first in raster order, then down the columns."""
    eye = torch.eye(3, dtype=scores.dtype).view(1, 1, 3, 3)
    count = height * width
    y = F.conv2d(scores.view(1, 1, count, count), eye, padding=1)
    y = y.view(height, width, height, width).permute(1, 0, 3, 2).reshape(1, 1, count, count)
    y = F.conv2d(y, eye, padding=1)
    y = y.view(width, height, width, height).permute(1, 0, 3, 2)
    return y.reshape(count, count)


def _windows(x: Tensor, side: int, stride: int) -> Tensor:
    """(1, C, h, w) to (L, C, side, side) in raster order, one cell of zeros around."""
    parts = F.unfold(x, side, padding=1, stride=stride)
    return parts.view(x.shape[1], side, side, -1).permute(3, 0, 1, 2)


def _conv(state: State, name: str, x: Tensor) -> Tensor:
    return F.conv2d(x, state[name + ".weight"], state[name + ".bias"])


def _part(state: State, prefix: str) -> State:
    return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}
