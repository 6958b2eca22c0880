"""The message that stands for a repeat: the one that came with the same idempotency key before."""

from gateway.ledger.contract import Ledger, LedgerUnavailable
from gateway.model.message import Message
from gateway.model.refusals import Refusal


async def earlier_message(ledger: Ledger, customer: int, standing: bytes) -> Message:
    """standing: its id. Raises Refusal, also where it was erased since: that looks as if it never was (Law 7)."""
    try:
        earlier = await ledger.find(customer, standing)
    except LedgerUnavailable:
        raise Refusal("ledger_unavailable") from None
    if earlier is None:
        raise Refusal("not_found")
    return earlier
