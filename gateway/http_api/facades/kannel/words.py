"""How Kannel's smsbox says what is wrong (gw/smsbox.c): one line of text for each case, which programs look for.

What Kannel has no words for gets a line of ours, in Kannel's manner. None repeats a value.
"""

from collections.abc import Mapping
from typing import Final

from gateway.http_api.facades.groups import Group, Said, Words

DENIED: Final = Said(400, "Number(s) has/have been denied by white- and/or black-lists.")
UNAUTHORIZED: Final = Said(403, "Authorization failed for sendsms")
LATER: Final = Said(503, "Temporal failure, try again later.")
_MISFORMED: Final = {
    "coding": "Coding",
    "mclass": "MClass",
    "mwi": "MWI",
    "alt-dcs": "Alt-DCS",
    "compress": "Compress",
    "pid": "PID",
    "rpi": "RPI",
    "validity": "Validity",
    "deferred": "Deferred",
    "priority": "Priority",
    "dlr-mask": "DLR-Mask",
    "dlr-url": "DLR-URL",
    "udh": "UDH",
}
"""By parameter, how its name stands in `… field misformed, rejected`."""

GROUPS: Final[Mapping[Group, Said]] = {
    Group.FORM: Said(400, "Invalid content-type"),
    Group.FIELD: Said(400, "Parameter misformed, rejected"),
    Group.NUMBER: DENIED,
    Group.SENDER: Said(403, "Sender denied"),
    Group.TEXT: Said(400, "Charset or body misformed, rejected"),
    Group.TIME: Said(400, "Validity field misformed, rejected"),
    Group.URL: Said(400, "DLR-URL field misformed, rejected"),
    Group.STOPPED: DENIED,
    Group.RULES: Said(403, "Message denied by rules"),
    Group.ABUSE: DENIED,
    Group.ROUTE: Said(403, "Not routable. Do not try again."),
    Group.STRANGER: UNAUTHORIZED,
    Group.FORBIDDEN: UNAUTHORIZED,
    Group.RATE: LATER,
    Group.FUNDS: Said(403, "Balance exhausted"),
    Group.NOT_FOUND: Said(404, "Unknown request."),
    Group.METHOD: Said(405, "Method not allowed"),
    Group.LARGE: Said(413, "Request too large"),
    Group.STATE: Said(409, "Idempotency-Key was used for another message"),
    Group.BUSY: LATER,
    Group.INTERNAL: Said(500, "Sending failed."),
}
CODES: Final[Mapping[str, Said]] = {
    "missing_field:to": Said(400, "Missing receiver number, rejected"),
    "batch_too_long": Said(400, "Too many receiver numbers, rejected"),
    "empty_field:to": Said(400, "Empty receiver number not allowed, rejected"),
    "missing_field:from": Said(400, "Sender missing and no global set, rejected"),
    "empty_field:from": Said(400, "Sender missing and no global set, rejected"),
    "empty_field:text": Said(400, "Charset or body misformed, rejected"),
    "field_too_long:udh": Said(400, "UDH field is too long, rejected"),
    "field_too_long:reference": Said(400, "Account field misformed or too long, rejected"),
    "forbidden_character:reference": Said(400, "Account field misformed or too long, rejected"),
    "invalid_schedule": Said(400, "Deferred field misformed, rejected"),
    **{
        f"invalid_parameter:{name}": Said(400, f"{shown} field misformed, rejected")
        for name, shown in _MISFORMED.items()
    },
}
WORDS: Final = Words(GROUPS, CODES)
