"""What the editor remembers between two starts: one schema, one file, overrides only."""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec
import platformdirs

from app.language import Choice

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

Theme: TypeAlias = Literal["auto", "light", "dark"]
DisplayProfile: TypeAlias = Literal["system", "file", "none"]
MaskRule: TypeAlias = Literal["folder", "same", "alpha", "one"]
KeepRecipe: TypeAlias = Literal["none", "beside", "inside"]
RECENT_LIMIT = 8

Size = Annotated[float, msgspec.Meta(ge=1, le=2000)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Colour = Annotated[str, msgspec.Meta(pattern="^#[0-9a-fA-F]{6}$")]
Margin = Annotated[int, msgspec.Meta(ge=1, le=200)]
Megabytes = Annotated[int, msgspec.Meta(ge=64, le=65536)]


def page(
    group: str,
    label: str,
    text: str,
    *,
    unit: str = "",
    choices: dict[str, str] | None = None,
    files: str = "",
    waits: bool = False,
) -> msgspec.Meta:
    """What the settings page says of a field; one without it is only remembered.

    Args:
        group: the heading under which it stands.
        label: its name for people.
        text: what it does, a sentence.
        unit: of a number; "%" shows a share of 0..1 as percent.
        choices: how the values of a `Literal` are called, in the order of the list.
        files: of a file's path, which ones may be chosen, as in "ICC profiles (*.icc *.icm)".
        waits: whether a change takes effect at the next start only.
    """
    extra = {
        "group": group,
        "unit": unit,
        "choices": choices or {},
        "files": files,
        "waits": waits,
    }
    return msgspec.Meta(title=label, description=text, extra=extra)


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Every setting with its default and range; `page` puts it on the settings page.

    Attributes:
        theme: "auto" follows the system.
        language: of the window; "system" follows the system.
        display_profile: where the screen's colour profile is taken from.
        display_profile_file: path of that profile, if it is taken from a file.
        backend: id of the backend chosen last.
        options: per backend, the options that differ from its defaults.
        detail: whether fine detail is restored after a network.
        blend_match: whether a fill gets the light and colour of what is around it.
        blend_poisson: whether the step at its seam is taken away.
        blend_grain: whether it gets the grain that it lacks.
        brush_size: diameter in picture pixels.
        hardness: 0 = soft from the centre, 1 = hard edge.
        wand_tolerance: share of full scale by which colours may differ.
        wand_contiguous: whether only connected pixels count.
        mask_step: pixels by which the mask grows or shrinks.
        project_embeds: whether a project file holds the picture's file, too.
        keep_recipe: where the recipe of a saved picture is kept.
        pictures_mb: memory that open pictures may take before those shown longest ago go to disk.
        results_mb: memory that kept results may take before the oldest is dropped.
        recent: paths opened last, newest first.
        sections: which panel sections are unfolded.
        keys: keys that differ from the table in `app.actions`, by action id.
        tour_shown: whether the tour of the first start has been shown.
        training_run: folder of the training run that may be gone on with.
        training_pid: of the process that trains there; 0 = none, as far as is known.
        training_data: folder of pictures that was trained on last.
        training_speeds: by network, picture pixels a second that were measured here.
        batch_images: folder of pictures that was filled last.
        batch_rule: where its masks were.
        batch_masks: folder of masks.
        batch_mask: the one mask for all.
        batch_output: folder of the results.
        batch_recursive: whether its subfolders were looked into.
        batch_name: template of the results' names; empty = the usual one.
        geometry: Qt's window geometry, base64.
    """

    version: Literal[1] = 1
    theme: Annotated[
        Theme,
        page(
            "Looks",
            "Theme",
            "The colours of the window.",
            choices={"auto": "As the system", "light": "Light", "dark": "Dark"},
        ),
    ] = "auto"
    language: Annotated[
        Choice,
        page(
            "Looks",
            "Language",
            "The language of menus, panels and messages.",
            choices={"system": "As the system", "en": "English", "de": "Deutsch"},
            waits=True,
        ),
    ] = "system"
    display_profile: Annotated[
        DisplayProfile,
        page(
            "Colours",
            "Profile of the screen",
            "Pictures are shown through their own profile and this one; files never change.",
            choices={
                "system": "From the system, else sRGB",
                "file": "From a file",
                "none": "None: the screen is sRGB",
            },
        ),
    ] = "system"
    display_profile_file: Annotated[
        str,
        page(
            "Colours",
            "File of the profile",
            "An ICC profile that a calibration has made; counts with “From a file” only.",
            files="ICC profiles (*.icc *.icm)",
        ),
    ] = ""
    backend: str = "auto"
    options: dict[str, dict[str, bool | int | float | str]] = {}
    detail: Annotated[
        bool,
        page(
            "Inpainting",
            "Restore fine detail",
            "After a network, PatchMatch copies the picture's own texture along its fill.",
        ),
    ] = True
    blend_match: Annotated[
        bool,
        page(
            "Inpainting",
            "Match light and colour",
            "A fill that is lighter, darker or tinted against its surroundings is multiplied until "
            "both meet at the seam.",
        ),
    ] = False
    blend_poisson: Annotated[
        bool,
        page(
            "Inpainting",
            "Remove the step at the seam",
            "What is left of a step at the seam is spread smoothly over the fill (Poisson).",
        ),
    ] = False
    blend_grain: Annotated[
        bool,
        page(
            "Inpainting",
            "Match grain",
            "A smooth fill gets the noise or film grain of the picture around it.",
        ),
    ] = False
    brush_size: Annotated[
        Size, page("Tools", "Brush size", "The diameter in picture pixels.", unit="px")
    ] = 60.0
    hardness: Annotated[
        Share,
        page("Tools", "Brush hardness", "Below 100 % the brush is softer at its edge.", unit="%"),
    ] = 1.0
    pressure: Annotated[
        bool,
        page(
            "Tools",
            "Pen pressure changes the size",
            "For pens and tablets; a mouse has no pressure.",
        ),
    ] = True
    source_mode: Annotated[
        Literal["never", "only"],
        page(
            "Tools",
            "Source brush",
            "What its marks mean for the next fill.",
            choices={"never": "Never take from here", "only": "Take only from here"},
        ),
    ] = "never"
    wand_tolerance: Annotated[
        Share,
        page("Tools", "Wand tolerance", "By how much colours may differ to be marked.", unit="%"),
    ] = 0.1
    wand_contiguous: Annotated[
        bool,
        page(
            "Tools",
            "Wand marks only what is connected",
            "Off: similar colours in the whole picture.",
        ),
    ] = True
    mask_colour: Annotated[
        Colour,
        page("Mask", "Mask colour", "Choose one that the photograph does not have."),
    ] = "#ff3b5c"
    mask_opacity: Annotated[
        Share, page("Mask", "Mask opacity", "How much of the picture the mask covers.", unit="%")
    ] = 0.5
    mask_outline: Annotated[
        bool,
        page(
            "Mask",
            "Outline of the mask",
            "A line at its rim, which shows it without relying on the colour.",
        ),
    ] = True
    mask_step: Annotated[
        Margin,
        page("Mask", "Step of Grow and Shrink", "What one press of the command adds.", unit="px"),
    ] = 4
    run_after_stroke: Annotated[
        bool,
        page("Inpainting", "Inpaint after each stroke", "Off: nothing runs before Inpaint."),
    ] = False
    project_embeds: Annotated[
        bool,
        page(
            "Files",
            "Keep the picture inside projects",
            "Off: a project only notes where the picture lies, and misses it if it goes.",
        ),
    ] = True
    keep_recipe: Annotated[
        KeepRecipe,
        page(
            "Files",
            "Recipe of a saved picture",
            "How it was filled, so that “lacuna inpaint --recipe” can do so again.",
            choices={
                "none": "Keep none",
                "beside": "In a file beside it",
                "inside": "Inside the picture",
            },
        ),
    ] = "none"
    pictures_mb: Annotated[
        Megabytes,
        page(
            "Memory",
            "Memory for open pictures",
            "Pictures beyond it wait on the disk until they are shown.",
            unit="MB",
        ),
    ] = 2048
    results_mb: Annotated[
        Megabytes,
        page(
            "Memory",
            "Memory for results",
            "The oldest results that are not kept are dropped beyond it.",
            unit="MB",
        ),
    ] = 512
    recent: list[str] = []
    folder: str = ""
    sections: dict[str, bool] = {}
    panels_shown: bool = True
    keys: dict[str, list[str]] = {}
    tour_shown: bool = False
    training_run: str = ""
    training_pid: int = 0
    training_data: str = ""
    training_speeds: dict[str, float] = {}
    batch_images: str = ""
    batch_rule: MaskRule = "folder"
    batch_masks: str = ""
    batch_mask: str = ""
    batch_output: str = ""
    batch_recursive: bool = False
    batch_name: str = ""
    geometry: str = ""

    def remember(self, path: Path) -> None:
        """Put a picture at the top of the recent files."""
        name = str(path)
        self.recent = [name, *(other for other in self.recent if other != name)][:RECENT_LIMIT]


def settings_path() -> Path:
    return platformdirs.user_config_path("lacuna", appauthor=False) / "settings.json"


def log_folder() -> Path:
    return platformdirs.user_log_path("lacuna", appauthor=False)


def log_file() -> Path:
    """The log that is being written; older ones lie beside it under the same name and a number."""
    return log_folder() / "lacuna.log"


def recovery_folder() -> Path:
    return platformdirs.user_state_path("lacuna", appauthor=False) / "recovery"


def spill_folder() -> Path:
    """Where nameless files lie; a temporary folder is often memory, too."""
    return platformdirs.user_cache_path("lacuna", appauthor=False) / "resting"


def load(path: Path) -> Settings:
    """The settings of the file; defaults when it is missing.

    A damaged file never stops the program: it is moved aside and the defaults are used.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        log.warning("cannot read %s: %s", path, error)
        return Settings()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        aside = path.with_suffix(".damaged.json")
        log.warning("settings in %s are damaged (%s); moved to %s", path, error, aside)
        with contextlib.suppress(OSError):
            path.replace(aside)
        return Settings()


def save(settings: Settings, path: Path) -> None:
    """Write what differs from the defaults; a folder that cannot be written is only logged."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(settings), indent=2))
        temporary.replace(path)
    except OSError as error:
        log.warning("cannot write %s: %s", path, error)
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
