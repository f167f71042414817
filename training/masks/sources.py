"""Where a run's holes come from: a kind, or a folder of files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.errors import InvalidInputError
from training.config import nearest
from training.masks.files import MaskFiles
from training.masks.kinds import KINDS, draw

if TYPE_CHECKING:
    import numpy as np

    from engine.types import MaskBool
    from training.masks.kinds import Coverage
    from training.masks.strokes import Size


class HoleSource(Protocol):
    """Draws holes.

    Attributes:
        notices: what the user should know of it.
    """

    @property
    def notices(self) -> tuple[str, ...]: ...

    def draw(
        self, size: Size, rng: np.random.Generator, coverage: Coverage | None = None
    ) -> MaskBool:
        """A hole, (height, width) bool, neither empty nor full; see `training.masks.draw`."""
        ...


@dataclass(frozen=True, slots=True)
class _OfKind:
    kind: str
    notices: tuple[str, ...] = ()

    def draw(
        self, size: Size, rng: np.random.Generator, coverage: Coverage | None = None
    ) -> MaskBool:
        return draw(self.kind, size, rng, coverage)


def source(masks: str) -> HoleSource:
    """What draws the holes that `TrainingConfig.masks` names.

    Args:
        masks: a kind, or else a folder.

    Raises:
        InvalidInputError: if it is neither, or the folder holds no usable mask.
    """
    if masks in KINDS:
        return _OfKind(masks)
    if not Path(masks).is_dir():
        raise InvalidInputError(
            f"“{masks}” is neither a kind of masks nor a folder of them; {nearest(masks, KINDS)}"
        )
    return MaskFiles(Path(masks))
