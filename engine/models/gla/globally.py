"""Mask pruning-based global attention (MPGA): every missing position looks at all known ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.layers import (
    SHOWN_SOURCES,
    attention,
    chunks,
    covering,
    full_precision,
    rows_per_chunk,
    shrink_hole,
    strongest,
    wide,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANNELS = 128


class Projections(nn.Module):
    """The 1x1 convolutions to query, key and value, for features with the channels last."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Conv2d(CHANNELS, CHANNELS // 8, 1)
        self.key = nn.Conv2d(CHANNELS, CHANNELS // 8, 1)
        self.value = nn.Conv2d(CHANNELS, CHANNELS, 1)


def project(tokens: Tensor, conv: nn.Conv2d) -> Tensor:
    """A 1x1 convolution of (..., C)."""
    return F.linear(tokens, conv.weight.flatten(1), conv.bias)


def borrowed(
    missing: Tensor,
    known: Tensor,
    query: nn.Conv2d,
    key: nn.Conv2d,
    value: nn.Conv2d,
    *,
    strict: bool,
) -> Tensor:
    """Attended features of the missing positions (equations 1 to 4), pruned by key columns.

    All missing keys have the logit 0, so together they are one key with the logit log(their
    number) whose value is their mean; that is exact, and only missing x known scores are left.

    Args:
        missing: (M, C) features of the missing positions, at least one.
        known: (K, C) features of those to borrow from, perhaps none.
        query: 1x1 convolution.
        key: 1x1 convolution.
        value: 1x1 convolution.
        strict: leave the missing keys out, unless there are no others.

    Returns:
        (M, C): mixtures of values whose weights are positive and sum to 1.
    """
    queries = project(missing, query)  # (M, 16)
    keys, values = project(known, key), project(known, value)  # (K, 16), (K, C)
    if not strict or not len(known):
        queries = F.pad(queries, (0, 1), value=1.0)
        count = keys.new_full((1, 1), len(missing)).log()
        sink = F.pad(count, (keys.shape[1], 0))  # (1, 17)
        keys = torch.cat([F.pad(keys, (0, 1)), sink])
        values = torch.cat([values, project(missing.mean(0, keepdim=True), value)])
    return attention(queries[None], keys[None], values[None], 1.0)[0].to(missing.dtype)


class GlobalAttention(Projections):
    """MPGA at a quarter of the size.

    With preset "released" the program's mask is the wrong way round: known queries get uniform
    weights, hence the mean value, and missing ones keep gamma times their own features. Then
    nothing depends on query and key.
    """

    def __init__(self, *, released: bool, strict: bool) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(1))
        self.released = released
        self.strict = strict

    def forward(
        self, psi: Tensor, hole: Tensor, *, maps: bool, forbidden: Tensor | None = None
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Attend.

        Args:
            psi: (B, 128, h, w).
            hole: (B, 1, 4 h, 4 w).
            maps: whether "source" and "weight" are wanted; preset "released" has none.
            forbidden: (B, 1, 4 h, 4 w), or None; positions with any of it are no keys.

        Returns:
            (B, 128, h, w), and the maps at (h, w).
        """
        small = shrink_hole(hole, 4) > 0.5  # (B, 1, h, w)
        barred = None if forbidden is None else covering(forbidden, 4)
        with full_precision(psi.device):
            psi = wide(psi)
            if self.released:
                mean = psi.mean((2, 3)) if barred is None else _mean(psi, ~barred)  # (B, C)
                everywhere = project(mean, self.value)[:, :, None, None]
                return torch.where(small, self.gamma * psi, everywhere), {}
            attended = attend_holes(psi, small, self, strict=self.strict, barred=barred)
            return attended, self._looked_at(psi, small, barred) if maps else {}

    def _looked_at(self, psi: Tensor, hole: Tensor, barred: Tensor | None) -> Mapping[str, Tensor]:
        """Where each missing position borrowed most; known ones borrow nothing."""
        height, width = psi.shape[-2:]
        keys = ~hole if barred is None else ~(hole | barred)
        count = min(SHOWN_SOURCES, height * width)
        weight = psi.new_zeros(len(psi), height * width, count)
        index = torch.zeros_like(weight, dtype=torch.long)
        tokens = psi.flatten(2).transpose(1, 2)
        for sample in range(len(psi)):
            missing, known = (marks[sample].flatten().nonzero()[:, 0] for marks in (hole, keys))
            if not len(known):
                continue
            queries = project(tokens[sample, missing], self.query)
            looked_at = project(tokens[sample, known], self.key)
            for rows in chunks(len(missing), rows_per_chunk(len(known))):
                scores = queries[rows] @ looked_at.t()
                if not self.strict:  # all missing keys together, as in `borrowed`
                    scores = F.pad(scores, (0, 1), value=math.log(len(missing)))
                values, which = strongest(scores.softmax(1)[:, : len(known)])
                weight[sample, missing[rows], : values.shape[1]] = values
                index[sample, missing[rows], : values.shape[1]] = known[which]
        x, y = (index % width + 0.5) / width, (index // width + 0.5) / height
        source = torch.stack([x, y], 1).movedim(-1, 1)  # (B, k, 2, h w)
        return {
            "source": source.reshape(*source.shape[:3], height, width),
            "weight": weight.transpose(1, 2).reshape(len(psi), count, height, width),
        }


def _mean(psi: Tensor, used: Tensor) -> Tensor:
    """Mean of (B, C, h, w) over the positions that (B, 1, h, w) bool names; 0 if it names none."""
    return (psi * used).sum((2, 3)) / used.sum((2, 3)).clamp(min=1)


def attend_holes(
    psi: Tensor,
    hole: Tensor,
    projections: Projections,
    *,
    strict: bool,
    own: Tensor | None = None,
    barred: Tensor | None = None,
) -> Tensor:
    """Equation 5: known positions keep their features, missing ones get attended features.

    Args:
        psi: (B, C, h, w).
        hole: (B, 1, h, w) bool.
        projections: query, key and value.
        strict: see `borrowed`.
        own: what known positions keep instead of psi, (B, C, h, w).
        barred: (B, 1, h, w) bool, positions that are no keys though they are known.
    """
    batch, channels, height, width = psi.shape
    tokens = psi.permute(0, 2, 3, 1).reshape(batch, height * width, channels)
    kept = psi if own is None else own
    keys = ~hole if barred is None else ~(hole | barred)
    done = []
    for sample, sample_hole, sample_keys, result in zip(
        tokens,
        hole.flatten(1),
        keys.flatten(1),
        kept.permute(0, 2, 3, 1).reshape(batch, height * width, channels),
        strict=True,
    ):
        place = sample_hole.nonzero()[:, 0]
        if len(place):
            attended = borrowed(
                sample[place],
                sample[sample_keys],
                projections.query,
                projections.key,
                projections.value,
                strict=strict,
            )
            result = result.index_copy(0, place, attended)  # noqa: PLW2901
        done.append(result)
    return torch.stack(done).view(batch, height, width, channels).permute(0, 3, 1, 2)
