"""Whoever has every live key and all the data, and no custodian, names nobody whose content is dead.

The attacker knows the form of the numbers and tries every one of them, under every pepper that the keys give.
"""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from config.redis_address import parse_address
from gateway.keystore.handing_over import set_custodian
from gateway.keystore.keyring import Keyring
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.server import Access
from gateway.ledger.roles import Ledger
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.identifiers import message_id
from gateway.process.clock import ManualClock
from redaction.custodian import PrivateKey, new_private
from redaction.personal import Msisdn
from redaction.questions import named, question
from redaction.retention import DEFAULT_RULES, record_until_ms
from redaction.sealed import Pseudonym
from redaction.search_epochs import ends_ms
from tests.bounds import LIMIT_S
from tests.contract.records import a_message, accepts
from tests.integration.valkey_server import valkey

CUSTOMER = 1
PEOPLE = 1_000
HOUR_S = 3_600.0
DAY_S = 24 * HOUR_S
TAGS = sorted(DEFAULT_RULES)


def person(index: int) -> Msisdn:
    return Msisdn(f"9665{10_000_000 + index:08}", 966)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey"), "--appendonly", "yes") as url:
        yield url


class Site:
    """Keys and data of a node, and a custodian's key that lies somewhere else."""

    def __init__(self, folder: Path, clock: ManualClock, ledger: Ledger) -> None:
        self.clock = clock
        self.ledger = ledger
        self.store = Keystore(folder / "keys.db", FileRootSlot(folder / "root.key"), clock)
        self.store.open()
        self.keyring = Keyring(self.store, DEFAULT_RULES.values(), clock)
        self.keyring.ensure_customer(CUSTOMER)
        self.keyring.ensure_present()
        self.custodian: PrivateKey = new_private()

    async def fill(self) -> None:
        """A record of each person, a quarter of them under each tag."""
        now_ms = self.clock.now_ms()
        for index in range(PEOPLE):
            tag = TAGS[index % len(TAGS)]
            record = a_message(
                id=message_id(now_ms, index, index.to_bytes(8, "big")),
                customer=CUSTOMER,
                subject=self.keyring.pseudonymise(CUSTOMER, person(index), tag, now_ms).pseudonym,
                tag=tag,
                accepted_ms=now_ms,
                content=None,
                private=None,
                record_until_ms=record_until_ms(DEFAULT_RULES[tag], now_ms),
            )
            await self.ledger.apply(accepts(record))

    def goes_on(self, seconds: float) -> None:
        """A node that runs makes keys and lets go of keys each few seconds."""
        end_ms = self.clock.now_ms() + seconds * 1000
        while self.clock.now_ms() < end_ms:
            self.clock.advance(min(HOUR_S, (end_ms - self.clock.now_ms()) / 1000))
            self.keyring.ensure_present()

    async def stored(self) -> list[tuple[str, Pseudonym]]:
        """What the data say: tag and pseudonym of every record."""
        found: list[tuple[str, Pseudonym]] = []
        cursor: bytes | None = None
        while True:
            page = await self.ledger.messages.list_messages(
                CUSTOMER, status=None, since_ms=None, cursor=cursor, limit=500
            )
            found += [(each.tag, each.subject) for each in page.messages]
            cursor = page.cursor
            if cursor is None:
                return found

    async def recovered(self, *tags: str) -> int:
        """How many numbers the attacker finds of records with these tags."""
        names = {name for index in range(PEOPLE) for name in self.keyring.former_leaves(CUSTOMER, person(index))}
        return sum(tag in tags and name in names for tag, name in await self.stored())

    async def recovered_with_custodian(self) -> int:
        """The same for who may ask the custodian, and is not counted by it."""
        people = [person(index) for index in range(PEOPLE)]
        asked = question(self.store.state, "R-1", people, [CUSTOMER], 0, self.clock.now_ms())
        said = named(asked, {self.custodian.public().id: self.custodian})
        names = set(said.customers[CUSTOMER])
        return sum(name in names for _, name in await self.stored())


@pytest.fixture(params=["sqlite", "redis"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    clock = ManualClock()
    ledger: Ledger
    if request.param == "sqlite":
        ledger = SqliteLedger(tmp_path / "ledger.db", clock, synchronous="off")
    else:
        access = Access(address=parse_address(request.getfixturevalue("server")), timeout_s=LIMIT_S)
        ledger = RedisLedger(access, clock, Terms(prefix=tmp_path.name, lease_s=LIMIT_S), role=Role.ALONE)
    async with contextlib.AsyncExitStack() as closing:
        await ledger.open()
        closing.push_async_callback(ledger.close)
        site = Site(tmp_path, clock, ledger)
        closing.callback(site.store.close)
        yield site


@pytest.mark.policy("P-23")
@pytest.mark.case("privacy-2")
async def test_without_the_custodian_nobody_is_named_whose_content_is_dead(site: Site) -> None:
    set_custodian(site.store, site.clock, site.custodian.public())
    await site.fill()
    assert await site.recovered(*TAGS) == PEOPLE, "an attack that finds nothing at first would show nothing"
    site.goes_on(6 * HOUR_S + DAY_S + 1)
    assert await site.recovered("otp") == 0, "their content and a day after their epoch are over"
    assert await site.recovered("promotional") == PEOPLE / 4, "an erasure finds them without the custodian"
    site.goes_on(8 * DAY_S)
    assert len(await site.stored()) == PEOPLE
    assert await site.recovered(*TAGS) == 0
    assert await site.recovered_with_custodian() == PEOPLE
    site.goes_on(22 * DAY_S)
    first = min(epoch for tag, epoch in site.store.state.handed.rows if tag == "discard")
    assert ends_ms(first) + 30 * DAY_S * 1000 > site.clock.now_ms(), "what was handed over goes with its records"


@pytest.mark.policy("P-23")
async def test_with_no_custodian_set_secrets_stay_where_they_are(site: Site) -> None:
    await site.fill()
    site.goes_on(9 * DAY_S)
    assert await site.recovered(*TAGS) == PEOPLE
    set_custodian(site.store, site.clock, site.custodian.public())
    site.keyring.ensure_present()
    assert await site.recovered(*TAGS) == 0
    assert await site.recovered_with_custodian() == PEOPLE
