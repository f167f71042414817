"""What several critics are made of."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from engine.errors import InvalidInputError
from engine.layers import full_precision

SLOPE = 0.2


class NormedConv(nn.Conv2d):
    """A convolution whose weights are divided by their spectral norm, in full precision.

    Miyato et al. 2018. Each forward pass in training improves the estimate of the norm by one step.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        margin: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride, margin, bias=bias)

    def normed(self) -> NormedConv:
        """Itself, once its weights have their first values: they are normed from now on."""
        parametrizations.spectral_norm(self)
        return self

    def forward(self, x: Tensor) -> Tensor:
        with full_precision(x.device):
            weight = self.weight  # reading it runs the estimate
        made: Tensor = self._conv_forward(x, weight, self.bias)
        return made


def activated(x: Tensor) -> Tensor:
    """LeakyReLU."""
    return F.leaky_relu(x, SLOPE)


def check_size(image: Tensor, size: int, name: str) -> None:
    """Refuse pictures of another size than the critic was built for.

    Raises:
        InvalidInputError: with both sizes.
    """
    height, width = image.shape[-2:]
    if (height, width) != (size, size):
        raise InvalidInputError(
            f"The critic {name} was built for crops of {size} x {size} pixels and cannot judge "
            f"{height} x {width} (height x width); build it for that size."
        )
