"""Two machine instructions that Numba does not offer by itself: load eight bytes at once, count trailing zero bits.

Contract: for use inside compiled functions only. ``load64`` reads little-endian at any address and checks no bounds: the
caller has made sure that eight bytes are there. Both vanish into one instruction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_WORD = ir.IntType(64)
Code = tuple[Any, Callable[..., Any]]


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
    """Position of the lowest set bit; ``number`` must not be 0."""

    def emit(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), emit
