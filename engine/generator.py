"""What every generator shares: one call, any picture size, the hole blanked before it is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from engine.errors import InvalidInputError
from engine.layers import reflect_pad

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.backend import Options


@dataclass(frozen=True, slots=True)
class Generation:
    """What a generator answers.

    Attributes:
        image: (B, 3, H, W) in the network's own range around [-1, 1]; the raw output, known
            region included, because the losses need it. `layers.composite` makes the picture.
        stages: further outputs that losses need, as the model file documents; coarse or pyramid.
        maps: what an inspector shows, by name; empty unless asked for. "source" is
            (B, k, 2, h, w): x and y, 0..1 of the picture, of the places that each position borrowed
            most from, at most `layers.SHOWN_SOURCES`; "weight" (B, k, h, w) is how much of each,
            largest first. "certainty" and "gate" are (B, 1, h, w), 0..1. Where there are several
            levels, the plain name is the finest, "source.1" and so on are the coarser ones, or
            those of an earlier network.
    """

    image: Tensor
    stages: tuple[Tensor, ...] = ()
    maps: Mapping[str, Tensor] = field(default_factory=dict)


class Generator(nn.Module):
    """Base of all generators. A subclass says how it wants its input and writes `generate`.

    Attributes:
        multiple: sides that `generate` accepts are multiples of this.
        blank: value of missing pixels on entry, in the image's range.
        heeds_forbidden: borrows by attention, and never from what is forbidden; then `generate`
            takes a further input of that name.
        has_stages: makes pictures on its way to the last one.
    """

    multiple: ClassVar[int] = 1
    blank: ClassVar[float] = 0.0
    heeds_forbidden: ClassVar[bool] = False
    has_stages: ClassVar[bool] = True

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
        """Generate a picture.

        Args:
            image: (B, 3, H, W) RGB in [-1, 1], any size; what lies under the hole is never seen,
                whatever it is.
            hole: (B, 1, H, W), 1 (or True) = missing; one mask per picture.
            stages: also compute what only losses need; False is faster.
            maps: also compute what an inspector shows; slower.
            forbidden: (B, 1, H, W), 1 (or True) = attention may not borrow from here; None =
                nothing is. Networks that do not heed it have no attention, so it means nothing
                to them.
            **inputs: what the model file names besides.

        Returns:
            The generation, cropped to the given size. Stages and maps of a lower resolution are
            cropped in proportion.

        Raises:
            InvalidInputError: if the shapes do not fit together.
            NothingToCopyError: if all that could be borrowed in a picture is forbidden.
        """
        _check(image, hole=hole)
        height, width = image.shape[-2:]
        missing = hole > 0.5
        clean = torch.where(missing, image.new_tensor(self.blank), image)
        if forbidden is not None and self.heeds_forbidden:
            _check(image, forbidden=forbidden)
            _, inputs["forbidden"] = self.padded(clean, (forbidden > 0.5).to(image.dtype))
        image, hole = self.padded(clean, missing.to(image.dtype))
        made = self.generate(image, hole, stages=stages, maps=maps, **inputs)
        if image.shape[-2:] == (height, width):
            return made
        bottom, right = height / image.shape[-2], width / image.shape[-1]
        return Generation(
            made.image[..., :height, :width],
            tuple(_cropped(stage, bottom, right) for stage in made.stages),
            {
                name: _cropped(_places(name, shown, bottom, right), bottom, right)
                for name, shown in made.maps.items()
            },
        )

    def padded(self, image: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """Both, grown to the right and downwards to a multiple of `multiple` by reflection."""
        bottom, right = (-side % self.multiple for side in image.shape[-2:])
        if not bottom and not right:
            return image, hole
        margins = (0, right, 0, bottom)
        return reflect_pad(image, margins), reflect_pad(hole, margins)

    def generate(
        self, image: Tensor, hole: Tensor, *, stages: bool, maps: bool, **inputs: Tensor
    ) -> Generation:
        """The network itself.

        Args:
            image: (B, 3, H, W) in [-1, 1], `blank` under the hole; sides multiples of `multiple`.
            hole: (B, 1, H, W) of the image's dtype, exactly 0 or 1.
            stages: whether the stages are wanted.
            maps: whether the maps are wanted.
            **inputs: see `forward`; "forbidden", exactly 0 or 1, among them if the class heeds it.
        """
        raise NotImplementedError

    def inputs(self, options: Options, seed: int, height: int, width: int) -> dict[str, Tensor]:
        """Further inputs of `forward` for a run with these options; none by default.

        Args:
            options: the backend's complete options.
            seed: same seed, same tensors.
            height: of the image to come.
            width: of the image to come.
        """
        del options, seed, height, width
        return {}


def _check(image: Tensor, **marks: Tensor) -> None:
    if image.ndim != 4 or image.shape[1] != 3:
        raise InvalidInputError(f"the image is {tuple(image.shape)}; it must be (B, 3, H, W)")
    wanted = (image.shape[0], 1, *image.shape[-2:])
    for name, mark in marks.items():
        if tuple(mark.shape) != wanted:
            raise InvalidInputError(f"the {name} is {tuple(mark.shape)}; it must be {wanted}")


def _places(name: str, shown: Tensor, bottom: float, right: float) -> Tensor:
    """Places as shares of the given picture, where the network saw shares of the padded one.

    What lies in the margin is the reflection of a place inside.
    """
    if name.partition(".")[0] != "source":
        return shown
    places = shown / shown.new_tensor([right, bottom]).reshape(1, 2, 1, 1)
    return torch.where(places > 1, 2 - places, places).clamp(0, 1)


def _cropped(part: Tensor, bottom: float, right: float) -> Tensor:
    height, width = part.shape[-2:]
    return part[..., : math.ceil(height * bottom - 1e-6), : math.ceil(width * right - 1e-6)]
