"""A sentence for the bar over the canvas, and how long a task still takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from app.language import told, tr

if TYPE_CHECKING:
    from collections.abc import Callable

Tone: TypeAlias = Literal["info", "warning", "error"]

LONGEST_WORD = 56
ETA_FROM_SHARE = 0.08
ETA_FROM_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence, perhaps with buttons; it never stops anybody.

    Attributes:
        actions: what a button says, and what it does.
        details: what stands behind "Details", such as a traceback.
        lasts: stays until it is closed or replaced; otherwise it goes after a while.
    """

    text: str
    tone: Tone = "info"
    actions: tuple[tuple[str, Callable[[], None]], ...] = ()
    details: str = ""
    lasts: bool = False


@dataclass(frozen=True, slots=True)
class Activity:
    """A running task as the status bar shows it."""

    title: str
    message: str
    share: float
    seconds: float
    can_cancel: bool = True

    @property
    def seconds_left(self) -> float | None:
        """A guess from the time so far; None while that would only be noise."""
        if self.share < ETA_FROM_SHARE or self.seconds < ETA_FROM_SECONDS:
            return None
        return self.seconds * (1.0 - self.share) / self.share

    @property
    def text(self) -> str:
        title, message = told(self.title), told(self.message)
        words = tr("{title}: {message}", title=title, message=message) if message else title
        sentence = shortened(words)
        left = self.seconds_left
        if left is None:
            return sentence
        return tr("{words}, {time} left", words=sentence, time=duration(max(1, round(left))))


def shortened(text: str, longest: int = LONGEST_WORD) -> str:
    """The text with every overlong word cut in its middle, so that no file name widens a window."""
    half = longest // 2
    return re.sub(
        rf"\S{{{longest + 1},}}", lambda word: f"{word[0][:half]}…{word[0][-half:]}", text
    )


def duration(seconds: float) -> str:
    """Seconds for people: "0.4 s", "14 s", "2 min 5 s"; whole numbers without a fraction."""
    if seconds < 9.95 and not isinstance(seconds, int):
        return tr("{seconds:.1f} s", seconds=max(0.1, seconds))
    whole = round(seconds)
    if whole < 90:
        return tr("{seconds} s", seconds=whole)
    return tr("{minutes} min {seconds} s", minutes=whole // 60, seconds=whole % 60)
