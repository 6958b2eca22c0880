"""Operators' ids of segments as they are kept: keyed digests, since an id is an operator's text and may hold a number.

A digest is what a receipt is looked up by. Where an operator is asked what became of a segment (query_sm), its id lies
beside the digests, sealed with the keys of the message's content, and goes with them. An installation from before keeps
ids in clear for a day after its upgrade, so that nodes of both versions find each other's (docs/decisions/0033).
"""

import re
from binascii import b2a_base64
from collections.abc import Callable
from typing import Final

import msgspec

from gateway.delivery.neighbours import Forwarded
from gateway.model.message import Message
from gateway.vault.vault import Vault
from operators.base import DeliveryReceipt
from redaction.primitives import Begun

AWAITED_MS: Final = 8 * 24 * 3600 * 1000
"""How long a receipt may come after its message was sent: a validity of a week, and hours of delay."""
UNLISTED: Final = "unlisted"
"""Stands for an operator's code in a form that could hold more than a code."""

_OCTETS: Final = 12
_OF_NEIGHBOURS: Final = 3
_WRITTEN: Final = 16
"""Characters of base64."""
_TAIL: Final = 2
_MARK: Final = "~"
_NO_ERROR: Final = "000"
_CODE: Final = re.compile("[0-9]{1,5}|[0-9A-Za-z]{1,4}", re.ASCII)


class OperatorIds:
    """key: 32 octets. since_ms: from when ids are kept as digests, 0 for always; earlier ones are kept as they come."""

    def __init__(self, key: bytes, vault: Vault, now_ms: Callable[[], int], since_ms: int = 0) -> None:
        self._keyed = Begun(b"", size=_OCTETS, key=key)
        self._vault = vault
        self._now_ms = now_ms
        self._since_ms = since_ms

    def kept(self, operator: str, identifier: str) -> str:
        """What is stored in place of the id that an operator has just given; '' for none."""
        if not identifier or (self._since_ms and self._now_ms() < self._since_ms):
            return identifier
        return self._digest(operator, identifier)

    def sealed(self, message: Message, identifier: str) -> str:
        """What is stored beside that, where the operator is asked by its id."""
        return self._vault.seal_operator_id(message, identifier) if identifier else ""

    def asked(self, message: Message, segment: int) -> str:
        """The id to ask an operator by; '' where it is unknown. Raises `redaction.errors.SealError`."""
        ids = message.operator_ids
        kept = ids[segment] if segment < len(ids) else ""
        if not kept.startswith(_MARK):
            return kept
        at = message.segments + segment
        return self._vault.open_operator_id(message, ids[at]) if at < len(ids) and ids[at] else ""

    def named(self, receipt: DeliveryReceipt, *, best: bool = False) -> DeliveryReceipt:
        """The receipt with what was stored for its ids, and a code that holds nothing else. What another node left
        here has them already. best: for the first of its ids alone, which is nearly always the one that was given.
        """
        if isinstance(receipt.handle, Forwarded):
            return receipt
        given = receipt.candidates[:1] if best else receipt.candidates
        kept = tuple([self._digest(receipt.operator, each) for each in given])
        if self._since_ms and self._now_ms() < self._since_ms + AWAITED_MS:
            kept += given
        return msgspec.structs.replace(receipt, candidates=kept, error_code=listed(receipt.error_code))

    def _digest(self, operator: str, identifier: str) -> str:
        """Begins with the digest of all but the last characters. Operators count, so ids that come together then lie
        together: in random places every message writes a page of the ledger of its own.
        """
        text = f"{operator}\0{identifier}"
        if text.isascii():
            octets = text.encode()
            tail = min(_TAIL, len(identifier))
        else:
            octets = text.encode("utf-8", "surrogatepass")
            tail = len(identifier[-_TAIL:].encode("utf-8", "surrogatepass"))
        kept = self._keyed.of_both(octets, len(octets) - tail, _OF_NEIGHBOURS)
        return _MARK + b2a_base64(kept)[:_WRITTEN].decode()


def listed(code: str | None) -> str | None:
    """An operator's code if it is a number below 100,000 or up to four letters and digits; `UNLISTED` otherwise."""
    return code if code is None or code == _NO_ERROR or _CODE.fullmatch(code) is not None else UNLISTED
