"""How expensive is a sketch? Our kernel beside DuckDB's bare hash, rensa and datasketch, on one thread of one machine.

``python -m benchmarks.sketch.run`` makes its own prompts, checks that every contender saw every row, repeats each in turn
and prints medians. The unit is the cost of reading and hashing the prompt column in DuckDB. Needs
benchmarks/requirements.txt; rows given to slow contenders are fewer and said.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.sketch.texts import prompts
from stillwatch.model.tables import EXCHANGES, arrow_schema
from stillwatch.sketch.batch import sketch_batch, sketch_strings, warm_up
from stillwatch.sketch.recipe import Recipe

SEED = bytes(range(32))
BATCH = 20_000


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Median of ``repeats`` runs after one that is not counted."""
    work()
    spans = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        spans.append(time.perf_counter() - begin)
    return statistics.median(spans)


def duckdb_hash(file: Path) -> Callable[[], object]:
    base = duckdb.connect()
    base.execute("SET threads = 1")
    return lambda: base.execute("SELECT bit_xor(hash(prompt)) FROM read_parquet(?)", [str(file)]).fetchall()


def ours(texts: pa.Array) -> Callable[[], object]:
    def work() -> None:
        for begin in range(0, len(texts), BATCH):
            sketch_strings(texts.slice(begin, BATCH), recipe=Recipe(), seed=SEED, with_signature=True)

    return work


def ours_from_parquet(file: Path) -> Callable[[], object]:
    def work() -> None:
        for batch in pq.ParquetFile(file).iter_batches(BATCH, use_threads=False):
            sketch_strings(batch.column(0), recipe=Recipe(), seed=SEED, with_signature=True)

    return work


def _shingles(text: str) -> list[str]:
    words = text.lower().split()
    return [" ".join(words[k : k + 3]) for k in range(max(1, len(words) - 2))]


def rensa(texts: list[str]) -> Callable[[], object]:
    from rensa import RMinHash

    def work() -> None:
        for text in texts:
            signature = RMinHash(num_perm=64, seed=1)
            signature.update(_shingles(text))
            signature.digest()

    return work


def datasketch(texts: list[str]) -> Callable[[], object]:
    from datasketch import MinHash

    def work() -> None:
        for text in texts:
            signature = MinHash(num_perm=64, seed=1)
            signature.update_batch([shingle.encode() for shingle in _shingles(text)])
            signature.digest()

    return work


def exchanges(texts: list[str]) -> pa.RecordBatch:
    """Whole requests as logged: a system text, one prompt in OpenTelemetry parts, an address, a session."""
    system = json.dumps([{"type": "text", "content": " ".join(texts[0].split()[:60])}])
    rows = len(texts)
    values = {
        "event_id": [f"e{k}" for k in range(rows)],
        "ts": [0] * rows,
        "account_id": [f"a{k % 500}" for k in range(rows)],
        "client_ip": [f"203.0.{k % 97}.{k % 251}" for k in range(rows)],
        "session_id": [f"s{k // 3}" for k in range(rows)],
        "system_instructions": [system] * rows,
        "input_messages": [
            json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}]) for text in texts
        ],
    }
    schema = arrow_schema(EXCHANGES)
    return pa.RecordBatch.from_arrays(
        [pa.array(values[f.name], f.type) if f.name in values else pa.nulls(rows, f.type) for f in schema],
        schema=schema,
    )


def two_threads(batch: pa.RecordBatch, work: Callable[[pa.RecordBatch], object], repeats: int) -> float:
    """Throughput of two threads over that of one."""

    def both() -> None:
        threads = [threading.Thread(target=work, args=(batch,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return 2 * seconds(lambda: work(batch), repeats) / seconds(both, repeats)


def measure(rows: int, repeats: int) -> None:
    texts = prompts(rows)
    column = pa.array(texts)
    few = texts[: max(1, rows // 20)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "prompts.parquet"
        pq.write_table(pa.table({"prompt": column}), file, compression="none", row_group_size=BATCH)
        warm_up()
        contenders: tuple[tuple[str, Callable[[], object], int], ...] = (
            ("DuckDB read and hash", duckdb_hash(file), rows),
            ("Stillwatch, Arrow to Arrow", ours(column), rows),
            ("Stillwatch, Parquet to Arrow", ours_from_parquet(file), rows),
            ("rensa, Python shingles", rensa(few), len(few)),
            ("datasketch, Python shingles", datasketch(few), len(few)),
        )
        costs = {name: seconds(work, repeats) / count for name, work, count in contenders}
    size = float(np.mean([len(text.encode()) for text in texts]))
    unit = costs["DuckDB read and hash"]
    print(f"\n{rows} prompts of {size:.0f} bytes on average ({len(few)} for rensa and datasketch), medians of {repeats}\n")
    print("| contender | µs per prompt | MB/s | × DuckDB |\n|---|---|---|---|")
    for name, cost in costs.items():
        print(f"| {name} | {cost * 1e6:.2f} | {size / cost / 1e6:.0f} | {cost / unit:.1f} |")
    kernel = costs["Stillwatch, Arrow to Arrow"]
    print(f"\nOur cost: {kernel / unit:.2f} × DuckDB (aim: at most 5)")
    print(f"datasketch / ours: {costs['datasketch, Python shingles'] / kernel:.0f} (aim: at least 50)")
    print(f"rensa / ours: {costs['rensa, Python shingles'] / kernel:.0f} (aim: at least 8)")


def measure_batches(rows: int, repeats: int) -> None:
    batch = exchanges(prompts(rows))

    def whole(given: pa.RecordBatch) -> pa.RecordBatch:
        return sketch_batch(given, recipe=Recipe(), seed=SEED)

    rate = rows / seconds(lambda: whole(batch), repeats)
    column = pa.RecordBatch.from_arrays([pa.array(prompts(rows))], names=["prompt"])

    def kernel_only(given: pa.RecordBatch) -> object:
        return sketch_strings(given.column(0), recipe=Recipe(), seed=SEED, with_signature=True)

    print(f"\nsketch_batch with JSON messages, one thread: {rate:,.0f} rows/s (aim: at least 60,000)")
    print(f"two threads over one, kernel: {two_threads(column, kernel_only, repeats):.2f}")
    print(f"two threads over one, sketch_batch: {two_threads(batch, whole, repeats):.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    names = ("duckdb", "numba", "numpy", "pyarrow", "msgspec", "rensa", "datasketch")
    print(", ".join(f"{name} {metadata.version(name)}" for name in names))
    measure(given.rows, given.repeats)
    measure_batches(min(given.rows, 30_000), given.repeats)


if __name__ == "__main__":
    main()
