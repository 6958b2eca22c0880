"""Which engine the settings name, built and not opened yet. The other engine is not even imported."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from config.redis_address import parse_address
from config.settings import LedgerSettings
from gateway.process.clock import Clock

if TYPE_CHECKING:
    from gateway.ledger.redis.engine import RedisLedger
    from gateway.ledger.sqlite.engine import SqliteLedger


def node_ledger(
    settings: LedgerSettings, clock: Clock, *, cores: int | None = None, machine: str | None = None
) -> "SqliteLedger | RedisLedger":
    """For a node. cores: that it may use; None asks the system. machine: as all of its processes call it; None for one
    that stands alone. Raises SecretMissing.
    """
    if settings.engine == "redis":
        return _on_redis(settings, clock, "NODE", machine)
    from gateway.ledger.sqlite.engine import SqliteLedger
    from gateway.ledger.sqlite.large_commits import LargeCommits

    may_choose = settings.writer == "auto" and (usable_cores() if cores is None else cores) > 1
    return SqliteLedger(
        Path(settings.path),
        clock,
        synchronous=settings.synchronous,
        commit_on_loop_s=settings.commit_on_loop_ms / 1000,
        apart=settings.writer == "process",
        moves_at=LargeCommits() if may_choose else None,
    )


def usable_cores() -> int:
    """Those that this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def desk_ledger(settings: LedgerSettings, clock: Clock, *, alone: bool) -> "SqliteLedger | RedisLedger":
    """For the command line, beside running nodes or while there is none. Raises SecretMissing."""
    if settings.engine == "redis":
        return _on_redis(settings, clock, "ALONE" if alone else "BESIDE")
    from gateway.ledger.sqlite.engine import SqliteLedger

    return SqliteLedger(Path(settings.path), clock, exclusive=alone)


def _on_redis(
    settings: LedgerSettings, clock: Clock, role: Literal["NODE", "ALONE", "BESIDE"], machine: str | None = None
) -> "RedisLedger":
    from gateway.ledger.redis.engine import RedisLedger
    from gateway.ledger.redis.member import Role, Terms
    from gateway.ledger.redis.server import Access

    redis = settings.redis
    access = Access(
        address=parse_address(redis.url),
        user=redis.user,
        password=redis.password.resolve(),
        sentinel_password=redis.sentinel_password.resolve(),
        tls_ca=redis.tls_ca,
        timeout_s=redis.timeout_s,
    )
    terms = Terms(
        prefix=redis.prefix,
        partitions=redis.partitions,
        lease_s=redis.lease_s,
        patience_s=redis.patience_s,
        replicas=redis.replicas,
        max_skew_s=redis.max_clock_skew_s,
    )
    return RedisLedger(access, clock, terms, role=Role[role], machine=machine)
