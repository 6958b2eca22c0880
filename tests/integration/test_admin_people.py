"""People, tokens and requests over the admin API, and one's own account."""

import json
from pathlib import Path

import msgspec
import pyotp
import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.people.people import People
from gateway.people.record import Contact, Person
from gateway.people.requests import Requests
from gateway.people.roles import CUSTOMER_ROLES, Action, Role, may, may_consent
from redaction.personal import MessageText
from tests.integration.admin_stage import CANARY, PASSWORD, Admin, running_admin


async def added(admin: Admin, name: str, *roles: Role, customer: str = "") -> Person:
    contact = Contact(name=MessageText("Canary Person"), email=MessageText(f"{name}@example.com"))
    return await People(admin.node.stores.people, COMMAND_LINE).add(contact, roles, customer)


async def test_people_and_tokens_are_listed_without_contact_data_and_secrets(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        owner = await added(admin, "owner", Role.OWNER)
        other = await added(admin, "other", Role.CUSTOMER_OWNER, customer=admin.customer)
        await People(admin.node.stores.people, COMMAND_LINE).disable(other.id)
        headers = await admin.session(owner)
        status, told, _ = await admin.ask("GET", "/admin/v1/people", headers=headers)
        assert status == 200
        assert {each["id"]: (each["state"], each["roles"]) for each in told["people"]} == {
            owner.id: ("enabled", ["owner"]),
            other.id: ("disabled", ["customer_owner"]),
        }
        assert "example.com" not in json.dumps(told)
        assert "Canary" not in json.dumps(told)
        token = (await admin.token(Action.OPERATOR_READ))["Authorization"].removeprefix("Bearer ")
        status, told, _ = await admin.ask("GET", "/admin/v1/tokens", headers=headers)
        (shown,) = told["tokens"]
        assert (status, shown["state"], shown["scopes"]) == (200, "live", ["operator.read"])
        assert token.startswith(f"cgt_{shown['id'].removeprefix('token_')}_")
        assert token not in json.dumps(told)


async def test_whoever_belongs_to_a_customer_sees_its_people_and_requests_alone(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        officer = await added(admin, "officer", Role.PRIVACY_OFFICER)
        own = await added(admin, "own", Role.CUSTOMER_OWNER, customer=admin.customer)
        asking = await added(admin, "asking", Role.CUSTOMER_PRIVACY_OFFICER, customer=admin.customer)
        requests, why = Requests(admin.node.stores.people), MessageText("why")
        await requests.ask(officer, Action.HOLD_LIFT, "hold_0123456789abcdef", why)
        mine = await requests.ask(asking, Action.SUBJECT_EXPORT, "case_0123456789abcdef", why, customer=admin.customer)
        headers = await admin.session(own)
        _, told, _ = await admin.ask("GET", "/admin/v1/people", headers=headers)
        assert {each["id"] for each in told["people"]} == {own.id, asking.id}
        _, told, _ = await admin.ask("GET", "/admin/v1/requests", headers=headers)
        assert [each["id"] for each in told["requests"]] == [mine.id]
        _, told, _ = await admin.ask("GET", "/admin/v1/requests", headers=await admin.session(officer))
        assert len(told["requests"]) == 2


async def test_one_reads_all_of_ones_own_account_and_the_audit_log_says_so(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        person, secret = await admin.person(Role.VIEWER)
        headers = await admin.signed_in(secret)
        status, told, _ = await admin.ask("GET", "/admin/v1/own", headers=headers)
        assert (status, told["id"], told["email"]) == (200, person.id, CANARY)
        assert (told["has_password"], told["has_totp"], told["passkeys"]) == (True, True, 0)
        assert [each["current"] for each in told["sessions"]] == [True]
        assert [(each["outcome"], each["means"]) for each in told["sign_ins"]] == [("ok", "totp")]
        (entry,) = await admin.entries("person.read")
        assert (entry["obj"], entry["actor"]["id"]) == (person.id, person.id)
        status, told, _ = await admin.ask("GET", "/admin/v1/own", headers=await admin.token(Action.PERSON_READ))
        assert (status, told["code"]) == (403, "not_allowed")


@pytest.mark.parametrize(("verb", "state", "act"), [
    ("consent", "granted", "request.consent"),
    ("refuse", "refused", "request.refuse"),
])  # fmt: skip
async def test_by_every_role_a_request_is_decided_as_the_table_says(
    tmp_path: Path, verb: str, state: str, act: str
) -> None:
    async with running_admin(tmp_path) as admin:
        asking = await added(admin, "asking", Role.PRIVACY_OFFICER)
        requests = Requests(admin.node.stores.people)
        deciding = []
        for role in Role:
            owner = admin.customer if role in CUSTOMER_ROLES else ""
            person = await added(admin, role.value, role, customer=owner)
            action = Action.SUBJECT_EXPORT
            asked = await requests.ask(
                asking, action, "case_0123456789abcdef", MessageText("canary reason"), customer=admin.customer
            )
            headers = await admin.session(person)
            path = f"/admin/v1/requests/{asked.id}/{verb}"
            status, told, _ = await admin.ask("POST", path, headers=headers)
            if may([role], Action.REQUEST_READ, True) and may_consent([role], action, owner != ""):
                assert (status, told["state"], told["second"]) == (200, state, person.id), (role, told)
                assert told["reason"] == "canary reason"
                status, told, _ = await admin.ask("POST", path, headers=headers)
                assert (status, told["code"]) == (409, "request_closed")
                deciding.append(person.id)
            else:
                assert (status, told["code"]) == (403, "not_allowed"), (role, told)
        assert len(deciding) == 4
        assert [each["actor"]["id"] for each in await admin.entries(act)] == deciding


async def test_nobody_decides_ones_own_request_nor_does_a_machine_and_consent_takes_a_fresh_proof(
    tmp_path: Path,
) -> None:
    async with running_admin(tmp_path) as admin:
        asking = await added(admin, "asking", Role.PRIVACY_OFFICER)
        asked = await Requests(admin.node.stores.people).ask(
            asking, Action.HOLD_LIFT, "hold_0123456789abcdef", MessageText("why")
        )
        path = f"/admin/v1/requests/{asked.id}/consent"
        for headers in (await admin.session(asking), await admin.token(Action.REQUEST_READ)):
            status, told, _ = await admin.ask("POST", path, headers=headers)
            assert (status, told["code"]) == (403, "not_allowed")
        second = await added(admin, "second", Role.OWNER)
        headers = await admin.session(second)
        _, told, _ = await admin.ask("GET", "/admin/v1/requests", headers=headers)
        assert (told["requests"][0]["yours_to_decide"], told["requests"][0]["reason"]) == (True, "why")
        unknown = path.replace(asked.id, "request_0123456789abcdef")
        status, told, _ = await admin.ask("POST", unknown, headers=headers)
        assert (status, told["code"]) == (404, "not_found")
        headers = await admin.session(second, ago_s=6 * 60)
        status, told, _ = await admin.ask("POST", path, headers=headers)
        assert (status, told["code"]) == (403, "proof_needed")


async def test_a_cursor_that_is_none_is_refused(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(Action.PERSON_READ, Action.TOKEN_READ, Action.REQUEST_READ)
        for path in ("people", "tokens", "requests"):
            status, told, _ = await admin.ask("GET", f"/admin/v1/{path}?cursor=x", headers=headers)
            assert (status, told["code"], told["field"]) == (400, "invalid_parameter", "cursor")


async def test_people_and_tokens_of_a_disabled_customer_are_refused_until_it_is_enabled(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        stores = admin.node.stores
        own, secret = await admin.person(Role.CUSTOMER_OWNER, customer=admin.customer)
        owner = await admin.session(await added(admin, "owner", Role.OWNER))
        theirs = [await admin.session(own), await admin.token(Action.CUSTOMER_READ, customer=admin.customer)]
        path, code = f"/admin/v1/customers/{admin.customer}", pyotp.TOTP(secret).now()
        attempt = {"email": CANARY, "password": PASSWORD, "code": code}
        for disabled_ms, answers in ((1, (401, 401)), (None, (200, 201))):
            (standing,) = await stores.ledger.accounts.customers()
            changed = msgspec.structs.replace(standing, disabled_ms=disabled_ms)
            await stores.ledger.accounts.save_customer(changed, read=standing.version)
            await stores.directory.refresh()
            for headers in theirs:
                assert (await admin.ask("GET", path, headers=headers))[0] == answers[0]
            assert (await admin.ask("POST", "/admin/v1/session", attempt))[0] == answers[1]
            assert (await admin.ask("GET", path, headers=owner))[0] == 200
