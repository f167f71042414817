"""Pictures for training: found in a folder, cut into crops, given out in batches."""

from __future__ import annotations

from training.datasets.crops import Crops, Held
from training.datasets.gallery import Gallery, split
from training.datasets.loading import Loader, loader
from training.datasets.preparing import Pictures, pictures, prepared

__all__ = [
    "Crops",
    "Gallery",
    "Held",
    "Loader",
    "Pictures",
    "loader",
    "pictures",
    "prepared",
    "split",
]
