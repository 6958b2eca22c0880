"""Failed attempts to sign in, counted per account and per network, on all nodes together.

Both are found by keyed digests: of what was typed as an e-mail address, whether anybody has it or not, and of the
network. They go a day after the last attempt.
"""

from typing import Final

import msgspec

from gateway.ledger.contract import ABSENT, ROW_FAULTS, Document, DocumentWrite
from gateway.people.locks import ACCOUNT, ADDRESS, OPEN, Limits, Lock, counted, excused, is_over
from gateway.people.registry import Registry, until_it_stands
from redaction.personal import Secret

LOCK: Final = "lock"

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Lock).decode


class Claim(msgspec.Struct, frozen=True):
    """An attempt that is admitted, and counted. account: "" for one that names nobody, by a passkey."""

    account: str
    network: str
    attempts: int
    waits_until_ms: int


class Locking:
    """The counts of one ledger."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def claim(self, email: Secret | None, network: str) -> Claim | None:
        """Count one attempt; None while the account or the network is to wait. Raises ChangedMeanwhile under a flood
        of attempts on one name.
        """
        account = "" if email is None else self._account_key(email)
        place = self._key("lock network", Secret(network))

        async def attempt() -> Claim | None:
            now_ms, writes, locks = self._registry.clock.now_ms(), [], []
            for key, limits in ((account, ACCOUNT), (place, ADDRESS)):
                if key:
                    made = await self._counted(key, limits, now_ms)
                    if made is None:
                        return None
                    writes.append(made[0])
                    locks.append(made[1])
            await self._registry.acts.act(writes)
            return Claim(account, place, locks[0].attempts, max(each.until_ms for each in locks))

        return await until_it_stands(attempt)

    async def excusing(self, claim: Claim) -> list[DocumentWrite]:
        """What has to be written where the attempt succeeded: the account is open again."""
        document = await self._registry.acts.find(LOCK, claim.network)
        writes = []
        if document is not None:
            lock = excused(_read(document))
            writes.append(DocumentWrite(LOCK, claim.network, _encode(lock), document.version))
        if claim.account:
            writes.append(DocumentWrite(LOCK, claim.account, None))
        return writes

    def opening(self, email: Secret) -> DocumentWrite:
        """What has to be written so that somebody may try again at once."""
        return DocumentWrite(LOCK, self._account_key(email), None)

    async def _counted(self, key: str, limits: Limits, now_ms: int) -> tuple[DocumentWrite, Lock] | None:
        document = await self._registry.acts.find(LOCK, key)
        standing, version = (OPEN, ABSENT) if document is None else (_read(document), document.version)
        lock = counted(standing, limits, now_ms)
        return None if lock is None else (DocumentWrite(LOCK, key, _encode(lock), version), lock)

    def _account_key(self, email: Secret) -> str:
        return self._key("lock account", Secret(self._registry.name_key(email)))

    def _key(self, what: str, said: Secret) -> str:
        return self._registry.digest(what, said).hex()


def lock_is_over(document: Document, now_ms: int) -> bool:
    return is_over(_read(document), now_ms)


def _read(document: Document) -> Lock:
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return OPEN
