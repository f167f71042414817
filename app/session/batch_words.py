"""What the Batch dialog says of plans, runs and recipes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from app.session.model_words import place
from app.session.notices import duration
from app.session.training_course import long_duration
from engine import registry
from engine.errors import InvalidInputError, UnknownBackendError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.session.batch_wish import Wish
    from app.session.batch_work import Part, Survey
    from app.settings import MaskRule
    from engine.backend import OptionValue
    from engine.batch import BatchProgress, Item, OnExisting, Plan, Report, Row
    from engine.recipe import Recipe

Mark: TypeAlias = Literal["ready", "warning", "error", "missing", "skipped", "done"]
"""A role in `app.theme.ICONS`, save "ready", which needs no mark."""


class Note(NamedTuple):
    """What a row has to say, with its mark; the text begins with the mark's word."""

    mark: Mark
    text: str


RULES: dict[MaskRule, tuple[str, str]] = {
    "folder": (
        "In a folder of their own",
        "Called like the picture, or NAME_mask, NAME-mask, NAME_mask001; subfolders alike.",
    ),
    "same": ("Beside the pictures", "Called NAME_mask, NAME-mask or NAME_mask001."),
    "alpha": ("The pictures' transparency", "What is fully transparent is filled."),
    "one": ("One mask for all", "Scaled to every picture of the same shape: for watermarks."),
}

ON_EXISTING: dict[OnExisting, str] = {
    "rename": "Give the new one a number",
    "skip": "Skip the picture",
    "overwrite": "Overwrite it",
}

PARTS: dict[Part, str] = {
    "all": "All",
    "warned": "Warnings",
    "failed": "Failing",
    "unmasked": "No mask",
    "orphans": "No picture",
}

RESULT_PARTS = {"all": "All", "done": "Done", "noted": "Remarks", "failed": "Failed",
                "skipped": "Skipped"}  # fmt: skip

LEAST_SHARE = 0.001

NO_PICTURE = "No picture: nothing is called like this mask, so it is not used."


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 picture", "1,204 pictures"."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


# --- before a run --------------------------------------------------------------------------------


def note(plan: Plan, item: Item) -> Note:
    """What will become of a picture, if that is not simply that it is filled."""
    from engine.batch import lacks_mask

    if item.intent == "failed":
        return Note("error", f"Fails: {item.reason}")
    if lacks_mask(plan.config, item):
        return Note("missing", f"No mask: {item.reason}")
    if item.intent == "skipped":
        return Note("skipped", f"Skipped: {item.reason}")
    if item.warnings:
        return Note("warning", f"Warning: {' '.join(item.warnings)}")
    return Note("ready", "")


def start_label(survey: Survey | None) -> str:
    """What the Start button does."""
    if survey is None or not survey.left:
        return "Fill"
    number = count(survey.left, "Picture")
    return f"Fill {number} More" if survey.made else f"Fill {number}"


def why_not(survey: Survey) -> str:
    """Why a plan cannot be carried out, as a sentence; empty if it can."""
    counts = survey.counts
    if survey.problem:
        return survey.problem
    if survey.left:
        return ""
    if survey.made:
        return "All pictures are filled already; switch off “Go on” to fill them once more."
    if counts.without_mask == counts.pictures:
        return "None of the pictures has a mask; look at the table, and choose other masks."
    return "None of the pictures can be filled; the table says why."


def counted(survey: Survey) -> str:
    """What a plan comes to, in a line."""
    counts = survey.counts
    parts = [f"{count(counts.pictures, 'picture')}: {counts.ready:,} can be filled"]
    parts += [f"{counts.warned:,} of them with a warning"] if counts.warned else []
    parts += [f"{counts.without_mask:,} without a mask"] if counts.without_mask else []
    parts += [f"{counts.skipped:,} skipped"] if counts.skipped else []
    parts += [f"{counts.failed:,} cannot be filled"] if counts.failed else []
    orphans = f" {count(counts.orphans, 'mask')} without a picture." if counts.orphans else ""
    return f"{', '.join(parts)}.{orphans}"


def earlier(survey: Survey) -> str:
    """What the switch for going on with an earlier run says."""
    return f"Go on: keep {count(survey.earlier, 'earlier result')}"


