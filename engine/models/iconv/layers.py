"""The layers of IConv. Features are (B, C, h, w), a certainty is (B, 1, h, w) in 0..1.

Layers overwrite the features they are given when no gradient is wanted: each of them is read once,
and memory that is written again costs far less than memory that is new.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.layers import full_precision, wide

if TYPE_CHECKING:
    from collections.abc import Callable

    Sample = tuple[Tensor, Tensor]
    """Features and their certainty."""

SLOPE = 0.2


def activated(x: Tensor) -> Tensor:
    """LeakyReLU, then each pixel divided by the root mean square of its channels.

    Where all channels are exactly 0, as deep in a large hole before the first step, the slope
    would be 1 / sqrt(1e-7), and over the layers infinite; it is taken as 0.
    """
    lasting = torch.is_grad_enabled()
    x = F.leaky_relu(wide(x), SLOPE, inplace=not lasting)
    power = torch.linalg.vector_norm(x, dim=1, keepdim=True).square() / x.shape[1]
    factor = torch.rsqrt(power + 1e-7)
    return x * factor.where(power > 0, 0) if lasting else x.mul_(factor)


class Equalised(nn.Module):
    """Weights that are stored with variance 1 and multiplied by `scale` when used.

    The product is kept while the layer is in eval mode and no gradient is wanted.
    """

    def __init__(self, *shape: int, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape))
        self.bias = nn.Parameter(torch.zeros(shape[0]))
        self.scale = scale
        self._kept: tuple[nn.Parameter, int, Tensor] | None = None

    def scaled(self) -> Tensor:
        """The weights that count."""
        weight = self.weight
        if self.training or torch.is_grad_enabled() or weight.is_inference():
            return self._folded()
        # The version counts changes in place, such as a running average's.
        version = weight._version  # noqa: SLF001
        if self._kept is None or self._kept[0] is not weight or self._kept[1] != version:
            self._kept = (weight, version, self._folded())
        return self._kept[2]

    def _folded(self) -> Tensor:
        return self.weight * self.scale

    def train(self, mode: bool = True) -> Equalised:
        self._kept = None
        super().train(mode)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Equalised:
        self._kept = None  # the parameter stays the same object while its values move
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_kept": None}


class EqualisedLinear(Equalised):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(outputs, inputs, scale=1 / math.sqrt(inputs))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.to(self.weight.dtype), self.scaled(), self.bias)


class EqualisedConv(Equalised):
    """A convolution with zero padding that keeps the size.

    A depthwise one has the scale sqrt(channels)/kernel, not 1/kernel, as released weights need.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, *, depthwise: bool = False) -> None:
        scale = math.sqrt(inputs) / kernel if depthwise else 1 / math.sqrt(inputs * kernel**2)
        width = 1 if depthwise else inputs
        super().__init__(outputs, width, kernel, kernel, scale=scale)
        self.kernel = kernel
        self.groups = inputs if depthwise else 1

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, (B, inputs, h, w) to (B, outputs, h, w)."""
        x, margin = x.to(self.weight.dtype), self.kernel // 2
        return F.conv2d(x, self.scaled(), self.bias, padding=margin, groups=self.groups)

    def _folded(self) -> Tensor:
        return super()._folded().contiguous(memory_format=torch.channels_last)


class ImputedConv(EqualisedConv):
    """A convolution that replaces uncertain inputs by a learned average of their neighbourhood.

    Args:
        inputs: channels.
        outputs: channels.
        kernel: of the convolution; 1 leaves the certainty as it is.
        window: side of the neighbourhood.
        mean: start from the plain average instead of random weights.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, window: int, *, mean: bool = False
    ) -> None:
        super().__init__(inputs, outputs, kernel)
        self.impute = EqualisedConv(inputs, inputs, window, depthwise=True)
        if mean:
            nn.init.constant_(self.impute.weight, 1 / (window * math.sqrt(inputs)))
        if kernel > 1:
            self.certainty = nn.Parameter(torch.ones(1, 1, kernel, kernel))

    def imputed(self, x: Tensor, certainty: Tensor) -> Tensor:
        """Equations 3 and 4: C x + (1 - C) h, with h the sum of C x over the mean of C, or so."""
        lasting = torch.is_grad_enabled()
        weighted = x * certainty if lasting else x.mul_(certainty)
        summed = wide(self.impute(weighted))
        window = self.impute.kernel
        mean = F.avg_pool2d(certainty, window, 1, window // 2)
        share = (1 - certainty) / (mean + 0.01)
        if lasting:
            return torch.addcmul(weighted, summed, share)
        return weighted.addcmul_(summed, share)

    def spread(self, certainty: Tensor) -> Tensor:
        """Equation 5 as released: the certainty behind this layer."""
        with full_precision(certainty.device):
            weight = self.certainty.to(certainty.dtype)
            reach = F.conv2d(certainty, weight, padding=self.kernel // 2)
        return (2 * torch.sigmoid(reach) - 1 + 1e-6).clamp(0, 1)

    def plain(self, x: Tensor) -> Tensor:
        """The convolution alone."""
        return super().forward(x)

    def forward(self, x: Tensor, certainty: Tensor | None = None) -> Tensor:
        """Impute, then convolve. (B, inputs, h, w) and (B, 1, h, w) to (B, outputs, h, w)."""
        return self.plain(x if certainty is None else self.imputed(x, certainty))


class Block(nn.Sequential):
    """Two 3x3 convolutions, each with activation and pixel norm."""

    def __init__(self, *convolutions: EqualisedConv) -> None:
        super().__init__(*convolutions)

    def forward(self, x: Tensor, certainty: Tensor) -> Sample:  # type: ignore[override]
        for convolution in self:
            if isinstance(convolution, ImputedConv):
                x = activated(convolution(x, certainty))
                certainty = convolution.spread(certainty)
            else:
                x = activated(convolution(x))
        return x, certainty


class GatedSkip(nn.Module):
    """Equations 6 and 7: encoder and decoder features mixed by their certainty."""

    def __init__(self) -> None:
        super().__init__()
        self.beta0 = nn.Parameter(torch.ones(()))
        self.beta1 = nn.Parameter(torch.ones(()))

    def gate(self, shallow: Tensor, deep: Tensor) -> Tensor:
        """How much of the encoder is taken, from both certainties. (B, 1, h, w)."""
        ours = shallow * wide(self.beta0).relu()
        return ours / (ours + deep * wide(self.beta1).relu() + 1e-8)

    def forward(self, shallow: Sample, deep: Sample) -> Sample:
        gate = self.gate(shallow[1], deep[1])
        certainty = torch.lerp(deep[1], shallow[1], gate)
        if torch.is_grad_enabled():
            return torch.lerp(deep[0], shallow[0], gate), certainty
        return deep[0].lerp_(shallow[0], gate), certainty


class ConvolvedSkip(EqualisedConv):
    """The skip of the ablation: a 1x1 convolution of decoder and encoder features."""

    def __init__(self, channels: int) -> None:
        super().__init__(2 * channels, channels, 1)

    def forward(self, shallow: Sample, deep: Sample) -> Sample:  # type: ignore[override]
        both = torch.cat((deep[0], shallow[0]), dim=1)
        return activated(super().forward(both)), deep[1]


def pooled(x: Tensor, certainty: Tensor, pool: str) -> Sample:
    """Both on a grid of half the size: averages of 2x2, weighted by certainty or plain."""
    coarse = F.avg_pool2d(certainty, 2)
    if pool == "certainty":
        return F.avg_pool2d(x * certainty, 2) / (coarse + 0.01), coarse
    return F.avg_pool2d(x, 2), coarse


def doubled(x: Tensor) -> Tensor:
    """Each pixel as 2x2."""
    return F.interpolate(x, scale_factor=2, mode="nearest")
