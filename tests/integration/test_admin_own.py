"""One's own credentials and sessions over the admin API: passkeys, password, authenticator, what ends what."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyotp
import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.http_api.admin.gate import FORM_TOKEN
from gateway.people.people import People
from gateway.people.record import Contact, Person
from gateway.people.roles import Action, Role
from gateway.people.sessions import FRESH_MS
from redaction.personal import MessageText, Secret
from tests.integration.admin_stage import CANARY, PASSWORD, Admin, running_admin
from tests.unit.gateway.people.office import ORIGIN, Authenticator

RUBBISH: tuple[dict[str, object], ...] = ({}, {"id": 1}, {"response": []})
PASSKEYS = f'[admin.passkeys]\norigin = "{ORIGIN}"\n'


async def said(admin: Admin, method: str, path: str, body: object, headers: Mapping[str, str]) -> Any:
    """Of an answer that is a success."""
    status, told, _ = await admin.ask(method, f"/admin/v1{path}", body, headers)
    assert status in {200, 201, 204}, told
    return told


async def refused(admin: Admin, method: str, path: str, body: object, headers: Mapping[str, str]) -> str:
    _, told, _ = await admin.ask(method, f"/admin/v1{path}", body, headers)
    return str(told["code"])


async def registered(admin: Admin, headers: Mapping[str, str], name: str) -> tuple[Authenticator, str]:
    """A new passkey of whoever is signed in, and its id."""
    authenticator = Authenticator()
    begun = await said(admin, "POST", "/own/passkeys/begin", None, headers)
    credential = json.loads(authenticator.create(json.dumps(begun["options"])))
    made = await said(admin, "POST", "/own/passkeys", {"name": name, "credential": credential}, headers)
    return authenticator, made["id"]


async def by_passkey(admin: Admin, authenticator: Authenticator) -> tuple[int, Any, dict[str, str]]:
    begun = await said(admin, "POST", "/session/passkey/begin", None, {})
    credential = json.loads(authenticator.get(json.dumps(begun["options"])))
    status, told, headers = await admin.ask("POST", "/admin/v1/session/passkey", {"credential": credential})
    own = {}
    if status == 201:
        own = {"Cookie": headers["Set-Cookie"].partition(";")[0], FORM_TOKEN: told["form_token"]}
    return status, told, own


async def test_a_passkey_is_registered_named_signs_in_and_goes(tmp_path: Path) -> None:
    async with running_admin(tmp_path, more=PASSKEYS) as admin:
        person, _ = await admin.person(Role.SUPPORT)
        headers = await admin.session(person)
        other = await admin.session(person)
        authenticator, identifier = await registered(admin, headers, "canary telephone")
        assert await refused(admin, "GET", "/session", None, other) == "not_signed_in"
        status, told, own = await by_passkey(admin, authenticator)
        assert (status, told["person"], told["has_second_factor"]) == (201, person.id, True)
        (shown,) = (await said(admin, "GET", "/own/passkeys", None, own))["passkeys"]
        assert (shown["id"], shown["name"]) == (identifier, "canary telephone")
        assert shown["used_at"] >= shown["created_at"]
        path = f"/own/passkeys/{identifier}"
        assert (await said(admin, "POST", f"{path}/name", {"name": "desk"}, own))["name"] == "desk"
        assert await refused(admin, "POST", f"{path}/name", {"name": " "}, own) == "empty_field"
        assert await refused(admin, "POST", "/own/passkeys/passkey_00/name", {"name": "x"}, own) == "not_found"
        await said(admin, "DELETE", path, None, own)
        assert await said(admin, "GET", "/own/passkeys", None, own) == {"passkeys": [], "offered": True}
        status, told, _ = await by_passkey(admin, authenticator)
        assert (status, told["code"]) == (401, "sign_in_refused")
        acts = [(each["obj"], each["actor"]["id"]) for each in await admin.entries("person.passkey")]
        assert acts == [(person.id, person.id)] * 3
        stored = b"".join(each.read_bytes() for each in (tmp_path / "data").glob("**/*") if each.is_file())
        assert b"canary telephone" not in stored


async def test_an_answer_that_was_not_asked_for_or_comes_again_registers_and_signs_in_nobody(tmp_path: Path) -> None:
    async with running_admin(tmp_path, more=PASSKEYS) as admin:
        person, _ = await admin.person(Role.SUPPORT)
        headers = await admin.session(person)
        begun = await said(admin, "POST", "/own/passkeys/begin", None, headers)
        credential = json.loads(Authenticator("https://evil.example").create(json.dumps(begun["options"])))
        body = {"name": "one", "credential": credential}
        assert await refused(admin, "POST", "/own/passkeys", body, headers) == "passkey_refused"
        authenticator, _ = await registered(admin, headers, "one")
        options = (await said(admin, "POST", "/session/passkey/begin", None, {}))["options"]
        body = {"credential": json.loads(authenticator.get(json.dumps(options)))}
        await said(admin, "POST", "/session/passkey", body, {})
        assert await refused(admin, "POST", "/session/passkey", body, {}) == "sign_in_refused"
        for rubbish in RUBBISH:
            assert await refused(admin, "POST", "/session/passkey", {"credential": rubbish}, {}) == "sign_in_refused"
        crossed = {"Sec-Fetch-Site": "cross-site"}
        assert await refused(admin, "POST", "/session/passkey", body, crossed) == "form_token_missing"
        assert await refused(admin, "POST", "/session", {}, crossed) == "form_token_missing"
        machine = await admin.token(Action.OPERATOR_READ)
        assert await refused(admin, "POST", "/own/passkeys/begin", None, machine) == "not_allowed"


async def test_without_an_origin_there_are_no_passkeys(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        person, _ = await admin.person(Role.SUPPORT)
        headers = await admin.session(person)
        assert await refused(admin, "POST", "/session/passkey/begin", None, {}) == "passkeys_off"
        assert await refused(admin, "POST", "/own/passkeys/begin", None, headers) == "passkeys_off"


async def newcomer(admin: Admin, role: Role) -> Person:
    """With a password alone."""
    people = People(admin.node.stores.people, COMMAND_LINE)
    added = await people.add(Contact(name=MessageText("Person"), email=MessageText(CANARY)), [role])
    await people.set_password(added.id, Secret(PASSWORD))
    return added


async def test_who_has_a_password_alone_sets_up_a_second_factor_and_then_does_what_the_role_may(tmp_path: Path) -> None:
    async with running_admin(tmp_path, more=PASSKEYS) as admin:
        await newcomer(admin, Role.OPERATIONS)
        status, told, got = await admin.ask("POST", "/admin/v1/session", {"email": CANARY, "password": PASSWORD})
        assert (status, told["has_second_factor"]) == (201, False)
        headers = {"Cookie": got["Set-Cookie"].partition(";")[0], FORM_TOKEN: told["form_token"]}
        assert await refused(admin, "GET", "/operators", None, headers) == "not_allowed"
        begun = await said(admin, "POST", "/own/totp/begin", None, headers)
        assert await refused(admin, "POST", "/own/totp", {"code": "000000"}, headers) == "invalid_value"
        code = pyotp.TOTP(begun["secret"]).at(admin.node.clock.now_ms() // 1000)
        assert len((await said(admin, "POST", "/own/totp", {"code": code}, headers))["recovery_codes"]) == 10
        await said(admin, "GET", "/operators", None, headers)
        assert await refused(admin, "DELETE", "/own/totp", None, headers) == "last_factor"
        _, identifier = await registered(admin, headers, "one")
        await said(admin, "DELETE", "/own/totp", None, headers)
        assert await refused(admin, "DELETE", f"/own/passkeys/{identifier}", None, headers) == "last_factor"
        assert await refused(admin, "POST", "/own/password", {"password": "short"}, headers) == "password_weak"
        await said(admin, "POST", "/own/password", {"password": "another long word 11"}, headers)
        await said(admin, "GET", "/operators", None, headers)


@pytest.mark.parametrize("means", ["password", "passkey"])
async def test_a_proof_that_is_old_is_given_again(tmp_path: Path, means: str) -> None:
    async with running_admin(tmp_path, more=PASSKEYS) as admin:
        person, secret = await admin.person(Role.SUPPORT)
        authenticator, _ = await registered(admin, await admin.session(person), "one")
        headers = await admin.session(await admin.node.stores.people.get(person.id), ago_s=FRESH_MS // 1000 + 60)
        assert await refused(admin, "POST", "/own/passkeys/begin", None, headers) == "proof_needed"
        if means == "password":
            code = pyotp.TOTP(secret).at(admin.node.clock.now_ms() // 1000)
            wrong = {"password": "wrong", "code": code}
            assert await refused(admin, "POST", "/session/proof", wrong, headers) == "sign_in_refused"
            await said(admin, "POST", "/session/proof", wrong | {"password": PASSWORD}, headers)
        else:
            options = (await said(admin, "POST", "/session/passkey/begin", None, {}))["options"]
            body = {"credential": json.loads(authenticator.get(json.dumps(options)))}
            bare = {"Cookie": headers["Cookie"]}
            assert await refused(admin, "POST", "/session/proof/passkey", body, bare) == "form_token_missing"
            await said(admin, "POST", "/session/proof/passkey", body, headers)
        await said(admin, "POST", "/own/passkeys/begin", None, headers)


async def test_ones_own_sessions_are_listed_and_ended_and_nobody_elses(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        person, _ = await admin.person(Role.VIEWER)
        stranger, _ = await admin.person(Role.OWNER, email="another@example.com")
        theirs = await admin.session(stranger)
        own, second, third = [await admin.session(person) for _ in range(3)]
        listed = (await said(admin, "GET", "/own/sessions", None, own))["sessions"]
        assert sorted(each["current"] for each in listed) == [False, False, True]
        foreign = (await said(admin, "GET", "/own/sessions", None, theirs))["sessions"][0]["id"]
        assert await refused(admin, "DELETE", f"/own/sessions/{foreign}", None, own) == "not_found"
        (current,) = [each["id"] for each in listed if each["current"]]
        assert await refused(admin, "DELETE", f"/own/sessions/{current}", None, own) == "not_found"
        (mine,) = [
            each["id"]
            for each in (await said(admin, "GET", "/own/sessions", None, second))["sessions"]
            if each["current"]
        ]
        await said(admin, "DELETE", f"/own/sessions/{mine}", None, own)
        assert await refused(admin, "GET", "/session", None, second) == "not_signed_in"
        assert await said(admin, "POST", "/own/sessions/end-others", None, own) == {"ended": 1}
        assert await refused(admin, "GET", "/session", None, third) == "not_signed_in"
        await said(admin, "GET", "/session", None, own)
        await said(admin, "GET", "/session", None, theirs)
        ended = [each["n"]["ended"] for each in await admin.entries("person.sessions")]
        assert ended == [1, 1]
