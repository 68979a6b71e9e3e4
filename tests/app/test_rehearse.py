"""A rehearsal on a small made-up log: what is planted, what is kept apart, what is kept after an interruption."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from stillwatch.app.rehearsal import chart
from stillwatch.app.rehearsal.base import Base, sketch_log
from stillwatch.app.rehearsal.cells import BARE, RATE, RATE_ALONE, RATE_SLOW, Cell, all_cells
from stillwatch.app.rehearsal.design import LARGEST, ROOM, Campaign, copies
from stillwatch.app.rehearsal.plants import merged, plant
from stillwatch.app.rehearsal.record import DOCUMENT, JOURNAL, OURS, PAGE
from stillwatch.app.rehearsal.request import ROUND, RehearsalRequest, RehearsalResult
from stillwatch.app.rehearsal.verdicts import judge
from stillwatch.app.rehearse import rehearse, scan_copy, wanted
from stillwatch.app.requests import ScanRequest
from stillwatch.app.rundocument import Run
from stillwatch.campaigns.alone import stand_alone
from stillwatch.campaigns.singles import Verdict
from stillwatch.campaigns.sums import Sums
from stillwatch.config.schema import Settings
from stillwatch.errors import ConfigurationError, InputError
from stillwatch.evidence.calibration import load
from stillwatch.evidence.single import SingleProfile
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import load_keyring
from stillwatch.model.frame import Codebook
from stillwatch.model.progress import SilentProgress, Stage
from stillwatch.sketch.recipe import Recipe
from stillwatch.store.duckdb import SketchStore
from stillwatch.worlds.benign.individuals import Individuals
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.world import make_world
from tests.app.scans import START, fix_the_key

SETTINGS = Settings(epoch_hours=3, threads=1)
MODELS = ("alpha-1", "beta-2")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of 160 people; the log is theirs alone, under models that the generator does not know."""
    folder = tmp_path_factory.mktemp("rehearsal")
    fix_the_key(folder / "home")
    world = make_world(Plan(START, 1.0, (Individuals(accounts=160, rate=4.0),)), 3)
    models = pa.array([MODELS[n % 3 == 0] for n in range(len(world.exchanges))], pa.string())
    at = world.exchanges.schema.get_field_index("model_request")
    pq.write_table(world.exchanges.set_column(at, "model_request", models), folder / "log.parquet")
    pq.write_table(world.accounts, folder / "register.parquet")
    return folder


def asked(place: Path, out: Path, **changes: Any) -> RehearsalRequest:
    request = RehearsalRequest(
        (str(place / "log.parquet"),), str(place / "register.parquet"), out, SETTINGS, place / "home", copies=2
    )
    return replace(request, **changes)


