"""What is inside, and under which licences."""

from __future__ import annotations

import importlib.metadata as metadata
from typing import TYPE_CHECKING

from app import licences
from app.licences import Part
from engine import resources
from engine.jobs import CancelToken, finish

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

RULE = "=" * 78
TRICKY = Part("two 2.0", "", f"{RULE}\nA ruler inside a licence.\n\n{RULE}\nmore")


def test_a_notices_file_gives_back_what_was_written() -> None:
    given = [Part("one 1.0", "MIT", "Do as you please.\n\nBut keep this."), TRICKY]
    assert licences.from_text(licences.to_text(given)) == given


def test_a_checkout_names_what_it_needs_and_what_that_needs() -> None:
    names = {found.name.lower() for found in licences.closure(licences.PROGRAM)}
    assert {"numpy", "torch", "pillow", "llvmlite", "shiboken6"} <= names
    assert not {"pytest", "ruff", "mypy", licences.PROGRAM} & names


def test_every_library_has_a_licence_and_its_text() -> None:
    for part in finish(licences.parts(CancelToken())):
        assert part.licence != "see its text", part.name
        assert len(part.text) > 500, part.name


def test_qt_comes_with_the_lesser_licence_and_the_one_that_it_builds_on() -> None:
    text = licences.part(metadata.distribution("PySide6-Essentials")).text
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_a_bundle_shows_the_notices_that_it_was_built_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "NOTICES.txt").write_text(licences.to_text([TRICKY]), "utf-8")
    monkeypatch.setattr(resources, "root", lambda: tmp_path)
    assert finish(licences.parts(CancelToken())) == [TRICKY]
