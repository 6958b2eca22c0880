"""The register of senders: whose a name is, for which classes, and how it stands with each operator.

A sender is a document (`sender`, CUSTOMER/NAME). Documents that were handed in are named by their references alone: no
copy of a person's papers is kept (PDPL IR 31). Every process reads the register when documents changed.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.settings import check_classes
from gateway.ledger.contract import ROW_FAULTS, Document
from gateway.ledger.roles import Acts
from gateway.model.senders import is_sender
from gateway.process.logs import logger
from gateway.rules.links import host_key

KIND: Final = "sender"
PAGE: Final = 1_000
STATES: Final = ("requested", "active", "refused", "expired")
BASES: Final = ("consent", "contract", "legal_obligation", "vital_interest", "public_interest", "legitimate_interest")
SENSITIVE_BASES: Final = ("consent", "contract")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}", re.ASCII)
_OPERATOR: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,59}", re.ASCII)
_MOST: Final = 50

log = logger("gateway.rules")


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a sender at one operator. since: the day from which it is so. until: the last day on which it is active."""

    state: Literal["requested", "active", "refused", "expired"] = "requested"
    since: date | None = None
    until: date | None = None

    def is_active(self, day: date) -> bool:
        return self.state == "active" and (self.until is None or day <= self.until)


class SenderEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """classes: that it may carry; empty is all. operators: by name. documents: references of what was handed in.

    hosts: to which its links may lead, and what is below them. basis: of the processing, '' where it is not named.
    sensitive: its texts may say what the law protects most, and go on consent or contract alone.
    """

    classes: tuple[str, ...] = ()
    operators: Mapping[str, Standing] = {}
    documents: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    basis: str = ""
    sensitive: bool = False

    def __post_init__(self) -> None:
        check_classes(self.classes)
        _require(all(map(_OPERATOR.fullmatch, self.operators)), "an operator is named as in the settings")
        _require(
            all(map(_REFERENCE.fullmatch, self.documents)),
            "a document is named by its reference: up to 64 letters, digits, dots, dashes, underscores or slashes",
        )
        _require(all(map(_HOST.fullmatch, self.hosts)), "a host is a domain name, without scheme, port and path")
        _require(not self.basis or self.basis in BASES, f"a basis is {', '.join(BASES)}")
        _require(
            not self.sensitive or self.basis in SENSITIVE_BASES, "a sensitive sender's basis is consent or contract"
        )
        sizes = (len(self.operators), len(self.documents), len(self.hosts))
        _require(max(sizes) <= _MOST, f"a sender has up to {_MOST} operators, documents and hosts")

    def at(self, operator: str) -> Standing | None:
        return self.operators.get(operator)


def _require(holds: bool, allowed: str) -> None:
    if not holds:
        raise InvalidSetting(allowed)


def sender_document(customer: str, name: str) -> str:
    """The key of its document. customer: public id. Raises InvalidSetting for what is no sender."""
    _require(is_sender(name), "a sender has 3 to 11 letters, digits, spaces, dots or dashes, or is a number of 3 to 15")
    return f"{customer}/{name}"


def whose(key: str) -> tuple[str, str]:
    """The customer and the name of a document's key."""
    customer, _, name = key.partition("/")
    return customer, name


def hosts_of(written: tuple[str, ...]) -> tuple[str, ...]:
    """As people write hosts, in the spelling that is kept."""
    return tuple(dict.fromkeys(host_key(each.strip().removeprefix("https://").rstrip("/")) for each in written))


encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(SenderEntry).decode


def read_entry(document: Document) -> SenderEntry | None:
    """None for one that this version cannot read."""
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return None


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
            entry = _NOWHERE
        return document.version, entry

    def classes_of(self, customer: str, name: str) -> tuple[str, ...] | None:
        """The classes that a registered sender may carry, empty for all; None for one that is in no register."""
        entry = self.entries.get(f"{customer}/{name}")
        return None if entry is None else entry.classes

    def of(self, customer: str, name: str) -> SenderEntry | None:
        """customer: public id. None for a sender that is in no register."""
        return self.entries.get(f"{customer}/{name}")


_NOWHERE: Final = SenderEntry()
