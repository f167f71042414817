"""Products and sums of 3x3 patches, without ever holding a patch.

PEPSI compares every 3x3 patch of the features with every known one, and lays weighted sums of
patches over each other. Written down directly that takes vectors of 9 C numbers per patch. Here the
products of single cells are made once, and

    product of patches [p, n] = sum over the nine offsets o of product of cells [p + o, n + o],

which is a sum along diagonals; pasting is the same sum the other way round. Both are exact and take
a ninth of the arithmetic.

Matrices are (B, Q, K): Q places of a tile, row by row, and all K = h * w cells. A cell stands for
the patch whose top left corner it is; the last two columns and rows are the corner of none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from engine.layers import pulse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Tile:
    """Cells top..bottom, left..right (half-open) whose patches are rebuilt together."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    def grown(self, grid: Tensor) -> Tensor:
        """This tile and one cell around it, of a grid (B, h + 2, w + 2, ...) with a margin of 1."""
        return grid[:, self.top : self.bottom + 2, self.left : self.right + 2]


@dataclass(frozen=True, slots=True)
class Keys:
    """The cells that may be borrowed.

    Attributes:
        cells: (B, K, C), 0 under the hole.
        usable: (B, K) bool, True at the top left corner of a patch that may be borrowed.
        height: of the map the cells came from.
        width: of that map.
    """

    cells: Tensor
    usable: Tensor
    height: int
    width: int


def tiles(hole: Tensor, shape: tuple[int, int]) -> Iterator[Tile]:
    """Tiles of at most that height and width over all cells whose patch reaches into a hole.

    One plan for the whole batch; a pulse before each tile.

    Args:
        hole: (B, 1, h, w) bool.
        shape: height and width.
    """
    near = F.max_pool2d(hole.any(0).float(), 3, 1, 1)[0].bool().cpu()
    box = _bounds(near)
    if box is None:
        return
    for top in range(box.top, box.bottom, shape[0]):
        for left in range(box.left, box.right, shape[1]):
            bottom, right = min(box.bottom, top + shape[0]), min(box.right, left + shape[1])
            part = _bounds(near[top:bottom, left:right])
            if part is not None:
                pulse()
                yield Tile(top + part.top, top + part.bottom, left + part.left, left + part.right)


def _bounds(marked: Tensor) -> Tile | None:
    rows, columns = (marked.any(side).nonzero().flatten().tolist() for side in (1, 0))
    return Tile(rows[0], rows[-1] + 1, columns[0], columns[-1] + 1) if rows else None


def patch_products(
    padded: Tensor, tile: Tile, keys: Keys, offset: Tensor, factor: float = 1.0
) -> Tensor:
    """Products of patches, times a factor, plus the offsets of the nine cells of the second.

    Seen as one long row of numbers, a step to the next column of both patches is always the same
    step through the matrix of cell products, and a step to the next row is another one; so four
    long additions make the diagonal sums.

    Args:
        padded: (B, h + 2, w + 2, C), the features with a margin of zeros.
        tile: the places.
        keys: the cells.
        offset: (B or 1, 1, K or 1), added to the products of each cell.
        factor: of the products.

    Returns:
        (B, R, S, K) for a tile of R x S places; meaningless for cells that are no patch's corner.
    """
    # Three more rows that belong to no place let the shifted matrix end inside itself.
    places = F.pad(tile.grown(padded).flatten(1, 2), (0, 0, 0, 3))  # (B, (R+2) * (S+2) + 3, C)
    products = torch.baddbmm(offset, places, keys.cells.transpose(1, 2), alpha=factor)
    batch, _, count = products.shape
    across = tile.width + 2
    sums = thrice(thrice(products.flatten(1), count + 1), across * count + keys.width)
    whole = sums[:, : tile.height * across * count].view(batch, tile.height, across, count)
    return whole[:, :, : tile.width]


def paste(weights: Tensor, keys: Keys, tile: Tile) -> Tensor:
    """Weighted sums of patches around their places, laid over each other.

    Args:
        weights: (B, R, S, K), 0 for cells that are the corner of no patch.
        keys: the cells.
        tile: the places, R x S.

    Returns:
        (B, R + 2, S + 2, C): the tile and one cell around it.
    """
    batch, height, _, count = weights.shape
    across = tile.width + 2
    before = 2 * keys.width + 2
    length = (height + 4) * across * count
    spread = weights.new_zeros(batch, before + length + 2 * count)
    inner = spread[:, before : before + length].view(batch, height + 4, across, count)
    inner[:, 2:-2, 2:] = weights
    sums = thrice(thrice(spread, count + 1), across * count + keys.width)
    return (sums.view(batch, -1, count) @ keys.cells).view(batch, height + 2, across, -1)


def thrice(row: Tensor, step: int) -> Tensor:
    """row[i] + row[i + step] + row[i + 2 step] for all i that have them; (B, length)."""
    return (row[:, : -2 * step] + row[:, step:-step]).add_(row[:, 2 * step :])


def box_sums(grid: Tensor) -> Tensor:
    """Sums of 3x3 cells: (B, h, w) to (B, h - 2, w - 2)."""
    return F.avg_pool2d(grid[:, None], 3, 1, divisor_override=1)[:, 0]
