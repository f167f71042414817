"""PEPSI's attention: what is missing is put together from the known patches nearest to it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.layers import SHOWN_SOURCES, full_precision, require_sources, strongest
from engine.models.pepsi.patches import Keys, Tile, box_sums, paste, tiles
from engine.models.pepsi.scores import CosineScores, DistanceScores

SHARPNESS = 50.0
"""Factor of the scores before the softmax; the paper does not tell it, the authors' code does."""

TINY = 1e-30
"""Smaller weights become 0: far below any precision, but processors are slow with them."""


def borrow(
    features: Tensor,
    hole: Tensor,
    *,
    official: bool = False,
    squared: bool = True,
    cosine: bool = False,
    maps: bool = False,
    forbidden: Tensor | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Replace the features under the hole by weighted sums of known patches (paper, section IV-D).

    Computed in float32 at least, in tiles whose matrices stay small on any picture.

    Args:
        features: (B, C, h, w) of the encoder.
        hole: (B, 1, h, w) bool.
        official: as the authors' program: patches in the hole are offered as zeros, and every sum
            of overlapping patches is divided by 9, also at the border where fewer overlap.
        squared: compare squared distances; False as the paper's equation 6 is printed.
        cosine: compare directions instead of distances (paper, table X).
        maps: also tell where from, see `Generation`.
        forbidden: (B, 1, h, w) bool; a patch with such a cell is never borrowed. None = no cell.

    Returns:
        Features of the same shape and dtype, known cells with their own bits; and the maps.
        A picture without any known patch keeps its features.

    Raises:
        NothingToCopyError: if a picture has known patches but all of them are forbidden.
    """
    if min(features.shape[-2:]) < 3:
        return features, _own_place(hole) if maps else {}
    usable, some = usable_patches(hole, forbidden, everything=official)
    if forbidden is not None:
        _, offered = usable_patches(hole, everything=official)
        require_sources(offered[:, None], some[:, None])
    rebuilt = hole & some[:, None, None, None]
    shown = _own_place(hole) if maps else {}
    with full_precision(features.device):
        z = features.to(torch.promote_types(features.dtype, torch.float32)).permute(0, 2, 3, 1)
        known = z * ~hole[:, 0, :, :, None]
        keys = Keys(known.flatten(1, 2), usable.flatten(1), *z.shape[1:3])
        scores = CosineScores(z, keys) if cosine else DistanceScores(z, keys, squared=squared)
        canvas = z.new_zeros(F.pad(z, (0, 0, 1, 1, 1, 1)).shape)
        for tile in tiles(rebuilt, scores.tile_shape()):
            weights = borrowed_weights(scores.of(tile), keys.usable)
            tile.grown(canvas).add_(paste(weights, keys, tile))
            if maps:
                _note(shown, rebuilt, weights, tile)
        pasted = canvas[:, 1:-1, 1:-1].permute(0, 3, 1, 2) / _overlap(hole, official=official)
    return torch.where(rebuilt, pasted.to(features.dtype), features), shown


def usable_patches(
    hole: Tensor, forbidden: Tensor | None = None, *, everything: bool = False
) -> tuple[Tensor, Tensor]:
    """Which 3x3 patches may be borrowed, by their top left corner.

    Patches without a missing cell; in a picture that has none of them, patches with a known centre;
    if there are none either, all (so that sums stay finite) and the picture is marked. Of the first
    two, only patches without a forbidden cell.

    Args:
        hole: (B, 1, h, w) bool.
        forbidden: (B, 1, h, w) bool, or None.
        everything: offer every patch, whatever it holds.

    Returns:
        (B, h, w) bool, and (B,) bool: whether there is anything to borrow.
    """
    known = ~hole[:, 0]
    inside = allowed = torch.ones_like(known[:, 2:, 2:])
    if forbidden is not None:
        allowed = F.max_pool2d(forbidden.float(), 3, 1)[:, 0] == 0
    if everything:
        return F.pad(allowed, (0, 2, 0, 2)), allowed.any(-1).any(-1)
    whole = (F.max_pool2d(hole.float(), 3, 1)[:, 0] == 0) & allowed
    centred = known[:, 1:-1, 1:-1] & allowed
    any_whole, any_centred = (choice.any(-1).any(-1) for choice in (whole, centred))
    fallback = torch.where(any_centred[:, None, None], centred, inside)
    usable = torch.where(any_whole[:, None, None], whole, fallback)
    return F.pad(usable, (0, 2, 0, 2)), any_whole | any_centred


def borrowed_weights(scores: Tensor, usable: Tensor) -> Tensor:
    """Softmax over the usable patches, exactly 0 for the others.

    Args:
        scores: (B, R, S, K).
        usable: (B, K) bool, at least one True per picture.
    """
    barred = ~usable[:, None, None]
    weights = (SHARPNESS * scores).masked_fill(barred, -torch.inf).softmax(-1)
    return F.threshold(weights, TINY, 0)


def _overlap(hole: Tensor, *, official: bool) -> Tensor:
    """How many patches lie over each cell: 9, or less at the border; (1, h, w)."""
    ones = torch.ones_like(hole[:1, 0], dtype=torch.float32)
    return 9 * ones if official else box_sums(F.pad(ones, (1, 1, 1, 1)))


def _own_place(hole: Tensor) -> dict[str, Tensor]:
    """The maps of a picture in which each cell is its own and nothing is borrowed."""
    height, width = hole.shape[-2:]
    y = (torch.arange(height, device=hole.device) + 0.5) / height
    x = (torch.arange(width, device=hole.device) + 0.5) / width
    own = torch.stack((x.expand(height, -1), y[:, None].expand(-1, width)))
    count = min(SHOWN_SOURCES, height * width)
    return {
        "source": own.repeat(len(hole), count, 1, 1, 1),
        "weight": torch.zeros_like(hole, dtype=torch.float32).repeat(1, count, 1, 1),
    }


def _note(shown: dict[str, Tensor], rebuilt: Tensor, weights: Tensor, tile: Tile) -> None:
    """Write down the strongest patches of each missing cell in the tile: centres and weights."""
    height, width = rebuilt.shape[-2:]
    area = (..., slice(tile.top, tile.bottom), slice(tile.left, tile.right))
    weight, patch = (each.movedim(-1, 1) for each in strongest(weights))  # (B, k, R, S)
    x = (patch % width + 1.5) / width
    y = (patch.div(width, rounding_mode="floor") + 1.5) / height
    mended = rebuilt[area]
    for name, news, where in (
        ("source", torch.stack((x, y), 2), mended[:, None]),
        ("weight", weight, mended),
    ):
        shown[name][area] = torch.where(where, news.float(), shown[name][area])
