"""What was signed of the audit log, sent to customers' endpoints once a day: whoever has them notices a log that was
written anew.

One document says of which day everybody was sent the checkpoint, so that of many processes one sends it. Whoever has
claimed a day and dies before everything is stored leaves it to another one: then an event may come twice.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from gateway.audit.checkpoint import read_checkpoint
from gateway.ledger.contract import (
    ABSENT,
    ROW_FAULTS,
    ChangedMeanwhile,
    Document,
    DocumentWrite,
    Notify,
    StoredEndpoint,
    WriteResult,
)
from gateway.ledger.roles import AccountStore, Acts
from gateway.model.event_types import CHECKPOINT
from gateway.model.message import OutboxEvent, no_message
from gateway.process.clock import Clock
from gateway.webhooks.endpoint import endpoint_settings
from redaction.notes import Note

EVENT: Final = CHECKPOINT
SENT: Final = "audit_sent"
"""The kind of the document."""
KEY: Final = "checkpoint"
DAY_MS: Final = 86_400_000
CLAIM_MS: Final = 600_000
"""A claim that is older was left behind."""

_encode: Final = msgspec.json.Encoder().encode


class CheckpointData(msgspec.Struct, frozen=True, kw_only=True):
    """What was signed of the audit log. log: its name. size: how many entries it had. checkpoint: the signed note."""

    log: str
    size: int
    checkpoint: str


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """day: of UTC, since 1970. claimed_ms: when somebody began with it. is_done: whether all its events are stored."""

    day: int
    claimed_ms: int
    is_done: bool


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Sent).decode


class Checkpoints:
    """write: stores an event."""

    def __init__(
        self, acts: Acts, accounts: AccountStore, write: Callable[[Notify], Awaitable[WriteResult]], clock: Clock
    ) -> None:
        self._acts = acts
        self._accounts = accounts
        self._write = write
        self._clock = clock

    async def send(self, note: Note) -> int:
        """To everybody who wants it, unless that was done today; to how many. It begins the day after the first call.

        Raises LedgerUnavailable.
        """
        now_ms = self._clock.now_ms()
        document = await self._acts.find(SENT, KEY)
        today = now_ms // DAY_MS
        if document is None:
            await self._note(Sent(today, now_ms, True), ABSENT)
            return 0
        sent = _read(document)
        if sent.day > today or (sent.day == today and (sent.is_done or now_ms < sent.claimed_ms + CLAIM_MS)):
            return 0
        if not await self._note(Sent(today, now_ms, False), document.version):
            return 0
        endpoints = [each for each in await self._accounts.endpoints() if wants_checkpoints(each)]
        for each in endpoints:
            await self._write(Notify(checkpoint_event(each.customer, now_ms, note)))
        claimed = await self._acts.find(SENT, KEY)
        if claimed is not None:
            await self._note(Sent(today, now_ms, True), claimed.version)
        return len(endpoints)

    async def _note(self, sent: Sent, read: int) -> bool:
        try:
            await self._acts.act([DocumentWrite(SENT, KEY, _pack(sent), read)])
        except ChangedMeanwhile:
            return False
        return True


def wants_checkpoints(endpoint: StoredEndpoint) -> bool:
    """Nothing is kept for an endpoint that is disabled: the next day has a newer one."""
    return endpoint.state == "enabled" and endpoint_settings(endpoint).wants(CHECKPOINT)


def checkpoint_event(customer: int, now_ms: int, note: Note) -> OutboxEvent:
    said = read_checkpoint(note)
    return OutboxEvent(
        customer=customer,
        message=no_message(customer),
        at_ms=now_ms,
        next_ms=now_ms,
        kind=EVENT,
        data=_encode(CheckpointData(log=said.origin, size=said.size, checkpoint=note.octets.decode())),
    )


def _read(document: Document) -> Sent:
    try:
        return _unpack(document.octets)
    except ROW_FAULTS:
        return Sent(0, 0, True)
