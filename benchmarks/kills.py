"""`python -m benchmarks kill`: the gateway is killed in mid-run, again and again, and started anew; customers go on.

Whatever was answered 202 has to be there afterwards, has to have reached the operator, and has to be delivered; a
message whose answer never came may be there or not. What the operator had not answered at a kill comes again, within
one window for each. How often writes were forced to disk is counted as in every run: a kill alone does not show what a
power cut would take.
"""

import asyncio
import time
from array import array
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from benchmarks.child import Child
from benchmarks.messages import MIXES, SENDER, number_of
from benchmarks.targets import GatewayTarget, fresh
from benchmarks.truth import Wrong

CONNECTIONS: Final = 16
WINDOW: Final = 256
"""Of the link to the operator (`Stage`)."""
PAUSE_S: Final = 0.05
"""Of customers who found nobody there."""


class Outcome(msgspec.Struct, frozen=True):
    """kills: that were carried out. answered: with 202. doubtful: messages whose answer never came. again: those that
    reached the operator more than once. away_s: the longest time from a kill to the next listening process.
    """

    kills: int
    answered: int
    doubtful: int
    again: int
    away_s: float


class Customers:
    """Sends messages, one after the other over each connection, also while nobody is there. answered: index by id."""

    def __init__(self, target: GatewayTarget, messages: int) -> None:
        self._target = target
        self._indexes: Iterator[int] = iter(range(messages))
        self._form = MIXES["plain"]
        self.answered: dict[str, int] = {}
        self.doubtful = 0
        self._have_ended = False

    async def send_all(self) -> None:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {self._target.secret}"}) as session:
            await asyncio.gather(*(self._send(session) for _ in range(CONNECTIONS)))
        self._have_ended = True

    async def heard(self, count: int) -> None:
        """Until so many were answered. Raises Wrong when that many never are."""
        while len(self.answered) < count:
            if self._have_ended:
                raise Wrong("too few messages were answered for so many kills")
            await asyncio.sleep(0.001)

    async def _send(self, session: aiohttp.ClientSession) -> None:
        for index in self._indexes:
            while not await self._attempt(session, index):  # noqa: ASYNC110  another process
                await asyncio.sleep(PAUSE_S)

    async def _attempt(self, session: aiohttp.ClientSession, index: int) -> bool:
        """False where nobody was there, so that nothing was sent."""
        form = self._form.form(index)
        fields = {"to": f"+{number_of(index)}", "from": SENDER, "text": form.text, "class": form.message_class}
        try:
            async with session.post(f"http://127.0.0.1:{self._target.port}/v1/messages", json=fields) as answer:
                told: dict[str, Any] = await answer.json()
                if answer.status == 202:
                    self.answered[told["id"]] = index
        except aiohttp.ClientConnectorError:
            return False
        except (aiohttp.ClientError, ValueError):
            self.doubtful += 1
        return True


def run(target: GatewayTarget, folder: Path, *, messages: int, kills: int, settle_s: float) -> Outcome:
    """Raises Wrong with what was lost. settle_s: how long the last delivery may take."""
    fresh(folder)
    smsc = Child("benchmarks.smsc", {"mix": "plain", "habits": {}})
    try:
        target.start(smsc.ready["port"], None)
        synced = target.syncs()
        customers = Customers(target, messages)
        away_s = asyncio.run(_killed(target, customers, messages, kills))
        forced = None if synced is None else (target.syncs() or 0) - synced
        statuses = _settled(target, customers, settle_s)
        arrivals = folder / "arrivals.bin"
        seen = smsc.ask({"lot": [0, messages], "path": str(arrivals)})
    finally:
        target.stop()
        smsc.stop()
    arrived = array("d")
    with arrivals.open("rb") as file:
        arrived.fromfile(file, messages)
    reached = {index for index, moment in enumerate(arrived) if moment}
    again = messages - seen["whole"] - (messages - len(reached))
    complaints = [
        *lost(customers.answered, statuses, reached),
        *repeated(again, kills),
        *unforced(forced, len(customers.answered)),
    ]
    if complaints:
        raise Wrong("; ".join(complaints))
    return Outcome(kills, len(customers.answered), customers.doubtful, again, away_s)


async def _killed(target: GatewayTarget, customers: Customers, messages: int, kills: int) -> float:
    """How long nobody listened at the most. Each comes after as many answers as the one
    before it, so what is killed is at work.
    """

    async def kill() -> float:
        away_s = 0.0
        for number in range(1, kills + 1):
            await customers.heard(number * messages // (2 * kills + 1))
            began = time.monotonic()
            await asyncio.to_thread(_killed_once, target)
            away_s = max(away_s, time.monotonic() - began)
        return away_s

    _, away_s = await asyncio.gather(customers.send_all(), kill())
    return away_s


def _killed_once(target: GatewayTarget) -> None:
    target.stage.kill_gateway()
    target.stage.start_gateway()


def _settled(target: GatewayTarget, customers: Customers, settle_s: float) -> dict[str, str]:
    """The status of each message by id, when all that were answered are delivered, or when the time is over."""
    until_s = time.monotonic() + settle_s
    while True:
        found = target.recorded()
        if all(found.get(each) == "delivered" for each in customers.answered) or time.monotonic() > until_s:
            return found
        time.sleep(0.2)


def lost(answered: Mapping[str, int], statuses: Mapping[str, str], reached: Collection[int]) -> Iterator[str]:
    """answered: index of each message by its id. statuses: by id. reached: indexes of those that the operator got."""
    gone = sum(each not in statuses for each in answered)
    open_ = sum(statuses.get(each, "delivered") != "delivered" for each in answered)
    missed = sum(index not in reached for index in answered.values())
    if gone:
        yield f"{gone} messages that were acknowledged are not there after a kill"
    if open_:
        yield f"{open_} messages that were acknowledged are not delivered after a kill"
    if missed:
        yield f"{missed} messages that were acknowledged never reached the operator"


def repeated(again: int, kills: int) -> Iterator[str]:
    """again: messages that reached the operator more than once."""
    if again > kills * WINDOW:
        yield f"{again} messages reached the operator again, where {kills} windows are the most"


def unforced(forced: int | None, answered: int) -> Iterator[str]:
    """forced: how often something was forced to disk; None where that is not counted."""
    least = answered // CONNECTIONS
    if forced is not None and forced < least:
        yield f"what was answered was forced to disk {forced} times, where {least} commits are the least"


def shown(outcome: Outcome) -> None:
    print(
        f"{outcome.kills} kills: {outcome.answered} messages were answered, all are there and delivered;"
        f" {outcome.doubtful} were sent and not answered; {outcome.again} messages came again;"
        f" nobody listened for {outcome.away_s:.1f} s at the most"
    )
