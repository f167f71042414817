"""The course of a training run: what its events add up to, ready to be drawn and read."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.language import tr, tr_later
from app.session.notices import duration
from training import events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.events import Event

MOST_POINTS = 1500
"""Points of one curve; more than that no screen shows."""

SMOOTH_SHARE = 0.03
"""Share of a curve's points over which it is smoothed."""

QUALITY = ("PSNR", "SSIM")


@dataclass(slots=True)
class Series:
    """Values over steps, in the order of the steps."""

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, step: int, value: float) -> None:
        self.steps.append(step)
        self.values.append(value)

    def cut(self, step: int) -> None:
        """Forget what came after a step: the run has gone back to it."""
        keep = bisect_right(self.steps, step)
        del self.steps[keep:], self.values[keep:]

    def at(self, step: float) -> float | None:
        """The value reported last at a step; None before the first."""
        index = bisect_right(self.steps, step) - 1
        return self.values[index] if index >= 0 else None

    def thinned(self) -> Series:
        """At most `MOST_POINTS` points, each the mean of its neighbours."""
        stride = -(-len(self.steps) // MOST_POINTS)
        if stride <= 1:
            return self
        thin = Series()
        for start in range(0, len(self.steps), stride):
            part = self.values[start : start + stride]
            thin.add(self.steps[min(start + stride, len(self.steps)) - 1], sum(part) / len(part))
        return thin

    def smoothed(self) -> Series:
        """The running mean that forgets a few per cent of the curve."""
        keep = 1.0 - 1.0 / max(1.0, SMOOTH_SHARE * len(self.values))
        smooth, mean, weight = Series(), 0.0, 0.0
        for step, value in zip(self.steps, self.values, strict=True):
            mean, weight = keep * mean + (1.0 - keep) * value, keep * weight + 1.0 - keep
            smooth.add(step, mean / weight)
        return smooth


class Course:
    """What is known of a run.

    Attributes:
        started: how it began, or went on; None before that.
        step: steps done.
        losses: by name, in the order of their first report.
        quality: PSNR in dB and SSIM on the held-out pictures.
        rate: pictures a second.
        seconds_left: the process's own estimate.
        verdict: the last plain sentence.
        sample: path of the last sheet, and its step.
        checkpoint: step of the last checkpoint; None if there is none.
        remarks: what the user should know, the newest last.
        finished: how it ended well; None while it has not.
        nights: how often the time was up.
        failure: why it ended badly; empty if it did not.
    """

    def __init__(self) -> None:
        self.started: events.Started | None = None
        self.step = 0
        self.losses: dict[str, Series] = {}
        self.quality: dict[str, Series] = {name: Series() for name in QUALITY}
        self.rate = 0.0
        self.seconds_left: float | None = None
        self.verdict = ""
        self.sample: tuple[int, str] | None = None
        self.checkpoint: int | None = None
        self.remarks: list[str] = []
        self.finished: events.Finished | None = None
        self.nights = 0
        self.failure = ""

    def add_all(self, told: Sequence[Event]) -> None:
        for event in told:
            self.add(event)

    def add(self, event: Event) -> None:
        """Take in the next event."""
        match event:
            case events.Started():
                self.started = event
                self.finished, self.failure, self.seconds_left = None, "", None
                self._go_back(event.step)
            case events.Step():
                self.step, self.rate = event.step, event.rate
                self.seconds_left = event.seconds_left
                for name, value in event.losses.items():
                    self.losses.setdefault(name, Series()).add(event.step, value)
            case events.Validation():
                self.quality["PSNR"].add(event.step, event.psnr)
                self.quality["SSIM"].add(event.step, event.ssim)
                self.verdict = event.verdict
            case events.Sample():
                self.sample = (event.step, event.path)
            case events.Checkpoint():
                self.checkpoint = event.step
            case _:
                self._add_turn(event)

    def _add_turn(self, event: Event) -> None:
        match event:
            case events.RolledBack():
                self.verdict = tr_later("diverged: rolled back")
                self.remarks.append(event.message)
                self._go_back(event.to)
            case events.Notice():
                self.remarks.append(event.message)
            case events.Finished():
                self.finished, self.step = event, max(self.step, event.step)
                self.nights += event.reason == "time"
            case events.Failed():
                self.failure = event.message

    def _go_back(self, step: int) -> None:
        self.step = step
        for series in (*self.losses.values(), *self.quality.values()):
            series.cut(step)

    # --- in words ----------------------------------------------------------------------------

    @property
    def steps(self) -> int:
        """Steps in all; 0 while that is not known."""
        return self.started.steps if self.started is not None else 0

    @property
    def share(self) -> float:
        """Progress in 0..1."""
        return min(1.0, self.step / self.steps) if self.steps else 0.0

    @property
    def place(self) -> str:
        """Where it is: "step 1,200 of 10,000"."""
        return (
            tr("step {step:,} of {steps:,}", step=self.step, steps=self.steps)
            if self.steps
            else tr("starting")
        )

    @property
    def left(self) -> str:
        """How long it will take: "2 h 10 min left"; empty while nobody knows."""
        if self.seconds_left is None or self.finished is not None:
            return ""
        return tr("{time} left", time=long_duration(self.seconds_left))

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing to go on with."""
        return self.finished is not None and self.finished.reason in ("done", "flat")

    def values_at(self, step: float) -> dict[str, float]:
        """What every curve says at a step, by name."""
        found = {
            name: series.at(step) for name, series in (*self.losses.items(), *self.quality.items())
        }
        return {name: value for name, value in found.items() if value is not None}


def long_duration(seconds: float) -> str:
    """Seconds to weeks for people: "40 s", "25 min", "3 h 20 min", "12 days"."""
    if seconds < 90:
        return duration(round(seconds))
    minutes = round(seconds / 60)
    if minutes < 60:
        return tr("{minutes} min", minutes=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return (
            tr("{hours} h {minutes:02} min", hours=hours, minutes=minutes)
            if minutes and hours < 10
            else tr("{hours} h", hours=hours)
        )
    return tr("{days} days", days=round(hours / 24))
