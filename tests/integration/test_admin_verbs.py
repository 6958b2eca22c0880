"""What the admin API does to messages, endpoints, binds, sessions and exempt numbers: whole nodes, real peers."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.key_uses import KeyUses
from gateway.accounts.settings import EsmeSettings
from gateway.control.problems import LOOKED_AT, ProblemReporter
from gateway.ledger.contract import DocumentWrite
from gateway.model.times import rfc3339
from gateway.people.roles import Action, Role
from gateway.process.problems import Problems
from gateway.webhooks.endpoint import SetAnew
from redaction.personal import Purpose, Secret
from tests.integration.admin_stage import Admin, running_admin
from tests.integration.smpp_stage import Peer
from tests.unit.gateway.stage import until
from tests.unit.gateway.webhooks.receiver import Receiver, Say, receiving

LISTENS = "[smpp_server]\nport = 0\n"
LOOPBACK = "[webhooks]\nallow_loopback = true\n"
WHY = "CANARY ticket 4711"


async def do(admin: Admin, path: str, body: object = None, *, as_: dict[str, str]) -> tuple[int, Any]:
    status, told, _ = await admin.ask("POST", f"/admin/v1{path}", body, as_)
    return status, told


VERBS = {
    "system": ("show_system", "list_nodes", "drain_node", "resume_node", "accepting_off", "dispatch_off"),
    "operator": (
        *("show_operator", "pause_operator", "resume_operator", "rebind_operator", "set_operator_throughput"),
        *("reroute_operator",),
    ),
    "route": ("list_routes", "show_route", "explain_route", "disable_route", "enable_route", "weigh_route"),
    "settings": ("show_settings", "reload_settings", "look_at_settings"),
    "problems": ("list_problems", "acknowledge_problem"),
    "customer": (
        *("show_customer", "show_customer_usage", "pause_customer", "resume_customer", "change_customer"),
        *("set_customer_quotas", "list_keys", "add_key", "revoke_key", "list_esmes", "disconnect_esme"),
    ),
    "message": ("show_message", "find_messages", "cancel_message", "erase_message", "notify_message"),
    "webhooks": (
        *("show_webhook", "test_webhook", "notify_message", "replay_events", "list_tasks", "cancel_task"),
        *("disable_webhook", "resume_webhook", "rotate_webhook_secret"),
    ),
    "abuse": (
        *("list_fraud_blocks", "release_fraud_block", "show_fraud_report"),
        *("list_fraud_overrides", "add_fraud_override", "remove_fraud_override"),
    ),
    "people": ("list_people", "end_sessions_of_person", "list_requests", "show_reason"),
}
"""What people at a gateway do, by what it is done to, and the operations by which they do it."""


async def test_a_reason_is_taken_by_every_verb_of_ours_and_read_by_way_of_the_audit_log_alone(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        assert admin.node.fronts.admin is not None
        routes = {each.operation.id: each for each in admin.node.fronts.admin.table.routes}
        assert {name for names in VERBS.values() for name in names} <= routes.keys()
        owner, _ = await admin.person(Role.OWNER)
        headers, place = await admin.session(owner), f"/customers/{admin.customer}"
        bodies: dict[str, dict[str, object]] = {
            "settings": {"label": "shop"},
            "senders": {"sender": "OTHER"},
            "remove-sender": {"sender": "OTHER"},
            "keys": {"label": "shop"},
            "quotas": {"per_day": 10},
            "rules": {"kind": ""},
            "balance": {"margin": 1},
            "pause": {},
            "resume": {},
        }
        for verb, body in bodies.items():
            status, told = await do(admin, f"{place}/{verb}", {**body, "reason": WHY}, as_=headers)
            assert status in {200, 201}, (verb, told)
        for act in ("customer.set", "sender.add", "sender.remove", "key.add", "limit.set", "customer.disable"):
            entry = (await admin.entries(act))[-1]
            _, told, _ = await admin.ask("GET", f"/admin/v1/audit/reasons/{entry['why']}", None, headers)
            assert told == {"reason": WHY}, act
            assert "CANARY" not in str(entry)
        assert (await do(admin, f"{place}/pause", {"reason": "two\nlines"}, as_=headers))[0] == 400
        for wrong in ("x", "0" * 64):
            assert (await admin.ask("GET", f"/admin/v1/audit/reasons/{wrong}", None, headers))[0] == 404
        stranger = await admin.token(Action.AUDIT_READ, customer=admin.customer)
        assert (await admin.ask("GET", f"/admin/v1/audit/reasons/{entry['why']}", None, stranger))[0] == 404
        documents = await admin.node.stores.ledger.acts.of_kind("reason")
        assert not any(b"CANARY" in each.octets for each in documents)


async def test_support_takes_a_message_back_and_no_other_customers(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        at = rfc3339(admin.node.clock.now_ms() + 3_600_000)
        schedule = {"to": "+966500000078", "from": "BRAND", "text": "canary", "class": "transactional"}
        status, told = await admin.try_to_send(**schedule, schedule_at=at)
        assert status == 202, told
        support, _ = await admin.person(Role.SUPPORT)
        headers, path = await admin.session(support), f"/messages/{told['id']}/cancel"
        other = await admin.token(Action.MESSAGE_CANCEL, customer="cus_0000000000000000")
        assert (await do(admin, path, as_=other))[0] == 404
        status, shown = await do(admin, path, {"reason": WHY}, as_=headers)
        assert (status, shown["status"]) == (200, "cancelled")
        status, shown = await do(admin, path, as_=headers)
        assert (status, shown["code"]) == (409, "not_cancellable")
        said = [(each["res"], each["actor"].get("id")) for each in await admin.entries("message.cancel")]
        assert said[:2] == [("intent", support.id), ("ok", support.id)]
        assert said[2:] == [("intent", support.id), ("refused:failed", support.id)]


async def _endpoint_at(admin: Admin, receiver: Receiver) -> str:
    """Set the customer's endpoint; its signing secret."""
    stores, clock = admin.node.stores, admin.node.clock
    url = Secret(f"http://127.0.0.1:{receiver.port}/hook")
    anew = SetAnew(stores.sealer, clock.random, 1, url, lambda before: before, new_secret=False, now_ms=clock.now_ms())
    await admin.accounts.set_endpoint(1, anew)
    await stores.directory.refresh()
    assert anew.fresh is not None
    return anew.fresh.reveal(Purpose.CREDENTIAL)


