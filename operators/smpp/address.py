"""Addresses and times as SMPP writes them: TON, NPI and digits (SMPP 3.4 §5.2.5, §5.2.6), and the 16-character time
format (§7.1.1).

Addresses print as dots. The clock is an argument.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec

from redaction.personal import Msisdn, Purpose

TON_UNKNOWN = 0
TON_INTERNATIONAL = 1
TON_NETWORK_SPECIFIC = 3
TON_ALPHANUMERIC = 5
NPI_UNKNOWN = 0
NPI_ISDN = 1

_ALPHANUMERIC_LIMIT = 11
_SHORT_CODE_LIMIT = 8
_DIGITS_LIMIT = 20  # 21 octets with the terminator (§4.4.1)


class AddressError(ValueError):
    """A source address that no operator takes: the submitter's fault, and final. Never shows the address."""


class TimeFormatError(ValueError):
    """A time field that does not follow §7.1.1: the peer's fault, answered with ESME_RINVSCHED or ESME_RINVEXPIRY."""


class Address(msgspec.Struct, frozen=True, gc=False):
    """One end of a short message. `addr` is what goes on the wire, without terminator."""

    ton: int
    npi: int
    addr: str

    def __repr__(self) -> str:
        return f"Address(ton={self.ton}, npi={self.npi}, •••)"


class AddressSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator wants to see in each kind of address (S-30)."""

    short_code_ton: int = TON_NETWORK_SPECIFIC
    short_code_npi: int = NPI_UNKNOWN
    alphanumeric_ton: int = TON_ALPHANUMERIC
    alphanumeric_npi: int = NPI_UNKNOWN
    international_ton: int = TON_INTERNATIONAL
    international_npi: int = NPI_ISDN
    destination_ton: int = TON_INTERNATIONAL
    destination_npi: int = NPI_ISDN
    short_code_limit_digits: int = _SHORT_CODE_LIMIT


_DEFAULT_SETTINGS = AddressSettings()


def source_address(source: str | Msisdn, settings: AddressSettings = _DEFAULT_SETTINGS) -> Address:
    """A number, a short code or a sender name with its TON and NPI (S-30).

    Digits up to `short_code_limit_digits` are a short code, more are an international number, with or without plus.
    Raises `AddressError` for a name that is empty, over 11 characters or not printable ASCII.
    """
    if isinstance(source, Msisdn):
        return Address(settings.international_ton, settings.international_npi, source.reveal(Purpose.DELIVER))
    digits = source.removeprefix("+")
    if digits.isascii() and digits.isdigit():
        return _numeric(source, digits, settings)
    if not 0 < len(source) <= _ALPHANUMERIC_LIMIT:
        raise AddressError("a sender name has 1 to 11 characters")
    if not (source.isascii() and source.isprintable()):
        raise AddressError("a sender name is printable ASCII")
    return Address(settings.alphanumeric_ton, settings.alphanumeric_npi, source)


def _numeric(source: str, digits: str, settings: AddressSettings) -> Address:
    if len(digits) > _DIGITS_LIMIT:
        raise AddressError("a numeric address has at most 20 digits")
    if len(digits) <= settings.short_code_limit_digits and digits == source:
        return Address(settings.short_code_ton, settings.short_code_npi, digits)
    return Address(settings.international_ton, settings.international_npi, digits)


def destination_address(msisdn: Msisdn, settings: AddressSettings = _DEFAULT_SETTINGS) -> Address:
    """An international number without plus sign (S-30)."""
    digits = msisdn.reveal(Purpose.DELIVER)
    return Address(settings.destination_ton, settings.destination_npi, digits)


_DAY_S = 86_400
_MONTH_DAYS = 30
_YEAR_DAYS = 365
_RELATIVE_LIMIT_S = 100 * _YEAR_DAYS * _DAY_S
_QUARTER = timedelta(minutes=15)
_QUARTERS_LIMIT = 48
_TIME_CHARACTERS = 16


@lru_cache(4_096)
def relative_time(seconds: int) -> str:
    """`YYMMDDhhmmss000R`, so long from now; a month is 30 days and a year 365, as SMSCs count them (S-32)."""
    if not 0 <= seconds < _RELATIVE_LIMIT_S:
        raise TimeFormatError("a relative time is from 0 s to 100 years")
    days, rest = divmod(seconds, _DAY_S)
    years, days = divmod(days, _YEAR_DAYS)
    months, days = divmod(days, _MONTH_DAYS)
    return f"{years:02d}{months:02d}{days:02d}{rest // 3600:02d}{rest // 60 % 60:02d}{rest % 60:02d}000R"


def absolute_time(epoch_ms: int, offset_quarters: int = 0) -> str:
    """`YYMMDDhhmmsstnnp` for a moment, written in the local time `offset_quarters` quarter hours ahead of UTC
    (S-32).
    """
    if not -_QUARTERS_LIMIT <= offset_quarters <= _QUARTERS_LIMIT:
        raise TimeFormatError("an offset is at most 48 quarter hours")
    local = datetime.fromtimestamp(epoch_ms // 1000, UTC) + offset_quarters * _QUARTER
    sign = "-" if offset_quarters < 0 else "+"
    return f"{local:%y%m%d%H%M%S}{epoch_ms % 1000 // 100}{abs(offset_quarters):02d}{sign}"


def parse_time(value: str, now_ms: int) -> int | None:
    """The moment that a time field means, in epoch milliseconds; None for an empty field.

    Relative times count from `now_ms`. Raises `TimeFormatError`.
    """
    if not value:
        return None
    digits, kind = value[:-1], value[-1]
    if len(value) != _TIME_CHARACTERS or not (digits.isascii() and digits.isdigit()) or kind not in "+-R":
        raise TimeFormatError("a time has 15 digits and one of + - R")
    pairs = [int(digits[at : at + 2]) for at in range(0, 12, 2)]
    if kind == "R":
        return now_ms + _relative_ms(pairs)
    return _absolute_ms(pairs, int(digits[12]), int(kind + digits[13:]))


def _relative_ms(pairs: list[int]) -> int:
    years, months, days, hours, minutes, seconds = pairs
    all_days = years * _YEAR_DAYS + months * _MONTH_DAYS + days
    return 1000 * (all_days * _DAY_S + hours * 3600 + minutes * 60 + seconds)


def _absolute_ms(pairs: list[int], tenths: int, quarters: int) -> int:
    if abs(quarters) > _QUARTERS_LIMIT:
        raise TimeFormatError("an offset is at most 48 quarter hours")
    year, month, day, hour, minute, second = pairs
    try:
        local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise TimeFormatError("no such date or time") from None
    return int((local - quarters * _QUARTER).timestamp()) * 1000 + tenths * 100
