"""A process that changes accounts beside others: `python -m tests.contract.changer ENGINE PLACE DEED`.

`senders`, `numbers` and `limits` each change another setting of customer 1, `COUNT` times. `urls` sets the URL of its
endpoint as often and says whether another one ever stood there afterwards; `failures` is a node that notes again and
again that the endpoint fails, until it has noted it of the last URL.
"""

import asyncio
import sys
from pathlib import Path
from typing import Final

import msgspec

from gateway.accounts.administration import Accounts
from gateway.accounts.settings import NumberSettings
from gateway.audit.actor import COMMAND_LINE
from gateway.ledger.contract import StoredEndpoint
from gateway.ledger.roles import Ledger
from gateway.process import logs
from gateway.process.clock import ManualClock
from gateway.webhooks.endpoints import NOTE_AFTER_S, Endpoints
from redaction.keys import KeyState
from redaction.seal import Sealer
from redaction.sealed import Sealed
from tests.contract.conftest import ENGINES
from tests.contract.records import an_endpoint

COUNT: Final = 40
CUSTOMER: Final = 1


def accounts_of(ledger: Ledger) -> Accounts:
    clock = ManualClock()
    sealer = Sealer(KeyState(), clock.random)
    return Accounts(ledger.accounts, clock, COMMAND_LINE, sealer=sealer, ensure_keys=print, digest=lambda *_: bytes(32))


def url(number: int) -> Sealed:
    return Sealed(b"url %d" % number)


async def senders(ledger: Ledger) -> None:
    for number in range(COUNT):
        await accounts_of(ledger).change_settings(
            CUSTOMER, lambda standing: {"senders": {**standing.senders, f"SENDER-{number}": ()}}  # noqa: B023
        )  # fmt: skip


async def numbers(ledger: Ledger) -> None:
    for number in range(COUNT):
        await accounts_of(ledger).add_number(CUSTOMER, str(90_000 + number), NumberSettings())


async def limits(ledger: Ledger) -> None:
    for number in range(COUNT):
        await accounts_of(ledger).change_settings(CUSTOMER, lambda _: {"throughput_per_s": number + 1})  # noqa: B023


async def urls(ledger: Ledger) -> None:
    """`webhook set`, as far as the row goes: another URL, enabled."""
    for number in range(1, COUNT + 1):

        def change(standing: StoredEndpoint | None) -> StoredEndpoint:
            assert standing is not None
            return msgspec.structs.replace(an_endpoint(CUSTOMER), url=url(number), settings=standing.settings)  # noqa: B023

        await accounts_of(ledger).set_endpoint(CUSTOMER, change)
        for _ in range(3):
            (stored,) = await ledger.accounts.endpoints()
            print("kept" if (stored.url, stored.state) == (url(number), "enabled") else "undone", flush=True)


async def failures(ledger: Ledger) -> None:
    clock = ManualClock()
    endpoints = Endpoints(ledger.accounts, clock, disable_after_s=1e9)
    while True:
        await endpoints.refresh()
        endpoints.failed(CUSTOMER, "timeout")
        clock.advance(NOTE_AFTER_S)
        endpoints.failed(CUSTOMER, "timeout")
        await endpoints.refresh()
        (stored,) = await ledger.accounts.endpoints()
        if stored.failing_since_ms is not None:
            print("noted", flush=True)
            if stored.url == url(COUNT):
                return


DEEDS: Final = {each.__name__: each for each in (senders, numbers, limits, urls, failures)}


async def main(engine: str, place: str, deed: str) -> None:
    logs.configure("error")
    ledger = ENGINES[engine](Path(place), ManualClock(), False)
    await ledger.open()
    await DEEDS[deed](ledger)
    await ledger.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
