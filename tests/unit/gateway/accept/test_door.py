"""The door: what is kept of a submission, and when it is answered."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from gateway.accept.choosing import Choice
from gateway.delivery.portability import Nobody, Then
from gateway.ledger.contract import Declined, WriteResult, Written
from gateway.model.message import MessageClass, Status
from gateway.model.refusals import Refusal
from gateway.model.route import Route
from gateway.model.submission import NO_FORM
from gateway.model.times import rfc3339
from redaction.personal import Msisdn, Purpose
from redaction.retention import DEFAULT_RULES, RetentionTag, period_of
from tests.unit.gateway.road import CUSTOMER, EVERY_CLASS, a_request, an_api_key, offered, running_road

DAY_S = 24 * 3600
TEXT = "a secret between two people"


async def test_an_accepted_message_is_on_disk_when_its_sender_is_told(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        taken, durable = offered(road.door, EVERY_CLASS, a_request())
        assert not durable.done()
        assert await durable == taken.id
        message = await road.stored(taken.id)
        assert (message.status, message.operator) == (Status.ACCEPTED, "loop")
        assert road.masks.of(message) == "+966•••••••78"


def _bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("ledger.db*"))


@pytest.mark.policy("P-05")
async def test_nothing_personal_is_in_the_record_or_the_file(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        request = a_request(text=TEXT, reference="order of Layla")
        taken, durable = offered(road.door, EVERY_CLASS, request, idempotency="my key")
        await durable
        shown = repr(taken)
        stored = _bytes_below(tmp_path)
        for value in (TEXT, "500000078", "order of Layla", "my key"):
            assert value not in shown
            assert value.encode() not in stored


async def test_content_and_private_fields_open_again_for_their_purposes(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        identifier = await road.send(text=TEXT, reference="order 1", callback_url="https://example.sa/told")
        message = await road.stored(identifier)
        content, private = road.vault.open_content(message), road.vault.open_private(message)
        assert content.text.reveal(Purpose.DELIVER) == TEXT
        assert private.reference is not None
        assert private.callback_url is not None
        assert private.reference.reveal(Purpose.INFORM_CUSTOMER) == "order 1"
        assert private.callback_url.reveal(Purpose.INFORM_CUSTOMER) == "https://example.sa/told"


async def test_a_repeated_idempotency_key_gives_the_first_id_and_sends_once(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        first = await road.send(idempotency="k")
        assert await road.send(idempotency="k") == first
        await road.becomes(first, Status.SUBMITTED)
        await road.settled()
        assert len(road.submitted) == 1


async def test_one_idempotency_key_covers_a_batch_item_by_item(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        ids: list[WriteResult] = []
        for index in (0, 1, 0):
            road.door.offer(
                EVERY_CLASS, a_request(), NO_FORM, lambda _op, result: ids.append(result), idempotency="k", index=index
            )
        await road.settled()
        assert ids[0] == ids[2] != ids[1]


async def test_ids_are_distinct_and_ordered_by_time(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        earlier = {await road.send() for _ in range(50)}
        road.clock.advance(0.001)
        later = {await road.send() for _ in range(50)}
        assert len(earlier | later) == 100
        assert max(earlier) < min(later)


async def test_one_person_has_one_pseudonym(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        messages = [await road.stored(await road.send(to=to)) for to in ("+966500000078", "0500000078", "0500000079")]
        first, same, other = (message.subject for message in messages)
        assert first == same != other


@pytest.mark.parametrize("message_class", list(MessageClass))
async def test_only_promotional_messages_must_not_be_sent_twice(tmp_path: Path, message_class: MessageClass) -> None:
    async with running_road(tmp_path, room=0) as road:
        message = await road.stored(await road.send(message_class=message_class.value))
        assert message.retry_unknown is (message_class is not MessageClass.PROMOTIONAL)


async def test_validity_never_reaches_beyond_the_life_of_the_content(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        message = await road.stored(await road.send(message_class="otp", validity=3_600))
        assert message.expires_ms == message.content_until_ms == road.clock.now_ms() + 600_000


@pytest.mark.case("interfaces-22")
@pytest.mark.parametrize("ahead_s", [60, 3_600, 4 * DAY_S, 30 * DAY_S])
@pytest.mark.parametrize("changes", [{}, {"message_class": "otp"}, {"retention": "discard"}])
async def test_a_scheduled_message_lives_from_its_due_time_on(
    tmp_path: Path, ahead_s: int, changes: dict[str, Any]
) -> None:
    async with running_road(tmp_path) as road:
        due_ms = road.clock.now_ms() + ahead_s * 1000
        identifier = await road.send(schedule_at=rfc3339(due_ms), validity=60, reference="order 1", **changes)
        message = await road.stored(identifier)
        rule = DEFAULT_RULES[message.tag]
        assert (message.due_ms, message.expires_ms) == (due_ms, due_ms + 60_000)
        assert message.content_until_ms == due_ms + rule.content_limit_s * 1000
        assert message.record_until_ms == due_ms + rule.record_s * 1000
        person = Msisdn("966500000078", 966)
        assert message.subject == road.keyring.pseudonymise(CUSTOMER, person, message.tag, due_ms).pseudonym
        road.clock.advance(ahead_s)
        road.keyring.ensure_present()
        await road.becomes(identifier, Status.SUBMITTED)
        assert len(road.submitted) == 1


@pytest.mark.case("interfaces-22")
async def test_a_schedule_keeps_only_the_keys_of_its_own_period(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        before = set(road.store.state.periods())
        due_ms = road.clock.now_ms() + 20 * DAY_S * 1000
        await asyncio.gather(*(road.send(schedule_at=rfc3339(due_ms + n)) for n in range(20)))
        rule = DEFAULT_RULES[RetentionTag("transactional")]
        assert set(road.store.state.periods()) - before == {(rule.tag, period_of(rule, due_ms))}


@pytest.mark.case("interfaces-22")
async def test_a_schedule_whose_key_cannot_be_made_is_not_taken(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        (tmp_path / "root.key").unlink()
        request = a_request(schedule_at=rfc3339(road.clock.now_ms() + 20 * DAY_S * 1000))
        _, fate = offered(road.door, EVERY_CLASS, request)
        assert await fate is Written.UNAVAILABLE
        page = await road.ledger.messages.list_messages(CUSTOMER, status=None, since_ms=None, cursor=None, limit=1)
        assert page.messages == ()


@pytest.mark.case("interfaces-8")
async def test_a_guess_that_has_no_route_is_none(tmp_path: Path) -> None:
    routes = [Route(prefix="", classes=frozenset({MessageClass.TRANSACTIONAL}), operators=("loop",))]
    async with running_road(tmp_path, routes=routes) as road:
        message = await road.stored(await road.send(message_class=UNSET, text="Your code 4711 is ready"))
        assert (message.message_class, message.tag) == (MessageClass.TRANSACTIONAL, "transactional")


async def test_without_a_route_nothing_is_taken(tmp_path: Path) -> None:
    routes = [Route(prefix="44", classes=frozenset(), operators=("loop",))]
    async with running_road(tmp_path, routes=routes) as road:
        with pytest.raises(Refusal, match="no_route") as refused:
            await road.send()
        assert refused.value.field == "to"
        page = await road.ledger.messages.list_messages(CUSTOMER, status=None, since_ms=None, cursor=None, limit=1)
        assert page.messages == ()


async def test_a_refusal_does_not_carry_what_was_refused(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        with pytest.raises(Refusal) as refused:
            await road.send(to="+96650000007x", text=TEXT)
        assert not re.search("9665|secret", f"{refused.value!r} {refused.value.__context__!r}")


async def test_a_full_journal_refuses_and_says_when_to_come_back(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.journal._queue_limit = 0
        with pytest.raises(Refusal, match="overloaded") as refused:
            offered(road.door, an_api_key(), a_request())
        assert refused.value.retry_after_s == 1


async def test_an_unavailable_ledger_refuses_under_its_own_name(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.journal.available = False
        with pytest.raises(Refusal, match="ledger_unavailable"):
            offered(road.door, an_api_key(), a_request())


class _Answered(Nobody):
    """It is asked of every number, and the answer is there in the next turn."""

    def waits(self, _subject: bytes, _number: Msisdn, then: Then) -> bool:
        asyncio.get_running_loop().call_soon(then)
        return True


async def test_whoever_waits_for_a_network_is_answered_where_no_lane_can_be_picked(tmp_path: Path) -> None:
    def pick(operators: Sequence[str], _class: MessageClass) -> str:
        raise KeyError(operators[0])

    every = Route(prefix="966", classes=frozenset(), operators=("loop",))
    routes = [every, msgspec.structs.replace(every, networks=frozenset({"north"}))]
    async with running_road(tmp_path, routes=routes) as road:
        road.door._choice = Choice(road.router, pick, lookup=_Answered())
        _, durable = offered(road.door, EVERY_CLASS, a_request())
        assert await durable == Declined("internal")
