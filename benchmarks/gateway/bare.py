"""The least that aiohttp can do between a client and an upstream: pass bytes on, look at nothing.

``python -m benchmarks.gateway.bare PORT UPSTREAM``: what the gateway is measured against: a library's
server and a library's client on the fastest loop there is.
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp
from aiohttp import web
from yarl import URL


async def main(port: int, upstream: str) -> None:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=1000), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    ) as session:

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            body = await request.read()
            headers = {n: v for n, v in request.headers.items() if n.lower() not in ("host", "content-length")}
            url = URL(upstream + request.raw_path, encoded=True)
            async with session.request(request.method, url, data=body, headers=headers) as answer:
                down = {
                    n: v for n, v in answer.headers.items() if n.lower() not in ("transfer-encoding", "content-length")
                }
                if answer.content_type != "text/event-stream":
                    return web.Response(status=answer.status, headers=down, body=await answer.read())
                response = web.StreamResponse(status=answer.status, headers=down)
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
                return response

        runner = web.ServerRunner(web.Server(handle, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
