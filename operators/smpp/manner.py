"""What every submit_sm to one operator has in common. A type alone: `dialect` makes it of settings, and goes by it."""

from typing import Final

import msgspec

from operators.smpp import pdu as p

FLASH: Final = 0x10
"""data_coding of a text in the default alphabet that is shown at once (TS 23.038 §4)."""


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """What every submit_sm has in common. mode: bits of esm_class. flash: data_coding of flash in the default alphabet.

    tlvs: behind those that carry the message. more: say whether more parts of the message follow.
    """

    service_type: str = ""
    mode: int = 0
    protocol_id: int = 0
    priority: int = 0
    flash: int = FLASH
    tlvs: p.Tlvs = ()
    more: bool = False
