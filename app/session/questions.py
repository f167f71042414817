"""What the program may ask, so that `app.dialogs` can answer with dialogs and a test without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

Leave: TypeAlias = Literal["save", "discard", "cancel"]
Overwrite: TypeAlias = Literal["overwrite", "save_as", "cancel"]
Fit: TypeAlias = Literal["scale", "corner", "cancel"]
Recover: TypeAlias = Literal["recover", "discard", "later"]


class Questions(Protocol):
    """Everything that needs an answer before the program may go on."""

    def unsaved(self, name: str) -> Leave:
        """There are changes in `name` that no file has."""
        ...

    def unsaved_pictures(self, names: list[str]) -> Leave:
        """There are changes in several pictures that no file has."""
        ...

    def overwrite(self, name: str) -> Overwrite:
        """Saving would replace the original for the first time."""
        ...

    def replace_changed(self, name: str) -> Overwrite:
        """Another program has changed the file since it was opened."""
        ...

    def open_anyway(self, reason: str) -> bool:
        """The picture is larger than the limit."""
        ...

    def recover(self, names: list[str]) -> Recover:
        """Recovery copies of these pictures lie there from a session that did not end well."""
        ...

    def pictures_to_open(self, folder: Path | None) -> list[Path]: ...

    def picture_to_save(self, proposal: Path, title: str) -> Path | None: ...

    def project_to_save(self, proposal: Path) -> Path | None: ...

    def mask_to_open(self, folder: Path | None) -> Path | None: ...

    def mask_of_other_size(self, name: str, own: tuple[int, int], size: tuple[int, int]) -> Fit:
        """The mask file has another width and height than the picture."""
        ...

    def mask_to_save(self, proposal: Path) -> Path | None: ...

    def variations(self, seconds: float | None) -> int | None:
        """How many variations to make; one takes so long, as far as that is known."""
        ...

    def allow_loss(self, name: str, losses: tuple[str, ...]) -> bool:
        """The format of `name` cannot hold these."""
        ...

    def quality(self, name: str) -> int | None:
        """Quality 1..100 for a lossy file that was none before; None = do not save."""
        ...

    def checkpoint_to_open(self, network: str) -> Path | None:
        """The file that the authors of `network` released."""
        ...

    def weights_to_add(self) -> Path | None: ...

    def file_to_use(self, title: str, kinds: str, folder: Path | None) -> Path | None: ...

    def folder_to_use(self, title: str, folder: Path | None) -> Path | None: ...

    def recipe_to_open(self, folder: Path | None) -> Path | None: ...

    def recipe_to_save(self, proposal: Path) -> Path | None: ...

    def report_to_save(self, proposal: Path) -> Path | None: ...

    def replace_pictures(self, count: int) -> bool:
        """So many pictures of a folder would be replaced by their filled versions."""
        ...

    def quit_batch(self, state: str) -> bool:
        """A folder is being filled, `state` of it is done; whether to quit all the same."""
        ...

    def replace_weights(self, name: str) -> bool:
        """A file of weights has this name already."""
        ...

    def remove_weights(self, name: str) -> bool:
        """The file is about to go to the trash."""
        ...
