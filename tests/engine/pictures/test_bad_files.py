"""Whatever a file is or is called, opening it gives a picture or one clear sentence."""

from __future__ import annotations

import io
import os
import struct
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import PictureError, PictureTooLargeError
from engine.pictures import Picture, changed_on_disk, open_picture, save_picture

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and pipes")


def photo(height: int = 40, width: int = 60) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def encoded(form: str, **options: object) -> bytes:
    data = io.BytesIO()
    Image.fromarray(photo()).save(data, form, **options)
    return data.getvalue()


def deep(tmp_path: Path, ending: str) -> bytes:
    path = tmp_path / f"deep.{ending}"
    save_picture(Picture(photo().astype(np.uint16) * 257), path)
    return path.read_bytes()


def assert_refused(path: Path, pattern: str) -> None:
    with pytest.raises(PictureError, match=pattern) as caught:
        open_picture(path)
    sentence = str(caught.value)
    assert path.name in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_truncated_file_is_refused(tmp_path: Path, form: str, share: float) -> None:
    data = encoded(form)
    (tmp_path / "photo.x").write_bytes(data[: max(4, int(len(data) * share))])

    assert_refused(tmp_path / "photo.x", "damaged or incomplete")


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_truncated_16_bit_file_is_refused(tmp_path: Path, ending: str, share: float) -> None:
    data = deep(tmp_path, ending)
    (tmp_path / "photo.x").write_bytes(data[: int(len(data) * share)])

    assert_refused(tmp_path / "photo.x", "damaged or incomplete")


