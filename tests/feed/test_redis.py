"""The feed through a real Redis server: what a writer copies, what readers hold through restarts and outages."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.feed import redis_names, redis_reading, redis_writing
from stillwatch.feed.redis_names import place_of
from stillwatch.feed.redis_reading import RedisFollower
from stillwatch.feed.redis_writing import copy
from stillwatch.feed.shedding import coin_of
from stillwatch.feed.writing import bring
from stillwatch.gateway.identity import networks
from tests.feed.made import NOW, decision
from tests.feed.test_feed import MOMENT, TIERS, put
from tests.feed.test_shedding import shedding
from tests.gateway.loopback import Running, run
from tests.gateway.loopback import running as running_gateway
from tests.gateway.test_proxy import now
from tests.servers import PASSWORD, RedisServer


@pytest.fixture(scope="module")
def running() -> Iterator[RedisServer | None]:
    """A server that forgets everything when it stops."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    made = RedisServer(program, ["--save", ""], "feed=decisions")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def server(running: RedisServer | None, real_part: Callable[[str, object], Any]) -> RedisServer:
    found: RedisServer = real_part("redis-server", running)
    with found.client as client:
        client.flushall()
    return found


def seen(follower: RedisFollower) -> set[int]:
    return {n for n in range(12) if follower.held.index.find([f"account:acc-{n}"], NOW)}


def with_follower(server: RedisServer, case: Callable[[RedisFollower], Any]) -> None:
    async def work() -> None:
        follower = RedisFollower(server.url)
        try:
            await case(follower)
        finally:
            await follower.close()

    asyncio.run(work())


def test_several_readers_follow_what_a_writer_copies(tmp_path: Path, server: RedisServer) -> None:
    async def case(follower: RedisFollower) -> None:
        second = RedisFollower(server.url)
        await follower.look()
        assert not follower.fresh and "no feed under this name" in (follower.fault or "")
        for numbers in ((), (1, 2), (2, 3), (3,), (3, 4, 5)):
            put(tmp_path, *numbers)
            assert copy(tmp_path, server.url) > 0 and copy(tmp_path, server.url) == 0
            for each in (follower, second):
                await each.look()
                assert seen(each) == set(numbers) and each.fresh and each.loaded
        await second.close()

    with_follower(server, case)


