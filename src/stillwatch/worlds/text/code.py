# ruff: noqa: E501 (one pattern or one list of words per line)
"""Snippets, diffs, error output and requests of people who work on code with a tool."""

from __future__ import annotations

from random import Random

from stillwatch.worlds.text.phrase import lines, one

_VERBS = ("load", "merge", "flush", "parse", "trim", "rank", "fold", "emit", "split", "index", "drain", "patch", "scan", "mask", "bind", "queue")  # fmt: skip
_NOUNS = ("ledger", "route", "frame", "batch", "cursor", "voucher", "signal", "tile", "lease", "packet", "roster", "shard", "quota", "glyph", "ticket", "probe")  # fmt: skip
_BODIES = (
    "    return [{a} for {a} in {b} if {a}.{c} > {n}]",
    "    {a} = dict({b})\n    {a}['{c}'] = {a}.get('{c}', 0) + {n}\n    return {a}",
    "    for {a} in sorted({b}, key=lambda x: x.{c}):\n        yield {a}, {n}",
    "    with open({b}) as {a}:\n        return {a}.read().split('{c}')[:{n}]",
    "    if not {b}:\n        raise ValueError('{c} is empty')\n    {a} = {b}[-{n}:]\n    return {a}",
    "    {a} = sum(x.{c} for x in {b})\n    return round({a} / {n}, 2)",
)
_SQL = (
    "select {a}_id, count(*) from {b} where {c} > {n} group by 1",
    "update {b} set {c} = {n} where {a}_id in (select id from {a})",
    "select {a}.*, {b}.{c} from {a} left join {b} using ({a}_id) limit {n}",
)
_ERRORS = (
    "KeyError: '{c}'", "IndexError: list index out of range (line {n})", "TypeError: unsupported operand for '{a}' and None",
    "AssertionError: expected {n}, got None in test_{a}_{b}", "TimeoutError: {b} did not answer within {n} s",
)  # fmt: skip
_WISHES = lines(
    """
    {rename|move|split|inline} <f> {and update callers|into its own module|without breaking the tests|, please}
    {add|write} {a test|tests|a docstring|type hints} for <f> {covering|including} {the empty case|a bad value|ties|unicode}
    {why does|explain why|find out why} <f> {fail|return None|run twice|get slower over time}{?|. Here is the output:}
    {make|let} <f> {accept|handle|skip} {missing values|a stream|several files|negative numbers}
    {refactor|simplify|speed up} <f>{; keep the signature|, it is called in a hot loop| but leave the logging}
    {the build|ci|the linter} {complains about|is red because of|stops at} <f>{, fix it|. What is missing?}
    {review|look over|check} this {patch|change|diff} {for bugs|before I merge|, be strict}
    """
)


def _fill(dice: Random, pattern: str) -> str:
    return pattern.format(a=one(dice, _NOUNS), b=one(dice, _NOUNS), c=one(dice, _NOUNS), n=int(dice.random() * 90) + 2)


def function_name(dice: Random) -> str:
    return f"{one(dice, _VERBS)}_{one(dice, _NOUNS)}"


def snippet(dice: Random) -> str:
    """A short function or query."""
    if dice.random() < 0.25:
        return _fill(dice, one(dice, _SQL))
    return f"def {function_name(dice)}({one(dice, _NOUNS)}, {one(dice, _NOUNS)}):\n{_fill(dice, one(dice, _BODIES))}"


def diff(dice: Random) -> str:
    """A patch of one hunk."""
    path = f"{one(dice, ('src', 'lib', 'app', 'tools'))}/{one(dice, _NOUNS)}/{function_name(dice)}.py"
    old, new = snippet(dice), snippet(dice)
    body = "\n".join(["-" + row for row in old.splitlines()] + ["+" + row for row in new.splitlines()])
    return f"--- a/{path}\n+++ b/{path}\n@@ -{int(dice.random() * 400)},4 @@\n{body}"


def wish(dice: Random) -> str:
    """What a developer types, often with code below."""
    text = one(dice, _WISHES).say(dice, {"f": lambda: function_name(dice)})
    luck = dice.random()
    if luck < 0.3:
        return f"{text}\n\n{snippet(dice)}"
    if luck < 0.45:
        return f"{text}\n\n{diff(dice)}"
    return f"{text}\n{_fill(dice, one(dice, _ERRORS))}" if luck < 0.65 else text


def tool_result(dice: Random) -> str:
    """What a tool hands back within a session."""
    luck = dice.random()
    if luck < 0.4:
        return f"[{one(dice, ('view', 'open', 'cat'))}] {function_name(dice)}.py\n{snippet(dice)}\n\n{snippet(dice)}"
    if luck < 0.7:
        return f"[exit {int(dice.random() * 2)}] {_fill(dice, one(dice, _ERRORS))}\n{int(dice.random() * 60)} passed"
    return f"[search] {', '.join(function_name(dice) for _ in range(1 + int(dice.random() * 6)))}"
