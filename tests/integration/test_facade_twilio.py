"""Programs written for Twilio work unchanged: the SDK of PyPI, unmodified, before the whole road."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from gateway.http_api.facades.twilio.sids import key_sid, message_of, service_sid
from gateway.model.message import Status
from gateway.tools.leakscan import scan
from redaction.errors import SealError
from tests.integration.twilio_stage import SID, Programs, basic, post, programs
from tests.unit.gateway.stage import FACADE_TOKEN

TO = "+966500000078"
CANARY = "+966512345678"
WAYS: list[Callable[[Programs], Client]] = [lambda at: at.by_client(), lambda at: at.by_base()]


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Programs]:
    async with programs(tmp_path) as at:
        yield at


@pytest.fixture
async def waiting(tmp_path: Path) -> AsyncIterator[Programs]:
    """No operator takes anything."""
    async with programs(tmp_path, down=["loop"]) as at:
        yield at


def _all_of_it(client: Client, finish: Callable[[str], None]) -> None:
    sent = [client.messages.create(to=TO, from_="INTERKEY", body=f"Hello {each}") for each in range(7)]
    assert all(each.status == "queued" for each in sent)
    assert (sent[0].to, sent[0].from_, sent[0].body) == (TO, "INTERKEY", "Hello 0")
    assert sent[0].date_created is not None
    sids = [each.sid for each in sent][::-1]
    assert [each.sid for each in client.messages.list(page_size=3)] == sids
    assert [each.sid for each in client.messages.stream(limit=4, page_size=2)] == sids[:4]
    page = client.messages.page(page_size=3)
    assert [each.sid for each in page] == sids[:3]
    assert [each.sid for each in page.next_page()] == sids[3:6]
    shown = client.messages(sids[0]).fetch()
    assert (shown.to, shown.from_, shown.body) == ("+966•••••••78", None, "")
    assert client.messages(sids[0]).media.list() == []
    assert client.messages(sids[1]).update(status="canceled").status == "canceled"
    with pytest.raises(TwilioRestException) as early:
        client.messages(sids[2]).update(body="")
    assert (early.value.code, early.value.status) == (20009, 409)
    finish(sids[2])
    assert client.messages(sids[2]).update(body="").body == ""
    assert client.messages(sids[2]).delete()
    with pytest.raises(TwilioRestException) as gone:
        client.messages(sids[2]).fetch()
    assert (gone.value.code, gone.value.status) == (20404, 404)
    assert client.api.accounts(SID).fetch().status == "active"


@pytest.mark.parametrize("way", WAYS, ids=["client", "base"])
async def test_every_call_of_a_program_does_what_it_did(waiting: Programs, way: Callable[[Programs], Client]) -> None:
    loop = asyncio.get_running_loop()

    def finish(sid: str) -> None:
        asyncio.run_coroutine_threadsafe(waiting.ended(sid), loop).result()

    await waiting.run(lambda: _all_of_it(way(waiting), finish))


async def test_an_asynchronous_program_does_the_same(waiting: Programs) -> None:
    client = waiting.asynchronous()
    try:
        sent = [await client.messages.create_async(to=TO, from_="INTERKEY", body="Hello") for _ in range(5)]
        sids = [each.sid for each in sent][::-1]
        assert [each.sid for each in await client.messages.list_async(page_size=2)] == sids
        streamed = await client.messages.stream_async(limit=3, page_size=2)
        assert [each.sid async for each in streamed] == sids[:3]
        assert (await client.messages(sids[0]).fetch_async()).status == "queued"
        assert (await client.messages(sids[0]).update_async(status="canceled")).status == "canceled"
        assert (await client.messages(sids[0]).update_async(body="")).body == ""
        assert await client.messages(sids[0]).delete_async()
        with pytest.raises(TwilioRestException):
            await client.messages(sids[0]).fetch_async()
    finally:
        await client.http_client.close()


async def test_what_was_redacted_opens_no_more(waiting: Programs, tmp_path: Path) -> None:
    """A form parser that drops blank values makes of a redaction a success that did nothing."""
    sid = (await waiting.sent(body="canary text")).sid
    await waiting.ended(sid)
    client = waiting.by_base()
    await waiting.run(lambda: client.messages(sid).update(body=""))
    stored = await waiting.road.stored(message_of(sid) or b"")
    assert (stored.status, stored.content, stored.private) == (Status.CANCELLED, None, None)
    with pytest.raises(SealError):
        waiting.road.vault.open_content(stored)
    assert scan([tmp_path], ["canary text", TO[1:]]).clean


async def test_lists_are_narrowed_by_number_and_time(at: Programs) -> None:
    first = (await at.sent(to="+966500000070")).sid
    at.road.clock.advance(24 * 3600.0)
    at.road.keyring.ensure_present()
    second = (await at.sent(to="+966500000071")).sid
    third = (await at.sent(to="+966500000070")).sid
    now = datetime.fromtimestamp(at.road.clock.now_ms() / 1000, UTC)
    client = at.by_base()

    def sids(**narrowed: Any) -> list[str]:
        return [each.sid for each in client.messages.list(page_size=1, **narrowed)]

    assert await at.run(lambda: sids(to="+966500000070")) == [third, first]
    assert await at.run(lambda: sids(to="+966500000079")) == []
    assert await at.run(lambda: sids(from_="INTERKEY")) == [third, second, first]
    assert await at.run(lambda: sids(from_="+966500000070")) == []
    assert await at.run(lambda: sids(date_sent=now.date().isoformat())) == [third, second]
    assert await at.run(lambda: sids(date_sent_before=now - timedelta(hours=1))) == [first]
    assert await at.run(lambda: sids(date_sent_after=now - timedelta(hours=1))) == [third, second]


async def test_a_service_and_a_time_to_send_at_are_understood(at: Programs) -> None:
    at_time = datetime.fromtimestamp(at.road.clock.now_ms() / 1000, UTC) + timedelta(hours=1)
    service = service_sid("cus_1")
    by_service = await at.sent(from_=None, messaging_service_sid=service)
    assert (by_service.status, by_service.from_, by_service.num_segments) == ("accepted", None, "0")
    scheduled = await at.sent(from_=None, messaging_service_sid=service, schedule_type="fixed", send_at=at_time)
    assert scheduled.status == "scheduled"
    client = at.by_base()
    assert (await at.run(lambda: client.messages(scheduled.sid).update(status="canceled"))).status == "canceled"


async def test_a_key_sid_opens_the_account_as_well(at: Programs) -> None:
    client = at.by_client(key_sid(FACADE_TOKEN[:8]))
    assert (await at.run(lambda: client.messages.create(to=TO, from_="INTERKEY", body="Hello"))).account_sid == SID


async def test_the_same_token_of_idempotency_sends_once(at: Programs) -> None:
    body = "To=%2B966500000078&From=INTERKEY&Body=Hello"
    headers = [*basic(), ("I-Twilio-Idempotency-Token", "order-1")]
    path = f"/2010-04-01/Accounts/{SID}/Messages"
    first, again = [await post(at, path, body, headers) for _ in range(2)]
    assert (first.status, again.status) == (201, 201)
    assert first.json()["sid"] == again.json()["sid"]
    other = await post(at, path, body.replace("78", "79"), headers)
    assert (other.status, other.json()["code"]) == (409, 20409)
