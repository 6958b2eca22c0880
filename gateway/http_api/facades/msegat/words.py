"""How Msegat says what is wrong: a code in a frame, and HTTP 200 for whatever a program may mend.

Statuses that ask to try again, or that no Msegat ever sees, are HTTP's own.
"""

from collections.abc import Mapping
from typing import Final

from gateway.http_api.facades.groups import Group, Said, Words

_MISSING: Final = Said(200, "Variables missing", "1010")
_LOGIN: Final = Said(200, "Invalid login info", "1020")
_EMPTY: Final = Said(200, "MSG body is empty", "1050")
_DUPLICATE: Final = Said(200, "MSG duplicated", "1061")
_CONTENT: Final = Said(200, "MSG content is not allowed", "1064")
_SENDER: Final = Said(200, "Sender name is missing or incorrect", "1110")
_NUMBERS: Final = Said(200, "Mobile numbers is not correct", "1120")
_LONG: Final = Said(200, "MSG length is too long", "1140")
_OURS: Final = "0"

GROUPS: Final[Mapping[Group, Said]] = {
    Group.FORM: _MISSING,
    Group.FIELD: _MISSING,
    Group.NUMBER: _NUMBERS,
    Group.SENDER: _SENDER,
    Group.TEXT: _CONTENT,
    Group.TIME: Said(200, "Time to send is not correct", "1010"),
    Group.URL: _MISSING,
    Group.STOPPED: _NUMBERS,
    Group.RULES: _CONTENT,
    Group.ABUSE: _CONTENT,
    Group.ROUTE: _NUMBERS,
    Group.STRANGER: _LOGIN,
    Group.FORBIDDEN: _LOGIN,
    Group.RATE: Said(429, "Too many requests", _OURS),
    Group.FUNDS: Said(200, "Balance is not enough", "1060"),
    Group.NOT_FOUND: Said(404, "Not found", _OURS),
    Group.METHOD: Said(405, "Method not allowed", _OURS),
    Group.LARGE: Said(413, "Request too large", _OURS),
    Group.STATE: _DUPLICATE,
    Group.BUSY: Said(503, "Temporary failure, try again later", _OURS),
    Group.INTERNAL: Said(500, "Internal error", _OURS),
}
CODES: Final[Mapping[str, Said]] = {
    "duplicate_message": _DUPLICATE,
    "text_too_long": _LONG,
    "empty_field:text": _EMPTY,
    "missing_field:from": _SENDER,
    "empty_field:from": _SENDER,
    "empty_field:to": _NUMBERS,
    "sender_needs_suffix": Said(200, "Promotional sender must end with -AD", "M0030"),
}
WORDS: Final = Words(GROUPS, CODES)
