"""Lines of TOML keys, checked against what stands on them."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.privacy.positions import positions

TEXT = '''# a comment
top = 1

[one]
a = "x"   # [not.a.table]
b = [
  1,
  2,
]
c = """
[no]
d = 3
"""

[[many]]
name = "first"
[[many]]
"quoted name" = 1
dotted.key = 2
[many.inner]
deep = true
[one.sub]
z = {q = 1}
'''


def test_every_key_and_header_has_its_line() -> None:
    tomllib.loads(TEXT)
    assert positions(TEXT) == {
        ("top",): 2,
        ("one",): 4,
        ("one", "a"): 5,
        ("one", "b"): 6,
        ("one", "c"): 10,
        ("many", 0): 15,
        ("many", 0, "name"): 16,
        ("many", 1): 17,
        ("many", 1, "quoted name"): 18,
        ("many", 1, "dotted", "key"): 19,
        ("many", 1, "inner"): 20,
        ("many", 1, "inner", "deep"): 21,
        ("one", "sub"): 22,
        ("one", "sub", "z", "q"): 23,
    }


@pytest.mark.parametrize("text", ["", "\n\n# nothing\n", "a = 1\r\n[b]\r\nc = 2\r\n"])
def test_short_files(text: str) -> None:
    assert set(positions(text)) == ({("a",), ("b",), ("b", "c")} if "a" in text and "=" in text else set())


@given(st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=6), st.integers(0, 3))
def test_keys_stand_where_they_were_written(names: list[str], blank: int) -> None:
    lines = [line for name in names for line in [*([""] * blank), f"{name} = '''\n{name} = 0\n'''"]]
    text = "\n".join(lines)
    found = positions(text)
    assert set(found) == {(name,) for name in names}
    for (name,), line in found.items():
        assert text.split("\n")[line - 1] == f"{name} = '''"
