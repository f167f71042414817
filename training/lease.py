"""Several generators, one after another, on a machine that is lent for a while.

    python -m training.lease photos.tar --out kept/ --minutes 13 --earlier kept-last-time/

Each generator learns for its share of the time: a first minute shows how many pictures a second
this machine manages, and the number of steps follows from it, so that step sizes fall when the time
ends. What is to be kept is written as soon as a generator is done, in files few and small enough to
be carried home: the running average and the critic in half precision, the events, the last sheet.
The next lease goes on from them; a critic that was not kept first learns alone against the
generator as it is.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import torch

from engine import memory, registry
from engine.errors import EngineError
from training import estimate, parcels, runner
from training.checkpoints import RunFolder
from training.events import Step, to_line
from training.recipes import recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.config import TrainingConfig
    from training.events import Event

log = logging.getLogger(__name__)

SHARES = {
    "pepsi": 6, "diet-pepsi": 4, "pennet": 3, "gla": 3, "regionwise": 2, "iconv": 2,
}  # fmt: skip
"""The generators in order of their value, and their shares of the time."""

FIRST_S = 60.0
FIRST_SHARE = 0.25
"""Of a generator's time, that the measurement may take at most."""

PACKING_S = 8.0
"""Kept back for writing what is kept."""

PRUDENCE = 0.95
"""Share of the steps that would just fit: to end early costs less than never to slow down."""

WARM_UP = 300
"""Steps in which a critic that was not kept learns alone."""

MANY_PROCESSORS = 4
"""With more than these, all but two make crops: nothing else is to be done on such a machine."""

UNTIL_STOPPED = 10**8


@dataclass(frozen=True, slots=True)
class Lease:
    """What is the same for all generators of a lease.

    Attributes:
        data: folder of photographs.
        kept: folder of the pieces; those of an earlier lease lie there already.
        out: folder of the files to carry home.
        batch: the largest; memory may allow less.
        size: side of the crops.
        device: as in `TrainingConfig`.
        warm_up: steps in which a critic that was not kept learns alone.
    """

    data: Path
    kept: Path
    out: Path
    batch: int
    size: int
    device: str
    warm_up: int


