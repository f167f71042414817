"""Estimates of memory."""

from __future__ import annotations

import pytest

from engine import memory, registry


def test_an_estimate_grows_with_the_crop() -> None:
    spec = registry.get("patchmatch")
    one, two = memory.needed_bytes(spec, 1000), memory.needed_bytes(spec, 2000)
    assert two - one == 1000 * spec.bytes_per_pixel


def test_enlarging_a_shrunken_fill_needs_memory_for_the_whole_crop() -> None:
    spec = registry.get("patchmatch")
    more = memory.needed_bytes(spec, 1000, enlarged_to=5000) - memory.needed_bytes(spec, 1000)
    assert more == 5000 * memory.ENLARGING


def test_some_memory_is_free() -> None:
    assert memory.available_bytes() > 0


def test_a_crop_that_needs_more_than_is_free_has_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = registry.get("telea")
    monkeypatch.setattr(memory, "available_bytes", lambda: memory.needed_bytes(spec, 1000))
    assert memory.has_room_for(spec, 500)
    assert not memory.has_room_for(spec, 1000)


@pytest.mark.parametrize(("size", "words"), [(3.14e9, "3.1 GB"), (120e6, "120 MB"), (10, "1 MB")])
def test_sizes_are_said_as_people_say_them(size: float, words: str) -> None:
    assert memory.in_words(size) == words
