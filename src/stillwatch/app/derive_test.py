"""``derive test``: declare, read, score, check, judge, write.

Contract: the protocol stands in the journal before the suspect's text is opened. The result goes to ``out`` completely
or not at all, and its verdict to the journal. Reads files; decides nothing that ``derive.verdict`` does not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from stillwatch.app.derive_agree import read_agreement
from stillwatch.app.derive_marking import Serving, in_words, servings
from stillwatch.derive.collect import Source, check_source, collect
from stillwatch.derive.controls import check, fit, remarked
from stillwatch.derive.counting import Counted, count_answers, count_prompts, observe_all
from stillwatch.derive.document import Declaration, Spoof, derivation_document
from stillwatch.derive.hashing import U32
from stillwatch.derive.journal import Journal
from stillwatch.derive.keys import EVERYONE, FOLDER, KeyStore, MarkKey, open_store
from stillwatch.derive.keytest import Decoys, reached, run
from stillwatch.derive.marks.catalogue import MARKS, mark_named
from stillwatch.derive.marks.mark import Mark
from stillwatch.derive.observations import Answer, Observations
from stillwatch.derive.power import detectable
from stillwatch.derive.protocol import CONTROL_DECOYS_EACH, DECLARED, ENDED, Protocol, declare
from stillwatch.derive.texts import Admitted, Corpus, admit, read_answers
from stillwatch.derive.tokens import Tokenizer, open_tokenizer, with_tokens
from stillwatch.derive.verdict import Check, judge
from stillwatch.errors import ConfigurationError, InputError
from stillwatch.model.progress import Progress, SilentProgress
from stillwatch.report.derive import render_derivation
from stillwatch.store.files import check_replaceable, staged_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRequest:
    """Test ``suspect`` files for ``keys``; ``controls`` are files of unmarked text, ``served`` of text we served,
    ``references`` of unmarked text by a model that writes as the suspect would without the mark.

    With a ``source`` the suspect is asked instead, with the prompts of the file ``prompts``. ``store`` is the folder of
    the cases whose decisions say to whom a key was served. ``agreement`` is a file that ``derive agree`` wrote: it goes
    into the report, as supporting evidence, and decides nothing. ``tokenizer`` is a file that gives token ids to text
    that came without, where the mark is read from those.
    """

    __test__ = False  # not a test for pytest to collect

    suspect: tuple[str, ...]
    keys: tuple[str, ...]
    alpha: float
    decoys: int
    out: Path
    home: Path
    now: datetime
    unlock: Path | None = None
    controls: tuple[str, ...] = ()
    served: tuple[str, ...] = ()
    source: Source | None = None
    prompts: str = ""
    store: Path | None = None
    references: tuple[str, ...] = ()
    agreement: str = ""
    tokenizer: str = ""


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads answers for a mark, with the tokenizer's ids where it needs some and they have none."""

    mark: Mark
    tokenizer: Tokenizer | None

    def read(self, names: Sequence[str]) -> Corpus:
        corpus = read_answers(names)
        if not self.mark.needs_tokens:
            return corpus
        if self.tokenizer is not None:
            corpus.answers = with_tokens(corpus.answers, self.tokenizer)
        elif not any(answer.reply.tokens is not None for answer in corpus.answers):
            raise InputError(
                f"mark {self.mark.name} is read from token ids, and no row of {', '.join(corpus.files[:3])} has "
                "token_ids. Name the tokenizer of the model that was marked with --tokenizer, or add them to each row."
            )
        return corpus


@dataclass(frozen=True, slots=True)
class _Text:
    """The suspect's text as far as it counts."""

    corpus: Corpus
    admitted: Admitted
    counted: Counted


def declare_only(request: TestRequest) -> dict[str, Any]:
    """The protocol as it would be declared. Reads no suspect text and writes nothing."""
    protocol, _, _, _ = _declared(request)
    return {"protocol": protocol.as_document(), "protocol_hash": protocol.name}