@dataclass(slots=True)
class _Pace:
    """Pictures a second, as the events tell, once both networks learn."""

    after: int
    rates: list[float] = field(default_factory=list)
    step: int = 0

    def __call__(self, event: Event) -> None:
        print(to_line(event), file=sys.stderr, flush=True)
        if isinstance(event, Step):
            # The first report after a beginning counts what is paid but once.
            if event.step > self.after + 1:
                self.rates.append(event.rate)
            self.step = event.step

    @property
    def rate(self) -> float:
        late = self.rates[len(self.rates) // 2 :]
        return sum(late) / len(late) if late else 0.0


def run(lease: Lease, backends: Sequence[str], seconds: float) -> dict[str, str]:
    """Train the generators one after another.

    Args:
        lease: what they share.
        backends: in order; each gets its share of what is left when its turn comes.
        seconds: in all.

    Returns:
        For each generator one sentence of what came of it.
    """
    ends = time.monotonic() + seconds
    said = {}
    for number, backend in enumerate(backends):
        shares = sum(SHARES.get(name, 1) for name in backends[number:])
        own = (ends - time.monotonic()) * SHARES.get(backend, 1) / shares
        try:
            said[backend] = learned(lease, backend, own)
        except (EngineError, RuntimeError) as error:  # out of memory on a card is a RuntimeError
            log.warning("%s has failed", backend, exc_info=error)
            said[backend] = f"failed: {error}"
        print(f"{backend}: {said[backend]}", flush=True)
        others = [name for name in SHARES if name not in backends]
        left = parcels.bundled(lease.kept, lease.out, [*backends, *others])
        if left:
            print(f"no room for {', '.join(left)}", flush=True)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return said


def learned(lease: Lease, backend: str, seconds: float) -> str:
    """Train one generator, and keep what came of it; a sentence about it.

    Raises:
        EngineError: if it cannot be trained.
    """
    ends = time.monotonic() + seconds - PACKING_S
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = parcels.opened(lease.kept, backend, folder)
        config = settings(lease, backend, before)
        out = folder / "run"
        pace = _Pace(after=config.critic_first)
        first = min(FIRST_S, FIRST_SHARE * seconds)
        runner.run(msgspec.structs.replace(config, time_limit_s=first), out, pace)
        left = ends - time.monotonic()
        if left > 0 and pace.rate:
            steps = pace.step + int(PRUDENCE * left * pace.rate / config.batch)
            spent = _seconds_spent(out)
            print(f"{backend}: {pace.rate:.0f} pictures/s, {steps} steps planned", flush=True)
            planned = msgspec.structs.replace(
                config, steps=max(steps, pace.step + 1), time_limit_s=spent + left,
                validate_every=max(steps, pace.step + 1),
            )  # fmt: skip
            runner.run(planned, out, pace, resume=True)
        parcels.packed(out, lease.kept, backend, before)
    return f"{pace.step} steps of {config.batch} pictures, {pace.rate:.1f} pictures/s at first"


def settings(lease: Lease, backend: str, before: parcels.Before | None) -> TrainingConfig:
    """The recipe for general photographs, from where an earlier lease has ended."""
    config = msgspec.structs.replace(
        recipe(backend, "modern"),
        data=str(lease.data),
        size=lease.size,
        batch=lease.batch,
        steps=UNTIL_STOPPED,
        device=lease.device,
        workers=_workers(),
        features="random",
        held_out=0.02,
        validate_every=UNTIL_STOPPED,
        checkpoint_every=UNTIL_STOPPED,
    )
    if before is not None:
        alone = lease.warm_up if config.critic and before.critic is None else 0
        config = msgspec.structs.replace(
            config,
            start=str(before.generator),
            critic_start=str(before.critic) if before.critic and config.critic else None,
            critic_first=alone,
        )
    return msgspec.structs.replace(config, batch=_batch(config))


def _workers() -> int | None:
    processors = os.cpu_count() or 1
    return processors - 2 if processors > MANY_PROCESSORS else None


def _batch(config: TrainingConfig) -> int:
    """The largest batch up to the wanted one that there is memory for."""
    on_card = config.device != "cpu" and torch.cuda.is_available()
    free = torch.cuda.mem_get_info()[0] if on_card else memory.available_bytes()
    return estimate.largest_batch(config, free, on_card=on_card) or 1


def _seconds_spent(out: Path) -> float:
    state = RunFolder(out).latest()
    return float(state["progress"]["seconds"]) if state is not None else 0.0


def unpacked(source: Path, into: Path) -> Path:
    """The folder of photographs: itself, or unpacked from a tar file."""
    if source.is_dir():
        return source
    with tarfile.open(source) as archive:
        archive.extractall(into, filter="data")
    return into


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.lease", description=__doc__)
    parser.add_argument("photos", type=Path, help="a tar file or a folder of photographs")
    parser.add_argument("--out", type=Path, required=True, help="what is kept goes here")
    parser.add_argument("--earlier", type=Path, help="what an earlier lease has kept")
    parser.add_argument("--minutes", type=float, default=12.0, help="in all")
    parser.add_argument("--models", default=",".join(SHARES), help="ids with commas")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--warm-up", type=int, default=WARM_UP, metavar="STEPS")
    args = parser.parse_args()
    backends = args.models.split(",")
    for backend in backends:
        registry.get(backend)
    args.out.mkdir(parents=True, exist_ok=True)
    torch.backends.cudnn.benchmark = True  # crops have one size, so the search pays
    with tempfile.TemporaryDirectory() as name:
        photos, kept = Path(name) / "photos", Path(name) / "kept"
        kept.mkdir()
        if args.earlier is not None:
            parcels.unbundled(args.earlier, kept)
        data = unpacked(args.photos, photos)
        lease = Lease(data, kept, args.out, args.batch, args.size, args.device, args.warm_up)
        said = run(lease, backends, args.minutes * 60)
    return int(all(sentence.startswith("failed") for sentence in said.values()))


if __name__ == "__main__":
    sys.exit(main())
