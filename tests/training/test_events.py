"""What a run says, as lines."""

from __future__ import annotations

import msgspec
import pytest

from training import events

EVENTS = [
    events.Started(
        step=0, steps=9, pictures=5, held_out=1, parameters=3, device="CPU", precision="fp32",
        run="run",
    ),
    events.Step(step=3, losses={"l1": 0.5, "critic.hinge": 2.0}, rate=3.5, seconds_left=7.0),
    events.Validation(step=3, psnr=20.0, ssim=0.5, texture=3.0, verdict="still improving"),
    events.Sample(step=3, path="run/samples/ä.png"),
    events.Checkpoint(step=3, path="run/checkpoints/step.pt"),
    events.Notice(step=0, message="two\nlines"),
    events.RolledBack(step=4, to=3, message="no number"),
    events.Finished(step=9, path="run/model.safetensors", reason="done"),
    events.Failed(step=4, message="the disk is full"),
]  # fmt: skip


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_one_line_and_says_the_same_when_read(event: events.Event) -> None:
    line = events.to_line(event)
    assert "\n" not in line
    assert events.from_line(line) == event


def test_an_event_tells_its_type_in_plain_words() -> None:
    assert '"type":"rolled_back"' in events.to_line(EVENTS[6])


@pytest.mark.parametrize("line", ["", "{}", '{"type":"party"}', '{"type":"step","step":-1}'])
def test_a_line_that_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        events.from_line(line)
