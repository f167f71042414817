"""Layers and tensor functions that more than one generator uses.

Tensors are (B, C, H, W); a hole is (B, 1, H, W), 1 = missing.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import NothingToCopyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK_BYTES = 64 * 2**20
"""About how large one block of an attention matrix may become."""

SHOWN_SOURCES = 4
"""How many of the places that attention borrows from are told to an inspector."""

_pulse: ContextVar[Callable[[], None] | None] = ContextVar("pulse", default=None)


@contextmanager
def pulsing(beat: Callable[[], None]) -> Iterator[None]:
    """Have `beat` called again and again while a network runs; it may raise to stop the run."""
    token = _pulse.set(beat)
    try:
        yield
    finally:
        _pulse.reset(token)


def pulse() -> None:
    """Tell whoever waits that the work goes on. Long loops call this once per turn."""
    beat = _pulse.get()
    if beat is not None:
        beat()


def chunks(count: int, size: int) -> Iterator[slice]:
    """Slices that cut `range(count)` into parts of at most `size`, with a pulse before each."""
    for start in range(0, count, max(1, size)):
        pulse()
        yield slice(start, min(count, start + max(1, size)))


def rows_per_chunk(columns: int, *, matrices: int = 1) -> int:
    """How many rows of that many float32 columns fit into `CHUNK_BYTES`; at least one."""
    return max(1, CHUNK_BYTES // (4 * columns * matrices))


def composite(image: Tensor, hole: Tensor, generated: Tensor) -> Tensor:
    """The generated pixels inside the hole, the image's own bits outside, whatever both hold."""
    return torch.where(hole > 0.5, generated, image)


def shrink_hole(hole: Tensor, factor: int) -> Tensor:
    """The hole on a grid `factor` times coarser: each cell is what its top left pixel is.

    That is `interpolate(mode="nearest")` of the papers' code. (B, 1, H, W) to
    (B, 1, ceil(H / factor), ceil(W / factor)).
    """
    return hole[..., ::factor, ::factor]


def covering(marks: Tensor, factor: int) -> Tensor:
    """Marks on a grid `factor` times coarser: each cell that holds any of them.

    Args:
        marks: (B, 1, H, W), not 0 = marked; sides are multiples of `factor`.
        factor: of the sides.

    Returns:
        (B, 1, H / factor, W / factor) bool.
    """
    return F.max_pool2d(marks.float(), factor) > 0


def strongest(weights: Tensor) -> tuple[Tensor, Tensor]:
    """The largest weights of each query, largest first, and the indices of their keys.

    Args:
        weights: (..., K).

    Returns:
        Twice (..., k), k being `SHOWN_SOURCES` or K.
    """
    values, indices = weights.detach().topk(min(SHOWN_SOURCES, weights.shape[-1]), -1)
    return values, indices


def require_sources(offered: Tensor, allowed: Tensor) -> None:
    """Check that what is forbidden leaves every picture something to borrow from.

    Args:
        offered: (B, ...) bool, what could be borrowed if nothing were forbidden.
        allowed: likewise, what still can.

    Raises:
        NothingToCopyError: if a picture has lost all of it.
    """
    lost = offered.flatten(1).any(1) & ~allowed.flatten(1).any(1)
    if lost.any():
        raise NothingToCopyError(
            "Every place that the network could borrow from is forbidden; unmark some of them."
        )


def reflect_pad(x: Tensor, margins: tuple[int, int, int, int] | int) -> Tensor:
    """Reflection without repeating the border, as `F.pad` does it, but with margins of any size.

    Args:
        x: (B, C, H, W).
        margins: left, right, top, bottom; or one number for all four.
    """
    if isinstance(margins, int):
        margins = (margins, margins, margins, margins)
    left, right, top, bottom = margins
    height, width = x.shape[-2:]
    if max(left, right) < width and max(top, bottom) < height:
        return F.pad(x, margins, mode="reflect")
    rows = _reflected(height, top, bottom, x.device)
    columns = _reflected(width, left, right, x.device)
    return x.index_select(-2, rows).index_select(-1, columns)


def _reflected(side: int, before: int, after: int, device: torch.device) -> Tensor:
    """Indices -before .. side+after-1, folded back into 0 .. side-1."""
    index = torch.arange(-before, side + after, device=device)
    if side == 1:
        return torch.zeros_like(index)
    period = 2 * (side - 1)
    index = index % period
    return torch.minimum(index, period - index)


class ReflectConv(nn.Conv2d):
    """A convolution behind a reflection that keeps the size (up to the stride), bias included.

    Weights start Glorot-uniform, biases at 0, as in the TensorFlow programs of the papers that
    use it.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride=stride, dilation=dilation)
        self.margin = dilation * (kernel - 1) // 2
        nn.init.xavier_uniform_(self.weight)
        nn.init.zeros_(self.bias)  # type: ignore[arg-type]  # there always is one here

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(reflect_pad(x, self.margin))


def attention(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    """softmax(scale * query @ key^T) @ value, without the whole matrix in memory.

    Half precision is left for single. To give a key the logit 0 and no value, as some of the
    papers do with missing keys, zero its rows in `key` and `value`.

    Args:
        query: (B, Q, D).
        key: (B, K, D).
        value: (B, K, E).
        scale: factor of the scores; no 1/sqrt(D) is added.

    Returns:
        (B, Q, E).
    """
    query, key, value = wide(query), wide(key), wide(value)
    if query.device.type == "cpu" and not torch.is_grad_enabled():
        return _flash(query, key, value, scale)
    parts = []
    for rows in chunks(query.shape[1], rows_per_chunk(key.shape[1], matrices=query.shape[0])):
        scores = torch.bmm(query[:, rows], key.transpose(1, 2)).mul_(scale)
        parts.append(torch.bmm(scores.softmax(-1), value))
    return torch.cat(parts, 1)


def _flash(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    """The CPU's fused kernel, which wants one width for all three and contiguous rows."""
    width = max(query.shape[2], value.shape[2])
    padded = [F.pad(part, (0, width - part.shape[2])).contiguous() for part in (query, key, value)]
    parts = []
    for rows in chunks(query.shape[1], 4096):
        block = padded[0][:, None, rows]
        parts.append(
            F.scaled_dot_product_attention(
                block, padded[1][:, None], padded[2][:, None], scale=scale
            )
        )
    return torch.cat(parts, 2)[:, 0, :, : value.shape[2]]


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Turn autocasting off for sums and exponents that half precision would spoil.

    Tensors made outside stay as they are: call `wide` on what enters.
    """
    with torch.autocast(device.type, enabled=False):
        yield


def wide(x: Tensor) -> Tensor:
    """The tensor in single precision if it comes in half, as it is otherwise."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
