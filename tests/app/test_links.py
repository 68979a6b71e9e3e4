"""Links and relations in a whole run: in the tables, in the report, in explanations, and never more than that."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch import inert
from stillwatch.app.border import Spool
from stillwatch.app.explain import explain
from stillwatch.app.second_look import second_look
from stillwatch.facts.frame import Codebooks
from stillwatch.model.identity import Identities
from stillwatch.model.progress import SilentProgress
from stillwatch.model.tables import CAMPAIGNS, LINKS, arrow_schema
from stillwatch.report.catalogue import link_kind
from tests.app.scans import Workplace

HOSTILE = ("\x1b[2J=cmd()", "<img src=x onerror=alert(1)>", "fdp.\u202eexe")


def _accounts(run: Path) -> dict[str, set[str]]:
    campaigns = json.loads((run / "campaigns.json").read_bytes())["campaigns"]
    return {c["campaign_id"]: {a["account_id"] for a in c["accounts"]} for c in campaigns}


def test_links_join_listed_accounts_and_are_fewer_than_accounts_of_each_kind(full_run: Path) -> None:
    rows, listed = pq.read_table(full_run / "links.parquet").to_pylist(), _accounts(full_run)
    assert {"template", "near_duplicate", "onset"} <= {row["kind"] for row in rows}
    assert all({row["account_a"], row["account_b"]} <= listed[row["campaign_id"]] for row in rows)
    assert len({(r["campaign_id"], r["account_a"], r["account_b"], r["kind"]) for r in rows}) == len(rows)
    counts = Counter((row["campaign_id"], row["kind"]) for row in rows)
    for (campaign, kind), links in counts.items():
        if kind in ("template", "near_duplicate", "onset"):
            assert links <= len(listed[campaign])
    assert all(row["population"] >= 2 for row in rows)


def test_the_page_says_why(full_run: Path) -> None:
    page = (full_run / "report.html").read_text("utf-8")
    for kind in ("near_duplicate", "onset"):
        assert link_kind(kind).meaning in page
        assert f'data-kind="{kind}"' in page


def test_relations_are_mutual_and_never_merge(full_run: Path) -> None:
    campaigns = json.loads((full_run / "campaigns.json").read_bytes())["campaigns"]
    shared = {c["campaign_id"]: set(c["shared_infrastructure_with"]) for c in campaigns}
    for name, others in shared.items():
        assert name not in others
        assert all(name in shared[other] for other in others)


def test_a_campaign_and_its_accounts_are_explained_with_their_links(full_run: Path) -> None:
    rows = pq.read_table(full_run / "links.parquet").to_pylist()
    strongest = max(rows, key=lambda row: row["weight"])
    group = "\n".join(explain(strongest["campaign_id"], full_run).lines)
    for kind in {row["kind"] for row in rows if row["campaign_id"] == strongest["campaign_id"]}:
        assert link_kind(kind).meaning in group
    assert "Links are no evidence" in group
    account = "\n".join(explain(strongest["account_a"], full_run).lines)
    assert f"with {strongest['account_b']} in {strongest['campaign_id']}" in account
    assert "no evidence" in account


def test_an_account_outside_every_group_has_no_links_to_tell(full_run: Path) -> None:
    grouped = set(pq.read_table(full_run / "campaigns.parquet")["account_id"].to_pylist())
    outside = next(a for a in pq.read_table(full_run / "facts.parquet")["account_id"].to_pylist() if a not in grouped)
    assert "links it" not in "\n".join(explain(outside, full_run).lines)


def test_hostile_ids_in_links_are_shown_inert(made_run: Path) -> None:
    rows = [
        dict(zip(LINKS.column_names, ("c-alarm", "ann", name, name, 2.0, 3, 4), strict=True))
        for name in sorted(HOSTILE)
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(LINKS)), made_run / "links.parquet")
    for target in ("c-alarm", "ann"):
        lines = explain(target, made_run).lines
        assert all(inert.text(line, 2000) == line for line in lines)
        assert any("other" in line for line in lines)


def test_a_stolen_key_is_told_of_its_owner(made_run: Path) -> None:
    campaigns = pq.read_table(made_run / "campaigns.parquet").to_pylist()
    rows = [row | ({"role": "compromised"} if row["account_id"] == "bob" else {}) for row in campaigns]
    pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(CAMPAIGNS)), made_run / "campaigns.parquet")
    assert "Its owner is probably a victim" in "\n".join(explain("bob", made_run).lines)
    assert "owner is probably" not in "\n".join(explain("ann", made_run).lines)
    assert "its key seems to be used by others" in "\n".join(explain("c-alarm", made_run).lines)


def test_relations_are_told_of_a_campaign(made_run: Path) -> None:
    document = json.loads((made_run / "campaigns.json").read_bytes())
    document["campaigns"][1] |= {"predecessor": "c-alarm", "shared_infrastructure_with": ["c-\x1b[31m"]}
    (made_run / "campaigns.json").write_text(json.dumps(document))
    lines = explain("c-watch", made_run).lines
    assert any("took up the machinery of c-alarm" in line for line in lines)
    assert any("does not make them one operator" in line for line in lines)
    assert all(inert.text(line, 2000) == line for line in lines)


def test_nothing_is_read_again_where_nothing_is_listed(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1, parts={0: [tmp_path / "there-is-no-such-file"]})
    assert second_look(spool, Codebooks(), [], Identities.unknown(0), SilentProgress()) is None


def test_a_copy_under_another_account_is_no_account_and_no_holder(place: Workplace, full_run: Path) -> None:
    """A row whose event was seen before is left out, whatever it says of its account."""
    log = place.world.exchanges
    late = log.slice(len(log) - 40, 40)
    copies = late.set_column(log.schema.get_field_index("account_id"), "account_id", pa.array(["nobody"] * 40))
    later = pc.add(copies["ts"], pa.scalar(timedelta(microseconds=1)))
    copies = copies.set_column(log.schema.get_field_index("ts"), log.schema.field("ts"), later)
    run = place.scan_table(pa.concat_tables([log, copies.cast(log.schema)]))
    documents = [json.loads((folder / "campaigns.json").read_bytes()) for folder in (run, full_run)]
    assert documents[0]["run"]["input"]["accounts"] == documents[1]["run"]["input"]["accounts"]
    assert pq.read_table(run / "links.parquet").equals(pq.read_table(full_run / "links.parquet"))
