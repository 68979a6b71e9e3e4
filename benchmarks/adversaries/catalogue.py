"""Every adversary that is measured, one line of the table each."""

from __future__ import annotations

from benchmarks.adversaries.cell import Cell
from stillwatch.worlds.operators.force import Force

POISSON = Force(schedule="random", rhythm="poisson")
CAREFUL = Force(
    schedule="random",
    rhythm="poisson",
    hours="waking",
    infrastructure="steady_homes",
    payment="virtual",
    age_days=200.0,
    cover=0.6,
)
"""Nothing left but words: people's hours and homes, aged accounts, a card each, mostly ordinary chat."""

CELLS: tuple[Cell, ...] = (
    Cell(name="reference", family="reference", says="work in turn, evenly spaced, nothing hidden but the exits"),
    Cell(name="jitter-0.5", family="jitter", says="times off by half a slot", force=Force(jitter=0.5)),
    Cell(name="jitter-2", family="jitter", says="times off by 2 slots", force=Force(jitter=2.0)),
    Cell(name="jitter-5", family="jitter", says="times off by 5 slots", force=Force(jitter=5.0)),
    Cell(name="jitter-10", family="jitter", says="times off by 10 slots", force=Force(jitter=10.0)),
    Cell(name="poisson", family="poisson", says="random times, refused work stays where it was", force=POISSON),
    Cell(
        name="poisson-siblings-0.3",
        family="poisson",
        says="random times, refused work moves to a sibling, coin 0.3 %",
        force=Force(schedule="random", rhythm="poisson", siblings=True),
        shed=0.003,
    ),
    Cell(
        name="poisson-siblings-1",
        family="poisson",
        says="random times, refused work moves to a sibling, coin 1 %",
        force=Force(schedule="random", rhythm="poisson", siblings=True),
        shed=0.01,
    ),
    Cell(name="careful", family="poisson", says="random times, people's hours and homes, 60 % chat", force=CAREFUL),
    Cell(
        name="careful-2000",
        family="poisson",
        says="the same with 2,000 wordings",
        force=CAREFUL,
        wordings=2000,
    ),
    Cell(name="cover-50", family="cover", says="half of the requests are ordinary chat", force=Force(cover=0.5)),
    Cell(name="cover-70", family="cover", says="70 % of the requests are ordinary chat", force=Force(cover=0.7)),
    Cell(name="accounts-8", family="accounts", says="8 accounts", accounts=8),
    Cell(name="accounts-20", family="accounts", says="20 accounts", accounts=20),
    Cell(name="accounts-80", family="accounts", says="80 accounts", accounts=80),
    Cell(name="accounts-200", family="accounts", says="200 accounts, two operators a week", accounts=200, at_once=2),
    Cell(name="wordings-1", family="wordings", says="one wording", wordings=1),
    Cell(name="wordings-200", family="wordings", says="200 wordings", wordings=200),
    Cell(name="wordings-2000", family="wordings", says="2,000 wordings", wordings=2000),
    Cell(
        name="pool-one-method",
        family="pool",
        says="two operators of one method behind one proxy pool",
        methods=("elicitation", "elicitation", "fixed_template", "fixed_template", "prompt_mill", "prompt_mill"),
        at_once=2,
    ),
    Cell(name="pool-two-methods", family="pool", says="two operators of two methods behind one proxy pool", at_once=2),
    Cell(
        name="framing-3",
        family="framing",
        says="20 stolen keys for each operator send 3 copies each",
        force=Force(stolen=20, copies=3),
    ),
    Cell(
        name="framing-12",
        family="framing",
        says="20 stolen keys for each operator send 12 copies each",
        force=Force(stolen=20, copies=12),
    ),
    Cell(
        name="framing-60",
        family="framing",
        says="20 stolen keys for each operator send 60 copies each",
        force=Force(stolen=20, copies=60),
    ),
)
"""All operators of a week rent their exits from one proxy pool; the family ``pool`` asks whether two are told apart."""

FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(cell.family for cell in CELLS))


def chosen(wanted: str) -> tuple[Cell, ...]:
    """The cells that a comma-separated list of names and families means, in the catalogue's order."""
    asked = {word.strip() for word in wanted.split(",") if word.strip()}
    known = {*FAMILIES, *(cell.name for cell in CELLS)}
    if unknown := sorted(asked - known):
        raise ValueError(f"no cell or family {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return tuple(cell for cell in CELLS if not asked or asked & {cell.name, cell.family})
