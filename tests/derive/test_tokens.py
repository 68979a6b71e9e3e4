"""Token ids by a tokenizer file: those of the text, all of them, and none where there are some."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillwatch.derive.observations import Answer, Passage
from stillwatch.derive.tokens import open_tokenizer, with_tokens
from stillwatch.errors import InputError


@pytest.fixture
def file(tmp_path: Path, real_part: Any) -> Path:
    """Bytes as tokens; it begins every text with one of its own, cuts it after four and fills it up to six."""
    real_part("tokenizers", find_spec("tokenizers"))
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({"<s>": 0, **{letter: n for n, letter in enumerate(letters, 1)}}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]
    inner.post_processor = processors.TemplateProcessing("<s> $A", None, [("<s>", 0)])  # type: ignore[assignment]
    inner.enable_truncation(4)
    inner.enable_padding(length=6)
    inner.save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


def test_a_text_gets_all_its_ids_and_none_of_the_models_own(file: Path) -> None:
    tokenizer = open_tokenizer(str(file))
    (answer,) = with_tokens([Answer(Passage("abcdefg"), Passage("ab"))], tokenizer)
    assert answer.reply.tokens is not None and answer.prompt.tokens is not None
    assert np.diff(answer.reply.tokens.astype(np.int64)).tolist() == [1] * 6
    assert answer.prompt.tokens.tolist() == answer.reply.tokens[:2].tolist()


def test_ids_that_are_there_stay_and_half_a_character_breaks_nothing(file: Path) -> None:
    tokenizer, given = open_tokenizer(str(file)), np.array([9, 9], np.uint64)
    one, two = with_tokens([Answer(Passage("ab", given)), Answer(Passage("a\ud800b"))], tokenizer)
    assert one.reply.tokens is given and one.prompt.tokens is None
    assert two.reply.tokens is not None and len(two.reply.tokens) == 3


def test_what_is_no_tokenizer_is_said_with_its_name(tmp_path: Path, real_part: Any) -> None:
    real_part("tokenizers", find_spec("tokenizers"))
    (tmp_path / "bad.json").write_bytes(b"\xff")
    for name in ("bad.json", "absent.json"):
        with pytest.raises(InputError, match=name):
            open_tokenizer(str(tmp_path / name))
