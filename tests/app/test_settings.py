"""Settings: overrides only, ranges kept, and a damaged file never stops the program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.settings import RECENT_LIMIT, Settings, load, save
from app.tools import BrushSettings


def test_only_what_differs_from_the_defaults_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    save(Settings(theme="dark"), path)
    assert json.loads(path.read_text()) == {"theme": "dark"}
    assert load(path).theme == "dark"


def test_the_first_brush_is_hard_edged() -> None:
    settings, brush = Settings(), BrushSettings()
    assert (settings.hardness, brush.hardness) == (1.0, 1.0)
    assert (settings.brush_size, settings.pressure) == (brush.size, brush.pressure)


def test_a_missing_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "none.json") == Settings()


@pytest.mark.parametrize(
    "text", ["{", '{"theme": "purple"}', '{"no_such_setting": 1}', '{"hardness": 3}', "\xff"]
)
def test_a_damaged_file_is_set_aside_and_the_defaults_are_used(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text, "latin-1")
    assert load(path) == Settings()
    assert (tmp_path / "settings.damaged.json").read_text("latin-1") == text
    assert not path.exists()


def test_a_folder_that_cannot_be_written_costs_only_the_settings(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    save(Settings(theme="dark"), tmp_path / "file" / "settings.json")


def test_recent_files_are_newest_first_without_doubles() -> None:
    settings = Settings()
    for name in ("a", "b", "a"):
        settings.remember(Path(name))
    assert settings.recent == ["a", "b"]
    for number in range(20):
        settings.remember(Path(str(number)))
    assert len(settings.recent) == RECENT_LIMIT
