"""A whole node with façades, an SMSC behind it and a server for callbacks beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.settings import FacadeSettings, HttpSettings, WebhookSettings
from gateway.accounts.customers import KeySettings
from gateway.accounts.key_secrets import password_of
from gateway.model.facades import FACADES
from operators.simulator import Faults
from redaction.personal import Purpose
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import Stage as Gateway
from tests.integration.smpp_stage import running_gateway
from tests.unit.gateway.stage import Answer, read_answer
from tests.unit.gateway.webhooks.receiver import Receiver, receiving


@dataclass
class FacadeStage:
    """user, password, token: of a key for every façade."""

    gateway: Gateway
    receiver: Receiver
    user: str
    password: str
    token: str
    key_id: int

    @property
    def hook(self) -> str:
        """Where callbacks may go."""
        return f"http://127.0.0.1:{self.receiver.port}/hook"

    async def ask(self, request: str, body: bytes = b"", *headers: str) -> Answer:
        """One request, given its first line without the version."""
        lines = [f"{request} HTTP/1.1", "Host: gateway", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        reader, writer = await asyncio.open_connection("127.0.0.1", self.gateway.node.fronts.http.listener.port)
        try:
            writer.write("\r\n".join((*lines, "", "")).encode() + body)
            return await read_answer(reader, head_only=request.startswith("HEAD"))
        finally:
            writer.close()

    async def until(self, holds: Callable[[], object]) -> None:
        """A claim about what happens elsewhere in this process."""
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                await asyncio.sleep(0.005)

    async def settled(self) -> None:
        """Nothing is left to be told."""
        async with asyncio.timeout(LIMIT_S):
            while await self.gateway.node.stores.ledger.outbox.size():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def facade_stage(folder: Path, faults: Faults | None = None, **more: Any) -> AsyncIterator[FacadeStage]:
    """On a node where every façade is switched on. more: further sections of its settings."""
    others = {
        "http": HttpSettings(port=0, facades=FacadeSettings(**dict.fromkeys(FacadeSettings.__struct_fields__, True))),
        "webhooks": WebhookSettings(allow_loopback=True),
        **more,
    }
    async with receiving() as receiver, running_gateway(folder, faults=faults, others=others) as gateway:
        key, secret = await gateway.accounts.add_key(
            gateway.customer, scopes=("send", "status"), settings=KeySettings(), facades=FACADES
        )
        await gateway.node.stores.directory.refresh()
        yield FacadeStage(gateway, receiver, key.prefix, password_of(secret), secret.reveal(Purpose.CREDENTIAL), key.id)
