"""The key table of the editor's design, row by row: what a key is pressed for, what comes of it.

Kept apart from `app.actions`, so that a key that gets lost there is missed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QDialog

from tests.app import fake_backend

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.app.conftest import Desk


class Situation:
    """A desk with two pictures in a folder, and the dialog that was seen last."""

    def __init__(self, desk: Desk, first: Path, second: Path) -> None:
        self.desk = desk
        self.first = first
        self.second = second
        self.dialog = ""
        self._watch = QTimer(desk.window)
        self._watch.setInterval(5)
        self._watch.timeout.connect(self._close_dialog)

    def begin(self) -> None:
        """The second picture, as it lies in its folder, with the brush in the hand."""
        desk = self.desk
        fake_backend.gate.set()
        desk.answers.leave = "discard"
        desk.answers.replace = "overwrite"
        for extra in self.first.parent.glob("new*"):
            extra.unlink()
        QGuiApplication.clipboard().clear()
        desk.session.toolbox.use("brush")
        desk.session.toolbox.set_size(60)
        desk.session.toolbox.set_hardness(0.5)
        desk.session.use_backend("green")
        desk.open(self.second)
        desk.settle()
        desk.window.activateWindow()
        desk.wait(desk.window.isActiveWindow)
        desk.canvas.setFocus()
        self.dialog = ""

    def paint(self) -> None:
        self.desk.paint((20, 60), (30, 60))

    def fill(self, backend: str) -> None:
        session = self.desk.session
        session.use_backend(backend)
        count = len(session.runs.shelf)
        session.runs.inpaint()
        self.desk.wait(lambda: len(session.runs.shelf) > count)
        self.desk.settle()

    def run_twice(self) -> None:
        self.paint()
        self.fill("green")
        self.fill("blue")

    def start_running(self) -> None:
        self.paint()
        fake_backend.gate.clear()
        self.desk.session.runs.inpaint()
        self.desk.wait(lambda: self.desk.session.runs.tasks.activity is not None)

    def watch_for_dialog(self) -> None:
        """Note the next dialog and close it, because it would wait for somebody."""
        self._watch.start()

    def _close_dialog(self) -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QDialog):
            self._watch.stop()
            self.dialog = type(dialog).__name__
            dialog.reject()

    # --- what can be seen --------------------------------------------------------------------

    @property
    def tool(self) -> str:
        return self.desk.session.tool_id

    @property
    def size(self) -> float:
        return self.desk.session.toolbox.brush.size

    @property
    def hardness(self) -> float:
        return self.desk.session.toolbox.brush.hardness

    @property
    def masked(self) -> int:
        return int(self.desk.document.hole().sum())

    @property
    def zoom(self) -> float:
        return self.desk.canvas.zoom

    @property
    def results(self) -> list[str]:
        return [result.label for result in self.desk.session.runs.shelf]

    @property
    def applied(self) -> str:
        current = self.desk.session.runs.shelf.current
        return current.label if current is not None else ""

    def has(self, name: str) -> bool:
        """Whether a new file is beside the pictures."""
        return (self.first.parent / name).is_file()


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        id: of the command.
        keys: those of the table, as Qt writes them.
        done: whether it has happened.
        before: brings about what the command needs; `done` does not hold after it.
        has_button: whether there is a button for it.
        is_held: acts while the key is down.
    """

    id: str
    keys: tuple[str, ...]
    done: Callable[[Situation], object]
    before: Callable[[Situation], object] = lambda _: None
    has_button: bool = False
    is_held: bool = False


def tool(name: str, key: str) -> Row:
    other = "eraser" if name == "brush" else "brush"
    return Row(
        f"tool_{name}",
        (key,),
        lambda now: now.tool == name,
        lambda now: now.desk.session.toolbox.use(other),
        has_button=True,
    )


def will_save(name: str) -> Callable[[Situation], object]:
    """Somebody has painted, and will call the file so."""

    def prepare(now: Situation) -> None:
        now.paint()
        now.desk.answers.path = now.first.parent / name

    return prepare


def painted_and_cleared(now: Situation) -> None:
    now.paint()
    now.desk.session.masks.clear()


def painted_and_undone(now: Situation) -> None:
    now.paint()
    now.desk.session.undo()


def filled(now: Situation) -> None:
    now.paint()
    now.fill("green")


def second_is_applied(now: Situation) -> None:
    now.run_twice()
    now.desk.session.runs.step(-1)
    now.desk.settle()


