"""TensorBoard gets the curves if it is there, and is not needed if it is not."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec
import pytest

from engine.errors import InvalidInputError
from training import events, runner
from training.boards import board
from training.recipes import recipe

if TYPE_CHECKING:
    from pathlib import Path

NAME = "torch.utils.tensorboard"


class Writer:
    """Remembers what TensorBoard would have been given."""

    written: list[tuple[str, float, int]]
    closed: bool

    def __init__(self, folder: str) -> None:
        type(self).written, type(self).closed = [], False
        self.folder = folder

    def close(self) -> None:
        type(self).closed = True

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.written.append((name, value, step))


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType(NAME)
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, NAME, module)


def test_losses_speed_and_validation_are_written_at_their_steps(
    installed: None, tmp_path: Path
) -> None:
    with board(tmp_path) as told:
        told(events.Step(step=3, losses={"l1": 0.5, "critic.hinge": 2.0}, rate=7.0))
        told(events.Validation(step=4, psnr=20.0, ssim=0.5, texture=3.0))
        told(events.Checkpoint(step=4, path="x"))
        assert not Writer.closed
    assert Writer.closed
    assert Writer.written == [
        ("loss/l1", 0.5, 3),
        ("loss/critic.hinge", 2.0, 3),
        ("pictures per second", 7.0, 3),
        ("held out/psnr", 20.0, 4),
        ("held out/ssim", 0.5, 4),
        ("held out/texture", 3.0, 4),
    ]


def test_where_it_is_not_installed_a_run_that_wants_it_is_refused_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, NAME, None)
    given = msgspec.structs.replace(
        recipe("diet-pepsi-g4"), data=str(tmp_path), size=64, device="cpu", tensorboard=True
    )
    with pytest.raises(InvalidInputError, match="TensorBoard is not installed"):
        runner.run(given, tmp_path / "run", lambda _: None)
    assert not (tmp_path / "run").exists()
