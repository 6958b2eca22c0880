"""A store that keeps what it has not confirmed: nothing of it is claimed as taken, and nothing of it is worked on."""

import asyncio
import os
from pathlib import Path

import pytest

from config.redis_address import parse_address
from gateway.delivery.inflight import InFlight
from gateway.delivery.operator_ids import OperatorIds
from gateway.delivery.records import Records
from gateway.delivery.settler import Settler
from gateway.http_api.sending import untaken
from gateway.ledger.contract import Accept, WriteResult, Written
from gateway.ledger.journal import Journal
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Terms
from gateway.ledger.redis.server import Access
from gateway.process.clock import ManualClock
from gateway.retention.policies import RetentionPolicies
from gateway.vault.vault import Vault
from redaction.keys import KeyState
from redaction.retention import DEFAULT_RULES
from redaction.seal import Sealer
from tests.bounds import LIMIT_S
from tests.contract.records import NOW, a_message
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import Valkey

MESSAGES = 20


@pytest.mark.case("interfaces-4")
@pytest.mark.case("faults-9")
async def test_what_too_few_replicas_have_is_not_sent_and_not_said_to_be_untaken(tmp_path: Path) -> None:
    primary, replica = Valkey(tmp_path / "primary", *PERSISTENT), Valkey(tmp_path / "replica", *PERSISTENT)
    try:
        await asyncio.to_thread(primary.start)
        await asyncio.to_thread(replica.start, "--replicaof", "127.0.0.1", str(primary.port))
        await until_linked(primary)
        terms = Terms(prefix="t", lease_s=30, partitions=4, replicas=1, patience_s=0.1)
        ledger = RedisLedger(Access(address=parse_address(primary.url), timeout_s=0.5), ManualClock(), terms)
        await ledger.open()
        await doubted(ledger, primary, replica)
        await ledger.close()
    finally:
        replica.kill()
        primary.kill()


async def doubted(ledger: RedisLedger, primary: Valkey, replica: Valkey) -> None:
    journal = Journal(ledger, stored=lambda _: None, retry_s=0.01)
    records = Records(
        work=ledger.work,
        messages=ledger.messages,
        journal=journal,
        settler=Settler(RetentionPolicies(DEFAULT_RULES), lambda _: False),
        inflight=InFlight(),
        ids=OperatorIds(bytes(32), Vault(Sealer(KeyState(), os.urandom), {}, lambda: NOW, ledger.formats), lambda: NOW),
    )
    running = asyncio.create_task(journal.run())
    await asyncio.to_thread(replica.kill)
    fates: list[WriteResult] = []
    for _ in range(MESSAGES):
        journal.offer(Accept(a_message()), lambda _op, result: fates.append(result))
    async with asyncio.timeout(LIMIT_S):
        while len(fates) < MESSAGES:
            assert not await records.claim_due("stc", NOW, MESSAGES, ())
            await asyncio.sleep(0)
    assert set(fates) == {Written.UNKNOWN}
    assert {untaken(each).code for each in fates if isinstance(each, Written)} == {"outcome_unknown"}
    page = await ledger.messages.list_messages(7, status=None, since_ms=None, cursor=None, limit=100)
    assert len(page.messages) == MESSAGES  # the primary has them
    assert not await records.claim_due("stc", NOW, MESSAGES, ())
    await asyncio.to_thread(replica.start, "--replicaof", "127.0.0.1", str(primary.port))
    async with asyncio.timeout(LIMIT_S):
        while len(await records.claim_due("stc", NOW, 2 * MESSAGES, ())) < MESSAGES:
            await asyncio.sleep(0.01)  # a replica announces itself to the primary alone
    running.cancel()


async def until_linked(primary: Valkey) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not await asyncio.to_thread(_is_online, primary):
            await asyncio.sleep(0.01)


def _is_online(primary: Valkey) -> bool:
    first = primary.ask("INFO", "replication").get("slave0", {})
    return bool(first.get("state") == "online")
