"""The verbs of desired state over the admin API: set, shown with by whom and why, and applied."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.control.figures import figures
from gateway.model.message import Status
from gateway.node.reporting import reporter
from gateway.people.people import People
from gateway.people.record import Contact
from gateway.people.roles import Action, Role
from redaction.personal import MessageText
from tests.bounds import LIMIT_S
from tests.integration.admin_stage import Admin, running_admin

WHY = {"reason": "ticket 4711, canary of a reason"}
LATE = (400, "invalid_value", "until")
LOOP = "/admin/v1/operators/loop"
ALL = (*(each for each in Action if each.startswith(("operator.", "system."))), Action.AUDIT_READ)


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not await look():
            await asyncio.sleep(0.02)


async def set_(admin: Admin, path: str, headers: Mapping[str, str], **body: object) -> dict[str, Any]:
    """Do a verb, and wait until every process has applied it."""
    status, told, answered = await admin.ask("POST", f"/admin/v1/{path}", WHY | body, headers)
    assert status == 202, told
    assert answered["ETag"] == f'"{told["version"]}"'
    shown = path.rpartition("/")[0]

    async def is_applied() -> bool:
        _, read, _ = await admin.ask("GET", f"/admin/v1/{'nodes' if 'nodes/' in path else shown}", headers=headers)
        found = read["nodes"][0]["wanted"] if "nodes/" in path else read.get("wanted", read)
        assert found["version"] == told["version"]
        return bool(found["applied"]) and all(each["current"] for each in found["applied"])

    await until(is_applied)
    assert isinstance(told, dict)
    return told


@pytest.mark.parametrize(
    ("verb", "body", "wanted", "act"),
    [
        ("pause", {}, {"state": "paused"}, "operator.pause"),
        ("drain", {}, {"state": "draining"}, "operator.drain"),
        ("rebind", {}, {"state": "on", "rebinds": 1}, "operator.rebind"),
        ("throughput", {"per_s": 20}, {"throughput_per_s": 20.0}, "operator.throughput"),
        ("reroute", {"to": "spare"}, {"state": "paused", "reroute_to": "spare"}, "operator.reroute"),
        ("resume", {}, {"state": "on"}, "operator.resume"),
    ],
)
async def test_an_operator_is_steered_and_everything_says_by_whom_why_and_who_applied_it(
    tmp_path: Path, verb: str, body: dict[str, object], wanted: dict[str, object], act: str
) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(*ALL)
        told = await set_(admin, f"operators/loop/{verb}", headers, **body)
        assert {name: told[name] for name in wanted} == wanted
        status, shown, answered = await admin.ask("GET", LOOP, headers=headers)
        assert (status, answered["ETag"]) == (200, f'"{told["version"]}"')
        assert shown["wanted"]["by"].startswith("token token_")
        assert shown["wanted"]["reason"] == WHY["reason"]
        assert [(each["node"], each["worker"]) for each in shown["links"]] == [("first", 1)]
        (entry,) = await admin.entries(act)
        assert entry["actor"]["kind"] == "token"
        assert len(entry["why"]) == 64
        assert "canary" not in json.dumps(entry)


async def test_a_paused_operator_says_so_and_gets_what_waited_once_it_is_resumed(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(*ALL)
        await set_(admin, "operators/loop/pause", headers)
        _, shown, _ = await admin.ask("GET", LOOP, headers=headers)
        assert shown["state"] == "paused"
        sending = asyncio.create_task(admin.send())

        messages = admin.node.stores.messages

        async def stands() -> bool:
            page = await messages.list_messages(1, status=None, since_ms=None, cursor=None, limit=2)
            return [each.status for each in page.messages] == [Status.ACCEPTED]

        await until(stands)
        await set_(admin, "operators/loop/resume", headers)
        await sending


async def test_of_an_operator_the_figures_of_all_processes_are_told(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        _, shown, _ = await admin.ask("GET", LOOP, headers=await admin.token(*ALL))
        told = shown["figures"]
        assert (told["binds_up"], told["errors"], told["sent_per_s"]) == (1, {}, [0.0, 0.0, 0.0])
        process = reporter(admin.node.stores, admin.node.road, admin.node.clock, 1)
        await process.reports()
        await admin.send()
        found = figures("loop", await process.reports())
        assert all(found.sent_per_s)
        assert all(found.answered_within_s)


async def test_a_verb_with_if_match_is_done_over_that_version_alone(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(*ALL)
        _, _, answered = await admin.ask("GET", LOOP, headers=headers)
        seen = answered["ETag"]
        assert seen == '"0"'
        assert (await admin.ask("POST", f"{LOOP}/pause", WHY, headers | {"If-Match": seen}))[0] == 202
        status, told, _ = await admin.ask("POST", f"{LOOP}/resume", WHY, headers | {"If-Match": seen})
        assert (status, told["code"]) == (412, "version_stale")
        _, shown, answered = await admin.ask("GET", LOOP, headers=headers)
        assert (shown["wanted"]["state"], answered["ETag"] == seen) == ("paused", False)
        for form in ("1", 'W/"1"', '"1", "2"', '"-1"', ""):
            status, told, _ = await admin.ask("POST", f"{LOOP}/resume", WHY, headers | {"If-Match": form})
            assert (status, told["code"]) == (400, "invalid_if_match"), form
        assert (await admin.ask("POST", f"{LOOP}/resume", WHY, headers | {"If-Match": "*"}))[0] == 202
        assert len(await admin.entries("operator.resume")) == 1


async def test_who_may_not_change_it_nor_read_the_audit_log_is_not_told_why(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        people = People(admin.node.stores.people, COMMAND_LINE)
        for verb in ("operators/loop/pause", "accepting/off", "dispatch/off", "nodes/first/drain"):
            assert (await admin.ask("POST", f"/admin/v1/{verb}", WHY, await admin.token(*ALL)))[0] == 202
        for number, (role, tells) in enumerate(
            ((Role.SUPPORT, False), (Role.DEVELOPER, False), (Role.OPERATIONS, True), (Role.AUDITOR, True))
        ):
            contact = Contact(name=MessageText("Person"), email=MessageText(f"p{number}@example.com"))
            headers = await admin.session(await people.add(contact, [role]))
            for path in ("operators/loop", "accepting", "dispatch", "nodes"):
                status, told, _ = await admin.ask("GET", f"/admin/v1/{path}", headers=headers)
                assert status == 200
                assert ("canary of a reason" in json.dumps(told)) is tells, (role, path)


async def test_a_node_is_drained_and_taken_back(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(*ALL)
        assert (await set_(admin, "nodes/first/drain", headers))["draining"] is True
        _, told, _ = await admin.ask("GET", "/admin/v1/nodes", headers=headers)
        (node,) = told["nodes"]
        assert (node["name"], node["wanted"]["draining"], len(node["processes"])) == ("first", True, 1)
        assert (await admin.ask("GET", "/readyz"))[0] == 503
        assert (await set_(admin, "nodes/first/resume", headers))["draining"] is False
        assert (await admin.ask("GET", "/readyz"))[0] == 200
        status, told, _ = await admin.ask("POST", "/admin/v1/nodes/second/drain", WHY, headers)
        assert (status, told["code"]) == (404, "not_found")
        assert [each["what"] for each in await admin.entries("node.drain")] == ["on", "off"]


@pytest.mark.parametrize("what", ["accepting", "dispatch"])
async def test_all_nodes_stop_taking_or_sending_and_begin_again(tmp_path: Path, what: str) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(*ALL)
        assert (await set_(admin, f"{what}/off", headers))["on"] is False
        _, told, _ = await admin.ask("GET", f"/admin/v1/{what}", headers=headers)
        assert (told["on"], told["reason"]) == (False, WHY["reason"])
        assert (await set_(admin, f"{what}/on", headers))["on"] is True
        await admin.send()
        assert len(await admin.entries(what)) == 2


async def test_what_makes_no_sense_is_named_and_changes_nothing(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(*ALL)
        for path, body, expected in (
            ("nowhere/pause", WHY, (404, "not_found", None)),
            ("loop/pause", {"reason": " "}, (400, "empty_field", "reason")),
            ("loop/pause", {"reason": "a\u0007"}, (400, "forbidden_character", "reason")),
            ("loop/pause", {"reason": "a" * 201}, (400, "field_too_long", "reason")),
            ("loop/reroute", WHY | {"to": "loop"}, (400, "invalid_value", "to")),
            ("loop/reroute", WHY | {"to": "nowhere"}, (400, "invalid_value", "to")),
            ("loop/throughput", WHY, (400, "missing_field", "per_s")),
            ("loop/throughput", WHY | {"per_s": 0}, (400, "wrong_type", "per_s")),
            ("loop/throughput", WHY | {"per_s": 1e-320}, (400, "wrong_type", "per_s")),
            ("loop/throughput", WHY | {"per_s": 5, "until": "soon"}, (400, "wrong_type", "until")),
            ("loop/throughput", WHY | {"per_s": 5, "until": "9999-12-31T23:59:60Z"}, (400, "wrong_type", "until")),
            ("loop/throughput", WHY | {"per_s": 5, "until": "2001-01-01T00:00:00Z"}, (400, "invalid_value", "until")),
            (
                "loop/throughput",
                WHY | {"per_s": None, "until": "2099-01-01T00:00:00Z"},
                (400, "invalid_value", "until"),
            ),
        ):
            status, told, _ = await admin.ask("POST", f"/admin/v1/operators/{path}", body, headers)
            assert (status, told["code"], told.get("field")) == expected, path
        assert (await admin.ask("GET", LOOP, headers=headers))[2]["ETag"] == '"0"'
