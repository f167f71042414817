"""What can go wrong, as one tree.

Every message is a sentence for the person at the screen: it names the thing, the value and the
remedy. `Cancelled` is not an error: it is how a task answers a wish to stop.
"""

from __future__ import annotations


class EngineError(Exception):
    """Anything Lacuna can explain; its text is shown as it is."""


class InvalidInputError(EngineError):
    """The picture, mask or option cannot be used as given."""


class NothingToCopyError(InvalidInputError):
    """No known pixel is left to fill the hole from."""


class PictureError(EngineError):
    """A file cannot be read or written."""


class PictureTooLargeError(PictureError):
    """The file declares more pixels than the limit; the user may allow it."""


class MemoryBudgetError(EngineError):
    """The work would not fit into the memory that is free."""


class UnknownBackendError(EngineError):
    """No backend has that id."""


class UnusableBackendError(EngineError):
    """The backend exists but cannot run here; the text says why."""


class DeviceError(EngineError):
    """A graphics card cannot do the work; the processor can."""


class DeviceMemoryError(DeviceError):
    """The work does not fit into the graphics card's memory; a smaller crop may."""


class WeightsError(EngineError):
    """A file of weights cannot be used: it is missing, damaged, or belongs to something else."""


class ClusterError(EngineError):
    """A scheduler or its workers cannot be reached, or are not fit for the work."""


class Cancelled(Exception):  # noqa: N818 - a wish, not an error
    """Raised inside a task at its next check once somebody asked it to stop."""
