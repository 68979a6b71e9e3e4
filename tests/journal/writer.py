"""A process that appends until it is killed, and says after each entry that it is acknowledged."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from stillwatch.journal.entry import Act, Who
from stillwatch.journal.log import Journal

KEY = b"k" * 32
WHO = Who("ada", "analyst", "test")
AT = datetime(2026, 3, 1, tzinfo=UTC)


def act(number: int) -> Act:
    """Entries of very different sizes, one in three with a box, each second box for a new subject."""
    private = {f"s-{number % 7:02x}{number:022x}": b"x" * number} if number % 3 == 0 else {}
    return Act("noted", f"k-{number % 5}", {"number": number, "text": "ä" * (number * 37 % 3000)}, "why", None, private)


def main(folder: str) -> None:
    journal = Journal(Path(folder), KEY)
    while True:
        with journal.writing() as writer:
            entry = writer.append(act(len(writer.entries) + 1), WHO, AT)
        sys.stdout.write(f"{entry.n} {entry.hash}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
