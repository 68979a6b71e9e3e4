"""Token ids of text that came without them, by a tokenizer file of the kind that models are published with.

Contract: ``open_tokenizer`` reads a ``tokenizer.json``; ``with_tokens`` gives ids to passages that have none and leaves
the others as they are. Ids are those of all the text and of it alone: without the tokens that a model's template adds,
and whatever length the file cuts or fills text to. Where text is cut into tokens otherwise than the sampler cut it,
places are lost and none are made up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from stillwatch import inert
from stillwatch.derive.observations import Answer, Passage
from stillwatch.errors import ConfigurationError, InputError


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """A tokenizer and the digest of its file, by which a protocol names it."""

    digest: str
    _inner: Any = field(repr=False, compare=False)

    def fill(self, passage: Passage) -> Passage:
        """The passage with ids."""
        if passage.tokens is not None or not passage.text:
            return passage
        text = passage.text.encode("utf-8", "replace").decode()  # half a character, which JSON may hold, is no text
        ids = self._inner.encode(text, add_special_tokens=False).ids
        return replace(passage, tokens=np.array(ids, dtype=np.uint64))


def open_tokenizer(name: str) -> Tokenizer:
    """``InputError`` where the file cannot be read or is none."""
    try:
        from tokenizers import Tokenizer as Inner
    except ImportError:
        raise ConfigurationError("reading a tokenizer needs tokenizers: pip install 'stillwatch[tokens]'") from None
    try:
        raw = Path(name).expanduser().read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {name}: {error.strerror or error}.") from error
    try:
        inner = Inner.from_str(raw.decode("utf-8"))
    except Exception as error:  # the library raises nothing narrower
        why = inert.text(str(error), 120)
        raise InputError(f"cannot read {name}: it is no tokenizer.json that tokenizers knows ({why}).") from error
    inner.no_truncation()
    inner.no_padding()
    return Tokenizer(hashlib.sha256(raw).hexdigest(), inner)


def with_tokens(answers: Iterable[Answer], tokenizer: Tokenizer) -> list[Answer]:
    """The answers, each with the ids of reply and prompt."""
    return [
        replace(answer, reply=tokenizer.fill(answer.reply), prompt=tokenizer.fill(answer.prompt)) for answer in answers
    ]
