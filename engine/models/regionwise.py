"""Region-wise convolutions with non-local correlation, a network in two stages.

Yuqing Ma, Xianglong Liu, Shihao Bai, Lei Wang, Dailan He, Aishan Liu: "Coarse-to-Fine Image
Inpainting via Region-wise Convolutions and Non-local Correlation", IJCAI 2019. The non-local
correlation is a loss; no attention runs here.

Where the paper and its authors' program differ, or are silent, the default here is:

* one filter bank over features split by region ("input-split"), as in the program, because its
  results came from it; the paper's equation 1 read literally is `operator="output-select"`;
* the last convolution of a stage is linear before the clip: the program's ELU approaches -1 only
  asymptotically, which fades black pixels and their gradient; `elu_out=True` restores it;
* the mask shrinks by taking the top left pixel of each cell; the program's `align_corners` takes
  another pixel towards the far border;
* two encoders without common weights, the missing pixels 0, no adversarial term: as the program
  without its journal extension.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import InvalidInputError
from engine.generator import Generation, Generator
from engine.layers import (
    ReflectConv,
    chunks,
    composite,
    full_precision,
    pulse,
    rows_per_chunk,
    shrink_hole,
)
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATORS = ("input-split", "output-select")

_CELL = 4
"""Side in pixels of a cell of the coarsest feature maps, the unit of the windows below."""

_REACH = 2
"""Cells around a window that a decoder must see for the window to come out right.

Its 3x3 layers look 2 pixels far where they run at half the size and 1 pixel at full size: together
8 pixels in the coarse decoder, 7 in the fine one.
"""

_WIDEST = 128
"""Channels of a decoder's widest map at full size; rules how many rows are decoded at once."""


class RegionwiseGenerator(Generator):
    """The coarse stage fills the hole by region-wise filters, the fine stage redraws everything.

    `Generation.image` is the fine stage's output, `Generation.stages` the coarse stage's, both
    clipped to -1..1 and neither composited. Gradients reach the coarse stage through the fine one.

    Args:
        operator: what a region-wise convolution is; see `RegionConv`.
        elu_out: put an ELU before the clip of each stage, as the authors' program does.
    """

    multiple = _CELL
    blank = 0.0

    def __init__(self, *, operator: str = "input-split", elu_out: bool = False) -> None:
        super().__init__()
        self.coarse_encoder = Encoder()
        self.coarse_decoder = RegionDecoder(operator=operator, elu_out=elu_out)
        self.fine_encoder = Encoder()
        self.fine_decoder = PlainDecoder(elu_out=elu_out)

    def generate(
        self, image: Tensor, hole: Tensor, *, stages: bool, maps: bool, **inputs: Tensor
    ) -> Generation:
        del maps, inputs  # there is no attention to show, and nothing else to give
        known, whole = 1 - hole, _cells(hole)
        # Only losses look at the coarse output outside the hole.
        window = whole if stages else _around_the_hole(hole)
        coarse = self._coarse(image, known, window) if window else image
        mixed = composite(image, hole, coarse)
        parts = self.fine_encoder(torch.cat((mixed, known), 1))
        fine = decoded(self.fine_decoder, parts, whole)
        return Generation(fine, (coarse,) if stages else ())

    def _coarse(self, image: Tensor, known: Tensor, window: Box) -> Tensor:
        """The coarse stage's picture inside the window, zeros around it."""
        parts = self.coarse_encoder(torch.cat((image, known), 1))[:-1]  # no skip at full size
        part = decoded(self.coarse_decoder, (*parts, known), window)
        return _placed(part, window, _cells(known))


