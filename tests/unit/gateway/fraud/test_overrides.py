"""Numbers that controls never count or stop."""

from pathlib import Path

import pytest

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import COMMAND_LINE
from gateway.fraud.overrides import ForgettingOverrides, OverrideDesk, Overrides, forget_overrides
from gateway.fraud.sentry import Sentry
from gateway.model.fraud_controls import FraudMode
from redaction.errors import KeysWithheld
from redaction.personal import Msisdn, Purpose
from tests.unit.gateway.fraud.traffic import BEGIN_MS, SHOP, a_key, a_submission
from tests.unit.gateway.road import running_road

KEY = a_key(SHOP, FraudMode.ENFORCE)
NUMBER = Msisdn("966551239087", 966)
CUSTOMER = "cus_0123456789abcdef"


def token(customer: int, number: Msisdn) -> bytes:
    return f"{customer}{number.reveal(Purpose.ACCEPT)[::-1]}".encode()


def stopped(sentry: Sentry) -> int:
    count = 0
    for at in range(8):
        submission = a_submission("966551239087", text=f"code {at}")
        found = sentry.look(KEY, submission, BEGIN_MS + at)
        sentry.note(KEY, submission, BEGIN_MS + at, found)
        count += bool(found)
    return count


async def test_a_number_on_the_list_is_not_stopped_until_it_is_taken_off_or_forgotten(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        acts = road.ledger.acts
        desk, known = OverrideDesk(acts, token, road.clock, COMMAND_LINE), Overrides(acts, token)
        assert stopped(Sentry(exempt=known.holds)) == 3
        await desk.add(SHOP, CUSTOMER, NUMBER, "monitor")
        await known.look()
        assert stopped(Sentry(exempt=known.holds)) == 0
        assert not known.holds(SHOP + 1, NUMBER)
        assert await desk.labels(SHOP) == ["monitor"]
        place = ForgettingOverrides(acts, token)
        assert [await place.forget(SHOP, NUMBER), await place.forget(SHOP, NUMBER)] == [1, 0]
        await known.look()
        assert stopped(Sentry(exempt=known.holds)) == 3


async def test_the_list_of_a_customer_that_leaves_is_gone_and_no_others(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        acts = road.ledger.acts
        desk = OverrideDesk(acts, token, road.clock, COMMAND_LINE)
        for customer in (SHOP, SHOP * 10):
            await desk.add(customer, CUSTOMER, NUMBER, "monitor")
        assert await forget_overrides(acts, SHOP) == 1
        assert [await desk.labels(SHOP), await desk.labels(SHOP * 10)] == [[], ["monitor"]]
        for label in ("", "Ahmed", "n-12345", "x" * 33):
            with pytest.raises(InvalidSetting):
                await desk.add(SHOP, CUSTOMER, NUMBER, label)


async def test_without_keys_nobody_is_exempt_and_nothing_fails(tmp_path: Path) -> None:
    def withheld(_customer: int, _number: Msisdn) -> bytes:
        raise KeysWithheld

    async with running_road(tmp_path) as road:
        await OverrideDesk(road.ledger.acts, token, road.clock, COMMAND_LINE).add(SHOP, CUSTOMER, NUMBER, "monitor")
        known = Overrides(road.ledger.acts, withheld)
        await known.look()
        assert not known.holds(SHOP, NUMBER)
