"""The key store on a server: its lock, its nodes and their leases, and servers that are not fit to keep keys."""

import asyncio
import contextlib
import os
import re
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import redis

from gateway.keystore.keyring import Keyring
from gateway.keystore.leases import Leases, Onlooker
from gateway.keystore.redis import STORED_FIELDS, KeyServer, KeyServerAddress, KeyServerUnfit
from gateway.keystore.root_slot import FileRootSlot, KeystoreLost
from gateway.keystore.store import Keystore
from gateway.ledger.contract import LedgerUnavailable
from gateway.process.clock import ManualClock
from redaction.errors import KeysWithheld
from redaction.inventory import INVENTORY
from redaction.keys import KeyState
from redaction.retention import DEFAULT_RULES
from redaction.seal import Sealer
from tests.bounds import LIMIT_S
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import valkey
from tests.interop.certificates import Certificates, make_certificates

LEASE_S = 10.0


class Clock(ManualClock):
    """Time stands still; keys are random, for two nodes must not draw the same."""

    def random(self, size: int) -> bytes:
        return os.urandom(size)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey"), *PERSISTENT) as url:
        yield url


@pytest.fixture
def address(url: str, tmp_path: Path) -> KeyServerAddress:
    return KeyServerAddress(url=url, prefix=tmp_path.name, timeout_s=1.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def slot_in(folder: Path) -> FileRootSlot:
    return FileRootSlot(folder / "root" / "root.key")


def server_of(address: KeyServerAddress, folder: Path) -> KeyServer:
    return KeyServer(address, folder / "root" / "root.key.lock", lock_s=0.5)


@contextlib.contextmanager
def node(address: KeyServerAddress, folder: Path, clock: Clock, lease_s: float = LEASE_S) -> Iterator[Keystore]:
    server = server_of(address, folder)
    store = Keystore(server, slot_in(folder), clock, Leases(server, clock, lease_s))
    store.open()
    try:
        yield store
    finally:
        store.close()


@contextlib.contextmanager
def command(address: KeyServerAddress, folder: Path) -> Iterator[Keystore]:
    server = server_of(address, folder)
    store = Keystore(server, slot_in(folder), Clock(), Onlooker(server))
    store.open()
    try:
        yield store
    finally:
        store.close()


def add(state: KeyState) -> None:
    for customer in (7, 8):
        state.ensure_customer(customer, os.urandom)


def drop(state: KeyState) -> bool:
    return state.drop_customer(7)


# ------------------------------------------------------------------------------------------------------------- the lock


@pytest.fixture
def opened(address: KeyServerAddress) -> Iterator[tuple[KeyServer, KeyServer]]:
    """Two processes, as if on two machines."""
    with pair(address, lock_s=0.2) as opened:
        yield opened


@contextlib.contextmanager
def pair(address: KeyServerAddress, lock_s: float) -> Iterator[tuple[KeyServer, KeyServer]]:
    one, other = (KeyServer(address, lock_s=lock_s) for _ in range(2))
    one.open()
    other.open()
    yield one, other
    one.close()
    other.close()


def test_who_sleeps_through_the_end_of_its_lock_changes_nothing(opened: tuple[KeyServer, KeyServer]) -> None:
    late, other = opened
    with late.alone():
        late.write(b"first", 1)
        late.write_roots("first")
        with other.alone():  # waits until the lock of the first has ended
            other.write(b"second", 2)
            other.write_roots("second")
            with pytest.raises(LedgerUnavailable, match="lock was lost"):
                late.write(b"late", 3)
        with pytest.raises(LedgerUnavailable, match="lock was lost"):
            late.write_roots("late")
    assert other.read() == (b"second", 2)
    assert other.read_roots() == "second"


def test_only_the_version_before_is_replaced(opened: tuple[KeyServer, KeyServer]) -> None:
    server, _ = opened
    with server.alone():
        server.write(b"first", 1)
        server.write(b"first", 1)  # told again, after an answer that got lost
        for version in (1, 3):
            with pytest.raises(LedgerUnavailable):
                server.write(b"other", version)
    assert server.read() == (b"first", 1)


def test_a_lock_is_free_at_once_when_its_holder_lets_go(address: KeyServerAddress) -> None:
    lock_s = 2 * LIMIT_S
    before = time.monotonic()
    with pair(address, lock_s) as (one, other):
        for _ in range(20):
            with one.alone():
                pass
            with other.alone():
                pass
    assert time.monotonic() - before < lock_s  # nobody waited until the other's had run out


def test_a_change_that_too_few_replicas_have_is_not_one(address: KeyServerAddress, tmp_path: Path) -> None:
    with command(address, tmp_path) as store:
        store.update(add, destroys=False)
    with command(msgspec.structs.replace(address, replicas=1), tmp_path) as store:
        with pytest.raises(LedgerUnavailable, match="0 of 1 replicas"):
            store.update(drop, destroys=True)
        assert len(slot_in(tmp_path).read()) == 2  # neither root is lost, whatever a failover brings
    with command(address, tmp_path) as store:
        assert store.state.customers() == [8]
    assert len(slot_in(tmp_path).read()) == 1


@pytest.mark.policy("P-07")
def test_what_is_declared_is_what_the_server_holds(
    opened: tuple[KeyServer, KeyServer], address: KeyServerAddress
) -> None:
    server, _ = opened
    with server.alone(), redis.Redis.from_url(address.url) as client:
        server.write(b"blob", 1, [(bytes(16), b"sealed")])
        server.write_roots("wrapped")
        server.set_marks({"installation": 7})
        server.attend("node", 1, 1_000)
        names = {each.decode().split(":")[2] for each in client.scan_iter(match=f"{{{address.prefix}}}:*")}
        fields = {each.decode() for each in client.hkeys(f"{{{address.prefix}}}:keystore:state")}
    assert {f"keystore.{each}" for each in names - {"state"} | fields} == set(STORED_FIELDS) <= set(INVENTORY)


# ------------------------------------------------------------------------------------------------------------ followers


@pytest.mark.policy("P-23")
async def test_a_destruction_is_certain_when_every_node_has_let_go(
    address: KeyServerAddress, tmp_path: Path, clock: Clock
) -> None:
    with node(address, tmp_path, clock) as one, node(address, tmp_path, clock) as other:
        one.update(add, destroys=False)
        assert await other.follow()
        one.update(drop, destroys=True)
        assert not one.is_certain(one.version)
        assert other.state.customers() == [7, 8]
        assert await other.follow()
        assert other.state.customers() == [8]
        assert one.is_certain(one.version)
        assert not one.is_certain(one.version + 1)


@pytest.mark.policy("P-23")
async def test_a_node_that_ends_is_not_waited_for(address: KeyServerAddress, tmp_path: Path, clock: Clock) -> None:
    with node(address, tmp_path, clock) as one:
        with node(address, tmp_path, clock):
            one.update(add, destroys=True)
            assert not one.is_certain(one.version)
        assert one.is_certain(one.version)


@pytest.mark.policy("P-23")
def test_a_node_that_is_gone_without_a_word_is_waited_for_until_its_lease_ends(
    address: KeyServerAddress, tmp_path: Path, clock: Clock
) -> None:
    with node(address, tmp_path, clock) as one:
        lost = server_of(address, tmp_path)
        Keystore(lost, slot_in(tmp_path), clock, Leases(lost, clock, 0.5)).open()
        one.update(add, destroys=True)
        assert not one.is_certain(one.version)
        deadline = time.monotonic() + 20
        while not one.is_certain(one.version):  # the server's own clock ends it
            assert time.monotonic() < deadline


def test_a_command_line_is_nobody_to_wait_for(address: KeyServerAddress, tmp_path: Path, clock: Clock) -> None:
    with node(address, tmp_path, clock) as one, command(address, tmp_path) as other:
        one.update(add, destroys=True)
        assert one.is_certain(one.version)
        assert other.refresh()
        assert other.held_by() == [one.version]
        other.update(drop, destroys=True)
        assert not other.is_certain(other.version)
        assert one.refresh()
        assert other.is_certain(other.version)


@pytest.mark.policy("P-23")
def test_keys_are_withheld_when_the_lease_is_over_and_are_not_taken_for_destroyed(
    address: KeyServerAddress, tmp_path: Path, clock: Clock
) -> None:
    with node(address, tmp_path, clock) as store:
        store.update(add, destroys=False)
        sealer = Sealer(store.state, clock.random, before_use=store.check)
        sealed = sealer.seal_account(b"secret", 7, "account", b"r")
        clock.advance(LEASE_S)
        with pytest.raises(KeysWithheld):
            sealer.seal_account(b"secret", 7, "account", b"r")
        assert store.state.customers() == []
        assert not store.check()
        assert store.refresh()
        assert store.check()
        assert sealer.seal_account(b"secret", 7, "account", b"r") != sealed


async def test_a_node_that_is_behind_does_not_keep_its_lease(
    address: KeyServerAddress, tmp_path: Path, clock: Clock
) -> None:
    """It reaches the server, but not its root: it cannot have the newest state."""
    with node(address, tmp_path, clock) as one, node(address, tmp_path, clock) as behind:
        one.update(add, destroys=True)
        root = tmp_path / "root" / "root.key"
        content = root.read_bytes()
        root.write_bytes(b"ab" * 32)
        for _ in range(3):
            clock.advance(LEASE_S / 4)
            with pytest.raises(KeystoreLost):
                await behind.follow()
        assert behind.check()
        clock.advance(LEASE_S / 4)
        assert not behind.check()
        root.write_bytes(content)
        assert await behind.follow()
        assert behind.check()
        assert behind.state.customers() == [7, 8]


async def test_a_lease_is_renewed_by_looking(address: KeyServerAddress, tmp_path: Path, clock: Clock) -> None:
    with node(address, tmp_path, clock) as store:
        for _ in range(5):
            clock.advance(LEASE_S / 2)
            await store.follow()
            assert store.check()


async def test_a_change_made_without_a_lease_stands_and_comes_with_the_next(
    address: KeyServerAddress, tmp_path: Path, clock: Clock
) -> None:
    with node(address, tmp_path, clock) as store:
        clock.advance(LEASE_S)
        await store.update_apart(add, destroys=False)
        assert store.state.customers() == []
        await store.follow()
        assert store.state.customers() == [7, 8]


async def test_nodes_that_notice_the_same_at_once_roll_once(
    address: KeyServerAddress, tmp_path: Path, clock: Clock
) -> None:
    with contextlib.ExitStack() as stack:
        stores = [stack.enter_context(node(address, tmp_path, clock, 10**9)) for _ in range(4)]
        keyrings = [Keyring(each, DEFAULT_RULES.values(), clock) for each in stores]
        keyrings[0].ensure_present()
        for each in stores:
            await each.follow()
        before = stores[0].version
        clock.advance(30 * 86_400)
        destroyed = await asyncio.gather(*(each.keep_present() for each in keyrings))
        assert sorted(map(bool, destroyed)) == [False, False, False, True]
        assert {each.version for each in stores} == {before + 1}
        for each in stores:
            await each.follow()  # the one that rolled tells of it with its next look
        assert stores[0].is_certain(before + 1)


async def test_a_keyring_says_when_keys_are_back(address: KeyServerAddress, tmp_path: Path, clock: Clock) -> None:
    back = asyncio.Event()
    with node(address, tmp_path, clock) as store:
        keyring = Keyring(store, DEFAULT_RULES.values(), clock)
        store.update(add, destroys=False)
        with redis.Redis.from_url(address.url) as client:
            client.acl_setuser("default", enabled=True, nopass=True, categories=["-@hash"])
            running = asyncio.create_task(keyring.run(interval_s=0.001, on_return=back.set))
            clock.advance(LEASE_S)
            async with asyncio.timeout(LIMIT_S):
                while keyring.attended:
                    await asyncio.sleep(0.001)
            client.acl_setuser("default", enabled=True, nopass=True, categories=["+@all"])
        async with asyncio.timeout(LIMIT_S):
            await back.wait()
        assert store.state.customers() == [7, 8]
        running.cancel()


# -------------------------------------------------------------------------------------------------------------- servers


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--appendonly", "no"), "appendonly yes"),
        (("--appendonly", "yes", "--appendfsync", "everysec"), "appendfsync always"),
        ((*PERSISTENT, "--maxmemory-policy", "allkeys-lru"), "maxmemory-policy noeviction"),
    ],
)
def test_a_server_that_may_lose_keys_is_refused(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    with valkey(tmp_path, *options) as url:
        server = KeyServer(KeyServerAddress(url=url))
        with pytest.raises(KeyServerUnfit, match=said):
            server.open()
        KeyServer(KeyServerAddress(url=url, vouched=True)).open()


@pytest.mark.policy("P-23")
@pytest.mark.parametrize(("database", "said"), [(0, "other data"), (3, "other databases")])
def test_a_server_that_keeps_data_as_well_is_refused(tmp_path: Path, database: int, said: str) -> None:
    with valkey(tmp_path, *PERSISTENT) as url:
        with redis.Redis.from_url(url, db=database) as client:
            client.set("message", "x")
        with pytest.raises(KeyServerUnfit, match=said):
            KeyServer(KeyServerAddress(url=url)).open()


def rights_of_the_handbook() -> list[str]:
    """Of the user of the key server, without its password."""
    handbook = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ACL SETUSER gateway on >password (.*?)\n```$", handbook, re.MULTILINE | re.DOTALL)
    return str(line).split()


@pytest.mark.case("interfaces-21")
def test_the_rights_of_the_handbook_are_known_to_redis_7_0() -> None:
    """Which has no CLIENT SETINFO, and refuses a line that names a command it does not know."""
    assert not [each for each in rights_of_the_handbook() if "setinfo" in each]


@pytest.mark.case("interfaces-21")
def test_a_user_needs_few_rights_and_is_told_what_it_lacks(tmp_path: Path) -> None:
    with valkey(tmp_path, *PERSISTENT) as url, redis.Redis.from_url(url) as client:
        client.execute_command("ACL", "SETUSER", "gateway", "on", ">secret-canary", *rights_of_the_handbook())
        address = KeyServerAddress(url=url, user="gateway", password="secret-canary")
        with command(address, tmp_path) as store:
            store.update(add, destroys=True)
            assert store.is_certain(store.version)
        with node(address, tmp_path, Clock()) as store:
            assert store.is_certain(store.version)
        assert client.acl_log() == []
        client.execute_command("ACL", "SETUSER", "gateway", "-config|get")
        with pytest.raises((KeyServerUnfit, LedgerUnavailable), match=r"CONFIG GET|does not allow"):
            KeyServer(address).open()
        wrong = msgspec.structs.replace(address, password="wrong-canary")
        with pytest.raises(LedgerUnavailable, match="does not know this user") as caught:
            KeyServer(wrong).open()
        assert "canary" not in f"{caught.value!r} {caught.value.__context__!r} {wrong!r}"


"""As docs/operating.md says."""


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with valkey(tmp_path, *PERSISTENT) as url:
        pass
    with pytest.raises(LedgerUnavailable, match="does not answer"):
        KeyServer(KeyServerAddress(url=url)).open()


# ------------------------------------------------------------------------------------------------------------------ TLS


@contextlib.contextmanager
def behind_tls(url: str, certificates: Certificates) -> Iterator[str]:
    """The same server, over TLS with certificates on both sides."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, certificates.server_key)
    context.load_verify_locations(certificates.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    loop = asyncio.new_event_loop()
    port = int(url.rpartition(":")[2])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"rediss://localhost:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while octets := await reader.read(65_536):
            writer.write(octets)
            await writer.drain()
    writer.close()


def test_a_server_is_reached_over_tls_with_certificates_on_both_sides(url: str, tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    with behind_tls(url, made) as secure:
        ours = {"ssl_ca_certs": str(made.ca), "ssl_certfile": str(made.client), "ssl_keyfile": str(made.client_key)}
        address = KeyServerAddress(url=secure, prefix=tmp_path.name, tls=ours)
        with command(address, tmp_path) as store:
            store.update(add, destroys=True)
            assert store.is_certain(store.version)
        for tls in ({**ours, "ssl_ca_certs": str(made.stranger_ca)}, {"ssl_ca_certs": str(made.ca)}):
            with pytest.raises(LedgerUnavailable, match="does not answer"):
                KeyServer(msgspec.structs.replace(address, tls=tls)).open()
