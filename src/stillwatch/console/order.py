"""What to serve and where, as it was asked for, and everything that is wrong with that."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from stillwatch.errors import ConfigurationError


@dataclass(frozen=True)
class Order:
    """What to serve and where. ``names``: further host names it goes by; ``proxied``: TLS ends before it.

    ``register`` and ``replay`` are what previews of decisions look at: who is declared, and the logs to play over.
    With ``terms`` beside the register, the authorisation of a case can be checked.
    """

    run: Path
    store: Path
    host: str
    port: int
    names: tuple[str, ...]
    certificate: Path | None
    key: Path | None
    proxied: bool
    register: str | None = None
    replay: tuple[str, ...] = ()
    mapping: str | None = None
    terms: Path | None = None

    @property
    def secure(self) -> bool:
        return self.certificate is not None or self.proxied

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"


def check(order: Order) -> None:
    """Every mistake in an order at once."""
    mistakes = []
    if (order.certificate is None) != (order.key is None):
        mistakes.append("--tls-cert and --tls-key belong together")
    mistakes += [f"{path}: no such file" for path in (order.certificate, order.key) if path and not path.is_file()]
    if order.terms is not None and order.register is None:
        mistakes.append("--terms are checked against the register: give --accounts too")
    mistakes += [f"{path}: no such file or folder" for path in _beside(order) if not Path(path).exists()]
    if not _is_loopback(order.host) and not order.secure:
        mistakes.append(
            f"--host {order.host} can be reached from other machines, and passwords would cross the network in the "
            "clear: give --tls-cert and --tls-key, or --behind-tls where a proxy in front of it ends TLS"
        )
    if mistakes:
        raise ConfigurationError(*mistakes)


def _beside(order: Order) -> tuple[str | Path, ...]:
    return tuple(path for path in (order.register, order.terms, *order.replay) if path)


def is_address(host: str) -> bool:
    """Whether a host is given by its address and not by a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback if is_address(host) else host == "localhost"
