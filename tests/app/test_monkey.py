"""Whatever anybody does to the window, in whatever order, it stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.document import Document
from engine.pictures import Picture
from tests.app.monkey import digest, wrongs

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", [0, 1])
def test_a_monkey_at_the_window_breaks_nothing(seed: int) -> None:
    words = ["--actions", "250", "--seed", str(seed)]
    command = [sys.executable, "-m", "tests.app.monkey", *words]
    ended = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr[-3000:]
    assert "250 actions" in ended.stdout


def made() -> Document:
    return Document.new(Picture(np.zeros((8, 9, 3), np.uint8)))


def test_a_document_that_makes_sense_has_nothing_wrong() -> None:
    assert wrongs(made()) == []


def test_a_mask_of_another_size_is_wrong() -> None:
    document = made()
    document.mask = np.zeros((8, 8), np.uint8)
    assert wrongs(document) == ["the mask is (8, 8), uint8"]


def test_the_digest_sees_picture_and_mask() -> None:
    document = made()
    before = digest(document)
    document.mask[0, 0] = 255
    after = digest(document)
    assert before != after
    document.image[0, 0] = 1
    assert digest(document) not in (before, after)
