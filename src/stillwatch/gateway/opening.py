"""The log of a gateway, opened: its spool, its sink, and how a record becomes a row.

Numba is told where compiled kernels are kept before anything imports it, so ``opened_log`` imports late.
"""

from __future__ import annotations

from pathlib import Path

from stillwatch.gateway.capture import Capture
from stillwatch.gateway.spool import Spool


def opened_log(home: Path, held: Spool, *, text: bool) -> Capture:
    """A log into ``held``, with the key that lies under ``home``; ``text`` keeps texts in place of their sketches."""
    from stillwatch.sketch.cache import use_cache

    use_cache(home)
    from stillwatch.gateway import rows
    from stillwatch.ingest.threads import Threads
    from stillwatch.keyring import load_keyring
    from stillwatch.sketch.batch import warm_up
    from stillwatch.sketch.recipe import Recipe

    threads = Threads()
    if text:
        return Capture(lambda records: rows.full_batch(records, threads), held)
    seed, recipe = load_keyring(home).derive("sketch"), Recipe()
    warm_up()
    return Capture(lambda records: rows.hashed_batch(records, recipe, seed, threads), held)
