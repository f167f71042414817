"""Train or fine-tune a generator on a folder of pictures, with the losses of its paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import DONE, INTERRUPTED, UsageError, whole_number
from engine.backend import LARGEST_SEED

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from training.config import TrainingConfig
    from training.events import Event


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", nargs="?", type=Path, help="settings that an earlier run wrote")
    parser.add_argument("--backend", metavar="ID", help="the generator; see “lacuna backends”")
    parser.add_argument("--data", metavar="DIR", type=Path, help="pictures, subfolders included")
    parser.add_argument("--out", metavar="RUN_DIR", type=Path, help="folder of the run")
    _add_recipe(parser.add_argument_group("recipe"))
    _add_machine(parser.add_argument_group("machine"))


def _add_recipe(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--preset", choices=("paper", "modern", "quick", "overnight"))
    group.add_argument("--steps", metavar="N", type=whole_number(1, 10**9))
    group.add_argument("--batch", metavar="N", type=whole_number(1, 65536))
    group.add_argument("--size", metavar="N", type=whole_number(32, 2048))
    group.add_argument("--masks", metavar="KIND|DIR", help="see “lacuna masks --help”")
    group.add_argument(
        "--start", metavar="FILE", type=Path, help="weights to go on from (.safetensors)"
    )
    group.add_argument("--seed", metavar="N", type=whole_number(0, LARGEST_SEED))
    group.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="loss.NAME=WEIGHT or any setting of config.toml",
    )


def _add_machine(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"))
    group.add_argument("--devices", metavar="N", type=whole_number(1, 1024))
    group.add_argument("--nodes", metavar="N", type=whole_number(1, 4096))
    group.add_argument(
        "--tensorboard",
        action="store_true",
        default=None,
        help="curves for TensorBoard as well, in RUN_DIR/tensorboard; it must be installed",
    )
    group.add_argument("--resume", action="store_true", help="go on with the run in RUN_DIR")
    group.add_argument(
        "--events",
        action="store_true",
        help="print one JSON line per event; “stop” on standard input ends the run",
    )


_PLAIN = (
    "steps", "batch", "size", "masks", "seed", "device", "devices", "nodes", "tensorboard",
)  # fmt: skip
"""Options that are settings of the same name."""


def run(args: argparse.Namespace) -> int:
    """Train and tell."""
    from training import runner

    if args.out is None:
        raise UsageError("Name the folder of the run with --out RUN_DIR.")
    config = _config(args)
    told = _printed if args.events else _teller(quiet=args.quiet)
    interrupted = runner.run(config, args.out, told, resume=args.resume, listens=args.events)
    return INTERRUPTED if interrupted else DONE


def _config(args: argparse.Namespace) -> TrainingConfig:
    """What the command line asks for.

    Raises:
        UsageError: if it cannot be.
        InvalidInputError: if the file of settings cannot be read.
    """
    import msgspec

    from engine.errors import InvalidInputError
    from training import config as configs
    from training.recipes import recipe

    if args.resume:
        base = configs.load(args.out / "config.toml")
    elif args.config is not None:
        base = configs.load(args.config)
    elif args.backend is None or args.data is None:
        raise UsageError("Name the generator with --backend ID and the pictures with --data DIR.")
    try:
        if not args.resume and args.config is None:
            base = recipe(args.backend, args.preset or "paper")
        given = {name: getattr(args, name) for name in _PLAIN if getattr(args, name) is not None}
        given |= {
            name: str(getattr(args, name).absolute())
            for name in ("data", "start")
            if getattr(args, name) is not None
        }
        return configs.overridden(msgspec.structs.replace(base, **given), args.set)
    except InvalidInputError as error:
        raise UsageError(str(error)) from error


def _printed(event: Event) -> None:
    from training.events import to_line

    print(to_line(event), flush=True)


def _teller(*, quiet: bool) -> Callable[[Event], None]:
    """Events as lines for people on stderr; the path of the model on stdout."""
    from app.cli.console import notice
    from training.events import Failed, Finished

    def tell(event: Event) -> None:
        if isinstance(event, Failed):
            return  # the command ends with the same sentence
        notice([_in_words(event)], quiet=quiet)
        if isinstance(event, Finished):
            print(event.path, flush=True)

    return tell


def _in_words(event: Event) -> str:
    from engine.memory import in_words
    from training import events

    match event:
        case events.Started():
            return (
                f"{event.pictures} {'picture' if event.pictures == 1 else 'pictures'}, "
                f"{event.held_out} held out; {event.parameters:,} "
                f"parameters on {event.device} in {event.precision}, about "
                f"{in_words(event.memory)} of memory; steps {event.step} to {event.steps}."
            )
        case events.Step():
            losses = ", ".join(f"{name} {value:.4g}" for name, value in event.losses.items())
            left = "" if event.seconds_left is None else f", {_duration(event.seconds_left)} left"
            return f"step {event.step}: {losses}; {event.rate:.1f} pictures/s{left}"
        case events.Validation():
            return (
                f"step {event.step}: held-out PSNR {event.psnr:.2f} dB, SSIM {event.ssim:.3f}, "
                f"texture {event.texture:.2f}; {event.verdict}"
            )
        case events.Finished():
            why = {"done": "", "stopped": " (stopped)", "time": " (time is up)"}
            return f"Ended after {event.step} steps{why.get(event.reason, ' (no progress)')}."
        case events.Checkpoint() | events.Sample():
            return f"step {event.step}: {event.path}"
        case _:
            return event.message


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s"
