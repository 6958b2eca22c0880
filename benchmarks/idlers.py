"""Customers that are connected and ask for nothing: binds that answer enquire_link, or HTTP connections kept open.

A process of its own, so that what they cost it is not counted. They come in turns of `AT_ONCE`, as after a restart.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import uvloop

from benchmarks import child
from operators.smpp import pdu as p
from operators.smpp.connection import Connection
from operators.smpp.session import Bound, Event, Role, Session, SessionSettings

AT_ONCE: Final = 50
LIMIT_S: Final = 240.0
_ANSWERED: Final = b"HTTP/1.1 "


class Account:
    """Of so many binds."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.system_id = str(said["system_id"])
        self.password = str(said["password"])
        self.binds = int(said["binds"])


class Crowd:
    """port: where all of them go. waits: how long each took to be in, in seconds. lost: that ended since."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._connections: list[object] = []
        self.waits: list[float] = []
        self.lost = 0

    async def bind(self, accounts: Sequence[Account]) -> None:
        await asyncio.gather(*(self._bind(each) for each in accounts for _ in range(each.binds)))

    async def _bind(self, account: Account) -> None:
        async with self._turns:
            began = time.perf_counter()
            bound = asyncio.get_running_loop().create_future()
            settings = SessionSettings(window=10, enquire_link_s=3600.0)

            def heard(_: Connection, events: Sequence[Event]) -> None:
                if not bound.done() and any(isinstance(each, Bound) for each in events):
                    bound.set_result(True)

            def ended(_: Connection) -> None:
                self.lost += 1
                if not bound.done():
                    bound.set_exception(ConnectionError("a bind was refused"))

            connection = Connection(lambda now: Session(Role.ESME, settings, now), heard, ended)
            await asyncio.get_running_loop().create_connection(lambda: connection, "127.0.0.1", self._port)
            bind = p.BindTransceiver(system_id=account.system_id, password=account.password)
            connection.session.bind(bind, connection.now())
            connection.flush_soon()
            await bound
            self._connections.append(connection)
            self.waits.append(time.perf_counter() - began)

    async def keep(self, count: int, key: str) -> None:
        await asyncio.gather(*(self._keep(key) for _ in range(count)))

    async def _keep(self, key: str) -> None:
        async with self._turns:
            began = time.perf_counter()
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            head = f"GET /v1/messages?limit=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n"
            writer.write(head.encode())
            if not (await reader.readline()).startswith(_ANSWERED + b"200"):
                raise ConnectionError("a connection was refused")
            self._connections.append((reader, writer))
            self.waits.append(time.perf_counter() - began)


async def _stay(job: child.Line) -> None:
    crowd = Crowd(job["port"])
    began = time.perf_counter()
    async with asyncio.timeout(LIMIT_S):
        if "accounts" in job:
            await crowd.bind([Account(each) for each in job["accounts"]])
        else:
            await crowd.keep(job["connections"], job["key"])
    waits = sorted(crowd.waits)
    child.say({"seconds": time.perf_counter() - began, "p99_s": waits[len(waits) * 99 // 100], "count": len(waits)})
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(over.set)), daemon=True).start()
    await over.wait()


if __name__ == "__main__":
    child.work(lambda: uvloop.run(_stay(child.job())))
