"""``derive plan``: how much text a test needs, in a document and in words."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from stillwatch.derive.power import Design, plan


def derive_plan(design: Design) -> dict[str, Any]:
    """The plan as a document."""
    return {"schema": "stillwatch.derive-plan/1", "design": asdict(design), "plan": asdict(plan(design))}


def plan_lines(document: dict[str, Any]) -> list[str]:
    """The plan in words."""
    design, found = document["design"], document["plan"]
    lines = [
        f"Expected excess of matches: {found['epsilon']:.3%} "
        f"(mix {design['mix']:g} x transfer {design['transfer']:g} x excess {design['excess']:g}).",
    ]
    if found["observations"]:
        lines += _needs(design, found)
    if found["hopeless"]:
        lines.append(f"Hopeless: {found['hopeless']}.")
    return lines


def _needs(design: dict[str, Any], found: dict[str, Any]) -> list[str]:
    return [
        f"Needs {found['observations']:,} distinct places, about {found['tokens']:,} tokens of suspect text, "
        f"for power {design['power']:g} at alpha {design['alpha']:g} over {design['hypotheses']} key(s).",
        f"Needs at least {found['least_decoys']:,} decoys.",
    ]
