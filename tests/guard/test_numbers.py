"""Check digits against examples that issuers and reference works print, and against a digit gone wrong."""

from __future__ import annotations

import pytest

from stillwatch.guard.identifiers import compact
from stillwatch.guard.numbers.cards import is_card, is_test_card
from stillwatch.guard.numbers.catalogue import NUMBERS
from stillwatch.guard.numbers.iban import LENGTHS, is_iban
from stillwatch.guard.numbers.rule import NumberRule
from stillwatch.guard.numbers.template import expand

EXAMPLES = {
    "es_dni": "12345678Z",
    "es_nie": "X1234567L",
    "it_codice_fiscale": "RSSMRA85T10A562S",
    "it_partita_iva": "07643520567",
    "fr_nir": "2 95 10 99 126 111 93",
    "de_steuer_id": "36 574 261 809",
    "de_rentenversicherung": "15070649C103",
    "gb_nino": "AB 12 34 56 C",
    "gb_nhs": "943 476 5919",
    "nl_bsn": "1112.22.333",
    "be_national": "85.07.30-033.28",
    "se_personnummer": "811218-9876",
    "no_fodselsnummer": "151086 95088",
    "dk_cpr": "211062-5629",
    "fi_hetu": "131052-308T",
    "pl_pesel": "44051401359",
    "pl_nip": "856-734-62-15",
    "baltic_personal": "37605030299",
    "lv_personas_kods": "161175-19997",
    "ro_cnp": "1630615123457",
    "bg_egn": "7523169263",
    "hr_oib": "33392005961",
    "jmbg": "0101006500006",
    "rodne_cislo": "710319/2745",
    "ch_ahv": "756.9217.0769.85",
    "at_svnr": "1237 010180",
    "ie_pps": "6433435F",
    "pt_nif": "501964843",
    "gr_afm": "094259216",
    "gr_amka": "01013099997",
    "ua_rnokpp": "1759013776",
    "ru_inn": "500100732259",
    "tr_kimlik": "17291716060",
    "us_ssn": "536-90-4399",
    "ca_sin": "130 692 544",
    "br_cpf": "390.533.447-05",
    "br_cnpj": "16.727.230/0001-97",
    "mx_curp": "BOXW310820HNERXN09",
    "mx_rfc": "GODE561231GR8",
    "cl_rut": "12.531.909-2",
    "ar_cuit": "20-05536168-2",
    "co_nit": "213.123.432-1",
    "cn_resident": "11010519491231002X",
    "hk_hkid": "A123456(3)",
    "tw_national": "A123456789",
    "jp_my_number": "6214 9832 0257",
    "sg_nric": "S1234567D",
    "my_nric": "770305-02-1234",
    "th_national": "1-2345-45678-78-1",
    "in_aadhaar": "2341 2341 2346",
    "in_pan": "ACUPA7085R",
    "id_nik": "3171011708450001",
    "il_identity": "39337423",
    "za_identity": "7503305044089",
    "au_tfn": "123 456 782",
    "au_medicare": "2123 45670 1",
    "nz_ird": "49-091-850",
}
RULES = {rule.name: rule for rule in NUMBERS}
UNCHECKED = {"gb_nino", "dk_cpr", "us_ssn", "my_nric", "in_pan", "id_nik"}
"""Numbers without check digits: only their parts can be possible or not."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_printed_example_is_valid(name: str) -> None:
    number = compact(EXAMPLES[name].encode())
    assert RULES[name].check(number.zfill(9) if name == "il_identity" else number)


@pytest.mark.parametrize("name", EXAMPLES.keys() - UNCHECKED)
def test_most_single_mistakes_are_noticed(name: str) -> None:
    number = compact(EXAMPLES[name].encode())
    number = number.zfill(9) if name == "il_identity" else number
    wrong = [
        number[:at] + str((int(digit) + more) % 10) + number[at + 1 :]
        for at, digit in enumerate(number)
        if digit.isdigit()
        for more in range(1, 10)
    ]
    assert sum(map(RULES[name].check, wrong)) <= len(wrong) * 0.2


def test_at_least_twelve_countries_are_known() -> None:
    assert len({country for rule in NUMBERS for country in rule.country.split("/")}) >= 40
    assert len({rule.name for rule in NUMBERS}) == len(NUMBERS)


@pytest.mark.parametrize("rule", NUMBERS, ids=lambda rule: rule.name)
def test_every_check_bears_every_shape_it_may_be_asked_about(rule: NumberRule) -> None:
    for shape, _ in rule.shapes():
        for digit, letter in (("0", "A"), ("9", "Z"), ("1", "N"), ("4", "K")):
            number = "".join({"D": digit, "L": letter}.get(kind, "") * size for kind, size in shape)
            assert rule.check(number) in (True, False)


def test_cards_and_test_cards() -> None:
    assert is_card("4539148803436467") and is_card("371449635398423") and not is_card("371449635398424")
    assert not is_card("4111111111111111") and is_test_card("4000000000000002")
    assert not is_card("4539148803436468") and not is_card("1234567812345670")


def test_bank_accounts_have_the_length_of_their_country() -> None:
    assert is_iban("DE89370400440532013000") and not is_iban("DE8937040044053201300")
    assert not is_iban("XX89370400440532013000") and len(LENGTHS) > 75


def test_templates() -> None:
    assert list(expand("D3-L2")) == [(("D", 3), ("-", 1), ("L", 2))]
    assert len(list(expand("D4~D4"))) == 3 and len(list(expand("L4D6X3"))) == 8
    assert (("L", 4), ("D", 7), ("L", 2)) in list(expand("L4D6X3"))
    with pytest.raises(ValueError, match="no template"):
        list(expand("D3_D2"))
