"""What acts and changes of accounts share: audit entries as the server takes them, and a call that is durable."""

from collections.abc import Sequence
from typing import Any

from gateway.ledger.contract import LedgerUnavailable, OutcomeUnknown, check_octets
from gateway.ledger.redis.server import Call, Server
from gateway.ledger.redis.wire import encode, octets


def packed_entries(entries: Sequence[bytes]) -> bytes:
    """Nothing for none. Raises ValueError for one that is too large."""
    check_octets(entries)
    return encode([octets(each) for each in entries]) if entries else b""


async def durably(server: Server, call: Call) -> Any:
    """One call whose answer says that as many replicas as are asked for have it. Raises OutcomeUnknown."""
    (result,) = await server.calls([call], durable=True)
    if isinstance(result, LedgerUnavailable):
        raise OutcomeUnknown(str(result)) from result
    if isinstance(result, Exception):
        raise result
    return result
