"""Why something was done, in the words of whoever did it: sealed in the ledger for as long as the audit log is kept.

The log has a commitment to a reason and nothing else, and is where one is found from. A reason is durable before its
act, so that no entry commits to words that are lost; what was refused after all leaves one to which no entry leads.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.profile import AccountSealer
from gateway.audit.actor import Actor
from gateway.audit.entries import SALT, commitment
from gateway.ledger.contract import ROW_FAULTS, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.process.clock import Clock
from redaction.keys import PLATFORM
from redaction.personal import MessageText, Purpose
from redaction.sealed import Sealed

KIND: Final = "reason"
LONGEST: Final = 200
"""Characters of a reason."""
FIELD: Final = "reason"
"""The sealed field that holds one."""
PAGE: Final = 500


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    at_ms: int
    sealed: bytes


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Stored).decode


class Reasons:
    """ensure_key: makes the key durable under which reasons are sealed."""

    def __init__(
        self, acts: Acts, clock: Clock, *, sealer: AccountSealer, ensure_key: Callable[[], Awaitable[None]]
    ) -> None:
        self._acts = acts
        self._clock = clock
        self._sealer = sealer
        self._ensure_key = ensure_key

    async def because(self, actor: Actor, reason: MessageText) -> Actor:
        """The actor as entries have it who do something for this reason. Raises InvalidSetting, LedgerUnavailable."""
        text = checked(reason)
        await self._ensure_key()
        salt = self._clock.random(SALT)
        why = commitment(salt, text)
        sealed = self._sealer.seal_account(salt + text.encode(), PLATFORM, FIELD, why.hex().encode())
        stored = _Stored(self._clock.now_ms(), sealed)
        await self._acts.act([DocumentWrite(KIND, why.hex(), _encode(stored))])
        return msgspec.structs.replace(actor, why=why)

    async def find(self, why: str) -> MessageText | None:
        """The words to which an entry commits, by the digest in it; None where there are none, or none any more.

        Raises `redaction.errors.SealError`, LedgerUnavailable.
        """
        document = await self._acts.find(KIND, why)
        stored = None if document is None else _read(document)
        if stored is None:
            return None
        opened = self._sealer.open_account(Sealed(stored.sealed), PLATFORM, FIELD, why.encode(), Purpose.SECURITY)
        return MessageText(opened[SALT:].decode())


async def forget_reasons(acts: Acts, before_ms: int) -> int:
    """Destroy those from before that time; how many. Raises LedgerUnavailable."""
    gone, after = 0, ""
    while page := await acts.of_kind(KIND, after, PAGE):
        after = page[-1].key
        old = [each for each in page if (stored := _read(each)) is None or stored.at_ms < before_ms]
        if old:
            await acts.act([DocumentWrite(KIND, each.key, None) for each in old])
            gone += len(old)
    return gone


def checked(reason: MessageText) -> str:
    """What it says. Raises InvalidSetting."""
    text = reason.reveal(Purpose.ACCEPT)
    if not (text.strip() and text.isprintable() and len(text) <= LONGEST):
        raise InvalidSetting(f"a reason has 1 to {LONGEST} characters that can be printed")
    return text


def _read(document: Document) -> _Stored | None:
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return None
