"""The two stages around the attention modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import InvalidInputError
from engine.generator import Generation, Generator
from engine.layers import full_precision, pulse, wide
from engine.models.gla.globally import GlobalAttention
from engine.models.gla.patches import PatchAttention

if TYPE_CHECKING:
    from collections.abc import Mapping

PRESETS = ("paper", "released")

SLOPE = 0.2
"""Of the activation, for negative numbers."""


class GlaGenerator(Generator):
    """The generator of both presets; names and shapes of the parameters are the same.

    `image` of its generation is the fine output, clamped to [-1, 1]; `stages` is the coarse one,
    clamped likewise, for the L1 and SSIM losses of the first stage. The maps "source" and "weight"
    tell from where the patch attention of the fine network borrows, per cell of 8 x 8 pixels, and
    with ".1" the global attention of the coarse one, per cell of 4 x 4, which "released" lacks.

    Args:
        preset: "paper", the formulas as intended, or "released", what the authors' weights expect.
        strict: leave missing keys out of every softmax instead of giving them the logit 0; with
            nothing known, all count alike as before. For "paper" only.

    Raises:
        InvalidInputError: if there is no such preset, or "released" is to be strict.
    """

    multiple: ClassVar[int] = 8
    heeds_forbidden: ClassVar[bool] = True

    def __init__(self, *, preset: str = "paper", strict: bool = False) -> None:
        super().__init__()
        if preset not in PRESETS:
            raise InvalidInputError(f"preset is {preset!r}; it must be one of {', '.join(PRESETS)}")
        released = preset == "released"
        if strict and released:
            raise InvalidInputError('strict pruning goes with preset "paper" only')
        self.coarse = Stage(GlobalAttention(released=released, strict=strict), released=released)
        self.fine = Stage(PatchAttention(released=released, strict=strict), released=released)

    def generate(
        self,
        image: Tensor,
        hole: Tensor,
        *,
        stages: bool,
        maps: bool,
        forbidden: Tensor | None = None,
        **inputs: Tensor,
    ) -> Generation:
        del inputs
        border = torch.cat([torch.ones_like(hole), hole], 1)  # (B, 2, H, W)
        first = torch.cat([image, border], 1)
        coarse, seen = self.coarse(first, hole, maps=maps, forbidden=forbidden)
        mended = torch.where(hole > 0.5, coarse.to(image.dtype), image)
        mended = torch.cat([mended, border], 1)
        fine, shown = self.fine(mended, hole, maps=maps, forbidden=forbidden)
        maps_of_both = dict(shown) | {f"{name}.1": each for name, each in seen.items()}
        return Generation(fine, (coarse,) if stages else (), maps_of_both)


class Stage(nn.Module):
    """Two encoders to a quarter of the size, one with attention, and a common decoder."""

    def __init__(self, attention: GlobalAttention | PatchAttention, *, released: bool) -> None:
        super().__init__()
        self.regular = nn.ModuleList(
            [
                _conv(5, 32, 5),
                _conv(32, 32, stride=2),  # H/2
                _conv(32, 64),
                _conv(64, 64, stride=2),  # H/4
                _conv(64, 128),
                _conv(128, 128),
                *(_conv(128, 128, dilation=dilation) for dilation in (2, 4, 8, 16)),
            ]
        )
        self.attentive = nn.ModuleList(
            [
                _conv(5, 32, 5),
                _conv(32, 32, stride=2),  # H/2
                _conv(32, 64),
                _conv(64, 128, stride=2),  # H/4
                _conv(128, 128),
                _conv(128, 128),  # the only one with ReLU
            ]
        )
        self.attention = attention
        self.after = nn.ModuleList([_conv(128, 128), _conv(128, 128)])
        self.decoder = nn.ModuleList(
            [
                _conv(256, 128),
                _conv(128, 128),
                _conv(128, 64),  # H/2
                _conv(64, 64),
                _conv(64, 32),  # H
                _conv(32, 16),
                _conv(16, 3),
            ]
        )
        self.released = released

    def forward(
        self, x: Tensor, hole: Tensor, *, maps: bool, forbidden: Tensor | None = None
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Both encoders, the attention, the decoder.

        Args:
            x: (B, 5, H, W): picture, ones, hole.
            hole: (B, 1, H, W).
            maps: whether the maps are wanted.
            forbidden: (B, 1, H, W), or None.

        Returns:
            (B, 3, H, W) in [-1, 1], and the maps of the attention.
        """
        regular = attended = x
        for conv in self.regular:
            regular = self._act(conv(regular))
        for conv in self.attentive[:-1]:
            attended = self._act(conv(attended))
        attended = F.relu(self.attentive[-1](attended), inplace=True)
        attended, shown = self.attention(attended, hole, maps=maps, forbidden=forbidden)
        for conv in self.after:
            attended = self._act(conv(attended))
        y = torch.cat([regular, attended.to(regular.dtype)], 1)  # (B, 256, H/4, W/4)
        for index, conv in enumerate(self.decoder[:-1]):
            pulse()
            if index in (2, 4):
                y = F.interpolate(y, scale_factor=2, mode="nearest")
            y = self._act(conv(y))
        with full_precision(y.device):  # half precision has but 128 steps between 1/2 and 1
            made: Tensor = self.decoder[-1](wide(y))
        return made.clamp(-1, 1), shown

    def _act(self, x: Tensor) -> Tensor:
        if self.released:
            return F.elu(x, inplace=True)
        return F.leaky_relu(x, SLOPE, inplace=True)


def _conv(
    inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1, dilation: int = 1
) -> nn.Conv2d:
    """A convolution with zeros around it that keeps the size, up to the stride.

    It starts as He et al. 2015 say, so that the picture reaches the end of some twenty layers: with
    the program's start, which is PyTorch's, each leaves but two fifths of it. On sixteen crops of
    64 pixels the L1 of the whole picture came to 0.24 instead of 0.33 within 120 steps.
    """
    margin = dilation * (kernel - 1) // 2
    conv = nn.Conv2d(inputs, outputs, kernel, stride, margin, dilation)
    nn.init.kaiming_normal_(conv.weight, SLOPE)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]  # there always is one here
    return conv
