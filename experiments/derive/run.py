"""``python -m experiments.derive.run [part…]``: run the parts and write their raw results as JSON. See README.md."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from experiments.derive import bigrams, wording
from stillwatch.derive.counting import Counted, count_answers, observe_all
from stillwatch.derive.hashing import U32, U64
from stillwatch.derive.keys import random_words
from stillwatch.derive.keytest import Decoys, Outcome, run
from stillwatch.derive.marks.catalogue import mark_named
from stillwatch.derive.marks.forms import mark_text
from stillwatch.derive.observations import Answer, Passage

RESULTS = Path(__file__).parent / "results"
VOCABULARY = 1000
TRAINING = 1_500_000
DELTA = 2.0
LOOKS = 8
SIZES = (30_000, 100_000, 300_000)
Row = dict[str, Any]


def _answers(rows: U64) -> list[Answer]:
    return [Answer(Passage("", row)) for row in rows]


def _counted(rows: U64, reference: U64 | None = None) -> Counted:
    mark = mark_named("green1")
    seen = None if reference is None else observe_all(_answers(reference), mark)
    return count_answers(_answers(rows), mark, LOOKS, reference=seen)


def _run(counted: Counted, keys: U32, decoys: Decoys, alpha: float) -> Outcome:
    return run(counted.seen, counted.ends, keys, decoys, alpha, weighed=counted.weighed, threads=1)


def _corpus(rng: np.random.Generator, teacher: bigrams.Chances, key: U32, mix: float) -> U64:
    clean, marked = bigrams.writer(teacher), bigrams.writer(bigrams.marked(teacher, key, DELTA))
    parts = [(clean, TRAINING * (1 - mix)), (marked, TRAINING * mix)]
    return np.concatenate([writer.write(rng, int(tokens)) for writer, tokens in parts if tokens >= bigrams.LENGTH])


def _score(outcome: Outcome, counted: Counted, **facts: Any) -> Row:
    s = outcome.scores[0]
    told = {
        "p": s.p,
        "z": round(s.z, 2),
        "z_matches": round(s.z_matches, 2),
        "look": s.look,
        "places": len(counted.seen),
    }
    return {**facts, **told}


def size() -> list[Row]:
    """Unmarked students, a thousand keys each, each key against decoys of its own."""
    return [_size(student) for student in range(20)]


def _size(student: int, reference: int = 0) -> Row:
    rng = np.random.default_rng([1, student])
    teacher = bigrams.teacher(rng, VOCABULARY)
    corpus = bigrams.writer(teacher).write(rng, 300_000)
    text = bigrams.counted(corpus, VOCABULARY).write(rng, 6000)
    keys = random_words(rng, 1000)
    counted = _counted(text, bigrams.writer(teacher).write(rng, reference) if reference else None)
    ps = [_run(counted, key[None], Decoys(n, 199), 1e-3).scores[0].p for n, key in enumerate(keys)]
    return {
        "student": student,
        "places": len(counted.seen),
        "guided": counted.weighed.guided,
        "ks_p": round(float(stats.kstest(ps, "uniform").pvalue), 4),
        "share_at_most_0.05": float(np.mean(np.array(ps) <= 0.05)),
        "share_at_most_0.01": float(np.mean(np.array(ps) <= 0.01)),
    }


def mixes() -> list[Row]:
    """Counting students of several mixes; what 30,000, 100,000 and 300,000 tokens of each show."""
    rows = []
    for mix, trials in ((0.0, 3), (0.01, 5), (0.05, 10), (0.2, 3), (1.0, 2)):
        for trial in range(trials):
            rng = np.random.default_rng([2, round(mix * 100), trial])
            teacher, key = bigrams.teacher(rng, VOCABULARY), random_words(rng, 1)
            writer = bigrams.counted(_corpus(rng, teacher, key[0], mix), VOCABULARY)
            rows += _tokens_needed(rng, writer, key, {"mix": mix, "trial": trial})
    return rows


def neural() -> list[Row]:
    """Students trained by gradient."""
    rows = []
    for mix, trials in ((0.05, 10), (0.2, 1), (1.0, 1), (0.0, 1)):
        for trial in range(trials):
            rng = np.random.default_rng([3, round(mix * 100), trial])
            teacher, key = bigrams.teacher(rng, VOCABULARY), random_words(rng, 1)
            student = bigrams.neural(rng, VOCABULARY, 128)
            student.learn(rng, _corpus(rng, teacher, key[0], mix), 0.01)
            writer = bigrams.writer(student.chances())
            rows += _tokens_needed(rng, writer, key, {"mix": mix, "trial": trial})
            keep("neural", rows)
    return rows


def reference() -> list[Row]:
    """The students of ``neural`` at 5 %, with references that write more or less as their teacher does."""
    rows = []
    for trial in range(10):
        rng = np.random.default_rng([3, 5, trial])
        teacher, key = bigrams.teacher(rng, VOCABULARY), random_words(rng, 1)
        student = bigrams.neural(rng, VOCABULARY, 128)
        student.learn(rng, _corpus(rng, teacher, key[0], 0.05), 0.01)
        writer = bigrams.writer(student.chances())
        texts = [writer.write(rng, tokens) for tokens in SIZES]
        for off, given in _references(np.random.default_rng([6, trial]), teacher):
            for tokens, text in list(zip(SIZES, texts, strict=True))[0 if off == 0 else -1 :]:
                counted, decoys = _counted(text, given), Decoys(7, 9_999 if off else 999_999)
                departs = round(float(counted.weighed.spread or 0.0) ** 0.5, 3)
                facts = {"off": off, "departs_by": departs, "used": counted.weighed.guided, "decoys": decoys.count}
                outcome = _run(counted, key, decoys, 1e-6)
                rows.append(_score(outcome, counted, mix=0.05, trial=trial, tokens=tokens, **facts))
        keep("reference", rows)
    return rows


def _references(rng: np.random.Generator, teacher: bigrams.Chances) -> list[tuple[float, U64]]:
    """300,000 unmarked tokens of the teacher, of teachers that are off by some log-normal factor, and of a stranger."""
    found = [(off, teacher * np.exp(rng.normal(0, off, teacher.shape))) for off in (0.0, 0.3, 1.0)]
    found.append((-1.0, bigrams.teacher(rng, VOCABULARY)))
    return [(off, bigrams.writer(chances).write(rng, 300_000)) for off, chances in found]


def reference_size() -> list[Row]:
    """Size with a reference: unmarked students, the reference their own teacher's text."""
    return [_size(student, 300_000) for student in range(20)]


