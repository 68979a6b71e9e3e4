"""The error tree: one root, three branches, and a distinct exit code for each.

Every message says what was tried, with which value, what was allowed and what to do next. Bad *rows* are not errors:
they are counted and stored as rejects.
"""

from __future__ import annotations


class StillwatchError(Exception):
    """Root of all errors that are shown to a person without a traceback."""

    exit_code = 1


class ConfigurationError(StillwatchError):
    """Wrong usage or configuration; ``mistakes`` lists every one found, not only the first."""

    exit_code = 2

    def __init__(self, *mistakes: str) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


class InputError(StillwatchError):
    """An input that cannot be read at all (missing, truncated, of no known format)."""

    exit_code = 3


class StoreError(StillwatchError):
    """Local state that cannot be read or written (permissions, space, another writer, a lost key)."""

    exit_code = 4
