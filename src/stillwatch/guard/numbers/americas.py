"""Identity and tax numbers of the Americas, each by the rule that its issuer published."""

from __future__ import annotations

from stillwatch.guard.numbers.checksums import date_yymmdd, luhn, weighted
from stillwatch.guard.numbers.rule import NumberRule

_CURP = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
_RFC = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
_PUBLISHED_SSN = frozenset({"078051120", "219099999", "457555462"})
"""Numbers printed in advertisements; nobody's any more."""


def _ssn(n: str) -> bool:
    area = n[:3]
    fits = area not in ("000", "666") and area < "900" and n[3:5] != "00" and n[5:] != "0000"
    return fits and n not in _PUBLISHED_SSN and len(set(n)) > 1


def _itin(n: str) -> bool:
    group = int(n[3:5])
    return n[0] == "9" and (50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99)


def _us_tax(n: str) -> bool:
    return _ssn(n) or _itin(n)


def _sin(n: str) -> bool:
    return n[0] not in "08" and len(set(n)) > 1 and luhn(n)


def _cpf(n: str) -> bool:
    first = -weighted(n, range(10, 1, -1)) % 11 % 10
    second = -weighted(n, range(11, 1, -1)) % 11 % 10
    return len(set(n)) > 1 and (first, second) == (int(n[9]), int(n[10]))


def _cnpj(n: str) -> bool:
    first = -weighted(n, (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) % 11 % 10
    second = -weighted(n, (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) % 11 % 10
    return len(set(n)) > 1 and (first, second) == (int(n[12]), int(n[13]))


def _curp(n: str) -> bool:
    total = sum(_CURP.index(c) * (18 - place) for place, c in enumerate(n[:17]))
    return date_yymmdd(n[4:10]) and n[10] in "HMX" and n[17].isdigit() and -total % 10 == int(n[17])


def _rfc(n: str) -> bool:
    total = sum(_RFC.index(c) * (13 - place) for place, c in enumerate(n[:12]))
    check = 11 - total % 11
    return date_yymmdd(n[4:10]) and n[12] == {11: "0", 10: "A"}.get(check, str(check))


def _rut(n: str) -> bool:
    body = n[:-1].zfill(8)
    check = 11 - weighted(body, (3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return len(set(body)) > 1 and n[-1] == {11: "0", 10: "K"}.get(check, str(check))


def _cuit(n: str) -> bool:
    check = -weighted(n, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return n[:2] in ("20", "23", "24", "27", "30", "33", "34") and min(check, 9) == int(n[10])


def _nit(n: str) -> bool:
    check = weighted(n, (41, 37, 29, 23, 19, 17, 13, 7, 3)) % 11
    return (check if check < 2 else 11 - check) == int(n[9])


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


AMERICAS: tuple[NumberRule, ...] = (
    NumberRule(
        "us_ssn", "US", "social security number, ITIN", _us_tax, _words("ssn social itin taxpayer tin"),
        ("D3-D2-D4",), ("D9", "D3 D2 D4", "D3.D2.D4"),
    ),
    NumberRule(
        "ca_sin", "CA", "social insurance number", _sin, _words("sin insurance nas canadian"), (), ("D9", "D3~D3~D3"),
    ),
    NumberRule("br_cpf", "BR", "CPF", _cpf, _words("cpf contribuinte"), ("D3.D3.D3-D2",), ("D11", "D9-D2")),
    NumberRule("br_cnpj", "BR", "CNPJ", _cnpj, _words("cnpj"), ("D2.D3.D3/D4-D2",), ("D14", "D12-D2")),
    NumberRule("mx_curp", "MX", "CURP", _curp, _words("curp"), ("L4D6L6X2",)),
    NumberRule("mx_rfc", "MX", "RFC", _rfc, _words("rfc contribuyentes"), ("L4D6X3", "L4-D6-X3")),
    NumberRule(
        "cl_rut", "CL", "RUT", _rut, _words("rut run tributario"), ("D2.D3.D3-X1", "D1.D3.D3-X1"), ("D8-X1", "D7-X1"),
    ),
    NumberRule("ar_cuit", "AR", "CUIT, CUIL", _cuit, _words("cuit cuil"), ("D2-D8-D1",), ("D11",)),
    NumberRule("co_nit", "CO", "NIT", _nit, _words("nit"), (), ("D9-D1", "D3.D3.D3-D1")),
)  # fmt: skip
