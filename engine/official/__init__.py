"""Checkpoints as the papers' authors released them, to networks of ours.

Each module here knows one family: `convert(checkpoint)` takes what the file holds and gives a state
for our network, or says why it cannot. `importing` turns a file into a file of weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from engine.backend import OptionValue


@dataclass(frozen=True, slots=True)
class Converted:
    """A checkpoint in our names.

    Attributes:
        state: exactly the state dict of the network built with the configuration.
        configuration: keyword arguments of the network's class that the checkpoint asks for.
        notes: sentences the user should read, such as parts of the file that were left out.
    """

    state: Mapping[str, Tensor]
    configuration: Mapping[str, OptionValue]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """What is known of the checkpoints that can be converted for a backend.

    Attributes:
        converter: module with `convert`; backends of one family share it.
        licence: terms of the weights, in words.
        trained_on: the pictures, in words.
        masks: kinds of masks, in the words of `lacuna masks`.
        average: what a checkpoint calls the running average, which is then what is converted.
    """

    converter: str
    licence: str
    trained_on: str
    masks: tuple[str, ...]
    average: str = ""


_ICONV = "engine.official.iconv"
_ICONV_AVERAGE = "running_average_generator"
_FDF_LICENCE = "code MIT; the checkpoints are under the licence of the FDF data set"

RELEASES: dict[str, Release] = {
    "gla": Release(
        converter="engine.official.gla",
        licence="CC BY-NC 4.0: not for commercial use",
        trained_on="Places2, if it is the checkpoint of the branch sensor_version",
        masks=("free-form",),
    ),
    "pennet": Release(
        converter="engine.official.pennet",
        licence="MIT, as the authors' code that it was released with",
        trained_on="CelebA-HQ, Places2, DTD or Facade; the file does not say which",
        masks=("square",),
    ),
    "iconv": Release(
        converter=_ICONV,
        licence=_FDF_LICENCE,
        trained_on="Places2 or CelebA-HQ; the file does not say which",
        masks=("free-form", "square"),
        average=_ICONV_AVERAGE,
    ),
    "iconv-small": Release(
        converter=_ICONV,
        licence=_FDF_LICENCE,
        trained_on="Places2",
        masks=("free-form", "square"),
        average=_ICONV_AVERAGE,
    ),
    "iconv-face": Release(
        converter=_ICONV,
        licence=_FDF_LICENCE,
        trained_on="FDF, faces of 128 pixels",
        masks=("square",),
        average=_ICONV_AVERAGE,
    ),
}
"""By id of the backend. One that is missing here has no official checkpoints."""
