"""A report of a fault: what helps is in it, where the user's files lie is not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QGuiApplication

from app import report as reports
from app import settings as settings_file
from app.report import report, shortened_paths
from app.settings import Settings
from engine import __version__

if TYPE_CHECKING:
    from tests.app.conftest import Desk


def test_a_report_names_program_system_and_libraries(tmp_path: Path) -> None:
    text = report(Settings(), "cuda", tmp_path / "none.log")
    assert f"Lacuna {__version__}" in text
    assert f"Python {sys.version_info.major}.{sys.version_info.minor}" in text
    assert "PySide6-Essentials 6" in text
    assert "a network ran on cuda" in text


def test_a_library_that_was_not_loaded_is_not_loaded_for_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    text = report(Settings(), "", tmp_path / "none.log")
    assert "torch" not in sys.modules
    [line] = [line for line in text.splitlines() if line.startswith("torch ")]
    assert line.endswith("(not loaded)")


def test_settings_are_told_without_files_and_folders(tmp_path: Path) -> None:
    settings = Settings(
        mask_step=9,
        recent=["/home/ada/secret.png"],
        folder="/home/ada",
        training_data="/data/ada",
        batch_images="/data/holidays",
    )
    text = report(settings, "", tmp_path / "none.log")
    assert "mask_step = 9" in text
    assert "ada" not in text
    assert "holidays" not in text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cannot read /home/ada/Pictures/a b.png: gone", "cannot read …/a b.png: gone"),
        ("opened /data/2024/holiday.jpg", "opened …/holiday.jpg"),
        ("“C:\\Users\\Ada\\Pictures\\cat.png” is large", "“…/cat.png” is large"),
        ('File "/usr/lib/python3/queue.py", line 3', 'File "…/queue.py", line 3'),
        ("two: /a/b/c.png, /d/e/f.png", "two: …/c.png, …/f.png"),
        ("see https://doc.qt.io/qt-6/qimage.html", "see https://doc.qt.io/qt-6/qimage.html"),
        ("a share of 1/2 and/or less", "a share of 1/2 and/or less"),
        ("no path at all", "no path at all"),
    ],
)
def test_a_path_keeps_its_last_name_only(line: str, expected: str) -> None:
    assert shortened_paths(line) == expected


def test_the_home_folder_is_never_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada lovelace"))
    shown = shortened_paths("cannot write /home/ada lovelace/.config/lacuna/settings.json: full")
    assert shown == "cannot write …/settings.json: full"


def test_places_in_the_program_itself_stay_whole() -> None:
    line = f'File "{Path(reports.__file__).parent / "gui.py"}", line 3'
    assert shortened_paths(line) == 'File "app/gui.py", line 3'


def test_only_the_end_of_a_long_log_is_told(tmp_path: Path) -> None:
    log = tmp_path / "lacuna.log"
    log.write_text("".join(f"line {number} of /home/ada/x.png\n" for number in range(9000)))
    text = report(Settings(), "", log)
    assert text.count("of …/x.png") == reports.LOG_LINES
    assert "line 8999 " in text


def test_copy_report_puts_it_on_the_clipboard_and_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = desk.folder / "lacuna.log"
    log.write_text("something happened\n")
    monkeypatch.setattr(settings_file, "log_file", lambda: log)
    desk.window.commands.actions["copy_report"].trigger()
    text = QGuiApplication.clipboard().text()
    assert "something happened" in text
    assert f"Lacuna {__version__}" in text
    assert "clipboard" in desk.said()
    QGuiApplication.clipboard().clear()


def test_show_log_folder_opens_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        "app.window.help.QDesktopServices.openUrl", lambda url: opened.append(url.toLocalFile())
    )
    desk.window.commands.actions["log"].trigger()
    assert opened == [str(settings_file.log_folder())]
