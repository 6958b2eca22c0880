"""What people ask for by themselves: codes leave through the gateway, and nothing tells one number from another."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from config.rights import RightsSettings
from config.settings import Settings
from gateway.audit.actor import COMMAND_LINE
from gateway.keystore.hold_keys import ASKED_DAYS
from gateway.ledger.contract import Accept
from gateway.ledger.usage import uses_of
from gateway.model.refusals import Refusal
from gateway.rights.asking import Asked, PublicRequests, Standing
from gateway.rights.building import Stands, cases
from gateway.rights.case_clocks import DAY_MS, HOUR_MS
from gateway.rights.case_states import Kind, Proof, State
from gateway.rights.code_limits import TALLY
from gateway.rights.codes import CODE
from gateway.rights.desk import RightsDesk
from gateway.rights.own_messages import OwnMessages
from gateway.rights.public_side import proving, public_requests
from gateway.rights.waiting import WAITING
from redaction.keys import PLATFORM
from redaction.personal import MessageText, Purpose, Secret
from tests.bounds import LIMIT_S
from tests.unit.gateway.rights.desk import Rights, msisdn, number
from tests.unit.gateway.road import CUSTOMER, Road, running_road

CANARY = "canary words of a person"
ADDRESS = "192.0.2.7"
MINUTE_MS = 60_000


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with running_road(tmp_path) as road:
        yield road


class Page:
    """The service behind the page, with its codes as they reach an operator."""

    def __init__(self, road: Road, **settings: object) -> None:
        self.road = road
        said = msgspec.convert({"sender": "GATEWAY"} | settings, RightsSettings)
        self.on: Stands = msgspec.structs.replace(Rights(road).on, settings=Settings(rights=said))
        road.keyring.ensure_customer(PLATFORM)
        self.codes = proving(self.on, OwnMessages(road.door, "GATEWAY").send_code)
        self.desk = RightsDesk(self.on, Rights(road).publish, lambda: [CUSTOMER])
        self.requests: PublicRequests = public_requests(self.desk, road.sealer, self.codes)

    async def ask(self, person: int = 1, address: str = ADDRESS, kind: Kind = Kind.ERASURE) -> Secret:
        return await self.requests.open_request(
            Asked(kind=kind, number=msisdn(person), text=MessageText(CANARY), address=address, language="en")
        )

    async def sent(self, count: int) -> list[str]:
        """The codes, once as many are with the operator."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.road.submitted) < count:
                await asyncio.sleep(0)
        await self.road.settled()
        texts = [each.text.reveal(Purpose.DELIVER) for _, each, _ in self.road.submitted]
        return [found[1] for text in texts if (found := re.search(r"\b([0-9]{6})\b", text))]

    async def refused(self, reference: Secret, code: str) -> str:
        with pytest.raises(Refusal) as refusal:
            await self.requests.prove(reference, Secret(code))
        return refusal.value.code


def other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_code_makes_a_request_a_case_whose_clock_runs_from_when_it_was_asked(road: Road) -> None:
    page = Page(road)
    asked_ms = road.clock.now_ms()
    reference = await page.ask()
    assert await page.requests.status_of(reference) == Standing(state=State.AWAITING_PROOF)
    assert await cases(page.on, road.sealer, COMMAND_LINE).all() == []
    (code,) = await page.sent(1)
    road.clock.advance(9 * MINUTE_MS / 1000)
    assert await page.refused(reference, other(code)) == "proof_wrong"
    standing = await page.requests.prove(reference, Secret(code))
    assert (standing.state, standing.kind, standing.received_ms) == (State.OPEN, Kind.ERASURE, asked_ms)
    assert standing.due_ms == asked_ms + 30 * DAY_MS
    assert await page.requests.status_of(reference) == standing
    assert await page.requests.prove(reference, Secret(code)) == standing
    (case,) = await cases(page.on, road.sealer, COMMAND_LINE).all()
    assert (case.of.proof, reference.reveal(Purpose.CREDENTIAL)[:15]) == (Proof.CODE, case.id)
    assert (await cases(page.on, road.sealer, COMMAND_LINE).content(case.id)).text == CANARY
    for kind in (WAITING, CODE):
        assert not await road.ledger.acts.of_kind(kind)


async def test_a_code_is_the_platforms_own_message_and_in_nobodys_usage(road: Road) -> None:
    page = Page(road)
    await page.ask()
    await page.sent(1)
    (stored,) = await road.ledger.messages.list_subject(
        PLATFORM, list(road.keyring.former_leaves(PLATFORM, msisdn(1))), 10
    )
    assert (stored.customer, stored.message_class.value) == (PLATFORM, "otp")
    assert uses_of(Accept(stored)) == ()
    assert await road.ledger.usage.customers() == []
    assert await road.events() == []


async def test_nothing_that_is_kept_says_who_asked_or_with_what_code(road: Road) -> None:
    page = Page(road)
    await page.ask()
    (code,) = await page.sent(1)
    found = [each for kind in (WAITING, CODE, TALLY) for each in await road.ledger.acts.of_kind(kind)]
    assert len(found) == 3
    for each in found:
        for value in (number(1)[1:], CANARY, ADDRESS, code):
            assert value.encode() not in each.octets


