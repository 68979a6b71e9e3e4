"""What operators have in common: bought accounts, a dispatcher, cover traffic, standby pools, stolen keys.

``Force`` holds the knobs, all independent of the method. ``tours`` says when each account is open, ``hire`` makes the
accounts, ``arrive`` and ``assign`` dispatch the requests, ``assemble`` adds cover and the misuse of stolen keys.

Invariant: the accounts together send about ``accounts x rate`` requests a day, cover included; standby accounts share
that total with those they replace.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self, get_args

import numpy as np
import numpy.typing as npt

from stillwatch.worlds import arrivals, clients, places, register
from stillwatch.worlds.benign.individuals import talk
from stillwatch.worlds.dice import between, whole
from stillwatch.worlds.span import DAY, HOUR, Span
from stillwatch.worlds.stream import Ask, OnRefusal, Part, Stream

Ints = npt.NDArray[np.int64]
Schedule = Literal["least_recent", "random", "sticky"]
Infrastructure = Literal["one_place", "mixed_clouds", "rotating", "steady_homes", "rooms_and_exits"]
_INFRASTRUCTURES: tuple[Infrastructure, ...] = get_args(Infrastructure)
Payment = Literal["shared", "batches", "virtual"]
Hours = arrivals.Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Force:
    """How an operator runs its accounts."""

    schedule: Schedule = "least_recent"
    rhythm: arrivals.Rhythm = "steady"
    jitter: float = 1.0
    hours: Hours = "flat"
    infrastructure: Infrastructure = "rotating"
    payment: Payment = "virtual"
    age_days: float = 20.0
    """Median age of the accounts at the start; new ones are used at once."""
    cover: float = 0.0
    """Share of requests that are ordinary chat."""
    siblings: bool = False
    """Refused requests are sent again on another account."""
    dressing: bool = False
    """Requests carry made-up session and end user ids."""
    churn: float = 0.0
    """Share of the first pool that is closed one by one and replaced."""
    takeover: float | None = None
    """Moment, as a fraction of the span, at which the first pool is closed and a standby pool takes over."""
    one_client: bool = False
    pivots: bool = False
    """Moves to the newest model within hours of its release."""
    stolen: int = 0
    """Accounts of victims whose keys send a few of the operator's requests."""
    copies: int | None = None
    """Requests that each stolen key sends; None: three to eleven a key on average, drawn."""
    pool_seed: int = 0
    """Names the pool of rented exits; operators with the same number share it."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        """Every knob over its range."""

        def flip(chance: float) -> bool:
            return bool(rng.random() < chance)

        return cls(
            schedule=("least_recent", "random", "sticky")[int(rng.integers(3))],
            rhythm=("steady", "steady", "poisson", "bursty")[int(rng.integers(4))],
            jitter=between(rng, 0.3, 10.0),
            hours=("flat", "waking", "office", "evening")[int(rng.integers(4))],
            infrastructure=_INFRASTRUCTURES[int(rng.integers(len(_INFRASTRUCTURES)))],
            payment=("shared", "batches", "virtual")[int(rng.integers(3))],
            age_days=between(rng, 3.0, 400.0),
            cover=float(rng.uniform(0.0, 0.7)) if flip(0.6) else 0.0,
            siblings=flip(0.4),
            dressing=flip(0.3),
            churn=float(rng.uniform(0.0, 0.6)) if flip(0.4) else 0.0,
            takeover=float(rng.uniform(0.2, 0.8)) if flip(0.25) else None,
            one_client=flip(0.3),
            pivots=flip(0.3),
            stolen=int(rng.integers(1, 4)) if flip(0.2) else 0,
            pool_seed=int(rng.integers(12)),
        )

    @property
    def on_refusal(self) -> OnRefusal:
        return "sibling" if self.siblings else "same"


class Tours(NamedTuple):
    """First and last moment at which each account is open for work."""

    first: Ints
    last: Ints


def hire(rng: np.random.Generator, force: Force, open_in: Tours, span: Span) -> list[register.Account]:
    """Accounts with the force's addresses, cards, ages (counted from their first moment of work) and clients."""
    count = len(open_in.first)
    wheres = _wheres(rng, force, count)
    cards = _cards(rng, force, count)
    common = clients.client(rng)
    later = float(rng.uniform(0.5, 24.0))
    batches = rng.integers(max(1, count // 15), size=count)
    opened = [register.aged(rng, span.start, force.age_days, 0.8) for _ in range(int(batches.max(initial=0)) + 1)]
    hired = []
    for n in range(count):
        account = register.person(rng, span.start)
        created = opened[batches[n]] + int(rng.integers(DAY))
        hired.append(
            replace(
                account,
                where=wheres[n],
                payment=cards[n],
                created_at=min(created, span.start - HOUR) + int(open_in.first[n]) - span.start,
                settings=_pivoted(account.settings, later) if force.pivots else account.settings,
                client=common if force.one_client else account.client,
                domain=f"mail-{rng.integers(40)}",
                verified=bool(rng.random() < 0.05),
                plan="pay-as-you-go",
            )
        )
    return hired


def _pivoted(settings: clients.Settings, hours: float) -> clients.Settings:
    return settings._replace(moves_to=clients.NEW_MODEL, moves_after=hours)


def _wheres(rng: np.random.Generator, force: Force, count: int) -> list[places.Where]:
    if force.infrastructure == "steady_homes":
        return [places.home(rng, places.country(rng)[0]) for _ in range(count)]
    if force.infrastructure == "rotating":
        pool = places.rented(force.pool_seed, 2000, ("every", "hourly")[int(rng.integers(2))])
        return [pool] * count
    if force.infrastructure == "rooms_and_exits":
        return _rooms_and_exits(rng, force, count)
    rooms = places.clouds(rng, 1 if force.infrastructure == "one_place" else int(rng.integers(3, 8)), whole(rng, 1, 12))
    return [rooms[n % len(rooms)] for n in range(count)]


def _rooms_and_exits(rng: np.random.Generator, force: Force, count: int) -> list[places.Where]:
    """Every account at home in one of a few machine rooms, with a fifth to four fifths of it over rented exits."""
    exits = places.rented(force.pool_seed, 1000)
    share = float(rng.uniform(0.2, 0.8))
    at_home = round(len(exits.addresses) * (1 - share) / share)
    rooms = places.clouds(rng, whole(rng, 1, 4), 1)
    ways = [room._replace(addresses=exits.addresses + room.addresses * at_home) for room in rooms]
    return [ways[n % len(ways)] for n in range(count)]


def _cards(rng: np.random.Generator, force: Force, count: int) -> list[str]:
    per_card = {"shared": count, "batches": whole(rng, 4, 14), "virtual": 1}[force.payment]
    cards = [register.token(rng, "card") for _ in range(count // per_card + 1)]
    return [cards[n // per_card] for n in range(count)]


def tours(rng: np.random.Generator, force: Force, count: int, span: Span) -> Tours:
    """First and last moment of every account: takeovers, and closures with their replacements."""
    first = np.full(count, span.start, dtype=np.int64)
    last = np.full(count, span.end, dtype=np.int64)
    if force.takeover is not None and count >= 4:
        moment = span.start + int(force.takeover * span.length)
        standby = count // 2
        last[: count - standby] = moment
        first[count - standby :] = moment
    elif force.churn > 0 and count >= 4:
        closed = int(force.churn * count / (1 + force.churn))
        moments = span.start + (rng.uniform(0.05, 0.95, closed) * span.length).astype(np.int64)
        last[:closed] = moments
        first[count - closed :] = moments
    return Tours(first, last)


def arrive(rng: np.random.Generator, force: Force, requests: int, span: Span) -> Ints:
    """When the requests of one job list are sent."""
    weights = arrivals.week(force.hours, int(rng.integers(-8, 11)))
    return arrivals.stream(rng, requests, span, force.rhythm, weights, force.jitter)


def assign(rng: np.random.Generator, force: Force, open_in: Tours, ts: Ints) -> Ints:
    """Which of the accounts that are open at the time sends each request; ``ts`` is sorted."""
    edges = np.unique(np.concatenate(open_in))
    who = np.zeros(len(ts), dtype=np.int64)
    for begin, end in itertools.pairwise(edges.tolist()):
        rows = np.flatnonzero((ts >= begin) & (ts < end))
        active = np.flatnonzero((open_in.first <= begin) & (open_in.last >= end))
        who[rows] = _turns(rng, force.schedule, active, ts[rows])
    return who


def _turns(rng: np.random.Generator, schedule: Schedule, active: Ints, ts: Ints) -> Ints:
    if schedule == "random":
        return rng.choice(active, size=len(ts))
    if schedule == "least_recent":
        return np.resize(rng.permutation(active), len(ts))
    # Sticky: a customer's lane keeps its account for an hour, then draws anew.
    lanes = rng.integers(max(2, len(active)), size=len(ts))
    mixed = (lanes * 7_919 + ts // HOUR * 104_729 + int(rng.integers(1 << 30))) * 2_654_435_761 >> 9
    chosen: Ints = active[mixed % len(active)]
    return chosen


def assemble(
    rng: np.random.Generator,
    span: Span,
    force: Force,
    accounts: list[register.Account],
    open_in: Tours,
    harvest: Sequence[Stream],
    rate: float,
    victim_ask: Callable[[], Ask] | None = None,
) -> Part:
    """The method's streams, dressed, with cover traffic and with the keys of victims."""
    streams = [_dressed(rng, force, stream) for stream in harvest]
    if force.cover > 0:
        chat = talk(rng, span, accounts, rate * force.cover, window=open_in).streams[0]
        streams.append(replace(chat, by_operator=True))
    if not force.stolen or victim_ask is None:
        return Part(accounts, streams)
    owners = register.people(rng, force.stolen, span.start)
    streams += talk(rng, span, owners, 6.0).streams
    streams.append(_misuse(rng, span, force, owners, victim_ask))
    return Part([*accounts, *owners], streams, frozenset(a.account_id for a in owners))


def _misuse(
    rng: np.random.Generator, span: Span, force: Force, owners: list[register.Account], ask: Callable[[], Ask]
) -> Stream:
    if force.copies is None:
        count = int(rng.integers(3, 12)) * len(owners)
        ts = arrivals.stream(rng, count, span, "poisson")
        who = rng.integers(len(owners), size=count)
    else:
        count = force.copies * len(owners)
        ts = arrivals.stream(rng, count, span, "poisson")
        who = rng.permutation(np.repeat(np.arange(len(owners)), force.copies))
    elsewhere = [places.rented(force.pool_seed, 2000)] * len(owners)
    return Stream(owners, ts, who, [ask() for _ in range(count)], places=elsewhere, harvest=True, by_operator=True)


def _dressed(rng: np.random.Generator, force: Force, stream: Stream) -> Stream:
    if not force.dressing or stream.sessions is not None:
        return stream
    per_account = 40
    names = [register.token(rng, "ses") for _ in range(per_account)]
    users = [register.token(rng, "usr") for _ in range(per_account)]
    picks = rng.integers(per_account, size=len(stream.ts)).tolist()
    return replace(stream, sessions=[names[p] for p in picks], end_users=[users[p] for p in picks])
