"""RED, the region ensemble discriminator of PEPSI.

Shin, Sagong, Yeo, Kim, Ko, "PEPSI++: Fast and Lightweight Network for Image Inpainting", 2020. It
sees the picture only. Where the default departs from the authors' program:

* a cell's bias is added once, not once per channel, which multiplies it by 512 (a slip, it seems);
* the grid of cells follows from the size of the crops; the paper has 256 pixels and 4 x 4 cells.

LeakyReLU stands behind the last convolution too, as in the program; the paper leaves it out there.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.layers import full_precision, wide
from training.batch import Critic
from training.discriminators.layers import NormedConv, activated, check_size

CELL = 64
"""Side in pixels of what one cell stands for; each sees most of a picture of 256."""

_WIDENING = (1, 2, 4, 4, 4, 8)


class RegionEnsembleCritic(Critic):
    """Six strided convolutions, then a classifier of its own for each cell of the picture.

    Args:
        size: side of the crops.
        base: channels of the first convolution.
    """

    def __init__(self, size: int, *, base: int = 64) -> None:
        super().__init__()
        self.size, self.base = size, base
        self.grid = math.ceil(size / CELL)
        widths = [base * factor for factor in _WIDENING]
        self.convolutions = nn.ModuleList()
        for inputs, outputs in zip([3, *widths], widths, strict=False):
            conv = NormedConv(inputs, outputs, 5, stride=2)
            nn.init.xavier_uniform_(conv.weight)
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]  # there always is one here
            self.convolutions.append(conv.normed())
        self.vectors = nn.Parameter(torch.randn(self.grid**2, widths[-1]))
        self.biases = nn.Parameter(torch.zeros(self.grid**2))

    def directions(self) -> Tensor:
        """What each cell's features are multiplied by: vectors of length 1. (cells, channels).

        The spectral norm of a matrix of one column is its length.
        """
        return F.normalize(self.vectors, dim=1)

    def forward(
        self, image: Tensor, known: Tensor, hole: Tensor, keypoints: Tensor | None = None
    ) -> Tensor:
        """Scores of the cells, (B, grid, grid); see `Critic`.

        Raises:
            InvalidInputError: if the picture is not of the size that this was built for.
        """
        del known, hole, keypoints
        check_size(image, self.size, "red")
        x = image
        for conv in self.convolutions:
            x = activated(conv(F.pad(x, _margins(x))))
        with full_precision(x.device):
            cells = wide(x).flatten(2).mT  # (B, cells, channels)
            scores = (cells * self.directions()).sum(2) + self.biases
        return scores.view(-1, self.grid, self.grid)

    def resampled(self, size: int) -> RegionEnsembleCritic:
        """The same critic for crops of another size: cells between the old ones see in between."""
        other = RegionEnsembleCritic(size, base=self.base)
        state = self.state_dict()
        vectors = _resampled(self.directions().detach(), self.grid, other.grid)
        state["vectors"] = F.normalize(vectors, dim=1)
        state["biases"] = _resampled(self.biases.detach()[:, None], self.grid, other.grid)[:, 0]
        other.load_state_dict(state)
        return other


def _margins(x: Tensor) -> tuple[int, int, int, int]:
    """TensorFlow's "SAME": zeros so that ceil(n / 2) come out, the odd one at the far border."""
    height, width = x.shape[-2:]
    left, top = (1 + side % 2 for side in (width, height))
    return left, 2, top, 2


def _resampled(rows: Tensor, grid: int, wanted: int) -> Tensor:
    """(grid * grid, C) to (wanted * wanted, C), linearly in both directions."""
    plane = rows.T.reshape(1, -1, grid, grid)
    plane = F.interpolate(plane, (wanted, wanted), mode="bilinear", align_corners=False)
    return plane[0].flatten(1).T.contiguous()
