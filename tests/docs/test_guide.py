"""The documents: that links lead somewhere, and that what is generated is not stale."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from PIL import Image

from engine import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide"
LARGEST_PICTURE = 150_000
LINK = re.compile(r"\]\(([^)\s]+)\)")


def documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def anchors(path: Path) -> set[str]:
    """Of all headings, as GitHub and MkDocs both write them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def links(path: Path) -> Iterator[str]:
    for link in LINK.findall(path.read_text("utf-8")):
        if not re.match(r"[a-z]+:", link):
            yield link


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    for link in links(path):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_table_of_keys_is_that_of_the_editor() -> None:
    spec = importlib.util.spec_from_file_location("make_keys", ROOT / "docs" / "make_keys.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stale = "docs/guide/keys.md is stale; run python docs/make_keys.py"
    assert (GUIDE / "keys.md").read_text("utf-8") == module.page(), stale


def test_the_guide_names_every_backend() -> None:
    text = (GUIDE / "backends.md").read_text("utf-8")
    assert not [spec.id for spec in registry.specs() if f"`{spec.id}`" not in text]


def test_every_page_of_the_guide_is_in_its_contents() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    listed = {page for part in config["nav"] for pages in part.values() for page in pages}
    assert {f"guide/{path.name}" for path in GUIDE.glob("*.md")} <= listed


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "images").iterdir()), ids=lambda path: path.name
)
def test_pictures_of_the_guide_are_small(path: Path) -> None:
    assert path.stat().st_size <= LARGEST_PICTURE
    with Image.open(path) as picture:
        assert picture.width >= 400
