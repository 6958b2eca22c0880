"""How Taqnyat says what is wrong: the HTTP status, again as `statusCode`, and a line."""

from collections.abc import Mapping
from typing import Final

from gateway.http_api.facades.groups import Group, Said, Words

_LATER: Final = Said(503, "Temporary failure, try again later")
_FILTERED: Final = Said(400, "The message is not allowed")

GROUPS: Final[Mapping[Group, Said]] = {
    Group.FORM: Said(400, "The request cannot be read"),
    Group.FIELD: Said(400, "A parameter is not correct"),
    Group.NUMBER: Said(400, "The recipients are not correct"),
    Group.SENDER: Said(400, "The sender name is not accepted"),
    Group.TEXT: Said(400, "The message body is not correct"),
    Group.TIME: Said(400, "The scheduled time is not correct"),
    Group.URL: Said(400, "A parameter is not correct"),
    Group.STOPPED: Said(400, "The recipient does not want this message"),
    Group.RULES: _FILTERED,
    Group.ABUSE: _FILTERED,
    Group.ROUTE: Said(400, "The destination is not available"),
    Group.STRANGER: Said(401, "Unauthorized, the bearer token is not correct"),
    Group.FORBIDDEN: Said(403, "This token may not do this"),
    Group.RATE: Said(429, "Too many requests"),
    Group.FUNDS: Said(402, "The balance is not enough"),
    Group.NOT_FOUND: Said(404, "Not found"),
    Group.METHOD: Said(405, "Method not allowed"),
    Group.LARGE: Said(413, "The request is too large"),
    Group.STATE: Said(409, "The request was made before"),
    Group.BUSY: _LATER,
    Group.INTERNAL: Said(500, "Internal error"),
}
CODES: Final[Mapping[str, Said]] = {
    "missing_field:text": Said(400, "The message body is missing"),
    "empty_field:text": Said(400, "The message body is empty"),
    "missing_field:to": Said(400, "The recipients are missing"),
    "empty_field:to": Said(400, "The recipients are missing"),
    "missing_field:from": Said(400, "The sender name is missing"),
    "empty_field:from": Said(400, "The sender name is missing"),
}
WORDS: Final = Words(GROUPS, CODES)
