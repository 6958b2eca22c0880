"""Quotas of a customer over the admin API and by verbs, and small cells of usage, on a whole node."""

from pathlib import Path

import pytest

from gateway.people.roles import Role
from tests.integration.admin_stage import running_admin
from tests.integration.test_account_verbs import Verbs


async def test_an_owner_sets_quotas_and_the_customer_is_warned_and_then_refused(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        person, _ = await admin.person(Role.OWNER)
        headers, path = await admin.session(person), f"/admin/v1/customers/{admin.customer}/quotas"
        status, told, _ = await admin.ask("POST", path, {"per_day": 4, "per_month": 100}, headers)
        assert (status, [each["left"] for each in told["quotas"]]) == (200, [4, 100])
        (entry,) = await admin.entries("limit.set")
        assert (entry["n"], entry["actor"]["id"]) == ({"per_day": 4, "per_month": 100}, person.id)
        await admin.node.stores.directory.refresh()
        road = admin.node.road
        for _ in range(4):
            await admin.send()
            await road.quota_warnings.look()
        with pytest.raises(AssertionError, match="quota_exceeded"):
            await admin.send()
        checked = {"to": "+966500000078", "from": "BRAND", "text": "x", "class": "transactional"}
        status, told = await admin.try_to_send(path="/v1/messages/check", **checked)
        assert (status, [each["code"] for each in told["findings"] if each["enforced"]]) == (200, ["quota_exceeded"])
        assert road.quota_warnings.told == {("day", "50"): 1, ("day", "100"): 1}
        assert road.admission.quotas.refused == {"day": 1, "month": 0}
        road.admission.flush()
        await road.journal.drain()
        _, told, _ = await admin.ask("GET", path, headers=headers)
        assert [(each["used"], each["left"]) for each in told["quotas"]] == [(4, 0), (4, 96)]
        status, told, _ = await admin.ask("POST", path, {"per_day": None}, headers)
        assert [each["period"] for each in told["quotas"]] == ["month"]
        await admin.node.stores.directory.refresh()
        await admin.send()


async def test_only_who_may_change_balances_sets_quotas_and_nonsense_is_refused(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        path = f"/admin/v1/customers/{admin.customer}/quotas"
        operations, _ = await admin.person(Role.OPERATIONS)
        headers = await admin.session(operations)
        assert (await admin.ask("POST", path, {"per_day": 4}, headers))[0] == 403
        assert (await admin.ask("GET", path, headers=headers))[1]["quotas"] == []
        owner, _ = await admin.person(Role.OWNER, email="owner@example.com")
        headers = await admin.session(owner)
        for body in ({"per_day": 0}, {"per_day": -1}, {"per_day": "many"}, {"per_year": 1}, {"utc_offset_min": 900}):
            status, told, _ = await admin.ask("POST", path, body, headers)
            assert status == 400, body
            assert told["code"] in {"wrong_type", "unknown_field", "empty_field", "field_too_long"}
        assert (await admin.ask("GET", path, headers=headers))[1]["quotas"] == []


@pytest.mark.policy("P-12")
async def test_small_cells_of_usage_are_hidden_from_a_viewer_alone(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        for _ in range(2):
            await admin.send()
        path = f"/admin/v1/customers/{admin.customer}/usage"
        seen = {}
        for number, role in enumerate((Role.VIEWER, Role.CUSTOMER_VIEWER, Role.DEVELOPER, Role.SUPPORT)):
            owner = admin.customer if role is Role.CUSTOMER_VIEWER else ""
            person, _ = await admin.person(role, customer=owner, email=f"person{number}@example.com")
            _, told, _ = await admin.ask("GET", path, headers=await admin.session(person))
            seen[role] = {(each["messages"], each["segments"], each["fewer_than"]) for each in told["items"]}
        hidden = {(None, None, 10)}
        assert seen == {
            Role.VIEWER: hidden,
            Role.CUSTOMER_VIEWER: hidden,
            Role.DEVELOPER: hidden,
            Role.SUPPORT: {(2, 2, None)},
        }


def test_quotas_are_set_and_shown_by_verbs(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path)
    shown = verbs.run("quota", "set", "1", "--per-day", "10", "--per-month", "20")
    assert [(each["period"], each["limit"], each["left"]) for each in shown] == [("day", 10, 10), ("month", 20, 20)]
    assert verbs.run("quota", "set", "1", "--per-day", "none") == [shown[1]]
    assert verbs.run("quota", "show", "1") == [shown[1]]
    verbs.run("quota", "set", "1", "--utc-offset-min", "0")
    (moved,) = verbs.run("quota", "show", "1")
    assert moved["ends"] != shown[1]["ends"]
    for words in (("--per-day", "0"), ("--per-day", "-1"), ("--per-month", "many"), ()):
        assert verbs.says("quota", "set", "1", *words)
