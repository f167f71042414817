"""What a header says of a picture is what the picture turns out to be."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from engine.errors import PictureError, PictureTooLargeError
from engine.pictures import open_picture, read_header, reading

if TYPE_CHECKING:
    from pathlib import Path

RGB = np.random.default_rng(0).integers(0, 255, (20, 31, 3)).astype(np.uint8)
GREY16 = RGB[:, :, 0].astype(np.uint16) * 257


def sideways() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def save_png(path: Path, **more: object) -> None:
    Image.fromarray(RGB).save(path, "PNG", **more)


def save_late_exif(path: Path) -> None:
    """A PNG whose orientation stands behind its pixels."""
    buffer = io.BytesIO()
    Image.fromarray(RGB).save(buffer, "PNG", exif=sideways().tobytes())
    whole = buffer.getvalue()
    start = whole.index(b"eXIf") - 4
    length = 12 + int.from_bytes(whole[start : start + 4], "big")
    chunk, rest = whole[start : start + length], whole[:start] + whole[start + length :]
    end = rest.index(b"IEND") - 4
    path.write_bytes(rest[:end] + chunk + rest[end:])


FILES = {
    "rgb.png": save_png,
    "late-exif.png": save_late_exif,
    "palette.png": lambda path: Image.fromarray(RGB).quantize(16).save(path),
    "clear-palette.png": lambda path: Image.fromarray(RGB).quantize(16).save(path, transparency=3),
    "bits.png": lambda path: Image.fromarray(RGB[:, :, 0] > 99).save(path),
    "grey16.png": lambda path: Image.fromarray(GREY16).save(path),
    "alpha.png": lambda path: Image.fromarray(RGB).convert("RGBA").save(path),
    "grey-alpha.png": lambda path: Image.fromarray(RGB).convert("LA").save(path),
    "key.png": lambda path: save_png(path, transparency=(1, 2, 3)),
    "plain.jpg": lambda path: Image.fromarray(RGB).save(path),
    "turned.jpg": lambda path: Image.fromarray(RGB).save(path, exif=sideways()),
    "damaged-exif.jpg": lambda path: Image.fromarray(RGB).save(path, exif=b"Exif\0\0II*\0\xff\xff"),
    "grey.jpg": lambda path: Image.fromarray(RGB).convert("L").save(path),
    "cmyk.jpg": lambda path: Image.fromarray(RGB).convert("CMYK").save(path),
    "turned.webp": lambda path: Image.fromarray(RGB).save(path, exif=sideways()),
    "plain.bmp": lambda path: Image.fromarray(RGB).save(path),
    "frames.gif": lambda path: Image.fromarray(RGB).quantize(8).save(path),
    "rgb.tif": lambda path: tifffile.imwrite(path, RGB, photometric="rgb"),
    "deep.tif": lambda path: tifffile.imwrite(path, RGB.astype(np.uint16) * 257, photometric="rgb"),
    "grey16.tif": lambda path: tifffile.imwrite(path, GREY16),
    "turned.tif": lambda path: Image.fromarray(RGB).save(path, tiffinfo={274: 6}),
    "palette.tif": lambda path: Image.fromarray(RGB).quantize(16).save(path),
}


@pytest.mark.parametrize("name", FILES)
def test_a_header_says_what_the_picture_is(tmp_path: Path, name: str) -> None:
    FILES[name](tmp_path / name)

    header = read_header(tmp_path / name)

    picture = open_picture(tmp_path / name)
    assert (header.width, header.height) == (picture.width, picture.height)
    assert header.format == picture.source.format
    assert (header.channels, header.depth) == (picture.pixels.shape[2], picture.pixels.itemsize)
    assert header.decoded_bytes == picture.pixels.nbytes


def test_a_header_is_refused_for_what_the_picture_would_be(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture at all")
    with pytest.raises(PictureTooLargeError, match=r"“a\.png” has 31 × 20 pixels"):
        read_header(tmp_path / "a.png", pixel_limit=600)
    with pytest.raises(PictureError, match=r"“b\.png” is not a picture"):
        read_header(tmp_path / "b.png")


def test_a_header_is_read_without_decoding(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])

    assert read_header(tmp_path / "half.png").width == 31
    with pytest.raises(PictureError):
        open_picture(tmp_path / "half.png")


def test_threads_decode_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits inside its decoder for the other: with a lock around them both would wait."""
    save_png(tmp_path / "a.png")
    meeting = threading.Barrier(2, timeout=10)
    plain = reading.decoding.read

    def read(*args: object) -> object:
        meeting.wait()
        return plain(*args)

    monkeypatch.setattr(reading.decoding, "read", read)
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(open_picture(tmp_path / "a.png").width))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [31, 31]


def test_warnings_of_decoders_reach_the_log_and_filters_are_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import warnings

    save_png(tmp_path / "a.png")
    plain = reading.decoding.read

    def read(*args: object) -> object:
        warnings.warn("odd", UserWarning, stacklevel=1)
        return plain(*args)

    monkeypatch.setattr(reading.decoding, "read", read)
    before = list(warnings.filters)
    with caplog.at_level("INFO"):
        open_picture(tmp_path / "a.png")
    assert "odd" in caplog.text
    assert warnings.filters == before
