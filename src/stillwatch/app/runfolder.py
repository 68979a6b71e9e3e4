"""A run folder as ``scan`` wrote it, read for people who ask about it afterwards.

Reads campaigns.json (groups that are listed: alarmed, provisional, watched), CAMPAIGNS (every group that was ever
proposed, a row per account) and FACTS. Opens no log and no keyring. A folder that is none is an ``InputError`` that says
which file is missing or unreadable and what to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillwatch import inert
from stillwatch.app.naming import account_of, tenant_of
from stillwatch.errors import InputError
from stillwatch.model.tables import CAMPAIGNS, FACTS, Table
from stillwatch.report.document import Record, open_document

if TYPE_CHECKING:
    import pyarrow as pa

DOCUMENT = "campaigns.json"


@dataclass(frozen=True)
class Membership:
    """One row of CAMPAIGNS: an account in a group, with the figures of both."""

    values: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None


def read_document(folder: Path) -> dict[str, Any]:
    """campaigns.json as it stands."""
    path = folder / DOCUMENT
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise _no_run(folder, f"{DOCUMENT} cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise _no_run(folder, f"{DOCUMENT} is not JSON ({error})") from error
    if not isinstance(document, dict):
        raise _no_run(folder, f"{DOCUMENT} holds no object")
    open_document(document)
    return document


def read_table(folder: Path, table: Table) -> pa.Table:
    """A declared table of the run."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{table.name}.parquet"
    try:
        return pq.read_table(path, columns=list(table.column_names))
    except (OSError, pa.ArrowException, KeyError) as error:
        raise _no_run(folder, f"{path.name} cannot be read ({inert.text(str(error))})") from error


def _no_run(folder: Path, why: str) -> InputError:
    return InputError(
        f"{folder} is not a complete run folder: {why}. Name the folder that 'stillwatch scan' was given as --out, or "
        "run the scan again; a folder whose files were moved apart cannot be explained."
    )