@pytest.fixture(scope="module")
def finished(place: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[RehearsalResult, Path]:
    out = tmp_path_factory.mktemp("done") / "out"
    return rehearse(asked(place, out), SilentProgress()), out


@pytest.fixture(scope="module")
def based(place: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Base]:
    folder = tmp_path_factory.mktemp("based")
    request, keys = asked(place, folder / "out"), load_keyring(place / "home")
    scanned = ScanRequest(request.inputs, request.accounts, request.out, SETTINGS, request.home)
    run = Run(scanned, keys, Recipe(), load(), Rejects(keys.derive("rows")), SilentProgress(), 1)
    return run, sketch_log(run, folder)


# What is planted, and where


def test_the_design_is_the_same_however_far_it_is_followed() -> None:
    whole = list(itertools.islice(copies(1500, 7), 12))
    assert whole == list(itertools.islice(copies(1500, 7), 12))
    assert whole != list(itertools.islice(copies(1500, 8), 12))


@given(accounts=st.integers(32, 5000), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_campaigns_of_one_copy_are_few_and_of_different_methods(accounts: int, seed: int) -> None:
    numbers: set[int] = set()
    for campaigns in itertools.islice(copies(accounts, seed), 10):
        planted = [c.cell.accounts for c in campaigns]
        assert campaigns
        assert len(campaigns) == 1 or sum(planted) <= accounts * ROOM
        assert max(planted) <= accounts * LARGEST
        assert len({c.method for c in campaigns}) == len(campaigns)
        assert all(c.method in c.cell.methods for c in campaigns)
        assert numbers.isdisjoint(c.number for c in campaigns)
        numbers |= {c.number for c in campaigns}


def test_every_cell_is_planted_in_the_first_map_of_a_common_log() -> None:
    planted = {c.cell for campaigns in itertools.islice(copies(1500, 1), ROUND) for c in campaigns}
    assert planted == set(all_cells(375))


@pytest.mark.parametrize(
    ("method", "accounts", "rate"),
    [
        ("fixed_template", 30, RATE),
        ("live_relay", 30, RATE),
        ("replay", 30, RATE),
        ("low_and_slow", 120, RATE_SLOW),
        ("single_harvester", 1, RATE_ALONE),
    ],
)
@pytest.mark.parametrize("share", [1.0, 0.4])
def test_a_plant_is_a_stranger_that_fits_in(
    based: tuple[Run, Base], tmp_path: Path, method: str, accounts: int, rate: float, share: float
) -> None:
    run, base = based
    cell = Cell(accounts, 0 if method in BARE else 3, share, "careful")
    spool, [planted] = plant(run, base, [Campaign(1, cell, method)], 1, tmp_path)
    rows = pa.concat_tables([pq.read_table(f) for files in spool.parts.values() for f in files])
    known = rows["account_id"].to_pylist()
    mine = rows.filter(pa.array([name in planted.names for name in known]))
    theirs = rows.filter(pa.array([name not in planted.names for name in known]))
    assert len(mine) == planted.requests
    assert len(theirs) == base.spool.rows
    for column in ("account_id", "event_id", "api_key_hash", "user_agent", "ja4"):
        assert {*mine[column].to_pylist()}.isdisjoint(theirs[column].to_pylist())
    assert {*mine["model_request"].to_pylist()} <= {*MODELS}
    ts = mine["ts"].cast(pa.int64()).to_numpy()
    assert base.first_us <= ts.min() <= ts.max() < base.until_us
    assert len(planted.take_us) == pytest.approx(accounts * rate * share, rel=0.25)
    # People chat unequally, so cover is a share of the traffic on average only, and of one account's hardly that.
    assert len(planted.take_us) / planted.requests == pytest.approx(share, abs=0.2 if accounts > 1 else 0.4)
    both = merged(base.register, [planted])
    assert both is not None
    assert base.register is not None
    assert {*both["account_id"].to_pylist()} == base.registered | planted.names
    for column in ("payment_id", "api_key_hash", "email_domain_hash"):
        own, others = (t[column].drop_null().to_pylist() for t in (planted.register, base.register))
        assert {*own}.isdisjoint(others)


def test_without_a_register_the_plants_have_none_either(based: tuple[Run, Base], tmp_path: Path) -> None:
    run, base = based
    _, planted = plant(run, base, [Campaign(2, Cell(8, 1, 1.0, "careless"), "cleaning")], 1, tmp_path)
    assert merged(None, planted) is None


# What is found of it


def _scanned(place: Path, based: tuple[Run, Base], campaigns: Sequence[Campaign]) -> list[dict[str, Any]]:
    run, base = based
    with SketchStore(base.spool.folder, threads=1) as store:
        return scan_copy(asked(place, place / "unused"), run, base, store, list(campaigns))


def test_a_blunt_campaign_is_found_and_a_quiet_list_is_not(place: Path, based: tuple[Run, Base]) -> None:
    blunt = Campaign(1, Cell(60, 1, 1.0, "careless"), "elicitation")
    quiet = Campaign(2, Cell(8, 0, 0.4, "careful"), "shot_list")
    found, missed = _scanned(place, based, [blunt, quiet])
    assert (found["state"], found["number"]) == ("found", 1)
    assert 0 < found["harvest_before"] < 1
    assert found["named"] >= 30
    assert missed["state"] != "found"
    assert missed["harvest_before"] is None


def test_one_account_alone_is_found_by_its_own_alarm(based: tuple[Run, Base], tmp_path: Path) -> None:
    run, base = based
    _, [planted] = plant(run, base, [Campaign(1, Cell(1, 3, 1.0, "careless"), "single_harvester")], 1, tmp_path)
    accounts, middle = Codebook(), int(np.median(planted.take_us))
    accounts.encode(planted.names)
    looked = Verdict(0, middle, 1000, SingleProfile(np.zeros(20)), 0.0, 0.002, 100, Sums(0, 0))
    alarmed = replace(looked, alarmed_us=middle)

    def told(closed: Verdict, latest: Verdict) -> tuple[str, float | None]:
        alone = stand_alone({0: closed}, {0: latest}, accounts, b"key")
        [record] = judge([planted], [], alone, accounts.names)
        return record["state"], record["harvest_before"]

    assert told(alarmed, alarmed) == ("found", pytest.approx(0.5, abs=0.01))
    assert told(looked, alarmed) == ("grouped", None)  # raised by an epoch that is still open
    assert told(looked, looked) == ("watched", None)


# The map


@given(n=st.integers(1, 60), data=st.data())
@settings(deadline=None, max_examples=40)
def test_the_interval_is_the_exact_one(n: int, data: st.DataObject) -> None:
    found = data.draw(st.integers(0, n))
    low, high = chart.interval(found, n)
    assert low <= found / n <= high
    # At a bound the observation, or one further out, has half of what is left of the confidence.
    if found:
        assert binom.sf(found - 1, n, low) == pytest.approx(0.025, abs=0.003)
    if found < n:
        assert binom.cdf(found, n, high) == pytest.approx(0.025, abs=0.003)


def test_nothing_planted_leaves_everything_open() -> None:
    assert chart.tally([])["rate"] is None
    assert chart.interval(0, 0) == (0.0, 1.0)


def test_the_smallest_harvest_that_hid_and_what_lay_above_the_largest() -> None:
    records = [
        {
            "care": "careless", "wordings": 1, "harvest": size, "accounts": 8, "share": 1.0, "method": "cleaning",
            "state": "found" if found else "unseen",
        }
        for size, found in ((50, False), (80, True), (120, False), (300, True), (400, True))
    ]  # fmt: skip
    [entry] = chart.hidden(records)
    assert (entry["smallest_missed"]["harvest"], entry["largest_missed"]["harvest"]) == (50, 120)
    assert (entry["smallest_found"]["harvest"], entry["larger_all_found"]) == (80, 2)


# The folder


def test_a_rehearsal_writes_its_three_files_and_nothing_of_the_log(
    place: Path, finished: tuple[RehearsalResult, Path]
) -> None:
    result, out = finished
    assert {p.name for p in out.iterdir()} == OURS
    document = json.loads((out / DOCUMENT).read_text())
    assert document == result.document
    assert document["schema"] == "stillwatch.rehearsal/1"
    assert document["design"]["copies"] == 2
    assert sum(cell["n"] for cell in document["cells"]) == document["design"]["campaigns"] == document["all"]["n"]
    written = b"".join((out / name).read_bytes() for name in OURS).decode()
    log = pq.read_table(place / "log.parquet")
    texts = [json.loads(m)[-1]["parts"][0]["content"] for m in log["input_messages"].to_pylist()]
    for text in {
        *log["account_id"].to_pylist(),
        *log["client_ip"].to_pylist(),
        *MODELS,
        *(t for t in texts if len(t) > 20),
    }:
        assert text not in written


def test_the_page_needs_nothing_and_states_its_limits(finished: tuple[RehearsalResult, Path]) -> None:
    page = (finished[1] / PAGE).read_text()
    assert "No alarm is no proof of absence" in page
    assert "style=" not in page
    assert "http://" not in page
    assert "https://" not in page


def test_run_again_it_scans_nothing_and_refined_it_adds_a_round(
    place: Path, finished: tuple[RehearsalResult, Path], tmp_path: Path
) -> None:
    first = (finished[1] / JOURNAL).read_bytes()
    (tmp_path / JOURNAL).write_bytes(first)
    again = rehearse(asked(place, tmp_path), SilentProgress())
    assert (tmp_path / JOURNAL).read_bytes() == first
    assert again.document == finished[0].document
    more = rehearse(asked(place, tmp_path, refine=True), SilentProgress())
    assert (tmp_path / JOURNAL).read_bytes().startswith(first)
    assert more.document["design"]["copies"] == 4


class _Interrupting:
    """Ctrl-C when the first copy is done."""

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        class Stopping:
            def advance(self, n: int = 1) -> None:
                if "copies" in name:
                    raise KeyboardInterrupt

        yield Stopping()


def test_interrupted_it_goes_on_where_it_stopped(
    place: Path, finished: tuple[RehearsalResult, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        rehearse(asked(place, out), _Interrupting())
    assert [p.name for p in out.iterdir()] == [JOURNAL]
    whole = (finished[1] / JOURNAL).read_bytes()
    kept = (out / JOURNAL).read_bytes()
    assert whole.startswith(kept)
    # Killed while the next copy was written: some of its lines, the last one torn.
    (out / JOURNAL).write_bytes(whole[:-40])
    assert rehearse(asked(place, out), SilentProgress()).document == finished[0].document
    assert (out / JOURNAL).read_bytes() == whole


def test_rounds_are_made_whole() -> None:
    assert [wanted(done, 20, False) for done in (0, 7, 20, 27)] == [20, 20, 20, 27]
    assert [wanted(done, 20, True) for done in (0, 7, 20, 27)] == [20, 20, 40, 40]


@pytest.mark.parametrize("change", [{"seed": 2}, {"settings": replace(SETTINGS, window_days=3)}, {"accounts": None}])
def test_another_rehearsal_is_not_mixed_in(
    place: Path, finished: tuple[RehearsalResult, Path], tmp_path: Path, change: dict[str, Any]
) -> None:
    (tmp_path / JOURNAL).write_bytes((finished[1] / JOURNAL).read_bytes())
    with pytest.raises(ConfigurationError, match="name another folder"):
        rehearse(asked(place, tmp_path, **change), SilentProgress())


def test_a_folder_with_other_files_is_left_alone(place: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"thesis\.txt"):
        rehearse(asked(place, tmp_path), SilentProgress())
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_log_that_is_too_small_is_refused_with_reasons(place: Path, tmp_path: Path) -> None:
    log = pq.read_table(place / "log.parquet")
    few = np.isin(log["account_id"].to_pylist(), log["account_id"].unique().to_pylist()[:20])
    pq.write_table(log.filter(pa.array(few)), tmp_path / "few.parquet")
    with pytest.raises(InputError, match="at least 32 accounts"):
        rehearse(asked(place, tmp_path / "out", inputs=(str(tmp_path / "few.parquet"),)), SilentProgress())
    assert not (tmp_path / "out").exists()
