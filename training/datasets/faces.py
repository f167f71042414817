"""The layout of the FDF data set: faces of 128 pixels with landmarks and boxes.

    images/128/*.png  landmarks.npy (N, K, 2)  bounding_box/128.npy or .json (N, 4)

Pictures are numbered as their names are, or in alphabetical order. A million of them would take
an hour to decode, so files are not looked at before they are needed.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.errors import InvalidInputError
from engine.scanning import picture_files
from training.datasets.gallery import Gallery

if TYPE_CHECKING:
    from pathlib import Path

    from training.datasets.gallery import Landmarks

SIDE = 128
"""Side of the pictures that boxes are given for, in pixels."""


def is_face_layout(folder: Path) -> bool:
    """Whether a folder is laid out like FDF."""
    return (folder / "images" / str(SIDE)).is_dir() and (folder / "landmarks.npy").is_file()


def open_faces(folder: Path, keypoints: int) -> tuple[Gallery, list[str]]:
    """The faces of a folder, and what the user should know.

    Args:
        folder: laid out like FDF.
        keypoints: how many the network takes.

    Raises:
        InvalidInputError: if the files do not belong together, or one of them is not as it
            should be.
    """
    paths = picture_files(folder / "images" / str(SIDE))
    if paths and all(path.stem.isdecimal() for path in paths):
        paths = tuple(sorted(paths, key=lambda path: int(path.stem)))
    landmarks = _landmarks(folder / "landmarks.npy", len(paths), keypoints)
    boxes = _boxes(folder / "bounding_box", len(paths))
    notices = []
    if boxes is None:
        notices.append(
            f"“{folder}” has no bounding_box/{SIDE}.npy; the middle of every face is filled."
        )
    return Gallery(paths, tuple(_digests(landmarks)), landmarks, boxes), notices


def _landmarks(path: Path, count: int, keypoints: int) -> Landmarks:
    landmarks = _numbers(path)
    if landmarks.ndim == 2 and landmarks.shape[1] == 2 * keypoints:
        landmarks = landmarks.reshape(-1, keypoints, 2)
    if landmarks.shape != (count, keypoints, 2):
        raise InvalidInputError(
            f"“{path}” has the shape {landmarks.shape}; {count} pictures and a network with "
            f"{keypoints} keypoints need ({count}, {keypoints}, 2)."
        )
    # Shoulders may lie a little outside of the picture; pixels would be far outside.
    if not np.isfinite(landmarks).all() or np.abs(landmarks - 0.5).max(initial=0) > 4:
        raise InvalidInputError(f"“{path}” must hold x and y in 0 to 1 of the picture.")
    return landmarks.astype(np.float32)


def _boxes(folder: Path, count: int) -> npt.NDArray[np.float32] | None:
    array, text, torch_file = (folder / f"{SIDE}{end}" for end in (".npy", ".json", ".torch"))
    if array.is_file():
        path, boxes = array, _numbers(array)
    elif text.is_file():
        path, boxes = text, _json(text)
    elif torch_file.is_file():
        raise InvalidInputError(
            f"“{torch_file}” must be converted once, because reading it could run code: python -c "
            f"\"import numpy, torch; numpy.save('{array}', "
            f"torch.load('{torch_file}', weights_only=True).numpy())\""
        )
    else:
        return None
    if boxes.shape != (count, 4):
        raise InvalidInputError(
            f"“{path}” has the shape {boxes.shape}; {count} pictures need ({count}, 4): left, top, "
            "right, bottom."
        )
    return (boxes / SIDE).astype(np.float32)


def _numbers(path: Path) -> npt.NDArray[np.float64]:
    try:
        loaded = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InvalidInputError(f"“{path}” is no plain array of numbers: {error}.") from error
    if not isinstance(loaded, np.ndarray) or loaded.dtype.kind not in "iuf":
        raise InvalidInputError(f"“{path}” is no plain array of numbers.")
    return loaded.astype(np.float64)


def _json(path: Path) -> npt.NDArray[np.float64]:
    try:
        return np.array(json.loads(path.read_text("utf-8")), np.float64)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidInputError(f"“{path}” is no list of boxes: {error}.") from error


def _digests(landmarks: Landmarks) -> list[str]:
    """One a face: pictures of the same face with the same landmarks are the same picture."""
    return [hashlib.blake2b(row.tobytes(), digest_size=16).hexdigest() for row in landmarks]
