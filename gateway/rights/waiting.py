"""What people asked for and have not proved yet: no case so far, so that nothing which is unproven is among cases.

It lies under a key of its day, which is destroyed in every copy once no request of that day can be proved any more.
"""

from typing import Final

import msgspec

from gateway.accounts.profile import AccountSealer
from gateway.keystore.hold_keys import DayKeys
from gateway.ledger.contract import ABSENT, ROW_FAULTS, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.process.clock import Clock
from gateway.rights.case_clocks import DAY_MS, PROOF_MS
from gateway.rights.case_record import CASE, Content, encode, read_content
from gateway.rights.case_states import Kind
from redaction.errors import KeyDestroyed
from redaction.personal import Purpose
from redaction.sealed import Sealed

WAITING: Final = "case_waiting"
"""The kind of document; its key is the id that the case will have."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """content: number, contact and words, sealed under the key of the day that `asked_ms` is in."""

    kind: Kind
    asked_ms: int
    content: bytes


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Waiting).decode


class WaitingRequests:
    """All raise LedgerUnavailable and KeysWithheld."""

    def __init__(self, acts: Acts, keys: DayKeys, sealer: AccountSealer, clock: Clock) -> None:
        self._acts = acts
        self._keys = keys
        self._sealer = sealer
        self._clock = clock

    async def write(self, case: str, kind: Kind, content: Content) -> DocumentWrite:
        """What keeps it, once the key of its day is durable."""
        now_ms = self._clock.now_ms()
        key = await self._keys.ensure(now_ms // DAY_MS)
        sealed = self._sealer.seal_account(encode(content), key, CASE, case.encode())
        waiting = Waiting(kind=kind, asked_ms=now_ms, content=sealed)
        return DocumentWrite(WAITING, case, _encode(waiting), ABSENT)

    async def find(self, case: str) -> tuple[Waiting, Content] | None:
        """None where nothing waits, or not any more."""
        document = await self._acts.find(WAITING, case)
        waiting = None if document is None else _read(document)
        if waiting is None or waiting.asked_ms + PROOF_MS <= self._clock.now_ms():
            return None
        key = self._keys.number(waiting.asked_ms // DAY_MS)
        try:
            sealed = Sealed(waiting.content)
            octets = self._sealer.open_account(sealed, key, CASE, case.encode(), Purpose.DATA_SUBJECT)
        except KeyDestroyed:
            return None
        return waiting, read_content(octets)

    async def sweep(self) -> None:
        """Forget what nobody proved, and the keys of days that are over."""
        due_ms, behind = self._clock.now_ms() - PROOF_MS, ""
        while page := await self._acts.of_kind(WAITING, behind):
            for each in page:
                waiting = _read(each)
                if waiting is None or waiting.asked_ms <= due_ms:
                    await self._acts.act([DocumentWrite(WAITING, each.key, None)])
            behind = page[-1].key
        await self._keys.forget_before(due_ms // DAY_MS)


def done(case: str) -> DocumentWrite:
    """What takes it away once it has become a case."""
    return DocumentWrite(WAITING, case, None)


def _read(document: Document) -> Waiting | None:
    """None of what a later version wrote."""
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return None
