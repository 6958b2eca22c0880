"""Ledger, key store and root on real engines: begun together, and refused when one is missing, empty or another's."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from config.redis_address import parse_address
from gateway.accounts.administration import Accounts, Profile
from gateway.accounts.customers import CustomerSettings
from gateway.audit.actor import COMMAND_LINE
from gateway.keystore.high_water import HighWater
from gateway.keystore.installation import (
    KeysMissing,
    KeysOlder,
    LedgerMissing,
    LedgerOlder,
    NotOlder,
    Opened,
    Step,
    StoresDiffer,
    accept_restore,
    open_together,
)
from gateway.keystore.keyring import Keyring
from gateway.keystore.leases import Onlooker
from gateway.keystore.redis import KeyServer, KeyServerAddress
from gateway.keystore.root_slot import EnvRootSlot, FileRootSlot, KeystoreLost, RootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.contract import INSTALLATION, REACHED, LedgerError, LedgerUnavailable, NothingThere, StoreReplaced
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.server import Access
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.process.clock import ManualClock, SystemClock
from gateway.tools.ledger_copy import copy_ledger
from redaction.personal import MessageText
from redaction.retention import DEFAULT_RULES
from redaction.seal import Sealer
from tests.bounds import LIMIT_S
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import valkey

CLOCK = SystemClock()
PROFILE = Profile(name=MessageText("Example"))
LEASE_S = 1.0


@dataclass(frozen=True, slots=True)
class Site:
    """A place of one installation: files below a folder, or two servers and a root in the folder."""

    folder: Path
    ledger_url: str = ""
    keys_url: str = ""

    def keystore(self, slot: RootSlot | None = None) -> Keystore:
        slot = slot or FileRootSlot(self.root)
        if not self.keys_url:
            return Keystore(self.keys, slot, CLOCK)
        server = KeyServer(KeyServerAddress(url=self.keys_url, prefix=self.folder.name))
        return Keystore(server, slot, CLOCK, Onlooker(server))

    def ledger(self, role: Role = Role.BESIDE) -> SqliteLedger | RedisLedger:
        if not self.ledger_url:
            return SqliteLedger(self.file, CLOCK, exclusive=False)
        access = Access(address=parse_address(self.ledger_url))
        return RedisLedger(access, CLOCK, Terms(prefix=self.folder.name, partitions=4, lease_s=LEASE_S), role=role)

    @property
    def file(self) -> Path:
        return self.folder / "data" / "ledger.db"

    @property
    def keys(self) -> Path:
        return self.folder / "keys" / "keys.db"

    @property
    def root(self) -> Path:
        return self.folder / "root" / "root.key"

    @contextlib.asynccontextmanager
    async def opened(
        self, *, may_begin: bool = False, slot: RootSlot | None = None
    ) -> "AsyncIterator[tuple[Opened, Keystore, SqliteLedger | RedisLedger]]":
        keystore, ledger = self.keystore(slot), self.ledger()
        opened = await open_together(keystore, ledger, may_begin=may_begin, random=CLOCK.random)
        try:
            yield opened, keystore, ledger
        finally:
            keystore.close()
            await ledger.close()

    async def refused(self) -> LedgerError:
        """What is said of it, whoever asks; and nothing was made or changed by asking."""
        before = self.what_is_there()
        errors = []
        for may_begin in (False, True):
            with pytest.raises(LedgerError) as told:
                await open_together(self.keystore(), self.ledger(), may_begin=may_begin, random=CLOCK.random)
            errors.append(told.value)
        assert self.what_is_there() == before
        assert len({type(each) for each in errors}) == 1
        return errors[0]

    def what_is_there(self) -> set[str]:
        """Without what an engine makes for the time that a file is read."""
        files = {str(each.relative_to(self.folder)) for each in self.folder.rglob("*")}
        return (
            {each for each in files if not each.endswith(("-wal", "-shm"))}
            | {*self.names(self.ledger_url)}
            | {*self.names(self.keys_url)}
        )

    def names(self, url: str) -> set[str]:
        if not url:
            return set()
        with redis.Redis.from_url(url) as client:
            return {each.decode() for each in client.scan_iter(match=f"{{{self.folder.name}[:}}]*")}

    def lose_keys(self) -> None:
        self._lose(self.keys, self.keys_url)

    def lose_ledger(self) -> None:
        self._lose(self.file, self.ledger_url)

    def _lose(self, file: Path, url: str) -> None:
        if not url:
            shutil.rmtree(file.parent)
            return
        with redis.Redis.from_url(url) as client:
            client.delete(*self.names(url))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    ledger, keys = tmp_path_factory.mktemp("ledger"), tmp_path_factory.mktemp("keys")
    with valkey(ledger, *PERSISTENT) as one, valkey(keys, *PERSISTENT) as other:
        yield one, other


@pytest.fixture(params=["files", "servers"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    urls = request.getfixturevalue("servers") if request.param == "servers" else ("", "")
    return Site(tmp_path, *urls)


def beside(site: Site, name: str) -> Site:
    """Another site of the same kind."""
    folder = site.folder.with_name(f"{site.folder.name}-{name}")
    folder.mkdir()
    return Site(folder, site.ledger_url, site.keys_url)


async def add_customer(keystore: Keystore, ledger: SqliteLedger | RedisLedger) -> None:
    keyring = Keyring(keystore, DEFAULT_RULES.values(), CLOCK)
    keyring.ensure_present()
    accounts = Accounts(
        ledger.accounts,
        CLOCK,
        COMMAND_LINE,
        sealer=Sealer(keystore.state, CLOCK.random),
        ensure_keys=keyring.ensure_customer,
        digest=keyring.credential_digest,
    )
    await accounts.add_customer(PROFILE, CustomerSettings())


async def begun(site: Site) -> int:
    """An installation with a customer; its number."""
    async with site.opened(may_begin=True) as (opened, keystore, ledger):
        assert opened.step is Step.BEGIN
        await add_customer(keystore, ledger)
    return opened.installation


async def begun_by_an_earlier_version(site: Site) -> None:
    keystore, ledger = site.keystore(), site.ledger()
    keystore.open()
    await ledger.open()
    await add_customer(keystore, ledger)
    assert (keystore.installation, await ledger.marks.all()) == (None, {})
    keystore.close()
    await ledger.close()


# -------------------------------------------------------------------------------------------------------------- begun


async def test_ledger_and_keys_are_begun_together_once(site: Site) -> None:
    installation = await begun(site)
    async with site.opened() as (opened, keystore, ledger):
        assert (opened.step, opened.installation) == (Step.GO_ON, installation)
        assert keystore.installation == (await ledger.marks.all())[INSTALLATION] == installation
    assert await begun(beside(site, "another")) != installation


@pytest.mark.case("interfaces-2")
async def test_who_may_not_begin_makes_nothing(site: Site) -> None:
    with pytest.raises(NothingThere):
        await open_together(site.keystore(), site.ledger(), may_begin=False, random=CLOCK.random)
    assert site.what_is_there() == set()


async def test_a_beginning_may_end_after_each_of_its_steps(site: Site) -> None:
    ledger = site.ledger()
    await ledger.open()
    await ledger.marks.claim(INSTALLATION, 7)
    await ledger.close()
    FileRootSlot(site.root).write([bytes(range(32))])
    async with site.opened(may_begin=True) as (opened, keystore, _):
        assert (opened.step, opened.installation, keystore.installation) == (Step.BEGIN, 7, 7)


async def test_nodes_that_begin_at_once_begin_one_installation(servers: tuple[str, str], tmp_path: Path) -> None:
    site = Site(tmp_path, *servers)

    async def begin() -> int:
        async with site.opened(may_begin=True) as (opened, keystore, ledger):
            assert keystore.installation == (await ledger.marks.all())[INSTALLATION]
            return opened.installation

    assert len(set(await asyncio.gather(*(begin() for _ in range(4))))) == 1


async def test_a_root_from_outside_says_nothing_of_a_store(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_ROOT", bytes(range(32)).hex())
    async with site.opened(may_begin=True, slot=EnvRootSlot("TEST_ROOT")) as (opened, _, _):
        assert opened.step is Step.BEGIN


# ------------------------------------------------------------------------------------------------------------- refused


@pytest.mark.case("faults-2")
@pytest.mark.case("interfaces-2")
async def test_a_ledger_whose_keys_are_gone_is_refused(site: Site) -> None:
    await begun(site)
    site.lose_keys()
    assert isinstance(await site.refused(), KeysMissing)
    site.root.unlink()
    assert isinstance(await site.refused(), KeysMissing)


@pytest.mark.case("faults-2")
async def test_an_emptied_file_of_keys_is_a_missing_one(tmp_path: Path) -> None:
    site = Site(tmp_path)
    await begun(site)
    site.keys.write_bytes(b"")
    assert isinstance(await site.refused(), KeysMissing)
    assert site.keys.stat().st_size == 0


@pytest.mark.case("faults-2")
async def test_keys_whose_ledger_is_gone_are_refused(site: Site) -> None:
    await begun(site)
    site.lose_ledger()
    assert isinstance(await site.refused(), LedgerMissing)
    ledger = site.ledger()
    await ledger.open()  # an empty one in its place
    await ledger.close()
    assert isinstance(await site.refused(), LedgerMissing)


@pytest.mark.case("faults-2")
async def test_a_root_alone_is_refused(site: Site) -> None:
    await begun(site)
    site.lose_keys()
    site.lose_ledger()
    root = site.root.read_bytes()
    assert isinstance(await site.refused(), KeysMissing)
    assert site.root.read_bytes() == root


@pytest.mark.case("faults-2")
async def test_a_missing_root_is_refused(site: Site) -> None:
    await begun(site)
    site.root.unlink()
    error = await site.refused()
    assert isinstance(error, KeystoreLost)
    assert "is missing" in str(error)


@pytest.mark.case("faults-2")
async def test_stores_of_two_installations_are_refused(site: Site) -> None:
    await begun(site)
    other = beside(site, "other")
    await begun(other)
    mixed = other.ledger()
    with pytest.raises(StoresDiffer):
        await open_together(site.keystore(), mixed, may_begin=True, random=CLOCK.random)
    keystore = site.keystore(FileRootSlot(other.root))
    with pytest.raises(KeystoreLost):
        await open_together(keystore, site.ledger(), may_begin=True, random=CLOCK.random)
    async with site.opened() as (opened, _, _):
        assert opened.step is Step.GO_ON


async def work_for(site: Site, *minutes: int) -> None:
    """A node that runs writes how far it has come."""
    async with site.opened() as (_, keystore, ledger):
        clock = ManualClock()
        water = HighWater(keystore, ledger.marks, clock)
        for minute in minutes:
            clock.advance(60 * minute)
            await water.write()


@pytest.mark.case("faults-2")
@pytest.mark.parametrize("older", [LedgerOlder, KeysOlder])
async def test_a_store_that_is_older_than_the_other_is_refused_until_that_is_accepted(
    site: Site, older: type[LedgerOlder] | type[KeysOlder]
) -> None:
    await begun(site)
    await work_for(site, 1, 1)
    async with site.opened() as (opened, keystore, ledger):
        assert opened.step is Step.GO_ON
        was = (await ledger.marks.all())[REACHED] - 120_000
        if older is LedgerOlder:
            await ledger.marks.set({REACHED: was})
        else:
            keystore.join({REACHED: was})
    assert isinstance(await site.refused(), older)
    other = KeysOlder if older is LedgerOlder else LedgerOlder
    with pytest.raises(older):
        await accept_restore(site.keystore(), site.ledger(), CLOCK.random, other)
    assert "older than" in await accept_restore(site.keystore(), site.ledger(), CLOCK.random, older)
    async with site.opened() as (opened, _, _):
        assert opened.step is Step.GO_ON
    with pytest.raises(NotOlder):
        await accept_restore(site.keystore(), site.ledger(), CLOCK.random, older)


@pytest.mark.case("faults-2")
async def test_a_ledger_that_is_away_when_the_keys_have_their_mark_does_not_get_behind(site: Site) -> None:
    await begun(site)
    clock = ManualClock()
    async with site.opened() as (_, keystore, ledger):
        water = HighWater(keystore, ledger.marks, clock)
        await ledger.close()
        for _ in range(10):
            clock.advance(60)
            with pytest.raises(LedgerUnavailable):
                await water.write()
        await ledger.open(create=False)
        await water.write()
        assert (await ledger.marks.all())[REACHED] == ManualClock().now_ms() + 60_000
        clock.is_sound = False
        clock.advance(3_600)
        await water.write()
        assert (await ledger.marks.all())[REACHED] == ManualClock().now_ms() + 60_000


@pytest.mark.case("faults-2")
async def test_a_server_that_came_back_older_stops_who_works_on_it(servers: tuple[str, str], tmp_path: Path) -> None:
    site = Site(tmp_path, *servers)
    await begun(site)
    await work_for(site, 5)
    ledger = site.ledger(Role.NODE)
    assert isinstance(ledger, RedisLedger)
    await ledger.open(create=False)
    try:
        await ledger.leases.beat()
        with redis.Redis.from_url(site.ledger_url) as client:
            client.hset(f"{ledger.member.layout.shared}:marks", REACHED, ManualClock().now_ms())
        with pytest.raises(StoreReplaced, match="older than it was"):
            await ledger.leases.beat()
    finally:
        await ledger.close()


@pytest.mark.case("faults-2")
async def test_a_server_that_came_back_empty_stops_who_works_on_it(servers: tuple[str, str], tmp_path: Path) -> None:
    site = Site(tmp_path, *servers)
    await begun(site)
    ledger = site.ledger(Role.NODE)
    assert isinstance(ledger, RedisLedger)
    await ledger.open(create=False)
    try:
        site.lose_ledger()
        async with asyncio.timeout(LIMIT_S):
            while ledger.leases.failure() is None:
                await asyncio.sleep(LEASE_S / 10)
        assert isinstance(ledger.leases.failure(), StoreReplaced)
        assert not ledger.member.holding.partitions
    finally:
        await ledger.close()


# ------------------------------------------------------------------------------------------------- of earlier versions


async def test_stores_of_an_earlier_version_get_their_number(site: Site) -> None:
    await begun_by_an_earlier_version(site)
    async with site.opened() as (opened, keystore, ledger):
        assert opened.step is Step.ADOPT
        assert keystore.installation == (await ledger.marks.all())[INSTALLATION] == opened.installation
    async with site.opened() as (again, _, _):
        assert (again.step, again.installation) == (Step.GO_ON, opened.installation)


async def test_a_copy_of_keys_from_before_gets_the_number_of_its_ledger(tmp_path: Path) -> None:
    site = Site(tmp_path)
    await begun_by_an_earlier_version(site)
    copy = site.keys.read_bytes()
    async with site.opened() as (opened, _, _):
        pass
    site.keys.write_bytes(copy)
    async with site.opened() as (again, keystore, _):
        assert (again.step, keystore.installation) == (Step.ADOPT, opened.installation)


@pytest.mark.case("faults-2")
async def test_keys_that_open_nothing_of_an_earlier_ledger_are_refused_and_nothing_is_written(site: Site) -> None:
    await begun_by_an_earlier_version(site)
    other = beside(site, "other")
    await begun_by_an_earlier_version(other)
    with pytest.raises(StoresDiffer, match="opens nothing"):
        await open_together(other.keystore(), site.ledger(), may_begin=True, random=CLOCK.random)
    for each in (site, other):
        assert (each.keystore().look().installation, (await each.ledger().look()).installation) == (None, None)


@pytest.mark.case("faults-2")
async def test_keys_of_customers_that_an_earlier_ledger_does_not_know_are_refused(site: Site) -> None:
    await begun_by_an_earlier_version(site)
    site.lose_ledger()
    ledger = site.ledger()
    await ledger.open()
    await ledger.close()
    assert isinstance(await site.refused(), LedgerMissing)


# -------------------------------------------------------------------------------------------------------------- copies


async def test_a_copied_ledger_and_copied_keys_belong_together(site: Site, tmp_path: Path) -> None:
    installation = await begun(site)
    target = beside(site, "target")
    async with site.opened() as (_, keystore, ledger):
        copy = target.ledger(Role.ALONE)
        await copy.open()
        await copy_ledger(ledger, copy, CLOCK, source_runs=False)
        await copy.close()
        assert isinstance(await target.refused(), KeysMissing)
        copied = target.keystore()
        copied.open_with(keystore.state, keystore.installation)
        copied.close()
    async with target.opened() as (opened, _, _):
        assert (opened.step, opened.installation) == (Step.GO_ON, installation)


async def test_a_ledger_is_not_copied_into_that_of_another_installation(site: Site) -> None:
    await begun(site)
    other = beside(site, "other")
    await begun(other)
    async with site.opened() as (_, _, ledger), other.opened() as (_, _, target):
        with pytest.raises(StoresDiffer):
            await copy_ledger(ledger, target, CLOCK, source_runs=False)


async def test_a_snapshot_of_keys_belongs_to_its_ledger(site: Site) -> None:
    installation = await begun(site)
    copy = site.folder / "copy.db"
    async with site.opened() as (_, keystore, _):
        keystore.snapshot(copy)
    restored = Keystore(copy, FileRootSlot(site.root), CLOCK)
    assert restored.look().installation == installation
    opened = await open_together(restored, ledger := site.ledger(), may_begin=False, random=CLOCK.random)
    assert opened.step is Step.GO_ON
    restored.close()
    await ledger.close()
