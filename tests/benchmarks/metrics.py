"""Figures that compare a fill with the picture it replaced, inside the hole only.

All of them take uint8 RGB pictures. PSNR and SSIM reward smooth fills; `swd` and `detail` say
whether the texture is right; `seam` says whether the border shows. Look at the fills as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PATCH = 7
DIRECTIONS = 128
SAMPLES = 8192

Picture = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figures:
    """Inside the hole: dB; 0..1; grey levels, lower is better; 1 = as sharp; 1 = no seam."""

    psnr: float
    ssim: float
    swd: float
    detail: float
    seam: float


def figures(fill: Picture, original: Picture, hole: Mask) -> Figures:
    """All of them at once; needs scikit-image (the extra `bench`)."""
    return Figures(
        psnr(fill, original, hole),
        ssim(fill, original, hole),
        swd(fill, original, hole),
        detail(fill, original, hole),
        seam(fill, original, hole),
    )


def psnr(fill: Picture, original: Picture, hole: Mask) -> float:
    """Peak signal-to-noise ratio of the hole's pixels in dB."""
    error = np.square(fill[hole].astype(np.float64) - original[hole]).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def ssim(fill: Picture, original: Picture, hole: Mask) -> float:
    """Structural similarity (Wang et al. 2004), its map averaged over the hole."""
    from skimage.metrics import structural_similarity

    _, per_pixel = structural_similarity(  # type: ignore[no-untyped-call]  # has no types
        original,
        fill,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    return float(per_pixel[hole].mean())


def swd(fill: Picture, original: Picture, hole: Mask) -> float:
    """Sliced Wasserstein distance of the 7x7 patches centred in the hole (Rabin et al. 2011).

    Both pictures' patches are projected on the same random directions of unit length; the mean
    distance between the sorted projections, in grey levels.
    """
    rng = np.random.default_rng(0)
    centres = np.argwhere(hole)
    if len(centres) > SAMPLES:
        centres = centres[rng.choice(len(centres), SAMPLES, replace=False)]
    directions = rng.normal(size=(PATCH * PATCH * 3, DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    one, other = (
        np.sort(_patches(picture, centres) @ directions, axis=0) for picture in (fill, original)
    )
    return float(np.abs(one - other).mean())


def detail(fill: Picture, original: Picture, hole: Mask) -> float:
    """Mean absolute Laplacian of the fill as a share of the original's."""
    return float(_laplacian(fill)[hole].mean() / max(_laplacian(original)[hole].mean(), 1e-9))


def seam(fill: Picture, original: Picture, hole: Mask) -> float:
    """Mean step between a hole pixel and a known neighbour, as a share of the original's."""
    return _step_across(fill, hole) / max(_step_across(original, hole), 1e-9)


def _patches(picture: Picture, centres: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    radius = PATCH // 2
    padded = np.pad(picture, ((radius, radius), (radius, radius), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (PATCH, PATCH), axis=(0, 1))
    return windows[centres[:, 0], centres[:, 1]].reshape(len(centres), -1).astype(np.float64)


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
