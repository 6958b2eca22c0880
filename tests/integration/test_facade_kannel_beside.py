"""The same requests to Kannel, where it is installed, and to the façade: what they answer is what the table says.

Without Kannel the façade is held to the answers that were seen of it.
"""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.kannel import PLACES
from benchmarks.ports import free_ports
from config.settings import FacadeSettings, HttpSettings
from gateway.process.children import start_mortal
from tests.bounds import LIMIT_S
from tests.integration.kannel_requests import CASES, Case
from tests.integration.road_api import EVERY, api_on_road
from tests.unit.gateway.stage import FACADE_TOKEN, facade_key, read_answer

ON = HttpSettings(port=0, facades=FacadeSettings(kannel=True))
USER, PASSWORD = FACADE_TOKEN[:8], FACADE_TOKEN[8:]
PROGRAMS = [shutil.which(each) or shutil.which(each, path=PLACES) for each in ("bearerbox", "smsbox")]
CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = {password}
status-password = {password}
smsbox-port = {box}
box-allow-ip = "127.0.0.1"
log-file = "{folder}/bearerbox.log"

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
smsbox-id = test
sendsms-port = {http}
sendsms-interface = 127.0.0.1
log-file = "{folder}/smsbox.log"

group = sendsms-user
username = {user}
password = {password}
concatenation = true
"""


async def ask(port: int, case: Case) -> tuple[int, str]:
    """Status and body."""

    def filled(text: str) -> str:
        return text.replace("{user}", USER).replace("{password}", PASSWORD)

    target = "/cgi-bin/sendsms" + (f"?{filled(case.query)}" if case.query else "")
    body = filled(case.body.decode()).encode()
    lines = [f"{case.method} {target} HTTP/1.1", "Host: gateway", "Connection: close"]
    lines += [f"{name}: {filled(value)}" for name, value in case.headers.items()]
    if case.method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write("\r\n".join((*lines, "", "")).encode() + body)
        answer = await read_answer(reader, head_only=case.method == "HEAD")
        return answer.status, answer.body.decode("latin-1")
    finally:
        writer.close()


async def test_the_facade_answers_as_the_table_says(tmp_path: Path) -> None:
    async with api_on_road(tmp_path, keys=(facade_key("kannel", classes=EVERY),), settings=ON) as (stage, _):
        told = {case.name: await ask(stage.port, case) for case in CASES}
    assert told == {case.name: case.here for case in CASES}


@pytest.mark.slow  # starts two programs; the test above holds the façade to the answers that were seen
@pytest.mark.skipif(None in PROGRAMS, reason="Kannel is not installed (on Debian: the package kannel)")
async def test_kannel_answers_as_the_table_says(tmp_path: Path) -> None:
    async with kannel(tmp_path) as ports:
        told = {case.name: await ask(ports.sendsms, case) for case in CASES}
    assert told == {case.name: case.kannel for case in CASES}


class Ports(NamedTuple):
    sendsms: int
    admin: int


@asynccontextmanager
async def kannel(folder: Path) -> AsyncIterator[Ports]:
    """A bearerbox, a smsbox, and a link that takes everything. PASSWORD is that of the admin port as well."""
    admin, box, smsc, http = free_ports(4)
    path = folder / "kannel.conf"
    path.write_text(
        CONFIGURATION.format(admin=admin, box=box, smsc=smsc, http=http, user=USER, password=PASSWORD, folder=folder)
    )
    children: list[subprocess.Popen[bytes]] = []
    link: asyncio.StreamWriter | None = None
    try:
        for program, port in zip(PROGRAMS, (box, http), strict=True):
            assert program is not None
            children.append(start_mortal([program, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            (await connected(port)).close()
        link = await connected(smsc)
        yield Ports(http, admin)
    finally:
        if link is not None:
            link.close()
        for each in reversed(children):
            each.kill()
            each.wait()


async def connected(port: int) -> asyncio.StreamWriter:
    """A connection, once somebody listens there."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            try:
                return (await asyncio.open_connection("127.0.0.1", port))[1]
            except OSError:
                await asyncio.sleep(0.05)
