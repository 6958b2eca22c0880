"""What kinds of refusals have in common, so that each façade says them in its own words with a row for each group.

Every kind of `gateway.model.refusals.KINDS` is in one group. A façade says something of every group, and, where its
programs tell cases apart, of single kinds and fields.
"""

import enum
from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.model.refusals import Refusal


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


_OF_ADMIN: Final = (
    "batch_empty batch_too_long not_signed_in not_allowed proof_needed form_token_missing sign_in_refused "
    "sign_in_locked passkeys_off passkeys_full passkey_refused password_weak last_factor changed_meanwhile "
    "version_stale invalid_if_match invalid_value too_many_tasks reload_under_way request_closed "
    "wanted_unreadable others_wait proof_missing case_closed case_state reason_missing extension_too_late "
    "already_extended not_extendable"
)
"""Of endpoints that no façade has; they are said as what makes no sense."""

_MEMBERS: Final[Mapping[Group, str]] = {
    Group.FORM: "malformed_json not_an_object unsupported_media_type unsupported_encoding body_incomplete "
    "request_timeout unsupported",
    Group.FIELD: "unknown_parameter invalid_parameter invalid_idempotency_key missing_field unknown_field wrong_type "
    "empty_field field_too_long invalid_class invalid_retention invalid_esm_class invalid_tlv invalid_protocol_id "
    f"replace_unsupported no_default_messages no_distribution_lists no_stop_link {_OF_ADMIN}",
    Group.NUMBER: "invalid_number country_not_allowed number_kind_not_allowed",
    Group.SENDER: "invalid_sender sender_not_registered sender_needs_suffix sender_too_long_for_suffix "
    "suffix_reserved sender_not_a_name sender_not_registered_there",
    Group.TEXT: "forbidden_character text_too_long invalid_coding",
    Group.TIME: "invalid_validity invalid_schedule",
    Group.URL: "invalid_url callback_without_endpoint",
    Group.STOPPED: "consent_missing consent_withdrawn suppressed",
    Group.RULES: "class_not_for_sender foreign_customer transfer_blocked link_not_registered shortener "
    "opt_out_missing otp_reason_missing content_blocked class_not_granted",
    Group.ABUSE: "duplicate_message traffic_suspicious",
    Group.ROUTE: "no_route no_price",
    Group.STRANGER: "unauthenticated key_expired",
    Group.FORBIDDEN: "address_not_allowed scope_missing customer_disabled",
    Group.RATE: "throughput_exceeded quota_exceeded recipient_rate",
    Group.FUNDS: "balance_exhausted",
    Group.NOT_FOUND: "not_found",
    Group.METHOD: "method_not_allowed",
    Group.LARGE: "body_too_large",
    Group.STATE: "idempotency_key_reused not_cancellable not_replaceable",
    Group.BUSY: "overloaded ledger_unavailable outcome_unknown keys_unavailable stopping paused no_node",
    Group.INTERNAL: "internal",
}
GROUP_OF: Final[Mapping[str, Group]] = {code: group for group, codes in _MEMBERS.items() for code in codes.split()}


class Words:
    """What one façade says of refusals. groups: of every one. codes: of single kinds, or of `kind:field`."""

    def __init__(self, groups: Mapping[Group, Said], codes: Mapping[str, Said]) -> None:
        self._groups = groups
        self._codes = codes

    def of(self, refusal: Refusal) -> Said:
        """The most particular row there is."""
        codes = self._codes
        said = codes.get(f"{refusal.code}:{refusal.field}") or codes.get(refusal.code)
        return said or self._groups[GROUP_OF.get(refusal.code, Group.INTERNAL)]
