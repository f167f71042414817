"""Which weights are there, and networks that have them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import torch

from engine import networks, resources, weights
from engine.backend import LARGEST_SEED, BackendSpec
from engine.errors import InvalidInputError, UnusableBackendError, WeightsError
from tests.engine.tiny_network import CARD, TINY, TinyGenerator, row, saved, state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from engine.weights import WeightFile

FOLDERS = weights.folders  # tests see others
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder; the shipped one is its neighbour `shipped`."""
    monkeypatch.setattr(weights, "folders", lambda: (tmp_path / "user", tmp_path / "shipped"))
    monkeypatch.setattr(weights, "_examined", {})
    (tmp_path / "user").mkdir()
    (tmp_path / "shipped").mkdir()
    return tmp_path / "user"


def aged(file: WeightFile, seconds: int) -> None:
    os.utime(file.path, (seconds, seconds))


def bytes_of(network: torch.nn.Module) -> dict[str, list[float]]:
    return {name: tensor.flatten().tolist() for name, tensor in network.state_dict().items()}


# --- networks ------------------------------------------------------------------------------------


def test_the_card_wins_over_the_row_and_the_row_over_the_class(tmp_path: Path) -> None:
    spec = row("tiny", depth=7, gain=3.0)
    network = weights.load(spec, saved(tmp_path / "a.safetensors"))
    assert isinstance(network, TinyGenerator)
    assert (network.depth, network.gain) == (7, 0.5)


def test_a_whole_number_serves_where_the_network_takes_a_fraction() -> None:
    networks.built(TINY, {"gain": 2})


def test_a_loaded_network_is_at_rest(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.safetensors")
    for network in (weights.load(TINY, file), weights.random(TINY, 1)):
        assert not network.training
        assert not any(parameter.requires_grad for parameter in network.parameters())


def test_the_same_seed_gives_the_same_network_and_another_another() -> None:
    first, same, other = (weights.random(TINY, seed) for seed in (7, 7, 8))
    assert bytes_of(first) == bytes_of(same)
    assert bytes_of(first) != bytes_of(other)


def test_the_global_random_numbers_are_left_alone(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.safetensors")
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    weights.random(TINY, 1)
    weights.load(TINY, file)
    assert torch.equal(torch.rand(4), expected)


def test_a_network_that_cannot_be_imported_says_so() -> None:
    spec = BackendSpec("x", "X", "none", "gan", "a:b", network="engine.no_such_module:Nothing")
    with pytest.raises(UnusableBackendError, match="X cannot run here"):
        weights.random(spec, 0)


def test_weights_of_another_backend_are_refused(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.safetensors")
    with pytest.raises(WeightsError, match="weights of “tiny”, not of “other”"):
        weights.load(row("other"), file)


def renamed(state: dict[str, Tensor]) -> None:
    state["inner.wait"] = state.pop("inner.weight")


def reshaped(state: dict[str, Tensor]) -> None:
    state["outer.weight"] = torch.zeros(3, 5, 3, 3)


def retyped(state: dict[str, Tensor]) -> None:
    state["outer.bias"] = state["outer.bias"].double()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            renamed,
            "expects 5 tensors; found 5. 1 missing: inner.weight, float32 4×4×3×3. 1 unknown",
        ),
        (reshaped, "1 different: outer.weight is float32 3×5×3×3 and should be float32 3×4×3×3."),
        (retyped, "1 different: outer.bias is float64 3 and should be float32 3."),
        (lambda state: state.pop("counts"), "found 4. 1 missing: counts, int64 scalar."),
        (
            lambda state: state.update({f"more{n}": torch.zeros(1) for n in range(5)}),
            "5 unknown: more0, float32 1; more1, float32 1; more2, float32 1; and 2 more.",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_expected_and_found(
    tmp_path: Path, change: Callable[[dict[str, Tensor]], object], words: str
) -> None:
    state = state_of()
    change(state)
    file = weights.save(tmp_path / "a.safetensors", state, CARD)
    with pytest.raises(WeightsError) as caught:
        weights.load(TINY, file)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"size": 3}, "no setting “size”; it has width, depth, gain"),
        ({"width": "wide"}, "width = 'wide'"),
        ({"width": True}, "width = True"),
        ({"width": 0}, "width must be at least 1"),
    ],
)
def test_a_configuration_that_the_network_does_not_take_is_refused(
    tmp_path: Path, configuration: dict[str, bool | int | float | str], words: str
) -> None:
    card = msgspec.structs.replace(CARD, configuration=configuration)
    with pytest.raises(WeightsError) as caught:
        weights.load(TINY, saved(tmp_path / "a.safetensors", card))
    assert words in str(caught.value)


