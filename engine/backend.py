"""What a backend is: everything menus, command line and pipeline need before it is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from engine.jobs import CancelToken, Steps
    from engine.provenance import Trace
    from engine.types import ImageF32, MaskBool

OptionValue: TypeAlias = bool | int | float | str
Options: TypeAlias = Mapping[str, OptionValue]

LARGEST_SEED = 2**32 - 1
"""Seeds that people may choose run from 0 to this one."""


@dataclass(frozen=True, slots=True)
class Option:
    """One knob of a backend; builds the panel's control and checks `--option KEY=VALUE`.

    The type of `default` is the type of the option. Numbers have `low` and `high` (inclusive);
    a string has `choices`.
    """

    name: str
    label: str
    default: OptionValue
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """A row of the registry.

    Attributes:
        id: what the command line and recipes call it.
        promise: one line for the panel: what it is good at.
        factory: "module:callable" that returns an `Inpainter`; imported on first use only.
        context: margin a crop needs around its hole, as a share of the hole's longer side.
        min_context: that margin's lower bound in pixels.
        bytes_per_pixel: peak memory per pixel of the crop, measured; for the estimate before a run.
        fixed_bytes: peak memory that does not depend on the crop, measured.
        drawn: options with which its fill depends on the seed; None if it never does.
        copies: fills by copying known pixels, so it needs some.
        heeds_forbidden: honours "never from here": it copies, or borrows by attention.
        network: "module:class" of a generator; empty for a classical backend.
        configuration: keyword arguments of that class; a weight file may override them.
        native_side: side of the square pictures a generator is trained on, in pixels.
        multiple: the generator's sides are padded to a multiple of this.
        parameters: number of trainable parameters.
        keypoints: names of the points of a face that guide a generator, in its order; "left" is
            the person's own.
    """

    id: str
    label: str
    promise: str
    kind: Literal["classical", "gan"]
    factory: str
    paper: str = ""
    options: tuple[Option, ...] = ()
    context: float = 0.75
    min_context: int = 48
    bytes_per_pixel: int = 64
    fixed_bytes: int = 0
    drawn: Options | None = field(default=None, hash=False)
    copies: bool = False
    heeds_forbidden: bool = False
    network: str = ""
    configuration: Options = field(default_factory=dict, hash=False)
    native_side: int | None = None
    multiple: int = 1
    parameters: int = 0
    keypoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guide:
    """What somebody says a crop roughly looks like, and how far to believe it.

    Attributes:
        image: (H, W, 3) float32 RGB 0..1, hole included; its low frequencies count.
        pull: how much a difference of the guide counts against one of the picture, 0..1.
        tolerance: what it may be off for nothing, as the root mean square over a patch, in grey
            levels: a guide that is blurred would otherwise choose the smoothest patches.
        near: pixels into the hole up to which it does not count, because the border knows better.
        far: pixels into the hole from which it counts in full; at `near`, everywhere alike.
    """

    image: ImageF32
    pull: float = 0.5
    tolerance: float = 0.0
    near: float = 0.0
    far: float = 0.0

    @property
    def is_doubted(self) -> bool:
        """Whether it may be wrong: what is found without it then has a say, too."""
        return self.tolerance > 0 or self.far > 0


@dataclass(frozen=True, slots=True)
class Problem:
    """One crop with a hole in it, as a backend sees it.

    Attributes:
        image: (H, W, 3) float32 RGB 0..1; what lies under the hole carries no meaning.
        hole: (H, W) bool, True = missing; at least one True and one False.
        forbidden: (H, W) bool, True where nothing may be copied from; None = everywhere allowed.
        options: complete (defaults filled in) and checked against the spec's options.
        seed: same seed, same bytes, with any number of threads.
        guide: roughly how the whole crop looks. Heeded by backends that copy; None = nobody knows.
        keypoints: x and y of the points that `BackendSpec.keypoints` names, 0..1 of the crop; empty
            = as the options say. Heeded by networks that know them.
    """

    image: ImageF32
    hole: MaskBool
    forbidden: MaskBool | None = None
    options: Options = field(default_factory=dict)
    seed: int = 0
    guide: Guide | None = None
    keypoints: tuple[tuple[float, float], ...] = ()


class Inpainter(Protocol):
    """A loaded backend."""

    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        """Fill the hole.

        Returns:
            (H, W, 3) float32 RGB 0..1; equal to `problem.image` outside the hole.

        Raises:
            Cancelled: within half a second of `token.cancel()`.
            NothingToCopyError: if no known pixel may be used.
        """
        ...


@runtime_checkable
class Traceable(Inpainter, Protocol):
    """A backend that can tell where its fill came from."""

    def traced(self, problem: Problem, token: CancelToken) -> Steps[tuple[ImageF32, Trace]]:
        """As `inpaint`, and the trace of it."""
        ...
