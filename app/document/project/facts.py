"""The manifest of a project file: all of it that is no array.

Unknown fields are ignored, so that a later Lacuna may add some within a format; what an older one
must not overlook needs a new format number. Every field that is not in the oldest file of a format
has a default.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

SUFFIX = ".lacuna"
FORMAT: Literal["lacuna-project"] = "lacuna-project"
VERSION: Literal[1] = 1

Count = Annotated[int, msgspec.Meta(ge=0)]
Length = Annotated[int, msgspec.Meta(ge=1)]
Place = tuple[Count, Count]


class Header(msgspec.Struct, frozen=True):
    """What is read first: whether this is a project, and of which format."""

    format: str
    version: Length


class TilesFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tiles of one layer.

    Attributes:
        part: the member of the archive; empty if there are no tiles.
        places: row and column of each tile of 256 pixels, in the order in which they lie there.
    """

    part: str = ""
    places: list[Place] = []


class PictureFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The picture that the project is about.

    Attributes:
        name: of its file; empty for one that never was a file.
        path: where that lies, from the project's folder if it is near, with forward slashes.
        file_size: its bytes.
        sha256: of its bytes.
        part: the file itself, if it is inside; empty if not.
        is_whole: all pixels are in `ProjectFacts.image`, and no file is needed.
        dtype: of a pixel's channel.
        format: of a whole picture, Pillow's name.
        mode: of a whole picture, as in `Source`.
        dpi: of a whole picture.
        blocks: of a whole picture: "icc", "exif", "xmp" to the members that hold them.
    """

    name: str = ""
    path: str = ""
    file_size: Count = 0
    sha256: str = ""
    part: str = ""
    is_whole: bool = False
    width: Length
    height: Length
    channels: Annotated[int, msgspec.Meta(ge=1, le=4)]
    dtype: Literal["uint8", "uint16"]
    format: str = "PNG"
    mode: str = "RGB"
    dpi: tuple[float, float] | None = None
    blocks: dict[str, str] = {}


class MaskFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mask that was put aside; of the one in use only the name counts."""

    name: str
    tiles: TilesFacts = TilesFacts()


class BelongingsFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which masks there are: numbers in `ProjectFacts.masks`, and which of them is in use."""

    masks: list[Count]
    current: Count = 0
    keypoints: list[tuple[float, float]] = []


class StepFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """One undo step: the layers as they are on its other side."""

    label: str
    kind: str = "stroke"
    image: TilesFacts = TilesFacts()
    mask: TilesFacts = TilesFacts()
    source: TilesFacts = TilesFacts()
    belongings: BelongingsFacts | None = None


class HistoryFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """The newest undo steps.

    Attributes:
        done: oldest first.
        undone: the last is the next to redo.
        began_filled: whether the mask had been filled before the first of `done`.
        saved_after: after how many of `done` the picture file held the image; -1 = after none.
        older: labels of steps that are not kept.
    """

    done: list[StepFacts] = []
    undone: list[StepFacts] = []
    began_filled: bool = False
    saved_after: int = -1
    older: list[str] = []


class PatchFacts(msgspec.Struct, frozen=True):
    """A filled part of a result.

    Attributes:
        box: left, top, right, bottom in the picture.
        pixels: the member with the box's pixels in the picture's depth.
        hole: the member with one bit a pixel, 1 = filled.
    """

    box: tuple[Count, Count, Count, Count]
    pixels: str
    hole: str


class ResultFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A result; `recipe` is a recipe as in a recipe file, `thumbnail` three bytes a pixel."""

    number: Length
    label: str
    is_kept: bool = False
    backend: str
    reason: str | None = None
    device: str = "cpu"
    fallback: str | None = None
    seconds: tuple[float, float, float] = (0.0, 0.0, 0.0)
    hole_share: float = 0.0
    regions: Count = 1
    detail: bool = False
    recipe: dict[str, Any]
    patches: list[PatchFacts]
    thumbnail: str
    thumbnail_size: tuple[Length, Length]


class View(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was seen: device pixels per picture pixel, and the picture point in the middle."""

    zoom: float = 0.0
    x: float = 0.0
    y: float = 0.0


class Method(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the next run would have filled with."""

    backend: str = ""
    options: dict[str, bool | int | float | str] = {}
    seed: Count = 0
    detail: bool = True
    blend: tuple[str, ...] = ()


class ProjectFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The manifest.

    Attributes:
        image: what differs from the picture file.
        original: the image as it was opened, where that is not in the picture file; None if it is.
        masks: all masks that the project or one of its undo steps knows.
        current_result: number of the result in the picture; 0 = none.
    """

    format: Literal["lacuna-project"]
    version: Literal[1]
    app_version: str = ""
    saved: float = 0.0
    picture: PictureFacts
    image: TilesFacts = TilesFacts()
    original: TilesFacts | None = None
    mask: TilesFacts = TilesFacts()
    source: TilesFacts = TilesFacts()
    masks: list[MaskFacts] = []
    belongings: BelongingsFacts
    history: HistoryFacts = HistoryFacts()
    results: list[ResultFacts] = []
    current_result: Count = 0
    view: View = View()
    method: Method = Method()
