"""A plan: what will be done to each picture, known before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from engine.batch.config import BatchConfig
    from engine.batch.manifest import Trace

Intent: TypeAlias = Literal["ready", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Item:
    """A picture and what will become of it.

    Attributes:
        image: absolute path.
        masks: those that are united to its hole; none if it has none, or if its alpha is the mask.
        output: where the result goes; None if none will be made.
        intent: "ready" to be filled; "skipped" or "failed" already now, for a reason.
        reason: a sentence; "" if ready.
        warnings: sentences about a picture that is filled all the same.
        size: width and height in pixels, upright; None if unknown.
        picture_bytes: what its pixels will take in memory.
        is_deep: whether they have 16 bits.
        file_bytes: size of its file.
        hole_share: part of the picture that is hole, 0..1, if it was measured.
        trace: what an earlier run noted about it, for one that goes on.
    """

    image: Path
    masks: tuple[Path, ...] = ()
    output: Path | None = None
    intent: Intent = "ready"
    reason: str = ""
    warnings: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    picture_bytes: int = 0
    is_deep: bool = False
    file_bytes: int = 0
    hole_share: float | None = None
    trace: Trace | None = None

    @property
    def pixels(self) -> int:
        """How many the picture has; 0 if unknown."""
        return self.size[0] * self.size[1] if self.size else 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many pictures of a plan are what.

    Attributes:
        pictures: all of them.
        ready: will be filled.
        without_mask: are skipped, because they have no mask.
        skipped: are skipped for another reason.
        failed: cannot be filled.
        warned: are ready, but something about them is unusual.
        orphans: masks that belong to no picture.
    """

    pictures: int
    ready: int
    without_mask: int
    skipped: int
    failed: int
    warned: int
    orphans: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do.

    Attributes:
        config: its settings, paths absolute.
        items: in the order of their paths.
        orphans: masks that belong to no picture.
        measured: how many masks were looked at for their share of hole.
        needed_bytes: estimate of what the results will take on the disk.
        free_bytes: what is free there; None if it cannot be asked.
        resumes: whether results of an earlier run are kept.
    """

    config: BatchConfig
    items: tuple[Item, ...]
    orphans: tuple[Path, ...] = ()
    measured: int = 0
    needed_bytes: int = 0
    free_bytes: int | None = None
    resumes: bool = False

    @property
    def ready(self) -> tuple[Item, ...]:
        """The items that will be filled."""
        return tuple(item for item in self.items if item.intent == "ready")

    @property
    def counts(self) -> Counts:
        def count(intent: Intent) -> int:
            return sum(item.intent == intent for item in self.items)

        without = sum(lacks_mask(self.config, item) for item in self.items)
        return Counts(
            pictures=len(self.items),
            ready=count("ready"),
            without_mask=without,
            skipped=count("skipped") - without,
            failed=count("failed"),
            warned=sum(bool(item.warnings) for item in self.ready),
            orphans=len(self.orphans),
        )

    @property
    def lacks_space(self) -> bool:
        """Whether the results will probably not fit on the disk."""
        return self.free_bytes is not None and self.needed_bytes > self.free_bytes


def lacks_mask(config: BatchConfig, item: Item) -> bool:
    """Whether a picture is skipped because nobody made a mask for it."""
    return item.intent == "skipped" and not item.masks and not config.from_alpha