def derive_test(request: TestRequest, progress: Progress | None = None) -> dict[str, Any]:
    """Run the test and return its document."""
    listener = progress or SilentProgress()
    check_replaceable(request.out)
    protocol, keys, store, reader = _declared(request)
    mark, journal = reader.mark, store.journal
    served = _served(request, store, keys)
    beside = read_agreement(request.agreement) if request.agreement else None
    declaration = _enter(protocol, journal, request.now)
    words, level = _words(keys, mark), protocol.alpha / len(keys)
    reference = _reference(request, reader)
    if request.source is None:
        text = _read(request, request.suspect, reader, protocol, reference)
    else:
        text = _ask(request, request.source, reader, protocol, words, reference, listener)
    decoys, counted = Decoys(protocol.seed, protocol.decoys, mark.reading), text.counted
    outcome = run(counted.seen, counted.ends, words, decoys, level, weighed=counted.weighed, progress=listener)
    checks, spoof = _checks(request, reader, protocol, words, text.admitted)
    seen = detectable(len(counted.seen), protocol.gamma, level)
    ps = [score.p for score in outcome.scores]
    verdict = judge(protocol, ps, len(counted.seen), checks, seen, _whom(keys, served))
    document = derivation_document(
        protocol,
        declaration,
        text.corpus,
        text.admitted,
        text.counted,
        outcome,
        checks,
        spoof,
        verdict,
        {key_id: [serving.as_document() for serving in found] for key_id, found in served.items()},
    )
    if beside is not None:
        document["supporting"] = beside
    _write(request.out, document, request.now)
    ended = {"protocol_hash": protocol.name, "suspect_sha256": text.corpus.digest, "verdict": verdict.word}
    journal.append(ENDED, {**ended, "keys": list(verdict.named)}, request.now)
    return document


def _declared(request: TestRequest) -> tuple[Protocol, tuple[MarkKey, ...], KeyStore, _Reader]:
    store = open_store(request.home, request.unlock)
    keys = tuple(store.open_key(key_id) for key_id in _chosen(store, request.keys))
    reader = _reader(request, mark_named(keys[0].mark) if keys else MARKS[0])
    protocol = declare(
        _suspect(request),
        keys,
        reader.mark.gamma,
        least=reader.mark.least,
        alpha=request.alpha,
        decoys=request.decoys,
        controls=request.controls,
        served=request.served,
        references=request.references,
        tokenizer="" if reader.tokenizer is None else reader.tokenizer.digest,
    )
    return protocol, keys, store, reader


def _reader(request: TestRequest, mark: Mark) -> _Reader:
    if not mark.needs_tokens:
        if request.tokenizer:
            raise ConfigurationError(f"mark {mark.name} is read from the text itself: leave --tokenizer out")
        return _Reader(mark, None)
    if request.source is not None and not request.tokenizer:
        raise ConfigurationError(
            f"mark {mark.name} is read from token ids, and an endpoint gives none. Name the tokenizer of the model "
            "that was marked with --tokenizer."
        )
    return _Reader(mark, open_tokenizer(request.tokenizer) if request.tokenizer else None)


def _words(keys: Sequence[MarkKey], mark: Mark) -> U32:
    """What the keys are read with, one per row."""
    words = np.stack([key.words for key in keys])
    return words if mark.reading is None else mark.reading(words)


def _served(request: TestRequest, store: KeyStore, keys: Sequence[MarkKey]) -> dict[str, tuple[Serving, ...]]:
    """Who was served under each key as far as decisions say; nothing where no store was named."""
    if request.store is None:
        return {}
    return servings(request.store, store, [key.key_id for key in keys], request.now)


def _whom(keys: Sequence[MarkKey], served: Mapping[str, Sequence[Serving]]) -> dict[str, str]:
    return {
        key.key_id: in_words(served[key.key_id], key.group)
        for key in keys
        if key.key_id in served and key.group != EVERYONE
    }


def _suspect(request: TestRequest) -> str:
    """What is tested, as it stands in the protocol."""
    source = request.source
    if source is None:
        return "; ".join(request.suspect)
    check_source(source)
    prompts, digest = _prompts(request.prompts)
    return (
        f"{source.base} model {source.model}, {len(prompts):,} prompts (SHA-256 {digest}), at most "
        f"{source.token_budget:,} tokens, {source.max_tokens:,} an answer, temperature {source.temperature:g}"
    )


