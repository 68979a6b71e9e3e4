"""``case reproduce``: check a case bundle and compute its statistics once more, with nothing but the file.

Reads a bundle that may be hostile (``cases.package``) and says of every figure whether it agrees, disagrees, or cannot
be recomputed and why. First the file itself (hashes, signature), then the journal's lines (each hashes to its place in
the chain, and the stated case follows from them), then the exhibits (each is the one that the journal names), then the
statistics. Opens no store, no keyring and no network. Tables are read with Arrow; their sizes are checked before.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from stillwatch import inert
from stillwatch.cases.acts import Exhibit, Sighting
from stillwatch.cases.advance import fold
from stillwatch.cases.package import MANIFEST, SCHEMA, SIGNATURE, Manifest, members_of, unpacked
from stillwatch.cases.recompute import Check, Set, features_of, loader_of, recomputed, spent
from stillwatch.cases.signing import Signature, verify
from stillwatch.cases.state import Case
from stillwatch.config.schema import Settings, config_hash
from stillwatch.errors import InputError
from stillwatch.journal.acts import RefusedError
from stillwatch.journal.entry import GENESIS, Entry, parsed

if TYPE_CHECKING:
    import pyarrow as pa

Files = Mapping[str, bytes]
MOST_ROWS = 20_000_000
MOST_TABLE = 1 << 30
_TOLERATED_EXAMPLES = "examples.json"


@dataclass(frozen=True, slots=True)
class Reproduced:
    """What a bundle is and every check of it."""

    case_id: str
    made_at: str
    made_by: str
    fingerprint: str
    checks: tuple[Check, ...]

    @property
    def disagreements(self) -> int:
        return sum(check.agrees is False for check in self.checks)


def reproduce(path: Path, expected_fingerprint: str | None = None) -> Reproduced:
    """Check everything that a bundle allows to be checked."""
    files = unpacked(path)
    manifest = _typed(path, files, MANIFEST, Manifest)
    signature = _typed(path, files, SIGNATURE, Signature)
    if manifest.schema != SCHEMA:
        raise InputError(
            f"{path} is a bundle of another version ({inert.text(manifest.schema)}); this one reads {SCHEMA}."
        )
    try:
        checks = list(_checks(path, files, manifest, signature, expected_fingerprint))
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError, ValueError) as error:
        raise InputError(
            f"{path} does not hold what its names promise ({type(error).__name__}: {inert.text(str(error))}). It was "
            "not made by 'stillwatch case bundle', or not by this version."
        ) from error
    return Reproduced(manifest.case_id, manifest.made_at, manifest.made_by, signature.fingerprint, tuple(checks))


def _checks(
    path: Path, files: Files, manifest: Manifest, signature: Signature, expected: str | None
) -> Iterator[Check]:
    yield from _file(files, manifest, signature, expected)
    entries, chain = _journal(files)
    yield from chain
    yield Check("journal", "head", manifest.head, _head(files), manifest.head == _head(files))
    try:
        case = fold(entries).cases[manifest.case_id]
    except (RefusedError, KeyError) as error:
        yield Check("journal", "the case follows from its entries", True, inert.text(str(error)), False)
        return
    stated = msgspec.convert(json.loads(files["case.json"])["state"], Case)
    yield Check("journal", "the case follows from its entries", _standing(stated), _standing(case), stated == case)
    yield from _settings(files, case)
    for sighting in case.sightings.values():
        yield from _exhibits(files, sighting)
        yield from _campaign(path, files, sighting)


def _file(files: Files, manifest: Manifest, signature: Signature, expected: str | None) -> Iterator[Check]:
    inside = {name: raw for name, raw in files.items() if name not in (MANIFEST, SIGNATURE)}
    found = members_of(inside)
    wrong = {m.name for m in set(found) ^ set(manifest.members)}
    yield Check(
        "file", "hashes of all members", len(manifest.members), len(found) - len(wrong), not wrong, _some(wrong)
    )
    yield Check("file", "signature", True, ok := verify(signature, files[MANIFEST]), ok, signature.fingerprint)
    note = "compare the fingerprint with one you got over another channel (--fingerprint)"
    same = None if expected is None else expected.lower() == signature.fingerprint
    yield Check("file", "signed by whom you expect", expected, signature.fingerprint, same, "" if expected else note)


def _journal(files: Files) -> tuple[list[Entry], list[Check]]:
    """The entries of the extract, and whether each is where the chain has it."""
    hashes = [GENESIS, *files["chain.txt"].decode("ascii").split()]
    entries, wrong = [], []
    lines = files["journal.jsonl"].split(b"\n")[:-1]
    for number, line in enumerate(lines, 1):
        entry = parsed(line)
        if (
            entry is None
            or not 0 < entry.n < len(hashes)
            or (hashes[entry.n - 1], hashes[entry.n])
            != (
                entry.previous,
                entry.hash,
            )
        ):
            wrong.append(str(number))
        else:
            entries.append(entry)
    in_order = [e.n for e in entries] == sorted({e.n for e in entries})
    note = f"lines {_some(wrong)}" if wrong else "" if in_order else "lines are out of order"
    return entries, [Check("journal", "lines of the extract", len(lines), len(entries), not wrong and in_order, note)]


def _head(files: Files) -> str:
    hashes = files["chain.txt"].decode("ascii").split()
    return f"{len(hashes)}:{hashes[-1] if hashes else GENESIS}"


def _standing(case: Case) -> str:
    return f"{case.state}, {'retracted' if case.retraction else case.disposition}, {len(case.members)} accounts"


def _settings(files: Files, case: Case) -> Iterator[Check]:
    hashes = {_of(files, s, "run.json")["config_hash"] for s in case.sightings.values()}
    if "settings.json" not in files:
        note = "the maker's settings are not the run's, so they are not in the bundle"
        yield Check("run", "configuration hash", sorted(hashes), None, None, note)
        return
    found = config_hash(Settings(**json.loads(files["settings.json"])))
    yield Check("run", "configuration hash", sorted(hashes), found, found in hashes)


def _exhibits(files: Files, sighting: Sighting) -> Iterator[Check]:
    """Whether the files are those that the journal named when it was written."""
    named = sighting.exhibits
    wrong = [e.name for e in named if e.name in files and hashlib.sha256(files[e.name]).hexdigest() != e.sha256]
    absent = [e.name for e in named if e.name not in files and not e.name.endswith(_TOLERATED_EXAMPLES)]
    note = _some([*wrong, *absent]) or ("examples expired" if any(e.name not in files for e in named) else "")
    bad = wrong or absent
    yield Check(sighting.campaign_id, "exhibits the journal names", len(named), len(named) - len(bad), not bad, note)


def _campaign(path: Path, files: Files, sighting: Sighting) -> Iterator[Check]:
    campaign, run = _of(files, sighting, "campaign.json"), _of(files, sighting, "run.json")
    evidence = _table(path, files, sighting, "evidence.parquet")
    figures, levels = _figures(evidence, sighting.campaign_id)
    yield from _calibration(files, sighting)
    yield from recomputed(campaign, figures, _reference(files, sighting))
    yield from spent(run, levels)
    yield from _traffic(path, files, sighting, campaign)


def _figures(evidence: pa.Table | None, campaign_id: str) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    figures: dict[str, dict[str, float]] = defaultdict(dict)
    levels: dict[str, float] = defaultdict(float)
    for row in evidence.to_pylist() if evidence is not None else ():
        if row["part"] == "budget":
            levels[row["name"]] += row["value"]
        elif row["campaign_id"] == campaign_id:
            figures[row["part"]][row["name"]] = row["value"]
    return figures, levels


def _calibration(files: Files, sighting: Sighting) -> Iterator[Check]:
    raw = files.get(f"calibration/{sighting.calibration_id}.json")
    if raw is None:
        note = "the set was not at hand when the case was opened"
        yield Check(sighting.campaign_id, "calibration id", sighting.calibration_id, None, None, note)
        return
    found = sighting.calibration_id.partition("-")[0] + "-" + hashlib.sha256(raw).hexdigest()[:12]
    yield Check(
        sighting.campaign_id, "calibration id", sighting.calibration_id, found, found == sighting.calibration_id
    )


def _reference(files: Files, sighting: Sighting) -> Set | None:
    """The calibration set; ``None`` where it is absent or made for features that this version does not know."""
    raw = files.get(f"calibration/{sighting.calibration_id}.json")
    if raw is None or json.loads(raw)["features"] != list(features_of(sighting.kind)):
        return None
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(raw)
        file.flush()
        found: Set = loader_of(sighting.kind)(Path(file.name))
    return found


def _traffic(path: Path, files: Files, sighting: Sighting, campaign: Mapping[str, Any]) -> Iterator[Check]:
    """Sums over the facts of the named accounts against the timeline, and the number of accounts."""
    about = sighting.campaign_id
    facts, timeline = (_table(path, files, sighting, f"{name}.parquet") for name in ("facts", "timeline"))
    members = _table(path, files, sighting, "campaigns.parquet")
    if members is not None:
        stated = len(campaign["accounts"])
        yield Check(about, "accounts named", stated, len(members), stated == len(members))
        sums = (sum(a["exchanges"] for a in campaign["accounts"]), sum(members["exchanges"].to_pylist()))
        yield Check(about, "requests of the named accounts", *sums, sums[0] == sums[1])
    if facts is None or timeline is None:
        yield Check(about, "timeline", None, None, None, "the run kept no facts")
        return
    summed = facts.group_by("hour").aggregate([("exchanges", "sum"), ("output_tokens", "sum")]).sort_by("hour")
    stated_hours = timeline.sort_by("hour")
    pairs = (("exchanges", "exchanges_sum"), ("output_tokens", "output_tokens_sum"), ("hour", "hour"))
    same = all(stated_hours[a].to_pylist() == summed[b].to_pylist() for a, b in pairs)
    yield Check(about, "timeline, hour by hour", len(timeline), len(summed), same)


def _of(files: Files, sighting: Sighting, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files[_exhibit(sighting, name).name])
    return found


def _exhibit(sighting: Sighting, name: str) -> Exhibit:
    return next(e for e in sighting.exhibits if e.name.endswith(f"/{name}"))


def _table(path: Path, files: Files, sighting: Sighting, name: str) -> pa.Table | None:
    """A table of an exhibit; ``None`` where there is none. Refused where it says that it is larger than ours are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = [e.name for e in sighting.exhibits if e.name.endswith(f"/{name}") and e.name in files]
    if not found:
        return None
    try:
        file = pq.ParquetFile(io.BytesIO(files[found[0]]))
        groups = [file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)]
        if file.metadata.num_rows > MOST_ROWS or sum(groups) > MOST_TABLE:
            raise InputError(f"{path}: {found[0]} is larger than any table of ours. It is not read.")
        return file.read()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: {found[0]} cannot be read ({inert.text(str(error))}).") from error


def _typed(path: Path, files: Files, name: str, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(files[name], type=kind)
    except KeyError:
        raise InputError(f"{path} is no case bundle: it has no {name}. Ask for the file as it was made.") from None
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no case bundle: {name} is not ours ({inert.text(str(error))}).") from None


def _some(names: Any) -> str:
    shown = sorted(names)
    return inert.text(", ".join(shown[:3]) + (", …" if len(shown) > 3 else ""))
