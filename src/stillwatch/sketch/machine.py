"""How functions are compiled, and two machine instructions that Numba does not offer by itself.

Contract: ``load64`` and ``trailing_zeros`` are for compiled functions only and vanish into one instruction each.
``load64`` reads little-endian at any address and checks no bounds: the caller has made sure that eight bytes are there.
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
_WORD = ir.IntType(64)
Code = tuple[Any, Callable[..., Any]]


@cache
def _sources() -> str:
    """Digest of this package. Numba by itself sees changes of a function's own file only, not of those it calls."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def compiled(function: F) -> F:
    """Compile at first call, keep the machine code on disk, run without the GIL.

    Reference counting is off: a compiled function must not allocate. With it, passing a tuple of arrays costs more
    than hashing a sentence. The folder is Numba's own or that of ``cache``, and below it one per state of the sources.
    """
    given = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(Path(given or Path(__file__).parent / "__pycache__") / _sources())
    try:
        return cast(F, numba.njit(nogil=True, cache=True, _nrt=False)(function))
    finally:
        numba.config.CACHE_DIR = given


@intrinsic  # type: ignore[untyped-decorator]
def load64(_typing: Any, data: Any, at: Any) -> Code:
    """The eight bytes of ``data`` from ``at`` on, as one number."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.bitcast(builder.gep(array.data, [arguments[1]]), _WORD.as_pointer())
        return builder.load(place, align=1)

    return types.uint64(data, types.int64), emit


@intrinsic  # type: ignore[untyped-decorator]
def trailing_zeros(_typing: Any, number: Any) -> Code:
    """Position of the lowest set bit; 64 if there is none."""

    def emit(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), emit
