"""Secrets of epochs: what the peppers of all customers are derived from whose epochs turn."""

from collections.abc import Callable
from typing import Final

from redaction.stored_keys import Key
from redaction.turning import Window

Random = Callable[[int], bytes]
"""A source of that many unpredictable bytes: `os.urandom`, or a fixed one in tests."""

PEPPER_PURPOSES: Final = frozenset(
    {
        "search",
        "suppress",
        "consent",
        "stop",
        "rate",
        "statistics",
        "credential",
        "idempotency",
        "correlation",
        "join",
        "audit",
        "person",
        "record",
    }
)

SEARCH: Final = "search"
"""The purpose of what people are found by in records."""

SECRETS: Final = "secrets"
"""A kind of groups, each of which rests in a segment of its own: some epochs."""
EPOCHS_A_GROUP: Final = 128
KEY_BYTES: Final = 32


class EpochSecrets:
    """By purpose, tag and epoch. touched: groups of keys that changed since they were read. windows: what
    `redaction.windows` has found for a purpose and a minute.
    """

    __slots__ = ("_first_epochs", "_first_tagged", "_secrets", "touched", "windows")

    def __init__(self, secrets: dict[tuple[str, str, int], Key]) -> None:
        self._secrets = secrets
        self._first_epochs: dict[str, int | None] = {}
        self._first_tagged: dict[str, int | None] = {}
        self.touched: set[tuple[str, int]] = set()
        self.windows: dict[tuple[str, int], Window] = {}

    def _forget_derived(self) -> None:
        self._forget_firsts()

    def _forget_firsts(self) -> None:
        self._first_epochs.clear()
        self._first_tagged.clear()
        self.windows.clear()

    def ensure_secret(self, purpose: str, epoch: int, random: Random, *, tag: str = "", now_ms: int = 0) -> bool:
        """Make what the peppers of an epoch are derived from, for all customers, unless it is there; true when made.

        tag: for whose records alone it serves. Raises `ValueError` for an unknown purpose.
        """
        check_purpose(purpose)
        if (purpose, tag, epoch) in self._secrets:
            return False
        self._secrets[purpose, tag, epoch] = Key(random(KEY_BYTES), now_ms)
        self._forget_firsts()
        self.touched.add((SECRETS, epoch // EPOCHS_A_GROUP))
        return True

    def drop_secret(self, purpose: str, epoch: int, tag: str = "") -> bool:
        """Make the pseudonyms of an epoch meaningless, of all customers; true if its secret was there."""
        self._forget_derived()
        self.touched.add((SECRETS, epoch // EPOCHS_A_GROUP))
        return self._secrets.pop((purpose, tag, epoch), None) is not None

    def has_secret(self, purpose: str, epoch: int, tag: str = "") -> bool:
        return (purpose, tag, epoch) in self._secrets

    def first_epoch(self, purpose: str) -> int | None:
        """The oldest epoch that has a secret for every tag; None where none has."""
        if purpose not in self._first_epochs:
            found = (epoch for purposed, tag, epoch in self._secrets if purposed == purpose and not tag)
            self._first_epochs[purpose] = min(found, default=None)
        return self._first_epochs[purpose]

    def first_tagged(self, purpose: str) -> int | None:
        """The oldest epoch that has a secret for some tag; None where none has."""
        if purpose not in self._first_tagged:
            found = (epoch for purposed, tag, epoch in self._secrets if purposed == purpose and tag)
            self._first_tagged[purpose] = min(found, default=None)
        return self._first_tagged[purpose]

    def tagged(self, purpose: str) -> list[tuple[str, int]]:
        """Tag and epoch of every secret that serves one tag alone, the oldest epoch first."""
        found = ((tag, epoch) for purposed, tag, epoch in self._secrets if purposed == purpose and tag)
        return sorted(found, key=lambda each: (each[1], each[0]))

    def secrets(self) -> list[tuple[str, str, int]]:
        """Purpose, tag and epoch of every secret, in order."""
        return sorted(self._secrets)


def check_purpose(purpose: str) -> None:
    if purpose not in PEPPER_PURPOSES:
        raise ValueError("no such pepper purpose")
