# ruff: noqa: E501 - one entry a line, however long
"""A second labelled set, made in other ways than the first: whole documents in twelve languages, not lines in a row.

It was written after the rules of the guard and before anything of it was looked at; nothing was tuned on it. Mails,
tickets, tables, chats, records and configuration hold items in the middle of sentences, in cells and in values. Hard
negatives are made, not listed: numbers of other standards with check digits of their own, digests, identifiers,
placeholders, published examples. Identity numbers are drawn until python-stdnum, which is not ours, calls them valid.
"""

from __future__ import annotations

import hashlib
import random
import string
import uuid
from collections.abc import Callable, Iterator
from importlib import import_module

from benchmarks.guard.numbers import _fill, valid
from benchmarks.guard.texts import Label, Text

Draw = Callable[[random.Random], str]
Piece = str | tuple[str, str]
"""Text, or (kind, text) for what must be found."""

_ALPHANUMERIC = string.ascii_letters + string.digits


def make(count: int, seed: int = 0) -> list[Text]:
    """``count`` documents; a third of them hold nothing."""
    rnd = random.Random(f"second set {seed}")
    return [_laid_out(list(_document(rnd, clean=number % 3 == 0))) for number in range(count)]


def _laid_out(pieces: list[Piece]) -> Text:
    text, labels = "", []
    for piece in pieces:
        if isinstance(piece, tuple):
            labels.append(Label(piece[0], len(text), len(text) + len(piece[1])))
        text += piece[1] if isinstance(piece, tuple) else piece
    return Text(text, tuple(labels))


def _document(rnd: random.Random, *, clean: bool) -> Iterator[Piece]:
    shape = rnd.choice((_mail, _ticket, _table, _chat, _record, _note, _config))
    yield from shape(rnd, 0 if clean else rnd.randint(1, 4))
    if not clean and rnd.random() < 0.15:
        yield "\n\n```\n"
        yield "code", _program(rnd)
        yield "\n```\n"


# Shapes.


def _mail(rnd: random.Random, items: int) -> Iterator[Piece]:
    yield f"Subject: {rnd.choice(_SUBJECTS)}\nDate: {_date(rnd)}\nMessage-Id: <{_hex(rnd, 12)}>\n\n"
    yield from _paragraphs(rnd, items)
    yield f"\n\n{rnd.choice(('Best', 'Viele Grüße', 'Cordialement', 'Saludos', 'Pozdrawiam', 'Met vriendelijke groet'))}\n"


def _ticket(rnd: random.Random, items: int) -> Iterator[Piece]:
    yield f"[{rnd.choice(('BILL', 'OPS', 'KYC'))}-{rnd.randint(1000, 99999)}] {rnd.choice(_SUBJECTS)}\n"
    yield f"Reported: {_date(rnd)}  Build: {_version(rnd)}\n\nSteps:\n"
    for number in range(1, rnd.randint(2, 4) + items):
        yield f"{number}. "
        yield from _sentence(rnd) if number > items else _item(rnd, rnd.choice(_KINDS))
        yield "\n"


def _table(rnd: random.Random, items: int) -> Iterator[Piece]:
    """A table whose heads announce what stands in the column."""
    kind = rnd.choice(("iban", "card", "identity", "email", "phone")) if items else ""
    head, draw = _column(rnd, kind)
    comma = rnd.choice((" | ", ";", ","))
    yield comma.join(("no", "customer", head, "amount")) + "\n"
    for number in range(1, items + rnd.randint(2, 4)):
        yield f"{number}{comma}{rnd.choice(_NAMES)}{comma}"
        yield (kind, draw(rnd)) if kind and number <= items else rnd.choice(("", "n/a", "pending"))
        yield f"{comma}{rnd.randint(10, 9999)}.{rnd.randint(0, 99):02}\n"


def _chat(rnd: random.Random, items: int) -> Iterator[Piece]:
    for number in range(items + rnd.randint(2, 4)):
        yield f"{_clock(rnd)} {rnd.choice(_NAMES).lower()}: "
        yield from _item(rnd, rnd.choice(_KINDS)) if number < items else _sentence(rnd)
        yield "\n"


