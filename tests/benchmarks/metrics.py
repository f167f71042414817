"""The figures of the comparisons, inside the hole only; see `training.metrics` for each of them.

SSIM is scikit-image's here (the extra `bench`), so that published tables keep their numbers: at the
picture's border it mirrors one pixel further out than `training.metrics.ssim`.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.metrics import Mask, Picture, detail, psnr, seam, swd

__all__ = ["Figures", "Mask", "Picture", "detail", "figures", "psnr", "seam", "ssim", "swd"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Inside the hole: dB; 0..1; grey levels, lower is better; 1 = as sharp; 1 = no seam."""

    psnr: float
    ssim: float
    swd: float
    detail: float
    seam: float


def figures(fill: Picture, original: Picture, hole: Mask) -> Figures:
    """All of them at once; needs scikit-image."""
    return Figures(
        psnr(fill, original, hole),
        ssim(fill, original, hole),
        swd(fill, original, hole),
        detail(fill, original, hole),
        seam(fill, original, hole),
    )


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
