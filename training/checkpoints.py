"""The folder of a run: what is in it, and how its state is kept so that nothing can lose it.

    config.toml  events.jsonl  samples/  checkpoints/step-00000500.pt  model.safetensors

A checkpoint is written beside its place and moved there in one step; the one before it stays until
then, so that whatever happens, one of them is whole. Files hold tensors and plain containers and
are read with `weights_only`, so opening one runs no code.
"""

from __future__ import annotations

import io
import logging
import pickle
from typing import TYPE_CHECKING, Any

import torch

from engine.errors import InvalidInputError, PictureError
from engine.pictures.files import check_folder, replacing
from training import config as configs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from training.config import TrainingConfig

log = logging.getLogger(__name__)

KEPT = 2
"""Checkpoints in the folder; older ones are deleted once a newer one is whole."""

_FORMAT = "lacuna-checkpoint-1"


class RunFolder:
    """The files of one run.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def config_file(self) -> Path:
        return self.path / "config.toml"

    @property
    def events_file(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def model_file(self) -> Path:
        return self.path / "model.safetensors"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def board(self) -> Path:
        return self.path / "tensorboard"

    @property
    def _checkpoints(self) -> Path:
        return self.path / "checkpoints"

    def check_free(self) -> None:
        """Refuse to overwrite a run, and a place where nothing can be written.

        Raises:
            InvalidInputError: if a run is there, or no folder can be.
        """
        try:
            check_folder(self.path)
        except PictureError as error:
            raise InvalidInputError(str(error)) from error
        if self.config_file.exists():
            raise InvalidInputError(
                f"“{self.path}” holds a run already; go on with it by --resume, or name another "
                "folder."
            )

    def begin(self, config: TrainingConfig) -> None:
        """Make the folder for a new run.

        Raises:
            InvalidInputError: if a run is there already, or the folder cannot be written.
        """
        self.check_free()
        try:
            for folder in (self.samples, self._checkpoints):
                folder.mkdir(parents=True, exist_ok=True)
            configs.save(config, self.config_file)
        except OSError as error:
            why = error.strerror or error
            raise InvalidInputError(
                f"“{self.path}” cannot be written: {why}; choose another folder."
            ) from error
        except PictureError as error:
            raise InvalidInputError(str(error)) from error

    def config(self) -> TrainingConfig:
        """The settings of the run that is there.

        Raises:
            InvalidInputError: if there is none.
        """
        if not self.config_file.exists():
            raise InvalidInputError(
                f"“{self.path}” holds no run to go on with; leave --resume out to begin one."
            )
        return configs.load(self.config_file)

    def save(self, step: int, state: Mapping[str, Any]) -> Path:
        """Write a checkpoint, then delete those too old to matter.

        Raises:
            PictureError: if it cannot be written, as on a full disk; the last one is then whole.
        """
        path = self._checkpoints / f"step-{step:08d}.pt"
        buffer = io.BytesIO()
        torch.save({"format": _FORMAT, "step": step, **state}, buffer)
        with replacing(path) as file:
            file.write(buffer.getbuffer())
        for old in self.checkpoints()[KEPT:]:
            old.unlink(missing_ok=True)
        return path

    def checkpoints(self) -> list[Path]:
        """Those that are there, newest first."""
        return sorted(self._checkpoints.glob("step-*.pt"), reverse=True)

    def latest(self) -> dict[str, Any] | None:
        """The newest checkpoint that can be read; None if there is none.

        Raises:
            InvalidInputError: if there are some, and not one can be read.
        """
        paths = self.checkpoints()
        for path in paths:
            try:
                state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, ValueError) as error:
                log.warning("“%s” cannot be read: %s", path, error)
                continue
            if isinstance(state, dict) and state.get("format") == _FORMAT:
                return state
        if paths:
            raise InvalidInputError(
                f"No checkpoint in “{self._checkpoints}” can be read; start a new run in another "
                "folder, from model.safetensors if it is there."
            )
        return None
