"""The mask as a whole: grown, inverted, cleared, read from a file and written to one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.language import tr, tr_later
from app.session.tasks import details_of
from engine.errors import EngineError
from engine.jobs import CancelToken, Job, Progress, Steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.document import Document
    from app.session.session import Session
    from app.session.tasks import Tasks
    from app.tools.capsule import Coverage
    from engine.pictures import OpenedMask
    from engine.types import MaskBool


class Masks(QObject):
    """Verbs that change the whole mask, one undo step each; a stroke being drawn is not disturbed.

    Args:
        session: whose document has the mask.
        tasks: where disk work runs.
    """

    def __init__(self, session: Session, tasks: Tasks) -> None:
        super().__init__(session)
        self._session = session
        self._tasks = tasks

    def invert(self) -> None:
        from app.document import maskops

        self._change(maskops.invert)

    def grow(self) -> None:
        """One step further than the panel's slider is."""
        shaping = self._session.shaping
        shaping.set_grow(shaping.grow + self._session.settings.mask_step)

    def shrink(self) -> None:
        shaping = self._session.shaping
        shaping.set_grow(shaping.grow - self._session.settings.mask_step)

    def from_transparency(self) -> None:
        """Mark what is wholly transparent in the picture, in place of the present mask."""
        document = self._session.document
        if document is not None:
            from app.document.areas import combine
            from app.document.live import LiveStep
            from app.document.transparency import transparent
            from app.tools.search import Search

            step = LiveStep(document)
            change = partial(combine, mode="replace")
            search = Search(step, tr_later("Mask from Transparency"), transparent, change)
            self._session.selecting.search(search)

    def clear(self) -> None:
        from app.document import maskops

        self._change(maskops.clear)

    def reselect(self) -> None:
        from app.document import maskops

        self._change(maskops.reselect)

    # --- several masks -----------------------------------------------------------------------

    def add(self) -> None:
        """Put the mask aside and begin an empty one."""
        from app.document import masklist

        self._change(masklist.add)

    def duplicate(self) -> None:
        """Put the mask aside and go on with a copy."""
        from app.document import masklist

        self._change(masklist.duplicate)

    def delete(self) -> None:
        """Remove the mask in use; the only one is emptied."""
        from app.document import masklist

        self._change(masklist.delete)

    def switch(self, index: int) -> None:
        """Take another mask into use."""
        from app.document import masklist

        self._change(partial(masklist.switch, index=index))

    def step(self, step: int) -> None:
        """Take the mask so many places further into use, round and round."""
        document = self._session.document
        if document is not None:
            belongings = document.belongings
            self.switch((belongings.current + step) % len(belongings.masks))

    def rename(self, name: str) -> None:
        """Call the mask in use differently."""
        from app.document import masklist

        document = self._session.document
        if document is not None:
            index = document.belongings.current
            self._change(partial(masklist.rename, index=index, name=name))

    # --- files -------------------------------------------------------------------------------

    def put(self, hole: MaskBool, label: str) -> None:
        """Replace the mask by another one of the picture's size."""
        from app.document import maskops

        self._change(partial(maskops.replace, hole=hole, label=label))

    def _change(self, operation: Callable[[Document], object]) -> None:
        document = self._session.document
        if document is not None and not document.is_editing:
            operation(document)

    def ask_open(self) -> None:
        document = self._session.document
        if document is not None:
            folder = document.path.parent if document.path is not None else None
            path = self._session.questions.mask_to_open(folder)
            if path is not None:
                self.open(path)

    def open(self, path: Path) -> None:
        """Put a mask file in place of the mask; white marks what is filled."""
        document = self._session.document
        if document is not None:
            self._tasks.start(
                Job(tr_later("Opening {name}").format(name=path.name), partial(_open, path)),
                partial(self._on_opened, document, path.name),
                failed=partial(self._on_failed, tr("“{name}” could not be opened", name=path.name)),
            )

    def ask_save(self) -> None:
        document = self._session.document
        if document is None:
            return
        beside = document.path or Path.home() / tr("Untitled.png")
        path = self._session.questions.mask_to_save(beside.with_name(f"{beside.stem}_mask.png"))
        if path is not None:
            self._write(document.mask.copy(), path)

    def ask_save_source(self) -> None:
        """Write where nothing may be taken from, for `lacuna inpaint --never-from`."""
        document = self._session.document
        forbidden = document.forbidden() if document is not None else None
        if document is None or forbidden is None:
            self._session.say(tr("Nothing is marked with the source brush."))
            return
        beside = document.path or Path.home() / tr("Untitled.png")
        path = self._session.questions.mask_to_save(beside.with_name(f"{beside.stem}_never.png"))
        if path is not None:
            self._write(forbidden, path)

    def _write(self, mask: MaskBool | Coverage, path: Path) -> None:
        self._tasks.start(
            Job(tr_later("Saving {name}").format(name=path.name), partial(_save, mask, path)),
            partial(self._on_saved, path),
            failed=partial(self._on_failed, tr("“{name}” could not be saved", name=path.name)),
            can_cancel=False,
        )

    def _on_opened(self, document: Document, name: str, mask: OpenedMask) -> None:
        if self._session.document is not document:
            return
        hole = self._fitted(document, name, mask.hole)
        if hole is not None:
            self.put(hole, tr_later("Open Mask"))
            if mask.notices:
                self._session.say(" ".join(mask.notices))

    def _fitted(self, document: Document, name: str, hole: MaskBool) -> MaskBool | None:
        """A mask in the size of the picture, as the user wants it; None = not at all."""
        from engine.pictures import placed_mask, scaled_mask

        size, own = (document.width, document.height), (hole.shape[1], hole.shape[0])
        if own == size:
            return hole
        wish = self._session.questions.mask_of_other_size(name, own, size)
        if wish == "cancel":
            return None
        return scaled_mask(hole, size) if wish == "scale" else placed_mask(hole, size)

    def _on_saved(self, path: Path, _: object) -> None:
        self._session.say(tr("The mask is saved as “{name}”.", name=path.name))

    def _on_failed(self, what: str, error: Exception) -> None:
        if isinstance(error, EngineError):
            self._session.fail(str(error))
        else:
            self._session.fail(tr("{what}: {error}", what=what, error=error), details_of(error))


def _open(path: Path, _: CancelToken) -> Steps[OpenedMask]:
    from engine.pictures import read_mask

    yield Progress(0, 1, "")
    return read_mask(path)


def _save(mask: MaskBool | Coverage, path: Path, _: CancelToken) -> Steps[None]:
    from engine.pictures import save_mask

    yield Progress(0, 1, "")
    save_mask(mask, path)
