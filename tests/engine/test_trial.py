"""The tiny picture that a self-test fills."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from engine import registry, trial
from engine.errors import Cancelled
from engine.jobs import CancelToken, finish
from engine.pipeline import inpaint

if TYPE_CHECKING:
    from engine.jobs import Steps
    from engine.pipeline import InpaintRequest, InpaintResult

TELEA = registry.get("telea")


def test_a_backend_that_works_has_nothing_to_complain_of() -> None:
    made = finish(trial.trial(TELEA, CancelToken()))
    assert (made.device, made.fallback, made.complaint) == ("cpu", None, None)
    assert made.seconds > 0


def test_a_backend_that_leaves_the_hole_as_it_is_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def idle(request: InpaintRequest, token: CancelToken) -> Steps[InpaintResult]:
        result = yield from inpaint(request, token)
        return replace(result, patches=())

    monkeypatch.setattr(trial, "inpaint", idle)
    made = finish(trial.trial(TELEA, CancelToken()))
    assert made.complaint == "it left part of the hole unfilled"


def test_a_backend_that_paints_beside_the_hole_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def careless(request: InpaintRequest, token: CancelToken) -> Steps[InpaintResult]:
        result = yield from inpaint(request, token)
        patch = result.patches[0]
        spoilt = replace(patch, pixels=patch.pixels * 0 + 7, hole=~patch.hole)
        return replace(result, patches=(patch, spoilt))

    monkeypatch.setattr(trial, "inpaint", careless)
    made = finish(trial.trial(TELEA, CancelToken()))
    assert made.complaint == "it changed pixels outside the hole"


def test_a_cancelled_trial_stops() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        finish(trial.trial(TELEA, token))
