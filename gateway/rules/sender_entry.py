"""One registered sender: for which classes its name is, and how it stands with each operator.

A sender is a document (`sender`, CUSTOMER/NAME). Documents that were handed in are named by their references alone: no
copy of a person's papers is kept (PDPL IR 31).
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.settings import check_classes
from gateway.ledger.contract import ROW_FAULTS, Document
from gateway.model.senders import is_sender
from gateway.rules.links import host_key

KIND: Final = "sender"
STATES: Final = ("requested", "active", "refused", "expired")
BASES: Final = ("consent", "contract", "legal_obligation", "vital_interest", "public_interest", "legitimate_interest")
SENSITIVE_BASES: Final = ("consent", "contract")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}", re.ASCII)
_OPERATOR: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,59}", re.ASCII)
_MOST: Final = 50


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


NOWHERE: Final = SenderEntry()
"""Of one whose document cannot be read."""
