"""Making a plan: pairs, headers, names and everything that can be seen to be wrong beforehand.

Nothing is decoded but masks, and of those only as many as takes seconds; the rest is read from the
first bytes of the files, by threads.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from engine.batch import config as configs
from engine.batch import naming, notes, pairing
from engine.batch.holes import hole_of, naming_picture, suspicion
from engine.batch.items import Item, Plan
from engine.errors import EngineError, InvalidInputError, PictureError
from engine.jobs import Progress, scaled
from engine.pictures import has_same_shape, read_header

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from engine.batch.config import BatchConfig
    from engine.batch.manifest import Trace
    from engine.batch.pairing import Pair
    from engine.jobs import CancelToken, Steps
    from engine.pictures import Header

T = TypeVar("T")
V = TypeVar("V")

MEASURED_PIXELS = 1_500_000_000
"""Pixels of masks that are decoded beforehand, spread evenly over all: some ten seconds."""

MOST_THREADS = 8

_BYTES_PER_ROW = 800  # of manifest and reports together
_SLACK = 1.1  # JPEG and PNG files of filled pictures differ a little from their originals
_CHUNK = 32

_Size = tuple[int, int]


def plan(
    config: BatchConfig,
    token: CancelToken,
    *,
    resume: bool = False,
    only: Container[str] | None = None,
) -> Steps[Plan]:
    """Find out what a run will do.

    Args:
        config: its settings.
        token: ends it within a file or so.
        resume: keep what an earlier run into the same folder has made with the same settings.
        only: the pictures to plan for, as text (`naming.text_of`); None = all.

    Raises:
        InvalidInputError: if the settings cannot work for any picture.
        EngineError: if the backend cannot be had, or the manifest of an earlier run not be read.
        Cancelled: once the token is cancelled.
    """
    yield Progress(0.0, 1.0, "Looking for pictures and masks")
    configs.check(config)
    config = _absolute(config)
    known = notes.traces(config.output_folder)
    traces = known if resume else {}
    pairs = pairing.paired(config, _earlier_results(config, known))
    chosen = [pair for pair in pairs.pairs if only is None or naming.text_of(pair.image) in only]
    looking = _each(
        chosen,
        partial(_looked_at, config, _Masks(config)),
        "Looking at picture {number} of {count}",
        token,
    )
    items = yield from scaled(looking, 0.0, 0.5)
    items = [replace(item, trace=traces.get(naming.text_of(item.image))) for item in items]
    items = _named(config, items)
    items, measured = yield from scaled(_measured(config, items, token), 0.5, 1.0)
    ready = [item for item in items if item.intent == "ready"]
    return Plan(
        config,
        tuple(items),
        pairs.orphans,
        measured,
        sum(_output_bytes(item) for item in ready) + _BYTES_PER_ROW * len(items),
        _free_bytes(config.output_folder),
        resume,
    )


def _absolute(config: BatchConfig) -> BatchConfig:
    masks = config.masks if config.from_alpha else str(Path(config.masks).absolute())
    return msgspec.structs.replace(
        config,
        images=str(Path(config.images).absolute()),
        masks=masks,
        output=str(config.output_folder),
    )


def _earlier_results(config: BatchConfig, known: dict[str, Trace]) -> frozenset[str]:
    """Results among the pictures, made by earlier runs in place; those are no pictures to fill."""
    if not config.in_place:
        return frozenset()
    return frozenset(trace.output for image, trace in known.items() if trace.output != image)


# --- headers -------------------------------------------------------------------------------------


class _Masks:
    """Sizes of mask files; one that serves all pictures is looked at once."""

    def __init__(self, config: BatchConfig) -> None:
        self._limit = config.pixel_limit
        self._known: dict[Path, _Size | PictureError] = {}

    def size_of(self, path: Path) -> _Size:
        """Width and height, upright.

        Raises:
            PictureError: if the file cannot be read.
        """
        if path not in self._known:
            try:
                header = read_header(path, pixel_limit=self._limit)
                self._known[path] = header.width, header.height
            except PictureError as error:
                self._known[path] = error
        known = self._known[path]
        if isinstance(known, PictureError):
            raise PictureError(str(known)) from known
        return known


def _looked_at(config: BatchConfig, masks: _Masks, pair: Pair) -> Item:
    """The item of a pair, as far as headers tell."""
    item = Item(pair.image, pair.masks)
    if pair.trouble:
        return replace(item, intent="failed", reason=pair.trouble)
    if not pair.masks and not config.from_alpha:
        reason = f"“{pair.image.name}” has no mask; make one of the same name."
        return replace(item, intent="skipped", reason=reason)
    try:
        header = read_header(pair.image, pixel_limit=config.pixel_limit)
        warnings = _fit(config, pair, header, masks)
        file_bytes = pair.image.stat().st_size
    except EngineError as error:
        return replace(item, intent="failed", reason=str(error))
    except OSError as error:
        reason = f"“{pair.image.name}” cannot be read: {error.strerror}."
        return replace(item, intent="failed", reason=reason)
    name = naming.name_of(
        config.name,
        pair.image,
        header.format,
        backend=config.recipe.backend,
        seed=config.recipe.seed,
    )
    return replace(
        item,
        output=config.output_folder / pair.folder / name,
        warnings=warnings,
        size=(header.width, header.height),
        picture_bytes=header.decoded_bytes,
        is_deep=header.depth == 2,
        file_bytes=file_bytes,
    )


def _fit(config: BatchConfig, pair: Pair, header: Header, masks: _Masks) -> tuple[str, ...]:
    """What is unusual about a picture's masks.

    Raises:
        EngineError: if they cannot be used.
    """
    size = (header.width, header.height)
    if config.from_alpha and header.channels not in (2, 4):
        raise InvalidInputError(f"“{pair.image.name}” has no transparency to read a mask from.")
    warnings = []
    for path in pair.masks:
        with naming_picture(path, pair.image):
            given = masks.size_of(path)
        if given == size:
            continue
        words = (
            f"The mask “{path.name}” is {given[0]} × {given[1]}, “{pair.image.name}” "
            f"{size[0]} × {size[1]} pixels"
        )
        if not has_same_shape(given, size):
            raise InvalidInputError(f"{words}: they differ in shape; make it from this picture.")
        warnings.append(f"{words}; it is scaled.")
    if len(pair.masks) > 1:
        warnings.append(f"“{pair.image.name}” has {len(pair.masks)} masks, which are united.")
    return tuple(warnings)


# --- names ---------------------------------------------------------------------------------------


def _named(config: BatchConfig, items: Sequence[Item]) -> list[Item]:
    """The items with outputs that are free, or a reason why they have none."""
    keys = Counter(naming.key_of(item.output) for item in items if item.output)
    return [_placed(config, item, keys) for item in items]


def _placed(config: BatchConfig, item: Item, keys: Counter[str]) -> Item:
    output = item.output
    if output is None:
        return item
    if keys[naming.key_of(output)] > 1:
        reason = (
            f"“{item.image.name}” and another picture would both become “{output.name}”; "
            "put {ext} or {parent} into the name."
        )
        return replace(item, intent="failed", reason=reason, output=None)
    ours = naming.variant(item.trace.output, output) if item.trace else None
    if ours is not None:
        return replace(item, output=ours)
    if not os.path.lexists(output):
        return item
    if config.on_existing == "skip":
        reason = f"“{output.name}” exists."
        return replace(item, intent="skipped", reason=reason)
    if config.on_existing == "rename":
        output = naming.free(output, keys)
    return replace(item, output=output)


# --- masks ---------------------------------------------------------------------------------------


def _measured(
    config: BatchConfig, items: list[Item], token: CancelToken
) -> Steps[tuple[list[Item], int]]:
    """The items with the share of hole of a sample of them, and how many masks that took."""
    places = [place for place, item in enumerate(items) if item.intent == "ready"]
    if config.mask_file is not None:
        sample = places[:1]
    else:
        total = sum(items[place].pixels for place in places)
        sample = places[:: max(1, -(-total // MEASURED_PIXELS))]
    shares = yield from _each(
        [items[place] for place in sample],
        partial(_share, config),
        "Measuring mask {number} of {count}",
        token,
    )
    by_place = dict(zip(sample, shares, strict=True))
    if config.mask_file is not None and shares:
        by_place = dict.fromkeys(places, shares[0])
    measured = [_judged(item, by_place.get(place)) for place, item in enumerate(items)]
    return measured, len(shares)


def _share(config: BatchConfig, item: Item) -> float | str:
    """Part of a picture that is hole, or why that cannot be told."""
    try:
        return float(hole_of(config, item, item.size or (0, 0)).hole.mean())
    except EngineError as error:
        return str(error)


def _judged(item: Item, share: float | str | None) -> Item:
    if share is None:
        return item
    if isinstance(share, str):
        return replace(item, intent="failed", reason=share)
    warning = suspicion(item.image.name, share)
    return replace(item, hole_share=share, warnings=(*item.warnings, *filter(None, [warning])))


# --- room and threads ----------------------------------------------------------------------------


def _output_bytes(item: Item) -> int:
    """What a result will take: about as much as its picture if the format stays the same."""
    if item.trace and item.trace.done:
        return 0  # it is there
    same = item.output is not None and item.output.suffix == item.image.suffix
    return round(_SLACK * item.file_bytes) if same else item.picture_bytes


def _free_bytes(folder: Path) -> int | None:
    """What is free where a folder is or will be."""
    place = next((place for place in (folder, *folder.parents) if place.is_dir()), None)
    try:
        return None if place is None else shutil.disk_usage(place).free
    except OSError:
        return None


def _each(
    items: Sequence[T], look: Callable[[T], V], message: str, token: CancelToken
) -> Steps[list[V]]:
    """What `look` says of every item, in order; threads do it.

    The message has a {number} and a {count}.
    """
    found: list[V] = []
    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1), "plan") as pool:
        for start in range(0, len(items), _CHUNK):
            token.check()
            yield Progress(start, len(items), message.format(number=start + 1, count=len(items)))
            found += pool.map(look, items[start : start + _CHUNK])
    return found
