"""`python -m benchmarks.adversaries` plays the catalogue."""

import sys

from benchmarks.adversaries.run import main

if __name__ == "__main__":
    sys.exit(main())
