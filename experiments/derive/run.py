"""``python -m experiments.derive.run [part…]``: run the parts and write their raw results as JSON. See README.md."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from experiments.derive import by_choosing, by_counting, by_gradient, by_weighing
from experiments.derive.scoring import Row, keep

PARTS: dict[str, Callable[[], list[Row]]] = {
    part.__name__: part
    for part in (
        by_counting.size,
        by_counting.mixes,
        by_counting.groups,
        by_counting.forms,
        by_gradient.neural,
        by_gradient.reference,
        by_gradient.neural_size,
        by_gradient.neural_groups,
        by_gradient.neural_forms,
        by_gradient.neural_prose,
        by_gradient.neural_faint,
        by_choosing.neural_best,
        by_choosing.neural_choices,
        by_gradient.arms,
        by_weighing.weights,
    )
}


def main(names: list[str]) -> None:
    for name in names or list(PARTS):
        begun = time.process_time()
        rows = PARTS[name]()
        keep(name, rows)
        sys.stdout.write(f"{name}: {len(rows)} rows, {time.process_time() - begun:.0f} s of processor time\n")


if __name__ == "__main__":
    main(sys.argv[1:])
