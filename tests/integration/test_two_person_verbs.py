"""What takes two persons: asked and consented to over the admin API, done by a verb, once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.model.times import rfc3339
from gateway.people.roles import Role
from tests.integration.admin_stage import Admin, running_admin
from tests.integration.test_subject_verbs import OTHER, PERSON, of_file, shown, told

REQUESTS = "/admin/v1/requests"


async def granted(admin: Admin, action: str, obj: str, *roles: Role) -> str:
    """A request of one person, to which another one has consented."""
    mine, _ = await admin.person(roles[0], email=f"{obj}.{action}.a@example.com")
    theirs, _ = await admin.person(roles[1], email=f"{obj}.{action}.b@example.com")
    body = {"action": action, "object": obj, "reason": "order 47"}
    status, made, _ = await admin.ask("POST", REQUESTS, body, await admin.session(mine))
    assert (status, made["state"]) == (201, "open"), made
    path = f"{REQUESTS}/{made['id']}/consent"
    assert (await admin.ask("POST", path, None, await admin.session(mine)))[0] == 403
    assert (await admin.ask("POST", path, None, await admin.session(theirs)))[0] == 200
    return str(made["id"])


async def verb(folder: Path, *words: str, code: int = 0) -> Any:
    return await asyncio.to_thread(lambda: told(folder, *words, code=code))


@pytest.mark.case("privacy-3")
async def test_a_customer_that_leaves_is_erased_by_two_persons_beside_a_running_node(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        gone = [await admin.send(to=PERSON), await admin.send(to=OTHER)]
        words = ("customer", "erase", admin.customer, "--request")
        assert "unknown_person" in await verb(tmp_path, *words, "request_0000000000000000", code=1)
        wrong = await granted(admin, "hold.place", admin.customer, Role.PRIVACY_OFFICER, Role.OWNER)
        assert "request_closed" in await verb(tmp_path, *words, wrong, code=1)
        request = await granted(admin, "customer.destroy", admin.customer, Role.OWNER, Role.PRIVACY_OFFICER)
        done = await verb(tmp_path, *words, request)
        assert done["messages"] == 2
        assert "request_closed" in await verb(tmp_path, *words, request, code=1)
        ledger = admin.node.stores.ledger
        assert await ledger.messages.find_many([bytes.fromhex(each) for each in gone]) == [None, None]
        await admin.node.stores.directory.refresh()
        assert await shown(admin, gone[0]) in {401, 403}
        (stored,) = await ledger.accounts.customers()
        assert (stored.account, stored.disabled_ms is None) == (b"", False)
        said = [(each["res"], each["by2"][:4]) for each in await admin.entries("customer.erase")]
        assert said == [("intent", "usr_"), ("ok", "usr_")]


async def test_a_hold_is_placed_extended_and_released_by_two_persons(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        await admin.send(to=PERSON)
        citation = tmp_path / "citation"
        citation.write_text("order 47 of the court", "utf-8")
        pair = (Role.PRIVACY_OFFICER, Role.OWNER)
        request = await granted(admin, "hold.place", admin.customer, *pair)
        until = rfc3339(admin.node.clock.now_ms() + 30 * 86_400_000)
        words = (
            "--until",
            until,
            "--citation",
            f"@{citation}",
            "--number",
            of_file(tmp_path, PERSON),
            "--request",
            request,
        )
        placed = await verb(tmp_path, "hold", "place", admin.customer, *words)
        assert (placed["state"], placed["messages"]) == ("standing", 1)
        done = await verb(tmp_path, "subject", "erase", "--number", of_file(tmp_path, PERSON))
        assert (done["messages"], done["held"]) == (1, 1)
        request = await granted(admin, "hold.lift", placed["hold"], *pair)
        ended = await verb(tmp_path, "hold", "release", placed["hold"], "--request", request)
        assert (ended["state"], ended["certificate"][:5]) == ("released", "cert_")
        assert [each["state"] for each in await verb(tmp_path, "hold", "list")] == ["released"]
