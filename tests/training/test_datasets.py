"""Training examples: which pictures, which parts of them, in which order."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from engine.errors import InvalidInputError, PictureError
from training import datasets
from training.config import TrainingConfig
from training.datasets import Crops, Gallery, loader, pictures, split
from training.datasets.cropping import centre_crop, jittered, random_crop, working_copy

if TYPE_CHECKING:
    from pathlib import Path

BACKEND = "gla"


def photo(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(10):
        save(tmp_path / "photos" / f"{number}.png", photo(number))
    return tmp_path / "photos"


def config(folder: Path | str, **changes: object) -> TrainingConfig:
    basis = TrainingConfig(
        backend=BACKEND, data=str(folder), losses={}, size=32, batch=4, workers=0, seed=5
    )
    return msgspec.structs.replace(basis, **changes)


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(
        torch.equal(first[key], second[key]) for key in first
    )


# --- examples ----------------------------------------------------------------------------------


def test_an_example_has_picture_hole_and_number(folder: Path) -> None:
    example = pictures(config(folder)).training[7]
    assert set(example) == {"image", "hole", "number"}
    assert (example["image"].shape, example["image"].dtype) == ((3, 32, 32), torch.uint8)
    assert (example["hole"].shape, example["hole"].dtype) == ((1, 32, 32), torch.bool)
    assert 0 < example["hole"].sum() < 32 * 32
    assert example["number"].item() == 7


def test_an_example_is_decided_by_seed_and_number_alone(folder: Path) -> None:
    settings = config(folder, jitter=0.3)
    one, two = pictures(settings).training, pictures(settings).training
    forwards = [one[number] for number in range(25)]
    backwards = [two[number] for number in reversed(range(25))][::-1]
    assert all(map(same, forwards, backwards))
    assert all(same(one[number], forwards[number]) for number in range(25))
    other = pictures(config(folder, jitter=0.3, seed=6)).training
    assert not same(other[0], forwards[0])


def test_another_seed_gives_other_crops_of_the_same_picture(tmp_path: Path) -> None:
    save(tmp_path / "a.png", photo(0))
    one, two = (pictures(config(tmp_path, seed=seed)).training[0] for seed in (1, 2))
    assert not torch.equal(one["image"], two["image"])
    assert not torch.equal(one["hole"], two["hole"])


def test_the_cache_changes_nothing(folder: Path) -> None:
    settings = config(folder)
    kept = pictures(settings).training
    fresh = Crops(kept.gallery, settings, budget_bytes=0)
    assert all(same(kept[number], fresh[number]) for number in (0, 12, 0, 27))


def test_the_cache_keeps_within_its_budget(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config(folder, held_out=0.0)
    gallery = pictures(settings).training.gallery
    one = 48 * 64 * 3
    reads: list[int] = []
    crops = Crops(gallery, settings, budget_bytes=4 * one + 10)
    read = crops._read
    monkeypatch.setattr(crops, "_read", lambda number: reads.append(number) or read(number))
    for number in range(20):
        crops[number]
    assert len(reads) == 10 + 6


def test_every_picture_is_shown_once_in_each_epoch(tmp_path: Path) -> None:
    for number in range(6):
        save(tmp_path / f"{number}.png", np.full((32, 32, 3), number * 40, np.uint8))
    crops = pictures(config(tmp_path, held_out=0.0)).training
    shown = [int(crops[number]["image"][0, 0, 0]) // 40 for number in range(60)]
    epochs = [tuple(shown[first : first + 6]) for first in range(0, 60, 6)]
    assert all(sorted(epoch) == list(range(6)) for epoch in epochs)
    assert len(set(epochs)) > 5


def test_holes_follow_the_kind_and_the_coverage(folder: Path) -> None:
    crops = pictures(config(folder, masks="square", coverage=(0.04, 0.05))).training
    for number in range(10):
        assert 0.03 <= crops[number]["hole"].float().mean() <= 0.06


def test_half_of_the_crops_are_mirrored_where_that_is_wanted(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(32, dtype=np.uint8) * 8, (32, 1))
    save(tmp_path / "ramp.png", np.stack([ramp] * 3, axis=2))

    def rising(crops: Crops) -> int:
        return sum(
            int(crops[number]["image"][0, 0, 0]) < int(crops[number]["image"][0, 0, -1])
            for number in range(60)
        )

    assert 20 <= rising(pictures(config(tmp_path)).training) <= 40
    assert rising(pictures(config(tmp_path, flip=False)).training) == 60


# --- crops -------------------------------------------------------------------------------------


def test_crops_reach_from_native_scale_to_the_whole_short_side() -> None:
    image = np.zeros((90, 120, 3), np.uint8)
    image[:, :, 0] = np.arange(120)[None]
    spans = []
    for seed in range(300):
        row = random_crop(image, 30, np.random.default_rng(seed))[0, :, 0].astype(int)
        spans.append(row[-1] - row[0])
    assert min(spans) <= 30
    assert max(spans) >= 86
    assert 45 <= np.median(spans) <= 60  # the geometric mean of 30 and 90


def test_crops_lie_anywhere() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[0, 0] = image[-1, -1] = 255
    corners = [random_crop(image, 32, np.random.default_rng(seed)) for seed in range(300)]
    assert any(crop[0, 0, 0] for crop in corners)
    assert any(crop[-1, -1, 0] for crop in corners)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(20, 30, (32, 48)), (96, 40, (96, 40)), (400, 200, (192, 96)), (32, 32, (32, 32))],
)
def test_working_copies_are_between_one_and_three_crops_wide(
    height: int, width: int, expected: tuple[int, int]
) -> None:
    assert working_copy(photo(0, height, width), 32).shape == (*expected, 3)


def test_the_centre_crop_is_the_whole_short_side() -> None:
    image = np.zeros((64, 128, 3), np.uint8)
    image[:, 32:96] = 200
    assert (centre_crop(image, 32) == 200).all()


def test_jitter_without_strength_changes_nothing() -> None:
    np.testing.assert_array_equal(jittered(photo(0), 0.0, np.random.default_rng(0)), photo(0))


def test_jitter_changes_each_of_the_four(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.full((8, 8, 3), (180, 100, 60), np.uint8)
    image[:4] //= 2
    grey = np.array([0.299, 0.587, 0.114])

    def only(number: int, amount: float) -> np.ndarray:
        from training.datasets import cropping

        return cropping._CHANGES[number](image.astype(np.float32) / 255, amount)

    floats = image / 255
    np.testing.assert_allclose(only(0, 0.1), floats * 1.1, atol=1e-5)
    contrasted = only(1, 0.1)
    assert (contrasted @ grey).mean() == pytest.approx((floats @ grey).mean(), abs=1e-5)
    np.testing.assert_allclose(
        contrasted[7] - contrasted[0], 1.1 * (floats[7] - floats[0]), rtol=1e-4
    )
    np.testing.assert_allclose(only(2, -1), np.repeat((floats @ grey)[..., None], 3, 2), atol=1e-5)
    np.testing.assert_allclose(only(3, 1 / 3), np.roll(floats, 1, axis=2), atol=1e-2)


def test_jitter_stays_within_its_strength() -> None:
    grey = np.full((4, 4, 3), 100, np.uint8)
    values = [int(jittered(grey, 0.05, np.random.default_rng(n))[0, 0, 0]) for n in range(100)]
    assert 95 <= min(values) < 97
    assert 103 < max(values) <= 105


# --- division ----------------------------------------------------------------------------------


def digests(count: int, first: int = 0) -> list[str]:
    rng = np.random.default_rng(3)
    return [rng.bytes(16).hex() for _ in range(first + count)][first:]


def test_the_share_is_held_out() -> None:
    learned, kept = split(digests(2000), 0.05)
    assert sorted(learned + kept) == list(range(2000))
    assert 70 <= len(kept) <= 130


@pytest.mark.parametrize("before", [2, 5, 40, 300])
def test_added_pictures_never_bring_a_trained_one_into_validation(before: int) -> None:
    every = digests(400)
    for after in range(before, 400, 37):
        learned, _ = split(every[:before], 0.05)
        _, kept = split(every[:after], 0.05)
        assert not {every[number] for number in learned} & {every[number] for number in kept}


@pytest.mark.parametrize(
    ("count", "share", "held"), [(2, 0.01, 1), (1, 0.5, 0), (2, 0.99, 1), (50, 0.0, 0)]
)
def test_the_smallest_folders_keep_a_picture_on_each_side(
    count: int, share: float, held: int
) -> None:
    learned, kept = split(digests(count), share)
    assert (len(learned), len(kept)) == (count - held, held)


def test_training_never_shows_what_is_held_out(folder: Path) -> None:
    found = pictures(config(folder, held_out=0.3))
    assert found.held_out_files
    assert not set(found.training_files) & set(found.held_out_files)
    assert found.training.gallery.paths == found.training_files
    assert len(found.training_files) + len(found.held_out_files) == 10


def test_validation_shows_the_same_whatever_the_seed_and_further_pictures(folder: Path) -> None:
    first = pictures(config(folder, held_out=0.3))
    save(folder / "new.png", photo(99))
    second = pictures(config(folder, held_out=0.3, seed=77))
    places = {path: number for number, path in enumerate(second.held_out_files)}
    for number, path in enumerate(first.held_out_files):
        one, two = first.held_out[number], second.held_out[places[path]]
        assert torch.equal(one["image"], two["image"])
        assert torch.equal(one["hole"], two["hole"])


def test_validation_looks_at_so_many_pictures_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.datasets.preparing.MOST_JUDGED", 2)
    found = pictures(config(folder, held_out=0.6))
    assert len(found.held_out) == 2
    assert len(found.held_out_files) > 2


# --- folders -----------------------------------------------------------------------------------


def refusal(settings: TrainingConfig) -> str:
    with pytest.raises(InvalidInputError) as caught:
        pictures(settings)
    return str(caught.value)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "holds no pictures" in refusal(config(tmp_path))


def test_no_folder_is_refused(tmp_path: Path) -> None:
    assert "--data" in refusal(config(""))
    assert "is no folder" in refusal(config(tmp_path / "nothing"))


def test_a_folder_of_damaged_pictures_is_refused_with_their_names(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"no")
    save(tmp_path / "c.png", photo(0, 4, 4))
    said = refusal(config(tmp_path))
    assert "can be used" in said
    assert "2 files are damaged" in said
    assert "a.png, b.png" in said
    assert "1 files are too small" in said


def test_one_picture_is_trained_on_with_a_notice(tmp_path: Path) -> None:
    save(tmp_path / "a.png", photo(0))
    found = pictures(config(tmp_path))
    assert (len(found.training_files), len(found.held_out_files)) == (1, 0)
    assert "one picture only" in found.notices[0]
    assert found.training[3]["image"].shape == (3, 32, 32)


def test_small_pictures_are_enlarged_with_a_notice(folder: Path) -> None:
    save(folder / "small.png", photo(50, 20, 30))
    found = pictures(config(folder, held_out=0.0))
    assert found.notices == (
        "1 of 11 pictures are smaller than the crops of 32 pixels and are enlarged.",
    )
    for number in range(11):
        assert found.training[number]["image"].shape == (3, 32, 32)


def test_what_was_left_out_is_told(folder: Path) -> None:
    (folder / "bad.png").write_bytes(b"no")
    save(folder / "copy.png", photo(3))
    Image.fromarray(photo(60)[:, :, 0]).save(folder / "grey.png")
    notices = pictures(config(folder)).notices
    assert [notice.split(" files")[0] for notice in notices] == ["1", "1", "1"]
    assert [name in notice for name, notice in zip(("bad", "copy", "grey"), notices, strict=True)]


def test_a_folder_without_masks_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    assert "holds no masks" in refusal(config(folder, masks=str(tmp_path / "masks")))


def test_inverted_masks_are_told(folder: Path, tmp_path: Path) -> None:
    mask = np.full((32, 32), 255, np.uint8)
    mask[:8] = 0
    save(tmp_path / "masks" / "a.png", mask)
    found = pictures(config(folder, masks=str(tmp_path / "masks")))
    assert "invert" in found.notices[-1]
    assert found.training[0]["hole"].sum() == 24 * 32


# --- batches -----------------------------------------------------------------------------------


def batches(crops: Crops, settings: TrainingConfig, count: int, **place: int) -> list[dict]:
    return list(islice(loader(crops, settings, **place), count))


def test_batches_come_in_order_from_any_start(folder: Path) -> None:
    settings = config(folder)
    crops = pictures(settings).training
    found = batches(crops, settings, 3, start=10)
    assert [batch["number"].tolist() for batch in found] == [
        [10, 11, 12, 13],
        [14, 15, 16, 17],
        [18, 19, 20, 21],
    ]
    assert found[0]["image"].shape == (4, 3, 32, 32)
    assert torch.equal(found[1]["image"][2], crops[16]["image"])
    assert torch.equal(found[1]["hole"][2], crops[16]["hole"])


@pytest.mark.parametrize("ranks", [2, 4])
def test_processes_share_the_batches_of_one(folder: Path, ranks: int) -> None:
    settings = config(folder)
    crops = pictures(settings).training
    whole = batches(crops, settings, 3, start=8)
    parts = [batches(crops, settings, 3, start=8, rank=rank, ranks=ranks) for rank in range(ranks)]
    for number, batch in enumerate(whole):
        for key in batch:
            joined = torch.cat([part[number][key] for part in parts])
            assert torch.equal(joined, batch[key])


def test_a_batch_that_cannot_be_shared_is_refused(folder: Path) -> None:
    settings = config(folder)
    with pytest.raises(InvalidInputError, match="3 processes"):
        loader(pictures(settings).training, settings, start=0, rank=0, ranks=3)


def test_loading_leaves_the_random_numbers_of_the_training_alone(folder: Path) -> None:
    settings = config(folder)
    crops = pictures(settings).training
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002 - the global one
    batches(crops, settings, 2)
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_a_picture_that_has_gone_is_told_in_one_sentence(folder: Path) -> None:
    settings = config(folder)
    crops = pictures(settings).training
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(PictureError, match="does not exist"):
        batches(crops, settings, 1)


def test_few_processors_and_a_small_folder_need_no_workers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(folder, workers=None)
    crops = pictures(settings).training
    monkeypatch.setattr("training.datasets.loading._processors", lambda: 2)
    assert loader(crops, settings).workers == 0
    monkeypatch.setattr("training.datasets.loading._processors", lambda: 4)
    assert loader(crops, settings).workers == 2
    monkeypatch.setattr("training.datasets.loading._processors", lambda: 2)
    crops.cache.budget_bytes = 1000
    assert loader(crops, settings).workers == 1
    monkeypatch.setattr("training.datasets.loading._processors", lambda: 64)
    assert loader(crops, settings).workers == datasets.loading.MOST_WORKERS
    assert loader(crops, config(folder, workers=None, devices=8)).workers == 4
    assert loader(crops, config(folder, workers=3)).workers == 3


def test_workers_change_nothing_and_end_with_their_iterator(folder: Path) -> None:
    settings = config(folder, jitter=0.1)
    crops = pictures(settings).training
    expected = batches(crops, settings, 4, start=3)
    crops.cache.budget_bytes = 0  # workers read every picture again
    before = set(multiprocessing.active_children())
    working = iter(loader(crops, config(folder, jitter=0.1, workers=2), start=3))
    found = list(islice(working, 4))
    assert all(map(same, found, expected))
    workers = set(multiprocessing.active_children()) - before
    assert len(workers) == 2
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(PictureError, match=r"^“\d\.png” does not exist.*\.$"):
        list(islice(working, 30))
    del working
    gc.collect()
    deadline = time.monotonic() + 10
    while any(worker.is_alive() for worker in workers) and time.monotonic() < deadline:
        next(iter(workers)).join(0.1)
    assert not any(worker.is_alive() for worker in workers)


# --- faces -------------------------------------------------------------------------------------


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    root = tmp_path / "faces"
    rng = np.random.default_rng(0)
    for number in range(12):
        save(root / "images" / "128" / f"{number}.png", np.full((128, 128, 3), number, np.uint8))
    landmarks = rng.random((12, 7, 2)).astype(np.float32)
    landmarks[:, 0, 0] = np.arange(12) / 16
    np.save(root / "landmarks.npy", landmarks)
    (root / "bounding_box").mkdir()
    boxes = np.array([[number, 20, 60 + number, 100] for number in range(12)])
    np.save(root / "bounding_box" / "128.npy", boxes)
    return root


def face_config(root: Path, **changes: object) -> TrainingConfig:
    return config(
        root, backend="iconv-face", size=128, masks="face-box", flip=False, held_out=0.0, **changes
    )


def test_faces_keep_landmarks_and_boxes_of_their_own_number(faces: Path) -> None:
    crops = pictures(face_config(faces)).training
    landmarks = np.load(faces / "landmarks.npy")
    seen = set()
    for number in range(12):
        example = crops[number]
        face = int(example["image"][0, 0, 0])  # 10 and 11 follow 9, not 1
        seen.add(face)
        np.testing.assert_array_equal(example["keypoints"].numpy(), landmarks[face])
        hole = np.zeros((128, 128), np.bool_)
        hole[20:100, face : 60 + face] = True
        np.testing.assert_array_equal(example["hole"][0].numpy(), hole)
    assert seen == set(range(12))


def test_mirrored_faces_mirror_box_and_landmarks_and_swap_sides(faces: Path) -> None:
    plain = pictures(face_config(faces)).training
    settings = msgspec.structs.replace(face_config(faces), flip=True)
    for start, order in ((None, [0, 2, 1, 4, 3, 6, 5]), ("file", list(range(7)))):
        mirrored = pictures(msgspec.structs.replace(settings, start=start)).training
        landmarks = np.load(faces / "landmarks.npy")
        count = 0
        for number in range(24):
            example = mirrored[number]
            face = int(example["image"][0, 0, 0])
            if np.array_equal(example["keypoints"].numpy(), landmarks[face]):
                continue
            count += 1
            expected = landmarks[face] * [-1, 1] + [1, 0]
            np.testing.assert_allclose(example["keypoints"].numpy(), expected[order], atol=1e-6)
            columns = np.flatnonzero(example["hole"][0].numpy().any(axis=0))
            assert (columns[0], columns[-1] + 1) == (128 - 60 - face, 128 - face)
        assert 5 <= count <= 19
    assert (plain.gallery.landmarks == np.load(faces / "landmarks.npy")).all()


def test_boxes_may_be_json(faces: Path) -> None:
    boxes = faces / "bounding_box" / "128.npy"
    expected = pictures(face_config(faces)).training[0]["hole"]
    (faces / "bounding_box" / "128.json").write_bytes(msgspec.json.encode(np.load(boxes).tolist()))
    boxes.unlink()
    assert torch.equal(pictures(face_config(faces)).training[0]["hole"], expected)


def test_the_official_file_of_boxes_is_refused_with_the_way_out(faces: Path) -> None:
    (faces / "bounding_box" / "128.npy").rename(faces / "bounding_box" / "128.torch")
    said = refusal(face_config(faces))
    assert "must be converted" in said
    assert "weights_only=True" in said


def test_faces_without_boxes_lose_their_middle(faces: Path) -> None:
    (faces / "bounding_box" / "128.npy").unlink()
    found = pictures(face_config(faces))
    assert "middle" in found.notices[0]
    assert found.training[0]["hole"][0, 32:96, 32:96].all()
    assert found.training[0]["hole"].sum() == 64 * 64


@pytest.mark.parametrize(
    ("landmarks", "word"),
    [
        (np.zeros((11, 7, 2), np.float32), "12 pictures"),
        (np.zeros((12, 5, 2), np.float32), "7 keypoints"),
        (np.full((12, 7, 2), 64.0), "0 to 1"),
        (np.full((12, 7, 2), np.nan), "0 to 1"),
        (np.full((12, 7, 2), "x"), "plain array"),
    ],
)
def test_wrong_landmarks_are_refused(faces: Path, landmarks: np.ndarray, word: str) -> None:
    np.save(faces / "landmarks.npy", landmarks)
    assert word in refusal(face_config(faces))


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_landmarks_run_no_code(faces: Path) -> None:
    trap = np.empty(1, object)
    trap[0] = Trap(faces / "trapped")
    np.save(faces / "landmarks.npy", trap)
    assert "plain array" in refusal(face_config(faces))
    assert not (faces / "trapped").exists()


def test_a_plain_folder_of_faces_has_landmarks_in_the_middle(folder: Path) -> None:
    found = pictures(face_config(folder))
    assert any("landmarks.npy" in notice for notice in found.notices)
    assert (found.training[0]["keypoints"] == 0.5).all()
    assert found.training[0]["keypoints"].shape == (7, 2)


def test_scenes_have_no_keypoints_even_in_the_layout_of_faces(faces: Path) -> None:
    found = pictures(config(faces, size=64))
    assert "keypoints" not in found.training[0]


def test_a_part_of_a_gallery_keeps_what_belongs_together() -> None:
    boxes = np.arange(12, dtype=np.float32).reshape(3, 4)
    whole = Gallery((), ("a", "b", "c"), np.arange(6, dtype=np.float32).reshape(3, 1, 2), boxes)
    part = Gallery(("x", "y", "z"), whole.digests, whole.landmarks, boxes).chosen([2, 0])  # type: ignore[arg-type]
    assert (part.paths, part.digests) == (("z", "x"), ("c", "a"))
    assert part.landmarks is not None
    assert part.landmarks[:, 0, 0].tolist() == [4, 0]
