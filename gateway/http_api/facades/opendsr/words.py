"""How OpenDSR says what is wrong: its error object, with our stable code as the reason and never a value."""

from collections.abc import Mapping
from typing import Final

from gateway.http_api.facades.groups import Group, Said, Words

_FIELD: Final = Said(400, "A field has a value that cannot be taken")
_LATER: Final = Said(503, "Temporary failure, try again later")

GROUPS: Final[Mapping[Group, Said]] = {
    **dict.fromkeys(Group, _FIELD),
    Group.FORM: Said(400, "The request cannot be read"),
    Group.NUMBER: Said(400, "identity_value is no phone number"),
    Group.STRANGER: Said(401, "The credentials are not correct"),
    Group.FORBIDDEN: Said(403, "These credentials may not do this"),
    Group.RATE: Said(429, "Too many requests"),
    Group.NOT_FOUND: Said(404, "There is no such request"),
    Group.METHOD: Said(405, "This method is not supported here"),
    Group.LARGE: Said(413, "The request is too large"),
    Group.STATE: Said(409, "The request is not in a state in which this can be done"),
    Group.BUSY: _LATER,
    Group.INTERNAL: Said(500, "Internal error"),
}
FIELDS: Final = (
    "subject_request_id",
    "subject_request_type",
    "submitted_time",
    "subject_identities",
    "status_callback_urls",
)
CODES: Final[Mapping[str, Said]] = {
    **{f"missing_field:{name}": Said(400, f"{name} field is required") for name in FIELDS},
    **{f"invalid_value:{name}": Said(400, f"{name} has a value that cannot be taken") for name in FIELDS},
    "unsupported:subject_identities": Said(400, "Identities are one phone number, of format raw"),
    "unsupported:status_callback_urls": Said(400, "No callbacks are made; ask for the status instead"),
    "idempotency_key_reused": Said(409, "This subject_request_id was used for another request"),
    "changed_meanwhile": Said(409, "Somebody else was faster; ask again"),
}
WORDS: Final = Words(GROUPS, CODES)
