"""Numbers of payment cards: issuers' ranges, the Luhn check, and numbers that were published for testing.

Test numbers are no cards: they stand in every payment provider's manual and in millions of test suites. Besides the
listed ones, a number with a long run of zeros or of few different digits is taken for one.
"""

from __future__ import annotations

import re

from stillwatch.guard.numbers.checksums import luhn

CARD_SHAPES = ("D4~D4~D4~D4", "D4~D6~D5", "D4~D4~D4~D4~D3", "D4~D6~D4", "D13", "D14", "D15", "D16", "D17", "D18", "D19")

_ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (400000, 499999, frozenset({13, 16, 19})),
    (510000, 559999, frozenset({16})),
    (222100, 272099, frozenset({16})),
    (340000, 349999, frozenset({15})),
    (370000, 379999, frozenset({15})),
    (601100, 601199, frozenset({16, 19})),
    (622126, 622925, frozenset({16, 19})),
    (644000, 659999, frozenset({16, 19})),
    (300000, 305999, frozenset({14, 16})),
    (309500, 309599, frozenset({14, 16})),
    (360000, 369999, frozenset({14, 16})),
    (380000, 399999, frozenset({14, 16})),
    (352800, 358999, frozenset({16, 19})),
    (620000, 629999, frozenset({16, 17, 18, 19})),
    (500000, 509999, frozenset({16, 18, 19})),
    (560000, 589999, frozenset({16, 18, 19})),
    (630000, 639999, frozenset({16, 18, 19})),
    (670000, 679999, frozenset({16, 18, 19})),
    (220000, 220499, frozenset({16, 19})),
)
_TEST_NUMBERS = (
    "4242424242424242 4000056655665556 5555555555554444 2223003122003222 5200828282828210 5105105105105100 "
    "378282246310005 371449635398431 378734493671000 6011111111111117 6011000990139424 6011981111111113 "
    "3056930009020004 36227206271667 6555900000604105 3566002020360505 3530111333300000 30569309025904 "
    "38520000023237 4111111111111111 4012888888881881 4222222222222 4012000033330026 4005519200000004 "
    "4009348888881881 4012000077777777 4217651111111119 4500600000000061 5610591081018250 5019717010103742 "
    "6331101999990016 4988438843884305 4166676667666746 4646464646464644 4444333322221111 4977949494949497 "
    "5577000055770004 5136333333333335 5585558555855583 5555341244441115 2222410740360010 6011601160116611 "
    "6445644564456445 36006666333344 3569990010095841 6771798021000008 6703444444444449 5454545454545454 "
    "36148900647913 4543474002249996 5436031030606378 4659105569051157 345678901234564 30123456789019 "
    "5200533989557118 2223000048400011 2223520043560014 5425233430109903 2222420000001113 4263982640269299 "
    "4917484589897107 4001919257537193 4007702835532454 6362970000457013 6062826786276634 5011054488597827 "
    "374245455400126 4716108999716531 4539511619543489 4032035728514179 5281438801804148 4311518664440016 "
    "5018000000000009 4508750015741019"
)
_PUBLISHED = frozenset(_TEST_NUMBERS.split())
_FILLER = re.compile(r"0{7}|(\d)\1{6}")


def is_card(digits: str) -> bool:
    """Whether an issuer may have given out this number to a person."""
    start = int(digits[:6])
    if not any(low <= start <= high and len(digits) in lengths for low, high, lengths in _ISSUERS):
        return False
    return luhn(digits) and not is_test_card(digits)


def is_test_card(digits: str) -> bool:
    """Whether it was published for testing, or is made of filler."""
    return digits in _PUBLISHED or len(set(digits)) <= 3 or bool(_FILLER.search(digits))