def _record(rnd: random.Random, items: int) -> Iterator[Piece]:
    yield f'{{"id": "{uuid.UUID(int=rnd.getrandbits(128))}", "created": "{_date(rnd)}T{_clock(rnd)}Z", "version": "{_version(rnd)}"'
    for number in range(items):
        kind = rnd.choice(("iban", "card", "identity", "email", "phone"))
        head, draw = _column(rnd, kind)
        yield f', "{head.replace(" ", "_")}{number or ""}": "'
        yield kind, draw(rnd)
        yield '"'
    yield f', "total": {rnd.randint(1, 99999)}, "sha1": "{_hex(rnd, 20)}"}}\n'


def _note(rnd: random.Random, items: int) -> Iterator[Piece]:
    yield f"# {rnd.choice(_SUBJECTS)}\n\n"
    for _ in range(items):
        yield "* "
        yield from _item(rnd, rnd.choice(_KINDS))
        yield "\n"
    yield "* "
    yield from _sentence(rnd)
    yield "\n"


def _config(rnd: random.Random, items: int) -> Iterator[Piece]:
    """Values in the form of settings; clean ones hold what only looks like a secret."""
    yield f"[service]\nport = {rnd.randint(1024, 65000)}\nimage = app:{_version(rnd)}\ndigest = sha256:{_hex(rnd, 32)}\n"
    names = rnd.sample(("api_key", "auth_token", "client_secret", "db_password", "webhook_secret", "access_key"), 4)
    for name in names[:items]:
        yield f"{name} = {(quote := rnd.choice(('', chr(34), chr(39))))}"
        yield "secret", rnd.choice((_issued, _opaque))(rnd)
        yield f"{quote}\n"
    for name in names[items:]:
        yield f"{name} = {rnd.choice(_PLACEHOLDERS)}\n"


def _paragraphs(rnd: random.Random, items: int) -> Iterator[Piece]:
    total = items + rnd.randint(2, 5)
    places = set(rnd.sample(range(total), items))
    for number in range(total):
        yield from _item(rnd, rnd.choice(_KINDS)) if number in places else _sentence(rnd)
        yield rnd.choice((" ", " ", "\n", "\n\n"))


def _sentence(rnd: random.Random) -> Iterator[Piece]:
    yield rnd.choice(_PROSE) if rnd.random() < 0.5 else _harmless(rnd)


def _item(rnd: random.Random, kind: str) -> Iterator[Piece]:
    if kind == "identity":
        word, draws = rnd.choice(_IDENTITIES)
        before, after = rnd.choice(_AROUND_IDENTITY)
        yield before.format(what=word)
        yield kind, rnd.choice(draws)(rnd)
        yield after.format(what=word)
        return
    before, after = rnd.choice(_AROUND[kind])
    yield before
    yield kind, _DRAWS[kind](rnd)
    yield after


def _column(rnd: random.Random, kind: str) -> tuple[str, Draw]:
    if kind == "identity":
        word, draws = rnd.choice(_IDENTITIES)
        return word, draws[0]
    heads = {"iban": "IBAN", "card": "card number", "email": "e-mail", "phone": "phone", "": "remarks"}
    return heads[kind], _DRAWS.get(kind, lambda rnd: "")


# What must be found.

