# ruff: noqa: E501 (one pattern or one list of words per line)
"""Paragraphs to be summarised, translated, classified or mined for facts; and short messages of customers."""

from __future__ import annotations

from random import Random

from stillwatch.worlds.text import tongues
from stillwatch.worlds.text.names import company, surname
from stillwatch.worlds.text.phrase import Slots, lines, one
from stillwatch.worlds.text.topics import TOPICS, Topic

_FACTS = lines(
    """
    {On|By|Since} {Monday|Tuesday|the 3rd|the 14th|the 27th} <who> {reported|noted|announced|confirmed} that <snag> <scene>.
    <firm> {ordered|returned|inspected|delivered} <n> {units|boxes|sets} {for|concerning|in connection with} <thing>, {worth|billed at|priced at} <n>.<c>.
    {The committee|The crew|The tenants|Our team} {agreed|voted|refused} to <job> {before|after|until} <who> {returns|has signed|finds a replacement}.
    {Earlier|Meanwhile|In spring|Overnight}, <thing> {was moved|was swapped|failed|was photographed} {next to|instead of|because of} <other>.
    <who> {wants|proposes|offers} to <job> <scene>, {which|and this} would {cost|save|take} about <n> {hours|euros|days}.
    {Nobody|Only <who>|Half of the visitors} {noticed|complained|asked} {about|when it came to} <thing>; {still|even so}, <snag>.
    {Item|Reference|Case} <n>-<c>: <thing>, {status|state} {open|closed|waiting for <firm>}.
    {According to|As told by|In the words of} <who>, {one should|we must|it is wise to} <job> {and keep|rather than touch} <other>.
    """
)
_MESSAGES = lines(
    """
    {Hello|Dear team|Hi}, {order|parcel|booking|contract} <n>-<c> {has not arrived|came damaged|was billed twice|needs a change}: <snag>.
    {I am|We are} {very|quite|not at all} {happy|satisfied|pleased} with {your service|<thing>}, {because|although} <snag>.
    {Please|Could you} {cancel|extend|move} my {appointment|subscription|delivery} {until|to|by} the {4th|11th|19th|25th}, <scene>. {Regards|Thanks}, <who>
    {What is|How much is} the {price|fee|deposit} for <thing> <scene>? {Phone|Call} <n><c>{ after six| in the morning|}.
    {Third|Second|Last} {reminder|time I write}: <snag>, and nobody {answers|calls back|cares}. <who>
    {5 stars|Great|Meh|Never again|Two stars}: <thing> {arrived|broke|worked} {on time|after a week|at once}, <snag>.
    """
)


def _slots(dice: Random, topic: Topic) -> Slots:
    return {
        "who": lambda: surname(dice),
        "firm": lambda: company(dice),
        "thing": lambda: one(dice, topic.things),
        "other": lambda: one(dice, topic.things),
        "job": lambda: one(dice, topic.jobs),
        "snag": lambda: one(dice, topic.snags),
        "scene": lambda: one(dice, topic.scenes),
        "n": lambda: str(int(dice.random() * 8800) + 14),
        "c": lambda: f"{int(dice.random() * 100):02d}",
    }


def paragraph(dice: Random, sentences: int, language: str = "en", topic: Topic | None = None) -> str:
    """A report of some sentences."""
    if language != "en":
        return tongues.paragraph(dice, language, sentences)
    slots = _slots(dice, topic or one(dice, TOPICS))
    return " ".join(one(dice, _FACTS).say(dice, slots) for _ in range(sentences))


def message(dice: Random, topic: Topic | None = None) -> str:
    """What a customer writes."""
    return one(dice, _MESSAGES).say(dice, _slots(dice, topic or one(dice, TOPICS)))