def _prompts(name: str) -> tuple[list[str], str]:
    """Prompts, one JSON object with ``prompt`` per line, and a digest of the file."""
    if not name:
        raise ConfigurationError("to ask a suspect, name a file of prompts with --prompts")
    try:
        raw = Path(name).read_bytes()
        prompts = [json.loads(line)["prompt"] for line in raw.splitlines() if line.strip()]
    except OSError as error:
        raise InputError(f"cannot read {name}: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"cannot read {name}: every line must be a JSON object with 'prompt'.") from None
    if not prompts or not all(isinstance(prompt, str) for prompt in prompts):
        raise InputError(f"cannot read {name}: it must hold prompts, each a text.")
    return prompts, hashlib.sha256(raw).hexdigest()


def _chosen(store: KeyStore, names: Sequence[str]) -> list[str]:
    """Key ids; a name may be an id or a group, which stands for all its committed keys."""
    chosen: list[str] = []
    for name in names:
        committed = (k.record for k in store.listed() if k.committed_at)
        found = [record.key_id for record in committed if name in (record.key_id, record.group)]
        if not found:
            raise ConfigurationError(f"no committed key or group {name}. 'stillwatch derive keys list' shows them.")
        chosen += found
    return chosen


def _enter(protocol: Protocol, journal: Journal, now: datetime) -> Declaration:
    mine = {key.commitment for key in protocol.keys}
    declared = [e for e in journal.entries() if e.kind == DECLARED and mine & _commitments(e.body)]
    # A protocol that is taken up again, after a cut connection for one, is no further test.
    before = {e.body["protocol_hash"] for e in declared} - {protocol.name}
    body = {"protocol_hash": protocol.name, "protocol": protocol.as_document()}
    entry = journal.append(DECLARED, body, now)
    return Declaration(entry.at, entry.hash, len(before))


def _commitments(body: Any) -> set[str]:
    return {key["commitment"] for key in body["protocol"]["keys"]}


def _reference(request: TestRequest, reader: _Reader) -> Observations | None:
    """Every place of the references; None where there are no references."""
    if not request.references:
        return None
    return observe_all(reader.read(request.references).answers, reader.mark)


def _ask(
    request: TestRequest,
    source: Source,
    reader: _Reader,
    protocol: Protocol,
    words: U32,
    reference: Observations | None,
    progress: Progress,
) -> _Text:
    """Collect to the end of one look after another, until all keys have reached the boundary or prompts run out.

    Nor does it end before there are places enough for a verdict: a strong mark gets there with fewer.
    """
    prompts, _ = _prompts(request.prompts)
    path = request.home / FOLDER / "collected" / f"{protocol.name}.jsonl"
    looks = sorted({round(len(prompts) * look / protocol.looks) for look in range(1, protocol.looks + 1)} - {0})
    for look in range(1, len(looks) + 1):
        collect(source, prompts[: looks[look - 1]], path, progress)
        text = _read(request, (str(path),), reader, protocol, reference, looks[:look])
        seen = text.counted.seen
        if len(seen) >= protocol.least and reached(seen, text.counted.ends, words, protocol.alpha / len(words)):
            break
    return text


def _read(
    request: TestRequest,
    names: Sequence[str],
    reader: _Reader,
    protocol: Protocol,
    reference: Observations | None,
    after: Sequence[int] = (),
) -> _Text:
    """What counts of the suspect's text; with ``after`` only answers to the prompts up to its last look."""
    corpus = reader.read(names)
    if after:
        corpus.answers = sorted((a for a in corpus.answers if a.number < after[-1]), key=lambda a: a.number)
    served = [answer.reply.text for answer in read_answers(request.served).answers] if request.served else []
    admitted = admit(corpus, served)
    return _Text(corpus, admitted, count_answers(admitted.answers, reader.mark, protocol.looks, after, reference))


def _checks(
    request: TestRequest, reader: _Reader, protocol: Protocol, words: U32, admitted: Admitted
) -> tuple[tuple[Check, ...], Spoof | None]:
    """The prompts, each control text, each reference, and the controls made to carry a decoy."""
    mark = reader.mark
    controls = [(name, reader.read((name,)).answers) for name in request.controls]
    references = [(name, reader.read((name,)).answers) for name in request.references]
    number = len(controls) + len(references) + 2
    decoys = Decoys(protocol.seed + 1, CONTROL_DECOYS_EACH * len(protocol.keys) * number, mark.reading)
    found = list(check("the prompts", count_prompts(admitted.answers, mark), protocol, words, decoys))
    everything: list[Answer] = []
    for name, answers in controls:
        found += check(f"control {name}", count_answers(answers, mark, 1), protocol, words, decoys)
        everything += answers
    for name, answers in references:
        found += check(f"reference {name}", count_answers(answers, mark, 1), protocol, words, decoys)
    decoy = decoys.block(0)[0]
    counted = count_answers(remarked(mark, everything, decoy), mark, 1)
    if not len(counted.seen):
        return tuple(found), None
    found += check("the spoof control", counted, protocol, words, decoys)
    return tuple(found), Spoof(fit(counted.seen, decoy))


def _write(out: Path, document: dict[str, Any], now: datetime) -> None:
    with staged_folder(out) as folder:
        text = json.dumps(document, indent=1, ensure_ascii=True) + "\n"
        (folder / "verdict.json").write_text(text, "utf-8")
        (folder / "report.html").write_text(render_derivation(document, generated_at=now.astimezone(UTC)), "utf-8")
