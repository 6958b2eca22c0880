"""The same requests to Jasmin, where it is installed, and to the façade: what they answer is what the table says.

Without Jasmin the façade is held to the answers that were seen of it.
"""

import asyncio
import json
import re
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from benchmarks.jasmin import JasminMissing, JasminTarget, programs
from config.settings import FacadeSettings, HttpSettings
from operators.simulator import Simulator
from tests.integration.jasmin_requests import CASES, JSON, Case, Said
from tests.integration.road_api import EVERY, api_on_road
from tests.unit.gateway.stage import FACADE_TOKEN, facade_key

ON = HttpSettings(port=0, facades=FacadeSettings(jasmin=True))
_ID = re.compile(r'"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"')


async def ask(client: aiohttp.ClientSession, port: int, case: Case, user: str, password: str) -> Said:
    def filled(text: str) -> str:
        return text.replace("{user}", user).replace("{password}", password)

    body = filled(case.form).encode()
    query = f"?{filled(case.query)}" if case.query else ""
    url = URL(f"http://127.0.0.1:{port}{case.path}{query}", encoded=True)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    async with client.request("POST" if body else "GET", url, data=body or None, headers=headers) as answer:
        return answer.status, answer.content_type, _ID.sub('"…"', await answer.text())


async def answers(port: int, user: str, password: str) -> dict[str, Said]:
    """What is answered to each, with the user's name as the table has it, and JSON without blanks."""
    found: dict[str, Said] = {}
    async with aiohttp.ClientSession() as client:
        told = {case.name: await ask(client, port, case, user, password) for case in CASES}
    for name, (status, media, body) in told.items():
        said = json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")) if media == JSON else body
        found[name] = status, media, said.replace(user, "{user}")
    return found


async def test_the_facade_answers_as_the_table_says(tmp_path: Path) -> None:
    async with api_on_road(tmp_path, keys=(facade_key("jasmin", classes=EVERY),), settings=ON) as (stage, _):
        found = await answers(stage.port, FACADE_TOKEN[:8], FACADE_TOKEN[8:])
    assert found == {case.name: case.here for case in CASES}
    assert len(found) >= 40


def _is_missing() -> bool:
    try:
        programs()
    except JasminMissing:
        return True
    return False


@pytest.mark.slow  # starts three programs; the test above holds the façade to the answers that were seen
@pytest.mark.skipif(_is_missing(), reason="Jasmin, RabbitMQ or Redis is not installed")
async def test_jasmin_answers_as_the_table_says(tmp_path: Path) -> None:
    smsc = Simulator(password="")
    await smsc.start()
    jasmin = JasminTarget(tmp_path)
    try:
        await asyncio.to_thread(jasmin.start, smsc.port, None)
        found = await answers(jasmin.port, "bench", "bench")
    finally:
        await asyncio.to_thread(jasmin.stop)
        await smsc.stop()
    assert found == {case.name: case.jasmin for case in CASES}