def _tokens_needed(rng: np.random.Generator, writer: bigrams.Writer, key: U32, facts: Row) -> list[Row]:
    rows = []
    for tokens in SIZES:
        counted = _counted(writer.write(rng, tokens))
        decoys = Decoys(7, 999_999 if facts["mix"] == 0.05 else 9_999)
        rows.append(_score(_run(counted, key, decoys, 1e-6), counted, **facts, tokens=tokens, decoys=decoys.count))
    return rows


def groups() -> list[Row]:
    """64 groups with a key each, one of which is in the training text; is it named?"""
    rows = []
    for trial in range(40):
        rng = np.random.default_rng([4, trial])
        teacher, keys, right = bigrams.teacher(rng, VOCABULARY), random_words(rng, 64), int(rng.integers(64))
        mix = 0.05 if trial % 2 else 0.2
        writer = bigrams.counted(_corpus(rng, teacher, keys[right], mix), VOCABULARY)
        counted = _counted(writer.write(rng, 100_000))
        scores = _run(counted, keys, Decoys(trial, 63_999), 1e-3 / 64).scores
        named = [n for n, score in enumerate(scores) if score.p * 64 <= 1e-3]
        rows.append({"mix": mix, "trial": trial, "right": right, "named": named, "z": round(scores[right].z, 2)})
    return rows


def forms() -> list[Row]:
    """The mark of surface forms on real English, students that count words."""
    texts, rows = wording.documents(), []
    for mix, trials in ((0.0, 3), (0.05, 5), (0.2, 10), (1.0, 3)):
        for trial in range(trials):
            rng = np.random.default_rng([5, round(mix * 100), trial])
            key = random_words(rng, 1)
            chosen = rng.random(len(texts)) < mix
            training = [mark_text(key[0], text) if pick else text for text, pick in zip(texts, chosen, strict=True)]
            student = wording.WordStudent(training)
            answers = [Answer(Passage(student.write(rng, 1000))) for _ in range(750)]
            counted = count_answers(answers, mark_named("forms"), LOOKS)
            facts = {"mix": mix, "trial": trial, "words": 750_000, "training_words": wording.words_in(texts)}
            rows.append(_score(_run(counted, key, Decoys(8, 99_999), 1e-4), counted, **facts, all=counted.places))
    return rows


PARTS: dict[str, Callable[[], list[Row]]] = {
    "size": size,
    "mixes": mixes,
    "groups": groups,
    "forms": forms,
    "neural": neural,
    "reference": reference,
    "reference_size": reference_size,
}


def keep(name: str, rows: list[Row]) -> None:
    RESULTS.mkdir(exist_ok=True)
    lines = ",\n ".join(json.dumps(row) for row in rows)
    (RESULTS / f"{name}.json").write_text(f"[{lines}]\n", "utf-8")


def main(names: list[str]) -> None:
    for name in names or list(PARTS):
        begun = time.process_time()
        rows = PARTS[name]()
        keep(name, rows)
        sys.stdout.write(f"{name}: {len(rows)} rows, {time.process_time() - begun:.0f} s of processor time\n")


if __name__ == "__main__":
    main(sys.argv[1:])
