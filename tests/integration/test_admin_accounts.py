"""Customers' limits, senders, keys and accounts over the admin API: who may, over which version, what is written."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.accounts.settings import EsmeSettings
from gateway.people.roles import Action, Role
from tests.integration.admin_stage import Admin, running_admin
from tests.integration.test_admin_people import added


async def ask(
    admin: Admin, method: str, path: str, body: object = None, *, headers: dict[str, str], over: object = None
) -> tuple[int, Any, str]:
    """Status, answer, and its ETag."""
    more = headers if over is None else headers | {"If-Match": str(over)}
    status, told, got = await admin.ask(method, f"/admin/v1{path}", body, more)
    return status, told, got.get("ETag", "")


async def test_limits_and_pauses_of_a_customer_are_set_over_the_version_that_was_read(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        person = await added(admin, "operations", Role.OPERATIONS, Role.OWNER)
        headers, place = await admin.session(person), f"/customers/{admin.customer}"
        _, told, first = await ask(admin, "GET", place, headers=headers)
        assert told["settings"]["throughput_per_s"] is None
        steps: tuple[tuple[str, object], ...] = (
            ("settings", {"throughput_per_s": 50, "label": "shop"}),
            ("quotas", {"per_day": 1_000}),
            ("pause", None),
            ("resume", None),
            ("settings", {"throughput_per_s": None}),
        )
        before = first
        for verb, body in steps:
            status, _, after = await ask(admin, "POST", f"{place}/{verb}", body, headers=headers, over=before)
            assert status == 200
            assert after == (await ask(admin, "GET", place, headers=headers))[2] != before
            status, told, _ = await ask(admin, "POST", f"{place}/{verb}", body, headers=headers, over=before)
            assert (status, told["code"]) == (412, "version_stale")
            before = after
        _, told, _ = await ask(admin, "GET", place, headers=headers)
        shown = told["settings"]
        assert (shown["throughput_per_s"], shown["label"], shown["daily_quota"]) == (None, "shop", 1_000)
        for verb in ("settings", "quotas", "pause"):
            status, told, _ = await ask(admin, "POST", f"{place}/{verb}", {}, headers=headers, over="three")
            assert (status, told["code"]) == (400, "invalid_if_match")
        assert len(await admin.entries("limit.set")) == 2
        (entry,) = await admin.entries("customer.set")
        assert (entry["obj"], entry["actor"]["id"]) == (admin.customer, person.id)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"throughput_per_s": 0}, "wrong_type"),
        ({"throughput_per_s": "canary"}, "wrong_type"),
        ({"default_class": "canary"}, "invalid_value"),
        ({"canary": 1}, "unknown_field"),
        ({"label": "x" * 65}, "field_too_long"),
    ],
)
async def test_a_setting_that_makes_no_sense_is_refused_and_never_repeated(
    tmp_path: Path, body: object, code: str
) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(Action.CUSTOMER_CHANGE)
        status, told, _ = await ask(admin, "POST", f"/customers/{admin.customer}/settings", body, headers=headers)
        assert (status, told["code"]) == (400, code)
        assert code == "unknown_field" or "canary" not in str(told)


async def test_senders_are_registered_and_taken_away(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(Action.SENDER_READ, Action.SENDER_CHANGE)
        place = f"/customers/{admin.customer}"
        _, told, before = await ask(admin, "GET", f"{place}/senders", headers=headers)
        assert told == {"senders": [{"sender": "BRAND", "classes": []}]}
        body = {"sender": "+966110000", "classes": ["otp"]}
        status, told, after = await ask(admin, "POST", f"{place}/senders", body, headers=headers, over=before)
        assert (status, told["senders"][0]) == (200, {"sender": "966110000", "classes": ["otp"]})
        status, told, _ = await ask(admin, "POST", f"{place}/senders", body, headers=headers, over=before)
        assert (status, told["code"]) == (412, "version_stale")
        remove = f"{place}/remove-sender"
        status, told, _ = await ask(admin, "POST", remove, {"sender": "966110000"}, headers=headers, over=after)
        assert (status, [each["sender"] for each in told["senders"]]) == (200, ["BRAND"])
        for wrong, code in (({"sender": "966110000"}, "not_found"), ({"sender": "!!"}, "invalid_sender")):
            assert (await ask(admin, "POST", remove, wrong, headers=headers))[1]["code"] == code
        unknown = {"sender": "OTHER", "classes": ["canary"]}
        assert (await ask(admin, "POST", f"{place}/senders", unknown, headers=headers))[1]["code"] == "invalid_value"
        assert [each["obj"] for each in await admin.entries("sender.add")] == [admin.customer]
        assert [each["obj"] for each in await admin.entries("sender.remove")] == [admin.customer]


async def test_a_key_is_shown_once_serves_and_is_revoked_by_its_customers_people_alone(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        own = await admin.session(await added(admin, "own", Role.CUSTOMER_DEVELOPER, customer=admin.customer))
        place = f"/customers/{admin.customer}/keys"
        status, made, _ = await ask(admin, "POST", place, {"label": "shop", "scopes": ["status"]}, headers=own)
        assert (status, made["scopes"]) == (201, ["status"])
        assert made["key"].startswith(f"cgw_{made['prefix']}_")
        _, told, _ = await ask(admin, "GET", place, headers=own)
        shown = {each["prefix"]: each for each in told["keys"]}[made["prefix"]]
        assert (shown["state"], shown["label"], shown["customer"]) == ("live", "shop", admin.customer)
        assert made["key"] not in str(told)
        await admin.node.stores.directory.refresh()
        assert await status_with(admin, made["key"]) == 404
        for body, code in (
            ({"scopes": ["canary"]}, "invalid_value"),
            ({"networks": ["canary"]}, "invalid_value"),
            ({"expires_at": "soon"}, "wrong_type"),
            ({"expires_at": "2020-01-01T00:00:00Z"}, "invalid_value"),
        ):
            assert (await ask(admin, "POST", place, body, headers=own))[1]["code"] == code
        revoke = f"/keys/{made['prefix']}/revoke"
        other = await admin.token(Action.KEY_REVOKE, customer="cus_0000000000000000")
        assert (await ask(admin, "POST", revoke, headers=other))[1]["code"] == "not_found"
        assert (await ask(admin, "POST", revoke, headers=own, over='"9"'))[1]["code"] == "version_stale"
        status, told, tag = await ask(admin, "POST", revoke, headers=own, over=f'"{shown["version"]}"')
        assert (status, told["state"]) == (200, "revoked")
        _, told, _ = await ask(admin, "GET", place, headers=own)
        assert tag == f'"{ {each["prefix"]: each for each in told["keys"]}[made["prefix"]]["version"] }"'.replace(
            " ", ""
        )
        await admin.node.stores.directory.refresh()
        assert await status_with(admin, made["key"]) == 401
        assert (await ask(admin, "POST", "/keys/00000000/revoke", headers=own))[1]["code"] == "not_found"
        assert [each["obj"] for each in await admin.entries("key.revoke")] == [f"key_{made['prefix']}"]


async def status_with(admin: Admin, key: str) -> int:
    """What the customers' API answers to a key that asks for a message that is not there."""
    port = admin.node.fronts.http.listener.port
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}/v1/messages/{bytes(16).hex()}", headers=headers) as answer,
    ):
        return answer.status


