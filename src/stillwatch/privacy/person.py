"""Whom an erasure or an access is about, and how their traces look in a text.

Contract: pure. An account is matched whole in columns that hold accounts; in free text an identifier is matched where
it stands alone, so ``acct-1`` is not found in ``acct-10``. Identifiers shorter than ``LEAST_IN_TEXT`` are matched in
columns only: in text they would match ordinary words.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from stillwatch.model.scope import account_of, tenant_of

ERASED = "‹erased›"
LEAST_IN_TEXT = 3
_MARKUP = re.compile(r"[\\`*_{}\[\]()<>#+!|~&:@]")
"""What papers in Markdown escape."""


@dataclass(frozen=True)
class Person:
    """An account by its scoped name, an end user by the id that a caller supplied, or an end user of an account."""

    account: str = ""
    end_user: str = ""

    @property
    def account_id(self) -> str:
        return account_of(self.account)

    @property
    def tenant_id(self) -> str | None:
        return tenant_of(self.account)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """What may stand in a text: of an end user of an account only the end user."""
        chosen = self.end_user or self.account_id
        return (chosen,) if len(chosen) >= LEAST_IN_TEXT else ()

    @cached_property
    def _in_text(self) -> re.Pattern[str]:
        return re.compile("|".join(rf"(?<![\w-]){re.escape(i)}(?![\w-])" for i in self.identifiers) or r"(?!)")

    @cached_property
    def in_bytes(self) -> re.Pattern[bytes]:
        """The identifiers as files spell them: UTF-8 and UTF-16, and escaped as JSON, HTML and Markdown do."""
        forms = (rb"(?<![\w-])" + re.escape(s) + rb"(?![\w-])" for s in sorted(self._spelled))
        return re.compile(b"|".join(forms) or rb"(?!)")

    @property
    def reach(self) -> int:
        """How many bytes have to be seen to tell whether an identifier begins at the first of them."""
        return max(map(len, self._spelled), default=0) + 1

    @cached_property
    def _spelled(self) -> frozenset[bytes]:
        return frozenset(form for i in self.identifiers for form in _spellings(i))

    def count(self, text: str) -> int:
        return len(self._in_text.findall(text))

    def masked(self, value: Any) -> Any:
        """A JSON value with the identifiers taken out of every text in it, keys included."""
        if isinstance(value, str):
            return self._in_text.sub(ERASED, value)
        if isinstance(value, list):
            return [self.masked(entry) for entry in value]
        if isinstance(value, dict):
            return {self.masked(name): self.masked(entry) for name, entry in value.items()}
        return value


def _spellings(identifier: str) -> Iterator[bytes]:
    yield identifier.encode("utf-8", "surrogatepass")
    yield json.dumps(identifier)[1:-1].encode()
    yield html.escape(identifier).encode("utf-8", "surrogatepass")
    yield _MARKUP.sub(lambda match: "\\" + match[0], identifier).encode("utf-8", "surrogatepass")
    yield identifier.encode("utf-16-le", "surrogatepass")
    yield identifier.encode("utf-16-be", "surrogatepass")
