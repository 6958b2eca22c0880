"""The pictures of docs/pictures: screens of the console over a gateway with made-up data, at a time that stands still.

    python -m tests.pictures [FOLDER]        docs/pictures unless told otherwise

Time and random ids are the same in every run, so a picture changes where a page did; ids that are drawn by several at
once may come in another order.
"""

import asyncio
import math
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.stored import message_of
from gateway.accounts.administration import Profile
from gateway.accounts.settings import CustomerSettings
from gateway.ledger.contract import Accept, Change
from gateway.model.message import Message, Status
from gateway.people.roles import PLATFORM_ROLES, Role
from gateway.process.clock import SystemClock
from redaction.personal import MessageText
from tests.browser import chromium, looking
from tests.integration.admin_stage import Admin, running_admin

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "pictures"
AT_MS: Final = 1_796_029_200_000
"""30 November 2026, 12:00 in Riyadh."""
HOUR_MS: Final = 3_600_000
SIZE: Final = {"width": 1040, "height": 520}
LARGEST: Final = 100_000
"""Octets of a picture."""
CUSTOMERS: Final = ("Bank of the North", "Qasim Logistics", "Clinic on the Corniche")


class Picture(msgspec.Struct, frozen=True):
    name: str
    path: str
    lang: str = "en"
    theme: str = "light"


PICTURES: Final[Sequence[Picture]] = (
    Picture("now", "/console/"),
    Picture("operator", "/console/operators/loop", theme="dark"),
    Picture("traffic", "/console/traffic?by=hour"),
    Picture("message", "/console/messages/{message}"),
    Picture("customer", "/console/customers/{customer}/access", lang="ar"),
    Picture("webhooks", "/console/webhooks"),
    Picture("rules", "/console/rules", lang="ar"),
    Picture("privacy", "/console/privacy", lang="ar", theme="dark"),
    Picture("case", "/console/cases/{case}"),
    Picture("ticket", "/console/tickets/{ticket}"),
    Picture("audit", "/console/audit"),
    Picture("nodes", "/console/nodes", lang="ar"),
)


class StillClock(SystemClock):
    """Wall time stands still; monotonic time goes on. random: the same in every run."""

    def __init__(self) -> None:
        super().__init__()
        self._draw: Final = random.Random(4711)

    def now_ms(self) -> int:
        return AT_MS

    def wall_ms(self) -> int:
        return AT_MS

    def steady_ms(self) -> int:
        return AT_MS

    def random(self, size: int) -> bytes:
        return self._draw.randbytes(size)


def _past() -> list[Message]:
    """Of the last day: few at night, many in the evening; one in twenty did not arrive."""
    found = list[Message]()
    for hour in range(24, 0, -1):
        at_ms = AT_MS - hour * HOUR_MS
        count = round(26 + 22 * math.cos((24 - hour - 9) / 24 * 2 * math.pi))
        for number in range(count):
            message = message_of(number + hour * 100, at_ms + number * 1_000, AT_MS, 1 + number % 3 % 2)
            status = Status.UNDELIVERED if number % 20 == 19 else Status.DELIVERED
            found.append(msgspec.structs.replace(message, operator="loop", status=status, content=None))
    return found


async def _seeded(admin: Admin) -> tuple[str, dict[str, str]]:
    """The cookie of somebody who may see everything, and an id of each kind of thing that a picture shows."""
    for name in CUSTOMERS:
        await admin.accounts.add_customer(Profile(name=MessageText(name)), CustomerSettings(senders={"NORTH": ()}))
    past = _past()
    new = [msgspec.structs.replace(each, status=Status.ACCEPTED, final_ms=None) for each in past]
    await admin.node.stores.ledger.apply([Accept(each) for each in new])
    await admin.node.stores.ledger.apply([Change(message=each, links=()) for each in past])
    message = await admin.send(reference="4711")
    person, _ = await admin.person(*(each for each in Role if each in PLATFORM_ROLES))
    headers = await admin.session(person)
    asked = {
        "topic": "delivery",
        "text": "Reference 4711 has not arrived. It went to +966500000078, with code 483920.",
        "customer": admin.customer,
        "message": message,
    }
    ticket = await _post(admin, "/admin/v1/tickets", asked, headers)
    answer = {"text": "The operator throttled until 11:40. It was sent again and is delivered."}
    await _post(admin, f"/admin/v1/tickets/{ticket}/posts", answer, headers)
    case = {"kind": "access", "channel": "phone", "number": "+966500000078", "proof": "document_seen"}
    kinds = {"message": message, "customer": admin.customer, "ticket": ticket}
    return headers["Cookie"], kinds | {"case": await _post(admin, "/admin/v1/cases", case, headers)}


async def _post(admin: Admin, path: str, body: object, headers: dict[str, str]) -> str:
    status, said, _ = await admin.ask("POST", path, body, headers)
    if status >= 400:
        raise RuntimeError(f"{path}: {said}")
    return str(said["id"])


async def _take(page: Any, admin: Admin, picture: Picture, kinds: dict[str, str], folder: Path) -> int:
    """How many octets it has."""
    await page.emulate_media(color_scheme=picture.theme, reduced_motion="reduce")
    await page.goto(f"{admin.url}/console/own?lang={picture.lang}")
    await page.goto(admin.url + picture.path.format(**kinds))
    file = folder / f"{picture.name}.png"
    await page.screenshot(path=str(file), animations="disabled", caret="hide")
    return file.stat().st_size


async def draw(folder: Path, pictures: Sequence[Picture] = PICTURES) -> dict[str, int]:
    """Octets of each, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pictures-") as place:
        async with running_admin(Path(place), clock=StillClock()) as admin, chromium() as browser:
            cookie, kinds = await _seeded(admin)
            async with looking(browser, admin.url, cookie) as page:
                await page.set_viewport_size(SIZE)
                return {each.name: await _take(page, admin, each, kinds, folder) for each in pictures}


def main(folder: Path) -> int:
    sizes = asyncio.run(draw(folder))
    for name, octets in sizes.items():
        sys.stdout.write(f"{name}.png {octets:,} octets\n")
    return int(max(sizes.values()) > LARGEST)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