def method(recipe: Recipe) -> str:
    """What fills, in words: backend, seed, and the options that are not the usual ones."""
    try:
        spec = registry.get(recipe.backend)
    except UnknownBackendError as error:
        return str(error)
    usual = {option.name: option.default for option in spec.options}
    labels = {option.name: option.label.lower() for option in spec.options}
    words = [spec.label, f"seed {recipe.seed}"]
    words += [
        f"{labels.get(name, name)} {_value(value)}"
        for name, value in sorted(recipe.options.items())
        if value != usual.get(name)
    ]
    words += [] if recipe.detail else ["without detail"]
    words += [] if recipe.size == "auto" else [f"size {recipe.size}"]
    return f"{', '.join(words)}. {spec.promise}."


def _value(value: OptionValue) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def example(wish: Wish, image: str, recipe: Recipe) -> str:
    """What the result of a picture will be called; the sentence of what is wrong otherwise."""
    from engine.batch import naming
    from engine.pictures import FORMATS

    try:
        naming.check(wish.name)
    except InvalidInputError as error:
        return str(error)
    path = Path(image)
    form = FORMATS.get(path.suffix.lower(), "")
    made = naming.name_of(wish.name, path, form, backend=recipe.backend, seed=recipe.seed)
    return f"{path.name} → {made}"


# --- during and after it -------------------------------------------------------------------------


def result_note(row: Row) -> Note:
    """What became of a picture."""
    if row.status == "failed":
        return Note("error", f"Failed: {row.reason}")
    if row.status == "skipped":
        mark: Mark = "skipped" if row.mask else "missing"
        return Note(mark, f"{'Skipped' if row.mask else 'No mask'}: {row.reason}")
    if row.notices:
        return Note("warning", f"Done: {' '.join(row.notices)}")
    return Note("done", "Done")


def made_by(row: Row) -> str:
    """How a result came about; empty if there is none."""
    if not row.sha256:
        return ""
    words = [f"{percent(row.hole_share)} filled"] if row.hole_share is not None else []
    if row.backend and row.device:
        words.append(f"{registry.get(row.backend).label} on the {place(row.device)}")
    return ", ".join(words)


def percent(share: float) -> str:
    """A share of a picture for people."""
    return f"{share * 100:.1f} %" if share >= LEAST_SHARE else "< 0.1 %"


def tally(progress: BatchProgress) -> str:
    """How many pictures are what by now."""
    parts = [
        f"{progress.finished:,} of {progress.total:,}",
        f"{progress.done:,} done",
        f"{progress.skipped:,} skipped",
        f"{progress.failed:,} failed",
    ]
    return "   ".join(parts)


LOOKING = "Folder: looking at the pictures"


def standing(progress: BatchProgress) -> str:
    """How a run stands, for the status bar: "Folder: 34 of 128, 12 min left"."""
    words = f"Folder: {progress.finished:,} of {progress.total:,}"
    if progress.is_paused:
        return f"{words}, paused"
    if progress.seconds_left is None:
        return words
    return f"{words}, {long_duration(max(1.0, progress.seconds_left))} left"


def pace(progress: BatchProgress) -> str:
    """How fast it goes, and how long it will take."""
    parts = [f"{progress.per_minute:.3g} a minute"] if progress.done else []
    if progress.seconds_left is not None and not progress.is_paused:
        parts.append(f"{long_duration(max(1.0, progress.seconds_left))} left")
    return "   ".join(parts)


def ended(report: Report) -> str:
    """How a run ended, as a sentence or two."""
    done = f"{count(report.done, 'picture')} filled in {duration(max(0.1, report.seconds))}"
    rest = [f"{report.skipped:,} skipped"] if report.skipped else []
    rest += [f"{report.failed:,} failed"] if report.failed else []
    words = f"{', '.join((done, *rest))}."
    if report.ended == "finished":
        return words
    stays = "What is finished stays." if report.done else "Nothing was changed."
    left = f"{count(report.remaining, 'picture')} not reached." if report.remaining else ""
    why = "" if report.ended == "cancelled" else report.why or ""
    return " ".join(filter(None, (words, left, stays, why)))


def title(report: Report) -> str:
    """How a run ended, in a word or two."""
    names: Mapping[str, str] = {
        "finished": "Finished",
        "cancelled": "Cancelled",
        "stopped": "Stopped",
        "error": "Ended early",
    }
    return names[report.ended]
