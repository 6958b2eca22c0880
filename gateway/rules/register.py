"""The register of senders, as this process knows it. Every process reads it when documents changed."""

from collections.abc import Mapping
from typing import Final

from gateway.ledger.contract import Document
from gateway.ledger.roles import Acts
from gateway.process.logs import logger
from gateway.rules.sender_entry import KIND, NOWHERE, SenderEntry, read_entry, whose

PAGE: Final = 1_000

log = logger("gateway.rules")


class Register:
    """The senders as they stood at the last `refresh`. Look-ups never wait.

    One whose document cannot be read is registered nowhere.
    """

    def __init__(self, acts: Acts) -> None:
        self._acts = acts
        self._version: int | None = None
        self._known: dict[str, tuple[int, SenderEntry]] = {}
        self.entries: Mapping[str, SenderEntry] = {}

    async def refresh(self) -> None:
        """Read it again if any document changed. Raises LedgerUnavailable; what was known before then stands."""
        version = await self._acts.version()
        if version == self._version:
            return
        known: dict[str, tuple[int, SenderEntry]] = {}
        after = ""
        while page := await self._acts.of_kind(KIND, after, PAGE):
            known.update((each.key, self._read(each)) for each in page)
            after = page[-1].key
        self._known = known
        self.entries = {key: entry for key, (_, entry) in known.items()}
        self._version = version

    def _read(self, document: Document) -> tuple[int, SenderEntry]:
        before = self._known.get(document.key)
        if before is not None and before[0] == document.version:
            return before
        entry = read_entry(document)
        if entry is None:
            log.error("sender_unreadable", customer=whose(document.key)[0])
            entry = NOWHERE
        return document.version, entry

    def classes_of(self, customer: str, name: str) -> tuple[str, ...] | None:
        """The classes that a registered sender may carry, empty for all; None for one that is in no register."""
        entry = self.entries.get(f"{customer}/{name}")
        return None if entry is None else entry.classes

    def of(self, customer: str, name: str) -> SenderEntry | None:
        """customer: public id. None for a sender that is in no register."""
        return self.entries.get(f"{customer}/{name}") if self.entries else None
