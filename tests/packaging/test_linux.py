"""The files that Linux desktops read, and the manual page."""

from __future__ import annotations

import configparser
import mimetypes
import xml.etree.ElementTree as ET

import pytest

from app.__main__ import editor_parser
from app.cli.commands import COMMANDS, parser
from app.document.project import SUFFIX
from engine import resources
from tests.packaging.scripts import PACKAGING, script

LINUX = PACKAGING / "linux"


@pytest.fixture
def entry() -> configparser.SectionProxy:
    file = configparser.ConfigParser(interpolation=None)
    file.optionxform = str  # type: ignore[assignment,method-assign]
    file.read(LINUX / "lacuna.desktop", "utf-8")
    return file["Desktop Entry"]


def test_the_desktop_opens_several_pictures_with_the_program(
    entry: configparser.SectionProxy,
) -> None:
    assert (entry["Type"], entry["Exec"], entry["Icon"]) == ("Application", "lacuna %F", "lacuna")
    assert entry["Terminal"] == "false"
    assert entry["Categories"].endswith(";")


def test_every_kind_of_picture_that_opens_is_offered(entry: configparser.SectionProxy) -> None:
    kinds = {mimetypes.types_map.get(ending) for ending in resources.PICTURE_ENDINGS}
    kinds = {"image/bmp" if kind == "image/x-ms-bmp" else kind for kind in kinds - {None}}
    offered = set(entry["MimeType"].strip(";").split(";"))
    assert {kind for kind in offered if kind.startswith("image/")} == kinds | {"image/webp"}


def test_projects_are_a_kind_of_file_that_opens_with_the_program(
    entry: configparser.SectionProxy,
) -> None:
    kinds = ET.parse(LINUX / "lacuna-mime.xml").getroot()  # noqa: S314 - our own file
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    (kind,) = kinds.iter(f"{space}mime-type")
    assert kind.get("type") in entry["MimeType"].split(";")
    assert [glob.get("pattern") for glob in kind.iter(f"{space}glob")] == [f"*{SUFFIX}"]


def test_the_window_belongs_to_the_entry(entry: configparser.SectionProxy) -> None:
    source = (PACKAGING.parent / "app" / "gui.py").read_text("utf-8")
    assert f'setDesktopFileName("{entry["StartupWMClass"]}")' in source


def test_software_centres_find_the_same_program() -> None:
    about = ET.parse(LINUX / "lacuna.metainfo.xml").getroot()  # noqa: S314 - our own file
    assert about.findtext("launchable") == "lacuna.desktop"
    assert about.findtext("project_license") == "MIT"
    assert about.findtext("provides/binary") == "lacuna"


def test_the_manual_has_every_command_with_every_option() -> None:
    page = script("make_manual").page()
    for name in COMMANDS:
        section = page.split(f".SS \\fB{name.replace('-', chr(92) + '-')}\\fR")[1].split(".SS")[0]
        for action in parser(name)._actions:
            for word in action.option_strings:
                assert f"\\fB{word.replace('-', chr(92) + '-')}\\fR" in section, (name, word)
    for action in editor_parser()._actions:
        for word in action.option_strings:
            assert word.replace("-", "\\-") in page.split(".SH COMMANDS")[0]


def test_no_text_of_the_manual_is_taken_for_a_request() -> None:
    known = (".TH", ".SH", ".SS", ".TP", ".PP", ".RS", ".RE", ".br")
    for line in script("make_manual").page().splitlines():
        assert not line.startswith("'")
        assert not line.startswith(".") or line.startswith(known)
