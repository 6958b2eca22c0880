"""An HTTP operator to talk to: takes messages as JSON, answers as told, and posts receipts to a callback."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

TOKEN = "token-of-the-operator"
CALLBACK_SECRET = "secret-of-the-callback"


class RestPeer:
    """status: what it answers. silent: never answer. requests: (headers, body) in the order they came."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.paths: list[str] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.silent = False
        self.connections: set[object] = set()
        self.port = 0
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/messages"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.requests]

    async def start(self, port: int = 0) -> None:
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        self.connections.add(request.transport)
        self.paths.append(request.path_qs)
        self.requests.append((dict(request.headers), await request.read()))
        if self.silent:
            await asyncio.Event().wait()
        number = len(self.requests)
        return web.json_response({"data": {"id": f"r-{number}"}}, status=self.status, headers=self.headers)


async def post_receipt(port: int, body: object, secret: str = CALLBACK_SECRET, method: str = "POST") -> int:
    """Post to a callback as an operator does; the status of the answer."""
    headers: Mapping[str, str] = {"Authorization": f"Bearer {secret}"}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}/", data=data, headers=headers) as answer,
    ):
        return answer.status


@asynccontextmanager
async def rest_peer() -> AsyncIterator[RestPeer]:
    peer = RestPeer()
    await peer.start()
    try:
        yield peer
    finally:
        await peer.stop()
