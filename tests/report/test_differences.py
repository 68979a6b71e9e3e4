"""What differs between examples is marked, and nothing is lost on the way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.report.differences import pieces


def marked(examples: list[str]) -> list[list[str]]:
    return [[p.text for p in said if not p.common] for said in pieces(examples)]


def test_slots_are_told_from_the_template() -> None:
    examples = [f"Grade the answer about {topic} from <number>." for topic in ("rivers", "old maps", "rivers")]
    assert marked(examples) == [["rivers"], ["old maps"], ["rivers"]]


def test_one_example_differs_from_nothing() -> None:
    assert marked(["Grade it."]) == [[]]
    assert pieces([]) == ()


@given(st.lists(st.text("ab <>&.\u4e2d ", max_size=30), max_size=5))
def test_pieces_are_the_example_and_common_ones_are_the_same_everywhere(examples: list[str]) -> None:
    found = pieces(examples)
    assert ["".join(p.text for p in said) for said in found] == examples
    assert len({"".join(p.text for p in said if p.common) for said in found}) <= 1
