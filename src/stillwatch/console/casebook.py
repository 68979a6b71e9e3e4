"""The journal of the store as pages need it: read when it changed, and as if empty where there is none yet."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

from stillwatch.app.cases.desk import FOLDER, Actor, Session, View
from stillwatch.app.measures.desk import Sight, look
from stillwatch.cases.acts import Act
from stillwatch.errors import ConfigurationError
from stillwatch.journal.head import FILE_NAME as HEAD
from stillwatch.journal.log import ENTRIES, Journal
from stillwatch.measures.state import Docket

VIA = "console"


class Casebook:
    """``sight`` is the journal as it is now: people, cases, measures."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._stamp: tuple[object, ...] | None = None
        self._sight: Sight | None = None

    def sight(self) -> Sight:
        """Checked and folded once per change."""
        stamp = self._look()
        with self._lock:
            if self._sight is None or stamp != self._stamp:
                self._sight, self._stamp = self._read(), stamp
            return self._sight

    def view(self) -> View:
        """Its people and cases."""
        return self.sight().cases

    def enforced(self, now: datetime) -> int:
        """How many decisions act on accounts at ``now``."""
        return sum(
            d.live(now) and d.act.mode == "enforce" and datetime.fromisoformat(d.act.starts_at) <= now
            for d in self.sight().docket.decisions.values()
        )

    def may(self, actor: Actor, case_id: str, act: Act, now: datetime) -> str:
        """Why the rules would refuse an act now; empty where they would not."""
        view = self.view()
        session = Session(self.store, view.journal, actor, now, view.desk, list(view.entries), None)
        try:
            session.check(case_id, act)
        except ConfigurationError as refusal:
            return str(refusal)
        return ""

    def _look(self) -> tuple[object, ...]:
        folder, stamps = self.store / FOLDER, []
        for name in (HEAD, ENTRIES):
            try:
                found = (folder / name).stat()
                stamps.append((found.st_ino, found.st_mtime_ns, found.st_size))
            except OSError:
                stamps.append((0, 0, 0))
        return tuple(stamps)

    def _read(self) -> Sight:
        if not (self.store / FOLDER).exists():
            return Sight(self.store, Journal(self.store / FOLDER, bytes(32)), Docket(), ())
        return look(self.store)
