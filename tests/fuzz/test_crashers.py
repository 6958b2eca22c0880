"""Octets that once broke something, here or in other codecs; each must pass every target for ever."""

from collections.abc import Callable

import pytest

from operators.smpp import pdu as p
from tests.fuzz import targets

RESP = p.SubmitSmResp.command_id
CRASHERS = {
    "an outbind with a password longer than we write": p.HEADER.pack(43, p.Outbind.command_id, 0, 16)
    + b"smsc\0"
    + b"secret" * 3
    + b"abc\0",
    "a status of a vendor (other libraries: not in their list)": p.HEADER.pack(16, RESP, 0x4E2, 1),
    "congestion_state, a tag of 5.0 (other libraries: an exception)": p.HEADER.pack(23, RESP, 0, 1)
    + b"1\0\x04\x28\0\1\x32",
    "a TLV that ends behind its PDU (other libraries: a read out of bounds)": p.HEADER.pack(22, RESP, 0, 1)
    + b"1\0\x04\x28\xff\xff",
    "a response of success without a body": p.HEADER.pack(16, RESP, 0, 1),
    "nothing": b"",
    "a header cut short": b"\0\0\0\x10\0\0",
    "the longest length": b"\xff" * 16,
}


@pytest.mark.parametrize("target", targets.TARGETS.values(), ids=targets.TARGETS)
@pytest.mark.parametrize("octets", CRASHERS.values(), ids=CRASHERS)
def test_what_once_broke_something_passes(target: Callable[[bytes], None], octets: bytes) -> None:
    target(octets)
