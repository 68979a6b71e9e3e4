"""The receiver with the stock SDK and exporter: answered means on disk, whatever is killed; the same as a scan."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export import SpanExportResult

from stillwatch.app.requests import ScanRequest
from stillwatch.app.scan import scan
from stillwatch.app.watch.sources.catalogue import follower_of, kind_of, name_of
from stillwatch.app.watch.status import status
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.ingest.otlp_wire import PROTOBUF, as_line
from stillwatch.model.progress import SilentProgress
from tests.app.watch.sources.receiver import exporter, spans, watching
from tests.app.watch.world import HOUR_S, SETTINGS, START_S, Place, hour, read, rows, tables

LOG = rows(3, seed=4)
FIRST = START_S // HOUR_S


def test_what_the_stock_exporter_was_told_is_saved_survives_a_kill_and_equals_a_scan(tmp_path: Path) -> None:
    place, sent = Place.make(tmp_path), spans(LOG)
    one, two, three = ([span for span, row in zip(sent, LOG, strict=True) if hour(row) == FIRST + n] for n in range(3))
    with watching(place) as receiver:
        with_gzip, plain = exporter(receiver.port), exporter(receiver.port, packed=False)
        assert with_gzip.export(one) is SpanExportResult.SUCCESS
        receiver.end(signal.SIGKILL)
        assert status(place.out, place.home, datetime.now(UTC)).document["requests"] == len(one)
        # The exporter's own retries bridge the time in which nobody listens.
        results: list[SpanExportResult] = []
        sending = threading.Thread(target=lambda: results.append(plain.export(two)))
        sending.start()
        receiver.start()
        sending.join()
        assert results == [SpanExportResult.SUCCESS]
        assert with_gzip.export(one) is SpanExportResult.SUCCESS, "a batch whose answer was lost comes again"
        assert with_gzip.export(three) is SpanExportResult.SUCCESS
        receiver.wait_for(len(LOG))
        assert receiver.end() == 130
    found = status(place.out, place.home, datetime.now(UTC)).document
    assert (found["requests"], found["late"]) == (len(LOG) + len(one), 0)
    log = tmp_path / "spans.jsonl"
    raw = encode_spans(sent).SerializeToString()
    log.write_bytes(as_line(raw, signal="traces", content_type=PROTOBUF, encoding="") or b"")
    scan(ScanRequest((str(log),), None, tmp_path / "scanned", SETTINGS, place.home), SilentProgress())
    ours, theirs = read(place.out), read(tmp_path / "scanned")
    assert ours["campaigns"] == theirs["campaigns"]
    assert ours["run"]["input"] == {**theirs["run"]["input"], "duplicates": len(one)}
    assert all(tables(place.out)[name].equals(table) for name, table in tables(tmp_path / "scanned").items())
    prompt = LOG[0]["input_messages"][0]["parts"][0]["content"].encode()
    assert not any(prompt in path.read_bytes() for path in place.out.rglob("*") if path.is_file())


def test_addresses(tmp_path: Path) -> None:
    assert kind_of("otlp://127.0.0.1:4318") and name_of("otlp://[::1]:4318") == name_of("otlp://localhost")
    token = tmp_path / "token"
    token.write_text("not-to-be-shown\n")
    wrong = ("otlp://", "otlp://h:port", "otlp://h/path", "otlp://u@h", "otlp://127.0.0.1?other=1", "otlp://0.0.0.0")
    for given in (*wrong, f"otlp://0.0.0.0?token_file={tmp_path / 'absent'}"):
        with pytest.raises(ConfigurationError):
            follower_of(given, {}, mapping=None, patient=True)
    with pytest.raises(StoreError, match="other users"):
        token.chmod(0o644)
        follower_of(f"otlp://0.0.0.0?token_file={token}", {}, mapping=None, patient=True)
    token.chmod(0o600)
    follower_of(f"otlp://0.0.0.0?token_file={token}", {}, mapping=None, patient=True).check()
    with pytest.raises(ConfigurationError, match="--once"):
        follower_of("otlp://127.0.0.1", {}, mapping=None, patient=False)
    with pytest.raises(ConfigurationError, match="--map"):
        follower_of("otlp://127.0.0.1", {}, mapping="langfuse", patient=True)
