"""Where compiled kernels are kept, so that only the first run of an installation waits for the compiler.

Contract: call ``use_cache`` before anything imports ``stillwatch.sketch.kernel``; Numba reads the folder when a
function is decorated. Stale entries do no harm: they are keyed on the sources, the version and the processor.

It deliberately imports neither Numba nor anything that does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def use_cache(folder: Path) -> Path:
    """Keep compiled kernels in ``folder``/kernels; ``NUMBA_CACHE_DIR``, if set, wins. Returns the folder used."""
    chosen = Path(os.environ.setdefault("NUMBA_CACHE_DIR", str(folder / "kernels")))
    numba = sys.modules.get("numba")
    if numba is not None:  # someone imported it earlier, with the folder of that moment
        numba.config.CACHE_DIR = str(chosen)
    return chosen
