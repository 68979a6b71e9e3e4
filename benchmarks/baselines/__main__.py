"""`python -m benchmarks.baselines` runs the comparison."""

import sys

from benchmarks.baselines.run import main

sys.exit(main())
