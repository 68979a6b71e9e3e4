"""Identity and tax numbers of Europe, each by the rule that its issuer published."""

from __future__ import annotations

from stillwatch.guard.numbers.checksums import (
    date_ddmmyy,
    date_yymmdd,
    luhn,
    mod11_10,
    possible_date,
    weighted,
)
from stillwatch.guard.numbers.rule import NumberRule

_SPANISH = "TRWAGMYFPDXBNJZSQVHLCKE"
_IRISH = "WABCDEFGHIJKLMNOPQRSTUV"
_FINNISH = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_MONTHS = "ABCDEHLMPRST"
_ODD = dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21), strict=True)) | dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)
_EVEN = {c: int(c) for c in "0123456789"} | {c: n for n, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}


def _dni(n: str) -> bool:
    return n[:8] != "00000000" and _SPANISH[int(n[:8]) % 23] == n[8]


def _nie(n: str) -> bool:
    return n[0] in "XYZ" and _SPANISH[int(str("XYZ".index(n[0])) + n[1:8]) % 23] == n[8]


def _codice_fiscale(n: str) -> bool:
    day = int(n[9:11]) % 40
    if n[8] not in _MONTHS or not 1 <= day <= 31 or int(n[9:11]) > 71:
        return False
    total = sum(_ODD[c] if place % 2 == 0 else _EVEN[c] for place, c in enumerate(n[:15]))
    return chr(65 + total % 26) == n[15]


def _partita_iva(n: str) -> bool:
    return n[:7] != "0000000" and luhn(n)


def _nir(n: str) -> bool:
    month = int(n[3:5])
    return n[0] in "1234" and (month <= 12 or 20 <= month <= 42) and month > 0 and 97 - int(n[:13]) % 97 == int(n[13:])


def _steuer_id(n: str) -> bool:
    most = max(n[:10].count(digit) for digit in n[:10])
    return n[0] != "0" and (most, len(set(n[:10]))) in ((2, 9), (3, 8)) and mod11_10(n)


def _german_pension(n: str) -> bool:
    spelled = n[:8] + f"{ord(n[8]) - 64:02}" + n[9:11]
    total = 0
    for digit, weight in zip(spelled, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True):
        product = int(digit) * weight
        total += product // 10 + product % 10
    return date_ddmmyy(n[2:8], (0, 50)) and total % 10 == int(n[11])


def _nino(n: str) -> bool:
    fits = n[0] not in "DFIQUV" and n[1] not in "DFIOQUV" and n[8] in "ABCD"
    return fits and n[:2] not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def _nhs(n: str) -> bool:
    check = 11 - weighted(n, range(10, 1, -1)) % 11
    return len(set(n)) > 1 and check % 11 == int(n[9]) and check != 10


