"""Identity and tax numbers of Asia, Africa and the Pacific, each by the rule that its issuer published."""

from __future__ import annotations

from stillwatch.guard.numbers.checksums import date_yymmdd, luhn, mod11_2, possible_date, verhoeff, weighted
from stillwatch.guard.numbers.rule import NumberRule

_PROVINCES = frozenset(
    str(n)
    for n in (*range(11, 22), *range(31, 37), *range(51, 54), *range(61, 66), *range(71, 77), 81, 82, *range(91, 98))
)
_TAIWAN = {c: n for n, c in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO", 10)}


def _chinese(n: str) -> bool:
    born = n[6:10]
    return "1900" <= born <= "2099" and possible_date(n[10:12], n[12:14]) and n[17] in "0123456789X" and mod11_2(n)


def _hong_kong(n: str) -> bool:
    letters = n[:-7].rjust(2)
    values = [36 if c == " " else ord(c) - 55 for c in letters] + [int(c) for c in n[-7:-1]]
    check = -sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True)) % 11
    return n[-1] == ("A" if check == 10 else str(check))


def _taiwanese(n: str) -> bool:
    first = _TAIWAN[n[0]]
    total = first // 10 + first % 10 * 9 + weighted(n[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1))
    return n[1] in "1289" and total % 10 == 0


def _korean(n: str) -> bool:
    check = (11 - weighted(n, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10
    # Numbers given out since October 2020 carry no check digit: those born from then on are told by their date.
    return (
        date_yymmdd(n)
        and n[6] in "012345678"
        and (check == int(n[12]) or (n[6] in "3478" and "2010" <= n[:4] < "5000"))
    )


def _my_number(n: str) -> bool:
    rest = weighted(n, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return len(set(n)) > 1 and (0 if rest < 2 else 11 - rest) == int(n[11])


def _nric(n: str) -> bool:
    total = weighted(n[1:], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(n[0], 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}
    if n[0] not in letters:
        return False
    rest = total % 11
    return letters[n[0]][10 - rest if n[0] == "M" else rest] == n[8]


def _mykad(n: str) -> bool:
    return date_yymmdd(n) and (1 <= int(n[6:8]) <= 16 or 21 <= int(n[6:8]) <= 59 or n[6:8] in ("71", "72", "82"))


def _thai(n: str) -> bool:
    return n[0] not in "09" and (11 - weighted(n, range(13, 1, -1)) % 11) % 10 == int(n[12])


def _aadhaar(n: str) -> bool:
    return n[0] not in "01" and n != n[::-1] and verhoeff(n)


def _pan(n: str) -> bool:
    return n[3] in "ABCFGHJLPT" and n[5:9] != "0000"


def _indonesian(n: str) -> bool:
    return n[:2] in _PROVINCES and possible_date(n[8:10], int(n[6:8]) % 40) and n[12:] != "0000"


def _israeli(n: str) -> bool:
    return len(set(n)) > 1 and luhn(n)


def _emirates(n: str) -> bool:
    return n[:3] == "784" and "1900" <= n[3:7] <= "2099" and luhn(n)


def _south_african(n: str) -> bool:
    return date_yymmdd(n) and n[10] in "012" and luhn(n)


def _tfn(n: str) -> bool:
    return len(set(n)) > 1 and weighted(n, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def _medicare(n: str) -> bool:
    return n[0] in "23456" and weighted(n, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(n[8]) and n[9] != "0"


def _ird(n: str) -> bool:
    n = n.zfill(9)
    if not 10_000_000 <= int(n) <= 150_000_000:
        return False
    for weights in ((3, 2, 7, 6, 5, 4, 3, 2), (7, 4, 3, 2, 5, 2, 7, 6)):
        check = -weighted(n, weights) % 11
        if check != 10:
            return check == int(n[8])
    return False


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ASIA_PACIFIC: tuple[NumberRule, ...] = (
    NumberRule("cn_resident", "CN", "resident identity card", _chinese, _words("resident shenfenzheng"), ("D17X1",)),
    NumberRule(
        "hk_hkid", "HK", "Hong Kong identity card", _hong_kong, _words("hkid"), ("L1D6(X1)", "L2D6(X1)"), ("L1D6X1",),
    ),
    NumberRule("tw_national", "TW", "national identification card", _taiwanese, _words("taiwan national"), ("L1D9",)),
    NumberRule("kr_rrn", "KR", "resident registration number", _korean, _words("rrn resident"), ("D6-D7",), ("D13",)),
    NumberRule(
        "jp_my_number", "JP", "My Number", _my_number, _words("mynumber my kojin individual"), (), ("D12", "D4~D4~D4"),
    ),
    NumberRule("sg_nric", "SG", "NRIC, FIN", _nric, _words("nric fin"), ("L1D7L1",)),
    NumberRule("my_nric", "MY", "MyKad", _mykad, _words("mykad nric ic kad"), ("D6-D2-D4",), ("D12",)),
    NumberRule(
        "th_national", "TH", "citizen identification number", _thai, _words("thai citizen"), ("D1-D4-D5-D2-D1",),
        ("D13", "D1 D4 D5 D2 D1"),
    ),
    NumberRule(
        "in_aadhaar", "IN", "Aadhaar", _aadhaar, _words("aadhaar aadhar uidai uid"), ("D4 D4 D4",), ("D12", "D4-D4-D4"),
    ),
    NumberRule("in_pan", "IN", "permanent account number", _pan, _words("pan permanent"), ("L5D4L1",)),
    NumberRule("id_nik", "ID", "NIK", _indonesian, _words("nik ktp penduduk"), (), ("D16",)),
    NumberRule("il_identity", "IL", "identity number", _israeli, _words("israeli teudat zehut"), (), ("D9", "D8-D1")),
    NumberRule("ae_emirates", "AE", "Emirates ID", _emirates, _words("emirates eid"), ("D3-D4-D7-D1", "D15")),
    NumberRule("za_identity", "ZA", "identity number", _south_african, _words("south african rsa"), ("D13",)),
    NumberRule("au_tfn", "AU", "tax file number", _tfn, _words("tfn file"), (), ("D9", "D3~D3~D3")),
    NumberRule("au_medicare", "AU", "Medicare number", _medicare, _words("medicare"), ("D4 D5 D1",), ("D10",)),
    NumberRule("nz_ird", "NZ", "IRD number", _ird, _words("ird"), (), ("D8", "D9", "D2-D3-D3", "D3-D3-D3")),
)  # fmt: skip
