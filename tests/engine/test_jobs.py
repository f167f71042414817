from __future__ import annotations

import pytest

from engine.errors import Cancelled
from engine.jobs import CancelToken, Job, Progress, Steps, finish, scaled


def counting(token: CancelToken, to: int = 3) -> Steps[str]:
    for i in range(to):
        yield Progress(i, to, f"step {i}")
    return "done"


def test_a_job_returns_what_its_steps_return() -> None:
    seen: list[float] = []
    result = Job("count", counting).run(CancelToken(), lambda step: seen.append(step.done))
    assert result == "done"
    assert seen == [0, 1, 2]


def test_a_cancelled_job_stops_before_its_next_step() -> None:
    token = CancelToken()
    seen: list[float] = []

    def cancel_at_one(step: Progress) -> None:
        seen.append(step.done)
        if step.done == 1:
            token.cancel()

    with pytest.raises(Cancelled):
        Job("count", counting).run(token, cancel_at_one)
    assert seen == [0, 1]


def test_a_cancelled_job_lets_its_steps_clean_up() -> None:
    cleaned: list[bool] = []

    def work(token: CancelToken) -> Steps[None]:
        try:
            yield Progress(0, 1, "")
            yield Progress(1, 1, "")
        finally:
            cleaned.append(True)

    token = CancelToken()
    with pytest.raises(Cancelled):
        Job("work", work).run(token, lambda _: token.cancel())
    assert cleaned == [True]


def test_scaled_steps_cover_just_their_part_of_the_whole() -> None:
    steps = scaled(counting(CancelToken(), to=2), 0.5, 1.0)
    assert [step.share for step in steps] == [0.5, 0.75]


def test_scaled_steps_keep_the_result() -> None:
    assert finish(scaled(counting(CancelToken()), 0.0, 0.1)) == "done"


@pytest.mark.parametrize(
    ("done", "total", "share"), [(1, 4, 0.25), (5, 4, 1.0), (-1, 4, 0.0), (1, 0, 0.0)]
)
def test_the_share_of_progress_stays_between_0_and_1(
    done: float, total: float, share: float
) -> None:
    assert Progress(done, total, "").share == share
