"""A journal in memory: the same spelling, chain and head as on disk, without waiting for one."""

from __future__ import annotations

from dataclasses import dataclass, field

from stillwatch.cases.acts import Act, Granted, Opened
from stillwatch.cases.advance import PEOPLE, advance, encoded, fold, replaced
from stillwatch.cases.state import Case, Desk
from stillwatch.journal.acts import RefusedError
from stillwatch.journal.entry import GENESIS, Draft, Entry, Who, parsed, spelled
from stillwatch.journal.examine import examine
from stillwatch.journal.head import Head
from tests.cases.model import STAFF, sighting

CASE = "k-aaaaaa"


@dataclass
class Bench:
    """A desk with its journal."""

    desk: Desk = field(default_factory=Desk)
    raw: bytearray = field(default_factory=bytearray)
    last: str = GENESIS

    @staticmethod
    def staffed() -> Bench:
        """With everybody of ``STAFF`` in their role, and one case."""
        bench = Bench()
        bench.do("adm", Granted("adm", "admin"), PEOPLE)
        for name, role in STAFF.items():
            if name != "adm":
                bench.do("adm", Granted(name, role), PEOPLE)  # type: ignore[arg-type]
        bench.do("ana", Opened(sighting(), ("s-1", "s-2", "s-3")))
        return bench

    @property
    def case(self) -> Case:
        return self.desk.cases[CASE]

    def do(self, who: str, act: Act, about: str = CASE) -> Entry:
        """Write an act if it is allowed; ``RefusedError`` leaves everything as it was."""
        kind, body = encoded(act)
        role = self.desk.people.get(who, "admin" if not self.desk.people else "nobody")
        draft = Draft(
            self.desk.count + 1,
            "2026-03-01T00:00:00.000Z",
            Who(who, role, "test"),
            kind,
            about,
            body,
            "because",
            replaced(self.desk, act, about),
            (),
            self.last,
        )
        line = spelled(draft)
        entry = parsed(line[:-1])
        assert entry is not None
        self.desk = advance(self.desk, entry)
        self.raw += line
        self.last = entry.hash
        return entry

    def refused(self, who: str, act: Act, about: str = CASE) -> str:
        """Why an act is refused."""
        before = self.desk
        try:
            self.do(who, act, about)
        except RefusedError as error:
            assert self.desk is before
            return str(error)
        raise AssertionError(f"{act} was not refused")

    def check(self) -> None:
        """The journal verifies, and replaying it gives this desk."""
        found = examine(bytes(self.raw), Head(self.desk.count, len(self.raw), self.last))
        assert found.faults == ()
        assert fold(found.entries) == self.desk
