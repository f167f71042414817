# ruff: noqa: ARG001 - an intrinsic names its arguments for numba; the code gets them as a list
"""Vector instructions for the two innermost loops of PatchMatch: compare a patch, cast its vote.

A pixel is four bytes (`CHANNELS`), so eight of them fill a 256-bit register. Written as a plain
loop, LLVM compares 16 bytes at a time and keeps sums in memory; said as vectors, a 7x7 patch takes
11 ns instead of 62 (measured). The vectors are LLVM's own, of any width: each processor splits
them as it needs.

A patch is read in columns of `SPAN` pixels, of which a `window` says which ones count. Reading
therefore runs up to `SLACK` bytes past a patch: features are allocated with as many spare ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]  # comes with numba
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

Bytes = npt.NDArray[np.uint8]
Weights = npt.NDArray[np.float32]

Typed: TypeAlias = Any  # numba and llvmlite come without types

CHANNELS = 4
SPAN = 8
WIDE = SPAN * CHANNELS
SLACK = 2 * WIDE

_BYTE, _SHORT, _INT = ir.IntType(8), ir.IntType(16), ir.IntType(32)
_LONG, _FLOAT = ir.IntType(64), ir.FloatType()


def vector(function: Callable[..., Any]) -> Typed:
    """Make a function that builds LLVM code callable from compiled ones, less its `typing`."""
    return intrinsic(function)


def window(patch: int) -> Weights:
    """Which of the pixels that a patch's rows are read with belong to it: 1, else 0.

    Returns:
        (columns * (WIDE + SPAN),): for each column `WIDE` values by byte, `SPAN` by pixel.
    """
    columns = -(-patch // SPAN)
    inside = (np.arange(columns * SPAN) < patch).astype(np.float32).reshape(columns, SPAN)
    return np.concatenate([np.repeat(inside, CHANNELS, axis=1), inside], axis=1).reshape(-1)


def spare(pixels: int) -> Bytes:
    """(pixels * CHANNELS,) zero bytes that may be read `SLACK` bytes beyond."""
    return np.zeros(pixels * CHANNELS + SLACK, np.uint8)[: pixels * CHANNELS]


def _data(context: Typed, builder: Typed, kind: Typed, array: Typed) -> Typed:
    return context.make_array(kind)(context, builder, array).data


def _place(builder: Typed, base: Typed, index: Typed, kind: Typed) -> Typed:
    return builder.bitcast(builder.gep(base, [index]), kind.as_pointer())


def _load(builder: Typed, base: Typed, index: Typed, kind: Typed) -> Typed:
    value = builder.load(_place(builder, base, index, kind))
    value.align = 1 if kind.element == _BYTE else 4
    return value


def _filled(builder: Typed, value: Typed, count: int) -> Typed:
    nothing = ir.Constant(ir.VectorType(_FLOAT, count), ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(_INT, 0))
    return builder.shuffle_vector(
        first, nothing, ir.Constant(ir.VectorType(_INT, count), [0] * count)
    )


def _compare(context: Typed, builder: Typed, signature: Typed, args: Typed) -> Typed:
    """The code of `difference`."""
    short, wide = ir.VectorType(_SHORT, WIDE), ir.VectorType(_INT, WIDE)
    features, keep = (_data(context, builder, signature.args[i], args[i]) for i in (0, 4))
    counts = _load(builder, keep, ir.Constant(_LONG, 0), ir.VectorType(_FLOAT, WIDE))
    mask = builder.fptosi(counts, short)
    zeros: Typed = ir.Constant(wide, [0] * WIDE)
    total = cgutils.alloca_once_value(builder, zeros)  # type: ignore[no-untyped-call]
    with cgutils.for_range(builder, args[5]) as loop:
        shift = builder.mul(loop.index, args[3])

        def row(start: Typed) -> Typed:
            place = builder.add(start, shift)
            return builder.zext(_load(builder, features, place, ir.VectorType(_BYTE, WIDE)), short)

        step = builder.mul(builder.sub(row(args[1]), row(args[2])), mask)
        step = builder.sext(step, wide)
        builder.store(builder.add(builder.load(total), builder.mul(step, step)), total)
    name = f"llvm.vector.reduce.add.v{WIDE}i32"
    kind = ir.FunctionType(_INT, [wide])
    add = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
        builder.module, kind, name
    )
    return builder.call(add, [builder.load(total)])


@vector
def difference(
    typing: Typed, features: Typed, a: Typed, b: Typed, stride: Typed, keep: Typed, rows: Typed
) -> Typed:
    """Sum of squared differences of two columns of pixels.

    Args:
        typing: of numba.
        features: bytes.
        a: index of the first column's first byte.
        b: of the second's.
        stride: bytes from row to row.
        keep: (WIDE,) floats, 0 where a byte does not count.
        rows: number of rows.
    """
    long = types.int64
    return types.int32(features, long, long, long, keep, long), _compare


@vector
def deposit(
    typing: Typed,
    features: Typed,
    source: Typed,
    stride: Typed,
    sums: Typed,
    weights: Typed,
    target: Typed,
    width: Typed,
    keep: Typed,
    weight: Typed,
    rows: Typed,
) -> Typed:
    """Add a column of pixels, times `weight`, to running sums, and `weight` to those of weights.

    Args:
        typing: of numba.
        features: bytes.
        source: index of the column's first byte.
        stride: bytes from row to row.
        sums: floats, `CHANNELS` a pixel.
        weights: floats, one a pixel.
        target: index of the first pixel in `weights`.
        width: pixels from row to row there.
        keep: (WIDE + SPAN,) floats, 0 where a byte or a pixel does not count.
        weight: of this patch.
        rows: number of rows.
    """

    def build(context: Typed, builder: Typed, signature: Typed, args: Typed) -> Typed:
        by_byte, by_pixel = ir.VectorType(_FLOAT, WIDE), ir.VectorType(_FLOAT, SPAN)
        data = [_data(context, builder, signature.args[i], args[i]) for i in (0, 3, 4, 7)]
        base, total, share, kept = data

        def scaled(start: int, kind: Typed) -> Typed:
            counts = _load(builder, kept, ir.Constant(_LONG, start), kind)
            return builder.fmul(counts, _filled(builder, args[8], kind.count))

        def add(to: Typed, index: Typed, value: Typed) -> None:
            old = _load(builder, to, index, value.type)
            stored = builder.store(builder.fadd(old, value), _place(builder, to, index, value.type))
            stored.align = 4

        scale, part = scaled(0, by_byte), scaled(WIDE, by_pixel)
        with cgutils.for_range(builder, args[9]) as loop:
            start = builder.add(args[1], builder.mul(loop.index, args[2]))
            pixel = builder.add(args[5], builder.mul(loop.index, args[6]))
            colours = _load(builder, base, start, ir.VectorType(_BYTE, WIDE))
            proposed = builder.fmul(builder.uitofp(colours, by_byte), scale)
            add(total, builder.mul(pixel, ir.Constant(_LONG, CHANNELS)), proposed)
            add(share, pixel, part)
        return context.get_dummy_value()

    long = types.int64
    arguments = (features, long, long, sums, weights, long, long, keep, types.float32, long)
    return types.void(*arguments), build
