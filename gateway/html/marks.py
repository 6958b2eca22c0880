"""How values stand in a page: amounts, ids and times, each kept from being turned over in a line that runs to the left.

Times are those of Riyadh, which has no summer time, with the Hijri date (Umm al-Qura) below.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from hijridate import Gregorian
from markupsafe import Markup

from gateway.html.looks import Look

RIYADH: Final = timezone(timedelta(hours=3))
NOTHING: Final = Markup('<span class="none">–</span>')
_ARABIC: Final = str.maketrans("0123456789,.", "٠١٢٣٤٥٦٧٨٩٬٫")

Filter = Callable[[object], Markup]


def filters(look: Look) -> Mapping[str, Filter]:
    """`bdi` and `code` for ids and numbers of telephones, `amount`, `time` for RFC 3339, `date`, `span` for seconds."""
    return {
        "bdi": bdi,
        "code": code,
        "amount": lambda value: _amount(value, look),
        "time": lambda value: _time(value, look, "%Y-%m-%d %H:%M:%S"),
        "date": lambda value: _time(value, look, "%Y-%m-%d"),
        "span": lambda value: _span(value, look),
    }


def bdi(value: object) -> Markup:
    return NOTHING if value is None or value == "" else Markup('<bdi dir="ltr">{}</bdi>').format(value)


def code(value: object) -> Markup:
    return NOTHING if value is None or value == "" else Markup('<code dir="ltr">{}</code>').format(value)


def _amount(value: object, look: Look) -> Markup:
    if value is None:
        return NOTHING
    said = f"{value:,}" if isinstance(value, int) else f"{float(str(value)):,.2f}".rstrip("0").rstrip(".")
    return bdi(_digits(said, look))


def _time(value: object, look: Look, form: str) -> Markup:
    """value: RFC 3339, as the API has it; None or "" for none."""
    if not value:
        return NOTHING
    utc = datetime.fromisoformat(str(value)).astimezone(UTC)
    try:
        at = utc.astimezone(RIYADH)
    except OverflowError:  # the last hours of the year 9999, which Riyadh has in the year after it
        at = utc
    said = _digits(at.strftime(form), look)
    machine = utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}"><bdi dir="ltr">{}</bdi>{}</time>').format(machine, said, _hijri(at, look))


def _hijri(at: datetime, look: Look) -> Markup:
    """The second line; nothing for years that the calendar's tables lack."""
    try:
        found = Gregorian(at.year, at.month, at.day).to_hijri()
    except OverflowError:
        return Markup("")
    said = f"{found.day} {found.month_name(look.language)} {found.year} {found.notation(look.language)}"
    return Markup('<span class="hijri">{}</span>').format(_digits(said, look))


def _span(value: object, look: Look) -> Markup:
    """A time in its largest whole units, as `3d 4h` or `12s`."""
    if value is None:
        return NOTHING
    left, parts = int(float(str(value))), []
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return bdi(_digits(" ".join(parts[:2]) or "0s", look))


def _digits(said: str, look: Look) -> str:
    return said.translate(_ARABIC) if look is Look.ARABIC_DIGITS else said
