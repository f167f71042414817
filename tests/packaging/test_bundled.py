"""What goes into the bundle."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

import pytest

from app import processes
from app.cli.commands import COMMANDS
from app.session.preload import MODULES
from engine import registry
from engine.official.importing import RELEASES
from tests.packaging.scripts import PACKAGING, script

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def modules() -> set[str]:
    return set(script("bundled").modules())


def test_every_backend_and_network_of_the_registry_is_in(modules: set[str]) -> None:
    for spec in registry.specs():
        wanted = {name.partition(":")[0] for name in (spec.factory, spec.network) if name}
        assert wanted <= modules, spec.id


def test_every_module_that_is_imported_by_name_is_in(modules: set[str]) -> None:
    commands = {f"app.cli.{name.replace('-', '_')}" for name in COMMANDS}
    converters = {release.converter for release in RELEASES.values()}
    own = {name for name in MODULES if name.startswith(("app.", "engine."))}
    assert commands | converters | own <= modules


def test_no_module_of_the_program_is_excluded(modules: set[str]) -> None:
    assert not modules & set(script("bundled").EXCLUDED_MODULES)


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        ("torch/lib/libtorch_cpu.so", True),
        ("torch/bin/torch_shm_manager", True),  # torch looks for it when it is imported
        ("torch/bin/protoc", False),
        ("torch/include/ATen/ATen.h", False),
        ("pillow.libs/libharfbuzz-0061450.so.0", True),  # Pillow's own, unlike that of GTK
        ("libharfbuzz.so.0", False),
        ("PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6/Qt/plugins/platforms/libqoffscreen.so", True),
        ("PySide6/Qt/plugins/iconengines/libqsvgicon.so", True),
        ("PySide6/Qt/lib/libQt6Quick.so.6", False),
        ("PySide6\\plugins\\platforms\\qwindows.dll", True),
        ("PySide6/Qt/translations/qtbase_de.qm", True),
        ("PySide6\\translations\\qtbase_de.qm", True),
        ("PySide6/Qt/translations/qtbase_fr.qm", False),
        ("resources/languages/de.po", True),
        ("resources/icons/lacuna.svg", True),
        ("qtawesome/fonts/phosphor-1.3.0.ttf", True),  # qtawesome checks that all are there
    ],
)
def test_files_are_kept_or_left_out(name: str, is_kept: bool) -> None:
    assert bool(script("bundled").kept([(name, "", "DATA")])) is is_kept


def test_a_link_goes_with_what_it_points_to() -> None:
    qml, core = "PySide6/Qt/lib/libQt6Qml.so.6", "PySide6/Qt/lib/libQt6Core.so.6"
    rows = [(qml, "/a", "BINARY"), (core, "/b", "BINARY")]
    links = [("libQt6Qml.so.6", qml, "SYMLINK"), ("libQt6Core.so.6", core, "SYMLINK")]
    assert script("bundled").kept([*rows, *links]) == [rows[1], links[1]]


def test_of_torchs_tests_only_what_torch_itself_imports_is_kept() -> None:
    names = ("torch.testing", "torch.testing._internal.common_utils", "torch.nn")
    needed = ("torch.testing._internal", "torch.testing._internal.logging_tensor")
    rows = [(name, "", "PYMODULE") for name in (*names, *needed)]
    kept = [name for name, _, _ in script("bundled").kept_modules(rows)]
    assert kept == ["torch.testing", "torch.nn", *needed]


def test_small_files_and_fragile_libraries_are_not_stripped(tmp_path: Path) -> None:
    large = tmp_path / "libopenblas.so"
    large.write_bytes(bytes(2_000_000))
    small = tmp_path / "small.so"
    small.write_bytes(b"x")
    rows = [("numpy.libs/libopenblas.so", str(large), "BINARY"), ("s", str(small), "BINARY")]
    assert script("bundled").stripped(rows, tmp_path / "copies") == rows


def test_the_program_prepares_for_other_processes_before_it_imports_anything_of_its_own() -> None:
    """Else every worker of a loader would open a window of its own."""
    tree = ast.parse((PACKAGING / "entry.py").read_text("utf-8"))
    calls = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    freezes = calls.index("multiprocessing.freeze_support()")
    assert freezes < calls.index("from app.__main__ import main")
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {name.name for node in top for name in node.names} <= set(sys.stdlib_module_names)


def test_the_frozen_editor_trains_with_the_program_that_has_a_console(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows the editor is a second program without one, whose output goes nowhere."""
    editor, console = tmp_path / "lacuna-editor.exe", tmp_path / "lacuna.exe"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(editor))
    assert processes.program() == (str(editor),)
    console.touch()
    assert processes.program() == (str(console),)
