"""Cases by verbs beside a node that runs, and over its admin API."""

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from gateway.people.roles import Role
from tests.integration.admin_stage import Admin, running_admin
from tests.integration.test_subject_verbs import PERSON, of_file, told

CASES = "/admin/v1/cases"


async def step(admin: Admin, headers: dict[str, str], case: str, name: str, body: object = None) -> tuple[int, Any]:
    status, said, _ = await admin.ask("POST", f"{CASES}/{case}/{name}", body, headers)
    return status, said


async def test_a_case_is_taken_down_by_a_verb_and_executed_over_the_admin_api(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        message = await admin.send(to=PERSON)
        number = of_file(tmp_path, PERSON)
        words = ("case", "open", "erasure", "--channel", "phone", "--received-at", "2026-01-01T00:00:00Z")
        opened = await asyncio.to_thread(told, tmp_path, *words, "--number", number)
        assert (opened["state"], opened["due_at"], opened["overdue"]) == ("received", "2026-01-31T00:00:00.000Z", True)
        case = opened["case"]
        officer, _ = await admin.person(Role.PRIVACY_OFFICER)
        fresh, stale = await admin.session(officer), await admin.session(officer, ago_s=600)
        assert (await step(admin, fresh, case, "execute"))[1]["code"] == "proof_missing"
        assert "proof_missing" in await asyncio.to_thread(lambda: told(tmp_path, "case", "answer", case, code=1))
        status, said = await step(admin, fresh, case, "proof", {"proof": "document_seen"})
        assert (status, said["state"], said["decisions"][0]["by"]) == (200, "open", officer.id)
        assert (await step(admin, fresh, case, "extend", {"reason": "effort"}))[1]["code"] == "extension_too_late"
        assert (await step(admin, stale, case, "execute"))[1]["code"] == "proof_needed"
        status, done = await step(admin, fresh, case, "execute")
        assert (status, done["erased"]["messages"], done["case"]["state"]) == (200, 1, "answered")
        assert await admin.node.stores.ledger.messages.find_many([bytes.fromhex(message)]) == [None]
        shown = await asyncio.to_thread(told, tmp_path, "case", "show", case)
        assert (shown["messages"], len(shown["certificates"]), "number" in shown) == (1, 1, False)
        about = await asyncio.to_thread(told, tmp_path, "case", "show", case, "--content")
        assert about["number"] == PERSON
        assert (await asyncio.to_thread(told, tmp_path, "case", "close", case))["state"] == "closed"
        assert (await step(admin, fresh, case, "refuse", {"reason": "unfounded"}))[1]["code"] == "case_closed"
        steps = [each["what"] for each in await admin.entries("case.step")]
        assert steps == ["prove", "begin", "answer", "show"]
        entries = await admin.entries("case.open") + await admin.entries("case.close")
        assert [each["actor"]["kind"] for each in entries] == ["command_line", "command_line"]
        (erased,) = [each for each in await admin.entries("subject.erase") if each["res"] == "ok"]
        assert erased["obj"] == entries[0]["obj"]


async def test_whoever_belongs_to_a_customer_has_that_ones_cases_alone(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        await admin.send(to=PERSON)
        officer, _ = await admin.person(Role.PRIVACY_OFFICER)
        theirs, _ = await admin.person(Role.CUSTOMER_PRIVACY_OFFICER, customer=admin.customer, email="b@example.com")
        support, _ = await admin.person(Role.SUPPORT, email="c@example.com")
        viewer, _ = await admin.person(Role.VIEWER, email="d@example.com")
        everywhere, own = await admin.session(officer), await admin.session(theirs)
        asked = {"kind": "access", "channel": "email", "number": PERSON, "text": "canary words"}
        status, of_all, _ = await admin.ask("POST", CASES, asked, await admin.session(support))
        assert (status, of_all["customer"], of_all["state"]) == (201, None, "received")
        proven = asked | {"proof": "login"}
        assert (await admin.ask("POST", CASES, proven, await admin.session(support)))[0] == 403
        status, mine, _ = await admin.ask("POST", CASES, proven, own)
        assert (status, mine["customer"], mine["state"]) == (201, admin.customer, "open")
        assert "canary" not in json.dumps([of_all, mine])
        assert [each["id"] for each in (await admin.ask("GET", CASES, headers=own))[1]["cases"]] == [mine["id"]]
        listed = (await admin.ask("GET", f"{CASES}?state=received", headers=everywhere))[1]
        assert ([each["id"] for each in listed["cases"]], listed["cursor"]) == ([of_all["id"]], None)
        status, early, _ = await admin.ask("GET", f"{CASES}?due_before=2020-01-01T00:00:00Z", headers=everywhere)
        assert (status, early["cases"]) == (200, [])
        behind = (await admin.ask("GET", f"{CASES}?cursor={mine['id']}", headers=everywhere))[1]
        assert [each["id"] for each in behind["cases"]] == [of_all["id"]]
        for query in ("state=lost", "due_before=soon", "cursor=R-AAAAAAAAAAAAA"):
            assert (await admin.ask("GET", f"{CASES}?{query}", headers=everywhere))[1]["code"] == "invalid_parameter"
        assert (await admin.ask("GET", f"{CASES}/{of_all['id']}", headers=own))[0] == 404
        assert (await step(admin, own, of_all["id"], "refuse", {"reason": "unfounded"}))[0] == 404
        assert (await admin.ask("GET", CASES, headers=await admin.session(viewer)))[0] == 403
        status, done = await step(admin, own, mine["id"], "execute")
        assert (status, len(done["access"]["messages"]), done["erased"]) == (200, 1, None)
        assert (await step(admin, everywhere, of_all["id"], "refuse", {}))[1]["code"] == "reason_missing"
        other = {"kind": "access", "channel": "email", "number": PERSON, "customer": "cus_0000000000000000"}
        assert (await admin.ask("POST", CASES, other, everywhere))[0] == 404
        assert (await admin.ask("POST", CASES, other, own))[0] == 404
        bad = asked | {"number": "canary"}
        status, said, _ = await admin.ask("POST", CASES, bad, everywhere)
        assert (status, said["code"], "canary" in json.dumps(said)) == (400, "invalid_number", False)


async def test_a_package_takes_two_people_and_is_downloaded_once(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        message = await admin.send(to=PERSON)
        officer, _ = await admin.person(Role.PRIVACY_OFFICER)
        owner, _ = await admin.person(Role.OWNER, email="b@example.com")
        first, second = await admin.session(officer), await admin.session(owner)
        asked = {"kind": "copy", "channel": "email", "number": PERSON, "proof": "document_seen"}
        case = (await admin.ask("POST", CASES, asked, first))[1]["id"]
        wanted = {"action": "subject.export", "object": case, "reason": "as it was asked"}
        _, request, _ = await admin.ask("POST", "/admin/v1/requests", wanted, first)
        body = {"request": request["id"]}
        assert (await step(admin, first, case, "package", body))[1]["code"] == "request_closed"
        assert (await admin.ask("POST", f"/admin/v1/requests/{request['id']}/consent", None, second))[0] == 200
        assert (await step(admin, first, case, "package", {"request": "request_0"}))[0] == 404
        status, made = await step(admin, first, case, "package", body)
        assert (status, made["case"]) == (201, case)
        assert (await step(admin, first, case, "package", body))[1]["code"] == "request_closed"
        assert (await step(admin, first, case, "download", {"secret": "x"}))[0] == 404
        path = f"{CASES}/{case}/download"
        status, octets, headers = await admin.ask("POST", path, {"secret": made["secret"]}, first)
        assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, "application/zip", "no-store")
        with zipfile.ZipFile(io.BytesIO(octets)) as file:
            packed = json.loads(file.read("package.json"))
        assert [each["id"] for each in packed["messages"]] == [message]
        assert (await step(admin, first, case, "download", {"secret": made["secret"]}))[0] == 404
        secret = tmp_path / "secret"
        secret.write_text("wrong", "utf-8")
        words = ("case", "download", case, str(tmp_path / "package.zip"), "--secret", f"@{secret}")
        assert "not_found" in await asyncio.to_thread(lambda: told(tmp_path, *words, code=1))
        (exported,) = await admin.entries("export.make")
        assert (exported["actor"]["id"], exported["by2"]) == (officer.id, owner.id)
