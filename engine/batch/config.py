"""What a batch run is told: folders, recipe, names and rules; checked before anything is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec

from engine import recipe as recipes
from engine import registry, weights
from engine.batch import naming
from engine.device import Device
from engine.errors import InvalidInputError
from engine.pictures import DEFAULT_PIXEL_LIMIT
from engine.pictures.files import replacing
from engine.recipe import Recipe

if TYPE_CHECKING:
    from engine.backend import BackendSpec

OnExisting: TypeAlias = Literal["rename", "skip", "overwrite"]

ALPHA = "alpha"
"""The word that stands for "the masks are the pictures' own transparency"."""


class BatchConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one run over a folder.

    Attributes:
        version: of this format.
        images: a folder of pictures, or one picture.
        masks: a folder, one mask file for all pictures, or "alpha".
        output: folder for the results, made if need be; subfolders are mirrored in it.
        recipe: backend ("auto" is allowed here), options that differ from the defaults, seed,
            size, detail, and the weights it was made with.
        weights: of a generator: a path or "random:SEED"; None for those of the recipe, or else
            those installed.
        device: the wish.
        recursive: whether subfolders are looked into.
        on_existing: what to do where an output's name is taken.
        name: template of the outputs' names; see `engine.batch.naming`.
        in_place: whether results may go into the folder of the pictures.
        stop_on_error: end after the first picture that fails.
        invert_mask: black marks the hole.
        mask_alpha: full transparency of the mask files marks the hole.
        pixel_limit: pixels that a file may declare; None = as many as it likes.
    """

    version: Literal[1] = 1
    images: str
    masks: str
    output: str
    recipe: Recipe = Recipe(backend=registry.AUTO)
    weights: str | None = None
    device: Device = "auto"
    recursive: bool = False
    on_existing: OnExisting = "rename"
    name: str = naming.DEFAULT
    in_place: bool = False
    stop_on_error: bool = False
    invert_mask: bool = False
    mask_alpha: bool = False
    pixel_limit: Annotated[int, msgspec.Meta(ge=1)] | None = DEFAULT_PIXEL_LIMIT

    @property
    def images_folder(self) -> Path:
        """The folder of the pictures, also if there is but one."""
        path = Path(self.images).absolute()
        return path.parent if path.is_file() else path

    @property
    def output_folder(self) -> Path:
        return Path(self.output).absolute()

    @property
    def places(self) -> tuple[str, ...]:
        """The folders and files that whoever works on pictures has to see."""
        masks = () if self.from_alpha else (self.masks,)
        return (self.images, str(self.output_folder), *masks)

    @property
    def from_alpha(self) -> bool:
        """Whether the masks are the pictures' own transparency."""
        return self.masks == ALPHA

    @property
    def mask_file(self) -> Path | None:
        """The one mask for all, if that is what `masks` names."""
        path = Path(self.masks).absolute()
        return path if not self.from_alpha and path.is_file() else None

    @property
    def masks_folder(self) -> Path | None:
        """The folder of masks, if that is what `masks` names."""
        return None if self.from_alpha or self.mask_file else Path(self.masks).absolute()

    @property
    def backend(self) -> BackendSpec:
        """The row of the backend asked for.

        Raises:
            UnknownBackendError: if there is none of that id.
        """
        return registry.get(self.recipe.backend)


def check(config: BatchConfig) -> None:
    """Refuse what cannot work for any picture.

    Raises:
        InvalidInputError: for folders that are missing or are one and the same, a name that
            cannot be, options or a seed of weights that the backend does not take.
        UnknownBackendError, UnusableBackendError, WeightsError: if the backend cannot be had.
    """
    _check_sources(config)
    _check_output(config)
    naming.check(config.name)
    registry.complete_options(config.backend, config.recipe.options)
    weights_label(config)


def weights_label(config: BatchConfig) -> str | None:
    """The sha256 of the weights that will be used, "random:SEED", or None without a network.

    Raises:
        InvalidInputError, UnusableBackendError, WeightsError: if they cannot be used.
    """
    spec, wish = config.backend, weights_wish(config)
    return weights.wished(spec, wish).label if spec.network else None


def weights_wish(config: BatchConfig) -> str | None:
    """The weights for `InpaintRequest`: those named, else the recipe's own, else None.

    Raises:
        InvalidInputError: if weights are named for a backend that has none.
        UnusableBackendError: if the recipe's are not here.
    """
    spec = config.backend
    if config.weights is not None and not spec.network:
        raise InvalidInputError(f"{spec.label} is no network and has no weights; name none.")
    if config.weights is not None or not spec.network:
        return config.weights
    return weights.of_recipe(spec, config.recipe.weights_sha256)


def _check_sources(config: BatchConfig) -> None:
    images = Path(config.images)
    if not images.exists():
        raise InvalidInputError(f"“{images}” does not exist; choose a folder of pictures.")
    if config.from_alpha or Path(config.masks).exists():
        return
    raise InvalidInputError(
        f"“{config.masks}” does not exist; choose a folder of masks, one mask file, or “{ALPHA}”."
    )


def _check_output(config: BatchConfig) -> None:
    output = config.output_folder
    if output.exists() and not output.is_dir():
        raise InvalidInputError(f"“{config.output}” is a file; choose a folder for the results.")
    if _is_same(output, config.images_folder):
        if not config.in_place:
            raise InvalidInputError(
                f"“{config.output}” is the folder of the pictures; choose another one, or allow "
                "results among them (in place)."
            )
    elif config.masks_folder is not None and _is_same(output, config.masks_folder):
        raise InvalidInputError(
            f"“{config.output}” is the folder of the masks; choose another one for the results."
        )


def _is_same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def textual(config: BatchConfig) -> BatchConfig:
    """The settings with paths that any file can hold (`naming.text_of`)."""
    return msgspec.structs.replace(
        config,
        images=naming.text_of(config.images),
        masks=naming.text_of(config.masks),
        output=naming.text_of(config.output),
    )


def to_json(config: BatchConfig) -> str:
    """The settings as an indented JSON document.

    Raises:
        InvalidInputError: if a path is no text.
    """
    try:
        return msgspec.json.format(msgspec.json.encode(config), indent=2).decode() + "\n"
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            "A folder's name is no valid text, so the settings cannot be written; rename it."
        ) from error


def save(config: BatchConfig, path: Path) -> None:
    """Write the settings as a JSON file; all of it or nothing.

    Raises:
        InvalidInputError: if a path is no text.
        PictureError: if the file cannot be written.
    """
    text = to_json(config)
    with replacing(path) as file:
        file.write(text.encode())


def load(path: Path) -> BatchConfig | Recipe:
    """Read a file of settings: those of a folder, or the recipe of a single picture.

    Raises:
        InvalidInputError: if it cannot be read or is neither; the text names the field.
    """
    text = recipes.read(path)
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"“{path}” holds no settings: {error}.") from error
    if not isinstance(fields, dict) or "images" not in fields:
        return recipes.from_json(text, str(path))
    try:
        return msgspec.convert(fields, BatchConfig)
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"“{path}” holds no settings of a folder: {error}.") from error
