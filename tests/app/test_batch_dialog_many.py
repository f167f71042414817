"""Ten thousand pictures: the window's thread touches what is seen, and not the rest."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

import pytest

from app.dialogs.batch_models import ResultModel, RowsModel
from app.session.batch_course import MOST_PER_TICK
from app.session.batch_outcomes import Outcomes, Places
from app.session.batch_work import _surveyed
from engine.batch import BatchConfig, BatchProgress, Item, Plan, Row

if TYPE_CHECKING:
    from pathlib import Path

    from engine.batch import BatchRun
    from tests.app.batcher import Batcher

MANY = 10_000
SEEN = 400
"""Cells of the rows that fit on the screen, some of them drawn twice."""


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often which row was asked for a text."""
    counts: Counter[int] = Counter()
    face = RowsModel.face

    def counted(self: RowsModel, row: int, column: int) -> object:
        counts[row] += 1
        return face(self, row, column)

    monkeypatch.setattr(RowsModel, "face", counted)
    return counts


def many_items(folder: Path) -> Plan:
    config = BatchConfig(images=str(folder), masks=str(folder / "m"), output=str(folder / "o"))
    items = tuple(
        Item(folder / f"{number}.png", (folder / "m" / f"{number}.png",), folder / "o" / "x.png")
        for number in range(MANY)
    )
    return Plan(config, items)


def rows_of(plan: Plan) -> list[Row]:
    return [Row(image=str(item.image), status="done") for item in plan.items]


class LongRun:
    """In the place of a `BatchRun` that has finished everything at once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.progress = BatchProgress(MANY)
        self.is_paused = False
        self._rows = rows_of(plan)

    def rows(self, start: int = 0) -> tuple[Row, ...]:
        return tuple(self._rows[start:])


def test_a_plan_is_shown_without_looking_at_its_rows(
    batcher: Batcher, touched: Counter[int], tmp_path: Path
) -> None:
    batcher.open()
    batcher.batch.planning.survey = _surveyed(many_items(tmp_path), frozenset())
    batcher.batch.planning.changed.emit()
    table = batcher.dialog.setup.table
    assert batcher.dialog.setup.model.rowCount() == MANY
    table.viewport().repaint()
    assert 0 < touched.total() <= SEEN
    touched.clear()
    table.scrollToBottom()
    table.viewport().repaint()
    assert 0 < touched.total() <= SEEN
    assert min(touched) > MANY - 100


def test_rows_arrive_a_few_hundred_at_a_tick(
    batcher: Batcher, touched: Counter[int], tmp_path: Path
) -> None:
    batcher.open()
    course, page = batcher.course, batcher.dialog.run
    course._clock.stop()
    course.run = cast("BatchRun", LongRun(many_items(tmp_path)))
    course.state = "running"
    course.changed.emit()
    arrived: list[int] = []
    course.arrived.connect(lambda rows: arrived.append(len(rows)))
    for tick in range(MANY // MOST_PER_TICK):
        touched.clear()
        course._tick()
        page.table.viewport().repaint()
        assert touched.total() <= SEEN, tick
    assert arrived == [MOST_PER_TICK] * (MANY // MOST_PER_TICK)
    assert page.model.rowCount() == MANY
    assert page.parts.buttons["done"].text() == "Done 10,000"
    course.state, course.run = "none", None


def test_between_two_ticks_nothing_is_asked_of_the_run(batcher: Batcher) -> None:
    """Progress that comes thirty times a second reaches the widgets seven times."""
    batcher.fill_in()
    moves: list[int] = []
    batcher.course.moved.connect(lambda: moves.append(1))
    batcher.start()
    clock = batcher.course._clock
    clock.stop()
    batcher.desk.wait(lambda: batcher.course.state == "ended")
    assert moves == []
    clock.start()
    batcher.finish()
    assert moves


def test_pictures_of_one_name_are_told_apart_by_what_is_finished(tmp_path: Path) -> None:
    items = [Item(tmp_path / folder / "x.png") for folder in ("a", "b")]
    places, outcomes = Places(items), Outcomes()
    assert places.first("x.png", outcomes) is items[0]
    outcomes.add([Row(image=str(items[0].image), status="done")])
    assert places.first("x.png", outcomes) is items[1]
    outcomes.add([Row(image=str(items[1].image), status="failed", reason="r")])
    assert places.first("x.png", outcomes) is None


def test_a_part_grows_with_the_rows_that_belong_to_it(batcher: Batcher) -> None:
    outcomes, model = Outcomes(), ResultModel(batcher.desk.window)
    outcomes.add([Row(image="a", status="done"), Row(image="b", status="failed", reason="r")])
    model.show_outcomes(outcomes, "failed")
    inserted: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _, first, last: inserted.append((first, last)))
    outcomes.add([Row(image="c", status="done")])
    model.take_new()
    assert inserted == []
    outcomes.add([Row(image="d", status="failed", reason="r"), Row(image="e", status="failed")])
    model.take_new()
    assert inserted == [(1, 2)]
    assert [model.index(row, 0).data() for row in range(3)] == ["b", "d", "e"]
