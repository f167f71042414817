"""Figures that compare a fill with the picture it replaced.

All of them take uint8 RGB pictures, (H, W, 3), and holes, (H, W) bool, True = missing. PSNR and
SSIM reward smooth fills; `swd` and `detail` say whether the texture is right; `seam` says whether
the border shows. Look at the fills as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine import textures

if TYPE_CHECKING:
    from torch import Tensor

Picture = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

SAMPLES = 8192

MS_SSIM_SIDE = 176
"""The shortest side that MS-SSIM's five scales leave enough of."""

_FULL = 255
_LEAST_ERROR = 1e-9
_WINDOW = 11
_SIGMA = 1.5
_LUMA = np.array([0.299, 0.587, 0.114])


def l1(fill: Picture, original: Picture, hole: Mask | None = None) -> float:
    """Mean absolute difference in percent of full scale: of the hole, or of the whole picture.

    The papers' tables take the whole picture, with the known part put back.
    """
    return float(100 * np.abs(_difference(fill, original, hole)).mean())


def l2(fill: Picture, original: Picture, hole: Mask | None = None) -> float:
    """Mean square of the differences, full scale being 1, in percent; where as in `l1`."""
    return float(100 * np.square(_difference(fill, original, hole)).mean())


def psnr(fill: Picture, original: Picture, hole: Mask | None = None) -> float:
    """Peak signal-to-noise ratio in dB: of the hole's pixels, or of the whole picture.

    Where only the hole differs, the whole picture's is larger by -10 log10(share of the hole).
    """
    ours, theirs = (fill, original) if hole is None else (fill[hole], original[hole])
    error = np.square(ours.astype(np.float64) - theirs).mean()
    return float(10 * np.log10(_FULL**2 / max(error, _LEAST_ERROR)))


def ssim(
    fill: Picture, original: Picture, hole: Mask | None = None, *, luma: bool = False
) -> float:
    """Structural similarity (Wang et al. 2004): Gaussian windows of 11 x 11, sigma 1.5.

    Args:
        fill: at least 11 pixels high and wide.
        original: what it shall be like.
        hole: average over windows centred in the hole, the picture being mirrored at its border;
            None averages over all windows that lie inside the picture.
        luma: compare brightness alone, in whole grey levels as PEPSI's tables do, instead of the
            mean of the three channels.
    """
    from torchmetrics.functional.image import structural_similarity_index_measure

    found = structural_similarity_index_measure(
        _as_tensor(_brightness(fill) if luma else fill),
        _as_tensor(_brightness(original) if luma else original),
        sigma=_SIGMA,
        kernel_size=_WINDOW,
        data_range=float(_FULL),
        return_full_image=True,
    )
    per_window: npt.NDArray[np.float64] = found[1][0].double().numpy()  # (C, H, W)
    if hole is not None:
        return float(per_window[:, hole].mean())
    margin = _WINDOW // 2
    return float(per_window[:, margin:-margin, margin:-margin].mean())


def ms_ssim(fill: Picture, original: Picture) -> float:
    """Structural similarity over five scales (Wang, Simoncelli, Bovik 2003), whole picture.

    Raises:
        ValueError: if a side is shorter than `MS_SSIM_SIDE`.
    """
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

    found = multiscale_structural_similarity_index_measure(
        _as_tensor(fill),
        _as_tensor(original),
        sigma=_SIGMA,
        kernel_size=_WINDOW,
        data_range=float(_FULL),
    )
    return float(found)


def swd(fill: Picture, original: Picture, hole: Mask) -> float:
    """Sliced Wasserstein distance of the 7x7 patches centred in the hole (Rabin et al. 2011).

    Both pictures' patches are projected on the same random directions of unit length; the mean
    distance between the sorted projections, in grey levels.
    """
    rng = np.random.default_rng(0)
    centres = textures.some(hole, SAMPLES, rng)
    ours, theirs = (textures.patches(picture, centres) for picture in (fill, original))
    return textures.distance(ours, theirs, rng)


def detail(fill: Picture, original: Picture, hole: Mask) -> float:
    """Mean absolute Laplacian of the fill as a share of the original's."""
    return float(_laplacian(fill)[hole].mean() / max(_laplacian(original)[hole].mean(), 1e-9))


def seam(fill: Picture, original: Picture, hole: Mask) -> float:
    """Mean step between a hole pixel and a known neighbour, as a share of the original's."""
    return _step_across(fill, hole) / max(_step_across(original, hole), 1e-9)


def _difference(fill: Picture, original: Picture, hole: Mask | None) -> npt.NDArray[np.float64]:
    ours, theirs = (fill, original) if hole is None else (fill[hole], original[hole])
    difference: npt.NDArray[np.float64] = (ours.astype(np.float64) - theirs) / _FULL
    return difference


def _brightness(picture: Picture) -> Picture:
    """(H, W, 1), cut off rather than rounded, as in the program that made PEPSI's tables."""
    # The sum of a grey pixel may end a hair below its grey level, which cutting off would lower.
    brightness: Picture = (picture @ _LUMA + 1e-6).astype(np.uint8)[:, :, None]
    return brightness


def _as_tensor(picture: Picture) -> Tensor:
    """(1, C, H, W) in 0..255, in single precision.

    That is ten times faster than double, and SSIM is off by 1e-5 on photographs, by 5e-4 at most
    on flat colour.
    """
    import torch

    return torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None].contiguous()


def _laplacian(picture: Picture) -> npt.NDArray[np.float64]:
    grey = np.pad(picture.astype(np.float64).mean(axis=2), 1, mode="edge")
    centre = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    laplacian: npt.NDArray[np.float64] = np.abs(around - 4 * centre)
    return laplacian


def _step_across(picture: Picture, hole: Mask) -> float:
    values = picture.astype(np.float64)
    across = [
        np.abs(values[1:] - values[:-1])[hole[1:] != hole[:-1]],
        np.abs(values[:, 1:] - values[:, :-1])[hole[:, 1:] != hole[:, :-1]],
    ]
    return float(np.concatenate(across).mean())
