"""Somebody who plays with the window without a plan, always the same way for the same seed.

    python -m tests.app.monkey --actions 20000 --seed 0

Every action is what a person may do: mouse, wheel, keys, menus, buttons, files that are dropped,
good and bad. After each one the document must make sense; nothing may be raised, logged as an
error, or left running in the end.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QPoint,
    QPointF,
    Qt,
    QTimer,
    QUrl,
    qInstallMessageHandler,
)
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeySequence, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QTabBar,
    QWidget,
)

from app import actions
from app.gui import _log_qt
from app.session.session import Session
from app.settings import Settings
from app.window.window import MainWindow
from engine import resources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from app.document import Document

NEVER = {"quit", "log", "fine_tune", "full_screen"}
"""Ends the play, starts another program, or is of the window system rather than of ours."""

MODIFIERS = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
)
BUTTONS = (
    *[Qt.MouseButton.LeftButton] * 6,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
)
TYPED = "0123456789abxyz.,-[]\\ "
BACKENDS = ("telea", "navier-stokes", "patchmatch", "auto")


class Indifferent:
    """Answers every question at random, without a dialog."""

    def __init__(self, rng: np.random.Generator, paths: Sequence[Path], folder: Path) -> None:
        self._rng, self._paths, self._folder = rng, paths, folder

    def __getattr__(self, name: str) -> Callable[..., object]:
        return lambda *_: self._answer(name)

    def _answer(self, name: str) -> object:
        pick = self._rng.choice
        if name in ("picture_to_save", "project_to_save", "mask_to_save", "recipe_to_save"):
            ending = pick([".png", ".jpg", ".tif", ".lacuna", ".nonsense", ""])
            return self._folder / f"saved{self._rng.integers(4)}{ending}"
        if name == "pictures_to_open":
            return [self._paths[self._rng.integers(len(self._paths))]]
        if name.endswith(("_to_open", "_to_add", "_to_use")):
            return self._paths[self._rng.integers(len(self._paths))]
        words = {
            "unsaved": ["save", "discard", "discard", "cancel"],
            "overwrite": ["overwrite", "save_as", "cancel"],
            "replace_changed": ["overwrite", "save_as", "cancel"],
            "recover": ["recover", "discard", "later"],
            "mask_of_other_size": ["scale", "corner", "cancel"],
        }
        if name in words:
            return str(pick(words[name]))
        if name == "quality":
            return int(self._rng.integers(1, 101))
        return bool(self._rng.integers(2))


@dataclass
class MonkeyError(Exception):
    """Something that must never happen, and after which action."""

    number: int
    action: str
    what: str

    def __str__(self) -> str:
        return f"after action {self.number}, {self.action}: {self.what}"


class Monkey:
    """Plays with a window.

    Args:
        window: shown.
        rng: decides everything.
        paths: files and folders that are opened and dropped.
    """

    def __init__(self, window: MainWindow, rng: np.random.Generator, paths: Sequence[Path]) -> None:
        self.window, self.session = window, window.session
        self.done: Counter[str] = Counter()
        self.last = "nothing"
        self._rng, self._paths = rng, paths
        self._ways: list[tuple[Callable[[], str], float]] = [
            (self.stroke, 30),
            (self._key, 16),
            (self._menu, 14),
            (self._poke, 12),
            (self._wheel, 7),
            (self._type, 4),
            (self._resize, 2),
            (self._drop, 3),
            (self._run, 5),
            (self._cancel, 4),
            (self._undo, 8),
            (self._there_and_back, 1),
        ]
        weights = np.array([weight for _, weight in self._ways])
        self._chances = weights / weights.sum()

    def act(self) -> None:
        """Do one thing; what a dialog or a menu is open for is done to that."""
        front = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if front is not None:
            self.last = self._leave(front)
        else:
            way = self._ways[self._rng.choice(len(self._ways), p=self._chances)][0]
            self.last = way()
        self.done[self.last.split(":")[0]] += 1

    def pause_ms(self) -> int:
        """Until the next action; now and then long enough for something to be finished."""
        return int(self._rng.integers(80)) if self._rng.random() < 0.1 else 0

    def check(self) -> str:
        """What is wrong with the document, in words; "" if nothing is."""
        document = self.session.document
        return "" if document is None else "; ".join(wrongs(document))

    # --- ways to act -----------------------------------------------------------------------------

    def _canvas(self) -> QWidget:
        workspace = self.window.workspace
        return self.window if workspace is None else workspace.canvas

    def _point(self, widget: QWidget) -> QPoint:
        """Mostly inside, sometimes a little outside."""
        width, height = max(1, widget.width()), max(1, widget.height())
        x, y = self._rng.uniform(-0.05, 1.05, 2)
        return QPoint(int(x * width), int(y * height))

    def _one(self, things: Sequence[object]) -> int:
        return int(self._rng.integers(len(things)))

    def stroke(self) -> str:
        canvas = self._canvas()
        button, keys = BUTTONS[self._one(BUTTONS)], MODIFIERS[self._one(MODIFIERS)]
        at = self._point(canvas)
        QTest.mousePress(canvas, button, keys, at)
        for _ in range(self._rng.integers(6)):
            at = at + QPoint(*map(int, self._rng.integers(-60, 60, 2)))
            QTest.mouseMove(canvas, at)
            if self._rng.random() < 0.1:  # in the middle of it
                self._key()
        if self._rng.random() < 0.97:  # the window system may keep the release to itself
            QTest.mouseRelease(canvas, button, keys, at)
        if self._rng.random() < 0.1:
            QTest.mouseDClick(canvas, button, keys, at)
        return "stroke"

    def _key(self) -> str:
        bound = [spec for spec in actions.ACTIONS if spec.all_keys and spec.id not in NEVER]
        spec = bound[self._one(bound)]
        keys = spec.all_keys[self._one(spec.all_keys)]
        target = self.window.focusWidget() or self.window
        QTest.keySequence(target, QKeySequence(keys))
        return f"key: {keys} for {spec.id}"

    def _menu(self) -> str:
        named = {spec.plain_label for spec in actions.ACTIONS if spec.id in NEVER}
        found = [
            action
            for action in self.window.findChildren(QAction)
            if action.isEnabled() and action.text() and not action.menu()
            if action.text().replace("&", "").removesuffix("…") not in named
        ]
        action = found[self._one(found)]
        label = action.text()
        action.trigger()
        return f"menu: {label}"

    def _poke(self, inside: QWidget | None = None) -> str:
        """Use some button, slider, field or list."""
        kinds = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QTabBar)
        inside = inside or self.window
        found = [
            widget
            for kind in kinds
            for widget in inside.findChildren(kind)
            if widget.isVisible() and widget.isEnabled() and widget.window() is inside
        ]
        if not found:
            return "poke: nothing"
        widget = found[self._one(found)]
        label = f"{type(widget).__name__} {widget.accessibleName() or widget.objectName()}"
        if isinstance(widget, QAbstractButton):
            QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
        elif isinstance(widget, (QLineEdit, QAbstractSpinBox)):
            QTest.keyClicks(widget, TYPED[self._one(TYPED)])
            QTest.keyClick(widget, Qt.Key.Key_Return)
        else:
            key = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right)
            QTest.keyClick(widget, key[self._one(key)])
        return f"poke: {label}"

    def _wheel(self) -> str:
        canvas = self._canvas()
        at = QPointF(self._point(canvas))
        turn = QPoint(0, int(self._rng.choice([-120, 120, -15, 15, 960, -960])))
        keys = MODIFIERS[self._one(MODIFIERS)]
        event = QWheelEvent(
            at,
            QPointF(canvas.mapToGlobal(at.toPoint())),
            QPoint(),
            turn,
            Qt.MouseButton.NoButton,
            keys,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(canvas, event)
        return "wheel"

    def _type(self) -> str:
        target = self.window.focusWidget() or self.window
        QTest.keyClicks(target, TYPED[self._one(TYPED)])
        return "type"

    def _resize(self) -> str:
        width, height = map(int, self._rng.integers([300, 200], [2600, 1800]))
        self.window.resize(width, height)
        return f"resize: {width} x {height}"

    def _drop(self) -> str:
        chosen = [self._paths[self._one(self._paths)] for _ in range(self._rng.integers(1, 4))]
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in chosen])
        at = QPointF(self._point(self.window))
        common = (
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(self.window, QDragEnterEvent(at.toPoint(), *common))
        QApplication.sendEvent(self.window, QDropEvent(at, *common))
        return f"drop: {', '.join(path.name for path in chosen)}"

    def _run(self) -> str:
        backend = BACKENDS[self._one(BACKENDS)]
        self.session.use_backend(backend)
        if self.session.can_run:
            self.session.runs.inpaint()
        return f"run: {backend}"

    def _cancel(self) -> str:
        QTest.keyClick(self.window.focusWidget() or self.window, Qt.Key.Key_Escape)
        return "cancel"

    def _undo(self) -> str:
        steps = int(self._rng.integers(-4, 4))
        self.session.jump_in_history(steps)
        return f"undo: {steps}"

    def _there_and_back(self) -> str:
        """Undo everything and redo it; a stroke that is not ended yet stays out of it."""
        document = self.session.document
        if document is None or document.is_editing:
            return "there and back: nothing"
        state, steps = digest(document), len(document.steps[0])
        self.session.jump_in_history(-steps)
        self.session.jump_in_history(steps)
        if digest(document) != state:
            raise AssertionError(f"{steps} steps back and forth do not lead back")
        return "there and back"

    def _leave(self, front: QWidget) -> str:
        name = type(front).__name__
        if self._rng.random() < 0.6 and not isinstance(front, QMenu):
            return f"in {name}: {self._poke(front)}"
        QTest.keyClick(front, Qt.Key.Key_Escape)
        if front.isVisible():
            front.close()
        return f"leave: {name}"


def wrongs(document: Document) -> list[str]:
    """What is wrong with a document."""
    height, width = document.height, document.width
    found = []
    if document.image.shape[:2] != (height, width) or document.image.ndim != 3:
        found.append(f"the picture is {document.image.shape}")
    if document.image.dtype not in (np.uint8, np.uint16):
        found.append(f"its type is {document.image.dtype}")
    if document.mask.shape != (height, width) or document.mask.dtype != np.uint8:
        found.append(f"the mask is {document.mask.shape}, {document.mask.dtype}")
    if document.has_source and document.source.shape != (height, width):
        found.append(f"the source layer is {document.source.shape}")
    done, undone = document.steps
    if document.can_undo != bool(done) or document.can_redo != bool(undone):
        found.append("the history's steps and its buttons do not agree")
    return found


def digest(document: Document) -> str:
    """The picture and its mask as a number."""
    state = hashlib.sha256(document.image.tobytes())
    state.update(document.mask.tobytes())
    return state.hexdigest()


def files(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Pictures, and what somebody might take for one."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [resources.root() / "sample" / name for name in ("astronaut.png", "rocket.jpg")]
    kinds: list[tuple[str, tuple[int, ...], str]] = [
        ("small.png", (1, 1, 3), "uint8"),
        ("thin.png", (3, 700, 3), "uint8"),
        ("alpha.png", (160, 200, 4), "uint8"),
        ("grey.tif", (300, 200), "uint8"),
        ("deep.png", (220, 300), "uint16"),
        ("photo.jpg", (400, 600, 3), "uint8"),
    ]
    for name, shape, kind in kinds:
        pixels = rng.integers(0, np.iinfo(kind).max, shape, kind)
        Image.fromarray(pixels).save(folder / name)
    (folder / "empty.png").touch()
    (folder / "torn.jpg").write_bytes((folder / "photo.jpg").read_bytes()[:3000])
    (folder / "text.png").write_text("no picture")
    (folder / "broken.lacuna").write_bytes(b"PK\x03\x04 no project")
    names = ("empty.png", "torn.jpg", "text.png", "broken.lacuna", "missing.png", ".")
    return [*found, *(folder / kind[0] for kind in kinds), *(folder / name for name in names)]


class Errors(logging.Handler):
    """Collects what must not be logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(self.format(record))


