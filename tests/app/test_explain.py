"""An explanation says why, from the run folder alone, and shows nothing that a log could have put there to harm."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stillwatch import inert
from stillwatch.app.explain import explain
from stillwatch.app.runfolder import group
from stillwatch.errors import ConfigurationError, InputError
from tests.app.conftest import Logged

ACCUSATIONS = ("guilty", "criminal", "malicious", "attacker", "suspect", "thief", "stole", "culprit", "offender")


def _text(target: str, run: Path) -> str:
    return "\n".join(explain(target, run).lines)


def test_every_group_of_a_scan_is_explained(scanned: Path) -> None:
    table = pq.read_table(scanned / "campaigns.parquet")
    ids = table["campaign_id"].unique().to_pylist()
    assert ids, "the world of this test must lead to groups"
    for name in ids:
        text = _text(name, scanned)
        found = group(table, name)
        assert name in text
        assert f"10^{found.log10_e_independence:.1f}".replace("-", "−") in text
        assert ("What kept it from an alarm" in text) == (found.state != "alarmed")
        assert all(member.account_id in text for member in found.members[:40])


def test_every_account_of_a_scan_is_explained(scanned: Path) -> None:
    rows = pq.read_table(scanned / "campaigns.parquet").to_pylist()
    grouped: dict[str, set[str]] = {}
    for row in rows:
        grouped.setdefault(row["account_id"], set()).add(row["campaign_id"])
    everybody = sorted(set(pq.read_table(scanned / "facts.parquet")["account_id"].to_pylist()))
    outside = [name for name in everybody if name not in grouped]
    assert outside
    for account in [*sorted(grouped)[:15], *outside[:5]]:
        text = _text(account, scanned)
        assert ("It was never in a group" in text) == (account not in grouped)
        assert all(name in text for name in grouped.get(account, ()))


def test_the_traffic_told_is_that_of_the_log(logged: Logged, scanned: Path) -> None:
    account = sorted(logged.members())[0]
    sent = sum(name == account for name in logged.world.exchanges["account_id"].to_pylist())
    assert f"{sent:,} requests in " in _text(account, scanned)


def test_tenants_with_an_account_of_the_same_name_are_kept_apart(made_run: Path) -> None:
    for name in ("tenant/eve", "eve"):
        assert "20 requests in 2 of the log's 7 hours" in _text(name, made_run)


def test_a_named_account_is_told_when_and_why(made_run: Path) -> None:
    text = _text("ann", made_run)
    assert text.startswith("Account ann: named in c-alarm")
    assert "Named on 2026-01-09 00:00: membership 0.99 where 0.9 is asked." in text
    assert "40 of its 40 requests since 2026-01-08 06:00" in text


def test_an_account_that_joined_for_its_work_is_told_so(made_run: Path) -> None:
    told = "It joined because its work seems to come from the same pool of prompts as theirs"
    assert told in _text("bob", made_run)
    assert told not in _text("ann", made_run)


def test_a_name_that_is_no_longer_supported_is_told_so(made_run: Path) -> None:
    table = pq.read_table(made_run / "campaigns.parquet")
    rows = [row | ({"membership_prob": 0.01} if row["account_id"] == "ann" else {}) for row in table.to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows, table.schema), made_run / "campaigns.parquet")
    told = "Named on 2026-01-09 00:00, when its membership was at least 0.9. By all that it has sent since it is 0.01"
    assert f"{told}: the name is no longer supported." in _text("ann", made_run)
    assert "ann: named 2026-01-09 00:00, which is no longer supported, membership 0.01" in _text("c-alarm", made_run)


@pytest.mark.parametrize(
    ("account", "why"),
    [
        ("cat", "membership 0.02 is below the 0.9 asked"),
        ("gus", "it has ways of its own, in wording or in kind of work"),
        ("hal", "it shows whose it is, by an organisation that it shares or a permission"),
        ("dan", "not the second, so the harmless story stands. p = 0.05 against benign cohorts, with α = 0.002"),
        ("tenant/eve", "the group did not pass the first gate"),
        ("fay", "It was never in a group"),
    ],
)
def test_an_account_that_is_not_named_is_told_why_not(made_run: Path, account: str, why: str) -> None:
    text = _text(account, made_run)
    assert text.startswith(f"Account {account}: not named")
    assert why in text


def test_a_campaign_shows_gates_evidence_and_accounts(made_run: Path) -> None:
    text = _text("c-alarm", made_run)
    assert "2 accounts are named, of 5 that were ever in the group." in text
    assert "Evidence 10^9.0 of the 10^5.0 asked: passed." in text
    assert "at most 1 in 1 billion such groups" in text
    assert "p = 0.001 against benign cohorts, with α = 0.002 asked: passed." in text
    assert "p cannot go below 0.00095" in text
    assert "value 3; expected 0.25; evidence 10^9.0" in text
    assert "could be: a plugin" in text
    assert "bob: named 2026-01-09 00:00, membership 0.97; 30 of its 41 requests" in text
    assert "cat: not named, membership 0.02" in text


def test_a_group_that_is_not_alarmed_says_what_kept_it(made_run: Path) -> None:
    assert "p = 0.05 against benign cohorts, with α = 0.002 asked: not passed." in _text("c-watch", made_run)
    assert "person's look decides" in _text("c-watch", made_run)
    assert "3.5 powers of ten are missing" in _text("c-weak", made_run)


@pytest.mark.parametrize("target", ["c-weak", "tenant/eve"])
def test_a_group_found_after_the_budget_was_spent_says_so(made_run: Path, target: str) -> None:
    table = pq.read_table(made_run / "campaigns.parquet")
    at = table.schema.get_field_index("alpha_independence")
    spent = table.set_column(at, table.schema.field(at), pc.multiply(table["alpha_independence"], 0.0))
    pq.write_table(spent, made_run / "campaigns.parquet")
    text = _text(target, made_run)
    assert "the budget was spent when the group was found" in text
    assert "inf" not in text


def _figure(run: Path, column: str, value: float) -> None:
    table = pq.read_table(run / "campaigns.parquet")
    at = table.schema.get_field_index(column)
    told = pa.array([value] * table.num_rows, table.schema.field(at).type)
    pq.write_table(table.set_column(at, table.schema.field(at), told), run / "campaigns.parquet")


@pytest.mark.parametrize("target", ["c-weak", "tenant/eve"])
def test_a_group_of_which_nothing_counted_yet_is_told_without_a_figure(made_run: Path, target: str) -> None:
    _figure(made_run, "log10_e_independence", -math.inf)
    text = _text(target, made_run)
    assert "Nothing counted yet of the 10^" in text
    assert ("Nothing counted at the first gate yet" in text) == (target == "c-weak")
    assert "budget was spent" not in text
    assert "inf" not in text


@pytest.mark.parametrize("target", ["c-watch", "dan"])
def test_a_compared_group_without_a_share_of_the_budget_is_not_told_to_wait_for_a_level_of_zero(
    made_run: Path, target: str
) -> None:
    _figure(made_run, "alpha_cohort", 0.0)
    text = _text(target, made_run)
    assert "p = 0.05 against benign cohorts, but no share of the budget was given to it" in text
    assert "α = 0" not in text


def test_a_provisional_alarm_names_nobody_yet(made_run: Path) -> None:
    table = pq.read_table(made_run / "campaigns.parquet")
    at = table.schema.get_field_index("state")
    open_still = pc.replace_substring(table["state"], "alarmed", "provisional")
    pq.write_table(table.set_column(at, table.schema.field(at), open_still), made_run / "campaigns.parquet")
    assert "Account ann: not named" in _text("ann", made_run)
    assert "Not named yet" in _text("ann", made_run)
    assert "ann: not named" in _text("c-alarm", made_run)


def test_only_inert_text_is_shown(made_run: Path) -> None:
    lines = explain("c-alarm", made_run).lines
    assert any("\\x1b[31m" in line for line in lines)
    assert all(inert.text(line, 2000) == line for line in lines)


@pytest.mark.parametrize("target", ["c-alarm", "c-watch", "c-weak", "ann", "cat", "dan", "fay"])
def test_no_word_accuses(made_run: Path, target: str) -> None:
    text = _text(target, made_run).lower()
    assert [word for word in ACCUSATIONS if word in text] == []


def test_an_unknown_id_names_what_comes_close_and_where_it_was_looked_for(made_run: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        explain("c-alarn", made_run)
    assert "close to it: c-alarm" in str(raised.value)
    assert str(made_run) in str(raised.value)
    with pytest.raises(ConfigurationError, match="nothing there comes close"):
        explain("\x1b[2J" * 9, made_run)


def test_an_account_id_of_two_tenants_must_be_named_in_full(made_run: Path) -> None:
    facts = pq.read_table(made_run / "facts.parquet")
    at = facts.schema.get_field_index("tenant_id")
    named = facts.set_column(at, facts.schema.field(at), pc.fill_null(facts["tenant_id"], "other"))
    pq.write_table(named, made_run / "facts.parquet")
    with pytest.raises(ConfigurationError, match="name one of other/eve, tenant/eve"):
        explain("eve", made_run)


@pytest.mark.parametrize("missing", ["campaigns.json", "campaigns.parquet", "facts.parquet"])
def test_a_folder_that_is_no_run_says_what_is_missing(made_run: Path, missing: str) -> None:
    (made_run / missing).unlink()
    with pytest.raises(InputError, match=missing) as raised:
        explain("ann", made_run)
    assert "run the scan again" in str(raised.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"schema": "stillwatch.campaigns/9"})])
def test_a_document_of_another_kind_is_refused(made_run: Path, text: str) -> None:
    (made_run / "campaigns.json").write_text(text)
    with pytest.raises(InputError):
        explain("ann", made_run)


def test_a_damaged_table_is_an_input_error(made_run: Path) -> None:
    (made_run / "campaigns.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match=r"campaigns\.parquet"):
        explain("ann", made_run)


def test_examples_that_cannot_be_removed_do_not_keep_a_person_from_the_explanation(made_run: Path) -> None:
    (made_run / "report.html").unlink()
    (made_run / "report.html").mkdir()
    text = _text("ann", made_run)
    assert "named in c-alarm" in text
    assert "have expired and could not be removed" in text


def test_expired_examples_are_gone_once_somebody_reads_the_run(made_run: Path) -> None:
    assert "1 redacted examples of this run had expired" in _text("ann", made_run)
    assert "expired" not in _text("ann", made_run)
