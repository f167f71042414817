"""What somebody wants done with a folder, before it is known whether it can be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from app.language import tr, tr_later

if TYPE_CHECKING:
    from app.settings import MaskRule, Settings
    from engine.batch import BatchConfig, OnExisting
    from engine.recipe import Recipe

NAME = "{stem}_inpainted{ext}"
"""The template that is used unless another one is given."""

BESIDE = "_inpainted"
"""What the proposed folder of the results is called, behind the name of that of the pictures."""

MASKS_MISSING: dict[MaskRule, str] = {
    "folder": tr_later("Choose the folder of the masks."),
    "one": tr_later("Choose the mask for all pictures."),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """Everything that the Batch dialog asks for.

    Attributes:
        images: folder of the pictures, or one picture; empty = none yet.
        rule: where the masks are: in a folder of their own, beside the pictures, in the pictures'
            transparency, or one file for all.
        masks: the folder, for the rule "folder".
        mask: the file, for the rule "one".
        output: folder of the results, unless they go among the pictures (`in_place`).
        resumes: whether results that an earlier run made with the same settings are kept.
        allows_large: whether pictures above the limit of pixels are opened too.
        recipe: what fills; None = whatever is set in the editor.
        file: settings that were read from a file; what the dialog has no control for, such as the
            device, is taken from there.
    """

    images: str = ""
    recursive: bool = False
    rule: MaskRule = "folder"
    masks: str = ""
    mask: str = ""
    invert: bool = False
    output: str = ""
    name: str = NAME
    on_existing: OnExisting = "rename"
    in_place: bool = False
    resumes: bool = True
    allows_large: bool = False
    recipe: Recipe | None = None
    file: BatchConfig | None = field(default=None, compare=False)

    @property
    def missing(self) -> str:
        """What is not filled in yet, as a sentence; empty if nothing is."""
        if not self.images:
            return tr("Choose a folder of pictures, or drop one here.")
        if self.rule in MASKS_MISSING and not (self.masks if self.rule == "folder" else self.mask):
            return tr(MASKS_MISSING[self.rule])
        return "" if self.output or self.in_place else tr("Choose a folder for the results.")

    @property
    def proposal(self) -> str:
        """A folder for the results, beside that of the pictures; empty without pictures."""
        if not self.images:
            return ""
        folder = Path(self.images)
        folder = folder.parent if folder.is_file() else folder
        return str(folder.with_name(f"{folder.name}{BESIDE}")) if folder.name else ""

    def config(self) -> BatchConfig:
        """The settings of the run; nothing may be missing, and a recipe is needed."""
        import msgspec

        from engine.batch import ALPHA, BatchConfig
        from engine.pictures import DEFAULT_PIXEL_LIMIT

        folder = Path(self.images).parent if Path(self.images).is_file() else self.images
        masks = {"folder": self.masks, "same": str(folder), "alpha": ALPHA, "one": self.mask}
        if self.recipe is None:
            raise ValueError("no recipe")
        base = self.file or BatchConfig(images="", masks="", output="")
        return msgspec.structs.replace(
            base,
            images=self.images,
            masks=masks[self.rule],
            output=str(folder) if self.in_place else self.output,
            recipe=self.recipe,
            weights=base.weights if self.recipe == base.recipe else None,
            recursive=self.recursive,
            on_existing=self.on_existing,
            name=self.name,
            in_place=self.in_place,
            invert_mask=self.invert,
            pixel_limit=None if self.allows_large else base.pixel_limit or DEFAULT_PIXEL_LIMIT,
        )


def wish_of(config: BatchConfig) -> Wish:
    """The wish that leads to these settings."""
    from engine.batch import ALPHA

    same = config.masks_folder == config.images_folder
    one = config.mask_file is not None
    rule: MaskRule = "alpha" if config.masks == ALPHA else "one" if one else "folder"
    return Wish(
        images=config.images,
        recursive=config.recursive,
        rule="same" if same else rule,
        masks=config.masks if rule == "folder" and not same else "",
        mask=config.masks if rule == "one" else "",
        invert=config.invert_mask,
        output="" if config.output_folder == config.images_folder else config.output,
        name=config.name,
        on_existing=config.on_existing,
        in_place=config.in_place,
        allows_large=config.pixel_limit is None,
        recipe=config.recipe,
        file=config,
    )


def remembered(settings: Settings) -> Wish:
    """The folders and names of last time; what could do harm begins anew each time."""
    return Wish(
        images=settings.batch_images,
        recursive=settings.batch_recursive,
        rule=settings.batch_rule,
        masks=settings.batch_masks,
        mask=settings.batch_mask,
        output=settings.batch_output,
        name=settings.batch_name or NAME,
    )


def remember(wish: Wish, settings: Settings) -> None:
    """Note the folders and names for the next time."""
    settings.batch_images = wish.images
    settings.batch_recursive = wish.recursive
    settings.batch_rule = wish.rule
    settings.batch_masks = wish.masks
    settings.batch_mask = wish.mask
    settings.batch_output = wish.output
    settings.batch_name = "" if wish.name == NAME else wish.name
