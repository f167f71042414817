"""The generator of PEN-Net.

Zeng, Fu, Chao, Guo: "Learning Pyramid-Context Encoder Network for High-Quality Image Inpainting",
CVPR 2019.

The default is the network that the authors released for PyTorch, because its weights exist. It
departs from the paper: six levels, all of stride 2, instead of seven (cheaper); enlarging by
interpolation and tanh instead of transposed convolutions and clipping; keys alone are normalised,
and the norm of a query acts as its temperature; a missing key keeps a place in the softmax; the
mask is shrunk bilinearly; every position is rewritten, not only the hole.

`variant="paper"` is the seven-level network with attention up to the full size. `cosine` is
equation 2, still with the program's factor 10 before the softmax, `strict` is equation 3, and
`mask_resize="maxpool"` is for thin free-form holes. The paper does not say how its transposed
convolutions are padded: by 1 here, and by 1 more at the right and bottom of the output.
"""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import InvalidInputError
from engine.generator import Generation, Generator
from engine.layers import pulse, require_sources, wide
from engine.models.pennet.attention import AttentionTransfer, Transfer, touching

WIDTHS = {
    "released": (32, 64, 128, 256, 512, 512),
    "paper": (16, 32, 64, 128, 256, 256, 256),
}
"""Channels of the encoder, fine to coarse."""

MASK_RESIZES = ("bilinear", "nearest", "maxpool")


class PennetGenerator(Generator):
    """PEN-Net's generator. Levels count from fine (0) to coarse.

    `stages` of the generation are the pyramid predictions in RGB, finest first: five from half the
    size down (released), or six from the full size down (paper; the first one is the image).
    `maps` are those of every attention, the finest by its plain name.

    Args:
        variant: "released" or "paper".
        cosine: normalise queries as well as keys.
        strict: leave missing keys out of the softmax altogether.
        mask_resize: how the hole reaches the size of a feature map: "bilinear", "nearest" or
            "maxpool".

    Raises:
        InvalidInputError: if a name is unknown.
    """

    multiple: ClassVar[int] = 64
    blank: ClassVar[float] = 1.0
    heeds_forbidden: ClassVar[bool] = True

    def __init__(
        self,
        *,
        variant: str = "released",
        cosine: bool = False,
        strict: bool = False,
        mask_resize: str = "bilinear",
    ) -> None:
        super().__init__()
        _check("variant", variant, tuple(WIDTHS))
        _check("mask_resize", mask_resize, MASK_RESIZES)
        widths = WIDTHS[variant]
        deepest = len(widths) - 1
        self.released = variant == "released"
        self.down = nn.ModuleList(
            nn.Conv2d(before, width, 3, stride=2 if self.released or level else 1, padding=1)
            for level, (before, width) in enumerate(zip((4, *widths), widths, strict=False))
        )
        plain = [self.released and level == deepest - 1 for level in range(deepest)]
        self.transfer = nn.ModuleList(
            AttentionTransfer(
                width,
                patch=1 if small else 3,
                refine=not small,
                cosine=cosine,
                strict=strict,
                mask_resize=mask_resize,
            )
            for width, small in zip(widths, plain, strict=False)
        )
        inputs = [2 * width for width in widths[1:-1]] + [widths[-1]]
        self.up = nn.ModuleList(
            nn.Conv2d(before, width, 3, padding=1)
            if self.released
            else nn.ConvTranspose2d(before, width, 3, stride=2, padding=1, output_padding=1)
            for before, width in zip(inputs, widths, strict=False)
        )
        self.heads = nn.ModuleList(nn.Conv2d(2 * width, 3, 1) for width in widths[:-1])
        finish = [nn.Conv2d(64, 32, 3, padding=1), nn.Conv2d(32, 3, 3, padding=1)]
        self.decoder = nn.ModuleList(finish if self.released else ())
        self.apply(_initialise)

    def generate(
        self,
        image: Tensor,
        hole: Tensor,
        *,
        stages: bool,
        maps: bool,
        forbidden: Tensor | None = None,
        **inputs: Tensor,
    ) -> Generation:
        del inputs
        encoded = self._encode(torch.cat([image, hole], 1))
        filled = self._fill(encoded, hole, forbidden, maps=maps)
        decoded = encoded[-1]
        pyramid: list[Tensor] = []
        for level in reversed(range(len(self.up))):
            pulse()
            up = F.relu(self.up[level](self._enlarged(decoded)))
            decoded = torch.cat([up, filled[level].filled], 1)  # (B, 2*C, H/2**k, W/2**k)
            if stages or (level == 0 and not self.released):
                pyramid.insert(0, self._bounded(self.heads[level](decoded)))
        result = self._finished(decoded) if self.released else pyramid[0]
        return Generation(result, tuple(pyramid) if stages else (), _shown(filled))

    def _encode(self, x: Tensor) -> list[Tensor]:
        maps = []
        for level, conv in enumerate(self.down):
            pulse()
            last = self.released and level == len(self.down) - 1
            x = F.relu(conv(x)) if last else F.leaky_relu(conv(x), 0.2)
            maps.append(x)
        return maps

    def _fill(
        self, encoded: list[Tensor], hole: Tensor, forbidden: Tensor | None, *, maps: bool
    ) -> list[Transfer]:
        """Each level rewritten with the help of the next coarser one, fine to coarse.

        The finest level must be left something that is not forbidden. A coarser one, whose cells
        are large, may be left nothing; then it transfers nothing, as if all were missing.
        """
        if forbidden is not None:
            height, width = encoded[1].shape[-2:]
            known = self.transfer[0].known(wide(hole), height, width)  # type: ignore[operator]
            require_sources(known, known & ~touching(forbidden, width))
        high = encoded[-1]
        filled: list[Transfer] = []
        for level in reversed(range(len(self.transfer))):
            transfer = self.transfer[level]
            filled.insert(
                0,
                transfer(encoded[level], high, hole, maps=maps, forbidden=forbidden),
            )
            high = filled[0].filled
        return filled

    def _enlarged(self, x: Tensor) -> Tensor:
        """Twice the size; the paper's transposed convolutions enlarge by themselves."""
        if not self.released:
            return x
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)

    def _finished(self, decoded: Tensor) -> Tensor:
        first, second = self.decoder
        x = F.relu(first(self._enlarged(decoded)))  # (B, 32, H, W)
        pulse()
        return self._bounded(second(x))

    def _bounded(self, x: Tensor) -> Tensor:
        return torch.tanh(wide(x)) if self.released else wide(x).clamp(-1, 1)


def _shown(filled: list[Transfer]) -> dict[str, Tensor]:
    """The maps of all levels, fine to coarse; none if nobody asked."""
    shown: dict[str, Tensor] = {}
    for level, made in enumerate(filled):
        if made.source is not None and made.weight is not None:
            suffix = f".{level}" if level else ""
            shown |= {f"source{suffix}": made.source, f"weight{suffix}": made.weight}
    return shown


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidInputError(f"{name} is {value!r}; it must be one of {', '.join(known)}")


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
