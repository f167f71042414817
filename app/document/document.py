"""The open picture with its mask and source layer; every change is a step of the history."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app.document.belongings import Belongings
from app.document.history import DEFAULT_BUDGET_BYTES, Edit, EditKind, History
from app.document.resting import Restable
from app.document.tiles import Layer, PackedTile, TileKey, copied, joined_boxes, keys_in, pack
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from engine.pictures import Picture
    from engine.types import MaskBool, Pixels

SOURCE_FREE, SOURCE_NEVER, SOURCE_ONLY = 0, 1, 2


class Document(Restable):
    """A picture being edited, in its own depth.

    Attributes:
        mask: (H, W) uint8 coverage; above 127 is hole.
        key: names this document among those of all windows and processes.
        revision: grows with every change of any layer.
        on_pixels: called with layer and box after pixels changed.
        on_history: called after an edit was committed, aborted, undone or redone, and after a save.
        on_notice: called with a sentence the user should read.
    """

    def __init__(self, picture: Picture, history: History) -> None:
        pixels = picture.pixels
        if not (pixels.flags.c_contiguous and pixels.flags.writeable):
            picture = replace(picture, pixels=pixels.copy(order="C"))
        self._picture = picture
        self.mask: npt.NDArray[np.uint8] = np.zeros(picture.pixels.shape[:2], np.uint8)
        self.key = uuid.uuid4().hex
        self.revision = 0
        self.on_pixels: list[Callable[[Layer, Box], None]] = []
        self.on_history: list[Callable[[], None]] = []
        self._source: npt.NDArray[np.uint8] | None = None
        self._history = history
        self._edit: Edit | None = None
        self._saved_state = history.image_state
        self._originals: dict[TileKey, PackedTile] = {}
        self._has_new_file = False
        self._last_mask: dict[TileKey, PackedTile] = {}
        self._belongings = Belongings()

    @classmethod
    def new(
        cls,
        picture: Picture,
        *,
        budget_bytes: int = DEFAULT_BUDGET_BYTES,
        spill_folder: Path | None = None,
    ) -> Document:
        """A document without a hole or history; edits beyond the budget go to `spill_folder`."""
        return cls(picture, History(budget_bytes, spill_folder))

    @property
    def picture(self) -> Picture:
        """The picture as it is now: its pixels are `image`."""
        return self._picture

    @property
    def image(self) -> Pixels:
        """(H, W, C) pixels in the file's own depth; write only through `touch`."""
        return self._picture.pixels

    @property
    def source(self) -> npt.NDArray[np.uint8]:
        """(H, W) uint8 where fills may copy from: 0 free, 1 never, 2 only."""
        if self._source is None:
            self._source = np.zeros(self.mask.shape, np.uint8)
        return self._source

    @property
    def has_source(self) -> bool:
        """Whether the source layer was ever looked at; if not, all of it is free."""
        return self._source is not None

    @property
    def width(self) -> int:
        return self._picture.width

    @property
    def height(self) -> int:
        return self._picture.height

    @property
    def box(self) -> Box:
        return Box(0, 0, self.width, self.height)

    @property
    def belongings(self) -> Belongings:
        """The list of masks, and the points of a face."""
        return self._belongings

    @property
    def path(self) -> Path | None:
        return self._picture.source.path

    @property
    def on_notice(self) -> list[Callable[[str], None]]:
        return self._history.on_notice

    # --- what is painted ---------------------------------------------------------------------

    def hole(self) -> MaskBool:
        """(H, W) bool, True = hole; a new array."""
        return self.mask > 127

    def forbidden(self) -> MaskBool | None:
        """(H, W) bool, True where nothing may be copied from; None = everywhere allowed."""
        if self._source is None:
            return None
        only: MaskBool = self._source == SOURCE_ONLY
        if only.any():
            return ~only
        never: MaskBool = self._source == SOURCE_NEVER
        return never if never.any() else None

    @property
    def mask_is_filled(self) -> bool:
        """Whether the mask has done its work: a result came after its last change.

        Marking where to take pixels from does not change that: it steers the next run.
        """
        return self._history.mask_is_filled

    def original(self, box: Box) -> Pixels:
        """The pixels of a box as they were when the picture was opened; a new array."""
        box = box.intersected(self.box)
        pixels: Pixels = self.image[box.slices].copy()
        if box.is_empty:
            return pixels
        for key in keys_in("image", box):
            if key in self._originals:
                tile_box = key.box(self.width, self.height)
                part = box.intersected(tile_box)
                tile = self._originals[key].unpacked()
                pixels[part.moved(-box.left, -box.top).slices] = tile[
                    part.moved(-tile_box.left, -tile_box.top).slices
                ]
        return pixels

    @property
    def has_new_file(self) -> bool:
        """Whether the document was saved since it was opened, so that its file is another one."""
        return self._has_new_file

    def changed_tiles(self, *, whole_image: bool = False) -> dict[TileKey, PackedTile]:
        """Copies of all in which the document may differ from its file; quick to take.

        Args:
            whole_image: take all tiles of the image, not only those that were changed.
        """
        keys = list(keys_in("image", self.box)) if whole_image else list(self._originals)
        if not whole_image and not self._has_new_file:
            originals = self._originals
            keys = [
                key
                for key in keys
                if not np.array_equal(self._tile(key), originals[key].unpacked())
            ]
        layers: tuple[Layer, ...] = ("mask",) if self._source is None else ("mask", "source")
        for layer in layers:
            keys += self._filled_tiles(layer)
        return {key: copied(self._tile(key)) for key in keys}

    # --- changing ----------------------------------------------------------------------------

    @property
    def is_editing(self) -> bool:
        """Whether a stroke or another edit is open."""
        return self._edit is not None

    def begin(self, label: str, kind: EditKind = "stroke") -> None:
        """Open an undo step.

        Raises:
            RuntimeError: if one is open already.
        """
        if self._edit is not None:
            raise RuntimeError(f"cannot begin “{label}”: “{self._edit.label}” is still open")
        self._edit = Edit(label, kind)

    def reopen(self, label: str) -> None:
        """Take back the newest edit and open it again, to be made differently.

        Raises:
            RuntimeError: if an edit is open already, or there is none to reopen.
        """
        if self._edit is not None or self.newest is None:
            raise RuntimeError(f"cannot reopen “{label}”: no edit is there that is not open")
        edit = self._history.take_back()
        self._restore(edit)
        self._edit = Edit(label, edit.kind, edit.tiles, belongings=edit.belongings)

    @property
    def newest(self) -> Edit | None:
        """The edit done last, if it can be reopened: nothing has been undone since."""
        history = self._history
        return history.done[-1] if history.done and not history.undone else None

    def commit(self) -> Edit | None:
        """Close the open undo step; None if it changed nothing and so leaves no step behind."""
        edit = self._closed_edit()
        edit.tiles = {
            key: tile
            for key, tile in edit.tiles.items()
            if not np.array_equal(tile.unpacked(), self._tile(key))
        }
        edit.changes_image = any(key.layer == "image" for key in edit.tiles)
        edit.changes_mask = any(key.layer == "mask" for key in edit.tiles)
        if edit.belongings is self._belongings:
            edit.belongings = None
        if not edit.tiles and edit.belongings is None and edit.kind != "result":
            self._tell_history()
            return None
        self._history.add(edit)
        self._tell_history()
        return edit

    def abort(self) -> None:
        """Close the open undo step and take back all it did."""
        self._restore(self._closed_edit())
        self._tell_history()

    @contextmanager
    def edit(self, label: str, kind: EditKind = "stroke") -> Iterator[None]:
        """One undo step around the block; an exception in it takes everything back."""
        self.begin(label, kind)
        try:
            yield
        except BaseException:
            self.abort()
            raise
        self.commit()

    @contextmanager
    def touch(self, layer: Layer, box: Box) -> Iterator[npt.NDArray[Any]]:
        """The writable pixels of a box inside an open edit.

        Args:
            layer: which layer to write.
            box: cut to the picture; the view has the size of what is left, perhaps nothing.

        Yields:
            A view of the layer, (h, w) or (h, w, C).

        Raises:
            RuntimeError: if no edit is open.
        """
        if self._edit is None:
            raise RuntimeError("pixels change only inside an edit: call begin() or edit() first")
        box = box.intersected(self.box)
        pixels = self._layer(layer)
        if box.is_empty:
            yield pixels[box.slices]
            return
        self._record(self._edit, layer, box)
        try:
            yield pixels[box.slices]
        finally:
            self.revision += 1
            for listener in tuple(self.on_pixels):
                listener(layer, box)

    def put_belongings(self, belongings: Belongings) -> None:
        """Take others in place of the present ones, inside the open edit.

        Raises:
            RuntimeError: if no edit is open.
        """
        if self._edit is None:
            raise RuntimeError("belongings change only inside an edit: call begin() first")
        if self._edit.belongings is None:
            self._edit.belongings = self._belongings
        self._belongings = belongings
        self.revision += 1

    def packed_mask(self) -> dict[TileKey, PackedTile]:
        """The tiles of the mask that hold anything."""
        return {key: pack(self._tile(key)) for key in self._filled_tiles("mask")}

    def clear_mask(self) -> None:
        """Empty the mask inside the open edit and remember it for `restore_mask`."""
        filled = self.packed_mask()
        if filled:
            self._last_mask = filled
        for _, box in joined_boxes(filled, self.width, self.height):
            with self.touch("mask", box) as view:
                view[...] = 0

    def restore_mask(self) -> None:
        """Put the mask that was cleared last in place of the present one, inside the open edit."""
        if self._last_mask:
            self.put_mask(self._last_mask)

    def put_mask(self, wanted: Mapping[TileKey, PackedTile]) -> None:
        """Make the mask what these tiles say, inside the open edit; there is none elsewhere."""
        for key in {*self._filled_tiles("mask"), *wanted}:
            with self.touch("mask", key.box(self.width, self.height)) as view:
                view[...] = wanted[key].unpacked() if key in wanted else 0

    @property
    def can_restore_mask(self) -> bool:
        return bool(self._last_mask)

    # --- history -----------------------------------------------------------------------------

    def undo(self) -> Edit | None:
        """Take back the newest edit; None if there is none, or while an edit is open."""
        return None if self.is_editing else self._swapped(self._history.undo())

    def redo(self) -> Edit | None:
        """Do again what was undone last; None if there is nothing, or while an edit is open."""
        return None if self.is_editing else self._swapped(self._history.redo())

    @property
    def can_undo(self) -> bool:
        return bool(self._history.done)

    @property
    def can_redo(self) -> bool:
        return bool(self._history.undone)

    @property
    def undo_label(self) -> str:
        return self._history.done[-1].label if self._history.done else ""

    @property
    def redo_label(self) -> str:
        return self._history.undone[-1].label if self._history.undone else ""

    @property
    def steps(self) -> tuple[list[str], list[str]]:
        """Labels of the steps done, oldest first, and of those undone, next to redo first."""
        done = [edit.label for edit in self._history.done]
        return done, [edit.label for edit in reversed(self._history.undone)]

    @property
    def history(self) -> History:
        """To be read only."""
        return self._history

    @property
    def image_state(self) -> int:
        """A number for the image's present content; equal numbers, equal pixels."""
        return self._history.image_state

    @property
    def dirty(self) -> bool:
        """Whether the image differs from the file; painting only a mask changes no file."""
        return not self.is_saved(self._history.image_state)

    def is_saved(self, state: int) -> bool:
        """Whether the image was in its file in that `image_state`."""
        return state == self._saved_state

    def mark_saved(self, picture: Picture | None = None, *, state: int | None = None) -> None:
        """The image is in a file now.

        Args:
            picture: what `save_picture` returned; its source becomes ours, its pixels do not.
            state: `image_state` when saving began, if edits went on since; default: now.
        """
        if picture is not None:
            self._picture = replace(self._picture, source=picture.source)
            self._has_new_file = True
        self._saved_state = self._history.image_state if state is None else state
        self._tell_history()

    def mark_unsaved(self) -> None:
        """The image is in no file, whatever is undone (a recovered document)."""
        self._saved_state = -1
        self._tell_history()

    def resume(
        self,
        tiles: Mapping[TileKey, Pixels],
        belongings: Belongings,
        originals: Mapping[TileKey, PackedTile] | None,
    ) -> None:
        """Become what an earlier session left; no undo step leads back behind it.

        Args:
            tiles: what differs from the picture as it is now, all of mask and source; each at
                least as large as its place.
            belongings: those of that session.
            originals: the image as that session began, where it differs; None = as it is now.
        """
        for key, tile in tiles.items():
            place = self._tile(key)
            if key.layer == "image":
                self._originals.setdefault(key, copied(place))
            place[...] = tile[: place.shape[0], : place.shape[1]]
        if originals is not None:
            self._originals, self._has_new_file = dict(originals), True
        self._belongings = belongings
        self.revision += 1

    def resume_history(
        self, done: list[Edit], undone: list[Edit], *, began_filled: bool, saved_after: int
    ) -> None:
        """Take over the undo steps of an earlier session; see `History.take_over`.

        `saved_after` tells after how many of `done` the image was in its file; -1 = after none.
        """
        self._history.take_over(done, undone, began_filled=began_filled)
        states = [edit.serial for edit in done[:saved_after] if edit.changes_image]
        at_start = states[-1] if states else 0
        self._saved_state = at_start if saved_after >= 0 else -1

    def original_tiles(self, *, is_in_file: bool) -> dict[TileKey, PackedTile] | None:
        """The image as it was opened, where it changed; None if the picture's file has that."""
        return None if is_in_file and not self._has_new_file else dict(self._originals)

    def close(self) -> None:
        """Drop the history and its file on disk."""
        self._history.close()

    # --- inside ------------------------------------------------------------------------------

    def _layer(self, layer: Layer) -> npt.NDArray[Any]:
        if layer == "image":
            return self.image
        return self.mask if layer == "mask" else self.source

    def _tile(self, key: TileKey) -> npt.NDArray[Any]:
        return self._layer(key.layer)[key.box(self.width, self.height).slices]

    def _record(self, edit: Edit, layer: Layer, box: Box) -> None:
        """Copy the tiles that this edit writes for the first time."""
        for key in keys_in(layer, box):
            if key not in edit.tiles:
                packed = pack(self._tile(key))
                edit.tiles[key] = packed
                if layer == "image":
                    self._originals.setdefault(key, packed)

    def _restore(self, edit: Edit) -> None:
        """Put the pixels back as they were before an edit."""
        for key, tile in edit.tiles.items():
            self._tile(key)[...] = tile.unpacked()
        if edit.belongings is not None:
            self._belongings = edit.belongings
        self._tell_pixels(edit)

    def _closed_edit(self) -> Edit:
        if self._edit is None:
            raise RuntimeError("no edit is open")
        edit, self._edit = self._edit, None
        return edit

    def _swapped(self, edit: Edit | None) -> Edit | None:
        """Exchange the edit's tiles with the document's."""
        if edit is not None:
            for key, tile in edit.tiles.items():
                pixels = self._tile(key)
                edit.tiles[key] = pack(pixels)
                pixels[...] = tile.unpacked()
            if edit.belongings is not None:
                edit.belongings, self._belongings = self._belongings, edit.belongings
            self._tell_pixels(edit)
            edit.weigh()
            self._history.keep_budget()
        self._tell_history()
        return edit

    def _filled_tiles(self, layer: Layer) -> list[TileKey]:
        return [key for key in keys_in(layer, self.box) if self._tile(key).any()]

    def _tell_pixels(self, edit: Edit) -> None:
        self.revision += 1
        for layer, box in joined_boxes(edit.tiles, self.width, self.height):
            for listener in tuple(self.on_pixels):
                listener(layer, box)

    def _tell_history(self) -> None:
        for listener in tuple(self.on_history):
            listener()
