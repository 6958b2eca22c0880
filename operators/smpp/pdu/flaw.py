"""What may be wrong with a PDU that is read all the same (S-05): the status decides, and a bad tail voids nothing."""

import enum


class Flaw(enum.Enum):
    """The first thing that was found wrong; what could not be read was dropped."""

    TAIL = "tail"  # octets behind the last field or TLV that could be read
    CUT = "cut"  # a string over its maximum, or without its end
    SHORT = "short"  # a response whose body ends before its last field
    NO_ID = "no_id"  # a success without the message_id that receipts would name
