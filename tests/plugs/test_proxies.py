"""nginx and Envoy, the real ones, with the configurations of the how-to page, in front of a real upstream."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from multidict import CIMultiDict

from stillwatch.feed.tiers import Tier, Tiers
from stillwatch.gateway.serving import Address
from stillwatch.plugs.authz_serving import AuthzRequest, serve
from stillwatch.plugs.settings import Settings
from tests.gateway.loopback import ANSWER, CHAT, KEY, Upstream, put, run
from tests.gateway.test_proxy import HASH, now
from tests.servers import free_port

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "connect-your-gateway.md"
ANY = Address("127.0.0.1", 0)
BAD, SLOW, MARKED = (f"sk-{name}" for name in ("bad", "slow", "marked"))
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
RealPart = Callable[[str, object], Any]


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(), re.S)


def account(key: str) -> str:
    import hashlib

    return hashlib.sha256(key.encode()).hexdigest()


def decisions(folder: Path) -> str:
    tiers = Tiers("all", (Tier("all", models=("large",), batch=False),))
    marked = now("d-3", "mark", account(MARKED), mark_id="m-7", announced=False)
    limit = now("d-4", "limit", account(MARKED), max_choices=1)
    throttle = now("d-2", "throttle", account(SLOW), requests_per_minute=0.5)
    return str(put(folder, [now(account=account(BAD)), throttle, marked, limit], tiers))


@dataclass
class Front:
    """A proxy that asks, and what stands behind it."""

    url: str
    admin: str
    upstream: Upstream
    client: aiohttp.ClientSession

    async def post(self, key: str, path: str = "/v1/chat/completions", body: Any = CHAT, **headers: str) -> Any:
        given = {"authorization": f"Bearer {key}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        data = io.BytesIO(json.dumps(body).encode())
        async with self.client.post(self.url + path, data=data, headers=given) as found:
            return found.status, await found.json(content_type=None), found.headers

    async def metric(self, name: str) -> float:
        async with self.client.get(self.admin + "/metrics") as found:
            lines = (await found.text()).splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@contextlib.asynccontextmanager
async def fronted(feed: str, command: Callable[[int, int, int, int], list[str]], **more: Any) -> AsyncIterator[Front]:
    """``command`` makes the proxy's command line from its own port and those of upstream, HTTP and gRPC."""
    upstream = Upstream()
    runner = web.ServerRunner(web.Server(upstream.handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    places: asyncio.Queue[Any] = asyncio.Queue()
    settings = Settings(feed=feed, trust=("127.0.0.1/32",), **more)
    asked = AuthzRequest(settings, ANY, ANY, ANY, lambda *found: places.put_nowait(found))
    stop = asyncio.Event()
    task = asyncio.create_task(serve(asked, stop))
    listen, admin, grpc = await places.get()
    port = free_port()
    process = await asyncio.create_subprocess_exec(*command(port, runner.addresses[0][1], listen.port, grpc.port))
    try:
        async with asyncio.timeout(300), aiohttp.ClientSession() as client:
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.02)
            yield Front(f"http://127.0.0.1:{port}", f"http://{admin}", upstream, client)
    finally:
        process.terminate()
        await process.wait()
        stop.set()
        await task
        await runner.cleanup()


async def as_decided(front: Front) -> None:
    """What holds behind every proxy."""
    assert (await front.post(KEY))[:2] == (200, ANSWER)
    assert front.upstream.body == CHAT
    status, body, _ = await front.post(BAD)
    assert (status, body["error"]["code"], body["error"]["appeal"]) == (403, "account_suspended", "mailto:a")
    status, body, _ = await front.post(BAD, "/v1/messages")
    assert (status, body["type"]) == (403, "error")
    assert (await front.post(BAD, "/anything/else"))[0] == 403
    assert (await front.post(KEY, x_api_key=BAD))[0] == 403  # whichever of both the model's server looks at
    twice = CIMultiDict([("authorization", f"Bearer {BAD}"), ("authorization", f"Bearer {KEY}")])
    async with front.client.post(front.url + "/v1/chat/completions", json=CHAT, headers=twice) as found:
        assert found.status in (400, 403)
    answers = [await front.post(SLOW) for _ in range(2)]
    assert [answer[0] for answer in answers] == [200, 429]
    assert 0 < int(answers[1][2]["retry-after"]) <= 120 and answers[1][1]["error"]["code"] == "throttled"
    await front.post(KEY, x_stillwatch_mark="forged", x_account_id=account(BAD))
    assert not front.upstream.headers.get("x-stillwatch-mark")
    assert (await front.post(MARKED))[0] == 200
    assert front.upstream.headers["x-stillwatch-mark"] == "m-7"
    assert await front.metric('stillwatch_measures_total{measure="limit",what="out_of_reach"}') >= 1
    assert (await front.post(KEY, "/v1/batches", {"input_file_id": "f"}))[1]["error"]["code"] == "batch_not_released"


def nginx_command(nginx: str, folder: Path, port: int, upstream: int, http: int, grpc: int) -> list[str]:
    server = blocks("nginx")[0]
    for ours, theirs in ((8080, port), (8000, upstream), (9465, http)):
        server = server.replace(f":{ours}", f":{theirs}")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    file = folder / "nginx.conf"
    file.write_text(f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{server}}}\n")
    alone = f"daemon off; master_process off; pid {folder}/pid; error_log stderr crit;"
    return [nginx, "-e", "stderr", "-c", str(file), "-g", alone]


