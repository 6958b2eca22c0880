"""A node that serves pages for everybody, an SMSC behind it, and whoever reads the pages over real sockets."""

import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

import aiohttp

from config.loader import load
from gateway.node.node import Node
from tests.integration.file_places import FILES
from tests.scripted_smsc import ScriptedSmsc, scripted_smsc

NUMBER: Final = "0509876543"
MORE: Final = """
[http]
port = 0
[metrics]
enabled = false
[admin]
port = 0
[privacy]
controller = "Sender LLC, Riyadh"
contact = "privacy@sender.sa"
stores.country = "SA"
[pages]
enabled = true
count_views = true
security_contact = "mailto:security@sender.sa"
[rights]
sender = "SENDER"
[[operators]]
kind = "smpp"
name = "north"
host = "127.0.0.1"
port = {port}
system_id = "gateway"
register.tunnel = true
register.country = "DE"
register.contract_reference = "C-7"
register.transfer_record = "T-1"
register.safeguard = "SCC"
register.risk_assessment = "R-1"
[[routes]]
prefix = "9665"
operators = ["north"]
"""


class Site:
    """url: of the pages. folder: of the settings and stores."""

    def __init__(self, node: Node, smsc: ScriptedSmsc, client: aiohttp.ClientSession, folder: Path) -> None:
        self.node = node
        self.url: Final = f"http://127.0.0.1:{node.fronts.http.listener.port}"
        self.folder = folder
        self._smsc = smsc
        self._client = client

    async def get(self, path: str, **headers: str) -> tuple[int, str, Mapping[str, str]]:
        async with self._client.get(self.url + path, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text(), answer.headers

    async def post(self, path: str, form: Mapping[str, str], **headers: str) -> tuple[int, str, Mapping[str, str]]:
        async with self._client.post(self.url + path, data=form, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text(), answer.headers

    async def code(self, count: int = 1) -> str:
        """That of the message which reached the SMSC as the last of so many."""
        await self._smsc.until(lambda: len(self._codes()) >= count)
        return self._codes()[count - 1]

    def _codes(self) -> list[str]:
        bodies = (each.body for each in self._smsc.taken if each.command == "submit_sm")
        return [found[1].decode() for body in bodies if (found := re.search(rb"data: ([0-9]{6})\n", body))]


@contextlib.asynccontextmanager
async def served(folder: Path, more: str = "") -> AsyncIterator[Site]:
    """more: TOML behind the settings."""
    async with scripted_smsc() as smsc, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        path = folder / "gateway.toml"
        path.write_text(FILES.format(folder) + MORE.format(port=smsc.port) + more, "utf-8")
        node = Node(load(path, {}))
        try:
            await node.start()
            yield Site(node, smsc, client, folder)
        finally:
            await node.stop()


def reference_in(page: str) -> str:
    found = re.search(r"R-[A-Z2-7]{13}-[A-Z2-7]{16}", page)
    assert found is not None
    return found[0]
