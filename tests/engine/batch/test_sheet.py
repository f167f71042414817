"""The contact sheet: one page that needs nothing beside it and stays small."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from PIL import Image

from engine.batch import sheet
from engine.batch import thumbnails as small
from engine.batch.thumbnails import SIDE, pictured, thumbnails
from tests.engine.batch.folders import hole_of, mask, pairs, pixels_of, plan, put, run

if TYPE_CHECKING:
    from pathlib import Path

    from engine.batch import Report


class Tags(HTMLParser):
    """Notes tags with their attributes, and that every one is closed."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser.found


def images(text: str) -> list[Image.Image]:
    found = re.findall(r"data:image/jpeg;base64,([^\"]+)", text)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Of a run with a result, a failure, a skip and an orphan, names full of markup."""
    pairs(tmp_path, "<b>&a.png", "bad.png")
    (tmp_path / "images/bad.png").write_bytes(b"")
    put(tmp_path / 'images/"quoted".png')
    mask(tmp_path / "masks/stray.png")
    return run(tmp_path)


def test_the_page_shows_results_and_names_what_went_wrong(report: Report, tmp_path: Path) -> None:
    text = (tmp_path / "out/lacuna-batch.html").read_text("utf-8")
    assert len(images(text)) == 3
    assert text.index("Failed (1)") < text.index("Results (1 shown)") < text.index("Skipped (1)")
    assert "“bad.png” is empty" in text
    assert "Masks without a picture (1)" in text


def test_names_are_escaped(report: Report, tmp_path: Path) -> None:
    text = (tmp_path / "out/lacuna-batch.html").read_text("utf-8")
    assert "<b>" not in text
    assert "&lt;b&gt;&amp;a.png" in text
    assert all(tag != "b" for tag, _ in tags(text))


def test_the_page_needs_nothing_beside_it_and_can_be_read_aloud(
    report: Report, tmp_path: Path
) -> None:
    text = (tmp_path / "out/lacuna-batch.html").read_text("utf-8")
    found = tags(text)
    assert all(attributes["src"].startswith("data:") for tag, attributes in found if tag == "img")
    assert not {"script", "link", "iframe"} & {tag for tag, _ in found}
    assert "http" not in text.replace("http-equiv", "")
    assert all(attributes.get("alt") for tag, attributes in found if tag == "img")
    assert ("html", {"lang": "en"}) in found
    assert "prefers-color-scheme: dark" in text
    labelled = [attributes["aria-labelledby"] for tag, attributes in found if tag == "section"]
    ids = [attributes["id"] for tag, attributes in found if tag == "h2"]
    assert labelled == ids


def test_the_three_views_are_what_they_say(tmp_path: Path) -> None:
    before = pixels_of(0, 480, 360)
    after = np.full_like(before, 200)
    hole = hole_of(480, 360)
    made = thumbnails(before, hole, after)
    views = [
        np.asarray(Image.open(io.BytesIO(data))).astype(int)
        for data in (made.before, made.hole, made.after)
    ]
    assert all(max(view.shape) == SIDE for view in views)
    assert np.abs(views[2] - 200).max() < 4
    differs = np.abs(views[1] - views[0]).max(axis=2) > 60
    rows, columns = np.nonzero(differs)
    scale = SIDE / 480
    assert abs(rows.min() - 120 * scale) < 3
    assert abs(columns.max() - 240 * scale) < 3


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_kind_of_pixels_has_thumbnails(channels: int, dtype: type) -> None:
    pixels = np.full((30, 40, channels), np.iinfo(dtype).max // 2, dtype)
    made = thumbnails(pixels, hole_of(40, 30), pixels)
    assert Image.open(io.BytesIO(made.after)).size == (40, 30)


def test_a_hairline_is_visible(tmp_path: Path) -> None:
    before = np.zeros((2000, 3000, 3), np.uint8)
    hole = np.zeros((2000, 3000), np.bool_)
    hole[1000] = True
    view = np.asarray(Image.open(io.BytesIO(thumbnails(before, hole, before).hole)))
    assert view.max() > 100


def test_pages_and_thumbnails_do_not_grow_with_the_folder(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (item, *_) = plan(tmp_path).items
    assert len(pictured([item] * 100_000)) <= small.MOST_PICTURED
    row = next(row for row in report.files if row.status == "failed")
    many = msgspec.structs.replace(report, files=(row,) * 30_000)
    monkeypatch.setattr(sheet, "MOST_LISTED", 100)
    text = "".join(sheet.page(many, {}))
    assert len(text) < 60_000
    assert "And 29900 more; the CSV file beside this page has all." in text


def test_what_an_earlier_run_made_is_shown_too(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png", "b.png")
    run(tmp_path)
    assert run(tmp_path, resume=True).skipped == 2
    assert len(images((tmp_path / "out/lacuna-batch.html").read_text("utf-8"))) == 6


def test_the_start_is_written_as_people_write_it(report: Report) -> None:
    made = msgspec.structs.replace(report, started="2026-11-30T08:41:27+01:00", seconds=3.2)
    text = "".join(sheet.page(made, {}))
    assert "<dd>2026-11-30 08:41 UTC+01:00, took 3 s</dd>" in text
