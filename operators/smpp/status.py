"""command_status values (SMPP 3.4 §5.1.3): the vocabulary is smpplib's; what a status means for a retry is data here.

A status outside the list is kept as a number (S-07).
"""

from typing import Final

from smpplib import consts

OK: Final = 0x00
RINVMSGLEN: Final = 0x01
RINVCMDLEN: Final = 0x02
RINVCMDID: Final = 0x03
RINVBNDSTS: Final = 0x04
RALYBND: Final = 0x05
RSYSERR: Final = 0x08
RINVSRCADR: Final = 0x0A
RINVDSTADR: Final = 0x0B
RINVMSGID: Final = 0x0C
RBINDFAIL: Final = 0x0D
RINVPASWD: Final = 0x0E
RINVSYSID: Final = 0x0F
RMSGQFUL: Final = 0x14
RINVSERTYP: Final = 0x15
RINVNUMDESTS: Final = 0x33
RINVDLNAME: Final = 0x34
RINVDESTFLAG: Final = 0x40
RINVSUBREP: Final = 0x42
RQUERYFAIL: Final = 0x67
RCANCELFAIL: Final = 0x11
RREPLACEFAIL: Final = 0x13
RINVSRCTON: Final = 0x48
RINVSYSTYP: Final = 0x53
RINVSCHED: Final = 0x61
RINVEXPIRY: Final = 0x62
RTHROTTLED: Final = 0x58
RX_T_APPN: Final = 0x64
RX_P_APPN: Final = 0x65
RX_R_APPN: Final = 0x66
RINVOPTPARSTREAM: Final = 0xC0
RINVPARLEN: Final = 0xC2

NAMES: Final[dict[int, str]] = {
    value: name.removeprefix("SMPP_")
    for name, value in vars(consts).items()
    if name.startswith("SMPP_ESME_") and isinstance(value, int)
}


def name_of(status: int) -> str:
    """`ESME_RTHROTTLED`, or `0x00000400` for one that the standard does not name."""
    return NAMES.get(status, f"0x{status:08X}")
