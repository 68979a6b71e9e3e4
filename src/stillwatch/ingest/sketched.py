"""What tells a log whose texts were sketched before they reached a disk: the recipe that its files name.

Such a file holds the columns of EXCHANGES without text and those of SKETCHES (``gateway.rows`` writes it). Reading it
as sketches is ``app.captured``'s work.
"""

from __future__ import annotations

from stillwatch.ingest.inputs import STDIN, named

RECIPE = b"stillwatch.recipe"
"""Key of the file's metadata that names the recipe of its sketches."""


def recipe_of(name: str) -> str | None:
    """The recipe that a file names; ``None`` where it is none of ours."""
    if name == STDIN or not name.endswith(".parquet"):
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with named(name).open() as raw:
            found = (pq.read_schema(raw).metadata or {}).get(RECIPE)
    except (OSError, pa.ArrowException):
        return None  # whoever reads it as a log says what is wrong with it
    return None if found is None else found.decode("ascii", "replace")
