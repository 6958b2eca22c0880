"""Who is erased is gone from keys, rows and what hangs on them; everybody else is as before."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway.audit.acts import Act
from gateway.model.message import Status
from gateway.rights import tracing
from gateway.rights.certificates import find_certificate
from gateway.rights.erasing import Erasure, Purpose
from gateway.rights.journal import DONE, WORK, done_since, split, written
from gateway.rights.subjects import Answer
from redaction.errors import KeyDestroyed
from redaction.personal import Msisdn
from tests.unit.gateway.rights.desk import Rights, msisdn, number
from tests.unit.gateway.road import CUSTOMER, Road, running_road


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with running_road(tmp_path, down=["loop"]) as road:
        yield road


@pytest.fixture
def rights(road: Road) -> Rights:
    return Rights(road)


async def left(road: Road, *ids: bytes) -> list[bool]:
    return [each is not None for each in await road.ledger.messages.find_many(ids)]


@pytest.mark.case("privacy-3")
@pytest.mark.policy("P-34")
async def test_the_rows_of_who_is_erased_are_gone_and_look_like_never(road: Road, rights: Rights) -> None:
    gone = [await road.send(to=number(1)), await road.send(to=number(1), message_class="promotional", text="Dates")]
    stays = await road.send(to=number(2))
    kept = [await road.stored(each) for each in (*gone, stays)]
    done = await rights.erase(msisdn(1))
    assert (done.messages, done.subjects, done.customers, done.leaves) == (2, 1, {CUSTOMER}, 2)
    assert await left(road, *gone, stays) == [False, False, True]
    for each in kept[:2]:
        with pytest.raises(KeyDestroyed):
            road.vault.open_content(each)
    assert road.vault.open_content(kept[2]).to == msisdn(2)
    assert await road.ledger.messages.find(CUSTOMER, gone[0]) is None
    assert (await rights.erase(msisdn(1))).messages == 0


async def test_events_of_who_is_erased_are_gone_and_the_customer_is_told_the_ids(road: Road, rights: Rights) -> None:
    async def told() -> list[tuple[bytes, str]]:
        return [(each.message, each.kind) for each in await road.ledger.outbox.due(1 << 50, 100, ())]

    gone, stays = await road.send(to=number(1)), await road.send(to=number(2))
    for each in (gone, stays):
        await road.dispatch.withdrawals.cancel(CUSTOMER, each)
    await road.settled()
    assert {each for each, _ in await told()} == {gone, stays}
    await rights.erase(msisdn(1))
    assert {each for each, kind in await told() if kind == "status"} == {stays}
    (event,) = rights.published
    assert (event.kind, event.data) == ("subject.erased", b'{"messages":["%s"]}' % gone.hex().encode())


@pytest.mark.policy("P-26")
async def test_an_erasure_is_one_intent_and_one_outcome_with_a_certificate(road: Road, rights: Rights) -> None:
    await road.send(to=number(1))
    done = await rights.erase(msisdn(1))
    intent, outcome = await rights.entries("subject.erase")
    assert (intent["res"], outcome["res"]) == ("intent", "ok")
    assert intent["intent"] == outcome["intent"]
    assert outcome["n"] == {"messages": 1, "subjects": 1, "customers": 1, "periods": 1, "elsewhere": 0, "held": 0}
    (destruction,) = await rights.entries("destruction")
    assert [destruction["obj"]] == done.certificates
    found = await find_certificate(road.ledger.acts, done.certificates[0])
    assert found is not None
    assert found.said.customer == f"cus_{CUSTOMER:016x}"
    assert (found.said.older_copies, "subjects" in found.said.counts) == ("dead", False)
    assert destruction["d"]["before"] == found.said.keys_before != found.said.keys_after
    assert number(1)[1:].encode() not in found.statement + found.page


async def test_what_was_begun_and_not_ended_is_finished_by_another(road: Road, rights: Rights) -> None:
    """As after a death at each of the steps."""
    ids = [await road.send(to=number(index)) for index in range(4)]
    for index in range(3):
        (trace,) = await rights.traces(msisdn(index))
        around = rights.eraser._around
        intent, writes, entries = around.audit.begun(Act.SUBJECT_ERASE, "erasure_0123456789abcdef")
        numbers = {"messages": 1, "subjects": 1, "customers": 1}
        parts = list(rights.eraser._parts([trace], Purpose(), intent, "erasure_0123456789abcdef", numbers))
        await road.ledger.acts.act([*writes, *written(f"{index:016x}", parts)], entries)
        if index > 0:
            places = trace.places
            await road.keyring.forget(lambda _: places)  # noqa: B023  called at once
        if index > 1:
            await road.ledger.retention.forget_these(trace.ids, counted=True)
    assert await rights.eraser.resume() == 0, "somebody may be at it"
    assert await rights.eraser.resume(road.clock.now_ms() + 1) == 3
    assert await left(road, *ids) == [False, False, False, True]
    assert [each["res"] for each in await rights.entries("subject.erase")] == ["intent"] * 3 + ["ok"] * 3
    assert not await road.ledger.acts.of_kind(WORK)
    assert not await road.ledger.acts.of_kind("audit.intent")


async def test_what_was_done_is_there_for_other_processes_for_a_while(road: Road, rights: Rights) -> None:
    gone = await road.send(to=number(1))
    await rights.erase(msisdn(1))
    ((_, done),) = await done_since(road.ledger.acts, "")
    assert list(split(done.ids)) == [gone]
    road.clock.advance(16 * 60)
    await rights.eraser.resume()
    assert not await road.ledger.acts.of_kind(DONE)


async def test_many_people_are_found_in_one_walk_and_erased_a_thousand_at_a_root(
    road: Road, rights: Rights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "FEW", 4)
    ids = [await road.send(to=number(index)) for index in range(30)]
    await road.settled()
    people = [msisdn(index) for index in range(20)]
    traces = await rights.traces(*people)
    assert sum(len(each.ids) for each in traces) == 20
    version, so_far = road.store.version, list[int]()

    def told(done: Erasure) -> None:
        so_far.append(done.messages)

    await rights.eraser.erase(traces, Purpose(), told)
    assert (road.store.version, so_far) == (version + 1, [20])
    assert await left(road, *ids) == [False] * 20 + [True] * 10


async def test_people_whose_pseudonyms_were_answered_are_erased_without_a_number(road: Road, rights: Rights) -> None:
    gone, stays = await road.send(to=number(1)), await road.send(to=number(2))
    answer = Answer("R-1", True, {CUSTOMER: [(await road.stored(gone)).subject]})
    done = await rights.erase(answer=answer)
    assert done.messages == 1
    assert await left(road, gone, stays) == [False, True]


async def test_places_that_know_the_person_forget_it(road: Road, rights: Rights) -> None:
    asked = list[tuple[int, Msisdn]]()

    class Asked:
        async def forget(self, customer: int, number: Msisdn) -> int:
            asked.append((customer, number))
            return 3

    eraser = rights.eraser
    eraser._around = msgspec.structs.replace(eraser._around, places=(Asked(),))
    done = await eraser.erase(await rights.traces(msisdn(1)), Purpose())
    assert done.elsewhere == 3
    assert asked == [(CUSTOMER, msisdn(1))]


async def test_operators_that_were_given_something_are_listed(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        identifier = await road.send(to=number(1))
        await road.becomes(identifier, Status.SUBMITTED)
        rights = Rights(road)
        done = await rights.erase(msisdn(1))
        assert {name: each.messages for name, each in done.passed.items()} == {"loop": 1}
