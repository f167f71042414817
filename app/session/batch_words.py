"""What the Batch dialog says of plans, runs and recipes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from app.language import in_sentence, told, tr, tr_later, tr_n
from app.session.blend_words import blending
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
        tr_later("In a folder of their own"),
        tr_later(
            "Called like the picture, or NAME_mask, NAME-mask, NAME_mask001; subfolders alike."
        ),
    ),
    "same": (
        tr_later("Beside the pictures"),
        tr_later("Called NAME_mask, NAME-mask or NAME_mask001."),
    ),
    "alpha": (
        tr_later("The pictures' transparency"),
        tr_later("What is fully transparent is filled."),
    ),
    "one": (
        tr_later("One mask for all"),
        tr_later("Scaled to every picture of the same shape: for watermarks."),
    ),
}

ON_EXISTING: dict[OnExisting, str] = {
    "rename": tr_later("Give the new one a number"),
    "skip": tr_later("Skip the picture"),
    "overwrite": tr_later("Overwrite it"),
}

PARTS: dict[Part, str] = {
    "all": tr_later("All"),
    "warned": tr_later("Warnings"),
    "failed": tr_later("Failing"),
    "unmasked": tr_later("No mask"),
    "orphans": tr_later("No picture"),
}

RESULT_PARTS = {
    "all": tr_later("All"),
    "done": tr_later("Done"),
    "noted": tr_later("Remarks"),
    "failed": tr_later("Failed"),
    "skipped": tr_later("Skipped"),
}

LEAST_SHARE = 0.001

NO_PICTURE = tr_later("No picture: nothing is called like this mask, so it is not used.")


def pictures(number: int) -> str:
    """How many pictures: "1 picture", "1,204 pictures"."""
    return tr_n("{n:,} picture", "{n:,} pictures", number)


# --- before a run --------------------------------------------------------------------------------


def note(plan: Plan, item: Item) -> Note:
    """What will become of a picture, if that is not simply that it is filled."""
    from engine.batch import lacks_mask

    if item.intent == "failed":
        return Note("error", tr("Fails: {reason}", reason=told(item.reason)))
    if lacks_mask(plan.config, item):
        return Note("missing", tr("No mask: {reason}", reason=told(item.reason)))
    if item.intent == "skipped":
        return Note("skipped", tr("Skipped: {reason}", reason=told(item.reason)))
    if item.warnings:
        return Note(
            "warning", tr("Warning: {warnings}", warnings=" ".join(map(told, item.warnings)))
        )
    return Note("ready", "")


def start_label(survey: Survey | None) -> str:
    """What the Start button does."""
    if survey is None or not survey.left:
        return tr("Fill")
    if survey.made:
        return tr_n("Fill {n:,} Picture More", "Fill {n:,} Pictures More", survey.left)
    return tr_n("Fill {n:,} Picture", "Fill {n:,} Pictures", survey.left)


def why_not(survey: Survey) -> str:
    """Why a plan cannot be carried out, as a sentence; empty if it can."""
    counts = survey.counts
    if survey.problem:
        return told(survey.problem)
    if survey.left:
        return ""
    if survey.made:
        return tr("All pictures are filled already; switch off “Go on” to fill them once more.")
    if counts.without_mask == counts.pictures:
        return tr("None of the pictures has a mask; look at the table, and choose other masks.")
    return tr("None of the pictures can be filled; the table says why.")


def counted(survey: Survey) -> str:
    """What a plan comes to, in a line."""
    counts = survey.counts
    parts = [
        tr(
            "{pictures}: {ready:,} can be filled",
            pictures=pictures(counts.pictures),
            ready=counts.ready,
        )
    ]
    parts += (
        [tr("{warned:,} of them with a warning", warned=counts.warned)] if counts.warned else []
    )
    parts += (
        [tr("{without_mask:,} without a mask", without_mask=counts.without_mask)]
        if counts.without_mask
        else []
    )
    parts += [tr("{skipped:,} skipped", skipped=counts.skipped)] if counts.skipped else []
    parts += [tr("{failed:,} cannot be filled", failed=counts.failed)] if counts.failed else []
    sentences = [f"{', '.join(parts)}."]
    if counts.orphans:
        sentences.append(
            tr_n("{n:,} mask without a picture.", "{n:,} masks without a picture.", counts.orphans)
        )
    return " ".join(sentences)


def earlier(survey: Survey) -> str:
    """What the switch for going on with an earlier run says."""
    return tr_n(
        "Go on: keep {n:,} earlier result", "Go on: keep {n:,} earlier results", survey.earlier
    )


def method(recipe: Recipe) -> str:
    """What fills, in words: backend, seed, and the options that are not the usual ones."""
    try:
        spec = registry.get(recipe.backend)
    except UnknownBackendError as error:
        return told(str(error))
    usual = {option.name: option.default for option in spec.options}
    labels = {option.name: in_sentence(told(option.label)) for option in spec.options}
    words = [told(spec.label), tr("seed {seed}", seed=recipe.seed)]
    words += [
        f"{labels.get(name, name)} {_value(value)}"
        for name, value in sorted(recipe.options.items())
        if value != usual.get(name)
    ]
    words += [] if recipe.detail else [tr("without detail")]
    words += blending(recipe.blend)
    words += [] if recipe.size == "auto" else [tr("size {size}", size=recipe.size)]
    return f"{', '.join(words)}. {told(spec.promise)}."


def _value(value: OptionValue) -> str:
    return (tr("on") if value else tr("off")) if isinstance(value, bool) else told(str(value))


def example(wish: Wish, image: str, recipe: Recipe) -> str:
    """What the result of a picture will be called; the sentence of what is wrong otherwise."""
    from engine.batch import naming
    from engine.pictures import FORMATS

    try:
        naming.check(wish.name)
    except InvalidInputError as error:
        return told(str(error))
    path = Path(image)
    form = FORMATS.get(path.suffix.lower(), "")
    made = naming.name_of(wish.name, path, form, backend=recipe.backend, seed=recipe.seed)
    return f"{path.name} → {made}"


# --- during and after it -------------------------------------------------------------------------


def result_note(row: Row) -> Note:
    """What became of a picture."""
    if row.status == "failed":
        return Note("error", tr("Failed: {reason}", reason=told(row.reason)))
    if row.status == "skipped":
        mark: Mark = "skipped" if row.mask else "missing"
        why = told(row.reason)
        text = (
            tr("Skipped: {reason}", reason=why) if row.mask else tr("No mask: {reason}", reason=why)
        )
        return Note(mark, text)
    if row.notices:
        return Note("warning", tr("Done: {notices}", notices=" ".join(map(told, row.notices))))
    return Note("done", tr("Done"))


def made_by(row: Row) -> str:
    """How a result came about; empty if there is none."""
    if not row.sha256:
        return ""
    words = (
        [tr("{share} filled", share=percent(row.hole_share))] if row.hole_share is not None else []
    )
    if row.backend and row.device:
        words.append(
            tr(
                "{label} on the {device}",
                label=told(registry.get(row.backend).label),
                device=place(row.device),
            )
        )
    return ", ".join(words)


def percent(share: float) -> str:
    """A share of a picture for people."""
    return tr("{share:.1f} %", share=share * 100) if share >= LEAST_SHARE else tr("< 0.1 %")


def tally(progress: BatchProgress) -> str:
    """How many pictures are what by now."""
    parts = [
        tr("{finished:,} of {total:,}", finished=progress.finished, total=progress.total),
        tr("{done:,} done", done=progress.done),
        tr("{skipped:,} skipped", skipped=progress.skipped),
        tr("{failed:,} failed", failed=progress.failed),
    ]
    return "   ".join(parts)


LOOKING = tr_later("Folder: looking at the pictures")


def standing(progress: BatchProgress) -> str:
    """How a run stands, for the status bar: "Folder: 34 of 128, 12 min left"."""
    words = tr(
        "Folder: {finished:,} of {total:,}", finished=progress.finished, total=progress.total
    )
    if progress.is_paused:
        return tr("{words}, paused", words=words)
    if progress.seconds_left is None:
        return words
    left = long_duration(max(1.0, progress.seconds_left))
    return tr("{words}, {time} left", words=words, time=left)


def pace(progress: BatchProgress) -> str:
    """How fast it goes, and how long it will take."""
    parts = (
        [tr("{per_minute:.3g} a minute", per_minute=progress.per_minute)] if progress.done else []
    )
    if progress.seconds_left is not None and not progress.is_paused:
        parts.append(tr("{time} left", time=long_duration(max(1.0, progress.seconds_left))))
    return "   ".join(parts)


def ended(report: Report) -> str:
    """How a run ended, as a sentence or two."""
    done = tr(
        "{pictures} filled in {time}",
        pictures=pictures(report.done),
        time=duration(max(0.1, report.seconds)),
    )
    rest = [tr("{skipped:,} skipped", skipped=report.skipped)] if report.skipped else []
    rest += [tr("{failed:,} failed", failed=report.failed)] if report.failed else []
    words = f"{', '.join((done, *rest))}."
    if report.ended == "finished":
        return words
    stays = tr("What is finished stays.") if report.done else tr("Nothing was changed.")
    left = (
        tr_n("{n:,} picture not reached.", "{n:,} pictures not reached.", report.remaining)
        if report.remaining
        else ""
    )
    why = "" if report.ended == "cancelled" else told(report.why or "")
    return " ".join(filter(None, (words, left, stays, why)))


def title(report: Report) -> str:
    """How a run ended, in a word or two."""
    names: Mapping[str, str] = {
        "finished": tr("Finished"),
        "cancelled": tr("Cancelled"),
        "stopped": tr("Stopped"),
        "error": tr("Ended early"),
    }
    return names[report.ended]
