"""Tickets on real stores: whom they wait for, who reads what, and what is left of them when keys are destroyed."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.audit.actor import COMMAND_LINE, Actor, ActorKind
from gateway.keystore.hold_keys import TICKET_DAYS, DayKeys
from gateway.keystore.people_keys import PeopleKeys
from gateway.model.refusals import Refusal
from gateway.people.signins import DAY_MS
from gateway.rights.building import tickets
from gateway.support.record import MOST_POSTS, POST, TICKET, State, Ticket, Topic, fresh_id, typed_id
from gateway.support.tickets import MOST_OPEN, Asked, Hand, Tickets, forget_ticket, forget_tickets
from redaction.keys import PEOPLE
from redaction.personal import MessageText, Purpose
from tests.unit.gateway.rights.desk import Rights
from tests.unit.gateway.road import CUSTOMER, Road, running_road

CANARY = "canary words of a ticket"
PUBLIC = f"cus_{CUSTOMER:016x}"
THEIRS = Hand(Actor(ActorKind.PERSON, "usr_00000000000000aa"), PEOPLE | 1, PUBLIC)
OURS = Hand(Actor(ActorKind.PERSON, "usr_00000000000000bb"), PEOPLE | 2)


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with running_road(tmp_path, down=["loop"]) as road:
        for hand in (THEIRS, OURS):
            await PeopleKeys(road.store, road.clock).ensure_person(hand.key)
        yield road


def desk(road: Road, hand: Hand = THEIRS) -> Tickets:
    return tickets(Rights(road).on, road.sealer, hand)


def asked(text: str = CANARY) -> Asked:
    return Asked(topic=Topic.DELIVERY, text=MessageText(text), customer=PUBLIC, number=CUSTOMER)


async def texts(road: Road, ticket: Ticket, hand: Hand = OURS) -> list[str | None]:
    posts = await desk(road, hand).posts(ticket)
    return [None if each.text is None else each.text.reveal(Purpose.DATA_SUBJECT) for each in posts]


async def refusal(work: object) -> str:
    with pytest.raises(Refusal) as refused:
        await work  # type: ignore[misc]
    return refused.value.code


async def documents(road: Road) -> list[bytes]:
    found = [await road.ledger.acts.of_kind(kind) for kind in (TICKET, POST)]
    return [each.octets for page in found for each in page]


async def test_a_ticket_waits_for_whoever_is_to_write_next(road: Road) -> None:
    theirs, ours = desk(road), desk(road, OURS)
    ticket = await theirs.open(asked())
    assert (ticket.id[:2], len(ticket.id), ticket.of.state, ticket.of.by) == ("T-", 15, State.OPEN, THEIRS.actor.id)
    assert (await ours.assign(ticket.id, OURS.actor.id)).of.assigned == OURS.actor.id
    assert (await ours.write(ticket.id, MessageText("first look"), internal=True)).of.state is State.OPEN
    assert (await ours.write(ticket.id, MessageText("it is sent again"))).of.state is State.ANSWERED
    assert (await theirs.write(ticket.id, MessageText("thanks"))).of.state is State.OPEN
    assert (await theirs.close(ticket.id)).of.state is State.CLOSED
    assert await refusal(ours.write(ticket.id, MessageText("more"))) == "ticket_closed"
    assert await refusal(ours.assign(ticket.id, "")) == "ticket_closed"
    assert await texts(road, ticket) == [CANARY, "first look", "it is sent again", "thanks"]
    assert await texts(road, ticket, THEIRS) == [CANARY, "it is sent again", "thanks"]
    assert await refusal(theirs.write(ticket.id, MessageText("x"), internal=True)) == "ticket_closed"


@pytest.mark.policy("P-06")
async def test_nothing_of_a_ticket_lies_in_clear_and_entries_have_no_words(road: Road) -> None:
    ticket = await desk(road).open(asked(f"{CANARY} to 0500000078, code 4711"))
    (post,) = await desk(road, OURS).posts(ticket)
    assert post.text is not None
    assert post.text.reveal(Purpose.DATA_SUBJECT) == f"{CANARY} to [mobile], code [otp]"
    assert post.masked == {"mobile": 1, "otp": 1}
    entries = await Rights(road).entries("ticket.open") + await Rights(road).entries("ticket.step")
    assert [each.get("what") for each in entries] == ["delivery", "show"]
    assert {each["obj"] for each in entries} == {ticket.obj}
    written = b"".join([*await documents(road), json.dumps(entries).encode()])
    assert not any(each in written for each in (b"canary", b"0500000078", b"500000078", b"4711"))


async def test_of_the_platforms_own_whoever_asked_waits_for_the_others(road: Road) -> None:
    ours, command = desk(road, OURS), desk(road, Hand(COMMAND_LINE))
    ticket = await ours.open(Asked(topic=Topic.OTHER, text=MessageText(CANARY)))
    assert (await ours.write(ticket.id, MessageText("and"))).of.state is State.OPEN
    assert (await command.write(ticket.id, MessageText("so"))).of.state is State.ANSWERED
    assert [each.of.customer for each in await ours.all()] == [""]


async def test_words_end_with_the_key_of_whoever_wrote_them(road: Road) -> None:
    ticket = await desk(road).open(asked())
    await desk(road, OURS).write(ticket.id, MessageText("of ours"))
    await PeopleKeys(road.store, road.clock).forget_person(THEIRS.key)
    assert await texts(road, ticket) == [None, "of ours"]


async def test_words_end_with_the_customer_and_so_do_its_tickets(road: Road) -> None:
    ticket, own = await desk(road).open(asked()), Asked(topic=Topic.OTHER, text=MessageText("own"))
    kept = await desk(road, OURS).open(own)
    road.keyring.forget_customer(CUSTOMER)
    assert await texts(road, ticket) == [None]
    assert await forget_tickets(road.ledger.acts, PUBLIC) == 2
    assert await refusal(desk(road).find(ticket.id)) == "not_found"
    assert await texts(road, kept) == ["own"]


async def test_after_a_year_words_go_by_the_day_and_tickets_when_they_did_not_change(road: Road) -> None:
    ours = desk(road, OURS)
    alive, still = await desk(road).open(asked()), await desk(road).open(asked())
    assert await ours.sweep() == 0
    road.clock.advance(364 * 86_400.0)
    await ours.write(alive.id, MessageText("later"))
    road.clock.advance(2 * 86_400.0)
    assert await texts(road, alive) == [CANARY, "later"]
    assert await ours.sweep() == 3
    assert await refusal(ours.find(still.id)) == "not_found"
    assert await texts(road, alive) == ["later"]
    days = DayKeys(road.store, road.clock, TICKET_DAYS)
    today = road.clock.now_ms() // DAY_MS
    assert days.number(today - 366) not in road.store.state.customers()
    assert days.number(today - 2) in road.store.state.customers()
    assert await ours.sweep() == 0


async def test_tickets_have_their_bounds(road: Road) -> None:
    theirs, ours = desk(road), desk(road, OURS)
    ticket = await theirs.open(asked())
    for _ in range(MOST_POSTS - 1):
        ticket = await ours.write(ticket.id, MessageText("again"))
    assert await refusal(ours.write(ticket.id, MessageText("again"))) == "ticket_full"
    assert len(await texts(road, ticket)) == MOST_POSTS
    for _ in range(MOST_OPEN - 1):
        await theirs.open(asked())
    assert await refusal(theirs.open(asked())) == "too_many_tickets"
    await theirs.close(ticket.id)
    await theirs.open(asked())


async def test_a_ticket_in_which_somebody_writes_meanwhile_stays(road: Road) -> None:
    stale = await desk(road).open(asked())
    await desk(road, OURS).write(stale.id, MessageText("first"))
    assert await forget_ticket(road.ledger.acts, stale) == 0
    assert await texts(road, stale) == [CANARY, "first"]


@pytest.mark.parametrize("typed", ["", "T-", "R-AAAAAAAAAAAAA", "T-AAAAAAAAAAAA1", "T-AAAAAAAAAAAAAA", "T-ÀAAAAAAAAAA"])
async def test_what_is_no_id_is_found_nowhere(road: Road, typed: str) -> None:
    assert await refusal(desk(road).find(typed)) == "not_found"
    assert await refusal(desk(road).open(asked_about(typed or "x"))) == "invalid_value"


def asked_about(message: str) -> Asked:
    return Asked(topic=Topic.DELIVERY, text=MessageText(CANARY), message=message)


def test_ids_are_taken_as_people_write_them() -> None:
    made = fresh_id(lambda octets: bytes(octets))
    assert typed_id(f" {made.lower()} ") == made
