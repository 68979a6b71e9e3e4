# ruff: noqa: E501 (one pattern or one list of words per line)
"""Answers of the made-up model: plausible in length and shape, empty of meaning.

An answer is a slice of a long ribbon of sentences, opened by a line about the question. Only its length and its register
matter to anybody who reads a generated log, so slicing is enough, and it costs next to nothing.
"""

from __future__ import annotations

from functools import cache
from random import Random

from stillwatch.worlds.text.phrase import lines, one

_RIBBON = lines(
    """
    {Start|Begin} with the {simplest|smallest|most obvious} case and {check|confirm|verify} that it behaves as {expected|planned}.
    {Usually|Often|In most cases} the {cause|reason|root} lies in the {first|second|previous} step rather than the {last|final} one.
    {Keep|Write down|Note} the {values|readings|amounts} so that you can {compare|go back|repeat it} later.
    If that {fails|does not help|changes nothing}, {reduce|halve|raise} the {amount|setting|temperature|interval} and {try|look} again.
    There are {two|three|four} {options|ways|routes}, and each has a {cost|drawback|trade-off} worth {knowing|naming}.
    {A good|A fair|A sensible} rule of thumb is to {allow|leave|plan} about {ten|fifteen|twenty|thirty} per cent {in reserve|as slack|extra}.
    {Do not|Never} {rush|skip|hurry} this part: it {decides|settles|fixes} how the {rest|remainder|whole} turns out.
    {Ask|Check with} somebody {on site|nearby|experienced} if the {signs|numbers|symptoms} {disagree|do not add up|look odd}.
    The {result|outcome|answer} is {close to|roughly|just above} {12|17|24|31|48|63|75} with the {values|figures} you {gave|mention}.
    {Finally|At the end|Last}, {review|go through|look over} the {list|steps|plan} once more and {cross off|mark} what is {done|settled}.
    """
)
_LEAD = lines(
    """
    {Sure|Of course|Certainly|Happy to help}. {Here is|Below is} {a short|one possible|a practical} {answer|outline|way to do it}.
    {Short answer|In short|In brief}: {yes|it depends|mostly yes|probably not}, {with|given} a few {conditions|caveats|limits}.
    {Let us|Let's} {take|go through} it {in order|one step at a time|piece by piece}.
    {Thanks for the details|Good question|That is a common one}. {The key point is this|What matters most follows}.
    """
)
_RIBBON_LENGTH = 60_000


@cache
def _ribbon(number: int) -> str:
    dice = Random(number)
    text: list[str] = []
    size = 0
    while size < _RIBBON_LENGTH:
        sentence = one(dice, _RIBBON).say(dice)
        text.append(sentence)
        size += len(sentence) + 1
    return " ".join(text)


def answer(dice: Random, tokens: float) -> str:
    """An answer of about ``tokens`` tokens (log-normal around it)."""
    size = int(4 * tokens * dice.lognormvariate(0.0, 0.45))
    if size < 40:
        return one(dice, ("Yes.", "No.", "B", "positive", "42", "C", "neutral", "unclear", "negative", "A"))
    ribbon = _ribbon(int(dice.random() * 8))
    offset = int(dice.random() * (_RIBBON_LENGTH - size - 200)) if size < _RIBBON_LENGTH - 300 else 0
    begin = ribbon.find(". ", offset) + 2
    end = ribbon.find(".", begin + size)
    return f"{one(dice, _LEAD).say(dice)} {ribbon[begin : end + 1]}"