_IDENTITIES: tuple[tuple[str, tuple[Draw, ...]], ...] = (
    ("DNI", (valid("es.dni", "########@"),)),
    ("NIE", (valid("es.nie", "{X|Y|Z}#######@"),)),
    ("codice fiscale", (valid("it.codicefiscale", "@@@@@@YY{A|B|C|D|E|H|L|M|P|R|S|T}DD@###@"),)),
    ("numéro de sécurité sociale", (valid("fr.nir", "{1|2} YY MM {75|13|69} ### ### ##"), valid("fr.nir", "{1|2}YYMM{75|13|69}########"))),
    ("Steuer-Identifikationsnummer", (valid("de.idnr", "{1|2|4|5|6|8}# ### ### ###"), valid("de.idnr", "{1|2|4|5|6|8}##########"))),
    ("NHS number", (valid("gb.nhs", "### ### ####"), valid("gb.nhs", "###-###-####"))),
    ("burgerservicenummer", (valid("nl.bsn", "{1|2}########"),)),
    ("rijksregisternummer", (valid("be.nn", "YY.MM.DD-###.##"), valid("be.nn", "YYMMDD#####"))),
    ("personnummer", (valid("se.personnummer", "YYMMDD-####"), valid("se.personnummer", "YYYYMMDD-####"))),
    ("fødselsnummer", (valid("no.fodselsnummer", "DDMMYY{1|2|3}####"), valid("no.fodselsnummer", "DDMMYY {1|2|3}####"))),
    ("henkilötunnus", (valid("fi.hetu", "DDMMYY-{1|2|3|4|5|6|7|8}##@"),)),
    ("PESEL", (valid("pl.pesel", "YYMMDD#####"),)),
    ("CNP", (valid("ro.cnp", "{1|2}YYMMDD{12|22|35|40}####"),)),
    ("OIB", (valid("hr.oib", "###########"),)),
    ("rodné číslo", (valid("cz.rc", "YYMMDD/####"), valid("cz.rc", "YYMMDD####"))),
    ("AHV-Nummer", (valid("ch.ssn", "756.####.####.##"), valid("ch.ssn", "756##########"))),
    ("NIF", (valid("pt.nif", "{1|2}## ### ###"), valid("pt.nif", "{1|2}########"))),
    ("PPS number", (valid("ie.pps", "#######@"),)),
    ("AMKA", (valid("gr.amka", "DDMMYY#####"),)),
    ("T.C. kimlik no", (valid("tr.tckimlik", "{1|2|3|4|5|6|7|8|9}##########"),)),
    ("SSN", (valid("us.ssn", "{1|2|3|4|5}##-##-####"),)),
    ("social insurance number", (valid("ca.sin", "{1|2|4|5|6|7}## ### ###"), valid("ca.sin", "{1|2|4|5|6|7}##-###-###"))),
    ("CPF", (valid("br.cpf", "###.###.###-##"), valid("br.cpf", "###########"))),
    ("CURP", (valid("mx.curp", "@{A|E|I|O|U}@@YYMMDD{H|M}{DF|JC|NL}@@@##"),)),
    ("RUT", (valid("cl.rut", "##.###.###-#"), valid("cl.rut", "########-#"))),
    ("CUIT", (valid("ar.cuit", "{20|27}-########-#"), valid("ar.cuit", "{20|27}#########"))),
    ("Aadhaar", (valid("in_.aadhaar", "{2|3|4|5|6|7|8|9}### #### ####"), valid("in_.aadhaar", "{2|3|4|5|6|7|8|9}###########"))),
    ("TFN", (valid("au.tfn", "### ### ###"), valid("au.tfn", "#########"))),
    ("ID number", (valid("za.idnr", "YYMMDD####08#"),)),
    ("resident registration number", (valid("kr.rrn", "YYMMDD-{1|2}######"),)),
)  # fmt: skip
_AROUND_IDENTITY = (
    ("Kindly note my {what}: ", "."),
    ("We could not match {what} ", " against the register."),
    ("the form says {what} ", ", but the letter does not"),
    ("new hire, {what} ", ", starts in June"),
    ("{what} = ", ""),
    ("(", "; that is the {what} of the applicant)"),
    ("Con {what} ", " il modulo è completo."),
    ("Die Nummer ({what}) lautet ", " laut Bescheid."),
    ("Mon {what} est le ", ", merci de vérifier."),
    ("o meu {what} é ", ", podem confirmar?"),
)
_AROUND = {
    "iban": (
        ("Überweisen Sie den Betrag bitte auf ", " bis Freitag."),
        ("virement vers ", ", motif : loyer"),
        ("Beneficiary account ", "; charges shared"),
        ("na konto ", " do piątku"),
        ("La cuenta es ", " a nombre de la empresa."),
        ("payout_account=", "&currency=EUR"),
        ("→ ", " (salary)"),
        ("振込先は ", " です。"),
    ),
    "card": (
        ("Bitte belasten Sie meine Karte ", ", gültig bis 09/29."),
        ("ma carte ", " a été refusée deux fois"),
        ("It only worked with ", " after the third attempt."),
        ("card_no:", " cvc:xxx"),
        ("Номер карты ", ", срок до осени."),
        ("pagué con ", " ayer"),
        ("他的卡号是", "，请扣款。"),
    ),
    "email": (
        ("Schreib an ", ", nicht an mich."),
        ("répondez à ", " avant lundi"),
        ("cc: ", ""),
        ("the account of ", " is locked since noon"),
        ("контакт: ", "; звонить не надо"),
        ("请发送到 ", " 谢谢"),
        ('<a href="mailto:', '">write</a>'),
        ("assigned to @team, owner ", ""),
    ),
    "phone": (
        ("Rufen Sie mich unter ", " zurück."),
        ("joignable au ", " le matin"),
        ("my number is ", ", call after six"),
        ("Tel. ", ""),
        ("whatsapp: ", " (no calls)"),
        ("il mio cellulare: ", " grazie"),
        ("電話 ", " まで"),
        ("ring the desk on ", " or come by"),
    ),
    "secret": (
        ("it stopped working with ", " since the update"),
        ("Der Schlüssel ", " ist abgelaufen, wie erneuere ich ihn?"),
        ("$ export KEY=", ""),
        ("headers: {'X-Api-Key': '", "'}"),
        ("je reçois 403 avec ", " dans l'en-tête"),
        ("leaked in the log: ", ", please rotate"),
    ),
}
_KINDS = (*_AROUND, "identity")


