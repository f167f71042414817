"""How alike two patches are: by distance, as PEPSI proposes, or by direction, as it compares."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.layers import rows_per_chunk
from engine.models.pepsi.patches import Keys, Tile, box_sums, patch_products, thrice

EPSILON = 1e-8
"""Added below roots, so that features without variation have a gradient."""

_LIVE_MATRICES = 4
"""About how many matrices of a tile exist at once."""


class DistanceScores:
    """The truncated distance similarity (paper, equation 6)."""

    def __init__(self, z: Tensor, keys: Keys, *, squared: bool) -> None:
        """Prepare.

        Args:
            z: (B, h, w, C) features.
            keys: the cells to compare with.
            squared: compare squared distances.
        """
        self.keys = keys
        self.squared = squared
        self.padded = F.pad(z, (0, 0, 1, 1, 1, 1))
        self.lengths = keys.cells.square().sum(-1)[:, None]  # (B, 1, K)

    def tile_shape(self) -> tuple[int, int]:
        batch, count, _ = self.keys.cells.shape
        side = max(4, math.isqrt(rows_per_chunk(count, matrices=_LIVE_MATRICES * batch)))
        return side, side

    def of(self, tile: Tile) -> Tensor:
        """Scores -1..1 of all cells for each place of the tile: (B, R, S, K)."""
        distances = self._distances(tile)
        return truncated(distances.flatten(1, 2), self.keys.usable).view(distances.shape)

    def _distances(self, tile: Tile) -> Tensor:
        """Distances of patches; without a place's own length, if squared: it would drop out."""
        distances = patch_products(self.padded, tile, self.keys, self.lengths, -2.0)
        if self.squared:
            return distances
        own = box_sums(tile.grown(self.padded).square().sum(-1))
        return ((distances + own[..., None]).clamp_min(0) + EPSILON).sqrt()


def truncated(distances: Tensor, usable: Tensor) -> Tensor:
    """tanh(-(d - m) / s) with mean and population deviation per place over the usable patches.

    Args:
        distances: (B, Q, K).
        usable: (B, K) bool, at least one True per picture.

    Returns:
        (B, Q, K) in -1..1, also where not usable.
    """
    share = usable.to(distances.dtype)
    share = share / share.sum(1, keepdim=True)
    off = distances - _means(distances, share)
    return torch.tanh(-off / (_means(off.square(), share) + EPSILON).sqrt())


def _means(rows: Tensor, share: Tensor) -> Tensor:
    """Weighted mean of each row: (B, Q, K) and (B, K) to (B, Q, 1).

    One product per picture; the batched product is several times slower with a single column.
    """
    return torch.stack([each @ mine for each, mine in zip(rows, share, strict=True)])[..., None]


class CosineScores:
    """Cosines of patches, smoothed along both axes of the picture (the paper's comparison).

    Neighbouring places should borrow from neighbouring patches: the matrix of cosines is added to
    itself shifted by one along its diagonal, once with places and patches counted row by row and
    once column by column. So a row of places needs the rows around it, the last one of the map
    those at its start.
    """

    def __init__(self, z: Tensor, keys: Keys) -> None:
        """Prepare.

        Args:
            z: (B, h, w, C) features.
            keys: the cells to compare with.
        """
        self.keys = keys
        self.padded = F.pad(z, (0, 0, 1, 1, 1, 1))
        self.lengths = (box_sums(self.padded.square().sum(-1)) + EPSILON).sqrt()
        cells = keys.cells.square().sum(-1).view(-1, keys.height, keys.width)
        usable = keys.usable.view(cells.shape)[:, :-2, :-2]
        self.scale = usable / (box_sums(cells) + EPSILON).sqrt()  # (B, h - 2, w - 2)

    def tile_shape(self) -> tuple[int, int]:
        batch, count, _ = self.keys.cells.shape
        rows = rows_per_chunk(count, matrices=_LIVE_MATRICES * batch) // self.keys.width
        return max(1, rows), self.keys.width

    def of(self, tile: Tile) -> Tensor:
        """Scores of all cells for each place of the tile: (B, R, S, K)."""
        height = self.keys.height
        parts = [self._along_rows(max(0, tile.top - 1), min(height, tile.bottom + 1))]
        if tile.top == 0:  # before the first column's start comes the end of the one before it
            parts.insert(0, F.pad(self._along_rows(height - 1, height)[:, :, :-1], _LATER))
        if tile.bottom == height:
            parts.append(F.pad(self._along_rows(0, 1)[:, :, 1:], _EARLIER))
        rows = torch.cat(parts, 1)[:, :, tile.left : tile.right].transpose(-1, -2)
        by_columns = rows.flatten(-2)  # (B, R + 2, S, (w - 2) * (h - 2))
        before, here, after = by_columns[:, :-2], by_columns[:, 1:-1], by_columns[:, 2:]
        fused = here + F.pad(before, (1, 0))[..., :-1] + F.pad(after, (0, 1))[..., 1:]
        fused = fused.view(*fused.shape[:3], *rows.shape[-2:]).transpose(-1, -2)
        return F.pad(fused, (0, 2, 0, 2)).flatten(-2)

    def _along_rows(self, top: int, bottom: int) -> Tensor:
        """Cosines smoothed row by row for those rows of places: (B, rows, w, h - 2, w - 2)."""
        first, last = max(0, top - 1), min(self.keys.height, bottom + 1)
        cosines = self._cosines(Tile(first, last, 0, self.keys.width))
        # A column of zeros after each row keeps the shifts from running into the next one.
        flat = F.pad(cosines.flatten(3).flatten(1, 2), (0, 1))  # (B, Q, N + 1)
        step = flat.shape[-1] + 1
        fused = thrice(F.pad(flat.flatten(1), (step, step)), step).view(flat.shape)[..., :-1]
        return fused.reshape(cosines.shape)[:, top - first : bottom - first]

    def _cosines(self, tile: Tile) -> Tensor:
        """0 for patches that are not usable; (B, rows, w, h - 2, w - 2)."""
        products = patch_products(self.padded, tile, self.keys, self.padded.new_zeros(1, 1, 1))
        places = self.lengths[:, tile.top : tile.bottom, :, None, None]
        by_cell = products.view(*products.shape[:3], self.keys.height, self.keys.width)
        return by_cell[..., :-2, :-2] * self.scale[:, None, None] / places


_LATER = (0, 0, 0, 0, 1, 0)
_EARLIER = (0, 0, 0, 0, 0, 1)
"""Margins that push the places of (B, rows, w, h - 2, w - 2) to the next or the last column."""
