"""Region-wise convolutions, the authors' TensorFlow program transcribed: slow, whole, obvious.

Ma et al., IJCAI 2019. Functions over a state dict with the names of `RegionwiseGenerator`. Every
map is enlarged, concatenated and padded as it stands in the program; nothing is skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


def generate(
    state: Mapping[str, Tensor],
    image: Tensor,
    hole: Tensor,
    *,
    operator: str = "input-split",
    elu_out: bool = False,
) -> Tensor:
    """The fine stage's output, clipped, not composited."""
    return both_stages(state, image, hole, operator=operator, elu_out=elu_out)[1]


def both_stages(
    state: Mapping[str, Tensor],
    image: Tensor,
    hole: Tensor,
    *,
    operator: str = "input-split",
    elu_out: bool = False,
) -> tuple[Tensor, Tensor]:
    """The outputs of both stages; any sides, padded here to multiples of 4 by reflection."""
    height, width = image.shape[-2:]
    mask = (hole <= 0.5).to(image.dtype)  # the program's: 1 = known
    mask = pad(mask, 0, -height % 4, 0, -width % 4)
    x = pad(image, 0, -height % 4, 0, -width % 4)
    x = torch.where(mask > 0.5, x, torch.zeros_like(x))
    x1 = coarse(state, x, mask, operator, elu_out)
    mixed = x * mask + x1 * (1 - mask)
    x2 = fine(state, mixed, mask, elu_out)
    return x1[:, :, :height, :width], x2[:, :, :height, :width]


def coarse(
    state: Mapping[str, Tensor], x: Tensor, mask: Tensor, operator: str, elu_out: bool
) -> Tensor:
    x12, x4, x3, x2, _ = encoder(state, "coarse_encoder", torch.cat((x, mask), 1))
    at_64, at_128 = mask[:, :, ::4, ::4], mask[:, :, ::2, ::2]
    x = region(state, "coarse_decoder.region13", x12, x4, at_64, operator, up=True)
    x = region(state, "coarse_decoder.region14", x, x3, at_128, operator, up=False)
    x = region(state, "coarse_decoder.region15", x, x2, at_128, operator, up=True)
    x = F.elu(conv(state, "coarse_decoder.conv16", x))
    x = F.elu(conv(state, "coarse_decoder.conv17", x))
    x = conv(state, "coarse_decoder.conv18", x)
    return torch.clamp(F.elu(x) if elu_out else x, -1, 1)


def fine(state: Mapping[str, Tensor], x: Tensor, mask: Tensor, elu_out: bool) -> Tensor:
    x12, x4, x3, x2, x1 = encoder(state, "fine_encoder", torch.cat((x, mask), 1))
    x = F.elu(conv(state, "fine_decoder.conv13", twice(torch.cat((x12, x4), 1))))
    x = F.elu(conv(state, "fine_decoder.conv14", torch.cat((x, x3), 1)))
    x = F.elu(conv(state, "fine_decoder.conv15", twice(torch.cat((x, x2), 1))))
    x = F.elu(conv(state, "fine_decoder.conv16", torch.cat((x, x1), 1)))
    x = conv(state, "fine_decoder.conv17", x)
    return torch.clamp(F.elu(x) if elu_out else x, -1, 1)


def encoder(state: Mapping[str, Tensor], name: str, x: Tensor) -> tuple[Tensor, ...]:
    x1 = F.elu(conv(state, f"{name}.conv1", x))
    x2 = F.elu(conv(state, f"{name}.conv2", x1, stride=2))
    x3 = F.elu(conv(state, f"{name}.conv3", x2))
    x4 = F.elu(conv(state, f"{name}.conv4", x3, stride=2))
    x5 = F.elu(conv(state, f"{name}.conv5", x4))
    x6 = F.elu(conv(state, f"{name}.conv6", x5))
    x7 = F.elu(conv(state, f"{name}.conv7", x6, dilation=2))
    x8 = F.elu(conv(state, f"{name}.conv8", x7, dilation=4))
    x9 = F.elu(conv(state, f"{name}.conv9", x8, dilation=8))
    x10 = F.elu(conv(state, f"{name}.conv10", x9, dilation=16))
    x11 = F.elu(conv(state, f"{name}.conv11", torch.cat((x10, x6), 1)))
    x12 = F.elu(conv(state, f"{name}.conv12", torch.cat((x11, x5), 1)))
    return x12, x4, x3, x2, x1


def region(
    state: Mapping[str, Tensor],
    name: str,
    x: Tensor,
    skip: Tensor,
    mask: Tensor,
    operator: str,
    *,
    up: bool,
) -> Tensor:
    enlarge = twice if up else torch.clone
    complete = torch.cat((x, skip), 1)
    if operator == "input-split":
        fusion = torch.cat((complete * mask, x * (1 - mask)), 1)
        return F.elu(conv(state, f"{name}.both", enlarge(fusion)))
    known = conv(state, f"{name}.known", enlarge(complete))
    missing = conv(state, f"{name}.missing", enlarge(complete))
    mask = enlarge(mask)
    return F.elu(mask * known + (1 - mask) * missing)


def conv(
    state: Mapping[str, Tensor], name: str, x: Tensor, *, stride: int = 1, dilation: int = 1
) -> Tensor:
    weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
    margin = dilation * (weight.shape[-1] - 1) // 2
    x = pad(x, margin, margin, margin, margin)
    return F.conv2d(x, weight, bias, stride=stride, dilation=dilation)


def twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


def pad(x: Tensor, top: int, bottom: int, left: int, right: int) -> Tensor:
    if max(top, bottom) < x.shape[2] and max(left, right) < x.shape[3]:
        return F.pad(x, (left, right, top, bottom), mode="reflect")
    rows = [mirrored(i, x.shape[2]) for i in range(-top, x.shape[2] + bottom)]
    columns = [mirrored(i, x.shape[3]) for i in range(-left, x.shape[3] + right)]
    return x[:, :, rows][:, :, :, columns]


def mirrored(index: int, side: int) -> int:
    """The index that a walk between 0 and side-1, turning at both ends, comes to."""
    while side > 1 and not 0 <= index < side:
        index = -index if index < 0 else 2 * (side - 1) - index
    return index if side > 1 else 0
