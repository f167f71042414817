"""The curves for TensorBoard as well, where somebody has installed it; Lacuna does not need it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.errors import InvalidInputError
from training.events import Step, Validation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from training.events import Event


@contextmanager
def board(folder: Path) -> Iterator[Callable[[Event], None]]:
    """A listener that writes losses, speed and validation into a folder.

    Raises:
        InvalidInputError: if TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise InvalidInputError(
            "TensorBoard is not installed; install it with “pip install tensorboard”, or leave "
            "--tensorboard out: the run's folder has all curves in events.jsonl."
        ) from error

    writer: SummaryWriter | None = None

    def told(event: Event) -> None:
        nonlocal writer
        for name, value in _numbers(event).items():
            # Not before there is something to write: the run makes its folder itself.
            writer = writer or SummaryWriter(str(folder))
            writer.add_scalar(name, value, event.step)

    try:
        yield told
    finally:
        if writer is not None:
            writer.close()


def _numbers(event: Event) -> dict[str, float]:
    match event:
        case Step():
            losses = {f"loss/{name}": value for name, value in event.losses.items()}
            return {**losses, "pictures per second": event.rate}
        case Validation():
            figures = {"psnr": event.psnr, "ssim": event.ssim, "texture": event.texture}
            return {f"held out/{name}": value for name, value in figures.items()}
        case _:
            return {}
