"""The ladder: every measure, from the mildest to the hardest, what it takes and what it takes away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from stillwatch.feed.decision import Parameters, Unreachable


@dataclass(frozen=True, slots=True)
class Measure:
    """A rung of the ladder.

    ``needs``: parameters that must be given; ``takes``: those that may be. ``covert``: the customer cannot notice it,
    so it exists only behind a written disclosure policy. ``on_unreachable``: what holds when the feed cannot be read.
    """

    name: str
    loses: str
    on_unreachable: Unreachable
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    covert: bool = False


_LIMITS = ("logprobs", "max_choices", "max_tokens", "reasoning", "batch")

LADDER: tuple[Measure, ...] = (
    Measure("observe", "nothing; requests are counted", "open"),
    Measure("require-verification", "every request, until the owner is verified (403)", "open"),
    Measure("throttle", "requests above a rate (429)", "open", needs=("requests_per_minute",), takes=("burst",)),
    Measure(
        "limit",
        "log probabilities, choices, tokens, reasoning or batches, as set",
        "open",
        takes=_LIMITS,
        one_of=_LIMITS,
    ),
    Measure("release-tier", "models and capabilities above a tier", "closed", needs=("tier",)),
    Measure("mark", "nothing it can notice: its outputs carry a mark", "open", needs=("mark_id",), covert=True),
    Measure("suspend", "every request (403)", "closed"),
)
NAMES = tuple(measure.name for measure in LADDER)
_ONE_PERSON = NAMES.index("throttle")


def measure_of(name: str) -> Measure | None:
    return next((measure for measure in LADDER if measure.name == name), None)


def takes_two(name: str) -> bool:
    """Whether enforcing it takes two people: everything above ``throttle``."""
    return NAMES.index(name) > _ONE_PERSON


def faults(measure: Measure, parameters: Parameters) -> Iterator[str]:
    """Everything that is wrong with the parameters of a measure."""
    given = {name for name in parameters.__struct_fields__ if getattr(parameters, name) is not None}
    known = {*measure.needs, *measure.takes}
    if missing := [name for name in measure.needs if name not in given]:
        yield f"{measure.name} needs {', '.join(missing)}"
    if measure.one_of and not given & set(measure.one_of):
        yield f"{measure.name} needs one of {', '.join(measure.one_of)}"
    if foreign := sorted(given - known):
        yield f"{measure.name} does not take {', '.join(foreign)}; it takes {', '.join(sorted(known)) or 'nothing'}"
    for name in ("requests_per_minute", "burst", "max_choices", "max_tokens"):
        value = getattr(parameters, name)
        if value is not None and not 0 < value < 1e9:
            yield f"{name} must be above 0 and below a milliard, not {value}"
    for name in ("tier", "mark_id"):
        value = getattr(parameters, name)
        if value is not None and not (value.isascii() and value.isprintable() and 0 < len(value) <= 64):
            yield f"{name} must be 1 to 64 printable ASCII characters"


def parameters_of(given: dict[str, str]) -> Parameters:
    """Parameters from text such as a command line has; ``ValueError`` names what does not fit."""
    try:
        return msgspec.convert(given, Parameters, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def parameter_names() -> tuple[str, ...]:
    return Parameters.__struct_fields__
