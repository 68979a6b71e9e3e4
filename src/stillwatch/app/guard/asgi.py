"""The guard as ASGI middleware: in front of an organisation's own way out to model services.

Contract: ``Middleware(app, to=…, terms=…, dictionaries=[…])`` is the gateway's middleware with a guard in it, so
callers, the table of keys and bounds are those of ``stillwatch.plugs.asgi``, under the same names. Everything under
``/v1`` and every operation that the gateway knows is looked at; WebSockets are closed before they open, because what
goes through them cannot be.

With no arguments, settings come from the files that ``STILLWATCH_GUARD`` and ``STILLWATCH_PLUG`` name.
"""

from __future__ import annotations

import os
from typing import Any

from stillwatch.app.guard.plugged import guarding_from
from stillwatch.app.guard.screening import Screening
from stillwatch.plugs.asgi import Application
from stillwatch.plugs.asgi import Middleware as Plain

_OWN = ("to", "terms", "dictionaries", "counts", "home")


class Middleware(Plain):
    """``app`` behind a guard."""

    def __init__(self, app: Application, **settings: Any) -> None:
        super().__init__(app, **{name: value for name, value in settings.items() if name not in _OWN})
        own = {name: value for name, value in settings.items() if name in _OWN}
        self.plug.screen = self.screening = Screening.open(guarding_from(own, os.environ))
