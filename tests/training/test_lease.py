"""What a lease keeps fits into small files, and the next lease goes on from them."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from engine import networks, registry, weights
from engine.errors import InvalidInputError, WeightsError
from training import events, lease, parcels
from training.checkpoints import RunFolder
from training.discriminators import critic
from training.lease import Lease
from training.recipes import recipe

if TYPE_CHECKING:
    from pathlib import Path

    from training.config import TrainingConfig
    from training.events import Event

BACKEND = "diet-pepsi-g4"
SIDE = 64


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """The folder of a run that has ended, with weights that are easy to tell."""
    folder = RunFolder(tmp_path / "run")
    config = msgspec.structs.replace(recipe(BACKEND), size=SIDE)
    folder.begin(config)
    network = networks.built(registry.get(BACKEND), {}, seed=3)
    card = weights.Card(
        backend=BACKEND, role="none", trained_on="photos", licence="free", images_shown=40, ema=True
    )
    weights.save(folder.model_file, network.state_dict(), card)
    folder.save(7, {"learner": {"critic": critic("red", config).state_dict()}})
    folder.events_file.write_text("one\n")
    return folder.path


def kept(finished: Path, out: Path, before: parcels.Before | None = None) -> Path:
    out.mkdir(exist_ok=True)
    parcels.packed(finished, out, BACKEND, before)
    return out


def test_what_is_kept_comes_back_in_half_precision(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "LARGEST", 1_000_000)
    out = kept(finished, tmp_path / "out")
    assert len(list(out.glob("*.generator.*"))) > 2
    before = parcels.opened(out, BACKEND, tmp_path)
    assert before is not None
    assert before.critic is not None
    assert before.images_shown == 40
    spec = registry.get(BACKEND)
    again = weights.load(spec, weights.opened(before.generator)).state_dict()
    for name, value in networks.built(spec, {}, seed=3).state_dict().items():
        torch.testing.assert_close(again[name], value, rtol=1e-3, atol=1e-6)


def test_no_piece_is_larger_than_a_trip_allows(finished: Path, tmp_path: Path) -> None:
    out = kept(finished, tmp_path / "out")
    assert max(path.stat().st_size for path in out.iterdir()) < 16_000_000


def test_events_and_pictures_add_up_over_the_trips(finished: Path, tmp_path: Path) -> None:
    out = kept(finished, tmp_path / "out")
    before = parcels.opened(out, BACKEND, tmp_path)
    again = kept(finished, tmp_path / "again", before)
    assert (again / f"{BACKEND}.events.jsonl").read_text() == "one\none\n"
    later = parcels.opened(again, BACKEND, tmp_path)
    assert later is not None
    assert later.images_shown == 80


def test_old_pieces_do_not_mix_with_new_ones(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(parcels, "LARGEST", 1_000_000)
        kept(finished, out)
    kept(finished, out)
    assert [path.name for path in out.glob("*.generator.*")] == [
        f"{BACKEND}.generator.1of1.safetensors"
    ]


def test_a_critic_that_is_not_whole_is_done_without_a_generator_is_not(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "LARGEST", 2_000_000)
    out = kept(finished, tmp_path / "out")
    next(out.glob("*.critic.2of*")).unlink()
    before = parcels.opened(out, BACKEND, tmp_path)
    assert before is not None
    assert before.critic is None
    next(out.glob("*.generator.2of*")).unlink()
    with pytest.raises(WeightsError, match="pieces of"):
        parcels.opened(out, BACKEND, tmp_path)


def test_a_number_that_half_precision_cannot_hold_stays_as_it_is() -> None:
    large, small = torch.tensor([1e6]), torch.tensor([1.0])
    assert parcels.halved(large).dtype == torch.float32
    assert parcels.halved(small).dtype == torch.float16


def test_bundles_keep_to_the_limits_of_a_trip_and_leave_the_least_valuable_behind(
    tmp_path: Path,
) -> None:
    pieces, out, again = (tmp_path / name for name in ("pieces", "out", "again"))
    for folder in (pieces, out, again):
        folder.mkdir()
    for backend in ("first", "second", "third"):
        for part in ("generator.1of2", "generator.2of2", "critic.1of1"):
            (pieces / f"{backend}.{part}.safetensors").write_bytes(bytes(9_000_000))
        (pieces / f"{backend}.events.jsonl").write_text(backend)
    left = parcels.bundled(pieces, out, ["first", "second", "third"])
    assert left == ["second.critic", "third.critic"]
    sizes = [path.stat().st_size for path in out.iterdir()]
    assert len(sizes) <= 8
    assert max(sizes) < 16_000_000
    assert sum(sizes) < 64 * 2**20
    parcels.unbundled(out, again)
    assert len(list(again.iterdir())) == 3 * 3 + 1
    assert (again / "third.events.jsonl").read_text() == "third"


# --- the lease -----------------------------------------------------------------------------------


def lent(tmp_path: Path) -> Lease:
    return Lease(tmp_path / "photos", tmp_path, tmp_path, 8, SIDE, "cpu", warm_up=2)


def test_a_generator_begins_anew_where_nothing_was_kept(tmp_path: Path) -> None:
    config = lease.settings(lent(tmp_path), "pepsi", None)
    assert (config.start, config.critic_start, config.critic_first) == (None, None, 0)
    assert (config.masks, config.coverage, config.precision) == ("mixed", (0.01, 0.6), "bf16")


def test_a_critic_that_was_kept_goes_on_and_a_lost_one_learns_alone_first(tmp_path: Path) -> None:
    whole = parcels.Before(tmp_path / "g", tmp_path / "c", 5, None)
    config = lease.settings(lent(tmp_path), "pepsi", whole)
    assert (config.critic_start, config.critic_first) == (str(tmp_path / "c"), 0)
    lost = parcels.Before(tmp_path / "g", None, 5, None)
    config = lease.settings(lent(tmp_path), "pepsi", lost)
    assert (config.critic_start, config.critic_first) == (None, 2)
    assert lease.settings(lent(tmp_path), "regionwise", lost).critic_first == 0


def test_the_first_minute_decides_how_many_steps_the_rest_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[TrainingConfig] = []

    def run(config: TrainingConfig, out: Path, told: object, *, resume: bool = False) -> None:
        runs.append(config)
        for step, rate in ((1, 1.0), (50, 80.0), (100, 80.0)):
            told(events.Step(step=step, losses={}, rate=rate))  # type: ignore[operator]

    monkeypatch.setattr(lease.runner, "run", run)
    monkeypatch.setattr(lease, "_seconds_spent", lambda _: 60.0)
    monkeypatch.setattr(lease.parcels, "packed", lambda *_: None)
    lease.learned(lent(tmp_path), "pepsi", 400.0)
    first, rest = runs
    assert first.time_limit_s == 60
    # 80 pictures a second are 10 steps, for the 392 s that the fake has not used.
    assert rest.steps == pytest.approx(100 + 0.95 * 392 * 10, rel=0.01)
    assert rest.time_limit_s == pytest.approx(60 + 392, rel=0.01)


def test_a_generator_that_fails_leaves_its_time_to_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, float] = {}

    def learned(_: Lease, backend: str, seconds: float) -> str:
        given[backend] = seconds
        if backend == "pepsi":
            raise InvalidInputError("no room")
        return "well"

    monkeypatch.setattr(lease, "learned", learned)
    said = lease.run(lent(tmp_path), ["pepsi", "gla"], 90.0)
    assert said == {"pepsi": "failed: no room", "gla": "well"}
    assert given["pepsi"] == pytest.approx(60, rel=0.05)
    assert given["gla"] == pytest.approx(90, rel=0.05)


def test_two_leases_in_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    with tarfile.open(tmp_path / "photos.tar", "w") as archive:
        for number in range(4):
            path = tmp_path / f"{number}.png"
            Image.fromarray(rng.integers(0, 256, (80, 80, 3), np.uint8)).save(path)
            archive.add(path, path.name)
    monkeypatch.setattr(lease, "PACKING_S", 0.0)
    words = [str(tmp_path / "photos.tar"), "--models", BACKEND, "--minutes", "0.03", "--batch", "2"]
    words += ["--size", str(SIDE), "--device", "cpu", "--warm-up", "1"]
    for trip in ("one", "two"):
        more = ["--earlier", str(tmp_path / "one")] if trip == "two" else []
        monkeypatch.setattr("sys.argv", ["lease", *words, "--out", str(tmp_path / trip), *more])
        assert lease.main() == 0
    shown = [_images(tmp_path / trip) for trip in ("one", "two")]
    assert 0 < shown[0] < shown[1]
    assert _told(tmp_path / "one")[0] == _told(tmp_path / "two")[0]
    assert "pictures/s at first" in capsys.readouterr().out


def _pieces(folder: Path) -> Path:
    into = folder / "pieces"
    into.mkdir(exist_ok=True)
    parcels.unbundled(folder, into)
    return into


def _images(folder: Path) -> int:
    (path,) = _pieces(folder).glob("*.generator.*")
    return weights.opened(path).card.images_shown


def _told(folder: Path) -> list[Event]:
    lines = (_pieces(folder) / f"{BACKEND}.events.jsonl").read_text("utf-8").splitlines()
    return [events.from_line(line) for line in lines]
