"""How functions are compiled, and a few machine instructions that Numba does not offer by itself.

Contract: the intrinsics are for compiled functions only and vanish into one to four instructions each. ``load64`` and
``bits_between`` read little-endian at any address and check no bounds: the caller has made sure that eight or ``BLOCK``
bytes are there. What they mean is the same on every processor; how wide its registers are, LLVM sees to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])
_BYTE, _WORD = ir.IntType(8), ir.IntType(64)
BLOCK = 64
"""Bytes that ``bits_between`` looks at: one bit each of a machine word."""
_LANES = ir.VectorType(_BYTE, BLOCK)
Code = tuple[Any, Callable[..., Any]]


@cache
def _sources() -> str:
    """Digest of this package. Numba by itself sees changes of a function's own file only, not of those it calls."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def compiled(function: F) -> F:
    """Compile at first call, keep the machine code on disk, run without the GIL.

    Reference counting is off: a compiled function must not allocate. With it, passing a tuple of arrays costs more
    than hashing a sentence. Everything is inlined for the same reason, and most functions have one caller. The folder
    is Numba's own or that of ``cache``, and below it one per state of the sources.
    """
    given = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(Path(given or Path(__file__).parent / "__pycache__") / _sources())
    try:
        return cast(F, numba.njit(nogil=True, cache=True, _nrt=False, forceinline=True)(function))
    finally:
        numba.config.CACHE_DIR = given


@intrinsic  # type: ignore[untyped-decorator]
def load64(_typing: Any, data: Any, at: Any) -> Code:
    """The eight bytes of ``data`` from ``at`` on, as one number."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return _load(builder, array.data, arguments[1], _WORD)

    return types.uint64(data, types.int64), emit


@intrinsic  # type: ignore[untyped-decorator]
def bits_between(_typing: Any, data: Any, at: Any, ignored: Any, first: Any, last: Any) -> Code:
    """Bit k is set if the byte at ``at + k``, its ``ignored`` bits set, is one of ``first`` to ``last``."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        _, place, ignored, first, last = arguments
        seen = builder.or_(_load(builder, array.data, place, _LANES), _splat(builder, ignored))
        past = builder.sub(seen, _splat(builder, first))  # wraps: one comparison sees to both ends
        inside = builder.icmp_unsigned("<=", past, _splat(builder, builder.sub(last, first)))
        return builder.bitcast(inside, _WORD)

    return types.uint64(data, types.int64, types.int64, types.int64, types.int64), emit


def _load(builder: Any, data: Any, at: Any, kind: Any) -> Any:
    return builder.load(builder.bitcast(builder.gep(data, [at]), kind.as_pointer()), align=1)


def _splat(builder: Any, number: Any) -> Any:
    """The low byte of ``number`` in every lane."""
    lane = ir.IntType(32)(0)
    single = builder.insert_element(_LANES(ir.Undefined), builder.trunc(number, _BYTE), lane)
    return builder.shuffle_vector(single, _LANES(ir.Undefined), ir.VectorType(ir.IntType(32), BLOCK)([0] * BLOCK))


@intrinsic  # type: ignore[untyped-decorator]
def set_bits(_typing: Any, number: Any) -> Code:
    """How many bits are set."""

    def emit(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), emit


@intrinsic  # type: ignore[untyped-decorator]
def trailing_zeros(_typing: Any, number: Any) -> Code:
    """Position of the lowest set bit; 64 if there is none."""

    def emit(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), emit
