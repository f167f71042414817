"""The attention transfer network: a low map rewritten by what a high map finds similar."""

from __future__ import annotations

from functools import partial
from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from engine.layers import (
    SHOWN_SOURCES,
    chunks,
    covering,
    full_precision,
    pulse,
    rows_per_chunk,
    shrink_hole,
    strongest,
    wide,
)
from engine.models.pennet import shifts

TEMPERATURE: Final = 10.0
"""Factor of the scores before the softmax."""

FLOOR: Final = 1e-8
"""No weight is smaller, not even a missing key's: the released weights grew up with that."""

SHORTEST: Final = 1e-4
"""Windows are divided by their norm, but never by less."""

KEPT_BYTES = 2**30
"""A larger attention matrix is not kept for the gradients but computed again."""

DILATIONS: Final = (1, 2, 4, 8)


class Transfer(NamedTuple):
    """What attention made.

    Attributes:
        filled: (B, C1, 2h, 2w).
        source: (B, k, 2, h, w) x and y, 0..1, of the keys that each query took most from, or None.
        weight: (B, k, h, w) how much of each, largest first, or None.
    """

    filled: Tensor
    source: Tensor | None = None
    weight: Tensor | None = None


class AttentionTransfer(nn.Module):
    """Section 3.1 of the paper as the authors' program has it.

    Every position is written anew, known ones too. Only keys are divided by their norm. A missing
    key keeps the logit 0 in the denominator and then loses its weight, so the weights sum to less
    than 1. The border row and column get two of the four overlapping windows, so half the value.

    Args:
        channels: of the low map.
        patch: 3, or 1 for single pixels.
        refine: follow with four dilated convolutions of a quarter of the channels each.
        cosine: divide the queries by their norm, too (equation 2 of the paper).
        strict: leave missing keys out of the denominator (equation 3), and have no floor.
        mask_resize: "bilinear" (corners aligned), "nearest" or "maxpool".
    """

    def __init__(
        self,
        channels: int,
        *,
        patch: int = 3,
        refine: bool = True,
        cosine: bool = False,
        strict: bool = False,
        mask_resize: str = "bilinear",
    ) -> None:
        super().__init__()
        self.patch, self.cosine, self.strict = patch, cosine, strict
        self.mask_resize = mask_resize
        self.refine = nn.ModuleList(
            nn.Conv2d(channels, channels // 4, 3, padding=dilation, dilation=dilation)
            for dilation in (DILATIONS if refine else ())
        )

    def forward(
        self,
        low: Tensor,
        high: Tensor,
        hole: Tensor,
        *,
        maps: bool = False,
        forbidden: Tensor | None = None,
    ) -> Transfer:
        """Rewrite the low map.

        Args:
            low: (B, C1, 2h, 2w).
            high: (B, C2, h, w).
            hole: (B, 1, H, W), 1 = missing; H a multiple of h.
            maps: also tell where the values came from.
            forbidden: (B, 1, H, W), 1 = no value may come from here; None = everywhere allowed.
        """
        with full_precision(low.device):
            made = self.attend(wide(low), wide(high), wide(hole), maps=maps, forbidden=forbidden)
        if not len(self.refine):
            return made
        refined = []
        for branch in self.refine:
            pulse()
            refined.append(F.relu(branch(made.filled)))
        return made._replace(filled=torch.cat(refined, 1))

    def attend(
        self,
        low: Tensor,
        high: Tensor,
        hole: Tensor,
        *,
        maps: bool = False,
        forbidden: Tensor | None = None,
    ) -> Transfer:
        """The attention alone; arguments as in `forward`."""
        known = self.known(hole, high.shape[-2], high.shape[-1])
        barred = None if forbidden is None else touching(forbidden, high.shape[-1])
        # The fast way writes into its blocks, which gradients do not allow.
        fast = self.patch == 3 and low.device.type == "cpu" and not torch.is_grad_enabled()
        borrowed = _Borrowed(high, spare=1 if fast else 0) if maps else None
        filled = (self._shifted if fast else self._plain)(low, high, known, barred, borrowed)
        return Transfer(filled) if borrowed is None else Transfer(filled, *borrowed.maps())

    def known(self, hole: Tensor, height: int, width: int) -> Tensor:
        """Which keys see nothing missing, (B, 1, height, width) bool, for a hole (B, 1, H, W)."""
        small = shrunk(hole, height, width, self.mask_resize)
        # The windows' means are 0 exactly where their largest values are.
        return F.max_pool2d(small, self.patch, 1, self.patch // 2) == 0

    def _shifted(
        self,
        low: Tensor,
        high: Tensor,
        known: Tensor,
        barred: Tensor | None,
        borrowed: _Borrowed | None,
    ) -> Tensor:
        squares = F.avg_pool2d(high.square().sum(1, keepdim=True), 3, 1, 1, divisor_override=1)
        length = squares.sqrt().clamp_min(SHORTEST)  # (B, 1, h, w)
        filled = torch.empty_like(low, memory_format=torch.channels_last)
        for k in range(len(low)):
            filled[k] = shifts.transfer(
                low[k],
                high[k],
                length[k, 0],
                known[k, 0],
                None if barred is None else barred[k, 0],
                temperature=TEMPERATURE,
                floor=0.0 if self.strict else FLOOR,
                cosine=self.cosine,
                seen=partial(borrowed.take, k) if borrowed is not None else None,
            )
        return filled

    def _plain(
        self,
        low: Tensor,
        high: Tensor,
        known: Tensor,
        barred: Tensor | None,
        borrowed: _Borrowed | None,
    ) -> Tensor:
        queries = F.unfold(high, self.patch, padding=self.patch // 2)  # (B, C2*patch**2, L)
        length = torch.linalg.vector_norm(queries, dim=1, keepdim=True).clamp_min(SHORTEST)
        keys = queries / length
        if self.cosine:
            queries = keys
        values = F.unfold(low, 4, stride=2, padding=1)  # (B, C1*16, L)
        usable = known.flatten(2)  # (B, 1, L)
        excluded = None if barred is None else barred.flatten(2)
        batch, _, count = keys.shape
        again = torch.is_grad_enabled() and batch * count**2 * keys.element_size() > KEPT_BYTES
        parts = []
        for rows in chunks(count, rows_per_chunk(count, matrices=batch)):
            block = (queries[..., rows], keys, values, usable, excluded)
            if again:
                part, weights = checkpoint(
                    self._block, *block, use_reentrant=False, preserve_rng_state=False
                )
            else:
                part, weights = self._block(*block)
            parts.append(part)
            if borrowed is not None:
                borrowed.take(slice(None), rows, weights)
        size = (low.shape[-2], low.shape[-1])
        return F.fold(torch.cat(parts, -1), size, 4, stride=2, padding=1) / 4

    def _block(
        self,
        queries: Tensor,
        keys: Tensor,
        values: Tensor,
        usable: Tensor,
        excluded: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Values (B, E, Q) for queries (B, D, Q), and the weights (B, Q, L)."""
        scores = torch.bmm(queries.transpose(1, 2), keys)
        if excluded is not None:
            usable = usable & ~excluded
        if self.strict:
            # Without any known key the softmax goes over all of them, and then nothing is kept.
            left_out = ~usable & usable.any(-1, keepdim=True)
            weights = (scores * TEMPERATURE).masked_fill(left_out, -torch.inf).softmax(-1) * usable
        else:
            scores = scores * usable * TEMPERATURE
            if excluded is not None:  # where nothing else is left, no key keeps a weight anyway
                scores = scores.masked_fill(excluded & ~excluded.all(-1, True), -torch.inf)
            weights = (scores.softmax(-1) * usable).clamp_min(FLOOR)
            if excluded is not None:
                weights = weights.masked_fill(excluded, 0)
        return torch.bmm(values, weights.transpose(1, 2)), weights


def shrunk(hole: Tensor, height: int, width: int, how: str) -> Tensor:
    """The hole on the grid of a feature map; values between 0 and 1.

    "maxpool" alone finds every hole pixel: thin lines fall between the samples of the others.
    """
    if how == "bilinear":
        return F.interpolate(hole, size=(height, width), mode="bilinear", align_corners=True)
    factor = hole.shape[-1] // width
    return shrink_hole(hole, factor) if how == "nearest" else F.max_pool2d(hole, factor)


def touching(forbidden: Tensor, width: int) -> Tensor:
    """Keys on a grid of that width whose values reach into what is forbidden: (B, 1, h, w) bool.

    The values of a key are 4x4 pixels of the low map: its own cell and half of each neighbour.
    """
    cells = covering(forbidden, forbidden.shape[-1] // width)
    return F.max_pool2d(cells.float(), 3, 1, 1) > 0


class _Borrowed:
    """Collects the strongest keys of each query, block by block.

    Args:
        high: (B, C, h, w) the map of the queries and keys.
        spare: columns that the grid of queries and keys has beyond those of the map.
    """

    def __init__(self, high: Tensor, *, spare: int) -> None:
        self.height, self.width = high.shape[-2:]
        self.columns = self.width + spare
        count = min(SHOWN_SOURCES, self.height * self.width)
        self.weight = high.new_zeros(len(high), self.height * self.columns, count)
        self.key = torch.zeros_like(self.weight, dtype=torch.long)

    def take(self, samples: int | slice, rows: slice, weights: Tensor) -> None:
        count = self.weight.shape[-1]
        for kept, news in zip((self.weight, self.key), strongest(weights), strict=True):
            kept[samples, rows] = news[..., :count]

    def maps(self) -> tuple[Tensor, Tensor]:
        """Source and weight as in `Transfer`."""
        x = (self.key % self.columns + 0.5) / self.width
        y = (self.key // self.columns + 0.5) / self.height
        shown = torch.stack([x, y, self.weight], 1).movedim(-1, 1)  # (B, k, 3, cells)
        shown = shown.reshape(*shown.shape[:3], self.height, self.columns)[..., : self.width]
        return shown[:, :, :2], shown[:, :, 2]
