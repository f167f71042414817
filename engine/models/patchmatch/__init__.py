"""PatchMatch: fills a hole with pixels copied from the rest of the picture."""

from engine.models.patchmatch.efforts import EFFORTS
from engine.models.patchmatch.filling import PatchMatch, warm_up

__all__ = ["EFFORTS", "PatchMatch", "warm_up"]
