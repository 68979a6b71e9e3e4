"""How expensive is a sketch? Our kernel beside DuckDB's bare hash, rensa and datasketch, on one thread of one machine.

``python -m benchmarks.sketch.run`` makes its own prompts, lets the contenders take turns and prints medians of CPU
time. The unit is what DuckDB needs to read and hash the prompt column. Ours makes the whole sketch of a prompt
(signature, skeleton, bag, edges, cues); rensa and datasketch make a signature of 64 slots from word shingles cut in
Python. Needs ``pip install rensa datasketch``.
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
UNIT = "DuckDB read and hash"
"""Over a Parquet file as DuckDB and pyarrow write it unasked: compressed with snappy."""
KERNEL = "Stillwatch, Arrow to Arrow"


def span(work: Callable[[], object], clock: Callable[[], float]) -> float:
    begin = clock()
    work()
    return clock() - begin


def seconds(work: Callable[[], object], repeats: int, clock: Callable[[], float] = time.process_time) -> float:
    """Median of ``repeats`` runs after one not counted; CPU time, as others may use the machine."""
    work()
    return statistics.median(span(work, clock) for _ in range(repeats))


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

    return 2 * seconds(lambda: work(batch), repeats, time.perf_counter) / seconds(both, repeats, time.perf_counter)


def costs(rows: int, repeats: int, folder: Path) -> tuple[dict[str, float], float]:
    """(CPU seconds per prompt of every contender, mean bytes of a prompt); contenders take turns."""
    texts = prompts(rows)
    few = texts[: max(1, rows // 20)]
    column = pa.array(texts)
    plain, packed = folder / "plain.parquet", folder / "packed.parquet"
    for file, compression in ((plain, "none"), (packed, "snappy")):
        pq.write_table(pa.table({"prompt": column}), file, compression=compression, row_group_size=BATCH)
    warm_up()
    contenders: tuple[tuple[str, Callable[[], object], int], ...] = (
        (UNIT, duckdb_hash(packed), rows),
        ("DuckDB, file not compressed", duckdb_hash(plain), rows),
        (KERNEL, ours(column), rows),
        ("Stillwatch, Parquet (snappy) to Arrow", ours_from_parquet(packed), rows),
        ("rensa, Python shingles", rensa(few), len(few)),
        ("datasketch, Python shingles", datasketch(few), len(few)),
    )
    rounds = [{name: seconds(work, 1) / count for name, work, count in contenders} for _ in range(repeats)]
    medians = {name: statistics.median(each[name] for each in rounds) for name, _, _ in contenders}
    return medians, float(np.mean([len(text.encode()) for text in texts]))


def measure(rows: int, repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found, size = costs(rows, repeats, Path(folder))
    few = max(1, rows // 20)
    print(f"\n{rows} prompts of {size:.0f} bytes on average ({few} for rensa and datasketch), medians of {repeats}\n")
    print(f"| one thread | CPU µs per prompt | MB/s | × {UNIT} |\n|---|---|---|---|")
    for name, cost in found.items():
        print(f"| {name} | {cost * 1e6:.2f} | {size / cost / 1e6:.0f} | {cost / found[UNIT]:.1f} |")
    kernel = found[KERNEL]
    print(f"\nours / DuckDB: {kernel / found[UNIT]:.1f} (aim: at most 5)")
    print(f"datasketch / ours: {found['datasketch, Python shingles'] / kernel:.0f} (aim: at least 50)")
    print(f"rensa / ours: {found['rensa, Python shingles'] / kernel:.1f} (aim: at least 8)")


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
