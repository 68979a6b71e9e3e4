"""`python -m benchmarks.range` runs the harness."""

import sys

from benchmarks.range.run import main

sys.exit(main())