# --- which are there -----------------------------------------------------------------------------


def test_the_users_folder_comes_before_the_shipped_one() -> None:
    user, shipped = FOLDERS()
    assert user == weights.user_folder()
    assert shipped == resources.root() / "weights"


def test_folders_that_do_not_exist_hold_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "folders", lambda: (tmp_path / "no", tmp_path / "none"))
    assert weights.installed(TINY) == ()
    assert weights.find(TINY) is None
    assert weights.broken() == ()


def test_the_users_own_wins_and_then_the_newest(user: Path) -> None:
    shipped = saved(user.parent / "shipped" / "shipped.safetensors")
    old, new = saved(user / "a.safetensors"), saved(user / "b.safetensors")
    aged(old, 1000)
    aged(new, 2000)
    aged(shipped, 3000)
    names = [file.path.name for file in weights.installed(TINY)]
    assert names == ["b.safetensors", "a.safetensors", "shipped.safetensors"]
    found = weights.find(TINY)
    assert found is not None
    assert found.path == new.path


def test_only_the_backends_own_weights_are_listed(user: Path) -> None:
    saved(user / "a.safetensors", msgspec.structs.replace(CARD, backend="other"))
    assert weights.installed(TINY) == ()
    assert len(weights.installed(row("other"))) == 1


def cut_short(path: Path) -> None:
    path.write_bytes(saved(path).path.read_bytes()[:-5])


