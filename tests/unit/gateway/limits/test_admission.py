"""Limits per key and per node."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts.customers import ApiKey, Customer, CustomerSettings
from gateway.ledger.contract import Count
from gateway.ledger.journal import Journal
from gateway.limits.admission import Admission
from gateway.limits.quotas import DAY_MS, Calendar
from gateway.model.refusals import Refusal
from gateway.process.clock import ManualClock
from tests.bounds import LIMIT_S
from tests.unit.gateway.small_ledger import SmallLedger

FREE = ApiKey(
    id=7,
    customer=Customer(id=1, public_id="cus_1", settings=CustomerSettings(), disabled=False),
    prefix="00000001",
    scopes=frozenset({"send"}),
    classes=frozenset(),
    networks=(),
    throughput_per_s=None,
    burst=1,
    daily_quota=None,
    expires_ms=None,
)


class Desk:
    def __init__(self, max_inflight: int = 10_000) -> None:
        self.ledger = SmallLedger()
        self.clock = ManualClock()
        self.journal = Journal(self.ledger, stored=lambda _: None)
        self.admission = Admission(self.ledger, self.journal, self.clock, max_inflight=max_inflight)

    def admit(self, key: ApiKey, messages: int = 1) -> None:
        self.admission.admit(key, messages, self.clock.now_ms())

    def refused(self, key: ApiKey, messages: int = 1) -> Refusal:
        with pytest.raises(Refusal) as caught:
            self.admit(key, messages)
        return caught.value

    @asynccontextmanager
    async def committing(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.journal.run())
        yield
        await self.journal.drain()
        task.cancel()


def _limited(**limits: float | int) -> ApiKey:
    return msgspec.structs.replace(FREE, **limits)


async def test_an_unlimited_key_is_held_only_by_what_the_node_can_hold() -> None:
    desk = Desk(max_inflight=3)
    desk.admit(FREE, 3)
    refusal = desk.refused(FREE)
    assert (refusal.code, refusal.retry_after_s) == ("overloaded", 1.0)
    desk.admission.settle(FREE, 3)
    desk.admit(FREE)
    assert desk.admission.inflight == 1


async def test_nothing_is_admitted_while_the_node_is_paused_and_nothing_is_counted() -> None:
    desk = Desk()
    desk.admission.is_paused = True
    refusal = desk.refused(FREE)
    assert (refusal.code, refusal.retry_after_s) == ("paused", 30.0)
    with pytest.raises(Refusal, match="paused"):
        desk.admission.precheck(FREE, desk.clock.now_ms())
    assert desk.admission.inflight == 0
    desk.admission.is_paused = False
    desk.admit(FREE)


async def test_throughput_beyond_the_burst_is_told_when_to_come_back() -> None:
    desk = Desk()
    key = _limited(throughput_per_s=10.0, burst=5)
    desk.admit(key, 5)
    refusal = desk.refused(key)
    assert refusal.code == "throughput_exceeded"
    assert refusal.retry_after_s == pytest.approx(0.1)
    desk.clock.advance(0.1)
    desk.admit(key)


async def test_a_batch_larger_than_the_burst_passes_and_is_waited_for_afterwards() -> None:
    desk = Desk()
    key = _limited(throughput_per_s=10.0, burst=5)
    desk.admit(key, 25)
    assert desk.refused(key).retry_after_s == pytest.approx(2.1)
    desk.clock.advance(2.2)
    desk.admit(key)


async def test_keys_do_not_share_throughput() -> None:
    desk = Desk()
    desk.admit(_limited(throughput_per_s=1.0))
    desk.admit(_limited(throughput_per_s=1.0, id=8))


async def test_a_customers_throughput_is_shared_by_its_keys_and_accounts() -> None:
    desk = Desk()
    settings = CustomerSettings(throughput_per_s=2.0)
    owner = Customer(id=1, public_id="cus_1", settings=settings, disabled=False)
    key = msgspec.structs.replace(FREE, customer=owner)
    account = msgspec.structs.replace(key, id=-7, throughput_per_s=5.0, burst=5)
    desk.admit(key)
    desk.admit(account)
    assert desk.refused(key).code == desk.refused(account).code == "throughput_exceeded"
    desk.clock.advance(0.5)
    desk.admit(account)
    assert desk.refused(key).retry_after_s == pytest.approx(0.5)


async def test_changed_settings_take_effect_at_once() -> None:
    desk = Desk()
    desk.admit(_limited(throughput_per_s=1.0))
    desk.admit(_limited(throughput_per_s=100.0, burst=10), 10)


async def test_the_precheck_takes_nothing() -> None:
    desk = Desk()
    key = _limited(throughput_per_s=1.0, daily_quota=1)
    for _ in range(5):
        desk.admission.precheck(key, desk.clock.now_ms())
    desk.admit(key)
    with pytest.raises(Refusal, match="quota_exceeded"):
        desk.admission.precheck(key, desk.clock.now_ms())
    with pytest.raises(Refusal, match="throughput_exceeded"):
        desk.admission.precheck(_limited(throughput_per_s=1.0), desk.clock.now_ms())


async def test_a_quota_lasts_until_midnight_where_the_customer_is() -> None:
    desk = Desk()
    key = _limited(daily_quota=2)
    desk.admit(key, 2)
    refusal = desk.refused(key)
    assert refusal.code == "quota_exceeded"
    to_midnight_s = (DAY_MS - (desk.clock.now_ms() + 180 * 60_000) % DAY_MS) / 1000
    assert refusal.retry_after_s == to_midnight_s
    desk.clock.advance(to_midnight_s)
    desk.admit(key, 2)


async def test_refused_messages_burn_no_quota() -> None:
    desk = Desk()
    key = _limited(daily_quota=2)
    desk.admit(key, 2)
    desk.admission.settle(key, 2, refused=1)
    desk.admit(key)
    assert desk.refused(key).code == "quota_exceeded"


async def test_a_refused_batch_takes_neither_quota_nor_room() -> None:
    desk = Desk()
    key = _limited(daily_quota=5)
    assert desk.refused(key, 6).code == "quota_exceeded"
    assert desk.admission.inflight == 0
    desk.admit(key, 5)


async def test_use_is_written_once_for_many_messages_and_found_again_after_a_restart() -> None:
    desk = Desk()
    key = _limited(daily_quota=100)
    day = Calendar(desk.clock.now_ms(), 180).day
    async with desk.committing():
        for _ in range(40):
            desk.admit(key)
        desk.admission.flush()
        desk.admission.flush()
    assert desk.journal.operations == 1
    assert await desk.ledger.count("quota:7", day) == 40
    again = Admission(desk.ledger, desk.journal, desk.clock, max_inflight=100)
    await again.load()
    with pytest.raises(Refusal):
        again.admit(key, 61, desk.clock.now_ms())
    again.admit(key, 60, desk.clock.now_ms())


async def test_what_other_nodes_used_counts_too() -> None:
    desk = Desk()
    key = _limited(daily_quota=100)
    await desk.admission.load()
    await desk.ledger.apply([Count("quota:7", Calendar(desk.clock.now_ms(), 180).day, 99)])
    await desk.admission.load()
    desk.admit(key)
    assert desk.refused(key).code == "quota_exceeded"


async def test_a_load_beside_a_write_on_its_way_changes_nothing() -> None:
    desk = Desk()
    key = _limited(daily_quota=10)
    desk.admit(key, 10)
    desk.admission.flush()
    await desk.admission.load()
    assert desk.refused(key).code == "quota_exceeded"


async def test_yesterdays_use_is_still_written_to_yesterday() -> None:
    desk = Desk()
    key = _limited(daily_quota=10)
    day = Calendar(desk.clock.now_ms(), 180).day
    async with desk.committing():
        desk.admit(key, 4)
        desk.clock.advance(DAY_MS / 1000)
        desk.admit(key, 3)
        desk.admission.flush()
    assert desk.ledger.counters == {("quota:7", day): 4, ("quota:7", day + 1): 3}


@pytest.mark.interpreted
async def test_the_loop_writes_and_survives_an_unavailable_ledger() -> None:
    desk = Desk()
    desk.admit(_limited(daily_quota=10), 4)
    desk.ledger.broken = True
    written = asyncio.Event()
    task = asyncio.create_task(desk.admission.run(interval_s=0))
    desk.clock.advance(60)
    post = desk.journal.post
    desk.journal.post = lambda *args: (post(*args), written.set())  # type: ignore[assignment, func-returns-value]
    await asyncio.wait_for(written.wait(), LIMIT_S)
    assert not task.done()
    task.cancel()


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(0, 8)), max_size=40))
def test_use_never_exceeds_the_quota_and_room_is_given_back(steps: list[tuple[int, int]]) -> None:
    async def run() -> None:
        desk = Desk()
        key = _limited(daily_quota=20)
        used = 0
        for messages, refused in steps:
            try:
                desk.admit(key, messages)
            except Refusal:
                assert used + messages > 20
                continue
            desk.admission.settle(key, messages, min(refused, messages))
            used += messages - min(refused, messages)
            assert used <= 20
            assert desk.refused(key, 21 - used).code == "quota_exceeded"
        assert desk.admission.inflight == 0

    asyncio.run(run())


def of_customer(number: int) -> ApiKey:
    return msgspec.structs.replace(FREE, id=100 + number, customer=msgspec.structs.replace(FREE.customer, id=number))


@pytest.mark.case("security-10")
@pytest.mark.case("faults-15")
@pytest.mark.parametrize("loud", [1, 2, 5, 20])
@pytest.mark.parametrize("batch", [1, 32, 1_000])
async def test_however_many_flood_a_quiet_customer_finds_room(loud: int, batch: int) -> None:
    desk = Desk(max_inflight=5_000)
    floods = [of_customer(number) for number in range(1, loud + 1)]
    for _ in range(5_000 // batch + 1):
        for key in floods:
            with contextlib.suppress(Refusal):
                desk.admit(key, batch)
    quiet = of_customer(99)
    for _ in range(20):
        desk.admit(quiet)


@pytest.mark.case("security-10")
async def test_one_alone_has_nearly_all_of_it_and_several_have_equal_shares() -> None:
    for count, least in ((1, 4_400), (2, 2_300), (4, 1_200)):
        desk = Desk(max_inflight=5_000)
        keys, taken = [of_customer(number) for number in range(1, count + 1)], dict.fromkeys(range(1, count + 1), 0)
        for _ in range(5_000):
            for key in keys:
                with contextlib.suppress(Refusal):
                    desk.admit(key)
                    taken[key.customer.id] += 1
        assert min(taken.values()) >= least
        assert max(taken.values()) - min(taken.values()) <= 8
        for key in keys:
            desk.admission.settle(key, taken[key.customer.id])
        assert desk.admission.inflight == 0
        desk.admit(keys[0], 4_400)
