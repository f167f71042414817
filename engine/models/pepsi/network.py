"""The layers of PEPSI and Diet-PEPSI."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import InvalidInputError
from engine.generator import Generation, Generator
from engine.layers import (
    ReflectConv,
    covering,
    full_precision,
    pulse,
    reflect_pad,
    shrink_hole,
    wide,
)
from engine.models.pepsi.attention import borrow

if TYPE_CHECKING:
    from collections.abc import Callable

RATES = (2, 4, 8, 16)
"""Dilations. The paper's table II prints 1 for the last; its text and its code do not."""

DEEP = 256
"""Channels of the deepest features."""


class PepsiGenerator(Generator):
    """PEPSI, or Diet-PEPSI. Stages: the coarse path's picture, at full size.

    Sides are padded to a multiple of 8. Maps: "source" and "weight" of the attention.
    """

    multiple: ClassVar[int] = 8
    blank: ClassVar[float] = -1.0
    heeds_forbidden: ClassVar[bool] = True

    def __init__(
        self,
        *,
        diet: bool = False,
        groups: int = 1,
        fuse: bool = False,
        official: bool = False,
        squared: bool = True,
        similarity: Literal["euclidean", "cosine"] = "euclidean",
    ) -> None:
        """Make a network with fresh weights.

        Args:
            diet: dilated layers that share their weights (Diet-PEPSI).
            groups: of the shared layers' convolutions; 1, 2 or 4 in the paper.
            fuse: after the attention, merge old and new features by a 1x1 convolution. The authors'
                program does, the paper's parameter counts exclude it.
            official: the attention offers patches of the hole as zeros and divides by 9 at the
                border as well, as the authors' program does.
            squared: squared distances, as the authors' program; False as the paper's equation 6.
            similarity: "cosine" is the paper's comparison (table X).

        Raises:
            InvalidInputError: if the values do not fit together.
        """
        super().__init__()
        if groups != 1 and (not diet or groups < 1 or DEEP % groups):
            raise InvalidInputError(
                f"groups={groups}: only diet=True takes groups, and they must divide {DEEP}"
            )
        if similarity not in ("euclidean", "cosine"):
            raise InvalidInputError(f'similarity="{similarity}"; it is "euclidean" or "cosine"')
        self.official = official
        self.squared = squared
        self.cosine = similarity == "cosine"
        self.trunk = Stack(
            (
                ReflectConv(4, 32, 5),  # 1
                ReflectConv(32, 64, stride=2),  # 1/2
                ReflectConv(64, 64),
                ReflectConv(64, 128, stride=2),  # 1/4
                ReflectConv(128, 128),
                ReflectConv(128, DEEP, stride=2),  # 1/8
            )
        )
        self.dilated = DietBlock(groups) if diet else dilated_block()
        self.fusion = Stack((ReflectConv(2 * DEEP, DEEP, 1),)) if fuse else None
        self.decoder = Decoder()

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
        """See `Generator.generate`; there are no further inputs."""
        del inputs
        known = 1 - hole
        x = torch.cat((image, known), 1).contiguous(memory_format=torch.channels_last)
        features = self.dilated(self.trunk(x))  # (B, 256, H/8, W/8)
        small = shrink_hole(hole, self.multiple) > 0.5
        refined, shown = borrow(
            features,
            small,
            official=self.official,
            squared=self.squared,
            cosine=self.cosine,
            maps=maps,
            forbidden=None if forbidden is None else covering(forbidden, self.multiple),
        )
        if self.fusion is not None:
            refined = self.fusion(torch.cat((features, refined), 1))
        if not stages:
            return Generation(self.decoder(refined), maps=shown)
        made, coarse = self.decoder(torch.cat((refined, features))).chunk(2)
        return Generation(made, (coarse,), shown)


class Stack(nn.ModuleList):
    """Layers one after the other, an ELU behind each, a pulse before each."""

    def forward(self, x: Tensor) -> Tensor:
        for layer in self:
            pulse()
            x = F.elu(layer(x), inplace=True)
        return x


