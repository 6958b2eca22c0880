"""The support desk over the admin API: whose tickets are whose, who reads what, and what the disk has of it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.people.people import People
from gateway.people.roles import Action, Role
from tests.integration.admin_stage import Admin, running_admin
from tests.integration.test_subject_verbs import told

TICKETS = "/admin/v1/tickets"
SAID = "canary words about +966500000078, IBAN SA0380000000608010167519, code 4711"
MASKED = "canary words about [mobile], IBAN [iban], code [otp]"


async def opened(admin: Admin, headers: dict[str, str], **more: object) -> dict[str, Any]:
    body = {"topic": "delivery", "text": SAID, **more}
    status, said, _ = await admin.ask("POST", TICKETS, body, headers)
    assert status == 201, said
    return dict(said)


async def words(admin: Admin, headers: dict[str, str], ticket: str) -> tuple[int, list[str | None]]:
    status, said, _ = await admin.ask("GET", f"{TICKETS}/{ticket}/posts", None, headers)
    return status, [each["text"] for each in said.get("posts", [])]


@pytest.mark.policy("P-06")
async def test_a_ticket_is_masked_at_intake_sealed_and_read_by_those_who_answer(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        theirs, _ = await admin.person(Role.CUSTOMER_SUPPORT, customer=admin.customer, email="a@example.com")
        support, _ = await admin.person(Role.SUPPORT, email="b@example.com")
        auditor, _ = await admin.person(Role.AUDITOR, email="c@example.com")
        asks, answers, looks = [await admin.session(each) for each in (theirs, support, auditor)]
        ticket = await opened(admin, asks, customer=admin.customer)
        at = f"{TICKETS}/{ticket['id']}"
        assert (ticket["customer"], ticket["state"], ticket["posts"]) == (admin.customer, "open", 1)
        assert await words(admin, asks, ticket["id"]) == (200, [MASKED])
        assert (await words(admin, looks, ticket["id"]))[0] == 403
        assert (await admin.ask("GET", at, None, looks))[1] == ticket
        status, taken, _ = await admin.ask("POST", f"{at}/assign", None, answers)
        assert (status, taken["assigned"]) == (200, support.id)
        for body in ({"text": "asked +966500000078", "internal": True}, {"text": "it is on its way"}):
            assert (await admin.ask("POST", f"{at}/posts", body, answers))[0] == 201
        assert await words(admin, asks, ticket["id"]) == (200, [MASKED, "it is on its way"])
        assert await words(admin, answers, ticket["id"]) == (200, [MASKED, "asked [mobile]", "it is on its way"])
        refused = await admin.ask("POST", f"{at}/posts", {"text": "x", "internal": True}, asks)
        assert (refused[0], refused[1]["code"]) == (403, "not_allowed")
        assert (await admin.ask("POST", f"{at}/assign", None, asks))[0] == 403
        status, closed, _ = await admin.ask("POST", f"{at}/close", None, asks)
        assert (status, closed["state"]) == (200, "closed")
        assert (await admin.ask("POST", f"{at}/posts", {"text": "x"}, answers))[1]["code"] == "ticket_closed"
        steps = [each["what"] for each in await admin.entries("ticket.step")]
        assert steps == ["show", "assign", "note", "write", "show", "show", "close"]
        octets = await asyncio.to_thread(lambda: b"".join(each.read_bytes() for each in _files(tmp_path)))
        canaries = (b"canary words", b"500000078", b"0380000000608010167519", b"it is on its way")
        assert [each for each in canaries if each in octets] == []


def _files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


async def test_whoever_belongs_to_a_customer_has_that_ones_tickets_alone(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        theirs, _ = await admin.person(Role.CUSTOMER_OWNER, customer=admin.customer, email="a@example.com")
        owner, _ = await admin.person(Role.OWNER, email="b@example.com")
        asks, ours = await admin.session(theirs), await admin.session(owner)
        own, mine = await opened(admin, ours), await opened(admin, asks, message="0123456789abcdef" * 2)
        listed = (await admin.ask("GET", TICKETS, None, asks))[1]["tickets"]
        assert [each["id"] for each in listed] == [mine["id"]]
        assert (await admin.ask("GET", f"{TICKETS}/{own['id']}", None, asks))[0] == 404
        assert (await words(admin, asks, own["id"]))[0] == 404
        assert (await words(admin, ours, mine["id"]))[0] == 403, "an owner sees where tickets stand"
        for query, found in (
            ("state=open", {own["id"], mine["id"]}),
            (f"customer={admin.customer}", {mine["id"]}),
            (f"message={mine['message']}", {mine["id"]}),
            (f"assigned={owner.id}", set()),
        ):
            _, said, _ = await admin.ask("GET", f"{TICKETS}?{query}", None, ours)
            assert {each["id"] for each in said["tickets"]} == found, query
        for query in ("state=lost", "cursor=T-AAAAAAAAAAAAA", "text=x"):
            assert (await admin.ask("GET", f"{TICKETS}?{query}", None, ours))[1]["code"].endswith("parameter")
        for more in ({"customer": "cus_0000000000000000"}, {"topic": "gossip"}, {"text": ""}, {"message": "x"}):
            body = {"topic": "delivery", "text": SAID, **more}
            assert (await admin.ask("POST", TICKETS, body, ours))[0] in (400, 404), more
        machine = await admin.token(Action.TICKET_OPEN, Action.TICKET_READ)
        by_machine = await opened(admin, machine, customer=admin.customer)
        assert by_machine["by"].startswith("token_")
        assert (await words(admin, machine, by_machine["id"]))[0] == 403


async def test_erasing_a_person_ends_its_words_and_a_customer_that_leaves_takes_its_tickets_along(
    tmp_path: Path,
) -> None:
    async with running_admin(tmp_path) as admin:
        theirs, _ = await admin.person(Role.CUSTOMER_SUPPORT, customer=admin.customer, email="a@example.com")
        support, _ = await admin.person(Role.SUPPORT, email="b@example.com")
        asks, answers = await admin.session(theirs), await admin.session(support)
        ticket = (await opened(admin, asks))["id"]
        await admin.ask("POST", f"{TICKETS}/{ticket}/posts", {"text": "ours"}, answers)
        await People(admin.node.stores.people, COMMAND_LINE).erase(theirs.id)
        assert await words(admin, answers, ticket) == (200, [None, "ours"])
        said = await asyncio.to_thread(told, tmp_path, "ticket", "show", ticket, "--content")
        assert [each["text"] for each in said["written"]] == [None, "ours"]
        listed = await asyncio.to_thread(told, tmp_path, "ticket", "list", "--customer", admin.customer)
        assert [each["ticket"] for each in listed] == [ticket]
        assert "unknown_person" in await asyncio.to_thread(
            lambda: told(tmp_path, "ticket", "assign", ticket, "--person", theirs.id, code=1)
        )
