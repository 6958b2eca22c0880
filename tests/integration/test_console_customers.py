"""A customer's own people on the console: what is theirs, and nothing of another customer."""

from pathlib import Path

import msgspec

from gateway.accounts.administration import Profile
from gateway.accounts.settings import CustomerSettings
from gateway.audit.actor import NODE
from gateway.console.screens import SCREENS
from gateway.console.verbs import VERBS
from gateway.people.roles import CUSTOMER_ROLES, Role
from gateway.transparency.notice import Notice
from gateway.transparency.versions import Versions
from redaction.personal import MessageText
from tests.integration.admin_stage import Admin
from tests.integration.test_console import running_console, visitor

OTHER = "cus_0000000000000000"


async def test_pages_and_forms_of_another_customer_are_as_those_of_none(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        other = await _other_customer(admin)
        for role in sorted(CUSTOMER_ROLES):
            visits = await visitor(admin, client, Role(role))
            for path in (each.path for each in SCREENS if each.of_customer):
                answers = [await visits.get(path.replace("{id}", each)) for each in (other, OTHER)]
                assert {(status, page.text.replace(other, OTHER)) for status, page, _ in answers} == {
                    (404, answers[1][1].text)
                }, (role, path)
        for verb in (each for each in VERBS.values() if each.path.startswith("/console/customers/{id}/")):
            form = {each.name: "1" for each in verb.fields}
            owner = await visitor(admin, client, Role.CUSTOMER_OWNER, f"by.{verb.name.replace('_', '.')}")
            status, page, _ = await owner.post(verb.path.replace("{id}", other), form)
            assert (status in (400, 403, 404), admin.customer in page.text) == (True, False), verb.name


async def _other_customer(admin: Admin) -> str:
    made = await admin.accounts.add_customer(Profile(name=MessageText("Other")), CustomerSettings())
    await admin.node.stores.directory.refresh()
    return made.public_id


async def _told(admin: Admin, words: str) -> int:
    """A version of the notice; its number."""
    stores = admin.node.stores
    versions = Versions(stores.ledger.acts, admin.node.clock, NODE)
    newest = await versions.newest()
    before = Notice() if newest is None else newest.notice
    return (await versions.keep(msgspec.structs.replace(before, contact=words), tells_purposes=True)).number


async def test_a_customer_says_that_it_read_the_notice_and_it_is_no_consent(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        number = await _told(admin, "privacy@sender.sa")
        path = f"/console/customers/{admin.customer}/notice"
        owner = await visitor(admin, client, Role.CUSTOMER_OWNER)
        platform = await visitor(admin, client, Role.OWNER)
        _, page, _ = await platform.get(path)
        assert ("privacy@sender.sa" in page.text, f"{path}-read" in {each[""] for each in page.forms}) == (True, False)
        assert (await platform.post(f"{path}-read", {"notice": str(number)}))[0] == 403, "nobody says it for them"
        for wrong, expected in ((str(number + 1), 412), ("-1", 412), ("x", 400), ("", 400)):
            assert (await owner.post(f"{path}-read", {"notice": wrong}))[0] == expected, wrong
        _, page, _ = await owner.get(path)
        form = next(each for each in page.forms if each[""] == f"{path}-read")
        assert (await owner.post(form[""], form))[0] == 303
        _, page, _ = await owner.get(path)
        assert ("somebody said that it was read" in page.text, page.faults) == (True, [])
        (entry,) = await admin.entries("notice.give")
        assert ("read" in str(entry), await admin.entries("consent.grant")) == (True, [])


async def test_first_requests_name_the_own_sender_and_no_key(tmp_path: Path) -> None:
    async with running_console(tmp_path) as (admin, client):
        developer = await visitor(admin, client, Role.CUSTOMER_DEVELOPER)
        status, page, _ = await developer.get(f"/console/customers/{admin.customer}/start")
        assert (status, page.faults, "cgk_" in page.text) == (200, [], False)
        assert page.text.count("BRAND") == 2
        status, page, _ = await developer.get("/console/codes")
        assert (status, "invalid_number" in page.text, "0000000b" in page.text) == (200, True, True)