class Encoder(nn.Module):
    """Twelve layers: two steps down, four dilated ones, two that look back over them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = ReflectConv(4, 32, 5)
        self.conv2 = ReflectConv(32, 64, stride=2)
        self.conv3 = ReflectConv(64, 64)
        self.conv4 = ReflectConv(64, 128, stride=2)
        self.conv5 = ReflectConv(128, 128)
        self.conv6 = ReflectConv(128, 128)
        self.conv7 = ReflectConv(128, 128, dilation=2)
        self.conv8 = ReflectConv(128, 128, dilation=4)
        self.conv9 = ReflectConv(128, 128, dilation=8)
        self.conv10 = ReflectConv(128, 128, dilation=16)
        self.conv11 = ReflectConv(256, 128)
        self.conv12 = ReflectConv(256, 128)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """The picture and its mask to features, coarsest first, in the order decoders want them.

        Args:
            x: (B, 4, H, W), sides multiples of 4.

        Returns:
            The code (B, 128, H/4, W/4) and the skips: (B, 128, H/4, W/4), (B, 64, H/2, W/2) twice,
            (B, 32, H, W).
        """
        x1 = _elu(self.conv1, x)  # 32, full size
        x2 = _elu(self.conv2, x1)  # 64, 1/2
        x3 = _elu(self.conv3, x2)
        x4 = _elu(self.conv4, x3)  # 128, 1/4
        x5 = _elu(self.conv5, x4)
        x6 = x = _elu(self.conv6, x5)
        for dilated in (self.conv7, self.conv8, self.conv9, self.conv10):
            x = _elu(dilated, x)
        x = _elu(self.conv11, torch.cat((x, x6), 1))
        x = _elu(self.conv12, torch.cat((x, x5), 1))
        return x, x4, x3, x2, x1


class RegionDecoder(nn.Module):
    """The coarse stage's decoder: three region-wise layers, three plain ones."""

    def __init__(self, *, operator: str, elu_out: bool) -> None:
        super().__init__()
        self.region13 = RegionConv(128, 128, 128, doubles=True, operator=operator)
        self.region14 = RegionConv(128, 64, 128, operator=operator)
        self.region15 = RegionConv(128, 64, 128, doubles=True, operator=operator)
        self.conv16 = ReflectConv(128, 32)
        self.conv17 = ReflectConv(32, 16)
        self.conv18 = ReflectConv(16, 3)
        self.elu_out = elu_out

    def forward(self, x: Tensor, x4: Tensor, x3: Tensor, x2: Tensor, known: Tensor) -> Tensor:
        """Features as the encoder orders them and the known region at full size to (B, 3, H, W)."""
        quarter, half = shrink_hole(known, 4), shrink_hole(known, 2)
        x = _elu(self.region13, x, x4, quarter)  # 128, 1/2
        x = _elu(self.region14, x, x3, half)
        x = _elu(self.region15, x, x2, half)  # 128, full size
        x = _elu(self.conv17, _elu(self.conv16, x))
        return _colours(self.conv18, x, elu_out=self.elu_out)


class PlainDecoder(nn.Module):
    """The fine stage's decoder: one filter for all regions, skips from every level."""

    def __init__(self, *, elu_out: bool) -> None:
        super().__init__()
        self.conv13 = DoublingConv(256, 64)
        self.conv14 = ReflectConv(128, 64)
        self.conv15 = DoublingConv(128, 32)
        self.conv16 = ReflectConv(64, 16)
        self.conv17 = ReflectConv(16, 3)
        self.elu_out = elu_out

    def forward(self, x: Tensor, x4: Tensor, x3: Tensor, x2: Tensor, x1: Tensor) -> Tensor:
        """Features as the encoder orders them to (B, 3, H, W)."""
        x = _elu(self.conv13, torch.cat((x, x4), 1))  # 64, 1/2
        x = _elu(self.conv14, torch.cat((x, x3), 1))
        x = _elu(self.conv15, torch.cat((x, x2), 1))  # 32, full size
        x = _elu(self.conv16, torch.cat((x, x1), 1))
        return _colours(self.conv17, x, elu_out=self.elu_out)


