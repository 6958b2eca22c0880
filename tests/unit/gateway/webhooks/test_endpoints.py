from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from gateway.ledger.contract import StoredEndpoint
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.process.clock import ManualClock
from gateway.webhooks.endpoints import NOTE_AFTER_S, Endpoints
from redaction.sealed import Sealed
from tests.unit.gateway.webhooks.events import NOW_MS

HOUR_S = 3600.0
STORED = StoredEndpoint(customer=1, url=Sealed(b"u"), secret=Sealed(b"s"), settings=b"{}")


class Case:
    """A ledger with one endpoint, and what watches it. other: a second process that changes the ledger."""

    def __init__(self, ledger: SqliteLedger, clock: ManualClock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.endpoints = Endpoints(ledger.accounts, clock, disable_after_s=HOUR_S)

    async def stored(self) -> StoredEndpoint:
        (found,) = await self.ledger.accounts.endpoints()
        return found

    async def fail_until_disabled(self) -> None:
        self.endpoints.failed(1, "timeout")
        self.clock.advance(HOUR_S)
        self.endpoints.failed(1, "timeout")
        await self.endpoints.refresh()


@pytest.fixture
async def case(tmp_path: Path) -> AsyncIterator[Case]:
    clock = ManualClock(NOW_MS)
    ledger = SqliteLedger(tmp_path / "ledger.db", clock, synchronous="off")
    await ledger.open()
    await ledger.accounts.save_endpoint(STORED)
    made = Case(ledger, clock)
    await made.endpoints.refresh()
    yield made
    await ledger.close()


async def test_a_stumble_is_not_written_down(case: Case) -> None:
    before = await case.ledger.accounts.version()
    case.endpoints.failed(1, "timeout")
    case.endpoints.told(1)
    await case.endpoints.refresh()
    assert await case.ledger.accounts.version() == before


async def test_failing_for_a_while_is_written_down_and_forgotten_by_a_success(case: Case) -> None:
    case.endpoints.failed(1, "timeout")
    case.clock.advance(NOTE_AFTER_S)
    case.endpoints.failed(1, "timeout")
    await case.endpoints.refresh()
    assert (await case.stored()).failing_since_ms == NOW_MS
    case.endpoints.told(1)
    await case.endpoints.refresh()
    assert (await case.stored()).failing_since_ms is None
    assert case.endpoints.failing == 0


async def test_a_success_in_between_starts_the_count_afresh(case: Case) -> None:
    case.endpoints.failed(1, "timeout")
    case.clock.advance(HOUR_S - 1)
    case.endpoints.told(1)
    case.endpoints.failed(1, "timeout")
    case.clock.advance(HOUR_S - 1)
    case.endpoints.failed(1, "timeout")
    assert not case.endpoints.is_disabled(1)


async def test_failing_goes_on_over_a_restart(case: Case) -> None:
    case.endpoints.failed(1, "timeout")
    case.clock.advance(NOTE_AFTER_S)
    case.endpoints.failed(1, "timeout")
    await case.endpoints.refresh()
    after = Endpoints(case.ledger.accounts, case.clock, disable_after_s=HOUR_S)
    await after.refresh()
    case.clock.advance(HOUR_S - NOTE_AFTER_S)
    after.failed(1, "timeout")
    assert after.is_disabled(1)


async def test_a_note_leaves_what_is_set_for_the_endpoint_as_it_stands(case: Case) -> None:
    await case.ledger.accounts.save_endpoint(msgspec.structs.replace(STORED, settings=b'{"batch":50}'))
    await case.fail_until_disabled()
    stored = await case.stored()
    assert (stored.state, stored.settings, stored.disabled_ms) == ("disabled", b'{"batch":50}', case.clock.now_ms())


async def test_a_url_that_was_set_meanwhile_stays_enabled_and_starts_afresh(case: Case) -> None:
    case.endpoints.failed(1, "timeout")
    case.clock.advance(HOUR_S)
    case.endpoints.failed(1, "timeout")
    assert case.endpoints.is_disabled(1)
    await case.ledger.accounts.save_endpoint(msgspec.structs.replace(STORED, url=Sealed(b"new")))
    await case.endpoints.refresh()
    stored = await case.stored()
    assert (stored.state, stored.url, stored.failing_since_ms) == ("enabled", b"new", None)
    assert not case.endpoints.is_disabled(1)
    await case.fail_until_disabled()
    assert (await case.stored()).state == "disabled"


async def test_an_endpoint_that_is_set_again_starts_afresh(case: Case) -> None:
    await case.fail_until_disabled()
    await case.ledger.accounts.save_endpoint(msgspec.structs.replace(STORED, url=Sealed(b"new")))
    await case.endpoints.refresh()
    assert not case.endpoints.is_disabled(1)
    case.endpoints.failed(1, "timeout")
    assert not case.endpoints.is_disabled(1)


async def test_an_endpoint_that_is_removed_is_forgotten(case: Case) -> None:
    await case.fail_until_disabled()
    await case.ledger.accounts.delete_endpoint(1)
    await case.endpoints.refresh()
    assert (case.endpoints.disabled, case.endpoints.failing) == (0, 0)


async def test_a_customer_without_an_endpoint_is_never_written(case: Case) -> None:
    case.endpoints.gone(2)
    await case.endpoints.refresh()
    assert [stored.customer for stored in await case.ledger.accounts.endpoints()] == [1]


@pytest.mark.case("nodes-14")
async def test_why_an_endpoint_fails_is_a_line_for_each_reason_and_hour(case: Case) -> None:
    with capture_logs() as lines:
        for reason in ("tls expired", "tls expired", "503", "tls expired"):
            case.endpoints.failed(1, reason)
        case.endpoints.failed(2, "tls expired")
        case.endpoints.told(1)
        case.endpoints.failed(1, "503")
        case.clock.advance(HOUR_S)
        case.endpoints.failed(2, "tls expired")
    said = [(line["customer"], line["reason"]) for line in lines if line["event"] == "webhook_failed"]
    assert said == [(1, "tls expired"), (1, "503"), (2, "tls expired"), (2, "tls expired")]
