"""What authorities are given: on an instrument, by two persons, with a register of it."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.people.roles import Role
from gateway.rights.disclosures import DISCLOSURE
from tests.integration.admin_stage import running_admin
from tests.integration.test_subject_verbs import OTHER, PERSON, of_file
from tests.integration.test_two_person_verbs import granted, verb

AUTHORITY = "canary court of Riyadh"
ORDER = "canary order 47, Law 15"


@pytest.mark.policy("P-20")
async def test_an_authority_is_given_what_two_persons_agreed_on_and_no_more(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        sent, _ = await admin.send(to=PERSON), await admin.send(to=OTHER)
        opened = await verb(tmp_path, "case", "open", "disclosure", "--channel", "letter")
        case, file = opened["case"], tmp_path / "given.json"
        authority, order = tmp_path / "authority", tmp_path / "order"
        authority.write_text(AUTHORITY, "utf-8")
        order.write_text(ORDER, "utf-8")
        words = ("disclosure", "make", case, str(file), "--authority", f"@{authority}", "--instrument", f"@{order}")
        scope = "--number", of_file(tmp_path, PERSON), "--texts", "--request"
        wrong = await granted(admin, "disclosure.make", "R-AAAAAAAAAAAAA", Role.PRIVACY_OFFICER, Role.OWNER)
        assert "request_closed" in await verb(tmp_path, *words, *scope, wrong, code=1)
        assert (file.exists(), await admin.node.stores.ledger.acts.of_kind(DISCLOSURE)) == (False, [])
        request = await granted(admin, "disclosure.make", case, Role.PRIVACY_OFFICER, Role.OWNER)
        nowhere = [str(tmp_path / "none" / "given.json") if each == str(file) else each for each in words]
        await verb(tmp_path, *nowhere, *scope, request, code=1)
        assert await admin.node.stores.ledger.acts.of_kind(DISCLOSURE) == []
        made = await verb(tmp_path, *words, *scope, request)
        assert made["messages"] == 1
        given = json.loads(file.read_text("utf-8"))
        assert (given["authority"], given["reference"], given["case"]) == (AUTHORITY, ORDER, case)
        (message,) = given["messages"]
        assert (message["id"], message["customer"], message["operator"]) == (sent, admin.customer, "loop")
        assert made["digest"] == sha256(file.read_bytes()).hexdigest()
        assert file.stat().st_mode & 0o077 == 0
        assert (await verb(tmp_path, "case", "show", case))["state"] == "answered"
        shown = await verb(tmp_path, "disclosure", "show", made["disclosure"])
        assert (shown["authority"], shown["reference"], shown["second"][:4]) == (AUTHORITY, ORDER, "usr_")
        assert [each["disclosure"] for each in await verb(tmp_path, "disclosure", "list")] == [made["disclosure"]]
        auditor, _ = await admin.person(Role.AUDITOR)
        _, listed, _ = await admin.ask("GET", "/admin/v1/disclosures", None, await admin.session(auditor))
        assert [each["digest"] for each in listed["disclosures"]] == [made["digest"]]
        (document,) = await admin.node.stores.ledger.acts.of_kind(DISCLOSURE)
        assert b"canary" not in document.octets
        entries = await admin.entries("disclosure.make")
        assert [each["res"] for each in entries] == ["intent", "ok"]
        assert "canary" not in json.dumps(entries)


async def test_what_still_waits_is_given_with_its_text_by_its_id(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        sent = await admin.send(to=PERSON)
        other = await verb(tmp_path, "case", "open", "complaint", "--channel", "letter")
        word = tmp_path / "word"
        word.write_text("court", "utf-8")
        words = ("--authority", f"@{word}", "--instrument", f"@{word}", "--message", sent, "--request", "request_1")
        file = str(tmp_path / "given.json")
        assert "not_found" in await verb(tmp_path, "disclosure", "make", other["case"], file, *words, code=1)
        assert "not_found" in await verb(tmp_path, "disclosure", "show", "disclosure_0", code=1)
