"""The time that is left, told from pictures of all sizes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.batch import Item, outlook
from engine.batch.outlook import BatchProgress, Outlook, duration


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(outlook, "time", made)
    return made


def item(megapixels: float, share: float | None) -> Item:
    side = round((megapixels * 1e6) ** 0.5)
    return Item(Path("x"), size=(side, side), picture_bytes=3 * side * side, hole_share=share)


def cost(one: Item) -> float:
    """Seconds: for each picture, each megabyte, each megapixel of hole."""
    return 0.05 + 0.02 * one.picture_bytes / 1e6 + 4.0 * one.pixels / 1e6 * (one.hole_share or 0)


def test_after_a_twentieth_the_rest_is_foretold_within_a_fifth(clock: Clock) -> None:
    rng = np.random.default_rng(1)
    items = [item(rng.uniform(0.3, 24), rng.uniform(0.001, 0.2)) for _ in range(400)]
    made = Outlook(items)
    noise = rng.uniform(0.8, 1.25, 400)
    whole = sum(cost(one) * n for one, n in zip(items, noise, strict=True))
    for number, one in enumerate(items):
        made.start(one)
        clock.now += cost(one) * noise[number]
        made.finish(one, counts=True)
        if number >= 20 and whole - clock.now > 0.05 * whole:
            left = made.seconds_left(clock.now)
            assert left == pytest.approx(whole - clock.now, rel=0.2)
    assert made.seconds_left(clock.now) == 0.0


def test_counting_pictures_would_be_wrong(clock: Clock) -> None:
    """Small pictures first: the rest takes ninety times as long as what is done."""
    items = [item(0.3 + n / 100, 0.1) for n in range(10)]
    items += [item(20 + n, 0.1) for n in range(10)]
    made = Outlook(items)
    for one in items[:10]:
        made.start(one)
        clock.now += cost(one)
        made.finish(one, counts=True)
    left = made.seconds_left(clock.now)
    assert left == pytest.approx(sum(map(cost, items[10:])), rel=0.2)
    assert left > 20 * clock.now


def test_lanes_that_work_at_once_shorten_it(clock: Clock) -> None:
    items = [item(1, 0.1) for _ in range(20)]
    made = Outlook(items)
    for pair in zip(items[:10:2], items[1:10:2], strict=True):
        for one in pair:
            made.start(one)
        clock.now += 1.0
        for one in pair:
            made.finish(one, counts=True)
    assert made.seconds_left(clock.now) == pytest.approx(5.0, rel=0.01)


def test_loading_the_backend_is_not_taken_for_the_price_of_pictures(clock: Clock) -> None:
    items = [item(1, 0.1) for _ in range(12)]
    made = Outlook(items)
    waves = [(items[0:2], 9.0), (items[2:4], 1.0), (items[4:6], 1.0)]
    for wave, seconds in waves:
        for one in wave:
            made.start(one)
        clock.now += seconds
        for one in wave:
            made.finish(one, counts=True)
    assert made.seconds_left(clock.now) == pytest.approx(3.0, rel=0.01)


def test_small_pictures_with_noise_do_not_mislead_about_large_ones(clock: Clock) -> None:
    """Three that took longer for their size than they should: a line through them leads astray."""
    small, large = [item(0.3 + n / 10, 0.01) for n in range(6)], [item(20, 0.01) for _ in range(6)]
    made = Outlook(small + large)
    noise = [2.0, 0.7, 1.3, 0.8, 1.0, 0.6]
    whole = [0.03 + 0.03 * one.picture_bytes / 1e6 + 5e-8 * one.pixels for one in small + large]
    for one, seconds, much in zip(small, whole, noise, strict=False):
        made.start(one)
        clock.now += seconds * much
        made.finish(one, counts=True)
    assert made.seconds_left(clock.now) == pytest.approx(sum(whole[6:]), rel=0.25)


def test_pictures_that_fail_at_once_shorten_what_is_foretold(clock: Clock) -> None:
    """Every other picture is broken and takes no time; so will half of those to come."""
    items = [item(1, 0.1) for _ in range(400)]
    made = Outlook(items)
    for number, one in enumerate(items[:200]):
        made.start(one)
        clock.now += 1.0 if number % 2 else 0.0
        made.finish(one, counts=bool(number % 2))
    assert made.seconds_left(clock.now) == pytest.approx(100.0, rel=0.1)


def test_a_picture_under_way_counts_for_what_it_still_needs(clock: Clock) -> None:
    items = [item(1, 0.1) for _ in range(5)]
    made = Outlook(items)
    for one in items[:4]:
        made.start(one)
        clock.now += 1.0
        made.finish(one, counts=True)
    made.start(items[4])
    clock.now += 0.75
    assert made.seconds_left(clock.now) == pytest.approx(0.25, rel=0.05)


def test_formats_that_are_slow_to_write_count_for_more(clock: Clock) -> None:
    """First photographs as JPEG, then as PNG, which take nine times as long to encode."""
    items = [
        replace(item(1 + n % 5, 0.0), output=Path(f"x{ending}"))
        for ending in (".jpg", ".png")
        for n in range(10)
    ]
    made = Outlook(items)
    for one in items[:10]:
        made.start(one)
        clock.now += 0.01 * one.picture_bytes / 1e6
        made.finish(one, counts=True)
    assert made.seconds_left(clock.now) == pytest.approx(9 * clock.now, rel=0.2)


def test_nothing_is_foretold_from_too_little(clock: Clock) -> None:
    items = [item(1, None) for _ in range(5)]
    made = Outlook(items)
    assert made.seconds_left(1.0) is None
    made.start(items[0])
    clock.now = 1.0
    made.finish(items[0], counts=False)
    assert made.seconds_left(1.0) is None


def test_of_many_pictures_more_are_awaited(clock: Clock) -> None:
    items = [item(1, 0.1) for _ in range(400)]
    made = Outlook(items)
    for one in items[:20]:
        assert made.seconds_left(clock.now) is None
        made.start(one)
        clock.now += 1.0
        made.finish(one, counts=True)
    assert made.seconds_left(clock.now) == pytest.approx(380.0, rel=0.01)


def test_progress_is_one_line() -> None:
    stand = BatchProgress(
        400, done=10, skipped=1, failed=2, seconds=60, seconds_left=200, current=("a.jpg",)
    )
    words = "13 of 400, 1 skipped, 2 failed, 10 a minute, 3 min 20 s left: a.jpg"
    assert stand.in_words() == words
    assert BatchProgress(4, is_paused=True).in_words() == "0 of 4, paused"


@pytest.mark.parametrize(
    ("seconds", "words"), [(7.4, "7 s"), (60, "1 min 00 s"), (3900, "1 h 05 min")]
)
def test_durations_are_for_people(seconds: float, words: str) -> None:
    assert duration(seconds) == words