def test_nginx(tmp_path: Path, real_part: RealPart) -> None:
    nginx = real_part("nginx", NGINX)

    async def case() -> None:
        feed = decisions(tmp_path / "feed")
        async with fronted(feed, lambda *ports: nginx_command(nginx, tmp_path, *ports)) as front:
            await as_decided(front)
            assert (await front.post(KEY, body={**CHAT, "model": "other"}))[0] == 200  # nginx sends no body
            assert await front.metric('stillwatch_measures_total{measure="release-tier",what="out_of_reach"}') >= 1

    run(case, 400)


def test_a_key_that_nobody_knows_is_401_behind_nginx(tmp_path: Path, real_part: RealPart) -> None:
    nginx = real_part("nginx", NGINX)
    table = tmp_path / "keys.jsonl"
    table.write_text(json.dumps({"api_key_hash": HASH, "account_id": "acc-1"}))

    async def case() -> None:
        feed = decisions(tmp_path / "feed")
        async with fronted(feed, lambda *ports: nginx_command(nginx, tmp_path, *ports), keys=str(table)) as front:
            assert (await front.post(KEY))[0] == 200
            status, body, _ = await front.post("sk-unknown")
            assert (status, body["error"]["code"]) == (401, "unknown_key")

    run(case, 400)


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_envoy(tmp_path: Path, real_part: RealPart, protocol: str) -> None:
    envoy = real_part("envoy", os.environ.get("ENVOY") or shutil.which("envoy"))

    def command(port: int, upstream: int, http: int, grpc: int) -> list[str]:
        config, filter = blocks("yaml")[1:3]
        authz = grpc
        if protocol == "http":
            config = re.sub(
                r" +- name: envoy.filters.http.ext_authz.*?(?= +- name: envoy.filters.http.router)",
                filter,
                config,
                flags=re.S,
            )
            config = re.sub(r" +typed_extension_protocol_options:.*?(?= +load_assignment)", "", config, flags=re.S)
            authz = http
        for ours, theirs in ((8080, port), (8000, upstream), (9466, authz)):
            config = config.replace(f"port_value: {ours}", f"port_value: {theirs}")
        file = tmp_path / "envoy.yaml"
        file.write_text(config.replace("/var/log/envoy", str(tmp_path)))
        return [envoy, "-c", str(file), "--concurrency", "1", "--use-dynamic-base-id", "-l", "error"]

    async def case() -> None:
        async with fronted(decisions(tmp_path / "feed"), command) as front:
            await as_decided(front)
            status, body, _ = await front.post(KEY, body={**CHAT, "model": "other"})
            assert (status, body["error"]["code"]) == (403, "model_not_released")
            # Envoy does not tell that it cut a body if its buffer is full to the byte: that one is no JSON, so 400.
            for size, refused in ((2 << 20, (403,)), (9 << 20, (413, 400))):
                padded = {**CHAT, "model": "other", "pad": "x" * size}
                assert (await front.post(KEY, body=padded))[0] in refused

    run(case, 400)
    lines = [json.loads(line) for line in (tmp_path / "access.jsonl").read_text().splitlines()]
    assert {line["response_code"] for line in lines} - {400, 413} == {200, 403, 429}
    assert all(line["x_request_id"] and line["downstream_remote_address"].startswith("127.0.0.1:") for line in lines)
