"""The conditional critic of IConv, with residual blocks and, for faces, keypoints.

Hukkelås, Lindseth, Mester, GCPR 2020; widths, scales and places of the inputs are the released
program's. Sides that are no power of two are not in the paper: their last map, of 5 to 8 cells a
side, is averaged to 4 x 4.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import InvalidInputError
from engine.models.iconv.layers import EqualisedConv, EqualisedLinear
from training.batch import Critic
from training.discriminators.layers import activated, check_size

POSE_SIDE = 32
"""Where the keypoints come in: the block of this side gets them as one more channel."""

_INPUTS = 3 + 3 + 1  # picture, picture without the hole, known region
_LAST = 4


class IconvCritic(Critic):
    """One score for a picture, given what it was filled from.

    Args:
        size: side of the crops.
        base: channels of the generator from side 32 downwards; the critic has sqrt(2) times more.
        keypoints: of a face; 0 for a critic without.

    Raises:
        InvalidInputError: if the crops are too small.
    """

    def __init__(self, size: int, *, base: int = 256, keypoints: int = 0) -> None:
        super().__init__()
        smallest = POSE_SIDE if keypoints else _LAST
        if size < smallest:
            raise InvalidInputError(
                f"The critic iconv cannot judge crops of {size} pixels; it needs {smallest}."
            )
        self.size = size
        largest = 2 ** int(math.log2(size))
        sides = [largest // 2**level for level in range(int(math.log2(largest // _LAST)) + 1)]
        widths = {side: _width(base, side) for side in sides}
        self.from_rgb = EqualisedConv(_INPUTS, widths[largest], 1)
        self.blocks = nn.ModuleDict()
        for side, below in pairwise(sides):
            extra = 1 if keypoints and side == POSE_SIDE else 0
            self.blocks[str(side)] = Residual(widths[side] + extra, widths[below])
        self.pose = Pose(keypoints) if keypoints else None
        deep = widths[_LAST]
        self.wide = EqualisedConv(deep, deep, 3)
        self.whole = EqualisedConv(deep, deep, _LAST)
        self.verdict = EqualisedLinear(deep, 1)

    def forward(
        self, image: Tensor, known: Tensor, hole: Tensor, keypoints: Tensor | None = None
    ) -> Tensor:
        """Scores, (B, 1); see `Critic`. Keypoints that are not given are in the middle.

        Raises:
            InvalidInputError: if the picture is not of the size that this was built for.
        """
        check_size(image, self.size, "iconv")
        x = torch.cat((image, known, 1 - hole), 1).contiguous(memory_format=torch.channels_last)
        x = activated(self.from_rgb(x))
        for side, block in self.blocks.items():
            if self.pose is not None and side == str(POSE_SIDE):
                x = torch.cat((x, self.pose(keypoints, x)), 1)
            # Rounded upwards, so that the last row of an odd side counts.
            x = F.avg_pool2d(block(x), 2, ceil_mode=True)
        if x.shape[-2:] != (_LAST, _LAST):
            x = F.adaptive_avg_pool2d(x, _LAST)
        x = activated(self.wide(x))
        x = activated(F.conv2d(x.to(self.whole.weight.dtype), self.whole.scaled(), self.whole.bias))
        scores: Tensor = self.verdict(x.flatten(1))
        return scores


class Residual(nn.Module):
    """Two 3x3 convolutions beside a 1x1 one; the sum keeps the variance."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = EqualisedConv(inputs, inputs, 3)
        self.second = EqualisedConv(inputs, outputs, 3)
        self.shortcut = EqualisedConv(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        deep = activated(self.second(activated(self.first(x))))
        made: Tensor = (deep + self.shortcut(x)) * math.sqrt(0.5)
        return made


class Pose(nn.Module):
    """Keypoints as a picture of 32 x 32 numbers."""

    def __init__(self, keypoints: int) -> None:
        super().__init__()
        self.keypoints = keypoints
        self.first = EqualisedLinear(2 * keypoints, 64)
        self.second = EqualisedLinear(64, POSE_SIDE**2)

    def forward(self, keypoints: Tensor | None, beside: Tensor) -> Tensor:
        """(B, N, 2) in 0..1 to (B, 1, h, w), of the size of what they shall stand beside."""
        if keypoints is None:
            keypoints = beside.new_full((len(beside), self.keypoints, 2), 0.5)
        x = activated(self.first(2 * keypoints.flatten(1) - 1))
        plane = activated(self.second(x)).view(-1, 1, POSE_SIDE, POSE_SIDE)
        if plane.shape[-2:] == beside.shape[-2:]:
            return plane
        return F.interpolate(plane, beside.shape[-2:], mode="nearest")


def _width(base: int, side: int) -> int:
    """Channels of a level: sqrt(2) times the generator's, up to a multiple of 8."""
    own = base * 32 // max(side, 32)
    return 8 * max(1, math.ceil(math.sqrt(2) * own / 8))
