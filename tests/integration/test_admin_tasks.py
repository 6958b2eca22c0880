"""Events made anew over the admin API and by verbs, and endpoints that are resumed."""

import asyncio
from pathlib import Path

from gateway.ledger.contract import StoredEndpoint
from gateway.people.roles import Role
from redaction.sealed import Sealed
from tests.bounds import LIMIT_S
from tests.integration.admin_stage import Admin, running_admin
from tests.integration.test_account_verbs import Verbs

SINCE = "2020-01-01T00:00:00Z"


async def _endpoint(admin: Admin, state: str) -> None:
    sealed = Sealed(b"x")
    row = StoredEndpoint(customer=1, url=sealed, secret=sealed, settings=b"{}", state=state)  # type: ignore[arg-type]
    await admin.node.stores.ledger.accounts.save_endpoint(row)


async def test_a_replay_is_asked_for_shown_and_done_by_the_node(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        await admin.send()
        support, _ = await admin.person(Role.SUPPORT)
        headers, path = await admin.session(support), f"/admin/v1/customers/{admin.customer}"
        status, task, _ = await admin.ask("POST", f"{path}/replay", {"since": SINCE}, headers)
        assert (status, task["state"], task["customer"]) == (202, "open", admin.customer)
        assert "still stored" in task["covers"]
        shown = f"/admin/v1/tasks/{task['id']}"
        async with asyncio.timeout(LIMIT_S):
            while (await admin.ask("GET", shown, headers=headers))[1]["state"] == "open":
                await asyncio.sleep(0.05)
        _, told, _ = await admin.ask("POST", f"{shown}/cancel", headers=headers)
        assert (told["state"], told["events"], told["looked_at"]) == ("done", 1, 1)
        (listed,) = (await admin.ask("GET", "/admin/v1/tasks", headers=headers))[1]["tasks"]
        assert listed["id"] == task["id"]
        (asked,) = await admin.entries("webhook.replay")
        (ended,) = await admin.entries("task.end")
        assert (asked["actor"]["id"], ended["actor"]["kind"]) == (support.id, "node")
        for body in (
            {"since": "yesterday"},
            {"since": SINCE, "types": ["message.read"]},
            {"since": "2999-01-01T00:00:00Z"},
        ):
            status, told, _ = await admin.ask("POST", f"{path}/replay", body, headers)
            assert (status, told["code"]) == (400, "invalid_value")
        viewer, _ = await admin.person(Role.VIEWER, email="viewer@example.com")
        headers = await admin.session(viewer)
        for method, where in (("GET", shown), ("POST", f"{shown}/cancel"), ("GET", "/admin/v1/tasks")):
            assert (await admin.ask(method, where, headers=headers))[0] == 403
        other, _ = await admin.person(Role.CUSTOMER_OWNER, customer="cus_0000000000000000", email="other@example.com")
        headers = await admin.session(other)
        assert (await admin.ask("GET", shown, headers=headers))[0] == 404
        assert (await admin.ask("GET", "/admin/v1/tasks", headers=headers))[1]["tasks"] == []


async def test_an_endpoint_is_resumed(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        support, _ = await admin.person(Role.SUPPORT)
        headers, path = await admin.session(support), f"/admin/v1/customers/{admin.customer}/resume-webhook"
        assert (await admin.ask("POST", path, headers=headers))[0] == 404
        await _endpoint(admin, "disabled")
        status, told, _ = await admin.ask("POST", path, headers=headers)
        assert (status, told["was"]) == (200, "disabled")
        assert len(await admin.entries("webhook.resume")) == 1
        (found,) = await admin.node.stores.ledger.accounts.endpoints()
        assert (found.state, found.disabled_ms) == ("enabled", None)


def test_replays_are_begun_shown_and_cancelled_by_verbs(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path)
    task = verbs.run("webhook", "replay", "1", "--since", SINCE, "--type", "message.delivered")
    assert (task["state"], task["types"]) == ("open", ["message.delivered"])
    assert verbs.run("task", "show", task["task"])["state"] == "open"
    assert verbs.run("task", "cancel", task["task"])["state"] == "cancelled"
    assert [each["state"] for each in verbs.run("task", "list")] == ["cancelled"]
    assert "[no_task]" in verbs.says("task", "show", "task_0")
    assert verbs.says("webhook", "replay", "1", "--since", SINCE, "--type", "message.read")
    assert verbs.says("webhook", "replay", "1", "--since", SINCE, "--until", "2019-01-01T00:00:00Z")