def play(monkey: Monkey, actions_: int, told: Callable[[int], None] = lambda _: None) -> None:
    """So many actions, each from the event loop, so that dialogs may have loops of their own.

    Raises:
        MonkeyError: at the first thing that must not happen.
    """
    application, errors = QApplication.instance(), Errors()
    troubles: list[MonkeyError] = []
    number = 0

    def raised(kind: type, error: BaseException, trace: TracebackType | None) -> None:
        lines = "".join(traceback.format_exception(kind, error, trace))
        troubles.append(MonkeyError(number, monkey.last, lines))
        application.exit()  # quit would ask the windows first

    def step() -> None:
        nonlocal number
        if number >= actions_ or troubles:
            application.exit()  # quit would ask the windows first
            return
        number += 1
        # Before the action, which may open a dialog and not come back until that is closed.
        QTimer.singleShot(monkey.pause_ms(), step)
        monkey.act()
        what = monkey.check() or "; ".join(errors.found)
        if what:
            troubles.append(MonkeyError(number, monkey.last, what))
        told(number)

    old, sys.excepthook = sys.excepthook, raised
    logging.getLogger().addHandler(errors)
    try:
        QTimer.singleShot(0, step)
        application.exec()
    finally:
        logging.getLogger().removeHandler(errors)
        sys.excepthook = old
    if troubles:
        raise troubles[0]


