"""Keyed habits of interaction: how an answer opens, warns, sums up, offers more and asks back.

Contract: for each habit a keyed draw of the habit and of the question's first word says which of two to four wordings
an answer keeps to. ``instruction`` puts that into words for a system prompt, so that the model writes so by itself;
``HabitMarker`` sets right where the model used another wording of the same habit, in a stream, late by at most
``REACH`` characters, and inserts nothing. Two habits are of form alone (whether an answer ends by asking, whether it
ends with a summing-up) and only the instruction brings them about. ``observe`` reads all of them back from answer and
question.

Habits stand at the beginning of a sentence, in English. They are few: a question's first word has some thirty bits, so
a test rests on some hundreds of places at most, and the mark is one for many answers to many kinds of questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stillwatch.derive.hashing import U32, words_item
from stillwatch.derive.marks.mark import Mark
from stillwatch.derive.marks.scanning import Place, Scanner, TextMarker, choice, observations
from stillwatch.derive.observations import Observations, Passage

REACH = 40
"""No match depends on more characters than this from its beginning on."""
LEAST = 24
"""Distinct places without which a test is invalid; each carries one to two bits."""

HABITS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("to agree to help", ("Sure", "Certainly", "Of course", "Absolutely")),
    ("to sum up", ("In short,", "In summary,", "To sum up,", "In brief,")),
    ("to warn", ("Note that", "Keep in mind that", "Bear in mind that", "Be aware that")),
    ("to tell a consequence", ("As a result,", "Consequently,", "Because of this,", "For this reason,")),
    ("to add a point", ("Also,", "Besides,", "Moreover,", "Furthermore,")),
    ("to begin a sequence", ("First,", "Firstly,", "To begin with,", "To start with,")),
    ("to end a sequence", ("Finally,", "Lastly,")),
    ("to object", ("However,", "That said,")),
    ("to give another way", ("Alternatively,", "As an alternative,")),
    ("to be particular", ("In particular,", "Specifically,")),
    ("to be general", ("In general,", "Generally,", "As a rule,")),
    ("to compare", ("Similarly,", "Likewise,")),
    ("to show one thing", ("Here is", "Below is")),
    ("to show several", ("Here are", "Below are")),
    ("to make an offer", ("If you want,", "If you like,", "If you wish,", "If you prefer,")),
    ("to invite questions", ("Let me know if", "Just let me know if", "Tell me if")),
    ("to ask back", ("Would you like me to", "Do you want me to", "Shall I", "Should I")),
    ("to part", ("I hope this helps", "Hope this helps", "I hope that helps", "Hope that helps")),
)
"""What a habit is for, and wordings that can stand for each other wherever one of them does."""
_SUMMING_UP = "to sum up"
ENDINGS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("asking", ("Do not end with a question to the user.", "End with a question to the user.")),
    ("summing up", ("Do not close with a summing-up.", "Close with a paragraph that sums up.")),
)
"""Habits of how an answer ends: what to tell the model for the one choice and for the other."""

_FORMS = {form: (use, place) for use, forms in HABITS for place, form in enumerate(forms)}
_WORDINGS = dict(HABITS)
_EITHER = "|".join(sorted(map(re.escape, _FORMS), key=lambda form: -len(form)))
PATTERN = re.compile(
    r"(?P<fence>```)|(?P<tick>`)|(?P<line>\n)"
    rf"|(?P<habit>(?:(?<=[.!?:] )|(?<=\n)|(?<![\s\S]))(?:{_EITHER})(?![\w'’-]))"
)
_FIRST_WORD = re.compile(r"[^\W_]{1,24}")


class HabitScanner(Scanner):
    """Finds the wordings at the beginnings of sentences of an answer to ``asked``."""

    def __init__(self, asked: str) -> None:
        super().__init__(PATTERN, REACH)
        self._kind = kind(asked)

    def _place(self, kind: str, found: re.Match[str]) -> str | Place:
        use, written = _FORMS[found.group()]
        return _place(use, self._kind, written, _WORDINGS[use])


class HabitMarker(TextMarker):
    """Marks one answer to ``asked``; make a new one for each."""

    def __init__(self, words: U32, asked: str) -> None:
        super().__init__(words, HabitScanner(asked))


def kind(asked: str) -> str:
    """What a question is taken for: its first word, without case; empty where there is none."""
    found = _FIRST_WORD.search(asked)
    return found.group().lower() if found else ""


def mark_text(words: U32, passage: Passage) -> str:
    """A whole answer with the wordings set right."""
    marker = HabitMarker(words, passage.asked)
    return marker.feed(passage.text) + marker.close()


def instruction(words: U32, asked: str) -> str:
    """What a system prompt says so that an answer to ``asked`` keeps to the habits of a key."""
    about = kind(asked)
    wordings = ((use, forms[choice(words, _item(use, about), len(forms))]) for use, forms in HABITS)
    told = "; ".join(f"{use}, begin the sentence with “{form}”" for use, form in wordings)
    endings = " ".join(either[choice(words, _item(name, about), 2)] for name, either in ENDINGS)
    return f"Habits of wording, to be kept where they fit and never mentioned: {told}. {endings}"


def observe(passage: Passage) -> Observations:
    """Every habit that the passage shows; a draw matches if it would have chosen it."""
    found = HabitScanner(passage.asked).feed(passage.text, final=True)
    places = [piece for piece in found if isinstance(piece, Place)]
    # A question is scored as an answer to itself, to drop what it shows already; how it ends says nothing.
    return observations([*places, *(_endings(passage) if passage.text != passage.asked else ())])


def _endings(passage: Passage) -> Iterator[Place]:
    last = passage.text.rstrip().rpartition("\n")[2]
    if not last:
        return
    sums_up = last.startswith(_WORDINGS[_SUMMING_UP])
    for (name, _), shown in zip(ENDINGS, (last.endswith("?"), sums_up), strict=True):
        yield _place(name, kind(passage.asked), int(shown), ("", ""))


def _place(use: str, asked: str, written: int, forms: tuple[str, ...]) -> Place:
    return Place(_item(use, asked), words_item("habits/1", (use,)), written, forms)


def _item(use: str, asked: str) -> int:
    return words_item("habits/1", (use, asked))


MARK = Mark(
    "habits",
    "gateway",
    "keyed habits: wordings by which an answer opens, warns, sums up and asks back",
    0.3,
    False,
    observe,
    write=mark_text,
    least=LEAST,
)
