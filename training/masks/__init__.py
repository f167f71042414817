"""Random holes for training, evaluation and benchmarks; a seed names a mask.

`draw` takes the name of a kind. `free_form` and `blob` are two shapes that meet a share exactly.
"""

from __future__ import annotations

from training.masks.exact import blob, free_form
from training.masks.files import MaskFiles
from training.masks.kinds import KINDS, Kind, draw
from training.masks.sources import HoleSource, source

__all__ = ["KINDS", "HoleSource", "Kind", "MaskFiles", "blob", "draw", "free_form", "source"]
