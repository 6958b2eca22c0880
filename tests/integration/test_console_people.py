"""People and machines on the console: added, disabled, and taken again, by the platform and by a customer's own."""

from collections.abc import Mapping
from pathlib import Path

import aiohttp

from gateway.people.roles import Role
from tests.integration.admin_stage import Admin
from tests.integration.console_stage import Visitor
from tests.integration.test_console import running_console, visitor

NEW = {"name": "Canary Person", "email": "new.canary@example.com"}


async def _added(by: Visitor, path: str, form: Mapping[str, str]) -> tuple[str, str]:
    """The id and the password that the page shows."""
    status, page, headers = await by.post(path, form)
    assert (status, page.faults, headers["Cache-Control"]) == (200, [], "no-store"), page.text
    identifier, password = (each.partition("<")[0] for each in page.text.split('<code dir="ltr">')[2::2])
    return identifier, password


async def test_somebody_is_added_signs_in_with_what_was_shown_and_is_disabled(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        owner = await visitor(admin, client, Role.OWNER)
        person, password = await _added(owner, "/console/people", {**NEW, "roles.viewer": "on", "roles.auditor": "on"})
        _, page, _ = await owner.get("/console/people")
        assert (f"/console/people/{person}" in page.links, "canary" in page.text) == (True, False)
        assert (await _signed_in(admin, client, password))[0] == 303
        path = f"/console/people/{person}"
        assert (await owner.post(f"{path}/disable", {}))[0] == 303
        assert (await _signed_in(admin, client, password))[0] == 401
        assert (await owner.post(f"{path}/enable", {}))[0] == 303
        assert (await owner.post(f"{path}/roles", {"roles.support": "on"}))[0] == 303
        _, page, _ = await owner.get(path)
        assert ("Support" in page.text, page.faults) == (True, [])
        (again, other) = await _added(owner, f"{path}/reset", {})
        assert (again == person, other != password) == (True, True)
        assert [(await _signed_in(admin, client, each))[0] for each in (password, other)] == [401, 303]
        acts = [each["act"] for act in ("person.add", "person.disable") for each in await admin.entries(act)]
        assert acts.count("person.disable") == 1


async def _signed_in(admin: Admin, client: aiohttp.ClientSession, password: str) -> tuple[int, object, object]:
    form = {"email": NEW["email"], "password": password, "code": ""}
    return await Visitor(admin, client, {}).post("/console/sign-in", form)


async def test_nobody_does_to_oneself_what_takes_somebody_else(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        person, _ = await admin.person(Role.OWNER)
        owner = Visitor(admin, client, await admin.session(person))
        status, page, _ = await owner.get(f"/console/people/{person.id}")
        assert (status, {each[""] for each in page.forms}) == (200, {"/console/sign-out"})
        for word in ("disable", "enable", "roles", "reset"):
            status, _, _ = await owner.post(f"/console/people/{person.id}/{word}", {"roles.owner": "on"})
            assert status == 403, word
        assert (await owner.get("/console/own"))[0] == 200


async def test_a_customers_owner_has_to_do_with_its_own_people_alone(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        platform = await visitor(admin, client, Role.OWNER)
        owner = await visitor(admin, client, Role.CUSTOMER_OWNER)
        other, _ = await _added(platform, "/console/people", {**NEW, "roles.viewer": "on"})
        mine = {"name": "Mine", "email": "mine.canary@example.com", "roles.customer_viewer": "on"}
        _, page, _ = await owner.get("/console/people")
        form = next(each for each in page.forms if each[""] == "/console/people/of-customer")
        assert form["customer"] == admin.customer
        person, _ = await _added(owner, "/console/people/of-customer", {**mine, "customer": admin.customer})
        assert (await owner.post(f"/console/people/{person}/disable", {}))[0] == 303
        for word in ("disable", "enable", "roles", "customer-roles", "reset", "end-sessions"):
            status, _, _ = await owner.post(f"/console/people/{other}/{word}", {"roles.viewer": "on"} | mine)
            assert status == 404, word
        assert (await owner.get(f"/console/people/{other}"))[0] == 404
        elsewhere = {**mine, "email": "x@example.com", "customer": "cus_0000000000000000"}
        assert (await owner.post("/console/people/of-customer", elsewhere))[0] == 404
        rises = {**NEW, "email": "y@example.com", "roles.owner": "on"}
        assert (await owner.post("/console/people", rises))[0] == 400
        viewer = await visitor(admin, client, Role.CUSTOMER_VIEWER)
        assert (await viewer.post("/console/people/of-customer", {**elsewhere, "customer": admin.customer}))[0] == 403


async def test_what_cannot_be_taken_is_said_on_the_page_and_not_repeated_elsewhere(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        owner = await visitor(admin, client, Role.OWNER)
        for form in (
            NEW,
            {**NEW, "roles.viewer": "on", "email": "no address"},
            {**NEW, "roles.viewer": "on", "email": "owner.canary@example.com"},
            {**NEW, "roles.viewer": "on", "name": "\0"},
        ):
            status, page, _ = await owner.post("/console/people", form)
            assert (status, page.faults) == (400, [])
        assert [each["act"] for each in await admin.entries("person.password")] == []


async def test_a_machines_token_is_made_shown_once_and_revoked(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        owner = await visitor(admin, client, Role.OWNER)
        form = {"scopes": "system.read\noperator.read", "days": "1", "label": "watch"}
        status, page, _ = await owner.post("/console/tokens", form)
        assert (status, page.faults) == (200, [])
        token = "cgt_" + page.text.partition("cgt_")[2].partition("<")[0]
        held = {"Authorization": f"Bearer {token}"}
        assert (await admin.ask("GET", "/admin/v1/system", headers=held))[0] == 200
        _, page, _ = await owner.get("/console/tokens")
        assert (token in page.text, page.faults) == (False, [])
        revoke = next(each for each in page.forms if each[""].endswith("/revoke"))
        assert (await owner.post(revoke[""], revoke))[0] == 303
        assert (await admin.ask("GET", "/admin/v1/system", headers=held))[0] == 401
        for wrong in ({"days": "0"}, {"days": "367"}, {"scopes": "own.read"}, {"scopes": "all"}, {"label": "a\tb"}):
            assert (await owner.post("/console/tokens", {**form, **wrong}))[0] == 400, wrong
        assert (await owner.post("/console/tokens/token_nothing/revoke", {}))[0] == 404


async def test_one_corrects_ones_own_data_and_sees_what_was_changed(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        viewer = await visitor(admin, client, Role.CUSTOMER_VIEWER)
        status, _, headers = await viewer.post("/console/own/contact", {"name": "Other Name", "phone": "+966110000000"})
        assert (status, headers["Location"]) == (303, "/console/own?done=correct_own")
        _, page, _ = await viewer.get("/console/own")
        assert ("Other Name" in page.text, "+966110000000" in page.text, page.faults) == (True, True, [])
        assert "Name, Telephone" in page.text, "the history"
        assert (await viewer.post("/console/own/contact", {}))[0] == 400
        assert (await viewer.post("/console/own/contact", {"email": "none"}))[0] == 400
