"""What leaves to an operator: the egress contract, and the record of what was disclosed.

Deny by default: a field that a contract does not list does not leave (PRIVACY.md P-16). Customer and account ids, our
message id, the customer's reference, tags, callback URL, addresses, user agents and unknown TLVs have no member in
`EgressField`, so no contract can let them out.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from redaction.personal import Msisdn


class EgressField(enum.Enum):
    """A field of a message that may leave. The value is its bit in a disclosure code: never reuse or renumber one."""

    SOURCE = 0
    DESTINATION = 1
    TEXT = 2
    DATA_CODING = 3
    UDH = 4
    REGISTERED_DELIVERY = 5
    VALIDITY = 6
    SCHEDULE = 7
    PRIORITY = 8
    ESM_CLASS = 9
    PROTOCOL_ID = 10
    REFERENCE = 11  # of its own for each message and not to be told from chance, never our id or the customer's

    __hash__ = object.__hash__  # Enum's own is written in Python


STANDARD_FIELDS: Final = frozenset(EgressField)
"""The fields of PRIVACY.md, all of them."""

INDISPENSABLE: Final = frozenset({EgressField.DESTINATION, EgressField.TEXT, EgressField.DATA_CODING})
"""Without these there is no message to deliver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressContract:
    """What one operator is given.

    fields: the allow-list. sender_alias: a registered sender name that replaces a personal number as the source, so
    that a person's number does not leave as a sender; None lets the number go.
    """

    operator: str
    fields: frozenset[EgressField]
    sender_alias: str | None = None

    def __post_init__(self) -> None:
        missing = INDISPENSABLE - self.fields
        if missing:
            raise ValueError(f"contract of {self.operator} lacks {', '.join(sorted(it.name for it in missing))}")

    def allows(self, field: EgressField) -> bool:
        """Whether the attribute of an MT message that carries `field` may be set."""
        return field in self.fields

    def source(self, source: str | Msisdn) -> str | Msisdn:
        """The source address that may leave: the alias in place of a person's number, '' where no source may."""
        if EgressField.SOURCE not in self.fields:
            return self.sender_alias or ""
        if isinstance(source, Msisdn) and self.sender_alias is not None:
            return self.sender_alias
        return source


def disclosure_code(fields: Iterable[EgressField]) -> int:
    """Which fields left, as a bit mask to keep with the record."""
    code = 0
    for field in fields:
        code |= 1 << field.value
    return code


@lru_cache(maxsize=256)
def disclosed_fields(code: int) -> tuple[str, ...]:
    """The names behind a code, in the order of `EgressField`. Raises `ValueError` for bits that name no field.

    Remembered: an operator's messages have one code or two, and a list has it a hundred times.
    """
    if code < 0 or code >> len(EgressField):
        raise ValueError("no such disclosure code")
    return tuple(field.name.lower() for field in EgressField if code >> field.value & 1)
