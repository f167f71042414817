"""What the Inspect panel says: sentences about one pixel, names of levels, maps and stages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from app.language import tr

if TYPE_CHECKING:
    from engine.provenance import PlacedLevel, Source

COMPOSITE = "composite"
"""The stage in which only the hole is taken from the network's answer."""

RESULT = "result"
"""The stage at the end: what is in the picture, with nothing laid over it."""

LEAST = 0.005
"""Weights below this are no news: they would be shown as 0 %."""


def worth_showing(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """The sources that had a noticeable part, the strongest always among them."""
    return sources[:1] + tuple(each for each in sources[1:] if each.weight >= LEAST)


def of_sources(sources: tuple[Source, ...], at: tuple[int, int], level: PlacedLevel) -> str:
    """From where a pixel was borrowed; there is at least one source."""
    first, *others = sources
    away = round(math.hypot(first.x - at[0] - 0.5, first.y - at[1] - 0.5))
    x, y = math.floor(first.x), math.floor(first.y)
    if level.level.kind == "copy":
        return tr("Copied from x {x}, y {y}, {away} pixels away.", x=x, y=y, away=away)
    share, cell = percent(first.weight), round(level.cell)
    if not others:
        return tr(
            "{share} from x {x}, y {y}, {away} pixels away, {cell} pixels wide.",
            share=share,
            x=x,
            y=y,
            away=away,
            cell=cell,
        )
    return tr(
        "{share} from x {x}, y {y}, {away} pixels away, {cell} pixels wide; then {others}.",
        share=share,
        x=x,
        y=y,
        away=away,
        cell=cell,
        others=", ".join(percent(each.weight) for each in others),
    )


def percent(share: float) -> str:
    """0..1 as a figure; what is next to nothing is not called nothing."""
    return "< 1 %" if 0 < share < LEAST else f"{round(100 * share)} %"


def of_level(level: PlacedLevel) -> str:
    """What the choice of levels calls one."""
    if level.level.kind == "copy":
        return tr("Copied pixels")
    return tr("Attention, {cell} px", cell=round(level.cell))


def of_map(name: str) -> str:
    """What the choice of maps calls one."""
    kind, _, depth = name.partition(".")
    if not depth:
        return tr("Certainty") if kind == "certainty" else tr("Gate")
    factor = 2 ** int(depth)
    if kind == "certainty":
        return tr("Certainty at 1/{factor} size", factor=factor)
    return tr("Gate at 1/{factor} size", factor=factor)


def of_map_value(name: str, value: float) -> str:
    """What a map says of one pixel."""
    share = percent(value)
    if name.partition(".")[0] == "certainty":
        return tr("Certainty {share}.", share=share)
    return tr("The gate takes {share} from the encoder.", share=share)


def of_stage(key: str) -> str:
    """What the slider of stages calls one."""
    kind, _, factor = key.partition(".")
    if kind == "pyramid":
        return tr("Pyramid at 1/{factor} size", factor=factor)
    if kind == "coarse":
        return tr("Coarse picture")
    if kind == "refined":
        return tr("The network's answer")
    return tr("Its answer in the hole") if kind == COMPOSITE else tr("Result")
