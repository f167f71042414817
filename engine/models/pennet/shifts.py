"""The attention of `attention.AttentionTransfer`, several times faster, for the CPU.

Overlapping windows hold every pixel several times. Along the rows of the maps that repetition is
taken out of the two matrix products and put back by adding matrices shifted along the diagonal:

- <window q, window k> is the sum of three products of columns of three pixels, those at
  (q-1, k-1), (q, k) and (q+1, k+1). The product is three times narrower.
- The output columns 2q-1 and 2q are covered by the 4-wide windows q-1 and q, which put low columns
  2k-1 and 2k there with the weights of (q-1, k-1) and (q, k). The product is twice narrower.

Down the columns the windows stay as they are. Each row of the map has one more column, which is
zero, so that a shift in raster order never reaches into the next row. Missing keys have logit 0 and
weight 0: they are left out (logit minus infinity) and counted in one of those spare columns, whose
logit is the logarithm of their number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.layers import chunks

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK_BYTES = 4 * 2**20
"""About the size of one of the three blocks: they stay in the processor's cache."""

FEWEST_ROWS, MOST_ROWS = 32, 256
"""Fewer queries at a time make slow matrix products, more would do nothing for them."""


class Logits(NamedTuple):
    """What makes logits of raw products, per key of the wider grid; N = h * (w + 1).

    Attributes:
        scale: (N,) factor; 0 where there is no known key.
        offset: (N,) 0; minus infinity where there is no known key.
        spare: the key that stands for all missing ones.
        floor: (N,) no weight is smaller; None = no floor.
        rows: (N, 1) a further factor per query, or None.
    """

    scale: Tensor
    offset: Tensor
    spare: int
    floor: Tensor | None
    rows: Tensor | None


def transfer(
    low: Tensor,
    high: Tensor,
    length: Tensor,
    known: Tensor,
    barred: Tensor | None = None,
    *,
    temperature: float,
    floor: float,
    cosine: bool,
    seen: Callable[[slice, Tensor], None] | None = None,
) -> Tensor:
    """Attend on one sample.

    Args:
        low: (C1, 2h, 2w) the map that is copied from.
        high: (C2, h, w) the map that is compared.
        length: (h, w) norm of each 3x3 window of `high`, never 0.
        known: (h, w) bool, whether that window is free of holes.
        barred: (h, w) bool, keys that neither count nor get any weight; None = no key.
        temperature: factor of the scores.
        floor: no weight is smaller; 0 = no floor, and missing keys do not count, unless all are
            missing: then every weight is 0.
        cosine: divide the queries by their norm, too.
        seen: called with the slice of queries and their weights, in the grid with w + 1 columns.

    Returns:
        (C1, 2h, 2w).
    """
    height, width = high.shape[-2:]
    columns = F.pad(high.permute(1, 2, 0), (0, 0, 0, 1, 1, 1))  # (h+2, w+1, C2)
    columns = torch.cat([columns[row : row + height] for row in range(3)], -1)
    columns = F.pad(columns.flatten(0, 1), (0, 0, 1, 1))  # (1+N+1, 3*C2)
    pairs = F.pad(low.permute(1, 2, 0) / 4, (0, 0, 1, 1, 1, 1))  # (2h+2, 2w+2, C1)
    pairs = pairs.reshape(2 * height + 2, width + 1, -1)  # (2h+2, w+1, 2*C1)
    values = torch.cat([pairs[row : row + 2 * height : 2] for row in range(4)], -1).flatten(0, 1)
    logits = _logits(length, known, barred, temperature, floor, cosine=cosine)
    made = _attend(columns, values, logits, width + 1, seen)  # (N, 8*C1)
    canvas = torch.zeros_like(pairs)
    for row, part in enumerate(made.reshape(height, width + 1, -1).chunk(4, -1)):
        canvas[row : row + 2 * height : 2] += part
    canvas = canvas.reshape(2 * height + 2, 2 * width + 2, -1)
    return canvas[1:-1, 1:-1].permute(2, 0, 1)


def _logits(
    length: Tensor,
    known: Tensor,
    barred: Tensor | None,
    temperature: float,
    floor: float,
    *,
    cosine: bool,
) -> Logits:
    width = known.shape[1]
    lost, floored = ~known, torch.full_like(length, floor)
    if barred is not None:
        known, lost, floored = known & ~barred, lost & ~barred, floored.masked_fill(barred, 0)
    scale = F.pad(torch.where(known, temperature / length, 0), (0, 1)).flatten()
    offset = torch.zeros_like(length).masked_fill(~known, -torch.inf)
    offset = F.pad(offset, (0, 1), value=-torch.inf).flatten()
    missing = lost.sum().to(length.dtype)
    if barred is not None:  # where no key at all is left, the spare one keeps the sum from 0
        missing = torch.where(known.any(), missing, missing.clamp_min(1))
    if not floor:
        missing = torch.where(known.any(), 0, missing)
    offset[width] = missing.log()
    floors = F.pad(floored, (0, 1)).flatten() if floor else None
    rows = F.pad(1 / length, (0, 1)).reshape(-1, 1) if cosine else None
    return Logits(scale, offset, width, floors, rows)


def _attend(
    columns: Tensor,
    values: Tensor,
    logits: Logits,
    width: int,
    seen: Callable[[slice, Tensor], None] | None,
) -> Tensor:
    """Two shifted products with a softmax between, block by block; see the module's text.

    Args:
        columns: (1+N+1, D) columns of three pixels, zero before and after.
        values: (N, E) four rows of two pixels each.
        logits: of the N keys.
        width: columns of the grid, the spare one included.
        seen: see `transfer`.

    Returns:
        (N, E) what the queries q-1 and q put into the columns 2q-1 and 2q.
    """
    count = len(values)
    keys = columns[1:-1].t()
    made = values.new_zeros(count + 1, values.shape[1])
    most = BLOCK_BYTES // (count * values.element_size())
    most = min(max(most, FEWEST_ROWS), MOST_ROWS, count)
    products = values.new_empty(most + 2, count)
    scores = values.new_empty(most, count)
    weights = values.new_zeros(most + 2, count)
    for rows in chunks(count, most):
        size = rows.stop - rows.start
        raw, score, framed = products[: size + 2], scores[:size], weights[: size + 2]
        torch.mm(columns[rows.start : rows.stop + 2], keys, out=raw)
        _along(raw, score)
        if logits.rows is not None:
            score *= logits.rows[rows]
        torch.addcmul(logits.offset, score, logits.scale, out=score)
        weight = framed[1:-1]
        torch.softmax(score, -1, out=weight)
        weight[:, logits.spare] = 0
        if logits.floor is not None:
            torch.maximum(weight, logits.floor, out=weight)
        weight[(-rows.start - 1) % width :: width] = 0  # the queries of the spare column
        if seen is not None:
            seen(rows, weight)
        summed = raw[:-1]
        summed[:, 0] = framed[1:, 0]
        torch.add(framed[1:, 1:], framed[:-1, :-1], out=summed[:, 1:])
        made[rows.start : rows.stop + 1].addmm_(summed, values)
    return made[:-1]  # the last block may leave anything in the row after the last


def _along(raw: Tensor, score: Tensor) -> None:
    """score[i, k] = raw[i, k-1] + raw[i+1, k] + raw[i+2, k+1]."""
    score.copy_(raw[1:-1])
    score[:, 1:] += raw[:-2, :-1]
    score[:, :-1] += raw[2:, 1:]
