"""``python -m experiments.null_months.run SAMPLES [part…]``: play the parts, write results/ and the plot.

SAMPLES is the file that ``python -m tools.calibrate --samples SAMPLES …`` keeps.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from experiments.null_months.gathered import read
from experiments.null_months.parts import PARTS, RESULTS, SEED, Given
from stillwatch.evidence.calibration import load


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("samples", type=Path)
    asked.add_argument("parts", nargs="*", help=", ".join(PARTS))
    asked.add_argument("--fresh-worlds", type=int, default=16)
    asked.add_argument("--jobs", type=int, default=1)
    options = asked.parse_args()
    shipped = load()
    given = Given.of(*read(options.samples), shipped, options.fresh_worlds, options.jobs)
    for name in options.parts or list(PARTS):
        begun = time.monotonic()
        found = {"calibration_id": shipped.calibration_id, "seed": SEED, **PARTS[name](given)}
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        sys.stdout.write(f"{name}: {time.monotonic() - begun:.0f} s\n")


if __name__ == "__main__":
    main()
