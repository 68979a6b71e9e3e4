"""Parts on students trained by gradient. Each goes on where an earlier run of it was cut off."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import stats

from experiments.derive import bigrams, wording
from experiments.derive.scoring import (
    LOOKS,
    SIZES,
    VOCABULARY,
    Row,
    corpus,
    counted,
    each,
    named,
    scored,
    tokens_needed,
    told,
)
from stillwatch.derive.counting import Counted, count_answers
from stillwatch.derive.hashing import U64
from stillwatch.derive.keys import random_words
from stillwatch.derive.keytest import Decoys
from stillwatch.derive.marks.catalogue import mark_named
from stillwatch.derive.marks.forms import mark_text
from stillwatch.derive.observations import Answer, Passage

WIDTH = 128
RATE = 0.01
GROUP_DECOYS = 255_999
FAINT_TOKENS = 5_000_000


def neural() -> list[Row]:
    """Students of several mixes; what 30,000, 100,000 and 300,000 tokens of each show."""
    numbers = ((0.05, 10), (0.01, 3), (0.2, 3), (1.0, 3), (0.0, 1))
    return each("neural", [(mix, trial) for mix, number in numbers for trial in range(number)], _mixed)


def _mixed(which: tuple[float, int]) -> list[Row]:
    mix, trial = which
    rng = np.random.default_rng([3, round(mix * 100), trial])
    teacher, key = bigrams.teacher(rng, VOCABULARY), random_words(rng, 1)
    writer = bigrams.writer(trained(rng, corpus(rng, teacher, key[0], mix)).chances())
    return tokens_needed(rng, writer, key, {"mix": mix, "trial": trial})


def reference() -> list[Row]:
    """The students of ``neural`` at 5 %, with references that write more or less as their teacher does."""
    return each("reference", range(10), _with_references)


def _with_references(trial: int) -> list[Row]:
    rng, rows = np.random.default_rng([3, 5, trial]), []
    teacher, key = bigrams.teacher(rng, VOCABULARY), random_words(rng, 1)
    writer = bigrams.writer(trained(rng, corpus(rng, teacher, key[0], 0.05)).chances())
    texts = [writer.write(rng, tokens) for tokens in SIZES]
    for off, given in _references(np.random.default_rng([6, trial]), teacher):
        for tokens, text in list(zip(SIZES, texts, strict=True))[0 if off == 0 else -1 :]:
            found, decoys = counted(text, given), Decoys(7, 9_999 if off else 999_999)
            departs = round(float(found.weighed.spread or 0.0) ** 0.5, 3)
            facts = {"off": off, "departs_by": departs, "used": found.weighed.guided, "decoys": decoys.count}
            rows.append(told(scored(found, key, decoys, 1e-6), found, mix=0.05, tokens=tokens, **facts))
    return rows


def _references(rng: np.random.Generator, teacher: bigrams.Chances) -> list[tuple[float, U64]]:
    """300,000 unmarked tokens of the teacher, of teachers that are off by some log-normal factor, and of a stranger."""
    found = [(off, teacher * np.exp(rng.normal(0, off, teacher.shape))) for off in (0.0, 0.3, 1.0)]
    found.append((-1.0, bigrams.teacher(rng, VOCABULARY)))
    return [(off, bigrams.writer(chances).write(rng, 300_000)) for off, chances in found]


def neural_size() -> list[Row]:
    """Unmarked students, a thousand keys each against decoys of their own, without and with a reference."""
    return each("neural_size", range(20), _sizes)


def _sizes(trial: int) -> list[Row]:
    rng = np.random.default_rng([8, trial])
    clean = bigrams.writer(bigrams.teacher(rng, VOCABULARY))
    student = bigrams.writer(trained(rng, clean.write(rng, 300_000)).chances())
    text, keys = student.write(rng, 6000), random_words(rng, 1000)
    return [_size(counted(text, given), keys) for given in (None, clean.write(rng, 300_000))]


def _size(found: Counted, keys: np.ndarray[tuple[int, ...], np.dtype[np.uint32]]) -> Row:
    ps = np.array([scored(found, key[None], Decoys(n, 199), 1e-3).scores[0].p for n, key in enumerate(keys)])
    return {
        "guided": found.weighed.guided,
        "places": len(found.seen),
        "ks_p": round(float(stats.kstest(ps, "uniform").pvalue), 4),
        "share_at_most_0.05": float(np.mean(ps <= 0.05)),
        "share_at_most_0.01": float(np.mean(ps <= 0.01)),
    }


def neural_groups() -> list[Row]:
    """64 keys, one of which is in a twentieth of the training text; is it named, without and with a reference?"""
    return each("neural_groups", range(10), _groups)


def _groups(trial: int) -> list[Row]:
    rng = np.random.default_rng([3, 5, trial])
    teacher, key = bigrams.teacher(rng, VOCABULARY), random_words(rng, 1)
    text = bigrams.writer(trained(rng, corpus(rng, teacher, key[0], 0.05)).chances()).write(rng, 300_000)
    given = bigrams.writer(teacher).write(rng, 300_000)
    return [
        {
            "mix": 0.05,
            "tokens": 300_000,
            "reference": what is not None,
            "decoys": GROUP_DECOYS,
            "named": named(rng, counted(text, what), key, 7, GROUP_DECOYS),
        }
        for what in (None, given)
    ]


def arms() -> list[Row]:
    """A fifth of the training text is marked; then it is trained on cleanly, paraphrased, or carries two keys."""
    return each("arms", range(3), _arms)


def _arms(trial: int) -> list[Row]:
    rng = np.random.default_rng([7, trial])
    teacher, keys = bigrams.teacher(rng, VOCABULARY), random_words(rng, 2)
    marked = corpus(rng, teacher, keys[0], 0.2)
    student, clean = trained(rng, marked), bigrams.writer(teacher)
    rows = [_arm(rng, "plain", student, keys[:1])]
    for tokens in (300_000, 1_500_000):
        student.learn(rng, clean.write(rng, tokens), RATE)
        rows.append(_arm(rng, f"then {tokens:,} clean tokens", student, keys[:1]))
    for share in (0.3, 0.6):
        student = trained(rng, bigrams.paraphrased(rng, clean, marked, share))
        rows.append(_arm(rng, f"{share:.0%} of tokens paraphrased", student, keys[:1]))
    half = corpus(rng, teacher, keys[0], 0.1)
    other = bigrams.writer(bigrams.marked(teacher, keys[1], 2.0)).write(rng, len(half) * bigrams.LENGTH // 10)
    rows.append(_arm(rng, "two keys, a tenth each", trained(rng, np.concatenate([half[len(other) :], other])), keys))
    return rows


def _arm(
    rng: np.random.Generator,
    what: str,
    student: bigrams.Neural,
    keys: np.ndarray[tuple[int, ...], np.dtype[np.uint32]],
) -> Row:
    found = counted(bigrams.writer(student.chances()).write(rng, 300_000))
    row = told(scored(found, keys[:1], Decoys(7, 99_999), 1e-4), found, arm=what, tokens=300_000)
    return {**row, "right": len(keys), "named": named(rng, found, keys, 7)}


def neural_forms() -> list[Row]:
    """The mark of surface forms in a fifth of real English, a word student trained by gradient in one pass."""
    return each("neural_forms", range(10), _forms)


def _forms(trial: int) -> list[Row]:
    rng, texts = np.random.default_rng([9, trial]), wording.documents()
    key = random_words(rng, 1)
    chosen = rng.random(len(texts)) < 0.2
    training = [mark_text(key[0], text) if pick else text for text, pick in zip(texts, chosen, strict=True)]
    student = wording.neural_student(rng, training, WIDTH, RATE)
    answers = [Answer(Passage(text)) for text in student.write(rng, 750, 1000)]
    found = count_answers(answers, mark_named("forms"), LOOKS)
    facts = {"mix": 0.2, "words": 750_000, "training_words": wording.words_in(texts), "all": found.places}
    return [told(scored(found, key, Decoys(8, 99_999), 1e-4), found, **facts)]


def neural_faint() -> list[Row]:
    """A list in one part of a hundred, five million tokens each of suspect and reference."""
    return each("neural_faint", range(3), _faint)


def _faint(trial: int) -> list[Row]:
    rng = np.random.default_rng([13, trial])
    teacher, key = bigrams.teacher(rng, VOCABULARY), random_words(rng, 1)
    text = bigrams.writer(trained(rng, corpus(rng, teacher, key[0], 0.01)).chances()).write(rng, FAINT_TOKENS)
    rows = []
    for what, number in ((bigrams.writer(teacher).write(rng, FAINT_TOKENS), 999_999), (None, 9_999)):
        found = counted(text, what)
        facts = {"mix": 0.01, "tokens": FAINT_TOKENS, "reference": what is not None, "decoys": number}
        rows.append(told(scored(found, key, Decoys(7, number), 1e-6), found, **facts))
    return rows


def neural_prose() -> list[Row]:
    """The list in a text whose teacher is itself trained by gradient on real English, students of the same size."""
    return each(
        "neural_prose", [(mix, trial) for mix, number in ((0.05, 5), (0.2, 2)) for trial in range(number)], _prose
    )


def _prose(which: tuple[float, int]) -> list[Row]:
    mix, trial = which
    rng, teacher = np.random.default_rng([11, round(mix * 100), trial]), _prose_teacher()
    key = random_words(rng, 1)
    student = bigrams.writer(trained(rng, corpus(rng, teacher, key[0], mix), len(teacher)).chances())
    text, given = student.write(rng, 300_000), bigrams.writer(teacher).write(rng, 300_000)
    rows = []
    for what in (None, given):
        found, decoys = counted(text, what), Decoys(7, 999_999 if mix == 0.05 else 9_999)
        facts = {"mix": mix, "trial": trial, "tokens": 300_000, "reference": what is not None, "decoys": decoys.count}
        rows.append(told(scored(found, key, decoys, 1e-6), found, **facts))
    return rows


@cache
def _prose_teacher() -> bigrams.Chances:
    """After two passes over the documentation of installed packages."""
    rng, (pieces, rows) = np.random.default_rng(11), wording.numbered(wording.documents())
    teacher = bigrams.neural(rng, len(pieces), WIDTH)
    for _ in range(2):
        teacher.learn(rng, rows, RATE)
    return teacher.chances()


def trained(rng: np.random.Generator, text: U64, vocabulary: int = VOCABULARY) -> bigrams.Neural:
    """A student after one pass."""
    student = bigrams.neural(rng, vocabulary, WIDTH)
    student.learn(rng, text, RATE)
    return student