async def test_accounts_and_the_endpoint_are_shown_without_secrets(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(Action.ESME_READ, Action.WEBHOOK_READ)
        await admin.accounts.add_esme(1, "shop", settings=EsmeSettings(max_binds=2))
        place = f"/customers/{admin.customer}"
        _, told, _ = await ask(admin, "GET", f"{place}/esmes", headers=headers)
        (shown,) = told["esmes"]
        assert (shown["system_id"], shown["state"], shown["max_binds"]) == ("shop", "live", 2)
        assert "argon2" not in str(told)
        assert (await ask(admin, "GET", f"{place}/webhook", headers=headers))[1]["code"] == "not_found"


async def test_numbers_and_keywords_of_a_customer_are_set_with_their_entries(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers, place = await admin.token(Action.NUMBER_READ, Action.NUMBER_CHANGE), f"/customers/{admin.customer}"
        wanted = {"number": "90909", "keywords": ["SALE"]}
        status, told, _ = await ask(admin, "POST", f"{place}/numbers", wanted, headers=headers)
        assert (status, told["numbers"]) == (200, [{"number": "90909", "keywords": ["SALE"], "esme": ""}])
        change: dict[str, object] = {"number": "90909", "add": ["SHOP", "sale"], "remove": ["SALE"]}
        status, told, _ = await ask(admin, "POST", f"{place}/keywords", change, headers=headers)
        assert (status, told["numbers"][0]["keywords"]) == (200, ["SHOP"])
        for body, code in (
            ({"number": "90909", "remove": ["CANARY"]}, "invalid_value"),
            ({"number": "nine", "add": ["SHOP"]}, "invalid_value"),
            ({"number": "90909"}, "missing_field"),
        ):
            status, told, _ = await ask(admin, "POST", f"{place}/keywords", body, headers=headers)
            assert (status, told["code"]) == (400, code)
        last = {"number": "90909", "remove": ["SHOP"]}
        assert (await ask(admin, "POST", f"{place}/keywords", last, headers=headers))[1]["numbers"] == []
        status, told, _ = await ask(admin, "POST", f"{place}/remove-number", {"number": "90909"}, headers=headers)
        assert (status, told["code"]) == (404, "not_found")
        assert (await ask(admin, "GET", f"{place}/numbers", headers=headers))[1]["numbers"] == []
        assert [each["n"]["keywords"] for each in await admin.entries("number.add")] == [1, 1]
        assert len(await admin.entries("number.remove")) == 1
