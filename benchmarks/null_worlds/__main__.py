"""`python -m benchmarks.null_worlds` plays harmless weeks."""

import sys

from benchmarks.null_worlds.run import main

if __name__ == "__main__":
    sys.exit(main())
