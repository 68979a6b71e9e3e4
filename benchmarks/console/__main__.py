"""`python -m benchmarks.console` runs the measurement."""

import sys

from benchmarks.console.run import main

sys.exit(main())
