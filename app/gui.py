"""Starts the editor: Qt, looks, log, and what happens when something goes wrong."""

from __future__ import annotations

import logging
import logging.handlers
import os
import signal
import socket
import sys
import traceback
from typing import TYPE_CHECKING

# qtawesome goes through qtpy, which must not go looking for another Qt.
os.environ.setdefault("QT_API", "pyside6")

from PySide6.QtCore import (
    QLibraryInfo,
    QLocale,
    QObject,
    QSocketNotifier,
    Qt,
    QtMsgType,
    QTranslator,
    Slot,
    qInstallMessageHandler,
)
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from app import settings as settings_file
from app import theme
from app.dialogs.questions import DialogQuestions
from app.language import Choice, set_language, tr
from app.session.session import Session
from app.window.window import MainWindow
from engine import __version__, resources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from PySide6.QtCore import QMessageLogContext

log = logging.getLogger(__name__)

LOG_BYTES = 1_000_000
LOG_FILES = 3
QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def run(files: Sequence[Path], mask: Path | None, backend: str | None) -> int:
    """Open the editor, and return its exit code when the window has been closed.

    Args:
        files: the first is opened, PgUp and PgDn go through all.
        mask: a mask for the first.
        backend: id of the backend to choose.
    """
    write_log(settings_file.log_file())
    application = QApplication(sys.argv[:1])
    # Merged mouse moves would cut the corners of a quick stroke; X11's plugin has just set this.
    application.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    application.setApplicationName("Lacuna")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("lacuna")
    qInstallMessageHandler(_log_qt)
    window = open_window(
        application, settings_file.settings_path(), settings_file.recovery_folder()
    )
    sys.excepthook = Excepthook(window)
    interrupt = Interrupt(window)
    log.info("the window stands")
    # Now, because drawing it takes longer than anything else about the icon is worth.
    application.setWindowIcon(program_icon())
    window.begin(files, mask, backend, tour=True)
    code = application.exec()
    interrupt.forget()
    if not window.session.has_ended:
        # A compiler or a library call that cannot be interrupted: Qt would abort over its thread.
        logging.shutdown()
        os._exit(code)
    return code


def open_window(
    application: QApplication, settings_path: Path, recovery_folder: Path
) -> MainWindow:
    """The main window with its session, dressed and shown."""
    settings = settings_file.load(settings_path)
    speak(application, settings.language)
    theme.use_icon_files(resources.root() / "icons")
    theme.apply(application, settings.theme)
    questions = DialogQuestions()
    session = Session(settings, questions, recovery_folder, settings_file.spill_folder())
    window = MainWindow(session, settings_path)
    questions.window = window
    window.show()
    return window


def speak(application: QApplication, choice: Choice) -> None:
    """Choose the language of all that is built from now on, Qt's own words and figures too."""
    tag = set_language(choice, QLocale.system().uiLanguages())
    locale = QLocale(tag)
    QLocale.setDefault(locale)
    words = QTranslator(application)
    if words.load(
        locale, "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    ):
        application.installTranslator(words)


def program_icon() -> QIcon:
    """What task bars and window lists show."""
    return QIcon(str(resources.root() / "icons" / "lacuna.svg"))


def write_log(file: Path) -> None:
    """Log to a file that is set aside when it is full; one that cannot be written stops nothing.

    There are never more than `LOG_FILES` of `LOG_BYTES` beside the one being written.
    """
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        )
    except OSError as error:
        log.warning("no log file: %s", error)
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    log.info("Lacuna %s starts", __version__)


class Excepthook:
    """Turns what nobody caught into a sentence with the traceback behind "Details"."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._is_showing = False

    def __call__(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        log.error("unexpected: %s", details)
        if self._is_showing:
            # One dialog is enough when every repaint fails.
            return
        from app.dialogs.error import ErrorDialog

        self._is_showing = True
        sentence = tr(
            "Something went wrong inside Lacuna. Your picture is still open; save it "
            "under another name to be safe."
        )
        ErrorDialog(sentence, details, self._window).exec()
        self._is_showing = False


class Interrupt(QObject):
    """Lets Ctrl-C in the terminal close the window, which Qt's event loop would sleep through."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._reading, self._writing = socket.socketpair()
        self._writing.setblocking(False)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._close)
        signal.set_wakeup_fd(self._writing.fileno())
        signal.signal(signal.SIGINT, lambda *_: None)

    @Slot()
    def _close(self) -> None:
        self._reading.recv(64)
        self._window.close()

    def forget(self) -> None:
        """The event loop has ended; Ctrl-C is Python's again."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._notifier.setEnabled(False)
        self._reading.close()
        self._writing.close()


def _log_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    logging.getLogger(f"qt.{context.category or 'default'}").log(QT_LEVELS[kind], "%s", message)
