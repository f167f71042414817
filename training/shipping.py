"""From a trained model to the file of weights that comes with Lacuna.

    python -m training.shipping RUN/model.safetensors --role guide \
      --trained-on "570 openly licensed photographs" --licence "CC BY-SA 4.0"

writes `resources/weights/BACKEND.safetensors`: numbers in half precision, and a card that says what
the weights are good for, which only their evaluation can tell (`make quality`).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec

from engine import resources, weights
from engine.errors import EngineError
from engine.weight_files import tensors
from training.parcels import halved

if TYPE_CHECKING:
    from engine.weights import Role, WeightFile


def shipped(
    model: Path, into: Path, *, role: Role, trained_on: str, licence: str, shown: int | None = None
) -> WeightFile:
    """Write the weights as they are to be shipped.

    Args:
        model: what a training run has exported.
        into: folder; the file there is called after its backend.
        role: what the weights are good for.
        trained_on: the pictures, in words.
        licence: terms of the weights, in words.
        shown: pictures shown in training, earlier runs included; None if the model's card counts
            them all.

    Raises:
        WeightsError: if the model cannot be used.
        PictureError: if nothing can be written.
    """
    file = weights.opened(model)
    card = msgspec.structs.replace(
        file.card,
        role=role,
        trained_on=trained_on,
        licence=licence,
        images_shown=file.card.images_shown if shown is None else shown,
    )
    into.mkdir(parents=True, exist_ok=True)
    state = {name: halved(value) for name, value in tensors(file).items()}
    return weights.save(into / f"{card.backend}{weights.ENDING}", state, card)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.shipping", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--role", required=True, choices=get_args(weights.Role))
    parser.add_argument("--trained-on", required=True, metavar="WORDS")
    parser.add_argument("--licence", required=True, metavar="WORDS")
    parser.add_argument("--shown", type=int, metavar="PICTURES", help="earlier runs included")
    parser.add_argument("--out", type=Path, default=resources.root() / "weights", metavar="FOLDER")
    args = parser.parse_args()
    try:
        file = shipped(
            args.model, args.out, role=args.role, trained_on=args.trained_on,
            licence=args.licence, shown=args.shown,
        )  # fmt: skip
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{file.path}: {file.bytes:,} bytes, {file.card.role}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