def dilated_block() -> Stack:
    """PEPSI's widening view: 590,080 weights per rate."""
    return Stack(ReflectConv(DEEP, DEEP, dilation=rate) for rate in RATES)


class Decoder(nn.Module):
    """From features to a picture in [-1, 1]; clipped, not squashed. Both paths use the same one."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            Stack((ReflectConv(inputs, outputs), ReflectConv(outputs, outputs)))
            for inputs, outputs in ((DEEP, 128), (128, 64), (64, 32), (32, 16))
        )
        self.picture = ReflectConv(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        for step, block in enumerate(self.blocks):
            if step:
                x = F.interpolate(x, scale_factor=2.0, mode="nearest")  # 1/4, 1/2, 1
            x = block(x)
        pulse()
        with full_precision(x.device):  # half precision has but 128 steps between 1/2 and 1
            made: Tensor = self.picture(wide(x))
        return made.clamp(-1, 1)


class DietUnit(nn.Module):
    """What one rate has for itself: scale and shift of the common weights, bias, a 1x1 layer."""

    def __init__(self, rate: int, groups: int) -> None:
        super().__init__()
        self.rate = rate
        self.groups = groups
        self.scale = nn.Parameter(torch.ones(DEEP, DEEP // groups, 1, 1))
        self.shift = nn.Parameter(torch.zeros(DEEP, DEEP // groups, 1, 1))
        self.bias = nn.Parameter(torch.zeros(DEEP))
        self.mix = nn.Conv2d(DEEP, DEEP, 1, groups=groups)
        nn.init.xavier_uniform_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)  # type: ignore[arg-type]  # there always is one here

    def weight(self, common: Tensor) -> Tensor:
        """The common weights as this rate sees them (paper, equation 4)."""
        return torch.addcmul(self.shift, self.scale, common)

    def forward(self, x: Tensor, weight: Tensor) -> Tensor:
        """Residual unit.

        Args:
            x: (B, 256, h, w).
            weight: what `weight` gave.
        """
        pulse()
        h = F.conv2d(
            reflect_pad(x, self.rate), weight, self.bias, dilation=self.rate, groups=self.groups
        )
        h = shuffle(F.elu(h, inplace=True), self.groups)
        return F.elu(x + self.mix(h), inplace=True)


def shuffle(x: Tensor, groups: int) -> Tensor:
    """Deal the channels out, so that each group of the next layer sees all groups of the last."""
    return x if groups == 1 else F.channel_shuffle(x, groups)


class DietBlock(nn.Module):
    """Four residual units over one set of 3x3 weights (paper, section IV-B).

    Outside training the weights of each rate are made once and kept, until the module is trained,
    loaded or moved, or a parameter is changed in place.
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.common = nn.Parameter(torch.empty(DEEP, DEEP // groups, 3, 3))
        nn.init.xavier_uniform_(self.common)
        self.units = nn.ModuleList(DietUnit(rate, groups) for rate in RATES)
        self._kept: tuple[list[tuple[int, int]], list[Tensor]] | None = None

    def forward(self, x: Tensor) -> Tensor:
        for unit, weight in zip(self.units, self.weights(), strict=True):
            x = unit(x, weight)
        return x

    def weights(self) -> list[Tensor]:
        """One tensor of 3x3 weights per rate."""
        parameters = list(self.parameters())
        if self.training or torch.is_grad_enabled() or any(p.is_inference() for p in parameters):
            return self._made()
        # A tensor's version grows whenever it is changed in place, as averaged weights are.
        marks = [(p.data_ptr(), p._version) for p in parameters]  # noqa: SLF001 - no public name
        if self._kept is None or self._kept[0] != marks:
            self._kept = (marks, self._made())
        return self._kept[1]

    def _made(self) -> list[Tensor]:
        layout = torch.channels_last
        return [
            unit.weight(self.common).contiguous(memory_format=layout)  # type: ignore[operator]
            for unit in self.units
        ]

    def train(self, mode: bool = True) -> DietBlock:
        self._kept = None
        return super().train(mode)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> DietBlock:
        self._kept = None
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def _load_from_state_dict(self, *arguments: object) -> None:
        self._kept = None
        super()._load_from_state_dict(*arguments)
