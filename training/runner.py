"""A training run as a process: devices, signals, and the events as lines."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import warnings
from contextlib import contextmanager, nullcontext
from typing import IO, TYPE_CHECKING

from engine.errors import EngineError, InvalidInputError
from engine.jobs import CancelToken
from training.checkpoints import RunFolder
from training.events import Failed, to_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from lightning_fabric import Fabric

    from training.config import TrainingConfig
    from training.events import Event

STOP = "stop"
"""The line on standard input that ends a run after its step."""


def run(
    config: TrainingConfig,
    out: Path,
    told: Callable[[Event], None],
    *,
    resume: bool = False,
    listens: bool = False,
    stop: CancelToken | None = None,
) -> bool:
    """Train in this process, and in further ones if the configuration asks for several devices.

    Args:
        config: of the run; with `resume` only where and how long to compute is taken from it.
        out: folder of the run.
        told: hears every event, in the first process only.
        resume: go on with the run in the folder.
        listens: end the run when the line "stop" or the end comes on standard input.
        stop: ends the run after the step it is in.

    Returns:
        Whether Ctrl-C ended it; the run has its checkpoint all the same.

    Raises:
        EngineError: what went wrong, also written to the run's events.
    """
    from training.boards import board
    from training.loop import train

    folder = RunFolder(out)
    if resume:
        config = _with_place_of(config, folder.config())
    else:
        folder.check_free()
    fabric = _fabric(config)
    _check_memory(config, fabric)
    stop = stop or CancelToken()
    told = _noted(folder, told)
    is_first = fabric.is_global_zero
    wanted = board(folder.board) if config.tensorboard and is_first else nullcontext()
    with _stopped_by_signals(stop) as received, wanted as drawn:
        if listens and is_first:
            threading.Thread(target=_listen, args=(sys.stdin, stop), daemon=True).start()
        try:
            for event in train(config, out, fabric, stop):
                told(event)
                if drawn is not None:
                    drawn(event)
        except EngineError as error:
            told(Failed(step=0, message=str(error)))
            raise
    return signal.SIGINT in received


def _noted(folder: RunFolder, told: Callable[[Event], None]) -> Callable[[Event], None]:
    """The same, and each event is also a line in the run's folder once there is one."""

    def tell(event: Event) -> None:
        if folder.path.is_dir():
            with folder.events_file.open("a", encoding="utf-8") as log:
                log.write(to_line(event) + "\n")
        told(event)

    return tell


def _fabric(config: TrainingConfig) -> Fabric:
    import torch
    from lightning_fabric import Fabric

    accelerator = {"auto": "auto", "cpu": "cpu", "cuda": "cuda", "mps": "mps"}[config.device]
    several = config.devices * config.nodes > 1
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it tells the precision
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it recommends launchers that not everybody has
        fabric = Fabric(
            accelerator=accelerator,
            devices=config.devices,
            num_nodes=config.nodes,
            strategy="ddp" if several else "auto",
            precision="bf16-mixed" if config.precision == "bf16" else "32-true",
        )
        fabric.launch()
    torch.set_float32_matmul_precision("high")
    return fabric


def _check_memory(config: TrainingConfig, fabric: Fabric) -> None:
    """Refuse a run that would be killed for memory, rather than let it begin.

    Raises:
        InvalidInputError: with the estimate, what is free, and the batch that would fit.
    """
    import psutil
    import torch

    from engine import memory
    from training import estimate

    if fabric.device.type == "cuda":
        free, on_card = torch.cuda.mem_get_info(fabric.device)[0], True
    else:
        # What this process holds already is part of the estimate.
        held = psutil.Process().memory_info().rss
        free, on_card = memory.available_bytes() + held, False
    sentence = estimate.shortage(config, free, on_card=on_card)
    if sentence:
        raise InvalidInputError(sentence)


def _with_place_of(wish: TrainingConfig, kept: TrainingConfig) -> TrainingConfig:
    """The settings of a run that is there; where, how long and how watched it is may change."""
    import msgspec

    return msgspec.structs.replace(
        kept,
        device=wish.device,
        devices=wish.devices,
        nodes=wish.nodes,
        workers=wish.workers,
        steps=wish.steps,
        time_limit_s=wish.time_limit_s,
        validate_every=wish.validate_every,
        checkpoint_every=wish.checkpoint_every,
        tensorboard=wish.tensorboard,
    )


def _listen(lines: IO[str], stop: CancelToken) -> None:
    for line in lines:
        if line.strip() == STOP:
            break
    stop.cancel()


@contextmanager
def _stopped_by_signals(stop: CancelToken) -> Iterator[list[int]]:
    """Let SIGINT and SIGTERM end the run after its step, a second one at once; those received."""
    received: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        del frame
        if received:
            raise KeyboardInterrupt
        received.append(number)
        stop.cancel()

    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
