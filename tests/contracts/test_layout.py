"""The shape of the tree: what a linter of single files cannot see."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("app", "engine", "training")


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def modules() -> list[Path]:
    return [path for package in CODE for path in sorted((ROOT / package).rglob("*.py"))]


def test_packaging_is_not_a_package() -> None:
    """With an `__init__.py` it would shadow the library `packaging` in a checkout."""
    assert (ROOT / "packaging").is_dir()
    assert not list((ROOT / "packaging").rglob("__init__.py"))


def test_resources_hold_data_only() -> None:
    assert not list((ROOT / "resources").rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_file_is_longer_than_500_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 500


@pytest.mark.parametrize(
    "call", ["cv2.imread(", "cv2.imwrite(", "pickle.load", "allow_pickle=True"]
)
def test_banned_calls_are_absent(call: str) -> None:
    """OpenCV's file functions fail on non-ASCII paths; unpickling runs code from a file."""
    guilty = [str(path) for path in modules() if call in path.read_text("utf-8")]
    assert not guilty


def test_every_shipped_sample_has_a_mask_and_a_licence() -> None:
    samples = [
        path for path in (ROOT / "resources" / "sample").iterdir() if "_mask" not in path.stem
    ]
    licences = (ROOT / "resources" / "LICENSES.md").read_text("utf-8")
    assert samples
    for sample in samples:
        assert sample.with_name(f"{sample.stem}_mask.png").is_file(), sample.name
        assert f"`{sample.name}`" in licences, sample.name


def test_tracked_tree_stays_small() -> None:
    """The tree travels whole to other machines; weights and samples must leave room."""
    assert sum(path.stat().st_size for path in tracked_files()) < 42_000_000
