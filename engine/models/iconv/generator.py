"""The generator of IConv: an encoder, a decoder and gated skips between them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import InvalidInputError
from engine.generator import Generation, Generator
from engine.layers import pulse, wide
from engine.models.iconv.layers import (
    SLOPE,
    Block,
    ConvolvedSkip,
    EqualisedConv,
    EqualisedLinear,
    GatedSkip,
    ImputedConv,
    activated,
    doubled,
    pooled,
)

if TYPE_CHECKING:
    from engine.backend import Options
    from engine.models.iconv.layers import Sample

LATENT = 32
"""Channels of the latent."""

POSE = 16
"""Channels of the pose."""


class IconvGenerator(Generator):
    """The generator.

    `forward` takes two further tensors: `latent`, (B or 1, 32, h, w) normal deviates with h and w
    the padded sides over `multiple`, zeros by default; and for a network with keypoints
    `keypoints`, (B or 1, n, 2), x and y in 0..1 of the picture, all 0.5 by default.

    A network with keypoints has a pose of 4x4 cells, so it works at side x side only: `forward`
    brings any other size there, by area, every cell with a missing pixel missing, and its image
    back by linear interpolation. Other networks take any size; what is padded is unknown.

    There are no stages. Maps are "certainty", that of the features behind each block of the encoder
    except the coarsest, and "gate", how much of them the decoder takes; the plain names are of full
    resolution, each further level of half the side.

    Args:
        side: of the pictures trained on, a power of two from 8; names the levels.
        base: channels from side 32 downwards; a level of side r > 32 has base * 32 / r.
        keypoints: number of keypoints, 0 for a network without pose.
        pool: of the encoder, "certainty" or "plain".
        impute_init: start of the imputing filters, "random" or "mean".
        imputation: False is the ablation, plain convolutions that are given the mask.

    Raises:
        InvalidInputError: if the arguments do not make a network.
    """

    has_stages: ClassVar[bool] = False

    def __init__(
        self,
        *,
        side: int = 256,
        base: int = 256,
        keypoints: int = 0,
        pool: str = "certainty",
        impute_init: str = "random",
        imputation: bool = True,
    ) -> None:
        super().__init__()
        _check_arguments(side, base, keypoints, pool, impute_init)
        self.side = side
        self.multiple = side // 4  # type: ignore[misc]  # other networks have one for all
        self.keypoints, self.pool, self.imputation = keypoints, pool, imputation
        self.mean_start = impute_init == "mean"
        sides = [4 * 2**level for level in range(int(math.log2(side)) - 1)]
        width = {r: base * 32 // max(r, 32) for r in [2, *sides]}
        self.from_rgb = self._layer(3, width[side], 1, None)
        self.encoder = nn.ModuleDict()
        for r in reversed(sides):
            self.encoder[str(r)] = self._block(r, width[r], width[max(r // 2, 4)])
        self.pose = nn.ModuleList()
        if keypoints:
            self.pose.append(EqualisedLinear(2 * keypoints, 128))
            self.pose.append(EqualisedLinear(128, POSE * 4 * 4))
        self.skips = nn.ModuleDict()
        self.decoder = nn.ModuleDict()
        self.heads = nn.ModuleDict()
        extra = LATENT + (POSE if keypoints else 0)
        self.decoder["4"] = self._block(4, width[4] + extra, width[4])
        for below, r in pairwise(sides):
            self.skips[str(r)] = GatedSkip() if imputation else ConvolvedSkip(width[below])
            self.decoder[str(r)] = self._block(r, width[below], width[r])
        for r in sides:
            self.heads[str(r)] = EqualisedConv(width[r], 3, 1)

    def _layer(self, inputs: int, outputs: int, kernel: int, r: int | None) -> EqualisedConv:
        if self.imputation:
            window = 3 if r in (4, 8) else 5
            return ImputedConv(inputs, outputs, kernel, window, mean=self.mean_start)
        return EqualisedConv(inputs + 2 if r is None else inputs, outputs, kernel)

    def _block(self, r: int, inputs: int, outputs: int) -> Block:
        return Block(self._layer(inputs, inputs, 3, r), self._layer(inputs, outputs, 3, r))

    def forward(
        self,
        image: Tensor,
        hole: Tensor,
        *,
        stages: bool = True,
        maps: bool = False,
        forbidden: Tensor | None = None,
        **inputs: Tensor,
    ) -> Generation:
        del forbidden  # nothing is borrowed here
        size = image.shape[-2:]
        exact = not self.keypoints or tuple(size) == (self.side, self.side)
        if exact or image.ndim != 4 or hole.shape[-2:] != size:
            return super().forward(image, hole, stages=stages, maps=maps, **inputs)
        # Both pools have the same cells, so no cell that stays known has seen a missing pixel.
        image = F.adaptive_avg_pool2d(image, self.side)
        hole = F.adaptive_max_pool2d((hole > 0.5).to(image.dtype), self.side)
        made = super().forward(image, hole, stages=stages, maps=maps, **inputs)
        back = F.interpolate(made.image, size, mode="bilinear", antialias=True)
        return Generation(back, made.stages, made.maps)

    def padded(self, image: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """Both, grown to the right and downwards to a multiple of `multiple` by unknown pixels."""
        bottom, right = (-side % self.multiple for side in image.shape[-2:])
        margins = (0, right, 0, bottom)
        return F.pad(image, margins, value=self.blank), F.pad(hole, margins, value=1.0)

    def generate(
        self, image: Tensor, hole: Tensor, *, stages: bool, maps: bool, **inputs: Tensor
    ) -> Generation:
        del stages
        bank = self._bank(image, inputs)
        certainty = wide(1 - hole)
        features = self._encode(image, certainty)  # at side, .., 8, 4
        x, certainty = features.pop()
        x = torch.cat((x, bank), dim=1).contiguous(memory_format=torch.channels_last)
        gates: list[Tensor] = []  # coarse to fine
        trust = [sure for _, sure in features]  # fine to coarse
        rgb = image.new_zeros(())
        for name, block in self.decoder.items():
            pulse()
            if name in self.skips:
                skip, deep = self.skips[name], (doubled(x), doubled(certainty))
                if maps and isinstance(skip, GatedSkip):
                    gates.append(skip.gate(features[-1][1], deep[1]))
                x, certainty = skip(features.pop(), deep)  # nothing else holds the popped ones
                rgb = doubled(rgb)
            x, certainty = block(x, certainty)
            rgb = rgb + wide(self.heads[name](x))
        shown = {"certainty": trust, "gate": gates[::-1]} if maps and self.imputation else {}
        return Generation(rgb / len(self.heads), maps=_by_level(shown))

    def _encode(self, image: Tensor, certainty: Tensor) -> list[Sample]:
        image = image.contiguous(memory_format=torch.channels_last)
        if isinstance(self.from_rgb, ImputedConv):
            x = self.from_rgb.plain(image)
        else:
            x = self.from_rgb(torch.cat((image, certainty, 1 - certainty), dim=1))
        x = activated(x)
        features: list[Sample] = []
        for block in self.encoder.values():
            pulse()
            if features:
                x, certainty = pooled(*features[-1], self.pool if self.imputation else "plain")
            features.append(block(x, certainty))
            x, certainty = features[-1]
        return features

    def _bank(self, image: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        """What the decoder starts from besides the encoder: latent and pose. (B, c, h, w)."""
        latent, keypoints = inputs.pop("latent", None), inputs.pop("keypoints", None)
        if inputs or (keypoints is not None and not self.keypoints):
            names = ", ".join([*inputs, *([] if keypoints is None else ["keypoints"])])
            raise InvalidInputError(f"this network takes no {names}")
        batch, _, height, width = image.shape
        cells = height // self.multiple, width // self.multiple
        parts = [_batch(latent, image, (LATENT, *cells), 0.0, "latent")]
        if self.keypoints:
            pose = _batch(keypoints, image, (self.keypoints, 2), 0.5, "keypoints")
            pose = 2 * pose.flatten(1) - 1
            for linear in self.pose:
                pose = F.leaky_relu(linear(pose), SLOPE)
            parts.append(wide(pose).view(batch, POSE, 4, 4))
        return torch.cat(parts, dim=1)

    def inputs(self, options: Options, seed: int, height: int, width: int) -> dict[str, Tensor]:
        """Latent and keypoints for one picture.

        Args:
            options: "latent" is "zero" or "random", "keypoints" is "x0,y0,x1,y1,.." or empty.
            seed: of the random latent.
            height: of the image to come.
            width: of the image to come.

        Raises:
            InvalidInputError: if the keypoints cannot be read.
        """
        made = {}
        if options.get("latent", "zero") == "random":
            sides = (self.side, self.side) if self.keypoints else (height, width)
            cells = [math.ceil(side / self.multiple) for side in sides]
            made["latent"] = torch.randn(
                1, LATENT, *cells, generator=torch.Generator().manual_seed(seed)
            )
        text = str(options.get("keypoints", "")).strip()
        if self.keypoints and text:
            made["keypoints"] = _keypoints(text, self.keypoints)
        return made


def _by_level(shown: dict[str, list[Tensor]]) -> dict[str, Tensor]:
    """Maps from fine to coarse under the names that `Generation` gives levels."""
    return {
        f"{name}.{level}" if level else name: each
        for name, levels in shown.items()
        for level, each in enumerate(levels)
    }


def _check_arguments(side: int, base: int, keypoints: int, pool: str, impute_init: str) -> None:
    if side < 8 or side & (side - 1):
        raise InvalidInputError(f"side is {side}; it must be a power of two, 8 or more")
    narrowing = max(side // 32, 1)
    if base < narrowing or base % narrowing:
        raise InvalidInputError(f"base is {base}; for side {side} it must divide by {narrowing}")
    if keypoints < 0:
        raise InvalidInputError(f"keypoints is {keypoints}; it must not be negative")
    if pool not in ("certainty", "plain"):
        raise InvalidInputError(f"pool is {pool!r}; it must be 'certainty' or 'plain'")
    if impute_init not in ("random", "mean"):
        raise InvalidInputError(f"impute_init is {impute_init!r}; it must be 'random' or 'mean'")


def _batch(
    given: Tensor | None, image: Tensor, shape: tuple[int, ...], default: float, name: str
) -> Tensor:
    """The given tensor for each picture of the batch, or the default."""
    wanted = (image.shape[0], *shape)
    if given is None:
        return image.new_full(wanted, default)
    if (
        given.ndim != len(wanted)
        or tuple(given.shape[1:]) != shape
        or given.shape[0]
        not in (
            1,
            image.shape[0],
        )
    ):
        raise InvalidInputError(f"the {name} is {tuple(given.shape)}; it must be {wanted}")
    return given.to(image).expand(wanted)


def _keypoints(text: str, count: int) -> Tensor:
    """(1, count, 2) from numbers between commas."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 2 * count or not all(0 <= number <= 1 for number in numbers):
        raise InvalidInputError(
            f"the keypoints are {text!r}; they must be {2 * count} numbers from 0 to 1 with commas"
            " between them: x and y of each point, as shares of width and height"
        )
    return torch.tensor(numbers).view(1, count, 2)
