"""How Unifonic says what is wrong: an HTTP status of its own meaning, and a code `ER-…` in the usual frame."""

from collections.abc import Mapping
from typing import Final

from gateway.http_api.facades.groups import Group, Said, Words

_NUMBER: Final = Said(482, "Invalid recipient", "ER-02")
_LATER: Final = Said(503, "Temporary failure, try again later", "ER-07")
_FILTERED: Final = Said(480, "Message filtered", "ER-07")

GROUPS: Final[Mapping[Group, Said]] = {
    Group.FORM: Said(406, "Wrong parameter format", "ER-07"),
    Group.FIELD: Said(406, "Wrong parameter format", "ER-07"),
    Group.NUMBER: _NUMBER,
    Group.SENDER: Said(480, "This user is not allowed to use this sender ID", "ER-08"),
    Group.TEXT: Said(406, "Message body cannot be sent", "ER-07"),
    Group.TIME: Said(451, "Time schedule must be in the future", "ER-07"),
    Group.URL: Said(406, "Wrong parameter format", "ER-07"),
    Group.STOPPED: Said(482, "Recipient does not want this message", "ER-07"),
    Group.RULES: _FILTERED,
    Group.ABUSE: _FILTERED,
    Group.ROUTE: Said(482, "No route to this destination", "ER-05"),
    Group.STRANGER: Said(401, "Authentication failed", "ER-07"),
    Group.FORBIDDEN: Said(403, "This application or address is not allowed", "ER-07"),
    Group.RATE: Said(429, "Too many requests", "ER-07"),
    Group.FUNDS: Said(402, "Insufficient funds", "ER-01"),
    Group.NOT_FOUND: Said(404, "Not found", "ER-07"),
    Group.METHOD: Said(405, "Method not allowed", "ER-07"),
    Group.LARGE: Said(413, "Request too large", "ER-07"),
    Group.STATE: Said(409, "Duplicate request", "ER-09"),
    Group.BUSY: _LATER,
    Group.INTERNAL: Said(599, "Request failed", "ER-07"),
}
CODES: Final[Mapping[str, Said]] = {
    "duplicate_message": Said(409, "Duplicate message", "ER-09"),
    "text_too_long": Said(412, "Message body exceeds the maximum length", "ER-07"),
    "missing_field:text": Said(421, "Message body is missing", "ER-06"),
    "empty_field:text": Said(449, "Message body is empty", "ER-06"),
    "missing_field:to": Said(422, "Recipient is missing", "ER-02"),
    "empty_field:to": Said(422, "Recipient is missing", "ER-02"),
    "batch_too_long": Said(450, "Too many numbers", "ER-07"),
    "invalid_sender": Said(440, "Wrong sender ID format", "ER-08"),
    "missing_field:from": Said(440, "Wrong sender ID format", "ER-08"),
    "empty_field:from": Said(440, "Wrong sender ID format", "ER-08"),
}
WORDS: Final = Words(GROUPS, CODES)
