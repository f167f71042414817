"""Tiles on disk: where the history puts what does not fit into its memory budget."""

from __future__ import annotations

import logging
import tempfile
import weakref
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from app.document.tiles import PackedTile, TileKey
from app.language import tr

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpilledTile:
    """All that stays in memory of a tile on disk."""

    key: TileKey
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    values: int
    starts: int


@dataclass(frozen=True, slots=True)
class Spilled:
    """A place in the file and the tiles that lie there one after another."""

    offset: int
    tiles: tuple[SpilledTile, ...]


class Spill:
    """One nameless temporary file: it vanishes with the process, however that ends."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._end = 0

    def write(self, tiles: dict[TileKey, PackedTile]) -> Spilled:
        """Append tiles to the file.

        Raises:
            OSError: if the disk refuses them; the file is then as it was.
        """
        file = self._opened()
        start = self._end
        try:
            file.seek(start)
            for tile in tiles.values():
                _write_all(file, tile.values)
                if tile.starts is not None:
                    _write_all(file, tile.starts)
        except OSError:
            self._cut_back(start)
            raise
        self._end = file.tell()
        return Spilled(start, tuple(_spilled(key, tile) for key, tile in tiles.items()))

    def read(self, spilled: Spilled) -> dict[TileKey, PackedTile]:
        """The tiles that `write` put there.

        Raises:
            OSError: if the disk does not give them back.
        """
        file = self._opened()
        file.seek(spilled.offset)
        tiles: dict[TileKey, PackedTile] = {}
        for tile in spilled.tiles:
            values = _read_all(file, tile.values, tile.dtype)
            starts = _read_all(file, tile.starts, np.dtype(np.uint16)) if tile.starts else None
            shaped = values.reshape(tile.shape) if starts is None else values
            tiles[tile.key] = PackedTile(tile.shape, shaped, starts)
        return tiles

    def clear(self) -> None:
        """Give the space back; for when nothing on disk is wanted any more."""
        if self._end:
            self._end = 0
            self._cut_back(0)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
            # Unbuffered, because a buffer would hold what a full disk refused and try again later.
            self._file = tempfile.TemporaryFile(  # noqa: SIM115 - lives as long as the history
                dir=self._folder, prefix="lacuna-undo-", buffering=0
            )
            weakref.finalize(self, self._file.close)
        return self._file

    def _cut_back(self, end: int) -> None:
        if self._file is None:
            return
        try:
            self._file.truncate(end)
        except OSError:
            log.warning("the undo file could not be shortened", exc_info=True)


def _spilled(key: TileKey, tile: PackedTile) -> SpilledTile:
    starts = 0 if tile.starts is None else tile.starts.size
    return SpilledTile(key, tile.shape, tile.values.dtype, tile.values.size, starts)


def _write_all(file: IO[bytes], array: npt.NDArray[Any]) -> None:
    rest = np.ascontiguousarray(array).data.cast("B")
    while rest:
        rest = rest[file.write(rest) :]


def _read_all(file: IO[bytes], count: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    data = bytearray(count * dtype.itemsize)
    filled = 0
    while filled < len(data):
        part = file.read(len(data) - filled)
        if not part:
            raise OSError(tr("the temporary file ends too early"))
        data[filled : filled + len(part)] = part
        filled += len(part)
    return np.frombuffer(data, dtype)
