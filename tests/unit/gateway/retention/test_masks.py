"""The last two digits are shown until the tag's limit, and not a moment longer."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.model.message import Message, Status
from gateway.model.submission import NO_FORM
from gateway.model.times import rfc3339
from gateway.retention.erasure import erase_person
from gateway.retention.masks import Masks
from gateway.retention.policies import RetentionPolicies
from gateway.vault.vault import Vault
from redaction.masks import CLEAR_BELOW
from redaction.personal import Msisdn
from redaction.retention import DEFAULT_RULES, OTP, TRANSACTIONAL, RetentionWish
from tests.unit.gateway.delivery.test_mobile_originated import OURS, from_a_person, received
from tests.unit.gateway.road import CUSTOMER, EVERY_CLASS, Road, a_request, running_road
from tests.unit.gateway.vault.formats import AS_BEFORE
from tests.unit.gateway.vault.test_vault import submission

SHOWN, GONE = "+966•••••••78", "+966•••••••••"
HOUR_MS = 3_600_000


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with running_road(tmp_path) as road:
        yield road


async def delivered(road: Road, **changes: Any) -> Message:
    """As it is stored when its content went at its receipt."""
    message = await road.stored(await road.send(**changes))
    return msgspec.structs.replace(message, status=Status.DELIVERED, content=None, content_until_ms=0)


@pytest.mark.policy("P-21")
@pytest.mark.parametrize(("name", "tag"), [("otp", OTP), ("transactional", TRANSACTIONAL)])
async def test_whose_content_went_at_its_receipt_is_shown_to_the_tags_limit(road: Road, name: str, tag: Any) -> None:
    message = await delivered(road, message_class=name)
    limit_ms = DEFAULT_RULES[tag].content_limit_s * 1000
    assert road.masks.of(message) == SHOWN
    road.clock.advance((limit_ms - 1) / 1000)
    assert road.masks.of(message) == SHOWN
    road.clock.advance(0.001)
    assert road.masks.of(message) == GONE


async def test_a_customer_whose_content_is_to_go_sooner_shows_its_digits_for_less_long(road: Road) -> None:
    wishes = {TRANSACTIONAL: RetentionWish(content_limit_s=60)}
    masks = Masks(road.vault, RetentionPolicies(DEFAULT_RULES, lambda _: wishes), road.clock.now_ms)
    message = await delivered(road)
    assert masks.of(message) == SHOWN
    road.clock.advance(60)
    assert (masks.of(message), road.masks.of(message)) == (GONE, SHOWN)


async def test_a_scheduled_message_is_shown_from_when_it_was_due(road: Road) -> None:
    due_ms = road.clock.now_ms() + 5 * 24 * HOUR_MS
    identifier = await road.send(schedule_at=rfc3339(due_ms))
    message = await road.stored(identifier)
    assert road.masks.of(message) == SHOWN
    road.clock.advance(6 * 24 * 3600)
    road.keyring.ensure_present()
    assert road.masks.of(msgspec.structs.replace(message, content=None, content_until_ms=0)) == SHOWN


async def test_where_records_have_other_times_now_the_acceptance_counts(road: Road) -> None:
    message = await delivered(road)
    shorter = {TRANSACTIONAL: RetentionWish(record_s=30 * 24 * 3600)}
    masks = Masks(road.vault, RetentionPolicies(DEFAULT_RULES, lambda _: shorter), road.clock.now_ms)
    assert masks.of(message) == SHOWN


@pytest.mark.policy("P-23")
async def test_of_whom_was_erased_nothing_is_shown_from_any_copy(road: Road) -> None:
    sealed = await road.stored(await road.send(message_class="promotional"))
    emptied = msgspec.structs.replace(sealed, content=None, content_until_ms=0)
    other = await delivered(road, to="+966500000079")
    await erase_person(road.ledger.messages, road.keyring, road.policies, CUSTOMER, Msisdn("966500000078", 966))
    assert (road.masks.of(sealed), road.masks.of(emptied)) == (GONE, GONE)
    assert road.masks.of(other) == "+966•••••••79"
    again = await delivered(road, message_class="promotional")  # sealed under the next leaf
    assert road.masks.of(again) == SHOWN


async def test_withheld_keys_show_none_for_now(road: Road) -> None:
    message = await delivered(road)
    road.store.state.withhold()
    assert road.masks.of(message) == GONE


async def test_a_person_that_wrote_is_shown_alike(road: Road) -> None:
    road.owners["90909", ""] = OURS
    (record,) = await received(road, from_a_person())
    assert record.last_two >= CLEAR_BELOW
    assert road.masks.of(record) == SHOWN
    assert road.masks.of(msgspec.structs.replace(record, content=None)) == SHOWN


async def test_before_the_format_is_raised_digits_are_written_as_before(road: Road) -> None:
    vault = Vault(road.sealer, DEFAULT_RULES, road.clock.now_ms, AS_BEFORE)
    sealed = vault.seal(submission(), customer=CUSTOMER, message_id=bytes(16), leaf=1, now_ms=road.clock.now_ms())
    assert sealed[2] == 78


async def test_another_text_covers_the_digits_anew(road: Road) -> None:
    identifier = await road.send(schedule_at=rfc3339(road.clock.now_ms() + HOUR_MS))
    message = await road.stored(identifier)
    revised = road.door.revise(EVERY_CLASS, message, lambda *_: (a_request(text="another"), NO_FORM))
    assert road.masks.of(revised) == SHOWN


@pytest.mark.parametrize("altered", [-1, -101, -(2**63), 2**63 - 1])
async def test_digits_that_somebody_altered_show_none(road: Road, altered: int) -> None:
    message = await road.stored(await road.send())
    for content in (message.content, None, b"", b"\x01"):
        assert road.masks.of(msgspec.structs.replace(message, last_two=altered, content=content)) == GONE
