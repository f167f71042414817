"""Samples of other sizes and kinds mapped onto 8 or 16 bits: scaled, never clipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from engine.types import Pixels

FULL = 65535
_BYTE = 255


class UnusableNumbersError(ValueError):
    """The samples have no meaning as brightness; the text says why."""


def native(samples: npt.NDArray[Any]) -> tuple[Pixels, str]:
    """Samples of any type as uint8 or uint16, and what was done to them ("" if nothing).

    Floats within 0..1 are stretched over 16 bits; of floats up to 255 the largest becomes white;
    floats up to 65535 are rounded. Integers within 0..65535 keep their numbers, larger ones lose
    the bits that do not fit.

    Args:
        samples: (H, W, C) array.

    Raises:
        UnusableNumbersError: for NaN, infinity, negative numbers and floats beyond 65535.
    """
    if samples.dtype in (np.uint8, np.uint16):
        return samples.astype(samples.dtype.newbyteorder("="), copy=False), ""
    if samples.dtype == np.bool_:
        return samples.astype(np.uint8) * np.uint8(255), ""
    if np.issubdtype(samples.dtype, np.integer):
        return _from_integers(samples)
    if np.issubdtype(samples.dtype, np.floating):
        return _from_floats(samples)
    raise UnusableNumbersError(f"its samples are of the kind {samples.dtype}")


def widened(samples: npt.NDArray[np.uint16], bits: int) -> npt.NDArray[np.uint16]:
    """Samples of 9..15 bits stretched over 16: 4095 of 12 bits is white, as 65535 is."""
    wide = samples.astype(np.uint32) * FULL
    return ((wide + (1 << bits - 1)) // ((1 << bits) - 1)).astype(np.uint16)


def _from_integers(samples: npt.NDArray[Any]) -> tuple[Pixels, str]:
    low, high = int(samples.min()), int(samples.max())
    if low < 0:
        raise UnusableNumbersError(f"it holds negative numbers (down to {low})")
    if high <= FULL:
        return samples.astype(np.uint16), "Its numbers are kept with 16 bits."
    shift = high.bit_length() - 16
    return (samples >> shift).astype(np.uint16), "Its numbers were scaled down to 16 bits."


def _from_floats(samples: npt.NDArray[Any]) -> tuple[Pixels, str]:
    low, high = float(samples.min()), float(samples.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        count = int(np.count_nonzero(~np.isfinite(samples)))
        raise UnusableNumbersError(f"{count} of its floating-point samples are not finite numbers")
    if low < 0:
        raise UnusableNumbersError(f"it holds negative numbers (down to {low:g})")
    if high > FULL:
        raise UnusableNumbersError(f"its numbers reach {high:g}; up to 65535 can be read")
    # Numbers in between are brighter than white or of 8 bits: rounding would leave a few levels.
    white = 1.0 if high <= 1 else high if high <= _BYTE else float(FULL)
    scale = FULL / white
    wide = samples.astype(np.float64 if samples.dtype == np.float64 else np.float32)
    pixels = np.rint(np.multiply(wide, scale, out=wide), out=wide).astype(np.uint16)
    return (
        pixels,
        f"Its floating-point numbers (0..{white:g}) became 16 bits.",
    )
