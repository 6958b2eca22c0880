"""The directory: who may send, held in memory and kept fresh."""

import asyncio

import msgspec
import pytest

from gateway.accounts.directory import Directory
from gateway.ledger.contract import LedgerUnavailable, StoredEndpoint
from gateway.model.message import MessageClass
from redaction.personal import Secret
from redaction.sealed import Sealed
from tests.bounds import LIMIT_S
from tests.unit.gateway.small_ledger import SmallLedger
from tests.unit.gateway.stage import TOKEN, api_key, customer, digest


async def _directory(ledger: SmallLedger) -> Directory:
    directory = Directory(ledger, digest)
    await directory.refresh()
    return directory


async def test_a_secret_finds_its_key_and_customer() -> None:
    ledger = SmallLedger()
    await ledger.save_customer(customer())
    await ledger.save_key(api_key(throughput_per_s=2.5, classes=("otp",), allowed_networks=("10.0.0.0/8",)))
    key = (await _directory(ledger)).find(Secret(TOKEN))
    assert key is not None
    assert (key.customer.id, key.customer.public_id) == (1, "cus_1")
    assert key.burst == 3
    assert key.classes == {MessageClass.OTP}
    assert str(key.networks[0]) == "10.0.0.0/8"


async def test_an_unknown_secret_finds_nothing() -> None:
    ledger = SmallLedger()
    await ledger.save_customer(customer())
    await ledger.save_key(api_key())
    assert (await _directory(ledger)).find(Secret(TOKEN + "x")) is None


async def test_a_revoked_key_is_gone_after_the_next_refresh() -> None:
    ledger = SmallLedger()
    await ledger.save_customer(customer())
    await ledger.save_key(api_key())
    directory = await _directory(ledger)
    await ledger.save_key(api_key(id=1, revoked_ms=5))
    await directory.refresh()
    assert directory.find(Secret(TOKEN)) is None


async def test_accounts_are_read_again_only_when_they_changed() -> None:
    ledger = SmallLedger()
    await ledger.save_customer(customer())
    directory = await _directory(ledger)
    await directory.refresh()
    assert ledger.reads == 1
    await ledger.save_customer(customer(id=1, disabled_ms=7))
    await directory.refresh()
    known = directory.customer(1)
    assert ledger.reads == 2
    assert known is not None
    assert known.disabled


async def test_an_endpoint_is_found_by_its_customer() -> None:
    ledger = SmallLedger()
    await ledger.save_customer(customer())
    endpoint = StoredEndpoint(customer=1, url=Sealed(b"u"), secret=Sealed(b"s"), settings=b"{}")
    await ledger.save_endpoint(endpoint)
    directory = await _directory(ledger)
    found = directory.endpoint(1)
    assert found is not None
    assert msgspec.structs.replace(found, version=0) == endpoint
    assert directory.endpoint(2) is None


@pytest.mark.case("interfaces-1")
async def test_what_cannot_be_read_is_said_once_and_counted_and_the_rest_stands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ledger = SmallLedger()
    await ledger.save_customer(customer())
    await ledger.save_key(api_key())
    directory = await _directory(ledger)
    assert directory.unreadable() == {}
    await ledger.save_key(api_key(id=2, prefix="0badf00d", settings=b'{"classes":["none"]}'))
    for _ in range(3):
        await ledger.save_customer(customer(id=1))
        await directory.refresh()
    assert directory.find(Secret(TOKEN)) is not None
    assert directory.unreadable() == {"key": 1}
    said = capsys.readouterr().out
    assert said.count("account_unreadable") == said.count("0badf00d") == 1
    await ledger.save_key(api_key(id=2, prefix="0badf00d", settings=b"{}", revoked_ms=5))
    await directory.refresh()
    assert directory.unreadable() == {}


async def test_an_unavailable_ledger_leaves_what_was_known_and_is_asked_again() -> None:
    class Waking(SmallLedger):
        """Breaks at the second look and is well again at the third."""

        looks = 0
        third = asyncio.Event()

        async def version(self) -> int:
            self.looks += 1
            if self.looks == 2:
                raise LedgerUnavailable
            if self.looks == 3:
                self.third.set()
            return self.looks

    ledger = Waking()
    await ledger.save_customer(customer())
    await ledger.save_key(api_key())
    directory = await _directory(ledger)
    task = asyncio.create_task(directory.run(interval_s=0))
    await asyncio.wait_for(ledger.third.wait(), LIMIT_S)
    assert directory.find(Secret(TOKEN)) is not None
    task.cancel()
