# ruff: noqa: E501 - one entry a line, however long
"""Made-up numbers with right check digits: drawn until python-stdnum, which is not ours, calls them valid."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from importlib import import_module

Draw = Callable[[random.Random], str]


def _date(rnd: random.Random, form: str) -> str:
    year, month, day = rnd.randint(1945, 2004), rnd.randint(1, 12), rnd.randint(1, 28)
    parts = {"YYYY": f"{year:04}", "YY": f"{year % 100:02}", "MM": f"{month:02}", "DD": f"{day:02}"}
    for name, value in parts.items():
        form = form.replace(name, value)
    return form


def _fill(rnd: random.Random, form: str) -> str:
    """``#`` a digit, ``@`` a letter, ``YYYY``, ``YY``, ``MM``, ``DD`` a date, ``{abc}`` one of these; other signs stay."""
    while "{" in form:
        start, end = form.index("{"), form.index("}")
        form = form[:start] + rnd.choice(form[start + 1 : end].split("|")) + form[end + 1 :]
    form = _date(rnd, form)
    return "".join(
        rnd.choice(string.digits) if c == "#" else rnd.choice(string.ascii_uppercase) if c == "@" else c for c in form
    )


def valid(module: str, form: str) -> Draw:
    """Numbers of ``form`` that ``stdnum.<module>`` calls valid."""
    is_valid = import_module(f"stdnum.{module}").is_valid if module else bool

    def draw(rnd: random.Random) -> str:
        while not is_valid(number := _fill(rnd, form)):
            pass
        return number

    return draw


def identities() -> dict[str, tuple[str, tuple[Draw, ...]]]:
    """By country: what people call the number, and how it is written."""
    return {
        "ES": ("DNI", (valid("es.dni", "########@"), valid("es.nie", "{X|Y|Z}#######@"))),
        "IT": ("codice fiscale", (valid("it.codicefiscale", "@@@@@@YY{A|B|C|D|E|H|L|M|P|R|S|T}DD@###@"),)),
        "FR": ("numéro de sécurité sociale", (valid("fr.nir", "{1|2} YY MM {75|13|69} ### ### ##"),)),
        "DE": ("Steuer-ID", (valid("de.idnr", "{1|2|5|8}#########{1|2|3|4|5|6|7|8|9}"), valid("de.idnr", "{2|4|6}# ### ### ###"))),
        "GB": ("NHS number", (valid("gb.nhs", "### ### ####"), valid("gb.nhs", "##########"))),
        "NL": ("BSN", (valid("nl.bsn", "{1|2}########"),)),
        "BE": ("rijksregisternummer", (valid("be.nn", "YY.MM.DD-###.##"),)),
        "SE": ("personnummer", (valid("se.personnummer", "YYMMDD-####"), valid("se.personnummer", "YYYYMMDD-####"))),
        "NO": ("fødselsnummer", (valid("no.fodselsnummer", "DDMMYY{1|2|3}####"),)),
        "FI": ("henkilötunnus", (valid("fi.hetu", "DDMMYY-{1|2|3|4|5|6|7|8}##@"),)),
        "PL": ("PESEL", (valid("pl.pesel", "YYMMDD#####"),)),
        "EE": ("isikukood", (valid("ee.ik", "{3|4}YYMMDD####"),)),
        "RO": ("CNP", (valid("ro.cnp", "{1|2}YYMMDD{12|22|35|40}####"),)),
        "BG": ("EGN", (valid("bg.egn", "YYMMDD####"),)),
        "HR": ("OIB", (valid("hr.oib", "###########"),)),
        "CZ": ("rodné číslo", (valid("cz.rc", "YYMMDD/####"),)),
        "CH": ("AHV-Nummer", (valid("ch.ssn", "756.####.####.##"),)),
        "AT": ("SVNR", (valid("at.vnr", "{1|2|3|4|5|6|7|8|9}### DDMMYY"),)),
        "IE": ("PPS number", (valid("ie.pps", "#######@"),)),
        "PT": ("NIF", (valid("pt.nif", "{1|2}########"),)),
        "GR": ("AMKA", (valid("gr.amka", "DDMMYY#####"),)),
        "TR": ("T.C. kimlik no", (valid("tr.tckimlik", "{1|2|3|4|5|6|7|8|9}##########"),)),
        "US": ("SSN", (valid("us.ssn", "{1|2|3|4|5}##-##-####"),)),
        "CA": ("social insurance number", (valid("ca.sin", "{1|2|4|5|6|7}## ### ###"),)),
        "BR": ("CPF", (valid("br.cpf", "###.###.###-##"), valid("br.cpf", "###########"))),
        "MX": ("CURP", (valid("mx.curp", "@{A|E|I|O|U}@@YYMMDD{H|M}{DF|JC|NL}@@@##"),)),
        "CL": ("RUT", (valid("cl.rut", "##.###.###-#"),)),
        "AR": ("CUIT", (valid("ar.cuit", "{20|27}-########-#"),)),
        "CN": ("resident identity number", (_chinese,)),
        "KR": ("resident registration number", (valid("kr.rrn", "YYMMDD-{1|2}######"),)),
        "IN": ("Aadhaar", (valid("in_.aadhaar", "{2|3|4|5|6|7|8|9}### #### ####"),)),
        "ZA": ("South African ID number", (valid("za.idnr", "YYMMDD####08#"),)),
        "IL": ("Israeli identity number", (valid("il.idnr", "{2|3}########"),)),
        "AU": ("TFN", (valid("au.tfn", "### ### ###"),)),
        "SG": ("NRIC", (_singapore,)),
    }  # fmt: skip


def _chinese(rnd: random.Random) -> str:
    """GB 11643: the rule is short, and the library's list of places is not needed."""
    body = _fill(rnd, "{110105|310115|440305}YYYYMMDD###")
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def _singapore(rnd: random.Random) -> str:
    digits = _fill(rnd, "#######")
    total = sum(int(d) * w for d, w in zip(digits, (2, 7, 6, 5, 4, 3, 2), strict=True))
    return "S" + digits + "JZIHGFEDCBA"[total % 11]


def card(rnd: random.Random) -> str:
    form = rnd.choice(("4### #### #### ####", "5{1|2|3|4|5}##-####-####-####", "4###############", "37## ###### #####",
        "6011############", "2{3|4|5|6}## #### #### ####", "35{3|4|5|6}# #### #### ####"))  # fmt: skip
    while True:
        number = _fill(rnd, form)
        if import_module("stdnum.luhn").is_valid(number.replace(" ", "").replace("-", "")):
            return number


def iban(rnd: random.Random) -> str:
    form = rnd.choice(("DE## #### #### #### #### ##", "GB##@@@@##############", "FR## #### #### #### #### #### ###",
        "NL##@@@@##########", "ES######################", "CH## #### #### #### #### #", "PL## #### #### #### #### #### ####"))  # fmt: skip
    raw = _fill(rnd, form)
    compact = raw.replace(" ", "")
    spelled = "".join(str(int(c, 36)) for c in compact[4:] + compact[:2] + "00")
    return raw[:2] + f"{98 - int(spelled) % 97:02}" + raw[4:]