def test_a_broken_file_is_left_out_reported_and_logged_once(
    user: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fine = saved(user / "fine.safetensors")
    cut_short(user / "broken.safetensors")
    with caplog.at_level(logging.WARNING):
        assert [file.path for file in weights.installed(TINY)] == [fine.path]
        reported = weights.broken()
    assert [entry.path.name for entry in reported] == ["broken.safetensors"]
    assert "cut short" in reported[0].why
    assert len([record for record in caplog.records if "cut short" in record.message]) == 1


def test_a_file_is_read_again_after_it_has_changed(user: Path) -> None:
    cut_short(user / "a.safetensors")
    assert weights.find(TINY) is None
    file = saved(user / "a.safetensors")
    found = weights.find(TINY)
    assert found is not None
    assert found.card == file.card


def test_a_link_that_leads_nowhere_is_passed_over(user: Path) -> None:
    (user / "a.safetensors").symlink_to(user / "gone")
    assert weights.installed(TINY) == ()
    assert weights.broken() == ()


def test_the_list_of_weights_is_made_without_torch(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    file = saved(tmp_path / "weights" / "a.safetensors")
    code = f"""
import sys
from pathlib import Path
from engine import weights
from engine.backend import BackendSpec
weights.folders = lambda: (Path({str(file.path.parent)!r}),)
spec = BackendSpec("tiny", "Tiny", "none", "gan", "x:y", network="x:y")
found = weights.find(spec)
print(found.sha256, found.card.images_shown, weights.broken(), weights.why_missing(spec))
print("torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[0].startswith(f"{file.sha256} 1234 ()")
    assert done.stdout.splitlines()[1] == "False"


# --- the choice ----------------------------------------------------------------------------------


def test_without_a_wish_the_installed_weights_are_used(user: Path) -> None:
    file = saved(user / "a.safetensors")
    chosen = weights.choice(TINY)
    assert chosen.file == file
    assert chosen.label == file.sha256
    assert bytes_of(chosen.network) == bytes_of(weights.load(TINY, file))


def test_without_weights_nothing_random_is_used(user: Path) -> None:
    with pytest.raises(UnusableBackendError) as caught:
        weights.choice(TINY)
    assert str(caught.value) == weights.why_missing(TINY)


def test_a_file_may_be_named(user: Path, tmp_path: Path) -> None:
    saved(user / "a.safetensors")
    named = saved(tmp_path / "b.safetensors", seed=2)
    assert weights.choice(TINY, str(named.path)).label == named.sha256


def test_random_weights_are_made_on_request_only() -> None:
    chosen = weights.choice(TINY, f"random:{LARGEST_SEED}")
    assert chosen.file is None
    assert chosen.label == f"random:{LARGEST_SEED}"
    assert bytes_of(chosen.network) == bytes_of(weights.random(TINY, LARGEST_SEED))


@pytest.mark.parametrize("seed", ["", "x", "-1", "1.5", "²", str(LARGEST_SEED + 1), "9" * 5000])
def test_a_seed_that_is_none_is_refused(seed: str) -> None:
    with pytest.raises(InvalidInputError, match="whole number from 0"):
        weights.choice(TINY, f"random:{seed}")


def test_the_label_is_known_without_loading(user: Path, tmp_path: Path) -> None:
    spec = BackendSpec("tiny", "Tiny", "none", "gan", "a:b", network="engine.no_such_module:No")
    file = saved(user / "a.safetensors")
    named = saved(tmp_path / "b.safetensors", seed=2)
    assert weights.wished(spec).label == file.sha256
    assert weights.wished(spec, str(named.path)).label == named.sha256
    assert weights.wished(spec, "random:007").label == "random:7"


def test_the_label_refuses_what_the_choice_refuses(user: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableBackendError, match="no weights yet"):
        weights.wished(TINY)
    with pytest.raises(InvalidInputError, match="whole number"):
        weights.wished(TINY, "random:x")
    with pytest.raises(WeightsError, match="weights of “tiny”, not of “other”"):
        weights.wished(row("other"), str(saved(tmp_path / "b.safetensors").path))


def test_the_role_is_the_cards_and_random_weights_have_none(user: Path, tmp_path: Path) -> None:
    saved(user / "a.safetensors")
    named = saved(tmp_path / "b.safetensors", msgspec.structs.replace(CARD, role="alone"))
    assert weights.wished(TINY).role == "guide"
    assert weights.wished(TINY, str(named.path)).role == "alone"
    assert weights.wished(TINY, "random:3").role == "none"


def test_the_side_is_the_cards_or_else_the_rows(user: Path) -> None:
    spec = replace(TINY, native_side=256)
    file = saved(user / "a.safetensors")
    smaller = saved(user / "b.safetensors", msgspec.structs.replace(CARD, side=96))
    assert weights.wished(spec, str(file.path)).side == 256
    assert weights.wished(spec, str(smaller.path)).side == 96
    assert weights.wished(spec, "random:3").side == 256


def test_what_came_with_lacuna_is_told_from_the_users_own(user: Path) -> None:
    saved(user / "a.safetensors")
    came = saved(user.with_name("shipped") / "b.safetensors")
    assert [file.path for file in weights.shipped()] == [came.path]


def test_only_a_wish_for_a_seed_is_random() -> None:
    assert weights.is_random("random:3")
    assert not weights.is_random("random.safetensors")


def test_installed_weights_are_found_by_their_checksum(user: Path) -> None:
    first, second = saved(user / "a.safetensors"), saved(user / "b.safetensors", seed=2)
    assert weights.by_sha256(TINY, first.sha256) == str(first.path)
    assert weights.by_sha256(TINY, second.sha256) == str(second.path)
    assert weights.by_sha256(TINY, "0" * 64) is None


def test_a_classical_backend_has_no_weights() -> None:
    spec = BackendSpec("x", "X", "none", "classical", "a:b")
    with pytest.raises(InvalidInputError, match="X is no network"):
        weights.choice(spec, "random:1")
    with pytest.raises(InvalidInputError, match="X is no network"):
        weights.wished(spec, "random:1")


def test_the_way_out_by_import_is_named_where_there_is_one() -> None:
    assert "train it on your own pictures" in weights.why_missing(TINY)
    assert "import-weights" not in weights.why_missing(TINY)
    sentence = weights.why_missing(row("pennet"))
    assert "train it on your own pictures" in sentence
    assert "lacuna import-weights FILE --as pennet -o OUT.safetensors" in sentence
