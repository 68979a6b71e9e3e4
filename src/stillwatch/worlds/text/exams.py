# ruff: noqa: E501 (one pattern or one list of words per line)
"""Exam-like questions: numbers, choices and short proofs over made-up situations.

A *public benchmark* is a fixed list drawn from its own name: every team that runs it sends the same questions.
"""

from __future__ import annotations

from functools import cache
from random import Random

from stillwatch.worlds.text.asides import added
from stillwatch.worlds.text.phrase import Slots, lines, one
from stillwatch.worlds.text.topics import TOPICS

_QUESTIONS = lines(
    """
    {A|One} {farmer|printer|courier|weaver|baker|diver} {packs|sells|carries|makes} <n> {crates|rolls|boxes|ropes|loaves} {per day|an hour|each week} and {loses|keeps|gives away} {one in|every} <k>. {How many remain after|What is left after} <k> {days|rounds|weeks}?
    {Two|Three} {pumps|machines|clerks|looms} need <n> and <m> {minutes|hours} for {one tank|a batch|the same job}. {How long together|How long do they take jointly}?
    {An urn|A drawer|A bag} holds <n> {red|blue|smooth} and <m> {green|white|rough} {beads|cards|socks}. {Two|Three} are drawn {with|without} replacement: {what is the chance of|how likely is} {one of each|no pair|all alike}?
    {For which|Find every} {integer|real} x {does|such that} x^2 {-|+} <n>x {+|-} <m> {equal 0|stay below <k>|be a square}?
    {A train|A ferry|A cyclist} {leaves|sets off} at <h>:<mm> at <n> km/h; {another|a second one} follows <k> minutes later at <m> km/h. {Where|When} {do they meet|does it catch up}?
    {Let|Suppose} f(x) = <k>x^<e> {+|-} <n>x. {Compute|Determine|Find} {the derivative at|the slope at|f of} x = <m>{ and the tangent there||, then the zeros}.
    {A spring|A beam|A disc|A block} of <n> {kg|g} {slides|rotates|rests} {on a ramp of|at} <m> {degrees|percent}. {Neglect friction|With friction 0.<k>}: {what force|which acceleration} {acts|results}?
    {Which|What} {statement|reason} about <thing> is {correct|false|best supported}? (A) {it needs|one must} <job> (B) <snag> (C) {both|neither} (D) {cannot be said|depends on} <other>
    {Prove|Show|Argue} that the {sum|product} of <k> consecutive {odd|even|} integers is {divisible by <e>|never a prime|not a square}{.| if the first exceeds <n>.}
    {How many|In how many ways can} {<k>-letter words|teams of <e>|routes on a <e> by <k> grid} {be formed|be drawn up} {without|with} {repetition|two neighbours alike|crossing the diagonal}{?| from <n> symbols?}
    {The|A} {mean|median|variance} of <n> readings is <m>; after {removing|adding|doubling} one of <k> it {becomes|is}? {Round to two places|Exact fraction}.
    {Translate into logic|Negate}: {every|some|no} {sailor|potter|bee keeper|clerk} who {can|wants to|must} <job> {also|never} {owns|fears|repairs} <thing>{ and <n> others||, if <k> do}.
    {Mixing|Heating|Diluting} <n> ml of {acid|brine|dye} at <m> % {with|into} <k> ml {water|of the same at <e> %}: {what concentration|how much solute} {results|is there}?
    """
)


def question(dice: Random) -> str:
    """A fresh question; repeats are rare."""
    topic = one(dice, TOPICS)
    slots: Slots = {
        "n": lambda: str(int(dice.random() * 940) + 12),
        "m": lambda: str(int(dice.random() * 380) + 5),
        "k": lambda: str(int(dice.random() * 45) + 3),
        "e": lambda: str(int(dice.random() * 9) + 2),
        "h": lambda: str(int(dice.random() * 24)),
        "mm": lambda: f"{int(dice.random() * 60):02d}",
        "thing": lambda: one(dice, topic.things),
        "other": lambda: one(dice, topic.things),
        "job": lambda: one(dice, topic.jobs),
        "snag": lambda: one(dice, topic.snags),
    }
    return added(dice, one(dice, _QUESTIONS).say(dice, slots), ASIDE)


ASIDE = 0.15
"""Chance that a question asks for its working."""


@cache
def benchmark(name: str, size: int) -> tuple[str, ...]:
    """The questions of a public benchmark, the same for everybody."""
    dice = Random(f"benchmark {name}")
    return tuple(question(dice) for _ in range(size))
