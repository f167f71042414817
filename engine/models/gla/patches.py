"""Global and local attention (GLA): patches of the known region, pasted by their likeness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from engine.layers import (
    chunks,
    covering,
    full_precision,
    require_sources,
    shrink_hole,
    strongest,
    wide,
)
from engine.models.gla.diagonals import paste
from engine.models.gla.globally import CHANNELS, Projections, attend_holes
from engine.models.gla.likeness import Grid, PaperLikeness, ReleasedLikeness

if TYPE_CHECKING:
    from collections.abc import Mapping

SCALE = 10.0
"""Sharpness of the softmax over patches."""

BLOCK_BYTES = 16 * 2**20
"""About how large one block of scores becomes; larger ones leave the cache."""


class PatchAttention(Projections):
    """GLA at a quarter of the size: scores between 3x3 windows at an eighth, 4x4 patches pasted.

    With preset "released", missing cells keep beta_2 times their features inside a window and known
    ones attend to the missing ones, the foreground is raw and `key` serves the windows.
    """

    def __init__(self, *, released: bool, strict: bool) -> None:
        super().__init__()
        self.window_query = nn.Conv2d(CHANNELS, CHANNELS // 8, 1)
        self.window_key = nn.Conv2d(CHANNELS, CHANNELS // 8, 1)
        self.window_value = nn.Conv2d(CHANNELS, CHANNELS, 1)
        self.beta = nn.Parameter(torch.ones(1))
        self.beta_2 = nn.Parameter(torch.ones(1))
        self.released = released
        self.strict = strict

    def forward(
        self, psi: Tensor, hole: Tensor, *, maps: bool, forbidden: Tensor | None = None
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Attend.

        Args:
            psi: (B, 128, h, w), even sides.
            hole: (B, 1, 4 h, 4 w).
            maps: whether "source" and "weight" are wanted.
            forbidden: (B, 1, 4 h, 4 w), or None; windows with any of it are never pasted.

        Returns:
            (B, 128, h, w), and the maps at (h / 2, w / 2).

        Raises:
            NothingToCopyError: if a picture has clear windows but all of them are forbidden.
        """
        small = shrink_hole(hole, 8) > 0.5  # (B, 1, h/2, w/2)
        barred = None if forbidden is None else covering(forbidden, 8)
        with full_precision(psi.device):
            psi = wide(psi)
            foreground = f = psi[..., ::2, ::2]
            if not self.released:
                foreground = attend_holes(
                    f, small, self, strict=self.strict, own=self.beta * f, barred=barred
                )
            done = [
                self._one(
                    psi[sample],
                    Grid(
                        f[sample].permute(1, 2, 0),
                        foreground[sample].permute(1, 2, 0),
                        small[sample, 0],
                        None if barred is None else barred[sample, 0],
                    ),
                    maps=maps,
                )
                for sample in range(len(psi))
            ]
            names = ("source", "weight") if maps else ()
            shown = {name: torch.stack([tops[name] for _, tops in done]) for name in names}
            return torch.stack([pasted for pasted, _ in done]), shown

    def _one(self, psi: Tensor, grid: Grid, *, maps: bool) -> tuple[Tensor, Mapping[str, Tensor]]:
        """One picture, in blocks of rows of queries: (C, h, w) and its maps."""
        height, width = grid.height, grid.width
        if grid.barred is not None:
            require_sources(grid.clear[None], grid.used[None])
        likeness = (ReleasedLikeness if self.released else PaperLikeness)(self, grid)
        values = psi.reshape(-1, height, 2, width, 2)  # (C, h/2, 2, w/2, 2)
        values = values.permute(2, 4, 1, 3, 0).contiguous()  # (2, 2, h/2, w/2, C)
        result = values.new_zeros(2, 2, height + 2, width, len(psi))
        best: list[tuple[Tensor, Tensor]] = []
        for rows in chunks(height, max(2, BLOCK_BYTES // (4 * width * width * height))):
            weights = self._weights(likeness.fused(rows.start, rows.stop), grid)
            if maps:
                best.append(strongest(weights))
            pasted = paste(weights.view(-1, width, height, width), values)
            result[:, :, rows.start : rows.stop + 2] += pasted
        together = result[:, :, 1:-1].permute(4, 2, 0, 3, 1).reshape(psi.shape) / 4
        return together, _tops(best, height, width) if maps else {}

    def _weights(self, scores: Tensor, grid: Grid) -> Tensor:
        """Softmax over the patches, (Q, L).

        Those with a missing cell count, but get no weight; those with a forbidden one do not count.
        """
        clear, used = grid.clear, grid.used
        scores = scores * (clear * SCALE)
        if self.strict and clear.any():
            scores = scores.masked_fill(~clear, -torch.inf)
        if grid.barred is not None and used.any():
            scores = scores.masked_fill(grid.barred, -torch.inf)
        return scores.softmax(1) * used


def _tops(best: list[tuple[Tensor, Tensor]], height: int, width: int) -> Mapping[str, Tensor]:
    """The heaviest patches of each query: weights (k, h, w), centres as x and y (k, 2, h, w)."""
    weight = torch.cat([weights for weights, _ in best]).t().view(-1, height, width)
    index = torch.cat([indices for _, indices in best]).t().view(-1, height, width)
    x, y = (index % width + 0.5) / width, (index // width + 0.5) / height
    return {"source": torch.stack([x, y], 1), "weight": weight}
