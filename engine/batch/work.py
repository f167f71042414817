"""One picture of a batch: read, filled, written, noted.

A function of values, so that it can run in a thread here or in a process elsewhere.
"""

from __future__ import annotations

import errno
import logging
import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from engine.batch import manifest, naming, notes
from engine.batch.config import ALPHA, weights_wish
from engine.batch.holes import hole_of, suspicion
from engine.batch.manifest import Entry, mark, mark_of, settings_digest
from engine.batch.naming import text_of
from engine.batch.report import Row
from engine.batch.thumbnails import thumbnails
from engine.errors import Cancelled, EngineError, PictureError
from engine.jobs import Job
from engine.pictures import check_saving, open_picture, save_picture
from engine.pipeline import InpaintRequest, inpaint, with_patches, working_bytes
from engine.pixels import full_scale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from engine.batch.config import BatchConfig
    from engine.batch.items import Item
    from engine.batch.manifest import Mark, Status, Trace
    from engine.batch.thumbnails import Thumbnails
    from engine.jobs import CancelToken
    from engine.pictures import Picture
    from engine.pipeline import InpaintResult
    from engine.types import MaskBool, Pixels

log = logging.getLogger(__name__)

_OVER = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


@dataclass(frozen=True, slots=True)
class Order:
    """What is the same for all pictures of a run.

    Attributes:
        config: the settings, paths absolute.
        weights: the wish for `InpaintRequest`.
        settings: their digest.
    """

    config: BatchConfig
    weights: str | None
    settings: str

    @staticmethod
    def of(config: BatchConfig) -> Order:
        """The order that a run with these settings gives.

        Raises:
            InvalidInputError, UnusableBackendError, WeightsError: if weights cannot be used.
        """
        return Order(config, weights_wish(config), settings_digest(config))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a picture needs of the run it is part of.

    Attributes:
        begun: is told before a result is written, and notes it.
        filling: admits a fill that takes so many bytes, and holds their place while it runs.
        taken: keys of the names that other pictures of the run will get.
    """

    begun: Callable[[Entry], None]
    filling: Callable[[int], AbstractContextManager[None]]
    taken: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a picture.

    Attributes:
        row: for the report.
        entry: for the manifest; None if it says so already.
        pictures: for the contact sheet, if they were asked for and there are any.
        end: why no other picture can be worked on either; "" if they can.
    """

    row: Row
    entry: Entry | None
    pictures: Thumbnails | None = None
    end: str = ""


def settled(item: Item, config: BatchConfig) -> Outcome:
    """The outcome of an item that is not to be worked on."""
    status: Status = "failed" if item.intent == "failed" else "skipped"
    return _outcome(item, config, status, item.reason, hole_share=item.hole_share)


def worked(
    item: Item, order: Order, around: Surroundings, token: CancelToken, *, pictured: bool = False
) -> Outcome:
    """Fill a picture, unless an earlier run has; whatever is wrong with it becomes the outcome.

    Args:
        item: one that is "ready".
        order: of the run.
        around: likewise.
        token: ends it within half a second, save for the writing of a file.
        pictured: whether to make thumbnails.

    Raises:
        Cancelled: once the token is cancelled.
    """
    start = time.perf_counter()
    try:
        token.check()
        item = notes.resumed(item, order.config.output_folder)
        return _kept(item, order) or _filled(item, order, around, token, pictured=pictured)
    except Cancelled:
        raise
    except EngineError as error:
        return _failed(item, order, error, str(error), start)
    except MemoryError as error:
        sentence = "there is not enough memory for it; close other programs."
        return _failed(item, order, error, sentence, start)
    except Exception as error:  # a fault of ours must not end the night's work
        log.exception("%s failed", item.image)
        sentence = f"a fault of the program: {type(error).__name__}: {error}."
        return _failed(item, order, error, sentence, start)


def given_up(item: Item, order: Order, sentence: str) -> Outcome:
    """The outcome of a picture that nobody could finish, for a reason outside of it."""
    return _outcome(item, order.config, "failed", f"“{item.image.name}”: {sentence}")


