"""The page for Prometheus says what ``status`` says, and that it cannot say anything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stillwatch.app.watch.metrics import PREFIX, served
from stillwatch.app.watch.status import status
from stillwatch.errors import ConfigurationError, InputError
from tests.app.watch.world import START_S, Place, lines, rows


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path)


def _scraped(port: int) -> dict[str, float]:
    """Samples by name, with the value of their one label."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {"/".join([s.name.removeprefix(PREFIX), *s.labels.values()]): s.value for s in found}


def test_the_page_says_what_status_says(place: Place) -> None:
    log = rows(3, seed=2)
    (place.source / "a.jsonl").write_bytes(lines(log) + b"{broken\n")
    with served("127.0.0.1:0", place.out, place.home) as port:
        assert _scraped(port) == {"readable": 0}
        place.watch()
        found = _scraped(port)
    told = status(place.out, place.home, datetime.now(UTC)).document
    assert (found["readable"], found["requests_total"], found["rejected_total"]) == (1, len(log), 1)
    assert found["closed_until_timestamp_seconds"] == START_S + 2 * 3600
    assert found["closed_at_timestamp_seconds"] >= found["closed_until_timestamp_seconds"]
    assert found["drift_factor"] == told["drift_factor"] == 1
    assert (found["behind_bytes"], found["open_epochs"]) == (0, 1)
    assert "behind_entries" not in found
    assert {name: found[f"store_bytes/{name}"] for name in told["store_bytes"]} == told["store_bytes"]


def test_an_address_that_is_wrong_or_taken_is_named(place: Place) -> None:
    for wrong in ("9464", ":9464", "h:port", "h:99999"):
        with pytest.raises(ConfigurationError, match="HOST:PORT"), served(wrong, place.out, place.home):
            raise AssertionError
    with served("127.0.0.1:0", place.out, place.home) as port, pytest.raises(InputError, match="cannot listen"):
        place.watch(metrics=f"127.0.0.1:{port}")