def picture_to_paste(_: Situation) -> None:
    image = QImage(30, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    QGuiApplication.clipboard().setImage(image)


def zoomed(now: Situation) -> None:
    now.desk.canvas.zoom_to(1.0)
    now.desk.canvas.zoom_in()


def at_full_size(now: Situation) -> None:
    now.desk.canvas.zoom_to(1.0)


def is_saved(now: Situation) -> bool:
    return not now.desk.document.dirty and now.desk.document.path == now.second


def has_clipboard(_: Situation) -> bool:
    return not QGuiApplication.clipboard().image().isNull()


TABLE = (
    tool("brush", "B"),
    tool("eraser", "E"),
    Row("swap", ("X",), lambda now: now.tool == "eraser"),
    tool("rectangle", "R"),
    tool("lasso", "L"),
    tool("polygon", "P"),
    tool("wand", "W"),
    tool("source", "S"),
    Row("smaller", ("[",), lambda now: now.size < 60),
    Row("larger", ("]",), lambda now: now.size > 60),
    Row("softer", ("Shift+[",), lambda now: now.hardness < 0.5),
    Row("harder", ("Shift+]",), lambda now: now.hardness > 0.5),
    Row(
        "inpaint",
        ("Return", "Enter", "Ctrl+Return", "Ctrl+Enter"),
        lambda now: now.results == ["Green"],
        Situation.paint,
        has_button=True,
    ),
    Row(
        "cancel",
        ("Esc",),
        lambda now: not now.desk.session.runs.is_running,
        Situation.start_running,
        has_button=True,
    ),
    Row("undo", ("Ctrl+Z",), lambda now: not now.masked, Situation.paint, has_button=True),
    Row(
        "redo",
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        lambda now: now.masked,
        painted_and_undone,
        has_button=True,
    ),
    Row(
        "open",
        ("Ctrl+O",),
        lambda now: now.desk.document.path == now.first,
        lambda now: setattr(now.desk.answers, "paths", [now.first]),
        has_button=True,
    ),
    Row("save", ("Ctrl+S",), is_saved, filled, has_button=True),
    Row("save_as", ("Ctrl+Shift+S",), lambda now: now.has("new.png"), will_save("new.png")),
    Row("export", ("Ctrl+Shift+E",), lambda now: now.has("new2.png"), will_save("new2.png")),
    Row("copy", ("Ctrl+C",), has_clipboard),
    Row("paste", ("Ctrl+V",), lambda now: now.desk.document.path is None, picture_to_paste),
    Row("zoom_in", ("Ctrl++",), lambda now: now.zoom > 1, at_full_size),
    Row("zoom_out", ("Ctrl+-",), lambda now: now.zoom < 1, at_full_size),
    Row("fit", ("Ctrl+0",), lambda now: now.zoom > 2, at_full_size, has_button=True),
    Row("actual_size", ("Ctrl+1",), lambda now: now.zoom == 1, zoomed, has_button=True),
    Row("compare", ("\\",), lambda now: now.desk.session.comparing, has_button=True, is_held=True),
    Row("hide_mask", ("H",), lambda now: now.desk.session.mask_hidden, has_button=True),
    Row(
        "invert_mask",
        ("Ctrl+Shift+I",),
        lambda now: now.masked > now.desk.document.mask.size / 2,
        Situation.paint,
        has_button=True,
    ),
    Row("clear_mask", ("Ctrl+D",), lambda now: not now.masked, Situation.paint, has_button=True),
    Row(
        "reselect_mask",
        ("Ctrl+Shift+D",),
        lambda now: now.masked,
        painted_and_cleared,
        has_button=True,
    ),
    Row("previous_file", ("PgUp",), lambda now: now.desk.document.path == now.first),
    Row(
        "next_file",
        ("PgDown",),
        lambda now: now.desk.document.path == now.second,
        lambda now: now.desk.open(now.first),
    ),
    Row("previous_result", (",",), lambda now: now.applied == "Green", Situation.run_twice),
    Row("next_result", (".",), lambda now: now.applied == "Blue", second_is_applied),
    Row(
        "keep_result",
        ("Ctrl+J",),
        lambda now: now.desk.session.runs.shelf.current.is_kept,  # type: ignore[union-attr]
        filled,
        has_button=True,
    ),
    Row(
        "keys",
        ("F1",),
        lambda now: now.dialog == "ShortcutsDialog",
        Situation.watch_for_dialog,
    ),
)
"""Gestures of the table (wheel, pinch, drags, modifiers while painting) are in tests/app/canvas."""