def _iban(rnd: random.Random) -> str:
    form = rnd.choice(
        ("DE## #### #### #### #### ##", "DE####################", "AT##################", "BE## #### #### ####", "IT## @### #### #### #### #### ###",
         "SE######################", "NO## #### #### ###", "DK################", "PT#######################", "IE##@@@@##############", "FI## #### #### #### ##",
         "CZ## #### #### #### #### ####", "GB## @@@@ #### #### #### ##", "LU##################", "TR########################"))  # fmt: skip
    raw = _fill(rnd, form)
    compact = raw.replace(" ", "")
    spelled = "".join(str(int(sign, 36)) for sign in compact[4:] + compact[:2] + "00")
    return raw[:2] + f"{98 - int(spelled) % 97:02}" + raw[4:]


def _card(rnd: random.Random) -> str:
    form = rnd.choice(("4{0|5|7|9}## #### #### ####", "4{0|5|7|9}##-####-####-####", "5{1|2|3|4|5}##############", "34## ###### #####", "37#############",
        "65## #### #### ####", "22{3|4|5}#############", "3530############"))  # fmt: skip
    luhn = import_module("stdnum.luhn")
    while not luhn.is_valid((number := _fill(rnd, form)).replace(" ", "").replace("-", "")):
        pass
    return number


def _email(rnd: random.Random) -> str:
    first, last = (
        rnd.choice(_NAMES).lower(),
        rnd.choice(("novak", "berg", "costa", "tanaka", "oneill", "mueller", "diaz")),
    )
    local = rnd.choice(
        (
            f"{first}.{last}",
            f"{first[0]}{last}",
            f"{last}-{first}",
            f"{first}+news",
            f"{first}_{last}{rnd.randint(1, 99)}",
            f"{first}",
        )
    )
    place = rnd.choice(("post", "kanzlei-nord", "uni", "shop24", "x1", "buero"))
    return f"{local}@{rnd.choice(('', '', 'mx.', 'eu.'))}{place}.{rnd.choice(('eu', 'net', 'fr', 'com.br', 'co.jp', 'info', 'museum', 'test'))}"


