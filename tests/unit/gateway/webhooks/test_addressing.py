"""Whom to tell and where: opened for telling only."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.accounts.customers import Owner
from gateway.accounts.directory import Directory
from gateway.ledger.contract import StoredCustomer, StoredEndpoint
from gateway.model.message import Message, OutboxEvent, Status
from gateway.webhooks.addressing import Addressing
from gateway.webhooks.delivery import Delivery
from gateway.webhooks.endpoint import EndpointSettings, SetAnew, endpoint_settings, open_endpoint, seal_endpoint
from gateway.webhooks.signing import Signer
from redaction.errors import SealError
from redaction.personal import Purpose, Secret
from redaction.seal import Sealer
from redaction.sealed import Sealed
from tests.contract.records import a_notice
from tests.unit.gateway.delivery.test_mobile_originated import ARABIC, from_a_person
from tests.unit.gateway.road import CUSTOMER, Road, running_road
from tests.unit.gateway.stage import a_message

URL = Secret("https://shop.example.sa/told")


@dataclass
class Place:
    road: Road
    directory: Directory
    sealer: Sealer
    addressing: Addressing

    async def set_endpoint(self, **settings: Any) -> Secret:
        wanted = EndpointSettings(**settings)
        endpoint, secret = seal_endpoint(self.sealer, self.road.clock.random, CUSTOMER, URL, wanted)
        assert secret is not None
        await self.road.ledger.accounts.save_endpoint(endpoint)
        await self.directory.refresh()
        return secret


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with running_road(tmp_path, room=0) as road:
        await road.ledger.accounts.save_customer(
            StoredCustomer(id=CUSTOMER, public_id="cus_1", account=Sealed(b""), settings=b"{}", created_ms=0)
        )
        directory = Directory(road.ledger.accounts, road.keyring.credential_digest)
        await directory.refresh()
        sealer = Sealer(road.store.state, road.clock.random)
        yield Place(
            road, directory, sealer, Addressing(directory, road.vault, sealer, road.clock.now_ms, road.masks.of)
        )


def event_of(message: Message) -> OutboxEvent:
    return OutboxEvent(customer=CUSTOMER, message=message.id, status=Status.DELIVERED, at_ms=0, next_ms=0)


def signs_with(delivery: Delivery, secret: Secret) -> bool:
    signer = delivery.destination.signer
    return signer is not None and signer.headers(b"id", 1, b"{}") == Signer((secret,)).headers(b"id", 1, b"{}")


async def test_nobody_is_told_without_an_endpoint(place: Place) -> None:
    message = await place.road.stored(await place.road.send())
    assert not place.addressing.wanted(message)
    assert place.addressing.delivery(event_of(message), message) is None


async def test_the_endpoint_is_told_under_its_own_secret(place: Place) -> None:
    secret = await place.set_endpoint()
    message = await place.road.stored(await place.road.send(reference="order 1"))
    assert place.addressing.wanted(message)
    delivery = place.addressing.delivery(event_of(message), message)
    assert delivery is not None
    assert (delivery.destination.url, delivery.destination.own_endpoint) == (URL, True)
    assert signs_with(delivery, secret)
    assert json.loads(delivery.body)["data"]["reference"] == "order 1"


@pytest.mark.case("interfaces-12")
async def test_the_secret_of_before_signs_beside_a_new_one_for_a_day(place: Place) -> None:
    old = await place.set_endpoint()
    now_ms = place.road.clock.now_ms()
    anew = SetAnew(
        place.sealer, place.road.clock.random, CUSTOMER, URL, lambda before: before, new_secret=True, now_ms=now_ms
    )
    (standing,) = await place.road.ledger.accounts.endpoints()
    await place.road.ledger.accounts.save_endpoint(anew(standing))
    await place.directory.refresh()
    assert anew.fresh is not None
    message = await place.road.stored(await place.road.send())

    def signature() -> bytes:
        delivery = place.addressing.delivery(event_of(message), message)
        assert delivery is not None
        assert delivery.destination.signer is not None
        return delivery.destination.signer.headers(b"id", 1, b"{}")

    assert signature() == Signer((anew.fresh, old)).headers(b"id", 1, b"{}")
    place.road.clock.advance(24 * 3600)
    assert signature() == Signer((anew.fresh,)).headers(b"id", 1, b"{}")


async def test_a_messages_own_url_takes_the_endpoints_place(place: Place) -> None:
    secret = await place.set_endpoint()
    message = await place.road.stored(await place.road.send(callback_url="https://other.example.sa/"))
    delivery = place.addressing.delivery(event_of(message), message)
    assert delivery is not None
    assert delivery.destination.url.reveal(Purpose.INFORM_CUSTOMER) == "https://other.example.sa/"
    assert not delivery.destination.own_endpoint
    assert signs_with(delivery, secret)


async def test_a_message_whose_private_field_cannot_be_opened_is_told_without_it(place: Place) -> None:
    await place.set_endpoint()
    message = await place.road.stored(await place.road.send(reference="order 1"))
    message.id = bytes(16)
    assert place.addressing.reference(message) is None
    delivery = place.addressing.delivery(event_of(message), message)
    assert delivery is not None
    assert "reference" not in json.loads(delivery.body)["data"]


async def test_nobody_is_told_when_the_customers_keys_are_gone(place: Place) -> None:
    await place.set_endpoint()
    message = await place.road.stored(await place.road.send())
    assert place.addressing.delivery(event_of(message), message) is not None
    place.road.store.update(lambda state: state.drop_customer(CUSTOMER), destroys=True)
    assert place.addressing.delivery(event_of(message), message) is None


@pytest.mark.case("interfaces-1")
@pytest.mark.parametrize("spoilt", [{"url": Sealed(b"")}, {"url": Sealed(b"\1no")}, {"secret": Sealed(b"")}])
async def test_an_endpoint_that_does_not_open_keeps_its_events_and_is_told_again_once_it_is_set_anew(
    place: Place, spoilt: dict[str, Sealed]
) -> None:
    await place.set_endpoint()
    (stored,) = await place.road.ledger.accounts.endpoints()
    await place.road.ledger.accounts.save_endpoint(msgspec.structs.replace(stored, **spoilt))
    await place.directory.refresh()
    message = await place.road.stored(await place.road.send())
    assert place.addressing.wanted(message)
    delivery = place.addressing.delivery(event_of(message), message)
    assert delivery is not None  # None would let the event go
    assert delivery.destination.signer is None
    secret = await place.set_endpoint()
    mended = place.addressing.delivery(event_of(message), message)
    assert mended is not None
    assert signs_with(mended, secret)


async def test_the_reference_is_shown_to_its_customer(place: Place) -> None:
    message = await place.road.stored(await place.road.send(reference="order 1"))
    assert place.addressing.reference(message) == "order 1"
    assert place.addressing.reference(a_message()) is None


@pytest.mark.policy("P-05")
async def test_an_endpoint_is_stored_sealed_and_opens_for_its_customer_only(place: Place) -> None:
    secret = await place.set_endpoint()
    endpoint = place.directory.endpoint(CUSTOMER)
    assert endpoint is not None
    assert b"example" not in bytes(endpoint.url)
    assert open_endpoint(place.sealer, endpoint) == (URL, secret)
    endpoint = type(endpoint)(customer=CUSTOMER + 1, url=endpoint.url, secret=endpoint.secret, settings=b"{}")
    with pytest.raises(SealError):
        open_endpoint(place.sealer, endpoint)


async def test_an_endpoint_is_opened_once_for_all_its_events_and_again_when_it_changed(place: Place) -> None:
    await place.set_endpoint()
    message = await place.road.stored(await place.road.send())
    first, second = (place.addressing.delivery(event_of(message), message) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.destination is second.destination
    assert place.sealer.opened[Purpose.CREDENTIAL, "webhook_secret"] == 1
    secret = await place.set_endpoint()
    changed = place.addressing.delivery(event_of(message), message)
    assert changed is not None
    assert signs_with(changed, secret)
    await place.road.ledger.accounts.delete_endpoint(CUSTOMER)
    await place.directory.refresh()
    assert place.addressing.delivery(event_of(message), message) is None


async def test_what_an_endpoint_asked_for_holds_for_it_and_not_for_a_callback_url(place: Place) -> None:
    await place.set_endpoint(batch=100)
    usual = await place.road.stored(await place.road.send())
    special = await place.road.stored(await place.road.send(callback_url="https://other.example.sa/"))
    deliveries = [place.addressing.delivery(event_of(each), each) for each in (usual, special)]
    assert [each.destination.batch for each in deliveries if each is not None] == [100, 1]


async def test_an_endpoint_is_told_that_an_operator_has_a_message_where_it_asks_for_that(place: Place) -> None:
    message = await place.road.stored(await place.road.send())
    message.status = Status.SUBMITTED
    await place.set_endpoint()
    assert not place.addressing.wanted(message)
    await place.set_endpoint(submitted=True)
    assert place.addressing.wanted(message)


@pytest.mark.parametrize("settings", [b"{}", b'{"batch":0}', b'{"batch":101}', b"nonsense"])
def test_settings_of_an_endpoint_that_say_nothing_sensible_ask_for_nothing(settings: bytes) -> None:
    stored = StoredEndpoint(customer=1, url=Sealed(b""), secret=Sealed(b""), settings=settings)
    assert endpoint_settings(stored).batch == 1


async def test_saving_again_gives_a_fresh_secret(place: Place) -> None:
    assert await place.set_endpoint() != await place.set_endpoint()


async def received(place: Place, **changes: Any) -> tuple[OutboxEvent, Message]:
    """A stored message from a person, and its event."""
    place.road.owners["90909", ""] = Owner(CUSTOMER, 0, True)
    place.road.sort([from_a_person(**changes)])
    await place.road.settled()
    (event,) = await place.road.events()
    return event, await place.road.stored(event.message)


@pytest.mark.smpp("S-49")
async def test_the_customer_is_told_what_a_person_wrote_to_its_number(place: Place) -> None:
    await place.set_endpoint()
    event, message = await received(place, segments=3, missing=(2,))
    delivery = place.addressing.delivery(event, message)
    assert delivery is not None
    body = json.loads(delivery.body)
    assert body["type"] == "message.received"
    assert body["data"] == {
        "id": message.id.hex(),
        "from": "+966500000078",
        "to": "90909",
        "text": ARABIC,
        "segments": 3,
        "missing": [2],
        "received_at": body["timestamp"],
    }


@pytest.mark.smpp("S-49")
async def test_a_binary_message_is_told_as_octets(place: Place) -> None:
    await place.set_endpoint()
    delivery = place.addressing.delivery(*await received(place, text="\x00\xff", encoding="binary"))
    assert delivery is not None
    data = json.loads(delivery.body)["data"]
    assert "text" not in data
    assert data["octets"] == "AP8="


@pytest.mark.policy("P-23")
async def test_what_was_forgotten_is_told_without_its_text(place: Place) -> None:
    await place.set_endpoint()
    event, message = await received(place)
    message.content = None
    delivery = place.addressing.delivery(event, message)
    assert delivery is not None
    assert json.loads(delivery.body)["data"]["to"] == "+966•••••••78"
    assert ARABIC.encode() not in delivery.body


async def test_an_event_of_another_kind_goes_to_the_endpoint_as_it_is_stored(place: Place) -> None:
    event = a_notice(customer=CUSTOMER, kind="audit.checkpoint", data=b'{"size":41}', at_ms=0)
    assert place.addressing.delivery(event, None) is None
    secret = await place.set_endpoint()
    delivery = place.addressing.delivery(event, None)
    assert delivery is not None
    assert signs_with(delivery, secret)
    said = {"type": "audit.checkpoint", "timestamp": "1970-01-01T00:00:00.000Z", "data": {"size": 41}}
    assert json.loads(delivery.body) == said
    about = place.addressing.delivery(event, a_message(customer=CUSTOMER))
    assert about is not None
    assert json.loads(about.body) == said
