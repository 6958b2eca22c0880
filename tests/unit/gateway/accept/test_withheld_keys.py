"""Keys that are withheld for a while: nothing is taken or opened, and nothing is lost or taken for destroyed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.accounts.directory import Directory
from gateway.http_api.auth import Gatekeeper
from gateway.ledger.contract import StoredCustomer
from gateway.model.message import Message, OutboxEvent, Status
from gateway.model.refusals import Refusal
from gateway.smpp_server.news import NewsWriter
from gateway.webhooks.addressing import Addressing
from gateway.webhooks.endpoint import seal_endpoint
from redaction.errors import KeysWithheld
from redaction.keys import KeyState
from redaction.personal import Secret
from redaction.sealed import Sealed
from tests.unit.gateway.delivery.test_mobile_originated import OURS, from_a_person, received
from tests.unit.gateway.road import CUSTOMER, Road, running_road


@contextmanager
def withheld(road: Road) -> Iterator[None]:
    state, kept = road.store.state, KeyState()
    kept.adopt(state)
    state.withhold()
    yield
    state.adopt(kept)


def news_of(message: Message) -> OutboxEvent:
    return OutboxEvent(customer=CUSTOMER, message=message.id, status=message.status, at_ms=0, next_ms=0)


async def test_a_message_is_refused_for_now(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        with withheld(road), pytest.raises(Refusal) as told:
            await road.send()
        assert (told.value.code, told.value.kind.http, told.value.retry_after_s) == ("keys_unavailable", 503, 1)
        await road.becomes(await road.send(), Status.SUBMITTED)


async def test_a_message_that_waits_is_submitted_when_keys_are_back(tmp_path: Path) -> None:
    async with running_road(tmp_path, room=0) as road:
        identifier = await road.send()
        with withheld(road):
            road.operators["loop"]._window = 10
            road.dispatch.sender.pump("loop")
            assert not road.submitted
        road.dispatch.sender.look_everywhere()
        await road.becomes(identifier, Status.SUBMITTED)


@pytest.mark.smpp("S-49")
async def test_an_operator_is_asked_to_send_a_persons_message_again(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.owners["90909", ""] = OURS
        with withheld(road):
            assert not await received(road, from_a_person(handle="first"))
        assert road.acknowledged() == [("first", False)]
        assert len(await received(road, from_a_person(handle="again"))) == 1


async def test_news_waits(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        road.owners["90909", ""] = OURS
        (message,) = await received(road, from_a_person())
        customer = StoredCustomer(id=CUSTOMER, public_id="cus_1", account=Sealed(b""), settings=b"{}", created_ms=0)
        await road.ledger.accounts.save_customer(customer)
        url = Secret("https://shop.example.sa/told")
        endpoint, _ = seal_endpoint(road.sealer, road.clock.random, CUSTOMER, url)
        await road.ledger.accounts.save_endpoint(endpoint)
        directory = Directory(road.ledger.accounts, road.keyring.credential_digest)
        await directory.refresh()
        addressing = Addressing(directory, road.vault, road.sealer, road.clock.now_ms, road.masks.of)
        for tell in (addressing.delivery, NewsWriter(road.vault, directory.profile)):
            with withheld(road), pytest.raises(KeysWithheld):
                tell(news_of(message), message)
            assert tell(news_of(message), message) is not None


async def test_nobody_is_told_that_a_key_is_wrong(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        gatekeeper = Gatekeeper(Directory(road.ledger.accounts, road.keyring.credential_digest), road.clock)
        with withheld(road), pytest.raises(Refusal, match="keys_unavailable"):
            gatekeeper.identify("Bearer some-key")
        with pytest.raises(Refusal, match="unauthenticated"):
            gatekeeper.identify("Bearer some-key")
