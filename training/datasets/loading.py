"""Batches in order, made in this process or in others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import cv2
import torch
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate, get_worker_info

from engine.errors import EngineError, InvalidInputError, PictureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from training.config import TrainingConfig
    from training.datasets.crops import Crops, Item

MOST_WORKERS = 6
FEW_PROCESSORS = 2
_AHEAD = 4
"""Batches that each worker makes before they are asked for."""

_BYTES_A_PICTURE = 3 * 3 * 3 * 1.5
"""Of a working copy, for each pixel of the crop, about: three bytes, thrice as long and wide, and
half as long again."""


class Loader:
    """An endless iterable of batches; each iterator has workers of its own and ends them."""

    def __init__(
        self, crops: Crops, config: TrainingConfig, *, start: int, rank: int, ranks: int
    ) -> None:
        if config.batch % ranks:
            raise InvalidInputError(
                f"A batch of {config.batch} cannot be shared by {ranks} processes; choose a "
                "multiple."
            )
        self._crops, self._config = crops, config
        self._numbers = _Numbers(start, config.batch, rank, ranks)

    @property
    def workers(self) -> int:
        """Processes that make the batches; 0 = this one does."""
        if self._config.workers is not None:
            return self._config.workers
        return _workers(self._crops, self._config)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        """The batches.

        Raises:
            PictureError: if an example cannot be made, from `next`.
        """
        batches = iter(self._loader())
        while True:
            batch = next(batches)
            if isinstance(batch, str):
                raise PictureError(batch)
            yield batch

    def _loader(self) -> DataLoader[Item | str]:
        workers = self.workers
        further: dict[str, Any] = {}
        if workers:
            further = {
                "worker_init_fn": _begin,
                "persistent_workers": True,
                "prefetch_factor": _AHEAD,
                "multiprocessing_context": _context(),
            }
        return DataLoader(
            _Told(self._crops),
            batch_sampler=self._numbers,
            num_workers=workers,
            collate_fn=_collated,
            pin_memory=self._config.device in ("auto", "cuda") and torch.cuda.is_available(),
            # Without one of its own it would draw from the generator that the training draws from.
            generator=torch.Generator(),
            **further,
        )


def loader(
    training: Crops, config: TrainingConfig, *, start: int = 0, rank: int = 0, ranks: int = 1
) -> Loader:
    """Batches of training examples.

    Args:
        training: the examples.
        config: of the run: size of the batches, number of workers.
        start: the first example, as counted over all processes.
        rank: of this process.
        ranks: processes in all; each gets its part of every batch.

    Returns:
        An iterable without end: image (B, 3, S, S) uint8, hole (B, 1, S, S) bool, number (B,) and,
        for faces, keypoints (B, K, 2), with B the batch divided by `ranks`. The batches depend on
        neither the workers nor, taken together, the ranks.

    Raises:
        InvalidInputError: if the batch cannot be divided.
    """
    return Loader(training, config, start=start, rank=rank, ranks=ranks)


class _Numbers(Sampler[list[int]]):
    """Which examples are in which batch of one process."""

    def __init__(self, start: int, batch: int, rank: int, ranks: int) -> None:
        self._batch, self._part = batch, batch // ranks
        self._first = start + rank * self._part

    def __iter__(self) -> Iterator[list[int]]:
        first = self._first
        while True:
            yield list(range(first, first + self._part))
            first += self._batch


class _Told(Dataset["Item | str"]):
    """Examples, or the sentence that says why there is none: it must cross processes as it is."""

    def __init__(self, crops: Crops) -> None:
        self.crops = crops

    def __getitem__(self, number: int) -> Item | str:
        try:
            return self.crops[number]
        except EngineError as error:
            return str(error)


def _collated(items: list[Item | str]) -> dict[str, Tensor] | str:
    for example in items:
        if isinstance(example, str):
            return example
    batch: dict[str, Tensor] = default_collate(items)
    return batch


def _workers(crops: Crops, config: TrainingConfig) -> int:
    """As many as keep a graphics card busy, and none where they would only take its processor."""
    processors = _processors()
    needed = len(crops.gallery) * config.size**2 * _BYTES_A_PICTURE
    if processors <= FEW_PROCESSORS and needed <= crops.cache.budget_bytes:
        return 0
    return max(1, min(MOST_WORKERS, processors // (2 * config.devices)))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _context() -> Any:  # noqa: ANN401 - the contexts of multiprocessing share no public type
    """Never plain forks: those of a process with threads can lock up."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["training.datasets"])
    return context


def _begin(worker: int) -> None:
    """Set a worker up."""
    del worker
    # Ctrl-C reaches all processes of a terminal, and the run's own must end the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    info = get_worker_info()
    if info is not None and isinstance(info.dataset, _Told):
        info.dataset.crops.cache.budget_bytes //= info.num_workers
