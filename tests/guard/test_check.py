"""What is found in texts, what is not, however it is disguised, and that hostile text costs no more than its length."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InputError
from stillwatch.guard import check
from stillwatch.guard.check import OVERLAP, SLICE, Guard
from stillwatch.guard.finding import KINDS
from stillwatch.guard.terms import dictionary

GUARD = Guard([dictionary("projects", ["Blue Heron", "Größenwahn", "東京計画"])])


def found(text: str) -> list[tuple[str, str]]:
    return [(finding.kind, text[finding.start : finding.end]) for finding in GUARD.check(text)]


@pytest.mark.parametrize(
    ("kind", "text", "what"),
    [
        ("iban", "pay to DE89 3704 0044 0532 0130 00 today", "DE89 3704 0044 0532 0130 00"),
        ("iban", "GB82WEST12345698765432", "GB82WEST12345698765432"),
        ("card", "his card 4539-1488-0343-6467 expires soon", "4539-1488-0343-6467"),
        ("identity", "my SSN is 536-90-4399.", "536-90-4399"),
        ("identity", '{"bsn": "111222333"}', "111222333"),
        ("identity", "123456782 is her TFN", "123456782"),
        ("identity", '{"TFN2": "123456782"}', "123456782"),
        ("secret", "client_secret = fwzLoz28m6LeYflxIRHb!Dl3", "fwzLoz28m6LeYflxIRHb!Dl3"),
        ("identity", "born 131052-308T", "131052-308T"),
        ("identity", "HKID A123456(3)", "A123456(3)"),
        ("email", "write to <jo.doe+x@mail.example.org>, please", "jo.doe+x@mail.example.org"),
        ("phone", "ring +49 30 901820 now", "+49 30 901820"),
        ("phone", "Tel. (415) 555-2671", "(415) 555-2671"),
        ("phone", "au 01 42 68 53 00", "01 42 68 53 00"),
        ("secret", "AKIAQ3EGRZFM5T7KLMNP", "AKIAQ3EGRZFM5T7KLMNP"),
        (
            "secret",
            "post to https://hooks.slack.com/services/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 now",
            "hooks.slack.com/services/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",
        ),
        ("secret", 'password = "c0rrect-h0rse"', "c0rrect-h0rse"),
        ("secret", "DB_PASSWORD=Wq8.rtz!", "Wq8.rtz!"),
        ("secret", "the password is Wq8rtzAb", "Wq8rtzAb"),
        ("secret", "mysql://app:Wq8rtzAb@db.example.org/x", "Wq8rtzAb"),
        ("secret", "Authorization: Bearer a8Fq3ZtL0pXw7Rk2VbNc", "a8Fq3ZtL0pXw7Rk2VbNc"),
        ("term", "about BLUE-heron, then", "BLUE-heron"),
        ("term", "der größenwahn", "größenwahn"),
        ("term", "これは東京計画です", "東京計画"),
    ],
)
def test_it_is_found(kind: str, text: str, what: str) -> None:
    assert found(text) == [(kind, what)]


@pytest.mark.parametrize(
    "text",
    [
        "order number 4539 1488 0343 6467",
        "card 4111 1111 1111 1111 is for tests",
        "version 1.2.3.4, build 20240102.1234, python 3.11.7",
        "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "id 550e8400-e29b-41d4-a716-446655440000 at 1700000000000",
        "react@18.2.0 @types/node logo@2x.png git@example.org:a/b.git",
        'password = os.environ["DB"] and password: str and password=<password> and api_key = your_api_key_goes_here',
        "on 2024-01-02 at 10:15:00, from 192.168.10.20, pages 100-200",
        "1234 5678 9012 3456 7890 1234 5678 9012 3456",
        "The password policy: it must have twelve characters. Token: a unit of text.",
    ],
)
def test_it_is_not_found(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("between", ["\u200b", "\u2060", "\u00ad", "\u200d", "\ufe0f", "\u0336", "\x00"])
def test_nothing_hides_behind_what_is_not_seen(between: str) -> None:
    text = "to " + between.join("DE89370400440532013000")
    assert found(text)[0][0] == "iban"
    assert found("my " + between.join("jo@example.org"))[0][0] == "email"


@pytest.mark.parametrize(
    "text", ["ＤＥ８９　３７０４ ００４４ ０５３２ ０１３０ ００", "ԌB82 ԜЕЅТ 1234 5698 7654 32", "𝟒𝟓𝟑𝟗 1488 0343 6467"]
)
def test_look_alikes_are_seen_through(text: str) -> None:
    assert [what for _, what in found(text)] == [text]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_escapes_stand_for_what_they_mean(times: int) -> None:
    said = "my account:\nDE89\u200b3704\t0044\u00a00532\u20110130\n\uff10\uff10"
    text = said
    for _ in range(times):
        text = json.dumps(text)
    (kind, what), *rest = found(text)
    assert (kind, rest) == ("iban", []) and what.startswith("DE89\\") and what.endswith("ff10")
    assert found(r"C:\new\table \u12 \ \u00e") == []


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ('{"cprNumber": "130389-5898"}', "identity", "130389-5898"),
        ("<nhsNumber>9434765919</nhsNumber>", "identity", "9434765919"),
        ("РНОКПП: 1759013776", "identity", "1759013776"),
        ("個人番号は621498320257です", "identity", "621498320257"),
        ("เลขประจำตัวประชาชน 1234545678781", "identity", "1234545678781"),
        ("AccountKey=Ab9+/x2Yq0LmZr4TnV7w==;EndpointSuffix=core.example", "secret", "Ab9+/x2Yq0LmZr4TnV7w=="),
        ("AccountKey=/b9+/x2Yq0LmZr4TnV7w==;EndpointSuffix=core.example", "secret", "/b9+/x2Yq0LmZr4TnV7w=="),
        ("curl -u admin:l5pXomxw9kgg https://host.example/api", "secret", "l5pXomxw9kgg"),
        ("ID: 123456782", "identity", "123456782"),
        ("her id number is 123456782", "identity", "123456782"),
        ("τηλέφωνο 0176 48955225", "phone", "0176 48955225"),
        ("LOT 20257349 or +358 40 924 9132", "phone", "+358 40 924 9132"),
    ],
)
def test_names_in_camel_case_and_other_scripts_introduce(text: str, kind: str, what: str) -> None:
    assert found(text) == [(kind, what)]


@pytest.mark.parametrize(
    "text",
    [
        "SSNs were 12, see [816598635, 315765433, 635374758]",
        "qty;article;ean\n90;9083606;4840703779723",
        "snowflake 502045647269461224 at noon",
        "sipariş no 57051388698 kargoda, замовлення № 2939789845",
        'created="1667396433"><personnummer/>',
        '{"user_id": "123456782", "id": 536904399}, client ID 536904399, device-id=123456782',
        "git -u origin:main, user: admin, u = 5",
    ],
)
def test_data_and_orders_are_nobodys_numbers(text: str) -> None:
    assert found(text) == []


def test_a_word_introduces_the_number_behind_it_only() -> None:
    assert found("text me at +64 21 808 4129 measured 266 117 281 567 counts") == [("phone", "+64 21 808 4129")]


def test_code_is_found_as_a_block_and_prose_is_not() -> None:
    code = "def f(x):\n    y = g(x)\n    return y\n\nfor i in range(3):\n    print(f(i))\n"
    assert [kind for kind, _ in found(f"Please review this.\n\n{code}\nThanks, and good luck.\n")] == ["code"]
    assert [kind for kind, _ in found("import os\nimport sys\nprint(os.getcwd())\n")] == ["code"]
    assert found("For example:\nif you import wine,\nreturn it;\nlet us know.\n" * 3) == []


@pytest.mark.parametrize(
    "code",
    [
        "SELECT id, name\nFROM users\nWHERE active = 1\nORDER BY name;",
        "UPDATE accounts SET balance = 3 WHERE id = 7;\nDELETE FROM logs WHERE ts < 4;\nCOMMIT;",
        'for f in *.log; do\n  grep -q ERROR "$f" && echo "$f"\ndone',
    ],
)
def test_queries_and_scripts_are_code(code: str) -> None:
    assert found(f"Why is this slow?\n\n{code}\n\nThanks.\n") == [("code", code)]


@pytest.mark.parametrize(
    "text",
    [
        "FROM THE DESK OF\nWHERE ARE YOU\nON THE WAY\nIN ALL CASES\n",
        "FROM: the office\nTO: all\nSUBJECT: lunch\n",
        "Done with the report.\nFrom here on it is easy.\nSelect a wine.\nOrder it.\n",
        "Paris\nBerlin\nRome\n\n$ 5 a day\n$ 6 a day\n$ 7 a day\n",
    ],
)
def test_prose_in_capitals_and_lists_is_none(text: str) -> None:
    assert found(text) == []


def test_a_key_is_known_by_its_head_however_it_goes_on() -> None:
    key = "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"
    assert found(f"the key {key} fails") == [("secret", key)]


def test_long_texts_are_looked_at_to_their_end_and_findings_counted_once() -> None:
    number = "DE89370400440532013000"
    size = SLICE - OVERLAP
    text = " ".join((("x " * (size // 2 - 30)), number, "y " * (OVERLAP // 2), number, "z " * size, number))
    assert [what for _, what in found(text)] == [number] * 3


HOSTILE = (
    "a@",
    "+1 ",
    "(0",
    "4111 ",
    "password:",
    "-----BEGIN ",
    "sk-",
    "bearer ",
    "0 1",
    "a",
    "1",
    "://a:",
    "AKIA",
    "{;\n",
    "\\n",
    "\\\\u200b",
)


@pytest.mark.parametrize("seed", HOSTILE)
def test_hostile_text_costs_no_more_than_its_length(seed: str) -> None:
    GUARD.check(seed)
    took = []
    for size in (5_000, 20_000):
        text = (seed * size)[:size]
        times = []
        for _ in range(2):
            begun = time.process_time()
            GUARD.check(text)
            times.append(time.process_time() - begun)
        took.append(min(times))
    assert took[1] < 10 * took[0] + 0.05


@given(st.text(max_size=300))
def test_any_text_can_be_checked(text: str) -> None:
    findings = GUARD.check(text)
    assert all(0 <= f.start < f.end <= len(text) and f.kind in dict(KINDS) for f in findings)
    assert findings == GUARD.check(text)


def test_a_text_with_too_many_findings_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MOST_FINDINGS", 20)
    assert len(Guard().check("jo@firm.example " * 20)) == 20
    with pytest.raises(InputError, match="more than 20 findings"):
        Guard().check("jo@firm.example " * 21)


def test_what_introduces_a_number_introduces_its_column() -> None:
    rows = ["no;TFN;amount", "1;123 456 782;20", "2;876 543 210;31", "3;123 456 783;42"]
    table = "\n".join([rows[0], *(row + " " * 60 for row in rows[1:])])
    assert found(table) == [("identity", "123 456 782"), ("identity", "876 543 210")]
    assert found("order 876 543 210 of May") == []


def test_a_name_of_something_else_does_not_introduce_the_next_line() -> None:
    assert found("Message-Id: <89f28cb5>\n\n876543210 are left") == []


def test_a_table_in_sql_is_code_and_a_group_of_a_test_card_no_telephone() -> None:
    table = "CREATE TABLE parcel (\n  id INTEGER PRIMARY KEY,\n  name TEXT NOT NULL,\n  amount NUMERIC\n);"
    assert [kind for kind, _ in found(table + "\nSELECT name FROM parcel;")] == ["code"]
    assert found("the test card 4000 0566 5566 5556 in the sandbox") == []
