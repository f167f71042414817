"""Official checkpoints: read without running them, checked, tried, turned into files of weights."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from engine import registry, weights
from engine.errors import InvalidInputError, WeightsError
from engine.jobs import finish
from engine.official import RELEASES, Converted, Release
from engine.official.importing import Imported, import_checkpoint, read_checkpoint
from tests.engine.tiny_network import TinyGenerator, row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

LARGE = row("tiny-large", width=8)
SMALL = row("tiny-small", width=4)
LICENCE = "for tests only"


def convert(checkpoint: Mapping[str, object]) -> Converted:
    """A converter as the real ones are: renames, tells the size by a shape, refuses what is odd."""
    state = checkpoint.get("netG")
    if not isinstance(state, dict):
        raise InvalidInputError(f"expected netG, found {', '.join(checkpoint)}")
    ours = {
        name.replace("conv1", "inner").replace("conv2", "outer"): t for name, t in state.items()
    }
    configuration = {"width": len(ours["inner.bias"]), "gain": 0.5}
    return Converted(ours, configuration, ("The optimiser was left out.",))


@pytest.fixture(autouse=True)
def family(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two backends that differ in width, with one converter."""
    module = ModuleType("tiny_converter")
    module.convert = convert  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tiny_converter", module)
    for spec in (LARGE, SMALL):
        release = Release("tiny_converter", LICENCE, "noise", ("square",), average="netG")
        monkeypatch.setitem(registry._specs, spec.id, spec)
        monkeypatch.setitem(RELEASES, spec.id, release)


def official(width: int = 4, seed: int = 1) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    state = TinyGenerator(width=width).state_dict()
    return {
        name.replace("inner", "conv1").replace("outer", "conv2"): t for name, t in state.items()
    }


def checkpoint(path: Path, held: object = None, *, as_zip: bool = True) -> Path:
    held = {"netG": official(), "optimizer": {"step": 3}} if held is None else held
    torch.save(held, path, _use_new_zipfile_serialization=as_zip)
    return path


def imported(path: Path) -> Imported:
    return finish(import_checkpoint(path, SMALL, path.with_name("out.safetensors")))


@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])
def test_a_checkpoint_becomes_a_file_of_weights(tmp_path: Path, as_zip: bool) -> None:
    done = imported(checkpoint(tmp_path / "gen.pth", as_zip=as_zip))
    network = weights.load(SMALL, weights.opened(tmp_path / "out.safetensors"))
    for name, tensor in official().items():
        ours = name.replace("conv1", "inner").replace("conv2", "outer")
        assert torch.equal(network.state_dict()[ours], tensor)
    assert done.parameters == 4 * 4 * 9 + 4 + 3 * 4 * 9 + 3
    assert done.notes == ("The optimiser was left out.",)


def test_the_card_says_where_the_weights_come_from(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "gen.pth")
    card = imported(path).file.card
    assert card.backend == "tiny-small"
    assert card.configuration == {"width": 4, "gain": 0.5}
    assert card.source == "imported from gen.pth"
    assert card.source_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (card.licence, card.trained_on) == (LICENCE, "noise")
    assert (card.masks, card.ema, card.role) == (("square",), True, "alone")


def test_weights_that_are_no_running_average_are_not_called_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = Release("tiny_converter", LICENCE, "noise", (), average="netEMA")
    monkeypatch.setitem(RELEASES, SMALL.id, release)
    assert not imported(checkpoint(tmp_path / "gen.pth")).file.card.ema


def test_the_result_does_not_depend_on_the_checkpoint_any_more(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "gen.pth")
    file = imported(path).file
    path.unlink()
    weights.load(SMALL, file)


def test_a_checkpoint_of_another_size_names_the_backend_that_it_is_for(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "gen.pth", {"netG": official(width=8)})
    with pytest.raises(WeightsError) as caught:
        imported(path)
    assert str(caught.value) == (
        "“gen.pth” is not for tiny-small: it has width 8, where tiny-small has 4; import it as "
        "tiny-large."
    )


def test_a_checkpoint_of_a_size_that_no_backend_has_is_refused(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "gen.pth", {"netG": official(width=6)})
    with pytest.raises(WeightsError, match="no backend here is like that"):
        imported(path)


def test_a_setting_that_the_converter_leaves_out_is_that_of_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {"netG": official()}
    monkeypatch.setattr(
        sys.modules["tiny_converter"], "convert", lambda held: Converted(convert(held).state, {})
    )
    checkpoint(tmp_path / "gen.pth", held)
    with pytest.raises(WeightsError, match="it has width 4, where tiny-large has 8"):
        finish(import_checkpoint(tmp_path / "gen.pth", LARGE, tmp_path / "out.safetensors"))


def test_a_setting_in_which_the_family_agrees_may_differ(tmp_path: Path) -> None:
    """The gain of the checkpoint is not that of the class; it is no matter of size."""
    assert imported(checkpoint(tmp_path / "gen.pth")).file.card.configuration["gain"] == 0.5


def test_what_the_converter_refuses_is_refused(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "gen.pth", {"netD": official()})
    with pytest.raises(WeightsError) as caught:
        imported(path)
    assert str(caught.value) == (
        "“gen.pth” cannot be imported as tiny-small: expected netG, found netD."
    )


