"""What requests are sent with: client names, TLS fingerprints, models. The provider and its models are made up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

PROVIDER = "halden"
MODELS: tuple[str, ...] = ("halden-2", "halden-2-mini", "halden-3", "halden-3-mini")
NEW_MODEL = "halden-4"

_FAMILIES: tuple[tuple[str, str, int], ...] = (
    ("halden-python/{}.{}.{}", "t13d1517h2_8a1f", 2),
    ("halden-node/{}.{}.{}", "t13d1715h2_5b57", 4),
    ("python-requests/2.{}.{}{}", "t13d4312h1_c7b3", 3),
    ("curl/8.{}.{}{}", "t13d3113h2_e8f1", 1),
    ("okhttp/4.{}.{}{}", "t13d1512h2_46e7", 2),
    ("Go-http-client/1.{}{}{}", "t13d1311h2_f57a", 1),
    ("halden-java/{}.{}.{}", "t13d1812h1_85c2", 2),
    ("node-fetch/3.{}.{}{}", "t13d1713h1_3b1c", 2),
)


class Client(NamedTuple):
    """A program that sends requests."""

    user_agent: str
    ja4: str
    headers: str | None = None


def client(rng: np.random.Generator, family: int | None = None) -> Client:
    """A common client, most often in one of its last releases: strangers share them by the hundred."""
    name, ja4, majors = _FAMILIES[int(rng.integers(len(_FAMILIES))) if family is None else family]
    behind = min(int(rng.geometric(0.5)) - 1, 29), min(int(rng.geometric(0.7)) - 1, 7)
    version = (majors if rng.random() < 0.9 else int(rng.integers(1, majors + 1)), 29 - behind[0], 7 - behind[1])
    return Client(name.format(*version), f"{ja4}_{rng.integers(4):012x}")


def product_client(rng: np.random.Generator, name: str) -> Client:
    """The own client of a product: everybody who uses it sends the same name."""
    agent = f"{name.lower().replace(' ', '-')}/{rng.integers(1, 6)}.{rng.integers(20)}"
    return Client(agent, f"t13d{rng.integers(1000, 2000)}h2_{rng.integers(1 << 16):04x}_{rng.integers(1 << 48):012x}")


class Settings(NamedTuple):
    """Parameters that a caller sends with a request."""

    model: str
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stream: bool = False
    reasoning_effort: str | None = None
    response_format: str | None = None
    tool_count: int | None = None
    choice_count: int | None = None
    top_logprobs: int | None = None
    seed: int | None = None
    moves_to: str | None = None
    """Model asked for from the release on; the move is made within ``moves_after`` hours."""
    moves_after: float = 0.0


def settings(rng: np.random.Generator, stream: float = 0.5) -> Settings:
    """Ordinary parameters of an ordinary caller; ``stream`` is the chance that answers are streamed."""
    temperature = (None, None, 0.0, 0.2, 0.7, 1.0)[int(rng.integers(6))]
    top_p = (None, None, None, 0.9, 0.95)[int(rng.integers(5))]
    cap = (None, None, 256, 512, 800, 1024, 2048, 4096)[int(rng.integers(8))]
    return Settings(MODELS[int(rng.integers(len(MODELS)))], temperature, top_p, cap, bool(rng.random() < stream))
