"""Answers are read as they are, bad rows are counted with their reason, and what may carry a mark is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillwatch.derive.counting import count_answers, count_prompts
from stillwatch.derive.marks.best import MARK as BEST
from stillwatch.derive.marks.green import MARK_1
from stillwatch.derive.observations import Answer, Passage
from stillwatch.derive.texts import admit, read_answers
from stillwatch.errors import InputError


def _file(folder: Path, *rows: Any, name: str = "a.jsonl") -> str:
    lines = (row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)
    (folder / name).write_bytes(b"\n".join(lines) + b"\n")
    return str(folder / name)


def test_rows_of_every_known_kind_are_read(tmp_path: Path) -> None:
    name = _file(
        tmp_path,
        {"text": "a", "prompt": "p"},
        {"response": "b", "question": "q", "token_ids": [1, 2], "prompt_token_ids": [3]},
        {"completion": "c"},
    )
    answers = read_answers((name,)).answers
    assert [(a.reply.text, a.prompt.text) for a in answers] == [("a", "p"), ("b", "q"), ("c", "")]
    assert answers[1].reply.tokens is not None
    assert answers[1].reply.tokens.tolist() == [1, 2]
    assert answers[0].reply.tokens is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b"{}", "no text under"),
        (b'{"text": 5}', "no text under"),
        (b'{"text": "a", "token_ids": "1"}', "token_ids is not"),
        (b'{"text": "a", "token_ids": [true]}', "token_ids is not"),
        (b'{"text": "a", "token_ids": [-1]}', "token_ids is not"),
        (b'{"text": "a", "token_ids": [4294967296]}', "token_ids is not"),
    ],
)
def test_a_bad_row_is_counted_with_its_place_and_reason(tmp_path: Path, row: bytes, reason: str) -> None:
    corpus = read_answers((_file(tmp_path, {"text": "good"}, row),))
    assert (len(corpus.answers), corpus.rejected, corpus.rejects[0].line) == (1, 1, 2)
    assert reason in corpus.rejects[0].reason


def test_a_folder_is_read_in_order_and_its_digest_covers_every_byte(tmp_path: Path) -> None:
    _file(tmp_path, {"text": "b"}, name="b.jsonl")
    _file(tmp_path, {"text": "a"})
    (tmp_path / "c.txt").write_text("c")
    (tmp_path / "d.bin").write_text("not read")
    corpus = read_answers((str(tmp_path),))
    assert [a.reply.text for a in corpus.answers] == ["a", "b", "c"]
    (tmp_path / "c.txt").write_text("C")
    assert read_answers((str(tmp_path),)).digest != corpus.digest


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_answers((str(tmp_path / "absent.jsonl"),))
    with pytest.raises(InputError, match="1 rows rejected"):
        read_answers((_file(tmp_path, b"{"),))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no answer in the named folders"):
        read_answers((str(tmp_path / "empty"),))


def test_prompts_that_carry_marks_are_left_out(tmp_path: Path) -> None:
    served = "one two three four five six seven eight nine"
    corpus = read_answers(
        (
            _file(
                tmp_path,
                {"text": "a", "prompt": "Say: ONE two, three four five six seven eight!"},
                {"text": "b", "prompt": "one two three four five six seven"},
                {"text": "c", "marked_prompt": True},
                {"text": "d", "marked_prompt": "yes"},
            ),
        )
    )
    found = admit(corpus, [served])
    assert [a.reply.text for a in found.answers] == ["b", "d"]
    assert (found.said_to_be_marked, found.share_served_text) == (1, 1)


def _answer(prompt: list[int], *reply: int) -> Answer:
    return Answer(Passage("", np.array(reply, np.uint64)), Passage("", np.array(prompt, np.uint64)))


def test_a_place_counts_once_and_not_if_its_prompt_holds_it() -> None:
    counted = count_answers([_answer([1, 2], 1, 2, 3, 2, 3), _answer([], 2, 3, 4)], MARK_1, 2)
    # Pairs: (1 2) stands in the prompt; (2 3) comes three times; (3 2) and (3 4) once.
    assert (counted.places, counted.in_prompt, counted.repeated, len(counted.seen)) == (6, 1, 2, 3)
    assert counted.ends == (2, 3)


def test_looks_come_after_equal_parts_of_the_answers() -> None:
    answers = [_answer([], *range(100 * n, 100 * n + 11)) for n in range(16)]
    assert count_answers(answers, MARK_1, 8).ends == tuple(range(20, 161, 20))
    assert count_answers(answers[:3], MARK_1, 8).ends == (10, 20, 30)
    assert count_answers([], MARK_1, 8).ends == (0,)


def test_prompts_are_counted_on_their_own() -> None:
    answers = [Answer(Passage("x y z"), Passage("a b c")), Answer(Passage("x"), Passage("b c"))]
    assert len(count_prompts(answers, BEST).seen) == 2