def _phone(rnd: random.Random) -> str:
    form = rnd.choice(("+49 170 2######", "+49 (0)89 2######", "+33 1 42 ## ## ##", "01 42 ## ## ##", "+44 7911 12####", "07911 12####", "+1 (212) 55{2|3|4}-####",
        "+34 91 2## ## ##", "+39 02 48######", "+48 22 6## ## ##", "+41 44 2## ## ##", "+43 1 5######", "+31 20 6######", "+55 11 9{6|7|8}###-####", "+81 90-{2|3}###-####", "0049 30 2#######", "+91 98{2|3}## #####"))  # fmt: skip
    return _fill(rnd, form)


def _issued(rnd: random.Random) -> str:
    """Keys in the forms that issuers document."""
    hexadecimal = "0123456789abcdef"
    return rnd.choice((
        "AKIA" + _signs(rnd, 16, string.ascii_uppercase + "234567"), "ghp_" + _signs(rnd, 36), "gho_" + _signs(rnd, 36), "glpat-" + _signs(rnd, 20),
        "sk-ant-api03-" + _signs(rnd, 93) + "AA", "sk-proj-" + _signs(rnd, 64), "sk_live_" + _signs(rnd, 24), "rk_live_" + _signs(rnd, 24),
        f"xoxp-{_signs(rnd, 12, string.digits)}-{_signs(rnd, 12, string.digits)}-{_signs(rnd, 12, string.digits)}-{_signs(rnd, 32, hexadecimal)}",
        "AIza" + _signs(rnd, 35), "hf_" + _signs(rnd, 34), "npm_" + _signs(rnd, 36), "pypi-AgEIcHlwaS5vcmc" + _signs(rnd, 60), "shpat_" + _signs(rnd, 32, hexadecimal),
        "SG." + _signs(rnd, 22) + "." + _signs(rnd, 43), "dop_v1_" + _signs(rnd, 64, hexadecimal), "eyJhbGciOiJIUzI1NiJ9.eyJ" + _signs(rnd, 50) + "." + _signs(rnd, 43),
        "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join(_signs(rnd, 64) for _ in range(3)) + "\n-----END RSA PRIVATE KEY-----",
    ))  # fmt: skip


def _opaque(rnd: random.Random) -> str:
    """What only its name makes a secret."""
    return rnd.choice((_signs(rnd, 32), _signs(rnd, 20) + "!" + _signs(rnd, 3), _hex(rnd, 16)))


def _program(rnd: random.Random) -> str:
    return rnd.choice(_PROGRAMS).replace("NAME", rnd.choice(("order", "ledger", "shift", "parcel")))


_DRAWS: dict[str, Draw] = {"iban": _iban, "card": _card, "email": _email, "phone": _phone, "secret": _issued}


# What must not be found.


def _harmless(rnd: random.Random) -> str:
    return rnd.choice(_HARMLESS)(rnd)


def _isbn(rnd: random.Random) -> str:
    body = "978" + _signs(rnd, 9, string.digits)
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body[:3]}-{body[3]}-{body[4:8]}-{body[8:]}-{-total % 10}"


def _imei(rnd: random.Random) -> str:
    luhn = import_module("stdnum.luhn")
    body = "35" + _signs(rnd, 12, string.digits)
    return body + str(luhn.calc_check_digit(body))


