"""Labelled made-up texts: prose, items that must be found, and hard negatives that must not."""

from __future__ import annotations

import random
import re
import string
from dataclasses import dataclass
from functools import cache

from benchmarks.guard import numbers
from benchmarks.guard.wording import CONFIRM, TUNING, Stock

KINDS = ("iban", "card", "identity", "email", "phone", "secret", "code")
SETS = {"tuning": (TUNING, 1), "confirm": (CONFIRM, 2)}
_BASE62 = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Label:
    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Text:
    text: str
    labels: tuple[Label, ...]


@cache
def _identities() -> tuple[tuple[str, numbers.Draw], ...]:
    return tuple((what, draw) for what, draws in numbers.identities().values() for draw in draws)


def make(which: str, count: int, seed: int = 0) -> list[Text]:
    """``count`` texts of the set ``which``; half of them hold nothing."""
    stock, base = SETS[which]
    rnd = random.Random(f"{which} {base} {seed}")
    return [_text(rnd, stock, clean=number % 2 == 0) for number in range(count)]


def clean_prompt(rnd: random.Random, size: int, stock: Stock = TUNING) -> str:
    """Prose alone."""
    sentences: list[str] = []
    while sum(map(len, sentences)) < size:
        sentences.append(rnd.choice(stock.prose) + rnd.choice((" ", " ", "\n\n")))
    return "".join(sentences)


def _text(rnd: random.Random, stock: Stock, *, clean: bool) -> Text:
    parts: list[tuple[str, list[Label]]] = [(rnd.choice(stock.prose), []) for _ in range(rnd.randint(2, 6))]
    parts += [(_harmless(rnd, rnd.choice(stock.harmless)), []) for _ in range(rnd.randint(1, 3))]
    if not clean:
        # Two pieces of code side by side would be one: a text has at most one.
        parts += [_item(rnd, stock, rnd.choice(KINDS[: -1 if k else None])) for k in range(rnd.randint(1, 3))]
    rnd.shuffle(parts)
    text, labels = "", []
    for part, own in parts:
        labels += [Label(label.kind, label.start + len(text), label.end + len(text)) for label in own]
        text += part + rnd.choice(("\n", "\n\n"))
    return Text(text, tuple(labels))


def _harmless(rnd: random.Random, form: str) -> str:
    """A hard negative; ``&`` is a sign of base64 only in long rows."""
    signs = {"#": string.digits, "%": "0123456789abcdef", "&": _BASE62 + "+/"}
    pattern = r"#|%(?=%|-|\b|$)|(?<=%)%|&(?=&{3})|(?<=&{3})&"
    return re.sub(pattern, lambda m: rnd.choice(signs[m[0]]), re.sub(r"\{(#[# ]*)\}", r"\1", form))


def _item(rnd: random.Random, stock: Stock, kind: str) -> tuple[str, list[Label]]:
    if kind == "code":
        code = rnd.choice(stock.code)
        return code, [Label("code", 0, len(code))]
    what, item = "", ""
    if kind == "identity":
        what, draw = rnd.choice(_identities())
        item = draw(rnd)
    else:
        item = {"iban": numbers.iban, "card": numbers.card, "email": _email, "phone": _phone, "secret": _secret}[kind](
            rnd
        )
    form = rnd.choice(getattr(stock, kind))
    text, labels = "", []
    for piece in re.split(r"(\{x2?\}|\{what\}|\{\{|\}\})", form):
        if piece in ("{x}", "{x2}"):
            value = item if piece == "{x}" else _email(rnd)
            labels.append(Label(kind, len(text), len(text) + len(value)))
            text += value
        else:
            text += {"{what}": what, "{{": "{", "}}": "}"}.get(piece, piece)
    return text, labels


def _name(rnd: random.Random) -> str:
    return "".join(rnd.choice("bdfgklmnprstvz") + rnd.choice("aeiou") for _ in range(rnd.randint(2, 4)))


def _email(rnd: random.Random) -> str:
    local = rnd.choice(("{0}.{1}", "{0}", "{0}_{1}", "{0}{2}", "{0}+{1}")).format(
        _name(rnd), _name(rnd), rnd.randint(1, 99)
    )
    ending = rnd.choice(("com", "org", "de", "co.uk", "example", "io"))
    return f"{local}@{rnd.choice(('', 'mail.', 'corp.'))}{_name(rnd)}.{ending}"


def _phone(rnd: random.Random) -> str:
    forms = (
        "+49 30 {3}######", "+49 151 ########", "+44 20 7946 0###", "+33 6 12 34 ## ##", "+1 415-{5}##-####",
        "(212) {5}##-####", "312-{5}##-####", "020 7946 0###", "+39 06 698 #####", "+31 6 1#######", "06 12 34 ## ##",
        "+46 70 123 ## ##", "+81 3-3#12-####",
    )  # fmt: skip
    form = re.sub(r"\{(\d)\}", r"\1", rnd.choice(forms))
    return "".join(rnd.choice("23456789") if c == "#" else c for c in form)


def _random(rnd: random.Random, size: int, signs: str = _BASE62) -> str:
    return "".join(rnd.choice(signs) for _ in range(size))


def _secret(rnd: random.Random) -> str:
    hexadecimal, base32 = "0123456789abcdef", string.ascii_uppercase + "234567"
    return rnd.choice(
        (
            lambda: "AKIA" + _random(rnd, 16, base32),
            lambda: "ghp_" + _random(rnd, 36),
            lambda: "github_pat_" + _random(rnd, 22) + "_" + _random(rnd, 59),
            lambda: "glpat-" + _random(rnd, 20),
            lambda: f"xoxb-{_random(rnd, 12, string.digits)}-{_random(rnd, 12, string.digits)}-{_random(rnd, 24)}",
            lambda: "sk_live_" + _random(rnd, 24),
            lambda: "sk-proj-" + _random(rnd, 48),
            lambda: "AIza" + _random(rnd, 35),
            lambda: "SG." + _random(rnd, 22) + "." + _random(rnd, 43),
            lambda: "hf_" + _random(rnd, 34),
            lambda: "npm_" + _random(rnd, 36),
            lambda: "dop_v1_" + _random(rnd, 64, hexadecimal),
            lambda: "eyJ" + _random(rnd, 33) + ".eyJ" + _random(rnd, 60) + "." + _random(rnd, 43),
            lambda: "-----BEGIN PRIVATE KEY-----\n" + _random(rnd, 64) + "\n-----END PRIVATE KEY-----",
        )
    )()
