"""Every kind of operator link behind one face, with a peer that can be told what to answer."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, TypeVar

import msgspec

from config.operators import RestCallback, RestFields, RestOperatorSettings, RestSettings, SmppOperatorSettings
from operators.base import (
    DeferReason,
    Deferred,
    DeliveryReceipt,
    MtMessage,
    Operator,
    OperatorEvent,
    Refused,
    Submitted,
)
from operators.loopback import LoopbackOperator, take_all
from operators.rest.client import RestOperator
from operators.simulator import Faults, Simulator
from operators.smpp import status as st
from operators.smpp.client import SmppOperator
from redaction.personal import MessageText, Msisdn, Secret
from tests.bounds import LIMIT_S
from tests.contract.rest_peer import CALLBACK_SECRET, TOKEN, RestPeer, post_receipt

E = TypeVar("E")
SETTINGS = SmppOperatorSettings(
    name="op",
    host="127.0.0.1",
    system_id="gateway",
    window=8,
    response_timeout_s=0.3,
    reconnect_first_s=0.05,
    reconnect_limit_s=0.1,
    slow_start_s=0,
)


class Heard:
    """The sink: everything that was reported, in order."""

    def __init__(self) -> None:
        self.events: list[OperatorEvent] = []
        self._more = asyncio.Event()

    def __call__(self, events: Sequence[OperatorEvent]) -> None:
        self.events += events
        self._more.set()

    def of(self, kind: type[E]) -> list[E]:
        return [each for each in self.events if isinstance(each, kind)]

    async def until(self, kind: type[E], count: int = 1) -> list[E]:
        async with asyncio.timeout(LIMIT_S):
            while len(self.of(kind)) < count:
                self._more.clear()
                await self._more.wait()
        return self.of(kind)


class Link:
    """operator, and its peer's moods: refuse, throttle, be silent. receipt: have the peer report one as delivered."""

    def __init__(self, operator: Operator, **moods: Callable[[], object]) -> None:
        self.operator = operator
        self.heard = Heard()
        self.moods = moods

    async def begin(self) -> None:
        await self.operator.start(self.heard)
        await until(lambda: self.operator.room() > 0)

    def mood(self, name: str) -> None:
        self.moods[name]()

    async def result(self, name: str) -> Any:
        """What became of one message while the peer was in this mood."""
        if name:
            self.mood(name)
        self.operator.submit(a_text())
        return (await self.heard.until(Submitted))[-1].result

    async def news(self) -> DeliveryReceipt:
        return (await self.heard.until(DeliveryReceipt))[0]


async def until(claim: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not claim():
            await asyncio.sleep(0.005)


def a_text(token: object = "token", text: str = "Your code is 4821", **more: Any) -> MtMessage:
    base: dict[str, Any] = {"source": "INTERKEY", "name": os.urandom(16)}
    return MtMessage(token=token, destination=Msisdn("966512345678", 966), text=MessageText(text), **(base | more))


@asynccontextmanager
async def loopback_link() -> AsyncIterator[Link]:
    answer: list[Any] = [take_all]
    operator = LoopbackOperator("op", segments_of=lambda _: 1, answer=lambda *said: answer[0](*said), room=8)
    link = Link(
        operator,
        refuse=lambda: answer.__setitem__(0, lambda *_: Refused(st.RINVDSTADR)),
        throttle=lambda: answer.__setitem__(0, lambda *_: Deferred(DeferReason.THROTTLED, st.RTHROTTLED, 1.0)),
    )
    yield link
    await operator.stop(1.0)


@asynccontextmanager
async def smpp_link() -> AsyncIterator[Link]:
    smsc = Simulator(faults=Faults())
    await smsc.start()
    operator = SmppOperator(
        msgspec.structs.replace(SETTINGS, port=smsc.port),
        Secret("secret"),
        monotonic=time.monotonic,
        now_ms=lambda: time.time_ns() // 1_000_000,
        today=lambda: date(2027, 1, 1),
        salt=bytes(16),
        outbind_password=Secret(""),
    )

    def faults(**more: Any) -> Callable[[], None]:
        return lambda: setattr(smsc, "faults", Faults(**more))

    yield Link(
        operator,
        refuse=faults(error_rate=1.0, error_status=st.RINVDSTADR),
        throttle=faults(throttle_rate=1.0),
        silence=faults(silent_rate=1.0),
    )
    await operator.stop(1.0)
    await smsc.stop()


def rest_settings(peer: RestPeer, **more: Any) -> RestOperatorSettings:
    fields = RestFields(receipt="dlr", validity="ttl", reference="request", flash="flash")
    rest = RestSettings(
        url=peer.url,
        connections=4,
        constants=("channel=sms",),
        id="data.id",
        fields=more.pop("fields", fields),
        callback=RestCallback(port=0, status="state", error="code"),
    )
    shared = ("name", "window", "response_timeout_s", "reconnect_first_s", "reconnect_limit_s")
    return RestOperatorSettings(**{name: getattr(SETTINGS, name) for name in shared} | {"rest": rest} | more)


def rest_operator(
    settings: RestOperatorSettings, today: date = date(2027, 1, 1), password: str = TOKEN
) -> RestOperator:
    return RestOperator(
        settings,
        Secret(password),
        Secret(CALLBACK_SECRET),
        monotonic=time.monotonic,
        today=lambda: today,
        now_ms=lambda: time.time_ns() // 1_000_000,
    )


@asynccontextmanager
async def rest_link() -> AsyncIterator[Link]:
    """Its peer reports every message that it took as delivered, until the callback takes the report."""
    peer = RestPeer()
    await peer.start()
    operator = rest_operator(rest_settings(peer))
    link = Link(
        operator,
        refuse=lambda: setattr(peer, "status", 400),
        throttle=lambda: setattr(peer, "status", 429),
        silence=lambda: setattr(peer, "silent", True),
    )

    async def report() -> None:
        await until(lambda: bool(peer.requests))
        while await post_receipt(operator.callback_port, {"id": "r-1", "state": "DELIVRD"}) != 204:
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as tasks:
        reporter = tasks.create_task(report())
        yield link
        reporter.cancel()
    await operator.stop(1.0)
    await peer.stop()


LINKS = {"loopback": loopback_link, "smpp": smpp_link, "rest": rest_link}