def _failed(item: Item, order: Order, error: Exception, sentence: str, start: float) -> Outcome:
    """The outcome of an error; not the error itself, whose traceback holds the pixels."""
    name = f"“{item.image.name}”"
    reason = sentence if name in sentence else f"{name}: {sentence}"
    seconds = time.perf_counter() - start
    outcome = _outcome(item, order.config, "failed", reason, seconds=round(seconds, 4))
    return replace(outcome, end=_end_by(error, order.config))


def _end_by(error: Exception, config: BatchConfig) -> str:
    """Why nothing can succeed after this error; "" if other pictures can."""
    for place in config.places:
        if not os.path.exists(place):  # noqa: PTH110 - does not raise, whatever became of a disk
            return f"“{place}” is no longer there; bring it back and resume."
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _OVER:
            return f"{error} What is finished is kept; make room and resume."
        cause = cause.__cause__
    return ""


def _kept(item: Item, order: Order) -> Outcome | None:
    """The outcome of a picture that an earlier run has filled; None if it has to be filled."""
    done = manifest.kept(item, order.settings)
    begun = None if done else manifest.replaced_by(item)
    if done is not None:
        reason = "An earlier run made it with the same settings, and it is whole."
    elif begun is not None:
        sha256 = manifest.mark_of(item.image).sha256
        done = msgspec.structs.replace(begun, status="done", sha256=sha256)
        reason = "A run that was stopped had put its result in its place already."
    else:
        return None
    outcome = _outcome(
        item,
        order.config,
        "skipped",
        reason,
        seconds=done.seconds,
        device=done.device,
        backend=done.backend,
        hole_share=done.hole_share,
        sha256=done.sha256,
    )
    return replace(outcome, entry=done if begun else None)


@dataclass(frozen=True, slots=True)
class _Given:
    """A picture, its hole, what there is to say of both, and the states of their files."""

    picture: Picture
    hole: MaskBool
    notices: tuple[str, ...]
    file: Mark
    masks: tuple[Mark, ...]


def _filled(
    item: Item, order: Order, around: Surroundings, token: CancelToken, *, pictured: bool
) -> Outcome:
    start = time.perf_counter()
    config = order.config
    given = _read(item, config)
    reading = time.perf_counter() - start
    share = float(given.hole.mean())
    if share == 0.0:
        reason = f"Nothing is masked in “{item.image.name}”, so there is nothing to fill."
        return _outcome(item, config, "skipped", reason, hole_share=share)
    output = _destination(item, config, around.taken)
    if output is None:
        return _outcome(item, config, "skipped", "Its result exists.", hole_share=share)
    item = replace(item, output=output)
    check_saving(given.picture, output)
    result = _run(_request(given, order), around, token)
    filled = time.perf_counter()
    pixels = _pixels(given, result, config)
    _make_folder(output.parent, config)
    begun = _begun(item, order, given)
    around.begun(begun)
    saved = save_picture(replace(given.picture, pixels=pixels), output)
    sha256 = manifest.digest(output)
    small = thumbnails(given.picture.pixels, given.hole, pixels) if pictured else None
    files = reading + time.perf_counter() - filled
    notices = (*given.notices, *saved.source.notices, *_remarks(item, result, share))
    outcome = _outcome(
        item,
        config,
        "done",
        seconds=round(files + result.seconds.total, 4),
        inpaint_seconds=round(result.seconds.total, 4),
        device=result.device,
        backend=result.backend,
        hole_share=share,
        sha256=sha256,
        notices=tuple(dict.fromkeys(map(text_of, notices))),
    )
    entry = msgspec.structs.replace(_entry(outcome.row), **_states(begun))
    return replace(outcome, entry=entry, pictures=small)


