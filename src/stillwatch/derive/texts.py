"""What a suspect wrote, from files; and which of it a test may count.

Contract: ``read_answers`` reads JSON lines (one answer a line, with its prompt where known) and plain text (one file,
one answer), files or folders. A row that cannot be read is counted with file, line and reason; a file that cannot be
read at all raises ``InputError``. ``admit`` drops answers to prompts that carry marks, because their author may have
given the mark back to us: rows that say so, and prompts that share eight words in a row with text that was served. Both
rules look at the text alone, never at a key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from stillwatch import inert
from stillwatch.derive.observations import Answer, Passage
from stillwatch.errors import InputError

REPLY_NAMES = ("text", "response", "answer", "completion", "output")
PROMPT_NAMES = ("prompt", "question", "input")
SHARED_WORDS = 8
"""So many words in a row do not coincide by chance often."""
_TEXT_SUFFIXES = (".txt", ".md")
_LINE_SUFFIXES = (".jsonl", ".ndjson")
_WORD = re.compile(r"\w+")
_MOST_REASONS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not be read."""

    file: str
    line: int
    reason: str


@dataclass(slots=True)
class Corpus:
    """Answers in the order of the files, what was rejected, and a digest of every byte that was read."""

    answers: list[Answer] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    rejected: int = 0
    files: list[str] = field(default_factory=list)
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Answers a test may count, and how many were dropped for which reason."""

    answers: tuple[Answer, ...]
    said_to_be_marked: int
    share_served_text: int


def read_answers(names: Sequence[str]) -> Corpus:
    """Everything in ``names``, files or folders."""
    corpus, whole = Corpus(), hashlib.sha256()
    for path in _files(names):
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise InputError(
                f"cannot read {path}: {error.strerror or error}. Name files or folders that exist."
            ) from error
        whole.update(len(raw).to_bytes(8, "big") + raw)
        corpus.files.append(inert.text(str(path)))
        _read_file(path, raw, corpus)
    corpus.digest = whole.hexdigest()
    if not corpus.answers:
        raise InputError(
            f"no answer in {', '.join(corpus.files) or 'the named folders'} ({corpus.rejected} rows rejected). "
            f"A row is a JSON object with the answer under one of {', '.join(REPLY_NAMES)}."
        )
    return corpus


def admit(corpus: Corpus, served: Iterable[str]) -> Admitted:
    """The answers whose prompts carry no marks, as far as can be told without a key."""
    shingles = {shingle for text in served for shingle in _shingles(text)}
    kept, said, shared = [], 0, 0
    for answer in corpus.answers:
        if answer.marked_prompt:
            said += 1
        elif shingles and not shingles.isdisjoint(_shingles(answer.prompt.text)):
            shared += 1
        else:
            kept.append(answer)
    return Admitted(tuple(kept), said, shared)


def _shingles(text: str) -> Iterator[int]:
    words = [word.lower() for word in _WORD.findall(text)]
    for place in range(len(words) - SHARED_WORDS + 1):
        joined = " ".join(words[place : place + SHARED_WORDS]).encode("utf-8", "surrogatepass")
        yield int.from_bytes(hashlib.blake2b(joined, digest_size=8).digest(), "big")


def _files(names: Sequence[str]) -> Iterator[Path]:
    for name in names:
        path = Path(name).expanduser()
        if path.is_dir():
            known = (*_LINE_SUFFIXES, *_TEXT_SUFFIXES)
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in known and p.is_file())
        else:
            yield path


def _read_file(path: Path, raw: bytes, corpus: Corpus) -> None:
    if path.suffix.lower() in _TEXT_SUFFIXES:
        corpus.answers.append(Answer(Passage(raw.decode("utf-8", "replace")), source=str(path)))
        return
    for number, line in enumerate(raw.split(b"\n"), 1):
        if line.strip():
            _read_row(path, number, line, corpus)


def _read_row(path: Path, number: int, line: bytes, corpus: Corpus) -> None:
    try:
        row = json.loads(line.decode("utf-8"))
        if not isinstance(row, dict):
            raise ValueError("not a JSON object")
        asked = _text(row, PROMPT_NAMES)
        answer = Answer(
            Passage(_text(row, REPLY_NAMES, required=True), _tokens(row, "token_ids"), asked),
            Passage(asked, _tokens(row, "prompt_token_ids"), asked),
            f"{path}:{number}",
            row["n"] if type(row.get("n")) is int else 0,
            row.get("marked_prompt") is True,
        )
    except (ValueError, RecursionError) as error:
        corpus.rejected += 1
        if len(corpus.rejects) < _MOST_REASONS_KEPT:
            corpus.rejects.append(Reject(inert.text(str(path)), number, _reason(error)))
        return
    corpus.answers.append(answer)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError | RecursionError):
        return "not JSON"
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def _text(row: Mapping[str, Any], names: Sequence[str], *, required: bool = False) -> str:
    for name in names:
        if isinstance(row.get(name), str):
            return str(row[name])
    if required:
        raise ValueError(f"no text under {', '.join(names)}")
    return ""


def _tokens(row: Mapping[str, Any], name: str) -> Any:
    """Token ids as an array, None where there are none."""
    ids = row.get(name)
    if ids is None:
        return None
    if not isinstance(ids, list) or not all(type(i) is int and 0 <= i < 1 << 32 for i in ids):
        raise ValueError(f"{name} is not a list of token ids")
    return np.array(ids, dtype=np.uint64)