def test_tiers_and_the_coin_come_along_and_a_new_snapshot_is_one_step(
    tmp_path: Path, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (redis_names, redis_reading, redis_writing):
        monkeypatch.setattr(module, "PAGE", 2)

    async def case(follower: RedisFollower) -> None:
        bring(tmp_path, [decision(f"d-{n}", f"acc-{n}") for n in range(7)], TIERS, MOMENT, shedding=shedding())
        copy(tmp_path, server.url)
        await follower.look()
        assert seen(follower) == set(range(7)) and follower.held.tiers == TIERS
        assert follower.held.coin == coin_of(shedding())
        put(tmp_path, 8, 9, anew=True)
        copy(tmp_path, server.url)
        await follower.look()
        assert seen(follower) == {8, 9} and follower.held.tiers is None and follower.held.coin is None
        with server.client as client:
            names = {key.decode(): client.ttl(key) for key in client.keys("*")}
        assert sum(left > 0 for left in names.values()) == len(names) - 2
        put(tmp_path, 8, anew=True)
        copy(tmp_path, server.url, forget=True)
        with server.client as client:
            assert not any(
                b"acc-9" in line for key in client.keys("*:snapshot:*") for line in client.lrange(key, 0, -1)
            )

    with_follower(server, case)


def test_decisions_outlive_the_server_and_come_back_with_it(tmp_path: Path, server: RedisServer) -> None:
    async def case(follower: RedisFollower) -> None:
        put(tmp_path, 1, 2)
        copy(tmp_path, server.url)
        await follower.look()
        server.stop()
        try:
            began = time.monotonic()
            await follower.look()
            assert time.monotonic() - began < 2 * redis_reading.TIMEOUT_S
            assert seen(follower) == {1, 2} and not follower.fresh
            assert "cannot be reached" in (follower.fault or "") and PASSWORD not in (follower.fault or "")
            with pytest.raises(StoreError, match="stands in the journal") as told:
                copy(tmp_path, server.url)
            assert PASSWORD not in str(told.value)
        finally:
            server.start()
        await follower.look()
        assert seen(follower) == {1, 2} and not follower.fresh  # it came back without its memory
        put(tmp_path, 2, 3)
        copy(tmp_path, server.url)
        await follower.look()
        assert seen(follower) == {2, 3} and follower.fresh

    with_follower(server, case)


def test_a_server_that_went_back_is_not_followed_until_it_is_told_again(tmp_path: Path, server: RedisServer) -> None:
    async def case(follower: RedisFollower) -> None:
        put(tmp_path)
        put(tmp_path, 1, 2, 3)
        copy(tmp_path, server.url)
        await follower.look()
        with server.client as client:
            (tail,) = client.keys("decisions:tail:*")
            client.ltrim(tail, 0, 0)
        for said in ("became shorter", "older feed"):
            await follower.look()
            assert seen(follower) == {1, 2, 3} and said in (follower.fault or "")
        assert copy(tmp_path, server.url) == 2
        await follower.look()
        assert seen(follower) == {1, 2, 3} and follower.fresh

    with_follower(server, case)


def test_a_server_that_was_written_from_elsewhere_is_not_repaired(tmp_path: Path, server: RedisServer) -> None:
    put(tmp_path)
    put(tmp_path, 1)
    copy(tmp_path, server.url)
    with server.client as client:
        (tail,) = client.keys("decisions:tail:*")
        client.rpush(tail, b"{}\n")

    async def case(follower: RedisFollower) -> None:
        await follower.look()
        assert not follower.fresh and "change 2" in (follower.fault or "")

    with_follower(server, case)
    with pytest.raises(StoreError, match="changes that the files do not"):
        copy(tmp_path, server.url)
    put(tmp_path, 4, anew=True)
    assert copy(tmp_path, server.url) > 0


@pytest.mark.parametrize("damage", [b"{}", b"\xff", b"nobody:7", b""])
def test_damage_is_told_and_leaves_what_was_good(tmp_path: Path, server: RedisServer, damage: bytes) -> None:
    async def case(follower: RedisFollower) -> None:
        put(tmp_path, 1)
        copy(tmp_path, server.url)
        await follower.look()
        with server.client as client:
            client.set("decisions:head", damage)
        await follower.look()
        assert seen(follower) == {1} and not follower.fresh
        assert copy(tmp_path, server.url) > 0
        await follower.look()
        assert seen(follower) == {1} and follower.fresh

    with_follower(server, case)


def test_a_place_is_shown_without_its_password() -> None:
    place = place_of(f"rediss://bo:{PASSWORD}@host:6380/2?feed=f&health_check_interval=3")
    assert place.shown == "rediss://host:6380/2?feed=f" and place.url.endswith("@host:6380/2?health_check_interval=3")
    assert place_of("redis://host/0").name == "stillwatch" and PASSWORD not in place.shown
    with pytest.raises(ConfigurationError, match="name a feed in Redis"):
        place_of("redis://host/0?feed=a&feed=b")


def test_gateways_follow_one_server_and_say_when_it_is_away(tmp_path: Path, server: RedisServer) -> None:
    held = (("d-1", "sha-open", "open"), ("d-2", "sha-closed", "closed"))
    made = [now(name, "suspend", account, unreachable=unreachable) for name, account, unreachable in held]
    bring(tmp_path, made, None, MOMENT)
    copy(tmp_path, server.url)

    async def statuses(gateway: Running) -> list[int]:
        accounts = [{"authorization": "Bearer x", "x-account-id": account} for _, account, _ in held]
        return [(await gateway.post(headers=headers))[0] for headers in accounts]

    async def case() -> None:
        settings = {"feed_max_age_s": 0.6, "trusted": networks(("127.0.0.1",))}
        async with running_gateway(server.url, **settings) as one, running_gateway(server.url, **settings) as two:
            assert [await statuses(gateway) for gateway in (one, two)] == [[403, 403]] * 2
            server.stop()
            try:
                for gateway in (one, two):

                    async def stale(gateway: Running = gateway) -> bool:
                        return await gateway.metric("stillwatch_feed_stale") == 1

                    await gateway.until(stale)
                    assert await gateway.metric("stillwatch_feed_age_seconds") > 0.6
                    assert await statuses(gateway) == [200, 403]
            finally:
                server.start()
            copy(tmp_path, server.url)

            async def back() -> bool:
                return await statuses(two) == [403, 403]

            await two.until(back)

    run(case)