async def test_a_code_serves_ten_minutes_and_five_attempts(road: Road) -> None:
    page = Page(road)
    reference = await page.ask()
    (code,) = await page.sent(1)
    road.clock.advance(600)
    assert await page.refused(reference, code) == "proof_expired"
    await page.requests.send_again(reference, ADDRESS, "ar")
    _, code = await page.sent(2)
    assert [await page.refused(reference, other(code)) for _ in range(5)] == ["proof_wrong"] * 5
    assert await page.refused(reference, code) == "too_many_codes"
    await page.requests.send_again(reference, ADDRESS, "ar")
    assert len(await page.sent(2)) == 2
    road.clock.advance(HOUR_MS / 1000)
    await page.requests.send_again(reference, ADDRESS, "ar")
    assert (await page.requests.prove(reference, Secret((await page.sent(3))[2]))).state is State.OPEN


async def test_no_more_codes_leave_than_may_and_the_answer_is_the_same(road: Road) -> None:
    """To one number, for one network, and in all; whoever gets none has a reference that says what others say."""
    page = Page(road, codes_per_network=4, codes_per_day=5)
    first = [await page.ask(1, f"198.51.{each}.1") for each in range(6)]
    assert len(await page.sent(3)) == 3
    rest = [await page.ask(each, f"192.0.2.{each}") for each in range(10, 20)]
    await road.settled()
    assert len(await page.sent(5)) == 5
    shapes = {re.sub("[A-Z2-7]", "x", each.reveal(Purpose.CREDENTIAL)[2:]) for each in first + rest}
    assert shapes == {"x" * 13 + "-" + "x" * 16}
    assert {await page.requests.status_of(each) for each in first + rest} == {Standing(state=State.AWAITING_PROOF)}
    assert len(await road.ledger.acts.of_kind(WAITING)) == 5
    assert await page.refused(rest[-1], "123456") == "proof_wrong"
    await page.requests.send_again(rest[-1], ADDRESS, "ar")
    assert len(await page.sent(5)) == 5
    road.clock.advance(86_400)
    road.keyring.ensure_present()
    await page.ask(1)
    assert len(await page.sent(6)) == 6


async def test_what_nobody_proves_goes_with_its_key(road: Road) -> None:
    page = Page(road)
    reference = await page.ask()
    await page.sent(1)
    assert [each for each in road.store.state.customers() if each >> 59 == ASKED_DAYS >> 59]
    road.clock.advance(9 * 86_400)
    road.keyring.ensure_present()
    await page.requests.send_again(reference, ADDRESS, "ar")
    await page.codes.sweep()
    await page.requests.sweep()
    for kind in (WAITING, CODE, TALLY):
        assert not await road.ledger.acts.of_kind(kind)
    assert not [each for each in road.store.state.customers() if each >> 59 == ASKED_DAYS >> 59]


async def test_what_no_code_proves_and_numbers_of_elsewhere_are_refused(road: Road) -> None:
    page = Page(road, calling_codes=[973])
    with pytest.raises(Refusal) as kind:
        await page.ask(kind=Kind.BREACH)
    with pytest.raises(Refusal) as place:
        await page.ask()
    with pytest.raises(Refusal) as unknown:
        await page.requests.status_of(Secret("R-AAAAAAAAAAAAA-AAAAAAAAAAAAAAAA"))
    assert [each.value.code for each in (kind, place, unknown)] == ["unsupported", "number_not_served", "not_found"]
    off = public_requests(page.desk, road.sealer, proving(page.on, None))
    assert (off.is_on, page.requests.is_on) == (False, True)
    with pytest.raises(Refusal) as closed:
        await off.open_request(Asked(kind=Kind.ACCESS, number=msisdn(1), address=ADDRESS))
    assert closed.value.code == "codes_off"


async def test_unproven_requests_touch_no_proven_one(road: Road) -> None:
    page = Page(road)
    before, proven = await page.ask(), await page.ask()
    codes = await page.sent(2)
    after = await page.requests.prove(proven, Secret(codes[1]))
    await page.ask()
    assert await page.requests.status_of(proven) == after
    assert await page.requests.status_of(before) == Standing(state=State.AWAITING_PROOF)
    (case,) = await cases(page.on, road.sealer, COMMAND_LINE).all()
    assert case.of.duplicate_of == ""


async def test_who_withdraws_is_stopped_as_soon_as_the_number_is_proved(road: Road) -> None:
    page = Page(road)
    reference = await page.ask(kind=Kind.WITHDRAW)
    (code,) = await page.sent(1)
    assert (await page.requests.prove(reference, Secret(code))).state is State.ANSWERED
    ((_, standing),) = await page.desk.permissions(COMMAND_LINE, msisdn(1), None)
    assert [each.scope for each in standing.suppressions] == ["all"]