class DoublingConv(ReflectConv):
    """Nearest enlargement by two, then a 3x3 convolution behind a reflection, as one operation.

    Each output pixel sees only 2x2 different input pixels, so the filter's coinciding taps are
    added up beforehand: a transposed convolution with a 4x4 filter, at 16/36 of the products and
    without the enlarged map. Equal to the two steps up to rounding. Past the border the reflection
    of the enlarged map repeats the input's last pixel.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        weight = _spread(_spread(self.weight, 2), 3).transpose(0, 1)
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        return F.conv_transpose2d(x, weight, self.bias, stride=2, padding=3)


def _spread(weight: Tensor, dim: int) -> Tensor:
    """Along one axis, what each of 4 output pixels around an input pixel takes from it."""
    first, middle, last = weight.unbind(dim)
    return torch.stack((last, middle + last, first + middle, first), dim)


class RegionConv(nn.Module):
    """A convolution with filters of their own for known and for missing features (equation 1).

    With features X, skips S and the region m (1 = known):

    * "input-split": W * ([X, S] m) + V * (X (1 - m)) + b. Across the border both filters
      contribute; skips, which hold nothing where the picture is missing, are ignored there.
    * "output-select": m (W * [X, S] + b) + (1 - m) (V * [X, S] + c). The region of the output
      pixel decides; behind a doubling that is the doubled m.

    Args:
        features: channels of X.
        skips: channels of S, may be 0.
        outputs: channels that come out.
        doubles: enlarge the (masked) input to twice its size first, by repeating pixels.
        operator: one of `OPERATORS`.
    """

    def __init__(
        self, features: int, skips: int, outputs: int, *, operator: str, doubles: bool = False
    ) -> None:
        super().__init__()
        if operator not in OPERATORS:
            raise InvalidInputError(
                f"the operator {operator!r} is unknown; choose one of {', '.join(OPERATORS)}"
            )
        conv = DoublingConv if doubles else ReflectConv
        self.doubles = doubles
        self.splits = operator == "input-split"
        if self.splits:
            self.both = conv(2 * features + skips, outputs)  # channels: known X, known S, missing X
        else:
            self.known = conv(features + skips, outputs)
            self.missing = conv(features + skips, outputs)

    def forward(self, x: Tensor, skip: Tensor, known: Tensor) -> Tensor:
        """(B, X, h, w), (B, S, h, w) and (B, 1, h, w) to (B, outputs, h, w), or twice that size."""
        if self.splits:
            return self._split(x, skip, known)
        features = torch.cat((x, skip), 1)
        if self.doubles:
            known = known.repeat_interleave(2, -2).repeat_interleave(2, -1)
        return torch.where(known > 0.5, self.known(features), self.missing(features))

    def _split(self, x: Tensor, skip: Tensor, known: Tensor) -> Tensor:
        known = known.to(x.dtype)
        made: Tensor = self.both(torch.cat((x * known, skip * known, x * (1 - known)), 1))
        return made


def decoded(decoder: Callable[..., Tensor], parts: tuple[Tensor, ...], window: Box) -> Tensor:
    """What a decoder makes of a window of its input; equal to that window of the whole output.

    While no gradients are kept, it goes in strips, so that the wide maps at full size never exist
    as a whole.

    Args:
        decoder: takes the parts, gives (B, 3, H, W).
        parts: feature maps of the whole picture, the first of them in cells, the others of the
            same size or 2 or 4 times larger.
        window: in cells.

    Returns:
        (B, 3, 4 * height, 4 * width) of the window.
    """
    height, width = parts[0].shape[-2:]
    step = rows_per_chunk(_WIDEST * _CELL * _CELL * window.width)
    if torch.is_grad_enabled():
        step = window.height
    strips = []
    for rows in chunks(window.height, step):
        wanted = Box(window.left, window.top + rows.start, window.right, window.top + rows.stop)
        seen = wanted.grown(_REACH).intersected(Box(0, 0, width, height))
        made = decoder(*(part[(..., *_scaled(seen, part.shape[-1] // width))] for part in parts))
        strips.append(made[(..., *_scaled(wanted.moved(-seen.left, -seen.top), _CELL))])
    return torch.cat(strips, -2)


def _scaled(box: Box, factor: int) -> tuple[slice, slice]:
    return (
        slice(box.top * factor, box.bottom * factor),
        slice(box.left * factor, box.right * factor),
    )


def _cells(picture: Tensor) -> Box:
    return Box(0, 0, picture.shape[-1] // _CELL, picture.shape[-2] // _CELL)


def _around_the_hole(hole: Tensor) -> Box | None:
    """The cells that the holes of all pictures lie in; None if there is no hole."""
    cells = F.max_pool2d(hole, _CELL).amax((0, 1)) > 0
    rows, columns = (cells.any(axis).nonzero().flatten().tolist() for axis in (1, 0))
    if not rows:
        return None
    return Box(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


def _placed(part: Tensor, window: Box, whole: Box) -> Tensor:
    """The window's pixels at their place in the whole picture, zeros around them."""
    if window == whole:
        return part
    margins = (
        window.left - whole.left,
        whole.right - window.right,
        window.top - whole.top,
        whole.bottom - window.bottom,
    )
    return F.pad(part, tuple(_CELL * margin for margin in margins))


def _elu(layer: nn.Module, *inputs: Tensor) -> Tensor:
    """A layer and its activation; the beat between two layers is where a run can be stopped."""
    pulse()
    return F.elu(layer(*inputs), inplace=True)


def _colours(layer: ReflectConv, x: Tensor, *, elu_out: bool) -> Tensor:
    """The last layer of a stage, in full precision: half of it would leave 128 shades a channel."""
    with full_precision(x.device):
        x = layer(x.to(layer.weight.dtype))
    return (F.elu(x) if elu_out else x).clamp(-1, 1)
