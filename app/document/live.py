"""An edit that is made again with other settings, until something else is edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.document.document import Document
    from app.document.history import Edit


class LiveStep:
    """One undo step that follows a slider: every change of it takes back the former one.

    Attributes:
        document: what it changes.
        is_discarded: whether it shall not be made any more.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.is_discarded = False
        self._edit: Edit | None = None
        self._revision = document.revision
        self._is_making = False

    @property
    def is_open(self) -> bool:
        """Whether nothing else has been edited, undone or redone since; a stroke counts, too."""
        document = self.document
        if self._is_making:
            return True
        if self.is_discarded or document.is_editing or document.revision != self._revision:
            return False
        return self._edit is None or document.newest is self._edit

    def make(self, label: str, change: Callable[[Document], None]) -> None:
        """Do the step, in place of what it was so far if it is still open.

        Args:
            label: of the undo step.
            change: writes into the document, which is as it was before the step.
        """
        document = self.document
        if self._edit is None or not self.is_open:
            document.begin(label, "mask")
        else:
            document.reopen(label)
        self._is_making = True
        try:
            change(document)
        except BaseException:
            document.abort()
            self._edit = None
            raise
        else:
            self._edit = document.commit()
        finally:
            self._is_making = False
            self._revision = document.revision

    def discard(self) -> None:
        """Take the step back, as if it had never been made, unless something else was edited."""
        if self._edit is not None and self.is_open:
            self.document.reopen(self._edit.label)
            self.document.abort()
        self._edit = None
        self.is_discarded = True
