"""The door: what is kept of a submission, and when it is answered."""

import re
from pathlib import Path

import pytest

from gateway.delivery.routing import Route
from gateway.ledger.contract import WriteResult
from gateway.model.message import MessageClass, Status
from gateway.model.refusals import Refusal
from gateway.model.submission import NO_FORM
from redaction.personal import Purpose
from tests.unit.gateway.road import CUSTOMER, EVERY_CLASS, a_request, an_api_key, offered, running_road

TEXT = "a secret between two people"


async def test_an_accepted_message_is_on_disk_when_its_sender_is_told(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        taken, durable = offered(road.door, EVERY_CLASS, a_request())
        assert not durable.done()
        assert await durable == taken.id
        message = await road.stored(taken.id)
        assert (message.status, message.operator, message.country, message.last_two) == (
            Status.ACCEPTED,
            "loop",
            966,
            78,
        )


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


async def test_a_schedule_beyond_the_life_of_the_content_is_refused(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        with pytest.raises(Refusal, match="invalid_schedule"):
            await road.send(message_class="otp", schedule_at="2027-01-15T09:00:00Z")


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
