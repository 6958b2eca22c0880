"""Messages from people: whose they are, what is kept, who is told, when the operator is answered."""

from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.customers import Owner
from gateway.ledger.contract import LedgerUnavailable, WriteOp, WriteResult
from gateway.model.message import Message, MessageClass, Part, Status
from gateway.model.refusals import Refusal
from operators.base import MoMessage
from redaction.errors import SealError
from redaction.personal import MessageText, Msisdn, Purpose
from tests.unit.gateway.road import CUSTOMER, Road, running_road
from tests.unit.gateway.stage import until

OURS = Owner(CUSTOMER, 0, True)
ARABIC = "طلب ١٢٣ لا يصل"


def from_a_person(text: str = ARABIC, **changes: Any) -> MoMessage:
    fields: dict[str, Any] = {
        "operator": "loop",
        "source": Msisdn("966500000078", 0),
        "destination": "90909",
        "text": MessageText(text),
        "encoding": "ucs2",
        "handle": "handle",
    }
    return MoMessage(**(fields | changes))


async def received(road: Road, *messages: MoMessage) -> list[Message]:
    """The stored records, in order."""
    road.sort(messages)
    await road.settled()
    page = await road.ledger.messages.list_messages(
        CUSTOMER, status=Status.RECEIVED, since_ms=None, cursor=None, limit=100
    )
    return list(reversed(page.messages))


@pytest.mark.smpp("S-49")
async def test_a_message_is_kept_sealed_and_told_to_the_owner_of_its_number(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.owners["90909", ""] = OURS
        (stored,) = await received(road, from_a_person())
        assert (stored.customer, stored.operator, stored.message_class) == (CUSTOMER, "loop", MessageClass.PERSONAL)
        assert (road.masks.of(stored), stored.encoding, stored.parts) == ("+966•••••••78", "ucs2", b"\2")
        opened = road.vault.open_received(stored)
        assert opened.source.reveal(Purpose.INFORM_CUSTOMER) == "966500000078"
        assert (opened.destination, opened.text.reveal(Purpose.INFORM_CUSTOMER)) == ("90909", ARABIC)
        (event,) = await road.events()
        assert (event.customer, event.message, event.status, event.esme) == (CUSTOMER, stored.id, Status.RECEIVED, 0)
        assert road.incoming.counters.received_from == {"loop": 1}


@pytest.mark.policy("P-05")
async def test_the_person_is_found_by_the_pseudonym_that_messages_to_it_have(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.owners["90909", ""] = OURS
        sent = await road.stored(await road.send(to="+966500000078"))
        (stored,) = await received(road, from_a_person())
        assert stored.subject == sent.subject
        assert stored.tag == "transactional"


@pytest.mark.policy("P-10")
async def test_what_a_person_wrote_is_not_opened_to_be_delivered(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.owners["90909", ""] = OURS
        (stored,) = await received(road, from_a_person())
        with pytest.raises(SealError):
            road.vault.open_content(stored)


@pytest.mark.smpp("S-49")
@pytest.mark.parametrize(
    ("source", "international", "expected"),
    [("966500000078", True, "966500000078"), ("0500000078", False, "966500000078"), ("STC", False, "STC")],
)
async def test_a_sender_has_one_spelling(tmp_path: Path, source: str, international: bool, expected: str) -> None:
    async with running_road(tmp_path) as road:
        road.owners["90909", ""] = OURS
        (stored,) = await received(road, from_a_person(source=Msisdn(source, 0), international=international))
        assert road.vault.open_received(stored).source.reveal(Purpose.INFORM_CUSTOMER) == expected


@pytest.mark.smpp("S-47")
@pytest.mark.smpp("S-49")
async def test_the_operator_is_answered_after_the_commit_and_not_before(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.owners["90909", ""] = OURS
        apply = road.ledger.apply
        answered: list[int] = []

        async def noting(batch: list[WriteOp]) -> list[WriteResult]:
            result = await apply(batch)
            answered.append(len(road.acknowledged()))
            return result

        road.ledger.apply = noting  # type: ignore[method-assign,assignment]
        await received(road, from_a_person())
        assert answered == [0]
        assert road.acknowledged() == [("handle", True)]


@pytest.mark.smpp("S-47")
async def test_what_cannot_be_committed_is_asked_for_again(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.owners["90909", ""] = OURS

        async def full(batch: list[WriteOp]) -> list[WriteResult]:
            raise LedgerUnavailable("disk full")

        road.ledger.apply = full  # type: ignore[method-assign,assignment]
        road.sort([from_a_person()])
        await until(road.acknowledged)
        road.sort([from_a_person(handle="second")])
        assert road.acknowledged() == [("handle", False), ("second", False)]
        assert road.incoming.counters.pushed_back == 2


@pytest.mark.smpp("S-47")
async def test_more_than_can_wait_is_asked_for_again(tmp_path: Path) -> None:
    async with running_road(tmp_path, incoming={"limit": 2}) as road:
        road.owners["90909", ""] = OURS
        stored = await received(road, *[from_a_person(handle=number) for number in range(3)])
        assert len(stored) == 2
        assert road.acknowledged() == [(2, False), (0, True), (1, True)]


@pytest.mark.smpp("S-49")
async def test_a_number_that_nobody_owns_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        assert await received(road, from_a_person()) == []
        assert road.operators["loop"].rejected == ["handle"]
        assert road.incoming.counters.unowned == 1


@pytest.mark.smpp("S-49")
async def test_the_first_word_may_say_whose_it_is(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.owners["90909", "BANK"] = OURS
        assert len(await received(road, from_a_person("BANK 17"), from_a_person("SHOP 17"))) == 1
        assert road.operators["loop"].rejected == ["handle"]


@pytest.mark.smpp("S-49")
async def test_missing_parts_are_reported(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.owners["90909", ""] = OURS
        (stored,) = await received(road, from_a_person("one three", segments=3, missing=(2,)))
        assert (stored.error, stored.segments) == ("incomplete", 3)
        assert stored.parts == bytes((Part.DELIVERED, Part.UNKNOWN, Part.DELIVERED))
        assert road.vault.open_received(stored).missing == (2,)


@pytest.mark.parametrize(("owner", "esmes"), [(Owner(CUSTOMER, 5, True), [5]), (Owner(CUSTOMER, 0, False), [])])
async def test_the_news_goes_where_the_owner_is_told(tmp_path: Path, owner: Owner, esmes: list[int]) -> None:
    async with running_road(tmp_path) as road:
        road.owners["90909", ""] = owner
        await received(road, from_a_person())
        events = [*await road.events(), *await road.ledger.outbox.due(road.clock.now_ms(), 10, (), esme=5)]
        assert [event.esme for event in events] == esmes


async def test_it_cannot_be_cancelled_and_is_not_sent(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.owners["90909", ""] = OURS
        (stored,) = await received(road, from_a_person())
        with pytest.raises(Refusal):
            await road.dispatch.withdrawals.cancel(CUSTOMER, stored.id)
        assert road.submitted == []
