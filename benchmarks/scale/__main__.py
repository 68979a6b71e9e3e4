"""`python -m benchmarks.scale` runs the measurement."""

import sys

from benchmarks.scale.run import main

sys.exit(main())
