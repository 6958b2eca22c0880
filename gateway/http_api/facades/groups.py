"""What kinds of refusals have in common, so that each façade says them in its own words with a row for each group.

Every kind of `gateway.model.refusals.KINDS` is in one group, by its HTTP status where nothing else is said. A façade
says something of every group, and, where its programs tell cases apart, of single kinds and fields.
"""

import enum
from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.model.refusals import KINDS, Refusal


class Group(enum.Enum):
    """What a program would have to do about it."""

    FORM = enum.auto()  # the request is none that can be read
    FIELD = enum.auto()  # a field makes no sense
    NUMBER = enum.auto()  # this is no number that can be sent to
    SENDER = enum.auto()  # this sender may not be used
    TEXT = enum.auto()  # this text cannot be sent
    TIME = enum.auto()  # validity or schedule is out of range
    URL = enum.auto()  # the callback's URL may not be called
    STOPPED = enum.auto()  # the person does not want it
    RULES = enum.auto()  # the regulator, or the account, does not let it through
    ABUSE = enum.auto()  # it looks like abuse
    ROUTE = enum.auto()  # nobody takes it there
    STRANGER = enum.auto()  # nobody knows who asks
    FORBIDDEN = enum.auto()  # who asks may not do this
    RATE = enum.auto()  # too much at once; later
    FUNDS = enum.auto()  # nothing is left to pay with
    NOT_FOUND = enum.auto()
    METHOD = enum.auto()
    LARGE = enum.auto()
    STATE = enum.auto()  # it does not stand where this can be done
    BUSY = enum.auto()  # it cannot be made safe now; again soon
    INTERNAL = enum.auto()


class Said(msgspec.Struct, frozen=True):
    """How a façade says a refusal: HTTP status, its own code where it has codes, and its words, without any value."""

    status: int
    text: str
    code: int | str = 0


_MEMBERS: Final[Mapping[Group, str]] = {
    Group.FORM: "malformed_json not_an_object body_incomplete request_timeout unsupported",
    Group.NUMBER: "invalid_number country_not_allowed number_kind_not_allowed",
    Group.SENDER: "invalid_sender sender_not_registered sender_needs_suffix sender_too_long_for_suffix "
    "suffix_reserved sender_not_a_name sender_not_registered_there",
    Group.TEXT: "forbidden_character text_too_long invalid_coding invalid_octets invalid_header",
    Group.TIME: "invalid_validity invalid_schedule",
    Group.URL: "invalid_url callback_without_endpoint",
    Group.STOPPED: "consent_missing consent_withdrawn suppressed",
    Group.RULES: "class_not_for_sender foreign_customer class_not_granted",
    Group.ABUSE: "duplicate_message traffic_suspicious",
    Group.ROUTE: "no_route no_price",
    Group.STATE: "idempotency_key_reused",
    Group.INTERNAL: "internal",
}
"""What the HTTP status of a kind does not say."""
_BY_STATUS: Final[Mapping[int, Group]] = {
    400: Group.FIELD,
    401: Group.STRANGER,
    402: Group.FUNDS,
    403: Group.FORBIDDEN,
    404: Group.NOT_FOUND,
    405: Group.METHOD,
    409: Group.STATE,
    413: Group.LARGE,
    415: Group.FORM,
    422: Group.RULES,
    429: Group.RATE,
    503: Group.BUSY,
}
_NAMED: Final = {code: group for group, codes in _MEMBERS.items() for code in codes.split()}


def group_of(code: str) -> Group:
    """The group of a kind of refusal: as it is named above, else by its HTTP status, else as of a field."""
    return _NAMED.get(code) or _BY_STATUS.get(KINDS[code].http, Group.FIELD)


class Words:
    """What one façade says of refusals. groups: of every one. codes: of single kinds, or of `kind:field`."""

    def __init__(self, groups: Mapping[Group, Said], codes: Mapping[str, Said]) -> None:
        self._groups = groups
        self._codes = codes

    def of(self, refusal: Refusal) -> Said:
        """The most particular row there is."""
        codes = self._codes
        said = codes.get(f"{refusal.code}:{refusal.field}") or codes.get(refusal.code)
        return said or self._groups[group_of(refusal.code)]
