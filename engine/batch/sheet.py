"""The contact sheet of a run: one HTML page that needs nothing beside it.

What failed comes first, then a sample of the results with before, hole and after, spread evenly
over all. So the page opens as quickly for a million pictures as for ten; the table beside it has a
line for each.
"""

from __future__ import annotations

import base64
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from engine.batch.holes import hole_of
from engine.batch.naming import text_of
from engine.batch.outlook import duration
from engine.batch.thumbnails import pictured, thumbnails
from engine.errors import EngineError
from engine.jobs import Progress
from engine.pictures import open_picture
from engine.pictures.files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from engine.batch.config import BatchConfig
    from engine.batch.items import Item, Plan
    from engine.batch.report import Report, Row
    from engine.batch.thumbnails import Thumbnails
    from engine.jobs import CancelToken, Steps

MOST_LISTED = 1000
"""Lines in a list of the page; the CSV file has all."""

_STYLE = """
:root { color-scheme: light dark; --line: #8885; --soft: #8882; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0 }
dt { opacity: .75 } dd { margin: 0; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem .3rem 0; text-align: left;
  vertical-align: top; overflow-wrap: anywhere }
.failed h2 { color: var(--bad) }
.cards { display: grid; gap: 1.2rem;
  grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)) }
figure { margin: 0; padding: .7rem; background: var(--soft); border-radius: 6px }
figure div { display: grid; grid-template-columns: repeat(3, 1fr); gap: .4rem }
img { width: 100%; height: auto; display: block }
figcaption { margin-top: .5rem; overflow-wrap: anywhere }
small { opacity: .8 }
"""


def completed(
    pictures: dict[str, Thumbnails], plan: Plan, rows: Sequence[Row], token: CancelToken
) -> Steps[None]:
    """Add thumbnails of results that an earlier run made, from the files.

    Raises:
        Cancelled: once the token is cancelled.
    """
    kept = {row.image for row in rows if row.status == "skipped" and row.sha256}
    missing = [item for item in pictured(plan.ready) if text_of(item.image) in kept]
    for number, item in enumerate(missing):
        token.check()
        yield Progress(number, len(missing), "Drawing the contact sheet")
        small = _from_files(item, plan.config)
        if small is not None:
            pictures[text_of(item.image)] = small


def _from_files(item: Item, config: BatchConfig) -> Thumbnails | None:
    """Thumbnails of a picture and its result; None if a file cannot be read any more."""
    try:
        before = open_picture(item.image, pixel_limit=config.pixel_limit)
        hole = hole_of(config, item, (before.width, before.height)).hole
        after = open_picture(item.output or item.image, pixel_limit=config.pixel_limit)
    except EngineError:
        return None
    return thumbnails(before.pixels, hole, after.pixels)


def save(report: Report, pictures: Mapping[str, Thumbnails], path: Path) -> None:
    """Write the page.

    Raises:
        PictureError: if it cannot be written.
    """
    with replacing(path) as file:
        for part in page(report, pictures):
            file.write(part.encode())


def page(report: Report, pictures: Mapping[str, Thumbnails]) -> Iterator[str]:
    """The page, in pieces.

    Args:
        report: of the run.
        pictures: thumbnails, by `Row.image`.
    """
    title = f"Lacuna: {_text(Path(report.config.images).name)}"
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title}</h1>\n"
    )
    yield _summary(report)
    failed = [row for row in report.files if row.status == "failed"]
    skipped = [row for row in report.files if row.status == "skipped"]
    yield from _listed("failed", "Failed", [(row.image, row.reason or "") for row in failed])
    yield from _listed("noted", "Worth a look", _noted(report))
    yield from _shown([row for row in report.files if row.image in pictures], pictures)
    yield from _listed("skipped", "Skipped", [(row.image, row.reason or "") for row in skipped])
    yield from _listed(
        "orphans", "Masks without a picture", [(mask, "") for mask in report.orphans]
    )
    yield "</main>\n</body>\n</html>\n"


def _noted(report: Report) -> list[tuple[str, str]]:
    return [(row.image, " ".join(row.notices)) for row in report.files if row.notices]


def _summary(report: Report) -> str:
    recipe = report.config.recipe
    facts = {
        "Pictures": f"{report.done} done, {report.skipped} skipped, {report.failed} failed"
        + (f", {report.remaining} not reached" if report.remaining else ""),
        "Ended": report.why or report.ended,
        "Began": f"{_clock(report.started)}, took {duration(report.seconds)}",
        "Backend": f"{recipe.backend}, seed {recipe.seed}",
        "Folder of pictures": report.config.images,
        "Masks": report.config.masks,
        "Results": report.config.output,
        "Made by": f"Lacuna {report.app_version}",
    }
    lines = (f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in facts.items())
    return "<dl>\n" + "\n".join(lines) + "\n</dl>\n"


def _clock(moment: str) -> str:
    """A moment of ISO 8601 as people write it, in the zone it was noted in."""
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M %Z}"


def _listed(kind: str, title: str, lines: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A table of pictures and what there is to say about them; nothing if there are none."""
    if not lines:
        return
    more = len(lines) - MOST_LISTED
    yield f'<section class="{kind}" aria-labelledby="{kind}">\n<h2 id="{kind}">{title} '
    yield f'({len(lines)})</h2>\n<table>\n<tr><th scope="col">File</th><th scope="col">'
    yield "Reason</th></tr>\n"
    for name, reason in lines[:MOST_LISTED]:
        yield f"<tr><td>{_text(name)}</td><td>{_text(reason)}</td></tr>\n"
    yield "</table>\n"
    if more > 0:
        yield f"<p>And {more} more; the CSV file beside this page has all.</p>\n"
    yield "</section>\n"


def _shown(rows: Sequence[Row], pictures: Mapping[str, Thumbnails]) -> Iterator[str]:
    if not rows:
        return
    yield '<section aria-labelledby="results">\n<h2 id="results">Results '
    yield f'({len(rows)} shown)</h2>\n<div class="cards">\n'
    for row in rows:
        yield _card(row, pictures[row.image])
    yield "</div>\n</section>\n"


def _card(row: Row, small: Thumbnails) -> str:
    name = _text(Path(row.image).name)
    views = {"before": small.before, "the hole": small.hole, "after": small.after}
    images = "".join(
        f'<img loading="lazy" alt="{name}, {view}" '
        f'src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
        for view, data in views.items()
    )
    facts = [
        f"{row.hole_share:.1%} filled" if row.hole_share is not None else "",
        f"{row.backend} on {row.device}" if row.device else "",
        f"{row.seconds:.1f} s",
    ]
    said = " · ".join(filter(None, facts))
    return (
        f"<figure>\n<div>{images}</div>\n<figcaption>{name}<br><small>{_text(said)}</small>"
        "</figcaption>\n</figure>\n"
    )


def _text(text: str) -> str:
    """Text as HTML, quotes too; characters that no page can hold become question marks."""
    return escape(text.encode("utf-8", "replace").decode("utf-8"))
