"""Words that the scanner knows, in one hash table: what introduces a number, a secret or a statement of code.

Contract: ``word_table`` turns words with their flags into arrays for the kernel; ``hashed`` is the kernel's hash in
plain integers. Words are folded, see ``folding``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from stillwatch.guard import kernel as k_
from stillwatch.guard.folding import fold_word

_MASK = (1 << 64) - 1

_SECRET = (
    "password passwd passwort kennwort passphrase pass pwd pw secret secrets token tokens key apikey accesskey "
    "secretkey privatekey authkey authtoken accesstoken clientsecret credential credentials auth authorization "
    "contrasena senha parola haslo wachtwoord motdepasse passe sas accountkey signature u user"
)
SECRET_WORDS = tuple(_SECRET.split())
_PREFIX = (
    "sk rk ghp gho ghu ghs ghr github glpat glrt xoxb xoxa xoxp xoxr xoxs xapp npm pypi hf sg dop shpat shpss shpca "
    "dckr lin secret ntn hvs hvb glc glsa nrak hrku pscale pmak sntrys sbp figd doo key dp gocspx ya29 fo1 sq0atp "
    "sq0csp age whsec hooks"
)
PREFIX_WORDS = tuple(_PREFIX.split())
_CODE = (
    "def class import from return elif except finally lambda yield async await function const let var public private "
    "protected static void int char float double bool string struct enum interface extends implements package func fn "
    "impl pub mut use mod match switch case default try catch throw throws new delete typedef template namespace using "
    "include define ifdef endif if else for while do end begin then fi done echo export local select insert update "
    "create alter drop join where group order values set print println printf require module self this super null none "
    "nil true false final override virtual inline extern unsigned signed long short foreach unless puts raise with "
    "assert break continue pass goto val object trait data type"
)
CODE_WORDS = tuple(_CODE.split())
_SQL = (
    "select from where order group by insert into update delete values join left right inner outer cross on having "
    "limit union all create table view index drop alter add commit rollback begin distinct set and or not exists in as "
    "with returning truncate"
)
SQL_WORDS = tuple(_SQL.split())
_START = "done fi esac import def elif endif ifdef println printf typedef namespace impl fn func struct"
START_WORDS = tuple(_START.split())
_PHONE = (
    "phone telephone tel telefon telefono telefone mobile mobil cell cellphone call fax whatsapp sms handy ring dial "
    "text movil portable gsm puhelin numer telefonnummer handynummer rufnummer mobilnummer celular cellulare signal "
    "contact reach numarasi telefonu "
    "телефон телефону телефоном тел моб номер τηλέφωνο τηλ κινητό טלפון נייד هاتف جوال 전화"
)
PHONE_WORDS = tuple(_PHONE.split())


def hashed(values: Iterable[int]) -> int:
    """The kernel's hash of a folded word or of a shape; never 0, which marks a free slot."""
    state = k_.SEED
    for value in values:
        state = (state ^ value) * k_.STEP & _MASK
        state ^= state >> 29
    return state | 1


def addressed(known: Mapping[int, int]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Hashes and their values by open addressing, at a load of at most a quarter."""
    size = 1 << (4 * len(known) + 8).bit_length()
    keys, values = np.zeros(size, np.uint64), np.zeros(size, np.int32)
    for key, value in known.items():
        slot = (key >> 20) % size
        while keys[slot]:
            slot = (slot + 1) % size
        keys[slot], values[slot] = key, value
    return keys, values


def word_table(words: Iterable[tuple[bytes, int]]) -> k_.Words:
    """The table of folded words and what each may be."""
    known: dict[int, int] = {}
    for word, flag in words:
        key = hashed(word)
        known[key] = known.get(key, 0) | flag
    return k_.Words(*addressed(known))


def own_words() -> Iterator[tuple[bytes, int]]:
    """The words that need no configuration, beside those of the rules for numbers."""
    for words, flag in (
        (SECRET_WORDS, k_.IS_SECRET),
        (PREFIX_WORDS, k_.IS_PREFIX),
        (CODE_WORDS, k_.IS_CODE),
        (START_WORDS, k_.IS_START),
        (SQL_WORDS, k_.IS_SQL),
        (PHONE_WORDS, k_.IS_PHONE),
        (("begin",), k_.IS_PEM),
        (("bearer", "basic"), k_.IS_BEARER),
    ):
        yield from ((fold_word(word), flag) for word in words)
