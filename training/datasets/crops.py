"""Training examples by number, and the fixed ones for validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from engine.scanning import opened_rgb
from training import masks
from training.datasets import cropping
from training.masks.boxes import of_box

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.scanning import Pixels8
    from engine.types import MaskBool
    from training.config import TrainingConfig
    from training.datasets.gallery import Gallery
    from training.masks import HoleSource

Item: TypeAlias = dict[str, Tensor]

FACE_BOX = "face-box"

_PAIRS = {7: (0, 2, 1, 4, 3, 6, 5)}
"""Which landmark each becomes in a mirror: eyes, ears and shoulders change sides."""


class Cache:
    """Decoded pictures by number, up to a number of bytes; the first ones stay.

    Every epoch takes each picture once, so that throwing the oldest out would lose every one
    before it is needed again.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._held: dict[int, Pixels8] = {}
        self._bytes = 0

    def __reduce__(self) -> tuple[type[Cache], tuple[int]]:
        return Cache, (self.budget_bytes,)  # processes start with nothing and a budget

    def get(self, number: int, read: Callable[[int], Pixels8]) -> Pixels8:
        """What `read` gives for a number, kept if there is room."""
        if number in self._held:
            return self._held[number]
        image = read(number)
        if self._bytes + image.nbytes <= self.budget_bytes:
            # A view would keep the whole of what it looks at.
            self._held[number] = np.ascontiguousarray(image)
            self._bytes += image.nbytes
        return image


class Crops(Dataset[Item]):
    """The endless list of training examples; the n-th is decided by the seed and n alone.

    Attributes:
        gallery: the pictures. Each is shown once before any is shown again.
        cache: of decoded pictures.
    """

    def __init__(
        self,
        gallery: Gallery,
        config: TrainingConfig,
        holes: HoleSource | None = None,
        *,
        budget_bytes: int = 0,
    ) -> None:
        self.gallery, self._config = gallery, config
        self._holes = masks.source(config.masks) if holes is None else holes
        self.cache = Cache(budget_bytes)
        self._orders: dict[int, list[int]] = {}

    def __getitem__(self, number: int) -> Item:
        """Example `number`, 0 or more.

        Raises:
            PictureError: if a file can no longer be read.
            InvalidInputError: if the masks cannot give the hole that is asked for.
        """
        config, gallery = self._config, self.gallery
        picture = self._order(number // len(gallery))[number % len(gallery)]
        rng = np.random.default_rng([config.seed, number])
        image = self.cache.get(picture, self._read)
        if gallery.landmarks is None:
            image = cropping.random_crop(image, config.size, rng)
        else:
            image = cropping.squashed(image, config.size)
        is_mirrored = config.flip and rng.random() < 0.5
        if is_mirrored:
            image = image[:, ::-1]
        if config.jitter:
            image = cropping.jittered(image, config.jitter, rng)
        hole = hole_for(gallery, picture, config, self._holes, rng, mirrored=is_mirrored)
        return item(gallery, picture, image, hole, number, self._mirror(is_mirrored))

    def _read(self, picture: int) -> Pixels8:
        image, _ = opened_rgb(self.gallery.paths[picture])
        return cropping.working_copy(image, self._config.size)

    def _order(self, epoch: int) -> list[int]:
        if epoch not in self._orders:
            if len(self._orders) > 1:
                self._orders.clear()
            rng = np.random.default_rng([self._config.seed, epoch, 1])
            self._orders[epoch] = rng.permutation(len(self.gallery)).tolist()
        return self._orders[epoch]

    def _mirror(self, is_mirrored: bool) -> tuple[int, ...] | None:
        """The new order of landmarks, None if nothing is mirrored.

        The released networks have learned mirrored faces without a change of order.
        """
        landmarks = self.gallery.landmarks
        if not is_mirrored or landmarks is None:
            return None
        kept = tuple(range(landmarks.shape[1]))
        return _PAIRS.get(len(kept), kept) if self._config.start is None else kept


class Held(Dataset[Item]):
    """The same crops and holes at every validation, whatever pictures are added to the folder."""

    def __init__(self, gallery: Gallery, config: TrainingConfig, holes: HoleSource) -> None:
        self._gallery, self._config, self._holes = gallery, config, holes

    def __len__(self) -> int:
        return len(self._gallery)

    def __getitem__(self, number: int) -> Item:
        """Example `number`.

        Raises:
            IndexError: if there are not that many.
            PictureError: if its file can no longer be read.
        """
        gallery, size = self._gallery, self._config.size
        image, _ = opened_rgb(gallery.paths[number])
        # What it shows decides its hole; the seed does not, so that runs can be compared.
        rng = np.random.default_rng(int(gallery.digests[number], 16))
        if gallery.landmarks is None:
            image = cropping.centre_crop(cropping.working_copy(image, size), size)
        else:
            image = cropping.squashed(image, size)
        hole = hole_for(gallery, number, self._config, self._holes, rng)
        return item(gallery, number, image, hole, number)


def hole_for(
    gallery: Gallery,
    picture: int,
    config: TrainingConfig,
    holes: HoleSource,
    rng: np.random.Generator,
    *,
    mirrored: bool = False,
) -> MaskBool:
    """The face's box where that is wanted and there is one, else a hole of the run's kind."""
    size = (config.size, config.size)
    box = gallery.box(picture, config.size, mirrored=mirrored)
    if config.masks == FACE_BOX and box is not None:
        hole = of_box(size, box)
        if hole.any() and not hole.all():
            return hole
    return holes.draw(size, rng, config.coverage)


def item(
    gallery: Gallery,
    picture: int,
    image: Pixels8,
    hole: MaskBool,
    number: int,
    mirror: tuple[int, ...] | None = None,
) -> Item:
    """Tensors: image (3, S, S) uint8, hole (1, S, S) bool, number, keypoints (K, 2) float32."""
    example = {
        "image": torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))),
        "hole": torch.from_numpy(hole[None]),
        "number": torch.tensor(number),
    }
    if gallery.landmarks is not None:
        points = np.array(gallery.landmarks[picture])  # a copy: epochs must not add up
        if mirror is not None:
            points[:, 0] = 1 - points[:, 0]
            points = points[list(mirror)]
        example["keypoints"] = torch.from_numpy(points)
    return example
