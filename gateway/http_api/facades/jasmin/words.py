"""How Jasmin's HTTP API says what is wrong: a line of text for each case, without the values that Jasmin repeats."""

from collections.abc import Mapping
from typing import Final

from gateway.http_api.facades.groups import Group, Said, Words

FILTERED: Final = Said(403, "Value filter failed for user [•] (destination_address filter mismatch).")
FIELDS: Final = (
    "to",
    "from",
    "coding",
    "priority",
    "sdt",
    "validity-period",
    "dlr",
    "dlr-url",
    "dlr-level",
    "dlr-method",
    "tags",
    "hex-content",
    "content",
)
"""What may be sent beside the credentials; `custom_tlvs` is passed over."""
MANDATORY: Final = ("username", "password", "to", "from")


def _invalid(name: str) -> Said:
    return Said(400, f"Argument [{name}] has an invalid value: [•].")


GROUPS: Final[Mapping[Group, Said]] = {
    Group.FORM: Said(400, "Mandatory arguments not found, please refer to the HTTPAPI specifications."),
    Group.FIELD: Said(400, "Argument [•] has an invalid value: [•]."),
    Group.NUMBER: _invalid("to"),
    Group.SENDER: Said(403, "Value filter failed for user [•] (source_address filter mismatch)."),
    Group.TEXT: _invalid("content"),
    Group.TIME: _invalid("validity-period"),
    Group.URL: _invalid("dlr-url"),
    Group.STOPPED: FILTERED,
    Group.RULES: Said(403, "Value filter failed for user [•] (short_message filter mismatch)."),
    Group.ABUSE: FILTERED,
    Group.ROUTE: Said(412, "No route found"),
    Group.STRANGER: Said(403, "Authentication failure for username:•"),
    Group.FORBIDDEN: Said(403, "Authorization failed for user [•]."),
    Group.RATE: Said(403, "User throughput exceeded"),
    Group.FUNDS: Said(403, "Cannot charge submit_sm, check RouterPB log file for details"),
    Group.NOT_FOUND: Said(404, "Not found"),
    Group.METHOD: Said(405, "Method not allowed"),
    Group.LARGE: Said(413, "Request too large"),
    Group.STATE: Said(409, "Idempotency-Key was used for another message"),
    Group.BUSY: Said(503, "Cannot send submit_sm, check SMPPClientManagerPB log file for details"),
    Group.INTERNAL: Said(500, "Cannot send submit_sm, check SMPPClientManagerPB log file for details"),
}
CODES: Final[Mapping[str, Said]] = {
    "unknown_parameter": Said(400, "Argument [•] is unknown."),
    "invalid_schedule": _invalid("sdt"),
    "empty_field:text": Said(400, "content or hex-content not present."),
    "missing_field:text": Said(400, "content or hex-content not present."),
    "unknown_field:text": Said(400, "content and hex-content cannot be used both in same request."),
    **{f"missing_field:{name}": Said(400, f"Mandatory argument [{name}] is not found.") for name in MANDATORY},
    **{f"invalid_parameter:{name}": _invalid(name) for name in FIELDS},
}
WORDS: Final = Words(GROUPS, CODES)