def opened(folder: Path, seed: int) -> Monkey:
    """A monkey at a window of its own; everything that is written lies in the folder."""
    from app import theme

    rng = np.random.default_rng(seed)
    paths = files(folder / "pictures", rng)
    application = QApplication.instance() or QApplication(["lacuna"])
    theme.use_icon_files(resources.root() / "icons")
    theme.apply(application, "dark")
    questions = Indifferent(rng, paths, folder / "saved")
    (folder / "saved").mkdir(exist_ok=True)
    settings = Settings(backend="telea")
    session = Session(settings, questions, folder / "recovery", folder / "spill")
    window = MainWindow(session, folder / "settings.json")
    window.show()
    session.keep_copies()
    return Monkey(window, rng, paths)


def is_dummy(thread: threading.Thread) -> bool:
    return thread.name.startswith("Dummy-")


def closed(monkey: Monkey) -> list[str]:
    """Close the window; what it has left running, in words."""
    window = monkey.window
    window._may_close = True
    window.close()
    found = [] if window.session.has_ended else ["a worker still runs"]
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--actions", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    start = time.monotonic()
    qInstallMessageHandler(_log_qt)

    def told(number: int) -> None:
        if number % 500 == 0:
            print(f"{number} of {args.actions}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as name:
        monkey = opened(Path(name), args.seed)
        before = threading.enumerate()
        try:
            play(monkey, args.actions, told)
        except MonkeyError as trouble:
            print(trouble)
            return 1
        left = closed(monkey)
        # Python keeps a dummy for each thread of Qt that it has seen, also once that has ended.
        left += [
            each.name for each in threading.enumerate() if each not in before and not is_dummy(each)
        ]
        if left:
            print("; ".join(left))
            return 1
    kinds = ", ".join(f"{count} {kind}" for kind, count in monkey.done.most_common())
    print(f"{args.actions} actions in {time.monotonic() - start:.0f} s: {kinds}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
