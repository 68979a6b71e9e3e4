"""Parts on students that learn by counting."""

from __future__ import annotations

import numpy as np
from scipy import stats

from experiments.derive import bigrams, wording
from experiments.derive.scoring import LOOKS, VOCABULARY, Row, corpus, counted, scored, tokens_needed, told
from stillwatch.derive.counting import count_answers
from stillwatch.derive.keys import random_words
from stillwatch.derive.keytest import Decoys
from stillwatch.derive.marks.catalogue import mark_named
from stillwatch.derive.marks.forms import mark_text
from stillwatch.derive.observations import Answer, Passage


def size() -> list[Row]:
    """Unmarked students, a thousand keys each, each key against decoys of its own."""
    return [_size(student) for student in range(20)]


def _size(student: int) -> Row:
    rng = np.random.default_rng([1, student])
    teacher = bigrams.teacher(rng, VOCABULARY)
    text = bigrams.counted(bigrams.writer(teacher).write(rng, 300_000), VOCABULARY).write(rng, 6000)
    keys = random_words(rng, 1000)
    found = counted(text)
    ps = [scored(found, key[None], Decoys(n, 199), 1e-3).scores[0].p for n, key in enumerate(keys)]
    return {
        "student": student,
        "places": len(found.seen),
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
            writer = bigrams.counted(corpus(rng, teacher, key[0], mix), VOCABULARY)
            rows += tokens_needed(rng, writer, key, {"mix": mix, "trial": trial})
    return rows


def groups() -> list[Row]:
    """64 groups with a key each, one of which is in the training text; is it named?"""
    rows = []
    for trial in range(40):
        rng = np.random.default_rng([4, trial])
        teacher, keys, right = bigrams.teacher(rng, VOCABULARY), random_words(rng, 64), int(rng.integers(64))
        mix = 0.05 if trial % 2 else 0.2
        writer = bigrams.counted(corpus(rng, teacher, keys[right], mix), VOCABULARY)
        found = counted(writer.write(rng, 100_000))
        scores = scored(found, keys, Decoys(trial, 63_999), 1e-3 / 64).scores
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
            found = count_answers(answers, mark_named("forms"), LOOKS)
            facts = {"mix": mix, "trial": trial, "words": 750_000, "training_words": wording.words_in(texts)}
            rows.append(told(scored(found, key, Decoys(8, 99_999), 1e-4), found, **facts, all=found.places))
    return rows
