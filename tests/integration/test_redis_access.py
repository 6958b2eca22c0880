"""What a shared ledger asks of its server, and how it is let in: checks, users, TLS, sentinels, clusters."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from config.redis_address import parse_address
from gateway.keystore.redis import KeyServer, KeyServerAddress
from gateway.keystore.root_slot import EnvRootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.redis.checks import check_version
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.server import Access
from gateway.model.identifiers import message_id
from gateway.process.clock import ManualClock, SystemClock
from tests.bounds import LIMIT_S
from tests.contract.records import NOW, a_message, accepts, final, identifier, submitted
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import Valkey, ValkeyCluster, free_port, valkey, valkey_cluster
from tests.interop.certificates import Certificates, make_certificates

LEASE_S = 4.0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "appendonly no; a ledger needs appendonly yes"),
        (("--appendonly", "yes"), "appendfsync everysec; a ledger needs appendfsync always"),
        ((*PERSISTENT, "--maxmemory-policy", "allkeys-lru"), "maxmemory-policy allkeys-lru"),
    ],
)
async def test_a_server_that_cannot_keep_a_ledger_is_refused(
    tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    server = Valkey(tmp_path / "valkey", *options)
    server.start()
    try:
        ledger = RedisLedger(Access(address=parse_address(server.url)), SystemClock(), Terms(max_skew_s=1.0))
        with pytest.raises(LedgerUnavailable, match=says):
            await ledger.open()
    finally:
        server.kill()


SET_LATER = {
    "appendonly": ("no", "yes"),
    "appendfsync": ("everysec", "always"),
    "maxmemory-policy": ("allkeys-lru", "noeviction"),
}


@pytest.mark.case("faults-6")
@pytest.mark.parametrize("setting", SET_LATER)
async def test_what_is_set_otherwise_while_a_node_runs_is_found(tmp_path: Path, setting: str) -> None:
    wrong, right = SET_LATER[setting]
    server = Valkey(tmp_path / "valkey", *PERSISTENT)
    server.start()
    ledger = RedisLedger(Access(address=parse_address(server.url)), SystemClock(), Terms(max_skew_s=1.0))
    keys = Keystore(KeyServer(KeyServerAddress(url=server.url)), EnvRootSlot("NO_ROOT"), SystemClock())
    keys._blobs.open()
    try:
        await ledger.open()
        for value, found in ((right, None), (wrong, f"{setting} {wrong}"), (right, None)):
            server.ask("CONFIG", "SET", setting, value)
            said = (await ledger.durability_fault(), keys.durability_fault())
            if found is None:
                assert said == (None, None)
            else:
                assert said[0] is not None
                assert found in said[0]
                assert said[1] is not None
                assert f"set {setting} {right}" in said[1]
        opened = ledger.connections
        server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        with contextlib.suppress(LedgerUnavailable):
            await ledger.counters.count("any", 1)
        await ledger.counters.count("any", 1)
        assert ledger.connections > opened
    finally:
        keys.close()
        await ledger.close()
        server.kill()


@pytest.mark.parametrize(("version", "fits"), [("6.2.14", False), ("7.0.0", True), ("7.2.4", True), ("8.1", True)])
def test_a_server_without_functions_is_refused(version: str, fits: bool) -> None:
    with contextlib.nullcontext() if fits else pytest.raises(LedgerUnavailable, match=f"of version {version}"):
        check_version(f"# Server\r\nredis_version:{version}\r\n".encode())


async def test_a_clock_that_differs_is_refused(server: Valkey) -> None:
    ledger = RedisLedger(Access(address=parse_address(server.url)), ManualClock(1_000), Terms(max_skew_s=1.0))
    with pytest.raises(LedgerUnavailable, match=r"clock is .* s away from ours"):
        await ledger.open()


async def test_a_server_that_fits_is_taken(server: Valkey, tmp_path: Path) -> None:
    ledger = RedisLedger(
        Access(address=parse_address(server.url)),
        SystemClock(),
        Terms(prefix=str(tmp_path), max_skew_s=1.0, lease_s=LEASE_S),
    )
    await ledger.open()
    await ledger.close()


async def test_a_user_of_its_own_needs_its_password(server: Valkey, tmp_path: Path) -> None:
    server.ask("ACL", "SETUSER", "ledger", "on", ">secret", "~*", "+@all")
    address = parse_address(server.url)
    good = RedisLedger(
        Access(address=address, user="ledger", password="secret"), ManualClock(), Terms(prefix=str(tmp_path))
    )
    await good.open()
    await good.close()
    with pytest.raises(LedgerUnavailable, match="refuses this user or password"):
        await RedisLedger(Access(address=address, user="ledger", password="wrong"), ManualClock()).open()


@pytest.mark.parametrize("kind", ["single", "cluster"])
async def test_a_user_with_the_rights_of_the_handbook_can_do_everything(tmp_path: Path, kind: str) -> None:
    handbook = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ACL SETUSER (.*~\{cg.*)$", handbook, re.MULTILINE)
    with {"single": valkey, "cluster": valkey_cluster}[kind](tmp_path, *PERSISTENT, "--user", *line.split()) as url:
        access = Access(address=parse_address(url), user="gateway", password="PASSWORD")
        ledger = RedisLedger(access, SystemClock(), Terms(max_skew_s=1.0))
        await ledger.open()
        message = a_message()
        assert await ledger.apply(accepts(message)) == [message.id]
        await ledger.apply([submitted(message, "1")])
        await ledger.apply([final(message, tell=True)])
        assert [each.message for each in await ledger.outbox.due(NOW, 10, ())] == [message.id]
        await ledger.retention.forget_records(message.record_until_ms, 10)
        await ledger.retention.forget_leftovers(message.record_until_ms, 10)
        await ledger.retention.checkpoint()
        assert await ledger.messages.find_many([message.id]) == [None]
        await ledger.close()


async def test_a_user_that_may_not_touch_the_keys_is_told_so(server: Valkey) -> None:
    server.ask("ACL", "SETUSER", "elsewhere", "on", ">secret", "~other*", "+@all")
    access = Access(address=parse_address(server.url), user="elsewhere", password="secret")
    with pytest.raises(LedgerUnavailable, match="does not allow this user what a ledger needs"):
        await RedisLedger(access, ManualClock()).open()


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    address = parse_address(f"redis://127.0.0.1:{free_port()}")
    with pytest.raises(LedgerUnavailable, match="cannot be reached"):
        await RedisLedger(Access(address=address), ManualClock()).open()


async def test_a_server_over_tls_is_known_by_its_authority(server: Valkey, tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    async with tls_end(files, server.port) as port:
        address = parse_address(f"rediss://localhost:{port}")
        good = RedisLedger(Access(address=address, tls_ca=str(files.ca)), ManualClock(), Terms(prefix=str(tmp_path)))
        await good.open()
        await good.close()
        strange = Access(address=address, tls_ca=str(files.stranger_ca))
        with pytest.raises(LedgerUnavailable, match="cannot be reached"):
            await RedisLedger(strange, ManualClock()).open()


async def test_sentinels_are_asked_over_tls_too_with_a_password_of_their_own(server: Valkey, tmp_path: Path) -> None:
    server.ask("ACL", "SETUSER", "sealed", "on", ">secret", "~*", "+@all")
    files = make_certificates(tmp_path)
    sentinel = Valkey(tmp_path / "sentinel")
    try:
        async with tls_end(files, server.port) as primary_port, tls_end(files, sentinel.port) as sentinel_port:
            await asyncio.to_thread(start_sentinel, sentinel, tmp_path / "sentinel", primary_port)
            access = Access(
                address=parse_address(f"rediss+sentinel://localhost:{sentinel_port}/ledger"),
                user="sealed",
                password="secret",
                sentinel_password="watchword",
                tls_ca=str(files.ca),
                timeout_s=LIMIT_S,
            )
            ledger = RedisLedger(access, ManualClock(), Terms(prefix=str(tmp_path)))
            await ledger.open()
            message = a_message()
            assert await ledger.apply(accepts(message)) == [message.id]
            await ledger.close()
            for wrong, says in (
                ({"sentinel_password": "other"}, "is named by no sentinel"),
                ({"tls_ca": str(files.stranger_ca)}, "is named by no sentinel"),
                ({"password": "other"}, "refuses this user or password"),
            ):
                with pytest.raises(LedgerUnavailable, match=says):
                    await RedisLedger(msgspec.structs.replace(access, **wrong), ManualClock()).open()
    finally:
        sentinel.kill()


def start_sentinel(sentinel: Valkey, folder: Path, primary: int) -> None:
    """It watches a primary that it cannot speak to, and does not count it as down."""
    file = folder / "sentinel.conf"
    file.write_text(
        f"port {sentinel.port}\nbind 127.0.0.1\nrequirepass watchword\nsentinel monitor ledger 127.0.0.1 {primary} 1\n"
        "sentinel down-after-milliseconds ledger 600000\n"
    )
    sentinel.start_from(file, "watchword")


@contextlib.asynccontextmanager
async def tls_end(files: Certificates, port: int) -> AsyncIterator[int]:
    """A port where TLS ends, in front of one that speaks plain."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.server, files.server_key)
    async with await asyncio.start_server(partial(pass_to, port), "127.0.0.1", 0, ssl=context) as ending:
        yield ending.sockets[0].getsockname()[1]


