"""Codes that prove a number: six digits, ten minutes, five attempts. Only a keyed digest of one is kept.

An attempt is written down before the code is looked at, over the version that was read: of many that come at once no
more than five are looked at, on all nodes together.
"""

import hmac
from collections.abc import Callable
from typing import Final

import msgspec

from gateway.ledger.contract import ROW_FAULTS, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from gateway.rights.case_clocks import HOUR_MS, PROOF_MS
from redaction.personal import Purpose, Secret

CODE: Final = "case_code"
"""The kind of document; its key is the case's id."""
DIGITS: Final = 6
LIFE_MS: Final = 10 * 60_000
ATTEMPTS: Final = 5
AGAIN_MS: Final = HOUR_MS
"""After as many wrong ones, until there may be another code."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """digest: keyed, of the case's id and the code. sent_ms: when. tries: how often one was typed."""

    digest: bytes
    sent_ms: int
    tries: int = 0


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Given).decode


class Codes:
    """digest: keyed, of 32 octets. All raise LedgerUnavailable, and KeysWithheld where the keys are not there."""

    def __init__(self, acts: Acts, digest: Callable[[Secret], bytes], clock: Clock) -> None:
        self._acts = acts
        self._digest = digest
        self._clock = clock

    def make(self, case: str) -> tuple[Secret, DocumentWrite]:
        """A new code, and what keeps it in the place of the one before."""
        found = int.from_bytes(self._clock.random(8), "big") % 10**DIGITS
        code = f"{found:0{DIGITS}}"
        given = Given(digest=self._digest_of(case, code), sent_ms=self._clock.now_ms())
        return Secret(code), DocumentWrite(CODE, case, _encode(given))

    async def may_have_another(self, case: str) -> bool:
        """Not within an hour of one that was typed wrong as often as that is allowed."""
        document = await self._acts.find(CODE, case)
        given = None if document is None else _read(document)
        return given is None or given.tries < ATTEMPTS or given.sent_ms + AGAIN_MS <= self._clock.now_ms()

    async def check(self, case: str, typed: Secret) -> DocumentWrite:
        """What takes the code away once it has served. Raises Refusal: `proof_wrong`, `proof_expired`,
        `too_many_codes`; and ChangedMeanwhile where several try at once.
        """
        document = await self._acts.find(CODE, case)
        given = None if document is None else _read(document)
        if document is None or given is None:
            raise Refusal("proof_wrong")
        if given.tries >= ATTEMPTS:
            raise Refusal("too_many_codes")
        if given.sent_ms + LIFE_MS <= self._clock.now_ms():
            raise Refusal("proof_expired")
        tried = msgspec.structs.replace(given, tries=given.tries + 1)
        await self._acts.act([DocumentWrite(CODE, case, _encode(tried), document.version)])
        if not hmac.compare_digest(given.digest, self._digest_of(case, typed.reveal(Purpose.CREDENTIAL).strip())):
            raise Refusal("proof_wrong")
        return DocumentWrite(CODE, case, None)

    async def sweep(self) -> None:
        """Forget those of requests that wait for proof no more."""
        due_ms, behind = self._clock.now_ms() - PROOF_MS, ""
        while page := await self._acts.of_kind(CODE, behind):
            for each in page:
                given = _read(each)
                if given is None or given.sent_ms <= due_ms:
                    await self._acts.act([DocumentWrite(CODE, each.key, None)])
            behind = page[-1].key

    def _digest_of(self, case: str, code: str) -> bytes:
        return self._digest(Secret(f"case code {case} {code}"))


def _read(document: Document) -> Given | None:
    """None of what a later version wrote."""
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return None