def _bsn(n: str) -> bool:
    return len(set(n)) > 1 and weighted(n, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def _belgian(n: str) -> bool:
    check = int(n[9:])
    dated = date_yymmdd(n, (0, 20, 40)) or n[2:6] == "0000"
    return dated and check in (97 - int(n[:9]) % 97, 97 - int("2" + n[:9]) % 97)


def _swedish(n: str) -> bool:
    n = n[-10:]
    return date_yymmdd(n) and luhn(n)


def _norwegian(n: str) -> bool:
    first = -weighted(n, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
    second = -weighted(n, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return date_ddmmyy(n, (0, 40)) and (first, second) == (int(n[9]), int(n[10]))


def _cpr(n: str) -> bool:
    return date_ddmmyy(n)


def _hetu(n: str) -> bool:
    digits = n[:6] + n[-4:-1]
    return date_ddmmyy(n) and (len(n) == 10 or n[6] in "ABCDEFUVWXY") and _FINNISH[int(digits) % 31] == n[-1]


def _pesel(n: str) -> bool:
    return date_yymmdd(n, (0, 20, 40, 60, 80)) and weighted(n, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def _nip(n: str) -> bool:
    return len(set(n)) > 1 and weighted(n, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(n[9])


def _baltic(n: str) -> bool:
    """Estonia and Lithuania: one rule."""
    check = weighted(n, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    if check == 10:
        check = weighted(n, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return n[0] in "123456" and possible_date(n[3:5], n[5:7]) and check == int(n[10])


def _latvian(n: str) -> bool:
    check = (1 + weighted(n, (10, 5, 8, 4, 2, 1, 6, 3, 7, 9))) % 11
    return date_ddmmyy(n) and n[6] in "012" and check % 10 == int(n[10]) and check != 10


def _cnp(n: str) -> bool:
    check = weighted(n, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    county = int(n[7:9])
    dated = n[0] in "123456789" and possible_date(n[3:5], n[5:7]) and (1 <= county <= 52 or county in (70, 80, 81, 82))
    return dated and (1 if check == 10 else check) == int(n[12])


def _egn(n: str) -> bool:
    return date_yymmdd(n, (0, 20, 40)) and weighted(n, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10 == int(n[9])


def _oib(n: str) -> bool:
    return mod11_10(n)


def _jmbg(n: str) -> bool:
    check = -weighted(n, (7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    born = possible_date(n[2:4], n[:2]) and (n[4] == "9" or n[4:6] in ("00", "01", "02"))
    return born and check % 10 == int(n[12])


def _rodne_cislo(n: str) -> bool:
    return date_yymmdd(n, (0, 20, 50, 70)) and int(n[:9]) % 11 % 10 == int(n[9])


def _ahv(n: str) -> bool:
    return n[:3] == "756" and -weighted(n, (1, 3) * 6) % 10 == int(n[12])


def _svnr(n: str) -> bool:
    check = weighted(n, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11
    return n[0] != "0" and possible_date(n[6:8], n[4:6]) and check == int(n[3])


def _pps(n: str) -> bool:
    total = weighted(n, range(8, 1, -1)) + (9 * (ord(n[8]) - 64) if len(n) == 9 and n[8] != "W" else 0)
    return _IRISH[total % 23] == n[7]


def _portuguese_nif(n: str) -> bool:
    check = -weighted(n, range(9, 1, -1)) % 11
    return n[0] in "1235689" and check % 10 == int(n[8])


def _afm(n: str) -> bool:
    return len(set(n)) > 1 and weighted(n, (256, 128, 64, 32, 16, 8, 4, 2)) % 11 % 10 == int(n[8])


def _amka(n: str) -> bool:
    return date_ddmmyy(n) and luhn(n)


def _hungarian(n: str) -> bool:
    return n[0] == "8" and weighted(n, range(1, 10)) % 11 == int(n[9])


def _ukrainian(n: str) -> bool:
    return len(set(n)) > 1 and weighted(n, (-1, 5, 7, 9, 4, 6, 10, 5, 7)) % 11 % 10 == int(n[9])


def _inn(n: str) -> bool:
    eleventh = weighted(n, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    twelfth = weighted(n, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    return len(set(n)) > 1 and (eleventh, twelfth) == (int(n[10]), int(n[11]))


def _turkish(n: str) -> bool:
    odd, even = sum(map(int, n[0:9:2])), sum(map(int, n[1:8:2]))
    return n[0] != "0" and (7 * odd - even) % 10 == int(n[9]) and sum(map(int, n[:10])) % 10 == int(n[10])


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


EUROPE: tuple[NumberRule, ...] = (
    NumberRule("es_dni", "ES", "DNI/NIF", _dni, _words("dni nif identidad"), ("D8L1", "D8-L1")),
    NumberRule("es_nie", "ES", "NIE", _nie, _words("nie extranjero"), ("L1D7L1", "L1-D7-L1", "L1-D7L1")),
    NumberRule(
        "it_codice_fiscale", "IT", "codice fiscale", _codice_fiscale, _words("codice fiscale"),
        ("L6D2L1D2L1D3L1", "L3 L3 D2L1D2 L1D3L1", "L6 D2L1D2 L1D3L1"),
    ),
    NumberRule("it_partita_iva", "IT", "partita IVA", _partita_iva, _words("iva piva partita"), (), ("D11", "L2D11")),
    NumberRule(
        "fr_nir", "FR", "numéro de sécurité sociale", _nir, _words("nir insee securite sociale secu"),
        ("D15", "D1 D2 D2 D2 D3 D3 D2", "D13 D2", "D1.D2.D2.D2.D3.D3.D2", "D1-D2-D2-D2-D3-D3-D2"),
    ),
    NumberRule(
        "de_steuer_id", "DE", "Steuer-Identifikationsnummer", _steuer_id,
        _words("steuer steuerid steueridentifikationsnummer steuernummer idnr identifikationsnummer tin tax fiskal"),
        ("D2 D3 D3 D3",), ("D11", "D2D9", "D2/D3/D3/D3"),
    ),
    NumberRule(
        "de_rentenversicherung", "DE", "Rentenversicherungsnummer", _german_pension,
        _words("rentenversicherung rentenversicherungsnummer sozialversicherungsnummer svnr"),
        ("D8L1D3", "D2 D6 L1 D3", "D2 D6 L1D3"),
    ),
    NumberRule(
        "gb_nino", "GB", "National Insurance number", _nino, _words("nino insurance ni"),
        ("L2D6L1", "L2 D2 D2 D2 L1", "L2-D2-D2-D2-L1", "L2 D6 L1"),
    ),
    NumberRule("gb_nhs", "GB", "NHS number", _nhs, _words("nhs patient"), (), ("D10", "D3~D3~D4")),
    NumberRule(
        "nl_bsn", "NL", "burgerservicenummer", _bsn, _words("bsn burgerservicenummer sofinummer sofi"), (),
        ("D9", "D4.D2.D3", "D3~D3~D3", "D4 D2 D3"),
    ),
    NumberRule(
        "be_national", "BE", "national register number", _belgian,
        _words("rijksregister rijksregisternummer national nationaal insz niss registre bis belgian"),
        ("D2.D2.D2-D3.D2",), ("D11", "D6-D3-D2", "D6 D3 D2", "D2 D2 D2 D3 D2"),
    ),
    NumberRule(
        "se_personnummer", "SE", "personnummer", _swedish, _words("personnummer samordningsnummer personal pnr"),
        ("D6-D4", "D8-D4"), ("D10", "D12"),
    ),
    NumberRule(
        "no_fodselsnummer", "NO", "fødselsnummer", _norwegian, _words("fodselsnummer personnummer fnr"),
        ("D11", "D6 D5"),
    ),
    NumberRule("dk_cpr", "DK", "CPR number", _cpr, _words("cpr personnummer cprnr"), (), ("D6-D4", "D10", "D6 D4")),
    NumberRule("fi_hetu", "FI", "henkilötunnus", _hetu, _words("hetu henkilotunnus"), ("D6-D3X1", "D6L1D3X1")),
    NumberRule("pl_pesel", "PL", "PESEL", _pesel, _words("pesel"), ("D11",)),
    NumberRule("pl_nip", "PL", "NIP", _nip, _words("nip podatkowy"), ("D3-D3-D2-D2",), ("D10", "D3-D2-D2-D3")),
    NumberRule("baltic_personal", "EE/LT", "isikukood, asmens kodas", _baltic, _words("isikukood asmens"), ("D11",)),
    NumberRule("lv_personas_kods", "LV", "personas kods", _latvian, _words("personas kods"), ("D6-D5",), ("D11",)),
    NumberRule("ro_cnp", "RO", "cod numeric personal", _cnp, _words("cnp numeric"), ("D13",)),
    NumberRule("bg_egn", "BG", "EGN", _egn, _words("egn"), (), ("D10",)),
    NumberRule("hr_oib", "HR", "OIB", _oib, _words("oib osobni"), (), ("D11",)),
    NumberRule("jmbg", "SI/RS/BA", "EMŠO, JMBG", _jmbg, _words("jmbg emso maticni"), ("D13",)),
    NumberRule(
        "rodne_cislo", "CZ/SK", "rodné číslo", _rodne_cislo, _words("rodne cislo birth"), ("D6/D4",), ("D10", "D6 D4"),
    ),
    NumberRule("ch_ahv", "CH", "AHV number", _ahv, _words("ahv avs navs"), ("D3.D4.D4.D2", "D13", "D3 D4 D4 D2")),
    NumberRule(
        "at_svnr", "AT", "Sozialversicherungsnummer", _svnr,
        _words("svnr sozialversicherungsnummer sozialversicherung versicherungsnummer"), ("D4 D6",), ("D10", "D4-D6"),
    ),
    NumberRule("ie_pps", "IE", "PPS number", _pps, _words("pps ppsn"), ("D7L1", "D7L2")),
    NumberRule(
        "pt_nif", "PT", "NIF", _portuguese_nif, _words("nif contribuinte fiscal"), (), ("D9", "D3~D3~D3"),
    ),
    NumberRule("gr_afm", "GR", "AFM", _afm, _words("afm tin vat"), (), ("D9",)),
    NumberRule("gr_amka", "GR", "AMKA", _amka, _words("amka"), (), ("D11",)),
    NumberRule("hu_adoazonosito", "HU", "adóazonosító jel", _hungarian, _words("adoazonosito ado"), (), ("D10",)),
    NumberRule("ua_rnokpp", "UA", "RNOKPP", _ukrainian, _words("rnokpp ipn"), (), ("D10",)),
    NumberRule("ru_inn", "RU", "INN", _inn, _words("inn"), (), ("D12",)),
    NumberRule("tr_kimlik", "TR", "T.C. kimlik", _turkish, _words("kimlik tckn tc"), (), ("D11",)),
)  # fmt: skip
