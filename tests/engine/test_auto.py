"""The rule by which a backend is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from engine import auto, memory, registry, weights
from engine.auto import HAIRLINE, choose
from engine.jobs import CancelToken, finish
from engine.pipeline import InpaintRequest, InpaintResult, inpaint
from tests.engine.tiny_network import CARD, TINY, row, saved

if TYPE_CHECKING:
    from pathlib import Path

    from engine.types import MaskBool


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the weights that came with Lacuna; the user's own is its neighbour `user`."""
    folders = (tmp_path / "user", tmp_path / "shipped")
    for folder in folders:
        folder.mkdir()
    monkeypatch.setattr(weights, "folders", lambda: folders)
    monkeypatch.setattr(weights, "_examined", {})
    for spec in (TINY, row("other")):
        monkeypatch.setitem(registry._specs, spec.id, spec)
    return folders[1]


def filled(hole: MaskBool, **more: object) -> InpaintResult:
    pixels = np.random.default_rng(3).integers(0, 256, (*hole.shape, 3)).astype(np.uint8)
    request = InpaintRequest(pixels, hole, device="cpu", **more)  # type: ignore[arg-type]
    return finish(inpaint(request, CancelToken()))


def line(width: int) -> MaskBool:
    hole = np.zeros((200, 200), bool)
    hole[50 : 50 + width, 20:180] = True
    return hole


def test_hairlines_are_continued_smoothly() -> None:
    assert choose(line(HAIRLINE)).backend == "navier-stokes"


def test_anything_wider_is_filled_with_copies() -> None:
    assert choose(line(HAIRLINE + 2)).backend == "patchmatch"


def test_one_wide_hole_decides_for_all() -> None:
    assert choose(line(1) | np.rot90(line(40))).backend == "patchmatch"


def test_a_painted_source_needs_the_backend_that_obeys_it() -> None:
    forbidden = np.zeros((200, 200), bool)
    forbidden[0, 0] = True
    choice = choose(line(1), forbidden)
    assert choice.backend == "patchmatch"
    assert "you said where" in choice.reason


def test_a_source_mask_without_a_mark_changes_nothing() -> None:
    assert choose(line(1), np.zeros((200, 200), bool)).backend == "navier-stokes"


@pytest.mark.parametrize("width", [1, 3, 40])
def test_the_reason_is_one_sentence_that_names_the_width(width: int) -> None:
    reason = choose(line(width)).reason
    assert "pixels" in reason
    assert "\n" not in reason


# --- the network that says what belongs there ----------------------------------------------------


def test_a_guide_is_used_for_what_would_be_copied(shipped: Path) -> None:
    file = saved(shipped / "a.safetensors")
    choice = choose(line(40), guide=file)
    assert (choice.backend, choice.weights) == ("tiny", str(file.path))
    assert choice.reason.startswith("PatchMatch guided by Tiny, because the hole is up to")


def test_hairlines_and_painted_sources_need_no_guide(shipped: Path) -> None:
    file = saved(shipped / "a.safetensors")
    assert choose(line(1), guide=file).backend == "navier-stokes"
    assert choose(line(40), line(1), file).backend == "patchmatch"


def test_the_guide_is_the_first_of_the_catalogue_that_is_good_for_something(shipped: Path) -> None:
    assert auto.guide() is None
    saved(shipped / "a.safetensors", msgspec.structs.replace(CARD, role="none"))
    assert auto.guide() is None
    second = saved(shipped / "b.safetensors", msgspec.structs.replace(CARD, backend="other"))
    assert auto.guide() == second
    first = saved(shipped / "c.safetensors", msgspec.structs.replace(CARD, role="alone"))
    assert auto.guide() == first


def test_what_users_have_trained_guides_only_when_it_is_chosen(shipped: Path) -> None:
    saved(shipped.with_name("user") / "a.safetensors")
    assert auto.guide() is None


def test_there_is_no_guide_without_memory_or_torch(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(shipped / "a.safetensors")
    with monkeypatch.context() as changed:
        changed.setattr(memory, "available_bytes", lambda: 0)
        assert auto.guide() is None
    with monkeypatch.context() as changed:
        changed.setattr(auto.importlib.util, "find_spec", lambda _: None)  # type: ignore[attr-defined]
        assert auto.guide() is None
    assert auto.guide() is not None


def test_a_run_says_that_it_was_guided_and_with_what(shipped: Path) -> None:
    file = saved(shipped / "a.safetensors")
    own = saved(shipped.with_name("user") / "a.safetensors", seed=2)
    assert own.sha256 != file.sha256
    result = filled(line(40))
    assert result.backend == "tiny"
    assert result.detail
    assert result.recipe.weights_sha256 == file.sha256
    assert "guided by Tiny" in (result.reason or "")


@pytest.mark.parametrize("given", [{"detail": False}, {"size": "original"}, {"size": "resize"}])
def test_without_detail_or_at_another_size_nothing_is_guided(
    shipped: Path, given: dict[str, object]
) -> None:
    saved(shipped / "a.safetensors")
    assert filled(line(40), **given).backend == "patchmatch"
