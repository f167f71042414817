"""How good the running average is: figures on held-out pictures, a sheet to look at, a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from engine import weights
from engine.layers import composite
from engine.pictures.files import replacing
from training import metrics, terms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from engine.backend import BackendSpec
    from engine.generator import Generator
    from training.config import TrainingConfig
    from training.datasets import Held

Picture = npt.NDArray[np.uint8]

NOTABLE_DB = 0.02
"""What the hole's PSNR must gain to count as progress, in dB."""

FLAT_AFTER = 5
"""Validations without progress after which the verdict says so."""

COLUMNS = 3
SHOWN = 6
_GAP = 4


@dataclass(frozen=True, slots=True)
class Found:
    """Means over the held-out pictures, inside the holes, and a sheet of the first ones."""

    psnr: float
    ssim: float
    texture: float
    sheet: Picture


@torch.inference_mode()
def validate(generator: Generator, held_out: Held) -> Found:
    """Fill the held-out pictures, without a latent, and compare.

    Args:
        generator: in evaluation mode.
        held_out: at least one picture.
    """
    device = next(generator.parameters()).device
    rows, figures = [], []
    for number in range(len(held_out)):
        item = held_out[number]
        image = item["image"][None].to(device).float().mul(2 / 255).sub(1)
        hole = item["hole"][None].to(device).float()
        inputs = {"keypoints": item["keypoints"][None].to(device)} if "keypoints" in item else {}
        made = generator(image, hole, stages=False, **inputs).image.float()
        fill = _picture(composite(image, hole, made)[0])
        original, missing = _picture(image[0]), item["hole"][0].numpy().astype(bool)
        figures.append(
            (
                metrics.psnr(fill, original, missing),
                metrics.ssim(fill, original, missing),
                metrics.swd(fill, original, missing),
            )
        )
        if number < SHOWN:
            masked = original.copy()
            masked[missing] = 255
            rows.append((original, masked, fill))
    psnr, ssim, texture = np.mean(figures, axis=0).tolist()
    return Found(psnr, ssim, texture, _sheet(rows))


def verdict(since_best: int, config: TrainingConfig) -> str:
    """One plain sentence about the course of the run."""
    if since_best == 0:
        return "still improving"
    if since_best < FLAT_AFTER:
        return "about the same as before"
    return f"flat for {since_best * config.validate_every:,} steps"


def save_sheet(sheet: Picture, path: Path) -> None:
    """Write a sheet as PNG.

    Raises:
        PictureError: if it cannot be written.
    """
    with replacing(path) as file:
        Image.fromarray(sheet).save(file, format="PNG")


def card(
    spec: BackendSpec, config: TrainingConfig, step: int, generator: Generator
) -> weights.Card:
    """What the exported model says of itself; its role is "none" until it has been evaluated."""
    del generator
    features = "random VGG features" if terms.sees_at_random(config) else ""
    source = f"trained with the recipe {config.preset}, seed {config.seed}, {step} steps"
    return weights.Card(
        backend=spec.id,
        configuration=config.configuration,
        role="none",
        masks=(config.masks,),
        side=config.size,
        trained_on=config.data,
        licence="that of the pictures it was trained on",
        images_shown=step * config.batch,
        ema=True,
        source=", ".join(filter(None, (source, features))),
    )


def _picture(image: torch.Tensor) -> Picture:
    shown = image.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    picture: Picture = shown.permute(1, 2, 0).cpu().numpy()
    return picture


def _sheet(rows: Sequence[tuple[Picture, ...]]) -> Picture:
    """The rows below each other: original, with its hole in white, filled."""
    height, width = rows[0][0].shape[:2]
    sheet = np.full(
        (len(rows) * (height + _GAP) + _GAP, COLUMNS * (width + _GAP) + _GAP, 3), 90, np.uint8
    )
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            top, left = _GAP + row * (height + _GAP), _GAP + column * (width + _GAP)
            sheet[top : top + height, left : left + width] = picture
    return sheet
