"""What people may ask for, by verbs beside a node that runs."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.administration import Accounts
from gateway.accounts.settings import KeySettings
from gateway.audit.actor import COMMAND_LINE
from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.rows import Consent, Proof
from gateway.keystore.permission_keys import PermissionKeys
from gateway.model.times import rfc3339
from gateway.node.node import Node
from gateway.people.roles import Role
from redaction.personal import Msisdn, Purpose
from tests.integration.admin_stage import Admin, running_admin
from tests.integration.test_message_verbs import CONFIG
from tests.verbs import run_verb

PERSON = "+966500000078"
OTHER = "+966500000079"


def told(folder: Path, *words: str, code: int = 0) -> Any:
    config = folder / "gateway.toml"
    config.write_text(CONFIG.replace('[audit]\ndir = "audit"\n', ""), "utf-8")  # as the node has it
    done = run_verb((*words, "--json"), {**os.environ, "CONNECT_GATEWAY_CONFIG": str(config)})
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if code == 0 else done.stderr


def of_file(folder: Path, *numbers: str) -> str:
    file = folder / "numbers.txt"
    file.write_text("\n".join(numbers) + "\n", "utf-8")
    return f"@{file}"


async def shown(admin: Admin, identifier: str) -> int:
    url = f"http://127.0.0.1:{admin.node.fronts.http.listener.port}/v1/messages/{identifier}"
    headers = {"Authorization": f"Bearer {admin._key.reveal(Purpose.CREDENTIAL)}"}
    async with admin._client.get(url, headers=headers) as answer:
        return answer.status


@pytest.mark.case("privacy-3")
@pytest.mark.policy("P-34")
async def test_a_person_is_erased_beside_a_running_node(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        gone, stays = await admin.send(to=PERSON), await admin.send(to=OTHER)
        held = await asyncio.to_thread(told, tmp_path, "subject", "access", "--number", of_file(tmp_path, PERSON))
        (row,) = held["messages"]
        assert (row["id"], row["customer"], row["operator"]) == (gone, admin.customer, "loop")
        assert held["complete"]
        assert "canary" not in json.dumps(held)
        done = await asyncio.to_thread(told, tmp_path, "subject", "erase", "--number", of_file(tmp_path, PERSON))
        assert (done["messages"], done["customers"]) == (1, [admin.customer])
        assert [each["operator"] for each in done["operators_to_tell"]] == ["loop"]
        assert [await shown(admin, each) for each in (gone, stays)] == [404, 200]
        assert [each["res"] for each in await admin.entries("subject.erase")] == ["intent", "ok"]
        (certificate,) = done["certificates"]
        file = str(tmp_path / "certificate.zip")
        show = ("audit", "certificate", "show", certificate)
        assert (await asyncio.to_thread(told, tmp_path, *show, file))["counts"]["messages"] == 1
        assert "file_exists" in await asyncio.to_thread(lambda: told(tmp_path, *show, file, code=1))
        said = await asyncio.to_thread(told, tmp_path, "audit", "certificate", "verify", file)
        assert (said["id"], said["customer"]) == (certificate, admin.customer)
        listed = await asyncio.to_thread(told, tmp_path, "audit", "certificate", "list")
        assert [each["id"] for each in listed] == [certificate]


async def test_a_line_that_is_no_number_is_named_and_not_repeated(tmp_path: Path) -> None:
    async with running_admin(tmp_path):
        words = ("subject", "erase", "--number", of_file(tmp_path, PERSON, "05-canary-1"))
        error = await asyncio.to_thread(lambda: told(tmp_path, *words, code=1))
    assert ("line 2" in error, "invalid_number" in error, "canary" in error) == (True, True, False)


async def test_a_message_is_erased_once_and_is_not_there_any_more(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        gone, stays = await admin.send(to=PERSON), await admin.send(to=PERSON)
        done = await asyncio.to_thread(told, tmp_path, "message", "erase", gone)
        assert done["messages"] == 1
        assert [await shown(admin, each) for each in (gone, stays)] == [404, 200]
        error = await asyncio.to_thread(lambda: told(tmp_path, "message", "erase", gone, code=1))
        assert "unknown_message" in error
        intent, outcome = await admin.entries("message.erase")
        assert (intent["obj"], outcome["res"]) == (f"msg_{gone}", "ok")


async def asked(admin: Admin, path: str, body: object, scopes: tuple[str, ...] = ("subjects",)) -> tuple[int, Any]:
    node = admin.node
    accounts = accounts_of(node)
    customer = node.stores.directory.number_of(admin.customer)
    assert customer is not None
    _, key = await accounts.add_key(customer, scopes=scopes, settings=KeySettings())
    await node.stores.directory.refresh()
    url = f"http://127.0.0.1:{node.fronts.http.listener.port}{path}"
    headers = {"Authorization": f"Bearer {key.reveal(Purpose.CREDENTIAL)}"}
    async with admin._client.post(url, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


def accounts_of(node: Node) -> Accounts:
    stores = node.stores
    return Accounts(
        stores.ledger.accounts,
        node.clock,
        COMMAND_LINE,
        sealer=stores.sealer,
        ensure_keys=stores.keyring.ensure_customer,
        digest=stores.keyring.credential_digest,
        epoch=stores.keyring.credential_epoch,
    )


@pytest.mark.case("privacy-3")
async def test_a_customer_asks_about_its_own_people_over_its_api(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        gone, other = await admin.send(to=PERSON), await admin.send(to=OTHER)
        body = {"number": PERSON, "case": "4711"}
        assert (await asked(admin, "/v1/subjects/erase", body, ("status",)))[1]["code"] == "scope_missing"
        status, held = await asked(admin, "/v1/subjects/access", body)
        assert (status, [each["id"] for each in held["messages"]]) == (200, [gone])
        status, done = await asked(admin, "/v1/subjects/erase", body)
        assert (status, done["messages"], done["operators_to_tell"][0]["operator"]) == (200, 1, "loop")
        assert [await shown(admin, each) for each in (gone, other)] == [404, 200]
        (entry,) = [each for each in await admin.entries("subject.erase") if each["res"] == "ok"]
        assert (entry["actor"]["kind"], entry["customer"]) == ("key", admin.customer)
        assert "4711" not in json.dumps(entry)
        assert (await asked(admin, f"/v1/messages/{other}/erase", None))[1]["messages"] == 1
        assert (await asked(admin, f"/v1/messages/{other}/erase", None))[0] == 404
        status, told = await asked(admin, "/v1/subjects/erase", {"number": "canary"})
        assert (status, told["code"], "canary" in json.dumps(told)) == (400, "invalid_number", False)


async def test_the_privacy_officer_erases_at_every_customer_and_a_customers_own_at_that_one(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        platform, _ = await admin.person(Role.PRIVACY_OFFICER)
        theirs, _ = await admin.person(Role.CUSTOMER_PRIVACY_OFFICER, customer=admin.customer, email="b@example.com")
        own, everywhere = await admin.session(theirs), await admin.session(platform)
        message = await admin.send(to=PERSON)
        body = {"number": PERSON, "customer": "cus_0000000000000000"}
        assert (await admin.ask("POST", "/admin/v1/subjects/access", body, own))[0] == 404
        status, held, _ = await admin.ask("POST", "/admin/v1/subjects/access", {"number": PERSON}, own)
        assert (status, [each["id"] for each in held["messages"]]) == (200, [message])
        erase = {"numbers": [PERSON, OTHER], "case": "R-1"}
        status, done, _ = await admin.ask("POST", "/admin/v1/subjects/erase", erase, everywhere)
        assert (status, done["messages"], done["customers"]) == (200, 1, [admin.customer])
        again = await admin.send(to=PERSON)
        path = f"/admin/v1/messages/{again}/erase"
        stale = await admin.session(platform, ago_s=600)
        assert (await admin.ask("POST", path, None, stale))[1]["code"] == "proof_needed"
        assert (await admin.ask("POST", path, None, own))[0] == 200
        assert (await admin.ask("POST", path, None, everywhere))[0] == 404


@pytest.mark.case("privacy-14")
async def test_contact_data_of_a_customer_is_shown_and_corrected_with_its_history(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        words, file = ("customer", "correct", admin.customer), tmp_path / "email"
        file.write_text("canary.desk@example.com", "utf-8")
        before = await asyncio.to_thread(told, tmp_path, "customer", "show", admin.customer)
        assert (before["name"], before["email"], before["corrections"]) == ("Example", None, [])
        after = await asyncio.to_thread(told, tmp_path, *words, "--email", f"@{file}")
        assert (after["name"], after["email"]) == ("Example", "canary.desk@example.com")
        assert [each.split()[1:] for each in after["corrections"]] == [["email", "command_line"]]
        gone = await asyncio.to_thread(told, tmp_path, *words, "--email", "none")
        assert (gone["email"], len(gone["corrections"])) == (None, 2)
        error = await asyncio.to_thread(lambda: told(tmp_path, *words, "--email", "no address", code=1))
        assert "invalid_value" in error
        assert "no address" not in error
        assert len(await admin.entries("customer.read")) == 1
        assert [each["what"] for each in await admin.entries("customer.correct")] == ["email", "email"]
        assert b"canary.desk" not in b"".join(
            each.read_bytes() for each in tmp_path.rglob("*") if each.is_file() and each != file
        )


async def test_people_object_and_are_restricted_by_what_consent_knows_of_them(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        stores = admin.node.stores
        customer = stores.directory.number_of(admin.customer)
        assert customer is not None
        tokens = PermissionKeys(stores.keyring).tokens
        consents = ConsentDesk(stores.ledger.permissions, tokens, admin.node.clock, COMMAND_LINE)
        of, person, other = Of(customer, admin.customer), Msisdn(PERSON[1:], 966), Msisdn(OTHER[1:], 966)
        given_ms = admin.node.clock.now_ms() - 60_000
        for each in (person, other):
            await consents.give(of, each, Consent(purpose="promotional", proof=Proof(given_ms=given_ms)))
        words = ("subject", "object", "--number", of_file(tmp_path, PERSON))
        done = await asyncio.to_thread(told, tmp_path, *words)
        assert (done["customers"], done["not_enforced_at"]) == ([admin.customer], [admin.customer])
        until = rfc3339(admin.node.clock.now_ms() + 86_400_000)
        later = ("subject", "restrict", "--until", until, "--number", of_file(tmp_path, OTHER))
        assert (await asyncio.to_thread(told, tmp_path, *later))["withdrawn"] == 0
        objected, restricted = await consents.show(of, person), await consents.show(of, other)
        assert not any(each.is_given for each in objected.consents)
        assert [each.until_ms for each in objected.suppressions] == [0]
        assert [each.is_given for each in restricted.consents] == [True]
        assert [each.until_ms > 0 for each in restricted.suppressions] == [True]
        await asyncio.to_thread(told, tmp_path, "subject", "erase", "--number", of_file(tmp_path, PERSON, OTHER))
        assert [(await consents.show(of, each)).consents for each in (person, other)] == [[], []]