def without_a_bias(state: dict[str, Tensor]) -> None:
    del state["conv2.bias"]


def with_one_more(state: dict[str, Tensor]) -> None:
    state["conv3.bias"] = torch.zeros(2)


def in_double(state: dict[str, Tensor]) -> None:
    state["conv2.weight"] = state["conv2.weight"].double()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_a_bias, "1 missing: outer.bias, float32 3."),
        (with_one_more, "1 unknown: conv3.bias, float32 2."),
        (in_double, "outer.weight is float64 3×4×3×3 and should be float32 3×4×3×3."),
    ],
)
def test_names_and_shapes_are_checked(
    tmp_path: Path, change: Callable[[dict[str, Tensor]], None], words: str
) -> None:
    state = official()
    change(state)
    with pytest.raises(WeightsError) as caught:
        imported(checkpoint(tmp_path / "gen.pth", {"netG": state}))
    assert words in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_make_no_picture_are_refused(tmp_path: Path, value: float) -> None:
    state = official()
    state["conv2.bias"][1] = value
    with pytest.raises(WeightsError, match="not finite"):
        imported(checkpoint(tmp_path / "gen.pth", {"netG": state}))


def test_nothing_is_written_when_the_import_fails(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "gen.pth", {"netG": official(width=8)})
    (tmp_path / "out.safetensors").write_bytes(b"as it was")
    with pytest.raises(WeightsError):
        imported(path)
    assert (tmp_path / "out.safetensors").read_bytes() == b"as it was"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])
def test_a_name_that_is_no_text_is_as_good_as_any(tmp_path: Path, as_zip: bool) -> None:
    path = checkpoint(tmp_path / "gen.pth", as_zip=as_zip)
    imported(path.rename(tmp_path / os.fsdecode(b"\xff.pth")))


# --- what is no checkpoint -----------------------------------------------------------------------


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])
def test_a_program_in_the_file_is_not_run(tmp_path: Path, as_zip: bool) -> None:
    held = {"netG": official(), "extra": Trap(tmp_path / "sprung")}
    path = checkpoint(tmp_path / "gen.pth", held, as_zip=as_zip)
    with pytest.raises(WeightsError, match="could run a program"):
        read_checkpoint(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])
def test_a_pickled_network_is_refused_with_its_class(tmp_path: Path, as_zip: bool) -> None:
    path = checkpoint(tmp_path / "gen.pth", torch.nn.Conv2d(1, 1, 1), as_zip=as_zip)
    with pytest.raises(WeightsError, match=r"more than tensors \(torch\.nn\.modules\.conv\.Conv2d"):
        read_checkpoint(path)


@pytest.mark.parametrize("held", [[1, 2], torch.zeros(3), 5])
def test_a_file_without_names_is_no_checkpoint(tmp_path: Path, held: object) -> None:
    with pytest.raises(WeightsError, match="where a checkpoint has names and tensors"):
        read_checkpoint(checkpoint(tmp_path / "gen.pth", held))


@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.999])
def test_a_checkpoint_that_was_cut_short_says_so(
    tmp_path: Path, share: float, as_zip: bool
) -> None:
    path = checkpoint(tmp_path / "gen.pth", as_zip=as_zip)
    data = path.read_bytes()
    path.write_bytes(data[: 2 + int(share * (len(data) - 3))])
    with pytest.raises(WeightsError, match="damaged or was cut short"):
        read_checkpoint(path)


@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])
def test_damage_anywhere_never_ends_in_anything_but_a_sentence(
    tmp_path: Path, as_zip: bool
) -> None:
    path = checkpoint(tmp_path / "gen.pth", {"netG": {"a": torch.zeros(2)}}, as_zip=as_zip)
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = data.copy()
        damaged[rng.integers(16, 300)] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            read_checkpoint(path)
        except WeightsError:
            refused += 1
    assert refused > 50


def test_an_archive_of_a_kind_that_nobody_reads_is_called_damaged(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "gen.pth")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 99  # the version needed to unpack the first entry
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="damaged"):
        read_checkpoint(path)


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("gen.pth", b"somewhere in here")


def program(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("gen/data.pkl", b"")
        file.writestr("gen/constants.pkl", b"")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (str, "does not exist"),
        (Path.mkdir, "is no file"),
        (Path.touch, "is empty"),
        (lambda path: path.write_text("<html>404 not found, sorry</html>"), "no checkpoint"),
        (lambda path: path.write_bytes(b"\x80\x04K\x05."), "no checkpoint"),
        (archive, "zip archive"),
        (program, "TorchScript"),
    ],
)
def test_what_is_no_checkpoint_is_refused_in_words(
    tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    make(tmp_path / "gen.pth")
    with pytest.raises(WeightsError, match=words) as caught:
        read_checkpoint(tmp_path / "gen.pth")
    assert "gen.pth" in str(caught.value)


def test_a_file_that_lacuna_has_saved_needs_no_import(tmp_path: Path) -> None:
    file = imported(checkpoint(tmp_path / "gen.pth")).file
    with pytest.raises(WeightsError, match="use it as it is"):
        read_checkpoint(file.path)
