"""Where the data is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import resources

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_every_bundled_sample_has_its_mask() -> None:
    found = resources.samples()
    assert found
    assert all(picture.is_file() and mask.is_file() for picture, mask in found)


def test_a_mask_is_no_sample_and_a_picture_without_one_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sample").mkdir()
    for name in ("a.jpg", "a_mask.png", "b.png", "notes.txt", "notes_mask.png"):
        (tmp_path / "sample" / name).touch()
    monkeypatch.setattr(resources, "root", lambda: tmp_path)
    assert [(one.name, two.name) for one, two in resources.samples()] == [("a.jpg", "a_mask.png")]


def test_a_bundle_brings_its_own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "resources").mkdir()
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)
    assert resources.root() == tmp_path / "resources"
