"""A customer of the gateway, as the tests that drive the real process need one."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import aiohttp
from aiohttp import web

from gateway.tools.trial_site import Stage
from tests.bounds import LIMIT_S

FINAL: Final = frozenset({"delivered", "undelivered", "expired", "rejected", "failed", "unknown", "cancelled"})
LOOK_S: Final = 0.02
Record = Mapping[str, Any]


class Customer:
    """Speaks HTTP with the gateway of a stage, wherever that listens at the moment."""

    def __init__(self, stage: Stage, session: aiohttp.ClientSession, key: str | None = None) -> None:
        self._stage = stage
        self._session = session
        self.key = key or stage.key

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any, Mapping[str, str]]:
        """Status, JSON and headers of the answer."""
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        async with self._session.request(method, self._stage.url + path, headers=headers, **more) as answer:
            return answer.status, await answer.json(content_type=None), answer.headers

    async def send(self, text: str, **fields: Any) -> str:
        """The id of a message that was taken."""
        status, body, _ = await self.ask("POST", "/v1/messages", json=message(text, **fields))
        assert status == 202, body
        return str(body["id"])

    async def send_all(self, texts: Iterable[str], **fields: Any) -> list[str]:
        """Ids of messages sent at the same time, in order."""
        return await asyncio.gather(*(self.send(text, **fields) for text in texts))

    async def show(self, identifier: str) -> Record:
        status, body, _ = await self.ask("GET", f"/v1/messages/{identifier}")
        assert status == 200, body
        found: Record = body
        return found

    async def reach(self, identifier: str, *statuses: str, limit_s: float = LIMIT_S) -> Record:
        """The record, once it stands in one of `statuses`; without any, in a final one."""
        wanted = statuses or FINAL
        async with asyncio.timeout(limit_s):
            while True:
                record = await self.show(identifier)
                if record["status"] in wanted:
                    return record
                await asyncio.sleep(LOOK_S)

    async def reach_all(self, identifiers: Iterable[str], *statuses: str, limit_s: float = LIMIT_S) -> list[Record]:
        return [await self.reach(each, *statuses, limit_s=limit_s) for each in identifiers]


async def until(claim: Callable[[], bool]) -> None:
    """Look again and again: what another process does announces itself nowhere."""
    while not claim():
        await asyncio.sleep(LOOK_S)


async def until_answered(customer: Customer, status: int, limit_s: float = LIMIT_S) -> Any:
    """Ask until the answer has this status: a running node hears of changed keys within a second. The JSON."""
    async with asyncio.timeout(limit_s):
        while True:
            found, body, _ = await customer.ask("GET", "/v1/messages")
            if found == status:
                return body
            await asyncio.sleep(LOOK_S)


def message(text: str, **fields: Any) -> dict[str, Any]:
    return {"to": "+966512345678", "from": "INTERKEY", "text": text, "class": "transactional", **fields}


@contextlib.asynccontextmanager
async def customer_of(stage: Stage, key: str | None = None) -> AsyncIterator[Customer]:
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=16)) as session:
        yield Customer(stage, session, key)


class Receiver:
    """A webhook endpoint that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, dict[str, str]]] = []
        self.port = 0
        self._events: list[Record] = []
        self._parsed = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def events(self) -> list[Record]:
        """Everything that was told, whether alone or in a batch."""
        for body, _ in self.heard[self._parsed :]:
            told = json.loads(body)
            self._events += told["data"] if told["type"] == "batch" else [told]
        self._parsed = len(self.heard)
        return self._events

    def about(self, identifier: str) -> list[Record]:
        return [event for event in self.events() if event["data"].get("id") == identifier]

    async def until_told(self, identifiers: Sequence[str], limit_s: float = LIMIT_S) -> None:
        waited_for = set(identifiers)
        async with asyncio.timeout(limit_s):
            await until(lambda: waited_for <= {event["data"].get("id") for event in self.events()})

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append((await request.read(), {name.lower(): value for name, value in request.headers.items()}))
        return web.Response()


@contextlib.asynccontextmanager
async def receiver(heard: Receiver | None = None) -> AsyncIterator[Receiver]:
    """It listens. heard: one that is there already."""
    heard = heard or Receiver()
    application = web.Application()
    application.router.add_post("/{path:.*}", heard.hear)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        heard.port = runner.addresses[0][1]
        yield heard
    finally:
        await runner.cleanup()


async def until_endpoint_known(customer: Customer, heard: Receiver, text: str = "Is anybody there") -> None:
    """A running node hears of a new endpoint within a second: send until the endpoint is told."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            identifier = await customer.send(text)
            await customer.reach(identifier)
            with contextlib.suppress(TimeoutError):
                await heard.until_told([identifier], limit_s=0.2)
                return
