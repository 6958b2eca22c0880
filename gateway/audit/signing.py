"""With what the log is signed: the present key, for a time the former one beside it, and ML-DSA-44 where it is set.

A key is replaced, never changed. The former one signs beside its successor, so that whoever knows it alone goes on,
until the overlap is over; then it is destroyed, and what it signed stays valid: its verifier key lies in the marks of
the key store, as the note of what was signed last does.
"""

from collections.abc import Mapping
from hashlib import sha256
from itertools import pairwise
from typing import Final

from gateway.keystore.keyring import Keyring
from gateway.keystore.rotation import drop_audit_keys, rotate_audit
from gateway.keystore.store import Keystore
from gateway.process.clock import Clock
from redaction.notes import ML_DSA, SIGNATURE, Signature, VerifierKey, cosign, sign, verifier_key

DAY_MS: Final = 86_400_000
OVERLAP_MS: Final = 30 * DAY_MS
_PART: Final = 8
_PARTS: Final = 4
_MARK: Final = "audit_key_"


class LogSigner:
    """The keys of one log. origin: its name. overlap_ms: for so long a former key signs beside its successor.

    All raise a SealError where keys are withheld.
    """

    def __init__(
        self,
        origin: str,
        keystore: Keystore,
        keyring: Keyring,
        clock: Clock,
        *,
        overlap_ms: int = OVERLAP_MS,
        ml_dsa: bool = False,
    ) -> None:
        self.origin: Final = origin
        self._keystore = keystore
        self._keyring = keyring
        self._clock = clock
        self._overlap_ms = overlap_ms
        self._ml_dsa = ml_dsa

    @property
    def key(self) -> VerifierKey:
        """Of the present key."""
        return verifier_key(self._seeds()[0], self.origin)

    @property
    def current(self) -> list[VerifierKey]:
        """Of those that sign now, the present one first."""
        return [verifier_key(seed, self.origin) for seed in self._seeds()]

    @property
    def ml_dsa_key(self) -> VerifierKey | None:
        """By which ML-DSA-44 signs beside the present key; None where that is not set."""
        return verifier_key(self._seeds()[0], self.origin, ML_DSA) if self._ml_dsa else None

    def former(self) -> list[VerifierKey]:
        """Of keys that were replaced, the last one first; whether they still sign or are destroyed.

        Raises LedgerUnavailable.
        """
        return former_keys(self._keystore.marks.all(), self.origin)

    def sign(self, text: str) -> tuple[Signature, ...]:
        """Every signature of a checkpoint's text."""
        seeds = self._seeds()
        signatures = [sign(seed, self.origin, text) for seed in seeds]
        if self._ml_dsa:
            signatures.append(cosign(seeds[0], self.origin, text, self._clock.now_ms() // 1000, ML_DSA))
        return tuple(signatures)

    def rotate(self) -> dict[str, bytes]:
        """Have another key sign from now on; digests of the verifier keys before and after, for the audit entry.

        Raises LedgerUnavailable and LayoutBefore.
        """
        epoch, before = self._keyring.audit_keys()[0].epoch, self.key
        self._keystore.marks.move({}, _marks(epoch, before))
        rotate_audit(self._keystore, self._clock)
        return {"before": _digest(before), "after": _digest(self.key)}

    async def drop_former(self) -> int:
        """Destroy keys whose overlap is over; how many. Raises LedgerUnavailable."""
        keys, now_ms = self._keyring.audit_keys(), self._clock.now_ms()
        over = [former.epoch for newer, former in pairwise(keys) if now_ms >= newer.made_ms + self._overlap_ms]
        return await drop_audit_keys(self._keystore, over) if over else 0

    def _seeds(self) -> list[bytes]:
        """The present one first."""
        keys, now_ms = self._keyring.audit_keys(), self._clock.now_ms()
        beside = [former.seed for newer, former in pairwise(keys) if now_ms < newer.made_ms + self._overlap_ms]
        return [keys[0].seed, *beside]


def former_keys(marks: Mapping[str, int], origin: str) -> list[VerifierKey]:
    """Of the marks of a key store, the last one first."""
    epochs = {int(name.removeprefix(_MARK).partition("_")[0]) for name in marks if name.startswith(_MARK)}
    return [VerifierKey(origin, SIGNATURE, _public(marks, epoch)) for epoch in sorted(epochs, reverse=True)]


def key_marks(marks: Mapping[str, int]) -> dict[str, int]:
    """Those of a key store that must go along where the keys go."""
    return {name: value for name, value in marks.items() if name.startswith(_MARK)}


def _marks(epoch: int, key: VerifierKey) -> dict[str, int]:
    parts = (key.public[at * _PART : (at + 1) * _PART] for at in range(_PARTS))
    return {f"{_MARK}{epoch}_{at}": int.from_bytes(part, "big", signed=True) for at, part in enumerate(parts)}


def _public(marks: Mapping[str, int], epoch: int) -> bytes:
    parts = (marks.get(f"{_MARK}{epoch}_{at}", 0) for at in range(_PARTS))
    return b"".join(part.to_bytes(_PART, "big", signed=True) for part in parts)


def _digest(key: VerifierKey) -> bytes:
    return sha256(key.text.encode()).digest()
