"""`python -m benchmarks.scan` runs the measurement."""

import sys

from benchmarks.scan.run import main

sys.exit(main())
