"""Sums along the diagonals of matrices of scores, query rows by key columns.

Both axes run over the cells of one grid, so that a shift of query and key by the same step in the
picture is a step down a diagonal. Windows of features, the fuse step and the overlapping patches
of the result all are such sums, which cost far less than products of whole windows.

A grid with a spare column of zeros at its right keeps a step to the side from reaching the next
row; it is called spaced here.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def diagonal(scores: Tensor, step: int) -> Tensor:
    """Each entry plus the ones `step` rows and columns before and after it, as far as there are.

    Args:
        scores: (R, K).
        step: rows and columns.

    Returns:
        (R - 2 step, K): the first and last rows only lend.
    """
    summed = scores[step:-step].clone()
    summed[:, step:] += scores[: -2 * step, :-step]
    summed[:, :-step] += scores[2 * step :, step:]
    return summed


def down_columns(scores: Tensor, width: int) -> Tensor:
    """As `diagonal`, with neighbours in column-major order: below the last row comes the next top.

    Args:
        scores: (R, K); `width` rows of queries at either end are the neighbours of the others.
        width: of the grid.

    Returns:
        (R - 2 width, K).
    """
    count = scores.shape[1]
    summed = scores[width:-width].clone()
    before, after = scores[: -2 * width], scores[2 * width :]
    summed[:, width:] += before[:, : count - width]
    summed[:, 1:width] += before[:, count - width : count - 1]
    summed[:, : count - width] += after[:, width:]
    summed[:, count - width : count - 1] += after[:, 1:width]
    return summed


def paste(weights: Tensor, values: Tensor) -> Tensor:
    """Sum of 4x4 patches at stride 2, weighted: a transposed convolution, divided by 4.

    An output position of parity (a, b) is covered by four patches, each of which shows it a
    position of the same parity; so four weights are added up before one product with the values
    of that parity instead of sixteen.

    Args:
        weights: (n, w, h, w): query row and column, key row and column.
        values: (2, 2, h, w, C): the features by parity, key row and column.

    Returns:
        (2, 2, n + 2, w, C): the part that these queries give, with one row before and after them.
    """
    rows, width, height, _ = weights.shape
    spaced = width + 1
    weights = F.pad(weights, (0, 1, 0, 0, 0, 1, 1, 1))  # (n + 2, w + 1, h, w + 1)
    weights = weights.view((rows + 2) * spaced, height * spaced)
    values = F.pad(values, (0, 0, 0, 1)).flatten(2, 3)  # (2, 2, h (w + 1), C)
    parts = []
    for vertical in (-1, 1):
        tall = _both(weights, vertical * spaced)
        parts += [_both(tall, side) @ values[max(vertical, 0), max(side, 0)] for side in (-1, 1)]
    return torch.stack(parts).view(2, 2, rows + 2, spaced, -1)[:, :, :, :width]


def _both(weights: Tensor, step: int) -> Tensor:
    """Each entry plus the one `step` rows and columns further, where there is one."""
    summed = weights.clone()
    if step < 0:
        summed[-step:, -step:] += weights[:step, :step]
    else:
        summed[:-step, :-step] += weights[step:, step:]
    return summed
