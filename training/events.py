"""What a training run says: one tagged JSON object a line, read by the dialog and by scripts.

No torch here: the editor reads these lines while another process trains.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]


class Started(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="started"):
    """The run begins or goes on.

    Attributes:
        step: steps already done.
        steps: steps in all.
        pictures: pictures trained on.
        held_out: pictures kept for validation.
        parameters: of the generator.
        device: where it runs, in words.
        precision: "fp32" or "bf16".
        run: folder of the run.
        memory: bytes that it will hold at most, estimated; 0 if nobody has.
    """

    step: Count
    steps: Count
    pictures: Count
    held_out: Count
    parameters: Count
    device: str
    precision: str
    run: str
    memory: Count = 0


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="step"):
    """The averages since the last such event.

    Attributes:
        step: steps done.
        losses: unweighted, by name; what the critic learns from has the prefix "critic.".
        rate: pictures a second.
        seconds_left: estimate; None while there is none.
    """

    step: Count
    losses: dict[str, float]
    rate: float
    seconds_left: float | None = None


class Validation(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="validation"):
    """The running average of the weights on the held-out pictures.

    Attributes:
        step: steps done.
        psnr: in the hole, dB.
        ssim: 0..1.
        texture: sliced Wasserstein distance of the texture; smaller is better.
        verdict: one plain sentence.
    """

    step: Count
    psnr: float
    ssim: float
    texture: float
    verdict: str = ""


class Sample(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="sample"):
    """A picture that shows the state: originals, holes and fills side by side."""

    step: Count
    path: str


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="checkpoint"):
    """All that a resumed run needs has been written."""

    step: Count
    path: str


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="notice"):
    """Something the user should know; the run goes on."""

    step: Count
    message: str


class RolledBack(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="rolled_back"):
    """A number was not finite, so the run went back to its last good state."""

    step: Count
    to: Count
    message: str


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="finished"):
    """The run has ended well.

    Attributes:
        step: steps done.
        path: the model.
        reason: "done", "stopped", "time", or "flat".
    """

    step: Count
    path: str
    reason: str


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="failed"):
    """The run has ended badly; the last checkpoint is whole."""

    step: Count
    message: str


Event: TypeAlias = (
    Started | Step | Validation | Sample | Checkpoint | Notice | RolledBack | Finished | Failed
)

_decoder = msgspec.json.Decoder(Event)


def to_line(event: Event) -> str:
    """The event as one line of JSON, without the line's end."""
    return msgspec.json.encode(event).decode()


def from_line(line: str | bytes) -> Event:
    """The event of a line.

    Raises:
        msgspec.DecodeError: if it is none.
    """
    event: Event = _decoder.decode(line)
    return event
