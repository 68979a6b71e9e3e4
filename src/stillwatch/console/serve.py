"""The console as a process: what it needs is read and checked first, then it listens.

Deliberately not done: TLS termination beyond a certificate given, more than one process (sessions are in memory; one
answers dozens of readers).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stillwatch.app.published import Published
from stillwatch.config.load import Loaded
from stillwatch.console.attempts import Attempts
from stillwatch.console.casebook import Casebook
from stillwatch.console.order import Order, check
from stillwatch.console.passkeys import Passkeys
from stillwatch.console.passwords import Passwords
from stillwatch.console.sessions import Sessions
from stillwatch.errors import ConfigurationError

if TYPE_CHECKING:
    from starlette.applications import Starlette


def build(order: Order, loaded: Loaded, clock: Callable[[], datetime]) -> Starlette:
    """The application."""
    try:
        from stillwatch.console.ceremony import Challenges
        from stillwatch.console.pages.campaigns import prepare
        from stillwatch.console.routes import application
        from stillwatch.console.visit import Console
    except ImportError as error:
        raise ConfigurationError(f"the console needs {error.name}: pip install 'stillwatch[console]'") from None
    check(order)
    casebook = Casebook(order.store)
    casebook.view()
    published = Published(order.run, prepare)
    people = Passwords(order.store), Passkeys(order.store)
    console = Console(order, published, casebook, loaded, clock, *people, Sessions(), Attempts(), Challenges())
    return application(console, (order.host, "localhost", "127.0.0.1", "::1", *order.names))


def serve(order: Order, loaded: Loaded, say: Callable[[str], None]) -> None:
    """Listen until the process is ended."""
    application = build(order, loaded, lambda: datetime.now(UTC))
    import uvicorn

    config = uvicorn.Config(
        application,
        host=order.host,
        port=order.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=256,
        timeout_graceful_shutdown=5,
        ssl_certfile=order.certificate,
        ssl_keyfile=order.key,
    )
    say(f"{order.run} at {order.address}")
    ending = threading.Event()
    threading.Thread(target=application.state.console.published.follow, args=(ending,), daemon=True).start()
    try:
        uvicorn.Server(config).run()
    finally:
        ending.set()