async def test_an_endpoint_is_tried_given_another_secret_switched_off_and_told_again(tmp_path: Path) -> None:
    async with running_admin(tmp_path, more=LOOPBACK) as admin, receiving() as receiver:
        owner, _ = await admin.person(Role.OWNER)
        headers, place = await admin.session(owner), f"/customers/{admin.customer}"
        for verb in ("test-webhook", "rotate-webhook-secret", "disable-webhook"):
            assert (await do(admin, f"{place}/{verb}", as_=headers))[1]["code"] == "no_endpoint"
        first = await _endpoint_at(admin, receiver)
        status, told = await do(admin, f"{place}/test-webhook", {"reason": WHY}, as_=headers)
        assert (status, told) == (200, {"success": True, "status": 200, "why": None})
        assert json.loads(receiver.requests[-1].body)["type"] == "gateway.test"
        receiver.answer = lambda _: Say(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
        assert (await do(admin, f"{place}/test-webhook", as_=headers))[1] == {
            "success": False,
            "status": 503,
            "why": "503",
        }
        receiver.answer = lambda _: Say()
        status, told = await do(admin, f"{place}/rotate-webhook-secret", as_=headers)
        assert status == 201
        assert told["secret"] != first
        await admin.node.stores.directory.refresh()
        identifier = await admin.send()
        before = 3
        await receiver.arrived(before)
        signatures = receiver.requests[-1].headers["webhook-signature"].split()
        assert len(signatures) == 2, "the secret of before signs beside the new one"
        event = json.loads(receiver.requests[-1].body)
        assert (await do(admin, f"/messages/{identifier}/notify", as_=headers))[0] == 202
        await receiver.arrived(before + 1)
        again = receiver.requests[-1]
        assert again.headers["webhook-id"] == receiver.requests[-2].headers["webhook-id"]
        assert json.loads(again.body)["data"] == event["data"]
        status, told = await do(admin, f"{place}/disable-webhook", as_=headers)
        assert (status, told) == (200, {"customer": admin.customer, "was": "enabled"})
        _, told, _ = await admin.ask("GET", f"/admin/v1{place}/webhook", None, headers)
        assert told["state"] == "disabled"
        for act, count in (("webhook.test", 2), ("webhook.secret", 1), ("webhook.disable", 1)):
            assert [each["actor"]["id"] for each in await admin.entries(act)] == [owner.id] * count
        assert (await admin.entries("message.notify"))[0]["obj"] == f"msg_{identifier}"


async def test_binds_of_an_account_end_once_on_the_node_and_may_come_again(tmp_path: Path) -> None:
    async with running_admin(tmp_path, more=LISTENS) as admin:
        _, password = await admin.accounts.add_esme(1, "shop", settings=EsmeSettings())
        await admin.node.stores.directory.refresh()
        account, server = ("shop", password.reveal(Purpose.CREDENTIAL)), admin.node.fronts.smpp_server
        peer = await Peer(server.port).bind(account)
        await until(lambda: server.binds)
        own, _ = await admin.person(Role.CUSTOMER_DEVELOPER, customer=admin.customer)
        headers, path = await admin.session(own), f"/customers/{admin.customer}/disconnect-esme"
        status, told = await do(admin, path, {"system_id": "shop", "reason": WHY}, as_=headers)
        assert (status, told["disconnects"]) == (202, 1)
        await until(lambda: not server.binds)
        await until(lambda: bool(peer.ended))
        await Peer(server.port).bind(account)
        await until(lambda: server.binds)
        status, told = await do(admin, path, {"system_id": "other", "reason": WHY}, as_=headers)
        assert (status, told["code"]) == (404, "not_found")
        (entry,) = await admin.entries("esme.disconnect")
        assert (entry["customer"], entry["actor"]["id"], "why" in entry) == (admin.customer, own.id, True)


async def test_sessions_of_somebody_are_ended_by_who_may(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        person, _ = await admin.person(Role.SUPPORT)
        theirs = await admin.session(person)
        operations, _ = await admin.person(Role.OPERATIONS, email="operations@example.com")
        headers, path = await admin.session(operations), f"/people/{person.id}/end-sessions"
        assert (await do(admin, path, as_=theirs))[0] == 403
        customers = await admin.token(Action.SESSION_END, customer=admin.customer)
        assert (await do(admin, path, as_=customers))[0] == 404
        assert await do(admin, path, {"reason": WHY}, as_=headers) == (200, {"ended": 1})
        assert (await admin.ask("GET", "/admin/v1/session", None, theirs))[0] == 401
        (entry,) = await admin.entries("person.sessions")
        assert (entry["obj"], entry["actor"]["id"], entry["n"]) == (person.id, operations.id, {"ended": 1})
        assert (await do(admin, "/people/usr_0000000000000000/end-sessions", as_=headers))[0] == 404


@pytest.mark.parametrize(("body", "code"), [({"number": "1"}, "invalid_number"), ({}, "missing_field")])
async def test_a_number_is_exempt_from_controls_and_never_shown(
    tmp_path: Path, body: dict[str, str], code: str
) -> None:
    async with running_admin(tmp_path) as admin:
        owner, _ = await admin.person(Role.OWNER)
        headers, place = await admin.session(owner), f"/customers/{admin.customer}"
        number = {"number": "+966500000078"}
        status, told = await do(admin, f"{place}/fraud-overrides", {**number, "label": "monitor"}, as_=headers)
        assert (status, told) == (200, {"customer": admin.customer, "labels": ["monitor"]})
        status, told = await do(admin, f"{place}/remove-fraud-override", number, as_=headers)
        assert (status, told) == (200, {"customer": admin.customer, "labels": []})
        assert (await do(admin, f"{place}/remove-fraud-override", number, as_=headers))[0] == 404
        status, told = await do(admin, f"{place}/fraud-overrides", body, as_=headers)
        assert (status, told["code"]) == (400, code)
        assert len(await admin.entries("fraud.override")) == 2


async def test_a_line_of_the_route_table_is_passed_over_and_weighed_until_it_is_put_back(tmp_path: Path) -> None:
    shares = '[[routes]]\nprefix = "96650"\noperators = ["loop", "spare"]\norder = "weighted"\n'
    async with running_admin(tmp_path, more=shares) as admin:
        operations, _ = await admin.person(Role.OPERATIONS)
        headers, why = await admin.session(operations), {"reason": WHY}

        async def explained() -> Any:
            return (await do(admin, "/routes/explain", {"to": "96650"}, as_=headers))[1]

        _, told, _ = await admin.ask("GET", "/admin/v1/routes", None, headers)
        by_prefix = {each["prefix"]: each for each in told["routes"]}
        line = by_prefix["96650"]
        assert (line["enabled"], line["weights"]) == (True, {})
        place = f"/routes/{line['id']}"
        status, told = await do(admin, f"{place}/weights", {"weights": {"loop": 1, "spare": 999}, **why}, as_=headers)
        assert (status, told["weights"]) == (202, {"loop": 1, "spare": 999})
        await until(lambda: admin.node.road.ways.routes.lines[1].weights == (1, 999))
        assert (await explained())["operators"][0] == "spare"
        status, told = await do(admin, f"{place}/disable", why, as_=headers)
        assert (status, told["enabled"], told["weights"]) == (202, False, {"loop": 1, "spare": 999})
        await until(lambda: not admin.node.road.ways.routes.lines[1].is_enabled)
        told = await explained()
        assert (told["number"], told["passed"]) == (0, [{"number": 1, "label": "", "why": "disabled"}])
        _, shown, _ = await admin.ask("GET", f"/admin/v1{place}", None, headers)
        assert (shown["enabled"], shown["reason"], shown["applied"][0]["current"]) == (False, WHY, True)
        await admin.node.reload.reload()
        assert not admin.node.road.ways.routes.lines[1].is_enabled
        await do(admin, f"{place}/enable", why, as_=headers)
        await do(admin, f"{place}/weights", {"weights": {}, **why}, as_=headers)
        await until(lambda: admin.node.road.ways.routes.lines[1].weights == ())
        for wrong in ({"north": 1}, {"loop": 0}):
            assert (await do(admin, f"{place}/weights", {"weights": wrong, **why}, as_=headers))[0] == 400
        plain = f"/routes/{by_prefix['']['id']}/weights"
        assert (await do(admin, plain, {"weights": {"loop": 1}, **why}, as_=headers))[1]["code"] == "invalid_value"
        assert (await do(admin, "/routes/route_0000000000000000/disable", why, as_=headers))[0] == 404
        assert [each["what"] for each in await admin.entries("route.change")] == ["weights", "off", "on", "weights"]


async def test_settings_are_shown_as_they_run_and_in_what_the_file_differs(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(Action.SETTINGS_READ)
        status, told, _ = await admin.ask("GET", "/admin/v1/settings", None, headers)
        lines = {each["setting"]: each for each in told["settings"]}
        assert (status, told["differs"], told["problems"]) == (200, [], [])
        assert lines["node.name"] == {
            "setting": "node.name",
            "value": "first",
            "is_default": False,
            "is_secret": False,
            "live": False,
        }
        file = tmp_path / "gateway.toml"
        written = file.read_text("utf-8")
        file.write_text(written + "[log]\nlevel = 'debug'\n", "utf-8")
        _, told, _ = await admin.ask("GET", "/admin/v1/settings", None, headers)
        assert told["differs"] == [{"setting": "log.level", "what": "changed", "live": True}]
        file.write_text(written + "[log]\nlevel = 7\n", "utf-8")
        _, told, _ = await admin.ask("GET", "/admin/v1/settings", None, headers)
        assert [each["setting"] for each in told["problems"]] == ["log.level"]


async def test_what_a_process_warned_of_is_listed_with_its_cure_until_somebody_has_looked_at_it(
    tmp_path: Path,
) -> None:
    async with running_admin(tmp_path) as admin:
        support, _ = await admin.person(Role.SUPPORT)
        headers = await admin.session(support)
        seen = {
            "level": "warning",
            "event": "webhook_failed",
            "timestamp": "2026-11-30T10:00:00Z",
            "customer": "cus_1",
            "reason": "503",
        }
        found = Problems()
        found(None, "", dict(seen))
        found(None, "", {**seen, "timestamp": "2026-11-30T11:00:00Z"})
        await ProblemReporter(admin.node.stores.ledger.acts, admin.node.clock, "another", found).report()
        _, told, _ = await admin.ask("GET", "/admin/v1/problems", None, headers)
        (shown,) = [each for each in told["problems"] if each["code"] == "webhook_failed"]
        assert (shown["count"], shown["first_at"], shown["last_at"]) == (2, seen["timestamp"], "2026-11-30T11:00:00Z")
        assert (shown["said"], shown["is_open"]) == ({"customer": "cus_1", "reason": "503"}, True)
        assert shown["cure"]
        status, told = await do(admin, "/problems/webhook_failed/acknowledge", {"reason": WHY}, as_=headers)
        (shown,) = [each for each in told["problems"] if each["code"] == "webhook_failed"]
        assert (status, shown["is_open"], shown["by"]) == (200, False, f"person {support.id}")
        found(None, "", {**seen, "timestamp": "2026-11-30T12:00:00Z"})
        await ProblemReporter(admin.node.stores.ledger.acts, admin.node.clock, "another", found).report()
        _, told, _ = await admin.ask("GET", "/admin/v1/problems", None, headers)
        assert [each["is_open"] for each in told["problems"] if each["code"] == "webhook_failed"] == [True]
        assert (await do(admin, "/problems/nothing/acknowledge", as_=headers))[0] == 404
        assert len(await admin.entries("problem.acknowledge")) == 1
        await admin.node.stores.ledger.acts.act([DocumentWrite(LOOKED_AT, "webhook_failed", b"")])
        _, told, _ = await admin.ask("GET", "/admin/v1/problems", None, headers)
        assert [each["by"] for each in told["problems"] if each["code"] == "webhook_failed"] == [None]


async def test_of_a_key_the_day_of_its_last_use_is_shown(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers, path = await admin.token(Action.KEY_READ), f"/admin/v1/customers/{admin.customer}/keys"
        _, told, _ = await admin.ask("GET", path, None, headers)
        assert "last_used" not in told["keys"][0]
        await admin.send()
        gatekeeper = admin.node.fronts.http.gatekeeper
        await KeyUses(admin.node.stores.ledger.acts, admin.node.clock, gatekeeper.take_used).write()
        _, told, _ = await admin.ask("GET", path, None, headers)
        assert told["keys"][0]["last_used"] == rfc3339(admin.node.clock.now_ms())[:10]