def _read(item: Item, config: BatchConfig) -> _Given:
    picture = open_picture(item.image, pixel_limit=config.pixel_limit)
    found = picture.source.fingerprint
    file = mark(item.image, found.size, found.mtime_ns) if found else mark_of(item.image)
    masks = tuple(mark_of(path) for path in item.masks)
    mask = hole_of(config, item, (picture.width, picture.height))
    return _Given(picture, mask.hole, picture.source.notices + mask.notices, file, masks)


def _destination(item: Item, config: BatchConfig, taken: frozenset[str]) -> Path | None:
    """Where the result goes as things are now; None if what is there is to be kept."""
    output = item.output
    if output is None or config.on_existing == "overwrite" or not os.path.lexists(output):
        return output
    if item.trace and item.trace.output == text_of(output) and _is_ours(item.trace, output):
        return output
    return None if config.on_existing == "skip" else naming.free(output, taken)


def _is_ours(trace: Trace, output: Path) -> bool:
    """Whether a file is a result that was begun or damaged, not one that somebody worked on."""
    if trace.begun is not None:
        return True
    try:
        open_picture(output, pixel_limit=None)
    except PictureError:
        return True
    return False


def _request(given: _Given, order: Order) -> InpaintRequest:
    recipe = order.config.recipe
    return InpaintRequest(
        given.picture.pixels,
        given.hole,
        recipe.backend,
        recipe.options,
        seed=recipe.seed,
        size=recipe.size,
        detail=recipe.detail,
        blend=recipe.blend,
        device=order.config.device,
        weights=order.weights,
    )


def _run(request: InpaintRequest, around: Surroundings, token: CancelToken) -> InpaintResult:
    with around.filling(working_bytes(request)):
        return Job("Filling", lambda token: inpaint(request, token)).run(token, lambda _: None)


def _pixels(given: _Given, result: InpaintResult, config: BatchConfig) -> Pixels:
    pixels = with_patches(given.picture.pixels, result.patches)
    if config.from_alpha:
        pixels[given.hole, -1] = full_scale(pixels)  # to fill it means to make it visible
    return pixels


def _make_folder(folder: Path, config: BatchConfig) -> None:
    """Make a subfolder of the results, but never the folder of all: a lost disk stays lost.

    Raises:
        PictureError: if it cannot be made.
    """
    try:
        if config.output_folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PictureError(f"The folder “{folder}” cannot be made: {error.strerror}.") from error


def _remarks(item: Item, result: InpaintResult, share: float) -> Iterator[str]:
    """What to say of a result that somebody should look at."""
    if doubt := suspicion(item.image.name, share):
        yield doubt
    if result.fallback:
        yield f"Note: {result.fallback}."


# --- rows and entries ----------------------------------------------------------------------------


def _outcome(
    item: Item,
    config: BatchConfig,
    status: Status,
    reason: str | None = None,
    **more: Any,  # noqa: ANN401 - the fields of Row
) -> Outcome:
    row = Row(
        image=text_of(item.image),
        mask=_mask_text(item, config),
        output=text_of(item.output) if item.output else None,
        status=status,
        reason=text_of(reason) if reason else None,
        **more,
    )
    return Outcome(row, _entry(row))


def _entry(row: Row) -> Entry:
    """What the manifest says of a row."""
    return Entry(
        image=row.image,
        status=row.status,
        output=row.output or "",
        reason=row.reason or "",
        seconds=row.seconds,
        device=row.device or "",
        backend=row.backend or "",
        hole_share=row.hole_share,
        sha256=row.sha256 or "",
    )


def _mask_text(item: Item, config: BatchConfig) -> str | None:
    if config.from_alpha:
        return ALPHA
    return "; ".join(text_of(mask) for mask in item.masks) or None


def _begun(item: Item, order: Order, given: _Given) -> Entry:
    return Entry(
        image=text_of(item.image),
        status="begun",
        settings=order.settings,
        file=given.file,
        masks=given.masks,
        output=text_of(item.output) if item.output else "",
    )


def _states(begun: Entry) -> dict[str, Any]:
    return {"settings": begun.settings, "file": begun.file, "masks": begun.masks}
