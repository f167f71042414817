"""How like each patch of the features is to each place of the foreground (equations 6 to 11).

A patch is a 3x3 window after its own small attention has mended it, divided by its norm. Only
patches without a missing cell are ever pasted, and for those the mending has a closed form, so
their scores need no windows. The fuse step lends them the scores of their neighbours; those
patches alone are mended and multiplied in full. The scores of all others have no effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.gla.diagonals import diagonal, down_columns
from engine.models.gla.globally import project

FLOOR = 1e-4
"""Lowest norm that a patch is divided by."""


class Mending(Protocol):
    """The parameters and switches of the attention inside windows."""

    window_query: nn.Conv2d
    window_key: nn.Conv2d
    window_value: nn.Conv2d
    key: nn.Conv2d
    beta_2: nn.Parameter
    released: bool
    strict: bool


@dataclass(frozen=True)
class Grid:
    """What the windows of one picture are cut from.

    Attributes:
        f: (h, w, C) the features at half the size.
        foreground: (h, w, C) what is compared with them.
        hole: (h, w) bool.
        forbidden: (h, w) bool, or None.
    """

    f: Tensor
    foreground: Tensor
    hole: Tensor
    forbidden: Tensor | None = None

    @property
    def height(self) -> int:
        return self.hole.shape[0]

    @property
    def width(self) -> int:
        return self.hole.shape[1]

    @cached_property
    def index(self) -> Tensor:
        """(L, 9): the cells of each window in a grid with one cell of zeros around it."""
        wide = self.width + 2
        down = torch.arange(self.height, device=self.hole.device)[:, None] * wide
        corner = down + torch.arange(self.width, device=self.hole.device)
        steps = [row * wide + column for row in range(3) for column in range(3)]
        return corner.reshape(-1, 1) + torch.tensor(steps, device=self.hole.device)

    @cached_property
    def holes(self) -> Tensor:
        """(L, 9) bool: the missing cells of each window; cells outside the picture are known."""
        return F.pad(self.hole, (1, 1, 1, 1)).flatten()[self.index]

    @cached_property
    def clear(self) -> Tensor:
        """(L,) bool: windows without a missing cell."""
        return ~self.holes.any(1)

    @cached_property
    def barred(self) -> Tensor | None:
        """(L,) bool: windows with a forbidden cell; None if nothing is forbidden."""
        if self.forbidden is None:
            return None
        return F.pad(self.forbidden, (1, 1, 1, 1)).flatten()[self.index].any(1)

    @cached_property
    def used(self) -> Tensor:
        """(L,) bool: windows that may be pasted."""
        return self.clear if self.barred is None else self.clear & ~self.barred

    def rim(self) -> Tensor:
        """Indices of the windows that are not clear but lend their scores to some that are."""
        columns = _spread(self.clear.view(self.height, self.width).t().flatten())
        lenders = _spread(columns.view(self.width, self.height).t().flatten())
        return (lenders & ~self.clear).nonzero()[:, 0]


class Likeness:
    """Scores of one picture, computed for some rows of the grid at a time."""

    def __init__(self, mending: Mending, grid: Grid) -> None:
        self.grid = grid
        self.rim = grid.rim()
        self._mended = _mended(mending, grid, self.rim)  # (R, 9 C)
        around = F.pad(grid.foreground, (0, 0, 1, 1, 1, 1))
        self._around = around.flatten(0, 1)  # ((h + 2) (w + 2), C)

    def scores(self, start: int, stop: int) -> Tensor:
        """(n w, L): queries of the grid rows start..stop-1, every patch; 0 for barred ones.

        Else the fuse step would lend what is forbidden a voice in how its neighbours are pasted.
        """
        scores = self.of_clear(start, stop)
        if len(self.rim):
            cells = self.grid.index[start * self.grid.width : stop * self.grid.width]
            windows = self._around[cells].flatten(1)  # (n w, 9 C)
            scores = scores.index_copy_(1, self.rim, windows @ self._mended.t())
        return scores if self.grid.barred is None else scores.masked_fill(self.grid.barred, 0)

    def of_clear(self, start: int, stop: int) -> Tensor:
        """As `scores`, right for clear patches only."""
        raise NotImplementedError

    def fused(self, start: int, stop: int) -> Tensor:
        """As `scores`, each with its diagonal neighbours in raster, then in column-major order."""
        height, width = self.grid.height, self.grid.width
        parts = [self._raster(max(start - 1, 0) * width, min(stop + 1, height) * width)]
        if start == 0:  # above the first row ends the column to the left
            above = self._raster((height - 1) * width, height * width - 1)
            parts.insert(0, F.pad(above, (0, 0, 1, 0)))
        if stop == height:  # below the last row begins the column to the right
            parts.append(F.pad(self._raster(1, width), (0, 0, 0, 1)))
        return down_columns(torch.cat(parts) if len(parts) > 1 else parts[0], width)

    def _raster(self, first: int, last: int) -> Tensor:
        """The queries first..last-1, fused in raster order."""
        height, width = self.grid.height, self.grid.width
        low, high = max(first - 1, 0), min(last + 1, height * width)
        start, stop = low // width, -(-high // width)
        scores = self.scores(start, stop)[low - start * width : high - start * width]
        outside = (0, 0, low - (first - 1), last + 1 - high)
        return diagonal(F.pad(scores, outside) if any(outside) else scores, 1)


class PaperLikeness(Likeness):
    """A clear patch is its window of f: scores are sums of products of cells."""

    def __init__(self, mending: Mending, grid: Grid) -> None:
        super().__init__(mending, grid)
        self._keys = F.pad(grid.f, (0, 0, 0, 1)).flatten(0, 1)  # (h (w + 1), C)
        rows = F.pad(grid.foreground, (0, 0, 0, 1, 1, 1)).flatten(0, 1)
        self._queries = F.pad(rows, (0, 0, 1, 1))  # a row above and below, a cell at either end
        norms = _box(grid.f.square().sum(2, keepdim=True))[..., 0].clamp(min=FLOOR**2).sqrt()
        self._scale = norms.reciprocal()  # (h, w)

    def of_clear(self, start: int, stop: int) -> Tensor:
        width, spaced = self.grid.width, self.grid.width + 1
        cells = self._queries[start * spaced : (stop + 2) * spaced + 2]
        scores = diagonal(diagonal(cells @ self._keys.t(), 1), spaced)  # (n (w + 1), h (w + 1))
        apart = scores.view(stop - start, spaced, -1, spaced)[:, :width, :, :width]
        return (apart * self._scale).view((stop - start) * width, -1)


class ReleasedLikeness(Likeness):
    """A clear patch is the mean value of its window, nine times."""

    def __init__(self, mending: Mending, grid: Grid) -> None:
        super().__init__(mending, grid)
        means = project(_box(grid.f) / 9, mending.window_value).flatten(0, 1)  # (L, C)
        norms = (9 * means.square().sum(1, keepdim=True)).clamp(min=FLOOR**2).sqrt()
        self._keys = means / norms
        self._queries = _box(grid.foreground)  # (h, w, C)

    def of_clear(self, start: int, stop: int) -> Tensor:
        return self._queries[start:stop].flatten(0, 1) @ self._keys.t()


def _mended(mending: Mending, grid: Grid, chosen: Tensor) -> Tensor:
    """The chosen windows after attention among their nine cells, divided by their norm.

    Projections see the cells of zeros around the picture too, which yield the biases.

    Returns:
        (R, 9 C).
    """
    index, hole = grid.index[chosen], grid.holes[chosen]  # (R, 9)
    own = F.pad(grid.f, (0, 0, 1, 1, 1, 1)).flatten(0, 1)[index]  # (R, 9, C)
    key = mending.key if mending.released else mending.window_key
    scores = project(own, mending.window_query) @ project(own, key).transpose(1, 2)  # (R, 9, 9)
    used = (hole if mending.released else ~hole)[:, None]  # (R, 1, 9)
    scores = scores * used
    if mending.strict:  # a known cell there always is: one shared with a clear window, or outside
        scores = scores.masked_fill(~used, -torch.inf)
    attended = scores.softmax(2) @ project(own, mending.window_value)
    if mending.released:
        patches = torch.where(hole[..., None], mending.beta_2 * own, attended)
    else:
        patches = torch.where(hole[..., None], attended, own)
    patches = patches.flatten(1)
    norms = patches.square().sum(1, keepdim=True).clamp(min=FLOOR**2).sqrt()
    return patches / norms


def _box(x: Tensor) -> Tensor:
    """Sum over the 3x3 windows of (h, w, C), zeros outside."""
    return F.avg_pool2d(x.permute(2, 0, 1)[None], 3, 1, 1)[0].permute(1, 2, 0) * 9


def _spread(flags: Tensor) -> Tensor:
    """(L,) bool, with the neighbours of every True."""
    wider = F.pad(flags, (1, 1))
    return wider[:-2] | wider[1:-1] | wider[2:]
