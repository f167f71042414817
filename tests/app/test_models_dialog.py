"""The Models dialog: what it tells of each network, and every button."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QProgressBar,
    QPushButton,
    QTreeWidgetItem,
)

from app.dialogs.models import ModelsDialog
from app.session.model_work import name_for
from engine import registry, weights
from tests.app import fake_backend, tiny_models
from tests.app.tiny_models import OTHER, TINY, checkpoint, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from tests.app.conftest import Desk

ROOT = Path(__file__).resolve().parents[2]


class Person:
    """Somebody with a mouse and a keyboard in front of the dialog."""

    def __init__(self, dialog: ModelsDialog, desk: Desk, qtbot: QtBot) -> None:
        self.dialog = dialog
        self.desk = desk
        self._qtbot = qtbot

    @property
    def rows(self) -> list[QTreeWidgetItem]:
        """All rows of the table, headings and children too."""
        tree, found = self.dialog._list, []
        for top in (tree.topLevelItem(index) for index in range(tree.topLevelItemCount())):
            assert top is not None
            found += [top, *(top.child(index) for index in range(top.childCount()))]
        return found

    def row(self, text: str) -> QTreeWidgetItem:
        return next(row for row in self.rows if row.text(0).startswith(text))

    def click_row(self, text: str) -> None:
        tree, row = self.dialog._list, self.row(text)
        tree.scrollToItem(row, QAbstractItemView.ScrollHint.EnsureVisible)
        at = tree.visualItemRect(row).center()
        self._qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=at)

    def button(self, text: str) -> QPushButton:
        buttons = self.dialog.findChildren(QPushButton)
        return next(button for button in buttons if button.text() == text)

    def press(self, text: str) -> None:
        self._qtbot.mouseClick(self.button(text), Qt.MouseButton.LeftButton, pos=QPoint(9, 9))

    def wait(self) -> None:
        """Until nothing is at work."""
        session = self.desk.session
        idle = lambda: session.files.tasks.is_idle and session.runs.tasks.is_idle  # noqa: E731
        self.desk.wait(lambda: not session.models.is_busy and idle())

    @property
    def facts(self) -> str:
        """The right-hand side; labels that have just been made are shown a moment later."""
        QApplication.processEvents()
        labels = self.dialog._details.findChildren(QLabel)
        return " | ".join(label.text() for label in labels if label.isVisible())

    @property
    def message(self) -> str:
        return self.dialog._work._text.text()


@pytest.fixture
def tiny() -> Iterator[None]:
    yield from tiny_models.registered()


@pytest.fixture
def person(tiny: None, desk: Desk, qtbot: QtBot) -> Iterator[Person]:
    """The dialog stands; no network has weights. Files that come later need `look_again`."""
    dialog = ModelsDialog(desk.session, {}, desk.window)
    dialog.show()
    qtbot.waitUntil(dialog.isActiveWindow)
    person = Person(dialog, desk, qtbot)
    person.wait()
    yield person
    fake_backend.gate.set()
    dialog.reject()
    person.wait()
    dialog.deleteLater()


def look_again(person: Person, row: str = "Tiny") -> None:
    person.desk.session.models.refresh()
    person.wait()
    person.click_row(row)


# --- telling -------------------------------------------------------------------------------------


def test_every_network_has_a_row_and_no_classical_backend_has(person: Person) -> None:
    labels = [row.text(0) for row in person.rows]
    assert labels == [spec.label for spec in registry.specs() if spec.network]


def test_a_row_tells_parameters_side_and_weights(person: Person) -> None:
    row = person.row("Tiny")
    assert [row.text(column) for column in range(4)] == ["Tiny", "3.5 M", "64 px", "none"]


def test_a_click_shows_paper_and_figures_of_the_network(person: Person) -> None:
    person.click_row("Tiny")
    for text in ("Somebody 2020: On Smallness", "3,524,019", "64 × 64 pixels", "multiples of 4"):
        assert text in person.facts


def test_the_arrow_keys_walk_through_the_networks(person: Person, qtbot: QtBot) -> None:
    person.click_row("PEPSI")
    qtbot.keyClick(person.dialog._list, Qt.Key.Key_Down)
    assert "2,542,003" in person.facts


def test_the_dialog_opens_at_the_backend_in_use(tiny: None, desk: Desk, qtbot: QtBot) -> None:
    desk.session.use_backend("gla")
    dialog = ModelsDialog(desk.session, {}, desk.window)
    assert dialog._list.chosen.backend_id == "gla"
    desk.settle()
    assert dialog._list.chosen.backend_id == "gla"
    dialog.deleteLater()


def test_without_weights_it_says_so_and_what_to_do(person: Person) -> None:
    person.click_row("Tiny")
    assert "has no weights yet" in person.facts
    assert "Import a checkpoint" in person.facts
    person.click_row("Other")
    assert "Import a checkpoint" not in person.facts
    assert "SHA-256" not in person.facts


def test_the_card_of_the_weights_is_shown(person: Person, weight_folder: Path) -> None:
    put(
        weight_folder, "a.safetensors", images_shown=1_280_000, ema=True, source="an old disk",
        trained_on="Dunes", licence="CC BY 4.0", masks=("square", "stroke"),
    )  # fmt: skip
    look_again(person)
    for text in (
        "a.safetensors", "Fills alone.", "Dunes", "square, stroke", "1,280,000, running average",
        "CC BY 4.0", "an old disk", str(weight_folder),
    ):  # fmt: skip
        assert text in person.facts


@pytest.mark.parametrize(
    ("folder", "card", "word"),
    [
        ("weights", {}, "own"),
        ("weights", {"source_sha256": "ab"}, "imported"),
        ("shipped", {}, "with Lacuna"),
    ],
)
def test_a_row_says_where_the_weights_come_from(
    person: Person, tmp_path: Path, folder: str, card: dict[str, str], word: str
) -> None:
    put(tmp_path / folder, "a.safetensors", **card)
    look_again(person)
    assert person.row("Tiny").text(3) == word


def test_of_several_files_all_are_shown_and_the_used_one_is_marked(
    person: Person, weight_folder: Path
) -> None:
    for name, seconds in (("old", 1000), ("new", 2000)):
        file = put(weight_folder, f"{name}.safetensors", source=f"the {name} one")
        os.utime(file.path, (seconds, seconds))
    look_again(person)
    texts = [row.text(0) for row in person.rows]
    at = texts.index("Tiny")
    assert texts[at + 1 : at + 3] == ["new.safetensors  (own, used)", "old.safetensors  (own)"]
    assert "the new one" in person.facts
    person.click_row("old.safetensors")
    assert "the old one" in person.facts


def test_the_checksum_is_shown_short_and_copied_whole(person: Person, weight_folder: Path) -> None:
    file = put(weight_folder, "a.safetensors")
    look_again(person)
    person.wait()
    digest = hashlib.sha256(file.path.read_bytes()).hexdigest()
    assert f"{digest[:12]}…" in person.facts
    assert digest not in person.facts
    person.press("Copy")
    assert QGuiApplication.clipboard().text() == digest
    QGuiApplication.clipboard().clear()


def test_a_file_that_cannot_be_used_is_listed_with_the_reason(
    person: Person, weight_folder: Path
) -> None:
    (weight_folder / "empty.safetensors").touch()
    look_again(person, "empty.safetensors")
    assert "“empty.safetensors” is empty (0 bytes)" in person.facts
    assert not person.button("Self-Test").isEnabled()
    assert person.button("Remove…").isEnabled()


def test_a_long_file_name_is_cut_and_whole_in_the_tool_tip(
    person: Person, weight_folder: Path, qtbot: QtBot
) -> None:
    name = f"{'long-name-' * 20}.safetensors"
    width = person.dialog.width()
    put(weight_folder, name)
    look_again(person)
    labels = person.dialog._details.findChildren(QLabel)
    label = next(label for label in labels if label.text() == name)
    qtbot.waitUntil(lambda: label.toolTip() == name)
    assert person.dialog.width() == width
    details = person.dialog._details
    assert details.widget().width() == details.viewport().width()


def test_it_can_be_made_small_with_everything_in_it(person: Person) -> None:
    person.dialog.resize(1, 1)
    assert person.dialog.width() <= 900
    assert person.dialog.height() <= 600
    rect = person.dialog.rect()
    for button in ("Import…", "Add File…", "Remove…", "Show in Folder", "Self-Test", "Close"):
        found = person.button(button)
        assert rect.contains(found.geometry())
        assert found.width() >= found.sizeHint().width()


def test_every_control_has_a_name(person: Person) -> None:
    for button in person.dialog.findChildren(QAbstractButton):
        assert button.accessibleName() or button.text(), button
    for widget in (person.dialog._list, person.dialog._details, person.dialog._work._bar):
        assert widget.accessibleName()


def test_all_buttons_can_be_reached_with_tab(person: Person, weight_folder: Path) -> None:
    put(weight_folder, "a.safetensors")
    look_again(person)
    person.wait()
    person.dialog._list.setFocus()
    reached = set()
    for _ in range(16):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        reached.add(focused.text() if isinstance(focused, QPushButton) else "")
    buttons = {"Copy", "Import…", "Add File…", "Remove…", "Show in Folder", "Self-Test", "Close"}
    assert buttons <= reached


def test_enter_in_the_table_presses_no_button(person: Person, qtbot: QtBot) -> None:
    person.click_row("Tiny")
    qtbot.keyClick(person.dialog._list, Qt.Key.Key_Return)
    assert person.dialog.isVisible()
    assert person.desk.answers.asked == []


def test_escape_closes_the_dialog(person: Person, qtbot: QtBot) -> None:
    qtbot.keyClick(person.dialog._list, Qt.Key.Key_Escape)
    assert not person.dialog.isVisible()


def test_the_folder_of_the_file_is_opened(
    person: Person, weight_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    assert not person.button("Show in Folder").isEnabled()
    put(weight_folder, "a.safetensors")
    look_again(person)
    person.press("Show in Folder")
    assert [url.toLocalFile() for url in opened] == [str(weight_folder)]


# --- self-test -----------------------------------------------------------------------------------


def test_a_self_test_tells_device_and_time(person: Person, weight_folder: Path) -> None:
    put(weight_folder, "a.safetensors")
    look_again(person)
    person.press("Self-Test")
    person.wait()
    assert person.message.startswith("Tiny works: it filled a small picture on the ")
    assert " s, loading included." in person.message


def test_a_self_test_uses_the_file_that_is_shown(person: Person, weight_folder: Path) -> None:
    good = put(weight_folder, "good.safetensors")
    bad = put(weight_folder, "bad.safetensors")
    data = bytearray(bad.path.read_bytes())
    data[-1] ^= 255
    bad.path.write_bytes(data)
    os.utime(good.path, (1000, 1000))
    look_again(person, "good.safetensors")
    person.press("Self-Test")
    person.wait()
    assert "works" in person.message
    person.click_row("bad.safetensors")
    person.press("Self-Test")
    person.wait()
    assert "“bad.safetensors” is damaged" in person.message


def test_a_self_test_shows_its_progress_and_escape_stops_it(
    person: Person, weight_folder: Path, qtbot: QtBot
) -> None:
    put(weight_folder, "a.safetensors")
    look_again(person)
    fake_backend.gate.clear()
    person.press("Self-Test")
    bar = person.dialog.findChild(QProgressBar)
    assert bar is not None
    qtbot.waitUntil(lambda: bar.isVisible() and bar.value() > 0, timeout=10_000)
    assert person.message.startswith("Self-test of Tiny: Painting")
    assert not person.button("Self-Test").isEnabled()
    qtbot.keyClick(person.dialog._list, Qt.Key.Key_Escape)
    person.wait()
    assert person.dialog.isVisible()
    assert person.message == "Cancelled; nothing was changed."
    assert not bar.isVisible()
    assert person.button("Self-Test").isEnabled()


def test_a_self_test_waits_for_a_run_and_says_so(
    person: Person, weight_folder: Path, photo: Path
) -> None:
    put(weight_folder, "a.safetensors")
    person.desk.session.files.open(photo)
    person.desk.wait(lambda: person.desk.session.has_picture)
    person.desk.session.masks.invert()
    person.desk.document.mask[:8] = 0
    look_again(person)
    fake_backend.gate.clear()
    person.desk.session.runs.inpaint()
    person.press("Self-Test")
    person.desk.wait(lambda: person.desk.session.files.tasks.is_idle)
    assert person.message == "Self-test of Tiny: waits for other work to end"
    person.press("Cancel")
    assert person.message == "Cancelled; nothing was changed."
    fake_backend.gate.set()
    person.desk.settle()


def test_closing_the_dialog_stops_what_it_has_begun(person: Person, weight_folder: Path) -> None:
    put(weight_folder, "a.safetensors")
    look_again(person)
    fake_backend.gate.clear()
    person.press("Self-Test")
    person.press("Close")
    person.wait()
    assert not person.dialog.isVisible()


def test_a_fault_of_ours_is_a_sentence_with_the_traceback_behind_it(
    person: Person, weight_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by nobody")

    monkeypatch.setattr("engine.trial.trial", broken)
    put(weight_folder, "a.safetensors")
    look_again(person)
    person.press("Self-Test")
    person.wait()
    assert person.message.endswith("was stopped by a fault of the program: by nobody")
    assert person.button("Details").isVisible()
    assert person.dialog._work.notice is not None
    assert "ZeroDivisionError" in person.dialog._work.notice.details


# --- import, add, remove -------------------------------------------------------------------------


def test_an_official_checkpoint_is_imported_and_used_at_once(
    person: Person, weight_folder: Path, tmp_path: Path
) -> None:
    person.desk.session.use_backend("tiny")
    person.desk.answers.path = checkpoint(tmp_path / "gen_5.pth")
    person.click_row("Tiny")
    person.press("Import…")
    person.wait()
    file = weights.find(TINY)
    assert file is not None
    assert file.path == weight_folder / "tiny-gen_5.safetensors"
    assert person.row("Tiny").text(3) == "imported"
    assert "imported from gen_5.pth" in person.facts
    assert "“tiny-gen_5.safetensors”. The discriminator was left out." in person.message
    assert not person.desk.session.models.lacks_weights(TINY)


def test_the_folder_of_weights_is_made_when_it_is_needed(
    person: Person, weight_folder: Path, tmp_path: Path
) -> None:
    weight_folder.rmdir()
    person.desk.answers.path = checkpoint(tmp_path / "gen_5.pth")
    person.click_row("Tiny")
    person.press("Import…")
    person.wait()
    assert [path.name for path in weight_folder.iterdir()] == ["tiny-gen_5.safetensors"]


def test_an_import_asks_before_it_replaces_a_file(
    person: Person, weight_folder: Path, tmp_path: Path
) -> None:
    old = put(weight_folder, "tiny-gen_5.safetensors").path.read_bytes()
    look_again(person)
    person.desk.answers.path = checkpoint(tmp_path / "gen_5.pth")
    person.press("Import…")
    person.wait()
    assert person.desk.answers.asked == ["checkpoint_to_open", "replace_weights"]
    assert (weight_folder / "tiny-gen_5.safetensors").read_bytes() == old
    person.desk.answers.yes = True
    person.press("Import…")
    person.wait()
    assert (weight_folder / "tiny-gen_5.safetensors").read_bytes() != old


def test_what_is_no_checkpoint_gets_a_sentence_and_leaves_nothing_behind(
    person: Person, weight_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.pth").write_text("nothing of the kind")
    person.desk.answers.path = tmp_path / "notes.pth"
    person.click_row("Tiny")
    person.press("Import…")
    person.wait()
    assert "“notes.pth” is no checkpoint of PyTorch" in person.message
    assert list(weight_folder.iterdir()) == []
    assert person.button("Import…").isEnabled()


def test_an_import_that_is_cancelled_leaves_nothing_behind(
    person: Person, weight_folder: Path, tmp_path: Path
) -> None:
    person.desk.answers.path = checkpoint(tmp_path / "gen_5.pth")
    person.click_row("Tiny")
    fake_backend.gate.clear()
    person.press("Import…")
    person.desk.wait(lambda: "Reading gen_5.pth" in person.message)
    person.press("Cancel")
    fake_backend.gate.set()
    person.wait()
    assert person.message == "Cancelled; nothing was changed."
    assert list(weight_folder.iterdir()) == []


def test_a_cancel_is_confirmed_only_when_the_worker_has_stopped(
    person: Person, weight_folder: Path, tmp_path: Path
) -> None:
    person.desk.answers.path = checkpoint(tmp_path / "gen_5.pth")
    person.click_row("Tiny")
    fake_backend.gate.clear()
    person.press("Import…")
    person.press("Cancel")
    assert person.desk.session.models.is_busy
    fake_backend.gate.set()
    person.wait()
    assert person.message == "Cancelled; nothing was changed."
    assert list(weight_folder.iterdir()) == []


def test_nothing_is_imported_for_a_network_without_official_checkpoints(person: Person) -> None:
    person.click_row("Other")
    assert not person.button("Import…").isEnabled()
    assert "no released checkpoint" in person.button("Import…").toolTip()


def test_a_changed_mind_imports_nothing(person: Person) -> None:
    person.click_row("Tiny")
    for label in ("Import…", "Add File…"):
        person.press(label)
        assert not person.desk.session.models.is_busy


def test_an_added_file_is_copied_byte_for_byte_and_shown(
    person: Person, weight_folder: Path, tmp_path: Path
) -> None:
    source = put(tmp_path, "from-a-friend.safetensors", OTHER)
    person.desk.answers.path = source.path
    person.click_row("Tiny")
    person.press("Add File…")
    person.wait()
    copy = weight_folder / "from-a-friend.safetensors"
    assert copy.read_bytes() == source.path.read_bytes()
    assert person.message == "Other has new weights."
    assert person.dialog._list.chosen.backend_id == "other"
    assert person.row("Other").text(3) == "own"


def test_a_damaged_file_is_not_added(person: Person, weight_folder: Path, tmp_path: Path) -> None:
    source = put(tmp_path, "bad.safetensors").path
    data = bytearray(source.read_bytes())
    data[-1] ^= 255
    source.write_bytes(data)
    person.desk.answers.path = source
    person.press("Add File…")
    person.wait()
    assert "“bad.safetensors” is damaged" in person.message
    assert list(weight_folder.iterdir()) == []


def test_weights_of_a_network_that_is_not_here_are_not_added(
    person: Person, weight_folder: Path, tmp_path: Path
) -> None:
    source = put(tmp_path, "a.safetensors")
    data = source.path.read_bytes().replace(b'backend\\":\\"tiny', b'backend\\":\\"tall')
    source.path.write_bytes(data)
    person.desk.answers.path = source.path
    person.press("Add File…")
    person.wait()
    assert "belongs to “tall”, which this version of Lacuna does not have" in person.message
    assert list(weight_folder.iterdir()) == []


def test_adding_asks_before_it_replaces_a_file(
    person: Person, weight_folder: Path, tmp_path: Path
) -> None:
    put(weight_folder, "a.safetensors", source="mine")
    person.desk.answers.path = put(tmp_path, "a.safetensors", source="theirs").path
    person.press("Add File…")
    person.wait()
    assert person.desk.answers.asked == ["weights_to_add", "replace_weights"]
    assert weights.opened(weight_folder / "a.safetensors").card.source == "mine"


def test_adding_what_is_there_already_changes_nothing(person: Person, weight_folder: Path) -> None:
    person.desk.answers.path = put(weight_folder, "a.safetensors").path
    person.press("Add File…")
    assert person.message == "“a.safetensors” is where it belongs already."
    assert person.desk.answers.asked == ["weights_to_add"]


def test_an_own_file_goes_to_the_trash_if_one_says_yes(
    person: Person, weight_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    file = put(weight_folder, "a.safetensors")
    data = file.path.read_bytes()
    look_again(person)
    person.press("Remove…")
    assert file.path.exists()
    person.desk.answers.yes = True
    person.press("Remove…")
    person.wait()
    assert person.desk.answers.asked == ["remove_weights", "remove_weights"]
    assert not file.path.exists()
    assert (tmp_path / "data" / "Trash" / "files" / "a.safetensors").read_bytes() == data
    assert person.row("Tiny").text(3) == "none"
    assert person.message == "“a.safetensors” is in the trash."
    assert person.desk.session.models.lacks_weights(TINY)


def test_a_file_that_the_trash_does_not_take_gets_a_sentence(
    person: Person, weight_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "in the way"))
    (tmp_path / "in the way").touch()
    file = put(weight_folder, "a.safetensors")
    look_again(person)
    person.desk.answers.yes = True
    person.press("Remove…")
    person.wait()
    assert "could not be moved to the trash" in person.message
    assert file.path.exists()


def test_what_came_with_lacuna_cannot_be_removed(person: Person, tmp_path: Path) -> None:
    put(tmp_path / "shipped", "a.safetensors")
    look_again(person)
    assert not person.button("Remove…").isEnabled()
    assert "came with Lacuna" in person.button("Remove…").toolTip()
    assert person.button("Self-Test").isEnabled()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("gen_00050.pth", "tiny-gen_00050.safetensors"),
        ("tiny_places2.pth", "tiny_places2.safetensors"),
        (".hidden.pt", "tiny-hidden.safetensors"),
        ("x" * 300 + ".pt", f"tiny-{'x' * 80}.safetensors"),
    ],
)
def test_an_imported_file_is_named_after_network_and_checkpoint(source: str, name: str) -> None:
    assert name_for(TINY, Path("/somewhere") / source) == name


# --- what must not be loaded ---------------------------------------------------------------------

CODE = """
import sys
from importlib.abc import MetaPathFinder

