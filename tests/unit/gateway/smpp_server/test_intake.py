"""Whose submissions are taken when more wait than may wait for the disk."""

import asyncio

import msgspec
import pytest

from gateway.accounts.customers import Esme
from gateway.ledger.journal import Journal
from gateway.limits.admission import Admission
from gateway.process.clock import ManualClock
from gateway.smpp_server.intake import IN_HAND, TURN, Intake
from gateway.smpp_server.link import Link
from operators.smpp import pdu as p
from operators.smpp.session import SessionSettings
from tests.integration.smpp_stage import submit
from tests.unit.gateway.small_ledger import SmallLedger
from tests.unit.gateway.smpp_server.seat import a_seat
from tests.unit.gateway.smpp_server.test_link import ESME, Host, Transport
from tests.unit.gateway.stage import SmallDoor, until

LOUD = ESME
QUIET = Esme(
    id=2,
    system_id="quiet",
    password="",
    key=msgspec.structs.replace(ESME.key, customer=msgspec.structs.replace(ESME.key.customer, id=99)),
    max_binds=None,
    window=None,
)


def a_link(esme: Esme) -> Link:
    link = Link(SessionSettings(), Host(), a_seat())
    link.connection_made(Transport())
    link.data_received(p.encode(p.BindTransceiver(system_id="bank", sequence_number=1)))
    link.bound_to(esme, 5_000)
    return link


@pytest.mark.case("faults-15")
@pytest.mark.interpreted
@pytest.mark.parametrize("links", [1, 8])
async def test_of_a_customer_so_many_wait_for_the_disk_and_another_one_s_are_taken_beside_them(links: int) -> None:
    clock, ledger = ManualClock(), SmallLedger()
    journal = Journal(ledger, stored=lambda _: None)
    intake = Intake(SmallDoor(journal, clock), Admission(ledger, journal, clock, max_inflight=50_000), clock)  # type: ignore[arg-type]
    loud, quiet = [a_link(LOUD) for _ in range(links)], a_link(QUIET)
    for link in loud:
        link.backlog.extend(submit() for _ in range(4_000 // links))
        intake.wake(link)
    await until(lambda: journal.depth >= IN_HAND)
    for _ in range(10):
        await asyncio.sleep(0)
    assert journal.depth <= IN_HAND + TURN
    before = journal.depth
    quiet.backlog.extend(submit() for _ in range(5))
    intake.wake(quiet)
    await until(lambda: journal.depth == before + 5)
    committing = asyncio.create_task(journal.run())
    await until(lambda: intake.taken == 4_005)
    assert intake.waiting() == 0
    committing.cancel()
    for link in (*loud, quiet):
        link.connection_lost(None)
