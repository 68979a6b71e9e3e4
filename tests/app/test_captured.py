"""What a gateway sketched is read as a scan of the same log with its text would have sketched it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.app.border import Spool, sketch_log
from stillwatch.app.requests import ScanRequest
from stillwatch.config.schema import Settings
from stillwatch.errors import ConfigurationError
from stillwatch.gateway.rows import full_batch, hashed_batch
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import Keyring, load_keyring
from stillwatch.model.progress import SilentProgress
from stillwatch.sketch.recipe import Recipe
from tests.gateway.loopback import CHAT
from tests.gateway.test_capture import record

DAY_US = 86_400_000_000


def _write(path: Path, batch: pa.RecordBatch) -> Path:
    path.parent.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_batches([batch]), path)
    return path


def _sketched(keys: Keyring, folder: Path, *inputs: Path) -> pa.Table:
    folder.mkdir()
    spool = Spool(folder, DAY_US)
    request = ScanRequest(tuple(map(str, inputs)), None, folder, Settings(), folder)
    sketch_log(request, spool, rejects=Rejects(), keys=keys, recipe=Recipe(), progress=SilentProgress(), threads=1)
    parts = [pq.read_table(path) for paths in spool.parts.values() for path in paths]
    return pa.concat_tables(parts).sort_by("event_id")


def test_sketches_of_a_gateway_and_of_a_scan_are_the_same(tmp_path: Path) -> None:
    keys = load_keyring(tmp_path / "home")
    records = [
        record(n, body={**CHAT, "messages": [{"role": "user", "content": f"Name river {n}."}]}, user_agent="a" * 300)
        for n in range(6)
    ]
    seed = keys.derive("sketch")
    text = _write(tmp_path / "text" / "a.parquet", full_batch(records))
    hashed = _write(tmp_path / "hashed" / "a.parquet", hashed_batch(records, Recipe(), seed))
    whole = _sketched(keys, tmp_path / "w1", text)
    assert whole.num_rows == 6 and _sketched(keys, tmp_path / "w2", hashed.parent).equals(whole)
    mixed = _write(tmp_path / "mixed" / "b.parquet", full_batch(records[:3])).parent
    _write(mixed / "c.parquet", hashed_batch(records[3:], Recipe(), seed))
    assert _sketched(keys, tmp_path / "w3", mixed).equals(whole)


def test_sketches_under_another_key_are_refused(tmp_path: Path) -> None:
    file = _write(tmp_path / "hashed" / "a.parquet", hashed_batch([record()], Recipe(), bytes(32)))
    with pytest.raises(ConfigurationError, match="cannot be compared"):
        _sketched(load_keyring(tmp_path / "home"), tmp_path / "w1", file)
