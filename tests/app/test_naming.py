"""Names are found as people write them, and an unknown one is answered with what comes close."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.app.naming import absent, closest, find, shown, the_only
from stillwatch.errors import ConfigurationError
from stillwatch.model.scope import account_of, scoped, tenant_of

_IDS = st.text(st.characters(exclude_characters="\x1f/"), min_size=1, max_size=12)


@given(tenant=st.none() | _IDS, account=_IDS)
def test_a_scoped_name_comes_apart_again(tenant: str | None, account: str) -> None:
    name = scoped(tenant, account)
    assert (tenant_of(name), account_of(name)) == (tenant, account)


@given(tenant=_IDS, account=_IDS)
def test_an_account_is_found_alone_and_with_its_tenant(tenant: str, account: str) -> None:
    names = {scoped(tenant, account), "somebody else entirely"}
    assert find(account, names) == [scoped(tenant, account)]
    assert find(f"{tenant}/{account}", names) == [scoped(tenant, account)]


def test_an_id_with_a_slash_is_found_as_it_stands() -> None:
    assert find("a/b", {"a/b", scoped("a", "b")}) == ["a/b"]


def test_an_account_of_several_tenants_is_not_guessed() -> None:
    found = find("acct", {scoped("t1", "acct"), scoped("t2", "acct")})
    with pytest.raises(ConfigurationError, match="name one of t1/acct, t2/acct"):
        the_only("acct", found)


def test_the_closest_names_come_first_even_among_many() -> None:
    names = [f"acct_{n:06d}" for n in range(5000)]
    assert closest("acct_004321x", names)[0] == "acct_004321"
    assert len(closest("acct_004321x", names)) == 5
    assert closest("entirely different", names) == []


@given(_IDS)
def test_what_is_said_about_an_unknown_name_is_one_visible_line(asked: str) -> None:
    said = absent(asked, "account", "the log", ["a\x1b[31m", scoped("t", "b\n")])
    assert said.isprintable()


def test_hostile_names_are_shown_inert() -> None:
    assert shown(scoped("t\x1b", "a\n")) == "t\\x1b/a⏎"
