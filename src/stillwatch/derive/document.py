"""The result of a derivation test as JSON: what was declared, what was read, what came out, and the limits.

Contract: ``derivation_document`` is a pure function; equal arguments give equal bytes. Numbers are rounded to six
significant digits. Text from outside is not in it but for names of files, which are inert already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive.counting import Counted
from stillwatch.derive.eprocess import TILTS
from stillwatch.derive.keytest import Outcome
from stillwatch.derive.protocol import Protocol
from stillwatch.derive.texts import Admitted, Corpus
from stillwatch.derive.verdict import LIMITS, Check, Verdict

SCHEMA = "stillwatch.derivation/1"
BIN_WIDTH = 0.25
_LOG10 = float(np.log(10.0))
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Declaration:
    """When and where in the journal the protocol was declared, and how often these keys were tested before."""

    at: str
    entry: str
    tested_before: int


@dataclass(frozen=True, slots=True)
class Spoof:
    """The control marked under a decoy: how well that decoy fits it."""

    z_under_its_decoy: float


def derivation_document(
    protocol: Protocol,
    declaration: Declaration,
    corpus: Corpus,
    admitted: Admitted,
    counted: Counted,
    outcome: Outcome,
    checks: Sequence[Check],
    spoof: Spoof | None,
    verdict: Verdict,
    served: Mapping[str, Sequence[Mapping[str, Any]]],
) -> dict[str, Any]:
    """The document; ``report`` renders it and ``cli`` prints it. ``served``: decisions that a key went out under."""
    return {
        "schema": SCHEMA,
        "verdict": {"word": verdict.word, "sentences": list(verdict.sentences), "keys": list(verdict.named)},
        "protocol": protocol.as_document(),
        "protocol_hash": protocol.name,
        "declared": asdict(declaration),
        "suspect": _suspect(corpus, admitted, counted),
        "results": _results(protocol, outcome, verdict, served),
        "decoys": _decoys(outcome),
        "checks": [{k: _rounded(v) for k, v in asdict(check).items()} for check in checks],
        "spoof_control": None if spoof is None else {"z_under_its_decoy": _rounded(spoof.z_under_its_decoy)},
        "bets": [float(tilt) for tilt in TILTS],
        "limits": list(LIMITS),
    }


def _suspect(corpus: Corpus, admitted: Admitted, counted: Counted) -> Mapping[str, Any]:
    return {
        "files": corpus.files,
        "sha256": corpus.digest,
        "answers": len(corpus.answers),
        "rejected": corpus.rejected,
        "rejects": [asdict(reject) for reject in corpus.rejects[:100]],
        "excluded": {
            "answers_said_to_have_marked_prompts": admitted.said_to_be_marked,
            "answers_whose_prompts_share_served_text": admitted.share_served_text,
            "places_in_own_prompt": counted.in_prompt,
            "places_repeated": counted.repeated,
        },
        "places": counted.places,
        "observations": len(counted.seen),
        "reference": _reference(counted),
        "looks": list(counted.ends),
    }


def _reference(counted: Counted) -> Mapping[str, Any] | None:
    """How far the text departs from the references beyond chance, and whether the weights rest on them."""
    spread = counted.weighed.spread
    return None if spread is None else {"departs_by": _rounded(spread**0.5), "used": counted.weighed.guided}


def _results(
    protocol: Protocol, outcome: Outcome, verdict: Verdict, served: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[Mapping[str, Any]]:
    rows = zip(protocol.keys, outcome.scores, verdict.p_adjusted, strict=True)
    return [
        {
            "key_id": key.key_id,
            "group": key.group,
            "served": list(served[key.key_id]) if key.key_id in served else None,
            "committed_at": key.committed_at,
            "p": _rounded(score.p),
            "p_holm": _rounded(adjusted),
            "decoys_at_least_as_high": score.at_least_as_high,
            "ended_at_look": score.look,
            "observations": score.observations,
            "matches": score.matches,
            "z": _rounded(score.z),
            "z_matches": _rounded(score.z_matches),
            "log10_e": _rounded(score.log_e / _LOG10),
            "log10_p_analytic": _rounded(score.log10_p_analytic),
        }
        for key, score, adjusted in rows
    ]


def _decoys(outcome: Outcome) -> Mapping[str, Any]:
    """How the decoys scored on the whole text, as a histogram of ``BIN_WIDTH`` standard deviations."""
    z: NDArray[np.float64] = outcome.decoy_z
    places, counts = np.unique(np.floor(z / BIN_WIDTH).astype(np.int64), return_counts=True)
    return {
        "number": outcome.decoys,
        "shown": len(z),
        "mean_z_matches": _rounded(float(outcome.decoy_z_matches.mean())),
        "sd_z_matches": _rounded(float(outcome.decoy_z_matches.std())),
        "bin_width": BIN_WIDTH,
        "histogram": [[float(place * BIN_WIDTH), int(n)] for place, n in zip(places, counts, strict=True)],
    }


def _rounded(value: Any) -> Any:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
