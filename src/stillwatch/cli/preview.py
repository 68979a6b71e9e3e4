"""What a verb would read and write, for ``--dry-run``.

Contract: raises what the verb itself would raise for a missing input or an output in the way; changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from stillwatch.config.load import Loaded
from stillwatch.config.schema import config_hash
from stillwatch.errors import InputError
from stillwatch.keyring import FILE_NAME
from stillwatch.store.files import check_replaceable


def preview(inputs: Iterable[str], out: Path, loaded: Loaded, home: Path) -> Iterator[str]:
    """One line per thing read or written."""
    for name in inputs:
        yield f"would read {_described(name)}"
    check_replaceable(out)
    yield f"would {'replace the previous run in' if out.exists() else 'write'} {out}"
    changed = [f"{name} from {origin}" for name, origin in loaded.origins.items() if origin != "default"]
    yield f"settings {config_hash(loaded.settings)}: {', '.join(changed) or 'all defaults'}"
    keyring = home / FILE_NAME
    yield f"would {'use' if keyring.exists() else 'make'} the keyring {keyring}"


def _described(name: str) -> str:
    if name == "-":
        return "standard input"
    if "://" in name or name.startswith("table:"):
        return f"{name} (elsewhere, not looked at)"
    path = Path(name)
    if path.is_dir():
        return f"{name} (folder)"
    if not path.exists():
        raise InputError(f"cannot read {name}: no such file or folder. Check the path.")
    return f"{name} ({path.stat().st_size:,} bytes)"