_HARMLESS: tuple[Draw, ...] = (
    lambda rnd: f"The order {_signs(rnd, 10, string.digits)} replaces order {_signs(rnd, 10, string.digits)}.",
    lambda rnd: f"Rechnung Nr. {rnd.randint(2019, 2026)}-{_signs(rnd, 6, string.digits)} ist bezahlt.",
    lambda rnd: f"ISBN {_isbn(rnd)} is out of print.",
    lambda rnd: f"the device with IMEI {_imei(rnd)} was returned",
    lambda rnd: f"commit {_hex(rnd, 20)} broke the build",
    lambda rnd: f"sha512: {_hex(rnd, 64)}",
    lambda rnd: f"etag \"{hashlib.md5(_hex(rnd, 4).encode()).hexdigest()}\"",
    lambda rnd: f"see request {uuid.UUID(int=rnd.getrandbits(128))} in the trace",
    lambda rnd: f"upgrade {_version(rnd)} → {_version(rnd)}+build.{rnd.randint(1, 9999)}",
    lambda rnd: f"use the test card {rnd.choice(('4242 4242 4242 4242', '4000 0566 5566 5556', '5555-5555-5555-4444', '378282246310005', '4111 1111 1111 1111'))} in the sandbox",
    lambda rnd: f"pi is 3.{_signs(rnd, 16, string.digits)} for our purposes",
    lambda rnd: f"coordinates {rnd.uniform(-80, 80):.6f}, {rnd.uniform(-170, 170):.6f}",
    lambda rnd: f"shipment 00{_signs(rnd, 18, string.digits)} left the hub, tracking {_fill(rnd, '1Z@##@##########')}",
    lambda rnd: f"took {rnd.randint(100000, 999999)} µs from {rnd.randint(1700000000, 1799999999)} to {rnd.randint(1700000000, 1799999999)}",
    lambda rnd: f"MAC {':'.join(_hex(rnd, 1) for _ in range(6))} at 10.{rnd.randint(0, 255)}.{rnd.randint(0, 255)}.{rnd.randint(1, 254)}",
    lambda rnd: f"doi:10.{rnd.randint(1000, 9999)}/s{_signs(rnd, 5, string.digits)}-0{_signs(rnd, 2, string.digits)}-{_signs(rnd, 5, string.digits)}-x",
    lambda rnd: f"API_KEY={rnd.choice(_PLACEHOLDERS)}",
    lambda rnd: f"the example key AKIAIOSFODNN7EXAMPLE in the manual, version {_version(rnd)}",
    lambda rnd: f"flight LH{rnd.randint(100, 9999)}, seat {rnd.randint(1, 40)}C, booking {_signs(rnd, 6, string.ascii_uppercase)}",
    lambda rnd: f"pip install app=={_version(rnd)} user@host:~/src react@{_version(rnd)}",
    lambda rnd: f"Zeitraum {_date(rnd)} bis {_date(rnd)}, Seite {rnd.randint(1, 200)} von {rnd.randint(200, 400)}",
    lambda rnd: " ".join(str(rnd.randint(1000, 9999)) for _ in range(rnd.randint(5, 12))),
    lambda rnd: f"artículo {_signs(rnd, 8, string.digits)}, lote {_signs(rnd, 9, string.digits)}, pedido {_signs(rnd, 11, string.digits)}",
    lambda rnd: f"color: #{_hex(rnd, 3)}; background: #{_hex(rnd, 3)}; width: {rnd.randint(10, 999)}px",
    lambda rnd: f"GET /v2/items/{_signs(rnd, 9, string.digits)}?cursor={_hex(rnd, 8)}&limit=50 200 {rnd.randint(100, 99999)}",
    lambda rnd: f"ticket #{_signs(rnd, 8, string.digits)}, asset {_fill(rnd, '@@-####-####')}, ean {_signs(rnd, 13, string.digits)}",
    lambda rnd: "the password policy asks for twelve signs and a token that is renewed each day",
    lambda rnd: f"schema v{rnd.randint(1, 9)}: {{\"type\": \"object\", \"required\": [\"name\", \"count\"]}}",
    lambda rnd: f"{rnd.randint(1, 12)}:{rnd.randint(10, 59)} pm, room {rnd.randint(100, 999)}-{rnd.randint(100, 999)}, {rnd.randint(2, 9)} x {rnd.randint(100, 900)} mm",
)  # fmt: skip
_PLACEHOLDERS = (
    "<your-key-here>", "${API_KEY}", "xxxxxxxxxxxxxxxxxxxxxxxx", "changeme", "os.environ['KEY']", "YOUR_TOKEN", "{{ secrets.TOKEN }}", "********", "null", "vault:kv/app#key",
)  # fmt: skip
_PROSE = (
    "Could you shorten this to three sentences and keep the friendly tone?",
    "Bitte fasse die Sitzung vom Dienstag in fünf Stichpunkten zusammen.",
    "La réunion est reportée à jeudi, salle du fond, même heure.",
    "El informe llega tarde porque faltan las cifras de marzo.",
    "Il fornitore chiede un anticipo del trenta per cento.",
    "A entrega foi adiada por causa da chuva.",
    "Kun je dit herschrijven voor een lezer zonder voorkennis?",
    "Proszę o tłumaczenie na angielski, bez skrótów.",
    "Отчёт готов, осталось проверить таблицу на второй странице.",
    "会議の要点を三行でまとめてください。",
    "请把这段话改得更正式一些。",
    "Vi behöver två alternativ till rubriken före lunch.",
    "Revenue rose by 4.1 % to 12.6 million, costs by 2.9 %.",
    "If the belt slips, tighten the screw by a quarter turn and try again.",
    "Name five risks of the plan and one way to lower each.",
    "The museum is open from 10 to 18, on Thursdays until 21.",
)
_SUBJECTS = (
    "Refund pending",
    "Umzug im Mai",
    "Relance facture",
    "Payroll, second run",
    "Alta de cliente",
    "Access for the new team",
    "Kwartaalcijfers",
    "Angebot prüfen",
)
_NAMES = ("Ilse", "Tomás", "Noor", "Jakub", "Aiko", "Femi", "Leïla", "Sven", "Rosa", "Dmitri")
_PROGRAMS = (
    "package main\n\nimport \"fmt\"\n\nfunc NAMETotal(xs []float64) float64 {\n\tsum := 0.0\n\tfor _, x := range xs {\n\t\tsum += x\n\t}\n\treturn sum\n}\n\nfunc main() {\n\tfmt.Println(NAMETotal(nil))\n}",
    "from dataclasses import dataclass\n\n@dataclass\nclass NAME:\n    weight: float\n\n    def price(self, rate):\n        return self.weight * rate\n\nif __name__ == '__main__':\n    print(NAME(2.0).price(3))",
    "import { useState } from 'react';\n\nexport function NAMEList({ rows }) {\n  const [open, setOpen] = useState(false);\n  return rows.map((row) => (\n    <li key={row.id} onClick={() => setOpen(!open)}>{row.name}</li>\n  ));\n}",
    "CREATE TABLE NAME (\n  id INTEGER PRIMARY KEY,\n  name TEXT NOT NULL,\n  amount NUMERIC DEFAULT 0\n);\nINSERT INTO NAME (name, amount) VALUES ('a', 1);\nSELECT name, SUM(amount) FROM NAME GROUP BY name;",
    "#!/usr/bin/env bash\nset -euo pipefail\nfor file in \"$@\"; do\n  if [[ -f \"$file\" ]]; then\n    gzip -k \"$file\"\n    echo \"NAME done\"\n  fi\ndone",
    "public final class NAME {\n    private int count;\n\n    public int add(int more) {\n        count += more;\n        return count;\n    }\n}",
    "library(dplyr)\nNAME <- read.csv('in.csv')\nresult <- NAME %>%\n  group_by(region) %>%\n  summarise(total = sum(amount))\nprint(result)",
)  # fmt: skip


def _signs(rnd: random.Random, size: int, signs: str = _ALPHANUMERIC) -> str:
    return "".join(rnd.choice(signs) for _ in range(size))


def _hex(rnd: random.Random, size: int) -> str:
    return rnd.randbytes(size).hex()


def _version(rnd: random.Random) -> str:
    return f"{rnd.randint(0, 30)}.{rnd.randint(0, 30)}.{rnd.randint(0, 400)}"


def _date(rnd: random.Random) -> str:
    return rnd.choice(
        (
            f"{rnd.randint(2018, 2026)}-{rnd.randint(1, 12):02}-{rnd.randint(1, 28):02}",
            f"{rnd.randint(1, 28):02}.{rnd.randint(1, 12):02}.{rnd.randint(2018, 2026)}",
        )
    )


def _clock(rnd: random.Random) -> str:
    return f"{rnd.randint(0, 23):02}:{rnd.randint(0, 59):02}:{rnd.randint(0, 59):02}"
