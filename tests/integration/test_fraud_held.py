"""Messages that a control against abuse holds wait until a person sends or drops them, over the API or by a verb."""

from pathlib import Path
from typing import Any

from gateway.model.fraud_controls import Control, FraudMode
from gateway.model.message import Message, Status
from gateway.people.roles import Action, Role
from tests.integration.admin_stage import Admin, running_admin
from tests.unit.gateway.stage import until

CAMPAIGN = {"from": "BRAND", "text": "canary offer", "class": "transactional"}
HELD = "/admin/v1/abuse/held"


async def enforced(admin: Admin) -> None:
    """As if traffic of the customer to this country were new, and more than 50 an hour."""
    modes = {Control.NEW_TRAFFIC.value: FraudMode.ENFORCE, Control.RANGE_BURST.value: FraudMode.OFF}
    await admin.accounts.change_settings(1, lambda _: {"fraud": modes})
    await admin.node.stores.directory.refresh()
    await sent(admin, 1, 98)  # the day of the counts begins
    admin.node.road.sentry.tallies.began_ms = 1


async def sent(admin: Admin, count: int, first: int = 0) -> list[str]:
    told: list[Any] = [
        await admin.try_to_send(to=f"+9665000{each:05}", **CAMPAIGN) for each in range(first, first + count)
    ]
    assert {status for status, _ in told} == {202}
    return [each["id"] for _, each in told]


async def record(admin: Admin, identifier: str) -> Message:
    found = await admin.node.stores.ledger.messages.find(1, bytes.fromhex(identifier))
    assert found is not None
    return found


async def test_what_is_held_waits_and_is_sent_or_dropped_by_a_persons_decision(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        await enforced(admin)
        identifiers = await sent(admin, 53)
        held = [each for each in identifiers if (await record(admin, each)).error == "traffic_new"]
        assert len(held) == 4
        lane = (await record(admin, held[0])).operator
        assert lane == "~1~new_traffic~loop"
        operations, _ = await admin.person(Role.OPERATIONS)
        headers = await admin.session(operations)
        _, told, _ = await admin.ask("GET", HELD, None, headers)
        (waiting,) = told["held"]
        assert (waiting["customer"], waiting["control"], waiting["messages"]) == (admin.customer, "new_traffic", 4)
        assert "canary" not in str(told)
        place = f"{HELD}/{waiting['id']}"
        why = {"reason": "ticket 4711"}
        assert (await admin.ask("POST", f"{place}/drop", {}, headers))[0] == 400
        status, _, _ = await admin.ask("POST", f"{place}/release", why, headers)
        assert status == 202
        for each in held:
            await until_status(admin, each, Status.DELIVERED)
        (later,) = await sent(admin, 1, 99)
        assert (await record(admin, later)).operator == lane
        assert (await admin.ask("POST", f"{place}/drop", why, headers))[0] == 202
        message = await until_status(admin, later, Status.REJECTED)
        assert (message.error, message.operator) == ("dropped_as_abuse", "loop")
        assert (await admin.ask("POST", f"{place}/drop", why, headers))[0] == 404
        for wrong in (f"{admin.customer}.loop", "cus_0.new_traffic", "x"):
            assert (await admin.ask("POST", f"{HELD}/{wrong}/drop", why, headers))[0] == 404
        entries = await admin.entries("fraud.review")
        assert [each["what"] for each in entries] == ["release_new_traffic", "drop_new_traffic"]
        assert all(each["why"] and each["actor"]["id"] == operations.id for each in entries)
        assert (await admin.ask("GET", HELD, None, await admin.token(Action.USAGE_READ)))[0] == 403


async def until_status(admin: Admin, identifier: str, status: Status) -> Message:
    seen: list[Message] = []

    async def is_there() -> bool:
        seen[:] = [await record(admin, identifier)]
        return seen[0].status is status

    admin.node.road.dispatch.lanes.wake.set()
    while not await is_there():
        await pause(admin)
    return seen[0]


async def pause(admin: Admin) -> None:
    """Until the node has looked at what is held once more."""
    before = admin.node.clock.monotonic()
    await until(lambda: admin.node.clock.monotonic() > before + 0.05)
