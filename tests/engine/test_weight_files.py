"""Files of weights: written, read back, and refused when they are not what they say."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import msgspec
import pytest
import torch
from safetensors.torch import save as serialised

from engine import weight_files, weights
from engine.errors import PictureError, WeightsError
from tests.engine.tiny_network import CARD, TINY, saved, state_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.safetensors")
    assert weights.opened(file.path) == file
    assert file.bytes == file.path.stat().st_size
    assert file.card == msgspec.structs.replace(CARD, content_sha256=file.card.content_sha256)
    network = weights.load(TINY, file)
    for name, tensor in state_of().items():
        assert torch.equal(network.state_dict()[name], tensor)


def test_the_checksum_of_the_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.safetensors")
    assert file.sha256 == hashlib.sha256(file.path.read_bytes()).hexdigest()


def test_a_file_written_anew_has_a_new_checksum(tmp_path: Path) -> None:
    first = saved(tmp_path / "a.safetensors")
    before = first.sha256
    os.utime(first.path, (1000, 1000))
    assert saved(first.path, seed=2).sha256 != before


def test_same_weights_make_the_same_bytes(tmp_path: Path) -> None:
    first, second = saved(tmp_path / "a.safetensors"), saved(tmp_path / "b.safetensors")
    assert first.path.read_bytes() == second.path.read_bytes()


def test_the_checksum_of_the_contents_is_over_names_types_shapes_and_bytes() -> None:
    data = serialised({"b": torch.tensor([1.0, 2.0]), "a": torch.tensor([[3]], dtype=torch.int8)})
    expected = b'["a","I8",[1,1]]\x03["b","F32",[2]]\x00\x00\x80\x3f\x00\x00\x00\x40'
    assert weight_files.content_sha256(data) == hashlib.sha256(expected).hexdigest()


def test_another_card_leaves_the_checksum_of_the_contents(tmp_path: Path) -> None:
    other = msgspec.structs.replace(CARD, licence="MIT")
    first = saved(tmp_path / "a.safetensors")
    second = saved(tmp_path / "b.safetensors", other)
    assert first.card.content_sha256 == second.card.content_sha256
    assert first.sha256 != second.sha256


def test_tensors_of_any_layout_are_saved(tmp_path: Path) -> None:
    state = state_of()
    state["inner.weight"] = state["inner.weight"].to(memory_format=torch.channels_last)
    whole = torch.arange(6.0).requires_grad_()
    state["outer.bias"] = whole[::2]
    file = weights.save(tmp_path / "a.safetensors", state, CARD)
    network = weights.load(TINY, file)
    assert torch.equal(network.state_dict()["inner.weight"], state["inner.weight"])
    assert network.state_dict()["outer.bias"].tolist() == [0.0, 2.0, 4.0]


def test_tensors_that_share_memory_are_written_out_each(tmp_path: Path) -> None:
    tied = torch.arange(3.0)
    file = weights.save(tmp_path / "a.safetensors", {"one": tied, "two": tied}, CARD)
    assert {name: t.tolist() for name, t in weight_files.tensors(file).items()} == {
        "one": [0.0, 1.0, 2.0], "two": [0.0, 1.0, 2.0]
    }  # fmt: skip


def test_a_save_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = saved(tmp_path / "a.safetensors")
    before = file.path.read_bytes()

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(PictureError, match="disk is full"):
        saved(file.path, seed=2)
    assert file.path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]


# --- what is refused -----------------------------------------------------------------------------


def pickled(path: Path, *, as_zip: bool) -> None:
    torch.save({"a": torch.zeros(3)}, path, _use_new_zipfile_serialization=as_zip)


def foreign(path: Path, metadata: dict[str, str] | None = None) -> None:
    path.write_bytes(serialised({"a": torch.zeros(3)}, metadata))


def shortened(path: Path) -> None:
    data = saved(path).path.read_bytes()
    path.write_bytes(data[: len(data) - 5])


def beheaded(path: Path) -> None:
    path.write_bytes(saved(path).path.read_bytes()[:40])


def card_of(**changes: object) -> dict[str, str]:
    fields = msgspec.to_builtins(CARD) | changes
    return {"lacuna": json.dumps(fields)}


NO_WEIGHTS: list[tuple[str, Callable[[Path], object], str]] = [
    ("missing", str, "does not exist"),
    ("a folder", lambda path: path.mkdir(), "is no file"),
    ("empty", lambda path: path.touch(), "is empty"),
    ("a text", lambda path: path.write_text("hello, this is a text of some length"), "is no file"),
    ("noise", lambda path: path.write_bytes(b"\xff" * 500), "is no file of weights"),
    ("new pickle", lambda path: pickled(path, as_zip=True), "lacuna import-weights"),
    ("old pickle", lambda path: pickled(path, as_zip=False), "lacuna import-weights"),
    ("foreign", foreign, "does not say what network"),
    ("other", lambda path: foreign(path, {"format": "pt"}), "does not say what network"),
    ("newer", lambda path: foreign(path, card_of(format="lacuna-weights-2", x=1)), "newer Lacuna"),
    ("unknown", lambda path: foreign(path, card_of(format="weights")), "makes no sense"),
    ("misspelt", lambda path: foreign(path, card_of(lisence="MIT")), "unknown field `lisence`"),
    ("bad role", lambda path: foreign(path, card_of(role="star")), "makes no sense"),
    ("no JSON", lambda path: foreign(path, {"lacuna": "{"}), "makes no sense"),
    ("shortened", shortened, "cut short"),
    ("beheaded", beheaded, "cut short"),
]


@pytest.mark.parametrize(("make", "words"), [row[1:] for row in NO_WEIGHTS], ids=lambda _: "")
def test_what_is_no_file_of_weights_is_refused_in_words(
    tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "a.safetensors"
    make(path)
    with pytest.raises(WeightsError, match=words) as caught:
        weights.opened(path)
    assert "a.safetensors" in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.safetensors")
    with pytest.raises(WeightsError, match="is no file"):
        weights.opened(tmp_path / "a.safetensors")


def test_a_flipped_bit_anywhere_in_the_numbers_is_found(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.safetensors").path
    whole = path.read_bytes()
    start = 8 + int.from_bytes(whole[:8], "little")
    for place in (start, (start + len(whole)) // 2, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(WeightsError, match="checksum differs"):
            weights.load(TINY, weights.opened(path))


def test_two_tensors_that_change_names_are_found(tmp_path: Path) -> None:
    """Same bytes, same shapes: only a checksum over the names can tell."""
    state = state_of(width=3) | {"outer.bias": torch.ones(3), "inner.bias": torch.zeros(3)}
    card = msgspec.structs.replace(CARD, configuration={"width": 3})
    path = weights.save(tmp_path / "a.safetensors", state, card).path
    data = path.read_bytes()
    swapped = data.replace(b"inner.bias", b"?????.bias").replace(b"outer.bias", b"inner.bias")
    path.write_bytes(swapped.replace(b"?????.bias", b"outer.bias"))
    with pytest.raises(WeightsError, match="checksum differs"):
        weights.load(TINY, weights.opened(path))


def test_a_file_that_vanishes_after_the_listing_is_an_error_in_words(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.safetensors")
    file.path.unlink()
    with pytest.raises(WeightsError, match="does not exist"):
        weights.load(TINY, file)
    with pytest.raises(WeightsError, match="does not exist"):
        _ = file.sha256


def test_a_file_cut_short_after_the_listing_is_refused(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.safetensors")
    file.path.write_bytes(file.path.read_bytes()[:-7])
    with pytest.raises(WeightsError, match="cut short"):
        weights.load(TINY, file)
