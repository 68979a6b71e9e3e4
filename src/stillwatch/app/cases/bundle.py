"""``case bundle``: one file that a stranger can check without us.

Holds the exhibits of the case's campaigns, the calibration sets they were compared with, the journal's lines about the
case with the hashes of all others, the state that follows from them, settings where their hash is the run's, recipe
ids, commitments to keys, a manifest of hashes, and a detached signature. Accounts are pseudonyms and what people typed
is left out, unless names are asked for: then ``names.json`` says who and what. Examples whose time is over stay out.

Equal stores give equal bytes for equal times. The bundle is written, then the journal says that it went out.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from stillwatch import __version__
from stillwatch.app.cases.desk import Actor, View, at_work
from stillwatch.app.cases.exhibits import EXAMPLES
from stillwatch.app.cases.telling import UNKNOWN_OPERATOR, case_document
from stillwatch.cases.acts import Exhibit, Sent
from stillwatch.cases.advance import PEOPLE
from stillwatch.cases.package import MANIFEST, SCHEMA, SIGNATURE, Manifest, members_of, packed
from stillwatch.cases.signing import sign
from stillwatch.cases.state import Case
from stillwatch.config.schema import Settings, config_hash
from stillwatch.durable import made_once
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.journal.entry import Entry, spelled_again, utc
from stillwatch.journal.log import ERASED
from stillwatch.keyring import load_keyring
from stillwatch.report.document import as_moment
from stillwatch.sketch.recipe import Recipe, recipe_id
from stillwatch.store.files import write_atomic

SIGNING_KEY = "signing.key"
README = """A case of Stillwatch, to be checked without its maker.

    stillwatch case reproduce THIS-FILE --fingerprint THE-ONE-YOU-WERE-TOLD

recomputes every statistic that the tables inside allow and says which agree. By hand: the SHA-256 of every file is in
manifest.json; signature.json holds an Ed25519 signature over the bytes of manifest.json and the public key; the SHA-256
of the raw public key is its fingerprint. Ask the maker for the fingerprint over another channel.

A line of journal.jsonl without its last field "hash" (and with the closing brace) has that hash as its SHA-256; the
hash stands at its number in chain.txt, and "previous" is the hash before. Lines about other cases are not in here, only
their hashes are.

An alarm is a reason to look with a stated error rate. It proves nothing about a person. Accounts are pseudonyms of the
maker's store.
"""


def bundle(
    store: Path,
    case_id: str,
    out: Path,
    actor: Actor,
    now: datetime,
    why: str,
    settings: Settings,
    *,
    names: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Write the bundle of a case; says what it is called and who signed it."""
    if out.is_dir():
        raise ConfigurationError(f"{out} is a folder. Name a file, such as {out / case_id}.zip.")
    with at_work(store, actor, now, dry_run=dry_run) as session:
        case = session.view.case(case_id)
        session.check(case_id, Sent("bundle", "sha256:"))
        files = dict(_files(session.view, case, now, settings, with_names=names))
        seed = bytes(32) if dry_run else made_once(store / SIGNING_KEY, lambda: secrets.token_bytes(32))
        raw, fingerprint = _sealed(session.view, case, files, actor, now, seed)
        digest = hashlib.sha256(raw).hexdigest()
        if session.writer is not None:
            write_atomic(out, raw)
            session.do(case_id, Sent("bundle", f"sha256:{digest}"), why)
    return {"file": str(out), "bytes": len(raw), "sha256": digest, "fingerprint": fingerprint, "members": sorted(files)}


def _sealed(
    view: View, case: Case, files: dict[str, bytes], actor: Actor, now: datetime, seed: bytes
) -> tuple[bytes, str]:
    """The file with manifest and signature, and the signer's fingerprint."""
    head = f"{len(view.entries)}:{view.entries[-1].hash}"
    manifest = Manifest(SCHEMA, case.case_id, utc(now), actor.name, __version__, head, members_of(files))
    listed = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
    signature = sign(seed, listed)
    return packed({**files, MANIFEST: listed, SIGNATURE: msgspec.json.encode(signature)}), signature.fingerprint


def _files(
    view: View, case: Case, now: datetime, settings: Settings, *, with_names: bool
) -> Iterator[tuple[str, bytes]]:
    yield "README.txt", README.encode()
    yield "case.json", _json({"state": msgspec.to_builtins(case), "operator": _operator(case)})
    names = view.names_of(case.case_id)
    yield "journal.jsonl", b"".join(spelled_again(e) for e in view.entries if _told_here(e, names))
    yield "chain.txt", "".join(f"{entry.hash}\n" for entry in view.entries).encode()
    if with_names:
        yield "names.json", _json(case_document(view, case.case_id))
    for exhibit in _exhibits(case):
        if (raw := _exhibit(view.store, exhibit, case, now)) is not None:
            yield exhibit.name, raw
    yield "commitments.json", _json(_commitments(view.store, case))
    hashes = {_run(view.store, e).get("config_hash") for e in _exhibits(case) if e.name.endswith("/run.json")}
    for known in (settings, Settings()):
        if config_hash(known) in hashes:
            yield "settings.json", _json(_values(known))
            break


def _told_here(entry: Entry, cases: frozenset[str]) -> bool:
    """Entries about the case, and those without which its people and members cannot be followed."""
    return entry.about in (*cases, PEOPLE) or entry.kind == ERASED


def _exhibits(case: Case) -> list[Exhibit]:
    """Exhibits of the latest sighting of every campaign."""
    return sorted({e.name: e for s in case.sightings.values() for e in s.exhibits}.values(), key=lambda e: e.name)


def _exhibit(store: Path, exhibit: Exhibit, case: Case, now: datetime) -> bytes | None:
    """An exhibit as the journal names it; ``None`` for examples that are gone or whose time is over."""
    path = store / exhibit.name
    is_examples = path.name == EXAMPLES
    if is_examples and not path.exists():
        return None
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read exhibit {path}: {error.strerror or error}. Restore it from a copy.") from error
    if hashlib.sha256(raw).hexdigest() != exhibit.sha256:
        raise StoreError(f"exhibit {path} was changed after the journal named it. Restore it from a copy.")
    if is_examples and not case.hold:
        ends = as_moment(json.loads(raw)["expire_at"])
        return None if ends is None or ends <= now else raw
    return raw


def _run(store: Path, exhibit: Exhibit) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((store / exhibit.name).read_bytes())
    return found


def _operator(case: Case) -> Any:
    return UNKNOWN_OPERATOR if case.attribution is None else msgspec.to_builtins(case.attribution)


def _commitments(store: Path, case: Case) -> dict[str, Any]:
    """Names of keys, and a hash that binds the sketch key: whoever is shown the key later sees that it is the one."""
    keys = load_keyring(store)
    sketch = keys.derive("sketch")
    ids = {r for e in _exhibits(case) if e.name.endswith("/run.json") for r in _run(store, e).get("recipe_ids", ())}
    return {
        "keyring": keys.key_id,
        "sketch_key_sha256": hashlib.sha256(b"stillwatch/1/commitment/sketch\x1e" + sketch).hexdigest(),
        "recipe_ids": sorted(ids),
        "is_the_key_of_these_recipes": ids <= {recipe_id(Recipe(), sketch)},
    }


def _values(settings: Settings) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(settings)


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=True, sort_keys=True).encode() + b"\n"
