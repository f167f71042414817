"""What a run is trained on and judged by, from its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine import memory, registry
from engine.errors import InvalidInputError
from engine.jobs import CancelToken, finish
from engine.scan_memory import memory_of
from engine.scanning import scan
from training import estimate, masks
from training.datasets.crops import Crops, Held
from training.datasets.faces import is_face_layout, open_faces
from training.datasets.gallery import Gallery, split

if TYPE_CHECKING:
    from engine.jobs import Steps
    from engine.scanning import Scan
    from training.config import TrainingConfig

MOST_JUDGED = 64
"""Held-out pictures that a validation looks at; more would take longer than they tell."""

MOST_CACHED = 4_000_000_000
SHARE_CACHED = 0.25
"""Of the memory that the networks leave, for decoded pictures; at most `MOST_CACHED` bytes."""

LARGEST_ENLARGEMENT = 4
"""Pictures that would have to be enlarged more to give a crop are left out."""

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of a run.

    Attributes:
        training: endless examples.
        held_out: examples for validation, the same ones every time; may be empty.
        training_files: what is trained on.
        held_out_files: what is not, all of it; `held_out` shows the first `MOST_JUDGED`.
        notices: sentences that the user should read before the run goes on for a day.
    """

    training: Crops
    held_out: Held
    training_files: tuple[Path, ...]
    held_out_files: tuple[Path, ...]
    notices: tuple[str, ...]


def pictures(config: TrainingConfig) -> Pictures:
    """The pictures of a run; see `prepared`."""
    return finish(prepared(config, CancelToken()))


def prepared(config: TrainingConfig, token: CancelToken) -> Steps[Pictures]:
    """Look through the folder of a run and divide what is there.

    Raises:
        InvalidInputError: if the folder or the masks cannot be used.
        Cancelled: once the token is cancelled.
    """
    if not config.data:
        raise InvalidInputError("The run has no folder of pictures; name one with --data DIR.")
    holes = masks.source(config.masks)
    folder = Path(config.data)
    keypoints = _keypoints(config)
    if keypoints and is_face_layout(folder):
        gallery, notices = open_faces(folder, keypoints)
    else:
        smallest = -(-config.size // LARGEST_ENLARGEMENT)
        found = yield from scan(folder, token, smallest=smallest, memory=memory_of(folder))
        gallery, notices = _gallery(found, folder, config, keypoints)
    if not len(gallery):
        raise InvalidInputError(f"“{folder}” holds no pictures; choose one that does.")
    learned, kept = split(gallery.digests, config.held_out)
    if not kept and config.held_out > 0:
        notices.append("There is one picture only: it is trained on, and nothing is held out.")
    training, held_out = gallery.chosen(learned), gallery.chosen(kept)
    left = max(0, memory.available_bytes() - estimate.needed_bytes(config))
    budget = min(MOST_CACHED, int(SHARE_CACHED * left))
    return Pictures(
        Crops(training, config, holes, budget_bytes=budget // config.devices),
        Held(gallery.chosen(kept[:MOST_JUDGED]), config, holes),
        training.paths,
        held_out.paths,
        (*notices, *holes.notices),
    )


def _keypoints(config: TrainingConfig) -> int:
    """How many landmarks the network takes, 0 for scenes."""
    configuration = {**registry.get(config.backend).configuration, **config.configuration}
    return int(configuration.get("keypoints", 0))


def _gallery(
    found: Scan, folder: Path, config: TrainingConfig, keypoints: int
) -> tuple[Gallery, list[str]]:
    notices = list(_in_words(found))
    if not found.pictures:
        if not found.problems:
            raise InvalidInputError(f"“{folder}” holds no pictures; choose one that does.")
        raise InvalidInputError(f"No picture in “{folder}” can be used. {' '.join(notices)}")
    small = sum(min(each.width, each.height) < config.size for each in found.pictures)
    if small:
        notices.append(
            f"{small} of {len(found.pictures)} pictures are smaller than the crops of "
            f"{config.size} pixels and are enlarged."
        )
    landmarks = None
    if keypoints:
        landmarks = np.full((len(found.pictures), keypoints, 2), 0.5, np.float32)
        notices.append(
            f"“{folder}” has no landmarks.npy beside images/128, so the network learns nothing of "
            "the pose of a face."
        )
    paths = tuple(each.path for each in found.pictures)
    digests = tuple(each.digest for each in found.pictures)
    return Gallery(paths, digests, landmarks), notices


_WORDS = {
    "corrupt": "damaged or no pictures, and left out",
    "unreadable": "unreadable, and left out",
    "too-large": "too large, and left out",
    "tiny": "too small, and left out",
    "duplicate": "copies of other pictures, and left out",
    "not-rgb": "not RGB, and converted",
}


def _in_words(found: Scan) -> list[str]:
    """One sentence for each sort of trouble."""
    sentences = []
    for kind, words in _WORDS.items():
        names = [trouble.path.name for trouble in found.problems if trouble.kind == kind]
        if names:
            more = ", …" if len(names) > _NAMED else ""
            listed = ", ".join(names[:_NAMED])
            sentences.append(f"{len(names)} files are {words}: {listed}{more}.")
    return sentences
