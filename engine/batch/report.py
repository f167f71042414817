"""The report of a run: a row for each picture, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from engine import __version__
from engine.batch.config import BatchConfig
from engine.batch.manifest import Status
from engine.errors import InvalidInputError
from engine.pictures.files import replacing
from engine.recipe import read as read_file

if TYPE_CHECKING:
    from pathlib import Path

End: TypeAlias = Literal["finished", "cancelled", "error", "stopped"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a picture.

    Attributes:
        image: absolute path as text.
        mask: that of its mask, several joined by "; ", or "alpha"; None if it has none.
        output: that of the result; None if there is none.
        status: "done" if it was filled in this run.
        reason: a sentence why it was skipped or failed; None if it is done.
        seconds: of reading, filling and writing together; waiting for each other left out.
        device: where it was filled; None if it was not.
        hole_share: part of the picture that was hole, 0..1; None if unknown.
        sha256: of the output.
        backend: the one that ran, never "auto"; None if none did.
        notices: sentences about a result that somebody should look at.
        inpaint_seconds: of filling alone.
    """

    image: str
    mask: str | None = None
    output: str | None = None
    status: Status
    reason: str | None = None
    seconds: float = 0.0
    device: str | None = None
    hole_share: float | None = None
    sha256: str | None = None
    backend: str | None = None
    notices: tuple[str, ...] = ()
    inpaint_seconds: float = 0.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a folder.

    Attributes:
        config: the settings, paths absolute.
        ended: "finished" if every picture was reached; "cancelled" by somebody; "stopped" after
            the first failure, as asked for; "error" if nothing more could be done.
        why: a sentence about a run that ended early; None otherwise.
        remaining: pictures that were not reached.
        orphans: masks that belong to no picture.
        started: local time with its offset, ISO 8601.
        seconds: wall time, pauses left out.
        files: a row for each picture that was reached, in the order of the plan.
    """

    lacuna_batch_report: Literal[1] = 1
    app_version: str = __version__
    config: BatchConfig
    ended: End
    why: str | None = None
    done: int
    skipped: int
    failed: int
    without_mask: int
    remaining: int
    started: str
    seconds: float
    files: tuple[Row, ...] = ()
    orphans: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether every picture was reached, none failed and none lacked a mask."""
        return self.ended == "finished" and not self.failed and not self.without_mask


def to_json(report: Report) -> str:
    """The report as an indented JSON document."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


def to_csv(report: Report) -> str:
    """The rows as a table with a heading, for spreadsheets."""
    text = io.StringIO()
    fields = msgspec.structs.fields(Row)
    writer = csv.writer(text)
    writer.writerow([field.name for field in fields])
    for row in report.files:
        writer.writerow([_cell(getattr(row, field.name)) for field in fields])
    return text.getvalue()


def _cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    text = "; ".join(value) if isinstance(value, tuple) else value
    if isinstance(text, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{text}"
    return "" if text is None else text


def save(report: Report, path: Path) -> None:
    """Write the JSON document, and the table beside it.

    Args:
        report: what to write.
        path: of the document; the table has its name with the ending .csv.

    Raises:
        PictureError: if a file cannot be written.
    """
    with replacing(path) as file:
        file.write(to_json(report).encode())
    with replacing(path.with_suffix(".csv")) as file:
        # With the mark that spreadsheets need to take it for UTF-8.
        file.write(to_csv(report).encode("utf-8-sig"))


def load(path: Path) -> Report:
    """Read a report's JSON document.

    Raises:
        InvalidInputError: if it cannot be read or is none.
    """
    try:
        return msgspec.json.decode(read_file(path), type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"“{path}” is no report of a batch: {error}.") from error
