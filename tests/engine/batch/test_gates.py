"""What does not fit beside the rest has to wait, but never for ever."""

from __future__ import annotations

import threading

import pytest

from engine.batch.gates import Gate
from engine.errors import Cancelled
from engine.jobs import CancelToken


def test_bytes_and_places_are_kept_within_bounds() -> None:
    gate = Gate(2, 100)
    assert gate.enters(60)
    assert not gate.enters(50)
    assert gate.enters(40)
    assert not gate.enters(0)
    gate.leave(60)
    assert gate.enters(60)


def test_what_is_too_large_for_the_bound_gets_in_alone() -> None:
    gate = Gate(2, 100)
    assert gate.enters(1000)
    assert not gate.enters(1)
    gate.leave(1000)
    assert gate.enters(1)
    assert not gate.enters(1000)


def test_who_waits_gets_in_when_another_leaves() -> None:
    gate, token = Gate(1, 100), CancelToken()
    order: list[str] = []

    def second() -> None:
        with gate.admitted(10, token):
            order.append("second")

    with gate.admitted(10, token):
        thread = threading.Thread(target=second)
        thread.start()
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]
    assert gate.enters(10)


def test_who_waits_can_be_cancelled() -> None:
    gate, token = Gate(1, 100), CancelToken()
    assert gate.enters(10)
    token.cancel()
    with pytest.raises(Cancelled), gate.admitted(10, token):
        pass


def test_a_failure_inside_leaves_the_gate() -> None:
    gate = Gate(1, 100)
    with pytest.raises(ZeroDivisionError), gate.admitted(10, CancelToken()):
        raise ZeroDivisionError
    assert gate.enters(10)