def test_a_16_bit_png_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    data = bytearray(deep(tmp_path, "png"))
    data[len(data) // 2] ^= 0x55
    (tmp_path / "photo.png").write_bytes(data)

    assert_refused(tmp_path / "photo.png", "checksum")


@pytest.mark.parametrize("seed", range(6))
def test_damaged_bytes_never_end_in_anything_but_a_sentence(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples = [encoded(form) for form in ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")]
    samples += [deep(tmp_path, "png"), deep(tmp_path, "tif")]
    for sample in samples:
        for head in (60, 400, len(sample)):
            data = bytearray(sample)
            for _ in range(8):
                data[rng.integers(head)] = rng.integers(256)
            (tmp_path / "a").write_bytes(data)
            with suppress(PictureError):  # a traceback of any other kind fails the test
                picture = open_picture(tmp_path / "a", pixel_limit=1_000_000)
                assert picture.pixels.dtype in (np.uint8, np.uint16)


def test_an_empty_file_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "leer.png").touch()

    assert_refused(tmp_path / "leer.png", r"empty \(0 bytes\)")


@pytest.mark.parametrize("data", [b"x", b"Hello, this is a letter.", b"%PDF-1.7\n", bytes(5000)])
def test_what_is_no_picture_is_named_so(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "photo.jpg").write_bytes(data)

    assert_refused(tmp_path / "photo.jpg", "not a picture that Lacuna can read")


def test_a_folder_called_like_a_picture_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "holiday.png").mkdir()

    assert_refused(tmp_path / "holiday.png", "is a folder")


def test_a_missing_file_is_named_so(tmp_path: Path) -> None:
    assert_refused(tmp_path / "gone.png", "does not exist")
    assert_refused(tmp_path / "gone" / "too.png", "does not exist")


@posix_only
def test_a_dangling_link_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")

    assert_refused(tmp_path / "link.png", "does not exist")
    assert_refused(tmp_path / "self.png", "link that leads back to itself")


@posix_only
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(encoded("PNG"))
    (tmp_path / "secret.png").chmod(0)

    assert_refused(tmp_path / "secret.png", "may not be read")


def test_a_refusal_of_the_system_becomes_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.png").write_bytes(encoded("PNG"))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)

    assert_refused(tmp_path / "secret.png", "may not be read")


@posix_only
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")

    assert_refused(tmp_path / "pipe.png", "pipe or a device")


def test_a_folder_without_a_name_is_named_as_it_was_given() -> None:
    with pytest.raises(PictureError, match="“/” is a folder"):
        open_picture("/")


def test_a_name_longer_than_the_file_system_allows_is_named_so(tmp_path: Path) -> None:
    assert_refused(tmp_path / ("n" * 300 + ".png"), "too long|does not exist")


def test_a_name_with_a_zero_byte_is_refused(tmp_path: Path) -> None:
    assert_refused(tmp_path / "a\0b.png", "cannot be used")


@pytest.mark.parametrize(
    "name", ["Küste am Meer.png", "写真 📷.png", "عكس.png", "n" * 240 + ".png", " .png", ".png.png"]
)
def test_names_of_any_script_and_length_open_and_save(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "Ordner für Fotos ✓"
    folder.mkdir()
    save_picture(Picture(photo()), folder / name)

    np.testing.assert_array_equal(open_picture(folder / name).pixels, photo())


def huge_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that declares a huge picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_picture_beyond_the_limit_is_refused_with_numbers(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(huge_png(100_000, 100_000))

    with pytest.raises(PictureTooLargeError, match=r"100000 × 100000.*300.*about 80\.0 GB"):
        open_picture(tmp_path / "bomb.png")


def test_the_limit_holds_for_tiff_too(tmp_path: Path) -> None:
    Image.fromarray(photo()).save(tmp_path / "a.tif")

    with pytest.raises(PictureTooLargeError):
        open_picture(tmp_path / "a.tif", pixel_limit=60 * 40 - 1)


def test_a_picture_at_the_limit_opens_and_none_lifts_it(tmp_path: Path) -> None:
    Image.fromarray(photo()).save(tmp_path / "a.png")

    assert open_picture(tmp_path / "a.png", pixel_limit=60 * 40).width == 60
    assert open_picture(tmp_path / "a.png", pixel_limit=None).width == 60
    with pytest.raises(PictureTooLargeError):
        open_picture(tmp_path / "a.png", pixel_limit=60 * 40 - 1)


def test_pictures_that_pillow_calls_bombs_open_below_our_limit(tmp_path: Path) -> None:
    Image.new("1", (9_500, 9_500)).save(tmp_path / "wide.png")

    picture = open_picture(tmp_path / "wide.png")

    assert (picture.width, picture.height) == (9_500, 9_500)


@pytest.mark.parametrize("size", [(1, 1), (40_000, 3), (3, 40_000), (1, 17)])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "BMP"])
def test_tiny_and_very_narrow_pictures_open(
    tmp_path: Path, form: str, size: tuple[int, int]
) -> None:
    Image.new("RGB", size, (9, 9, 9)).save(tmp_path / "a", form)

    picture = open_picture(tmp_path / "a")

    assert (picture.width, picture.height) == size
    assert np.abs(picture.pixels.astype(int) - 9).max() <= 1


def test_pictures_open_in_several_threads_at_once(tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(encoded("PNG"))
    (tmp_path / "bad.png").write_bytes(encoded("PNG")[:900])
    filters = list(warnings.filters)

    def attempt(number: int) -> str:
        try:
            open_picture(tmp_path / ("good.png", "bad.png")[number % 2])
        except PictureError as error:
            return str(error)
        return "opened"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(attempt, range(40)))

    assert answers[::2] == ["opened"] * 20
    assert all("damaged" in answer for answer in answers[1::2])
    assert warnings.filters == filters


def test_a_change_of_the_file_on_disk_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    saved = save_picture(Picture(photo()), path)
    opened = open_picture(path)
    assert not changed_on_disk(saved)
    assert not changed_on_disk(opened)

    path.write_bytes(encoded("PNG") + b"more")

    assert changed_on_disk(saved)
    assert changed_on_disk(opened)


def test_a_vanished_file_counts_as_changed(tmp_path: Path) -> None:
    saved = save_picture(Picture(photo()), tmp_path / "a.png")
    (tmp_path / "a.png").unlink()

    assert changed_on_disk(saved)


def test_a_picture_that_never_was_a_file_has_not_changed() -> None:
    assert not changed_on_disk(Picture(photo()))
