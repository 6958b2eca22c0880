"""Which customers got which notice: by use, by saying so, and never as a consent."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.accounts.notices import KIND, Given, NoticesGiven, forget_notices
from gateway.audit.actor import NODE
from gateway.audit.entries import read_entry
from gateway.ledger.contract import DocumentWrite, Used
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.message import MessageClass, Status
from gateway.process.manual_clock import ManualClock
from redaction.document_inventory import DOCUMENTS

HOUR_MS = 3_600_000
IDS = {1: "cus_" + "1" * 16, 2: "cus_" + "2" * 16}


def used(customer: int, hour: int) -> Used:
    return Used(
        customer=customer,
        hour=hour,
        message_class=MessageClass.OTP,
        country=966,
        status=Status.DELIVERED,
        operator="north",
        messages=1,
        segments=1,
    )


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = SqliteLedger(tmp_path / "ledger.db", ManualClock())
    await ledger.open()
    yield ledger
    await ledger.close()


async def notices(ledger: SqliteLedger, *cells: Used) -> NoticesGiven:
    await ledger.usage.add(cells)
    return NoticesGiven(ledger.acts, ledger.usage, ManualClock(), NODE, lambda number: IDS.get(number, ""))


@pytest.mark.policy("P-40")
async def test_who_used_the_gateway_since_was_given_the_notice_once(ledger: SqliteLedger) -> None:
    now_hour = ManualClock().now_ms() // HOUR_MS
    since_ms = (now_hour - 5) * HOUR_MS + 1
    found = await notices(ledger, used(1, now_hour - 4), used(2, now_hour - 5))
    assert await found.note_use(3, since_ms) == 1
    assert await found.note_use(3, since_ms) == 0
    assert {number: (each.version, each.means) for number, each in (await found.all()).items()} == {1: (3, "use")}
    (written,) = [read_entry(each.octets) for each in await ledger.acts.pending(10)]
    assert (written["act"], written["obj"], written["what"]) == ("notice.give", IDS[1], "use")


async def test_who_read_it_needs_no_use_and_a_newer_version_is_given_again(ledger: SqliteLedger) -> None:
    now_hour = ManualClock().now_ms() // HOUR_MS
    found = await notices(ledger, used(2, now_hour))
    await found.note_read(2, 3)
    assert await found.note_use(3, now_hour * HOUR_MS) == 0
    assert await found.note_use(4, now_hour * HOUR_MS) == 1
    assert (await found.all())[2].version == 4
    assert await forget_notices(ledger.acts, 2) == 1
    assert await forget_notices(ledger.acts, 2) == 0


async def test_what_a_later_version_wrote_stays_and_stops_nothing(ledger: SqliteLedger) -> None:
    now_hour = ManualClock().now_ms() // HOUR_MS
    found = await notices(ledger, used(1, now_hour), used(2, now_hour))
    await ledger.acts.act([DocumentWrite(KIND, "1", b"\x81\xa3new\x01")])
    assert await found.note_use(1, now_hour * HOUR_MS) == 1
    assert list(await found.all()) == [2]


@pytest.mark.policy("P-07")
def test_every_field_is_declared_and_no_other() -> None:
    stored = {f"{KIND}.{field}" for field in ("key", *Given.__struct_fields__)}
    assert stored == {name for name in DOCUMENTS if name.startswith(f"{KIND}.")}


async def test_a_row_that_cannot_be_read_is_nobodys(ledger: SqliteLedger) -> None:
    found = await notices(ledger, used(1, ManualClock().now_ms() // HOUR_MS - 1))
    await ledger.acts.act([DocumentWrite(KIND, key, b"") for key in ("no customer", "01", "\u0663", "-1", "2")])
    assert await found.all() == {}
    assert await found.note_use(1, ManualClock().now_ms() - 24 * HOUR_MS) == 1
    assert set(await found.all()) == {1}
