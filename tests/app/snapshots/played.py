"""Plays all scenes at one scale; started by `test_snapshots` as a pytest of its own.

LACUNA_SNAPSHOT_LANGUAGE  "en" or "de"; pictures are taken in English only
LACUNA_SNAPSHOT_FOLDER    where the pictures are put
QT_SCALE_FACTOR           is known to Qt from the start of a process only; that is why
"""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QFont, QFontDatabase, QFontInfo

from app.licences import Part
from engine.jobs import Progress
from tests.app.snapshots.empty import speechless
from tests.app.snapshots.scenes import SCENES
from tests.app.snapshots.stage import SAMPLES, WINDOW, Stage, anonymous, settle
from tests.app.speaking import clipped, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from app.language import Choice
    from engine.jobs import CancelToken, Steps
    from tests.app.conftest import Desk

FOLDER = Path(os.environ.get("LACUNA_SNAPSHOT_FOLDER", "build/snapshots"))
LANGUAGE: Choice = "de" if os.environ.get("LACUNA_SNAPSHOT_LANGUAGE") == "de" else "en"
THEMES = ("dark", "light")

FONT, FIXED, POINTS = "DejaVu Sans", "DejaVu Sans Mono", 9
SCREEN = {
    "name": "large", "x": 0, "y": 0, "width": 3840, "height": 2160,
    "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1,
}  # fmt: skip

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture(scope="session")
def qapp_args(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A screen on which a dialog is as large as it likes, at twice the size too."""
    path = tmp_path_factory.mktemp("screen") / "screen.json"
    path.write_text(json.dumps({"screens": [SCREEN]}))
    return ["lacuna", "-platform", f"offscreen:configfile={path}"]


@pytest.fixture(scope="session", params=[LANGUAGE])
def language(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[str]:
    """The same font everywhere, and a caret that does not blink."""
    font = QFont(FONT, POINTS)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    assert QFontInfo(font).family() == FONT, "install fonts-dejavu-core (make test does so)"
    qapp.setFont(font)
    qapp.setCursorFlashTime(0)
    with spoken(qapp, request.param):
        yield request.param


@pytest.fixture(autouse=True)
def the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long something took, today's date, and what this computer has."""
    for module in ("app.panels.results", "app.dialogs.lineup", "app.dialogs.batch_models"):
        monkeypatch.setattr(f"{module}.duration", lambda _: "0.4 s")
    monkeypatch.setattr("app.session.batch_words.duration", lambda _: "0.4 s")
    monkeypatch.setattr("app.session.notices.Activity.seconds_left", None)
    monkeypatch.setattr("app.session.training.datetime", Noon)
    monkeypatch.setattr("engine.memory.available_bytes", lambda: 16 * 10**9)
    monkeypatch.setattr("app.dialogs.about.__version__", "1.0")
    monkeypatch.setattr("app.dialogs.error.program_lines", lambda: ["Lacuna 1.0", "Python 3.11"])
    monkeypatch.setattr("app.licences.parts", licences)
    monkeypatch.setattr(QFontDatabase, "systemFont", lambda _: QFont(FIXED, POINTS))


class Noon(datetime):
    """Of one day for ever."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Noon:  # noqa: ARG003 - as `datetime` has it
        return cls(2026, 1, 2, 12, tzinfo=UTC)


def licences(token: CancelToken) -> Steps[list[Part]]:
    """Some; the real ones change with every version of a library."""
    yield Progress(0, 1, "")
    return [
        Part("filelock 1.0", "MIT", "Permission is hereby granted."),
        Part("numpy 1", "BSD", ""),
    ]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """What is trained on."""
    folder = tmp_path / "Dunes"
    folder.mkdir()
    for number, (picture, _) in enumerate((*SAMPLES.values(), *SAMPLES.values())):
        shutil.copy(picture, folder / f"{number}{picture.suffix}")
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


@pytest.mark.parametrize("name", SCENES)
def test_it_looks_as_accepted(
    language: str,
    desk: Desk,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    name: str,
) -> None:
    desk.window.resize(*WINDOW)
    stage = Stage(desk, qtbot, monkeypatch, request)
    widget = SCENES[name](stage)
    for theme in THEMES if language == "en" else THEMES[:1]:
        desk.session.use_theme(theme)
        settle(stage, widget)
        if language == "en":
            anonymous(widget, tmp_path)
            assert widget.grab().save(str(FOLDER / f"{name}-{theme}.png"))
    assert clipped(widget) == []
    assert speechless(widget) == []