class Forbidden(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in {"torch", "torchvision", "numba", "llvmlite"}:
            raise AssertionError(f"{name} was imported to show a dialog")

sys.meta_path.insert(0, Forbidden())
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app import gui
from app.dialogs.models import ModelsDialog
from engine import weights

application = QApplication(sys.argv[:1])
folder = Path(sys.argv[1])
weights.user_folder = lambda: folder
weights.folders = lambda: (folder,)
window = gui.open_window(application, folder / "settings.json", folder / "recovery")
session = window.session
session.files.open(folder / "photo.png")
seen = []

def look():
    if not (session.has_picture and session.models.is_known and session.files.tasks.is_idle):
        return
    if not seen:
        seen.append(ModelsDialog(session, {}, window))
        seen[0].show()
        session.use_backend("pepsi")
    elif session.models.sha256(session.models.file(session.backend)) is not None:
        print("seen", session.models.file(session.backend).card.trained_on)
        seen[0].close()
        timer.stop()
        window.close()

timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
sys.exit(application.exec())
"""


def test_panel_and_dialog_show_weights_without_torch(photo: Path) -> None:
    tiny = tiny_models.put(photo.parent, "a.safetensors")
    data = tiny.path.read_bytes().replace(b'backend\\":\\"tiny', b'backend\\":\\"pepsi', 1)
    header = int.from_bytes(data[:8], "little") + 1
    tiny.path.write_bytes(header.to_bytes(8, "little") + data[8:])
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(photo.parent)],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "AssertionError" not in done.stderr
    assert "seen Sand" in done.stdout
