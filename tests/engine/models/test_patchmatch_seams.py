from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from engine.errors import Cancelled
from engine.jobs import CancelToken
from engine.models.patchmatch.seams import evened

if TYPE_CHECKING:
    from engine.types import ImageF32, MaskBool

Sources = npt.NDArray[np.int32]


def two_pieces(step: float) -> tuple[ImageF32, MaskBool, Sources]:
    """A flat grey picture whose right half is brighter; the hole's left half is from the left."""
    image = np.full((40, 64, 3), 0.4, np.float32)
    image[:, 32:] += step
    hole = np.zeros((40, 64), bool)
    hole[10:30, 16:48] = True
    sources = np.arange(40 * 64, dtype=np.int32).reshape(40, 64)
    sources[10:30, 16:48] -= 10 * 64
    return image, hole, sources


def no_check() -> None:
    return None


def test_known_pixels_are_untouched() -> None:
    fill, hole, sources = two_pieces(0.02)
    np.testing.assert_array_equal(evened(fill, hole, sources, no_check)[~hole], fill[~hole])


def test_a_fill_copied_in_one_piece_with_fitting_borders_stays_as_it_is() -> None:
    fill, hole, sources = two_pieces(0.0)
    np.testing.assert_allclose(evened(fill, hole, sources, no_check), fill, atol=1e-6)


def test_a_slight_step_at_the_border_fades_out_inside_the_hole() -> None:
    fill = np.full((48, 48, 3), 0.5, np.float32)
    fill[:, 24:] = 0.53
    sources = np.arange(48 * 48, dtype=np.int32).reshape(48, 48)
    hole = np.zeros((48, 48), bool)
    hole[4:44, 8:20] = True
    fill[hole] = 0.53
    sources[hole] += 24
    healed = evened(fill, hole, sources, no_check)
    assert abs(float(healed[24, 8, 0]) - 0.5) < 0.012
    assert abs(float(healed[24, 14, 0]) - 0.5) < 0.015


def test_an_edge_of_the_picture_is_not_bled_away() -> None:
    fill, hole, sources = two_pieces(0.4)
    healed = evened(fill, hole, sources, no_check)
    np.testing.assert_allclose(healed[20, 33] - healed[20, 30], 0.4, atol=0.02)


def test_cancel_is_answered() -> None:
    fill, hole, sources = two_pieces(0.02)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        evened(fill, hole, sources, token.check)