async def test_a_user_of_its_own_is_known_by_every_server_of_a_cluster(tmp_path: Path) -> None:
    with valkey_cluster(tmp_path, *PERSISTENT, "--user", "ledger", "on", ">secret", "~*", "+@all") as url:
        access = Access(address=parse_address(url), user="ledger", password="secret")
        ledger = RedisLedger(access, ManualClock())
        await ledger.open()
        messages = [a_message(id=identifier(number)) for number in range(200)]
        assert None not in await ledger.apply(accepts(*messages))
        assert await ledger.messages.find_many([each.id for each in messages]) == messages
        await ledger.close()
        with pytest.raises(LedgerUnavailable, match="refuses this user or password"):
            await RedisLedger(msgspec.structs.replace(access, password="wrong"), ManualClock()).open()


@pytest.mark.parametrize("dead", [(0,), (0, 1, 2)])
async def test_a_cluster_that_is_away_in_part_or_whole_is_unavailable_and_comes_back(
    tmp_path: Path, dead: tuple[int, ...]
) -> None:
    cluster = ValkeyCluster(tmp_path, *PERSISTENT, "--cluster-require-full-coverage", "no")
    try:
        cluster.start()
        ledger = RedisLedger(Access(address=parse_address(cluster.url), timeout_s=1.0), ManualClock(), role=Role.ALONE)
        await ledger.open()
        before = [a_message(id=message_id(NOW, number, bytes((number,) * 8))) for number in range(100)]
        await ledger.apply(accepts(*before))  # in every partition, so on every server
        cluster.kill(*dead)
        for ask in (
            lambda: ledger.apply(accepts(*(a_message() for _ in range(100)))),
            lambda: ledger.messages.find_many([each.id for each in before]),
            lambda: ledger.retention.forget_leftovers(NOW, 10),
            lambda: ledger.retention.overdue(NOW),
            lambda: ledger.retention.traffic(0, 10),
            ledger.accounts.customers,
        ):
            with pytest.raises(LedgerUnavailable):
                await ask()
        cluster.start_again()
        async with asyncio.timeout(LIMIT_S):
            while True:
                with contextlib.suppress(LedgerUnavailable):
                    assert await ledger.messages.find_many([each.id for each in before]) == before
                    break
        await ledger.close()
    finally:
        cluster.stop()


async def pass_to(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Where TLS ends, in front of a server that speaks plain."""
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.close()

    await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))
