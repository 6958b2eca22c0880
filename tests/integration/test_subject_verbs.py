"""What people may ask for, by verbs beside a node that runs."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from redaction.personal import Purpose
from tests.integration.admin_stage import Admin, running_admin
from tests.integration.test_message_verbs import CONFIG
from tests.verbs import VERBS

PERSON = "+966500000078"
OTHER = "+966500000079"


def told(folder: Path, *words: str, code: int = 0) -> Any:
    config = folder / "gateway.toml"
    config.write_text(CONFIG.replace('[audit]\ndir = "audit"\n', ""), "utf-8")  # as the node has it
    done = VERBS.run((*words, "--json"), {**os.environ, "CONNECT_GATEWAY_CONFIG": str(config)})
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if code == 0 else done.stderr


def of(folder: Path, *numbers: str) -> str:
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
        held = await asyncio.to_thread(told, tmp_path, "subject", "access", "--number", of(tmp_path, PERSON))
        (row,) = held["messages"]
        assert (row["id"], row["customer"], row["operator"]) == (gone, admin.customer, "loop")
        assert held["complete"]
        assert "canary" not in json.dumps(held)
        done = await asyncio.to_thread(told, tmp_path, "subject", "erase", "--number", of(tmp_path, PERSON))
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
        words = ("subject", "erase", "--number", of(tmp_path, PERSON, "05-canary-1"))
        error = await asyncio.to_thread(lambda: told(tmp_path, *words, code=1))
    assert ("line 2" in error, "invalid_number" in error, "canary" in error) == (True, True, False)
