"""Programs written for Twilio, pointed at a gateway: the unmodified SDK, in each way that it takes another host."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from config.settings import FacadeSettings, HttpSettings
from gateway.http_api.facades.twilio.sids import account_sid, message_of
from tests.integration.road_api import EVERY, api_on_road
from tests.unit.gateway.road import Road
from tests.unit.gateway.stage import FACADE_TOKEN, Answer, Stage, api_key, customer, facade_key

SID = account_sid("cus_1")
OTHER_TOKEN = "0000000e" + "c" * 24
ON = HttpSettings(port=0, facades=FacadeSettings(twilio=True))
T = TypeVar("T")


class ElsewhereClient(TwilioHttpClient):  # type: ignore[misc]
    """As docs/facades/twilio.md shows it."""

    def __init__(self, base: str, **options: Any) -> None:
        super().__init__(**options)
        self._base = urlsplit(base)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        there = urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc)
        return super().request(method, urlunsplit(there), *args, **kwargs)


class Programs:
    def __init__(self, stage: Stage, road: Road) -> None:
        self.stage = stage
        self.road = road
        self.base = f"http://127.0.0.1:{stage.port}"

    def by_client(self, user: str = SID, token: str = FACADE_TOKEN, account: str = SID) -> Client:
        """Way one: an HTTP client that swaps scheme and host."""
        return Client(user, token, account, http_client=ElsewhereClient(self.base))

    def by_base(self, **options: Any) -> Client:
        """Way two: another base of the API."""
        client = Client(SID, FACADE_TOKEN, **options)
        client.api.base_url = self.base
        return client

    def asynchronous(self) -> Client:
        return self.by_base(http_client=AsyncTwilioHttpClient())

    async def run(self, work: Callable[[], T]) -> T:
        """The SDK blocks."""
        return await asyncio.to_thread(work)

    async def ended(self, sid: str) -> None:
        """The message is taken back, so that it is at its end."""
        await self.road.settled()
        await self.road.dispatch.withdrawals.cancel(1, message_of(sid) or b"")

    async def sent(self, **fields: Any) -> Any:
        """One message, sent."""
        usual = {"to": "+966500000078", "from_": "INTERKEY", "body": "Hello"}
        client = self.by_base()
        return await self.run(lambda: client.messages.create(**(usual | fields)))


@asynccontextmanager
async def programs(folder: Path, **road: Any) -> AsyncIterator[Programs]:
    """Customer 1 with a key for Twilio's API and one for ours; customer 2 with one for Twilio's."""
    keys = (
        facade_key("twilio", classes=EVERY),
        api_key(classes=EVERY),
        facade_key("twilio", customer=2, token=OTHER_TOKEN, prefix=OTHER_TOKEN[:8]),
    )
    customers = (customer(), customer(public_id="cus_2"))
    async with api_on_road(folder, keys=keys, customers=customers, settings=ON, **road) as (stage, there):
        yield Programs(stage, there)


def basic(user: str = SID, token: str = FACADE_TOKEN) -> list[tuple[str, str]]:
    return [("Authorization", "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode())]


async def post(at: Programs, path: str, body: str, headers: list[tuple[str, str]]) -> Answer:
    """A form, with headers of one's own."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = f"POST {path} HTTP/1.1\r\nHost: g\r\n{lines}Content-Type: application/x-www-form-urlencoded\r\n"
    return await at.stage.send_bytes(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
