"""What can go wrong for a caller, in one table: stable code, HTTP status, SMPP command_status, one line for people.

Gateway code raises `Refusal(code, field)`; only the edges turn it into an HTTP problem (RFC 9457) or an SMPP status.
A refusal never carries the value that was refused.
"""

from typing import Final

import msgspec

from operators.contained import report


class Kind(msgspec.Struct, frozen=True):
    """One row: HTTP status, SMPP command_status, title."""

    http: int
    smpp: int
    title: str


KINDS: Final[dict[str, Kind]] = {
    # the request as a whole
    "malformed_json": Kind(400, 0x08, "The body is not valid JSON."),
    "not_an_object": Kind(400, 0x08, "The body must be a JSON object."),
    "unsupported_media_type": Kind(415, 0x08, "The body must be sent as application/json."),
    "unsupported_encoding": Kind(415, 0x08, "The body must be sent as it is, without a Content-Encoding."),
    "body_too_large": Kind(413, 0x01, "The body is larger than this endpoint takes."),
    "body_incomplete": Kind(400, 0x08, "The body ended early."),
    "request_timeout": Kind(408, 0x08, "The body did not arrive in time."),
    "not_found": Kind(404, 0x0C, "There is no such thing here."),
    "method_not_allowed": Kind(405, 0x03, "This method is not supported here."),
    "unknown_parameter": Kind(400, 0x08, "The query has a parameter that this endpoint does not know."),
    "invalid_parameter": Kind(400, 0x08, "A query parameter does not have the form that this endpoint takes."),
    "batch_empty": Kind(400, 0x08, "A batch needs at least one message."),
    "batch_too_long": Kind(400, 0x08, "The batch has more messages than one request may carry."),
    "invalid_idempotency_key": Kind(400, 0x08, "Idempotency-Key must be 1 to 255 printable ASCII characters."),
    "idempotency_key_reused": Kind(422, 0x08, "This Idempotency-Key was used within a day for another message."),
    # a field
    "missing_field": Kind(400, 0x08, "A required field is missing."),
    "unknown_field": Kind(400, 0x08, "The body has a field that is not part of the API; nothing unneeded is taken."),
    "wrong_type": Kind(400, 0x08, "A field has the wrong type."),
    "empty_field": Kind(400, 0x08, "A field is empty."),
    "field_too_long": Kind(400, 0x01, "A field is longer than allowed."),
    "forbidden_character": Kind(400, 0x104, "A field has a character that cannot be sent."),
    "invalid_number": Kind(
        400, 0x0B, "The recipient must be a valid phone number in E.164 form, such as +9665XXXXXXXX."
    ),
    "invalid_sender": Kind(
        400, 0x0A, "The sender must be 3 to 11 letters, digits, spaces, dots or dashes, a short code or a number."
    ),
    "sender_not_registered": Kind(403, 0x0A, "This sender is not registered for you."),
    "class_not_for_sender": Kind(403, 0x45, "Customers of your kind may not send messages of this class."),
    "foreign_customer": Kind(403, 0x45, "From outside the Kingdom only service and personal messages may be sent."),
    "sender_needs_suffix": Kind(422, 0x0A, "A sender of promotional messages ends in the suffix for them."),
    "sender_too_long_for_suffix": Kind(422, 0x0A, "The sender is too long to carry the suffix for promotional ones."),
    "suffix_reserved": Kind(422, 0x0A, "A sender with the suffix of promotional messages sends no others."),
    "sender_not_a_name": Kind(422, 0x0A, "The sender is not a name of the form that operators register."),
    "sender_not_registered_there": Kind(422, 0x0A, "The sender is not active at any operator of the route."),
    "transfer_blocked": Kind(
        422, 0x45, "Your messages must not leave the country, and no operator of the route is in it."
    ),
    "link_not_registered": Kind(422, 0x45, "A link in the text leads to a host that is not registered for the sender."),
    "shortener": Kind(422, 0x45, "A link in the text hides where it leads."),
    "opt_out_missing": Kind(422, 0x45, "The text does not say how to opt out."),
    "otp_reason_missing": Kind(422, 0x45, "The text does not say what the code is for."),
    "text_too_long": Kind(400, 0x01, "The text needs more segments than allowed."),
    "invalid_class": Kind(400, 0x08, "The class is not one of those known."),
    "class_not_granted": Kind(403, 0x45, "This key may not send messages of this class."),
    "invalid_retention": Kind(400, 0x08, "The retention tag cannot be chosen by a customer."),
    "invalid_validity": Kind(400, 0x62, "The validity is out of range."),
    "invalid_schedule": Kind(400, 0x61, "The schedule is no RFC 3339 time, is past by minutes, or is too far ahead."),
    "invalid_url": Kind(400, 0x08, "The URL is not one that may be called: https, a host name, and no credentials."),
    "invalid_esm_class": Kind(400, 0x43, "This esm_class is not one that a customer may submit."),
    "invalid_coding": Kind(400, 0x104, "The data_coding is unknown, or the text is not in it."),
    "text_or_octets": Kind(400, 0x08, "A message has either a text or octets; header and data_coding go with octets."),
    "invalid_octets": Kind(400, 0x08, "Octets are written in Base64, or in hexadecimal digits behind hex:."),
    "invalid_header": Kind(400, 0x43, "A user data header is its length and whole elements, and nothing else."),
    "invalid_tlv": Kind(400, 0xC4, "An optional parameter has a value that makes no sense."),
    "invalid_protocol_id": Kind(400, 0x400, "This protocol_id changes what a phone does; your account may not use it."),
    "replace_unsupported": Kind(400, 0x54, "Replacing a message by sending another is not done here; use replace_sm."),
    "no_default_messages": Kind(400, 0x63, "There are no predefined messages here; send a text."),
    "no_distribution_lists": Kind(400, 0x34, "There are no distribution lists here; name each recipient."),
    "content_blocked": Kind(
        422, 0x45, "The text holds personal data of a kind that your account does not let through."
    ),
    "callback_without_endpoint": Kind(
        422, 0x08, "A callback URL needs an endpoint of your account, whose secret signs what is sent to it."
    ),
    "consent_missing": Kind(422, 0x45, "The recipient has not consented to messages of this purpose."),
    "consent_withdrawn": Kind(422, 0x45, "The recipient has withdrawn its consent to messages of this purpose."),
    "suppressed": Kind(422, 0x45, "The recipient has stopped messages of this purpose or sender."),
    "no_stop_link": Kind(422, 0x45, "The text has {stop_link}, and there are no stop links here."),
    "country_not_allowed": Kind(403, 0x0B, "Your account does not send to this country."),
    "number_kind_not_allowed": Kind(403, 0x0B, "Your account does not send to numbers of this kind."),
    "recipient_rate": Kind(429, 0x58, "This recipient got too many messages of yours; Retry-After says until when."),
    "duplicate_message": Kind(409, 0x45, "The same text went to the same recipient within a minute."),
    "traffic_suspicious": Kind(403, 0x45, "Too many new numbers of one range; nothing is sent to it for a while."),
    "no_route": Kind(422, 0x0B, "No operator is configured for this destination and class."),
    # who is asking
    "unauthenticated": Kind(401, 0x0D, "A valid API key is required as a bearer token."),
    "key_expired": Kind(401, 0x0D, "This API key has expired."),
    "address_not_allowed": Kind(403, 0x0D, "This API key may not be used from this address."),
    "scope_missing": Kind(403, 0x0D, "This API key lacks the scope that this endpoint needs."),
    "customer_disabled": Kind(403, 0x0D, "This account is disabled."),
    # who administers
    "not_signed_in": Kind(401, 0x0D, "A token, or a session of somebody who is signed in, is required."),
    "not_allowed": Kind(403, 0x0D, "Your roles, or the scopes of the token, do not allow this."),
    "proof_needed": Kind(403, 0x0D, "Prove again who you are before you do this."),
    "form_token_missing": Kind(403, 0x0D, "A session changes something only with its form token, from its own site."),
    "sign_in_refused": Kind(401, 0x0D, "Name, password or code are not right."),
    "sign_in_locked": Kind(429, 0x0D, "There were too many attempts; try again later."),
    "passkeys_off": Kind(409, 0x08, "There are no passkeys here: admin.passkeys.origin is not set."),
    "passkeys_full": Kind(409, 0x08, "You have as many passkeys as you may, or this one: take one away first."),
    "passkey_refused": Kind(400, 0x08, "The authenticator's answer is not what was asked for; begin again."),
    "password_weak": Kind(400, 0x08, "The password has fewer than 12 characters, or holds your name or address."),
    "last_factor": Kind(409, 0x08, "The last second factor stays until there is another one."),
    "changed_meanwhile": Kind(409, 0x08, "Somebody else changed this meanwhile; look at it again."),
    "version_stale": Kind(412, 0x08, "What stands has another version than If-Match names; look at it again."),
    "invalid_if_match": Kind(400, 0x08, 'If-Match takes one ETag of what is set, such as "3", or *.'),
    "invalid_value": Kind(400, 0x08, "A field has a value that makes no sense here."),
    "too_many_tasks": Kind(429, 0x08, "The customer has as many tasks open as it may have; cancel one, or wait."),
    "reload_under_way": Kind(409, 0x08, "Another reload is under way; try again in a minute."),
    "no_node": Kind(503, 0x08, "No process has said yet that it is there; try again."),
    "request_closed": Kind(409, 0x08, "This request waits for nobody any more."),
    "wanted_unreadable": Kind(409, 0x08, "A later version of the gateway wrote what is wanted; use that one."),
    # how much
    "throughput_exceeded": Kind(429, 0x58, "The key's throughput is used up; slow down."),
    "quota_exceeded": Kind(429, 0x58, "A quota of the key or its customer is used up; Retry-After says until when."),
    "balance_exhausted": Kind(402, 0x45, "The account is paid for in advance, and what was paid is used up."),
    "no_price": Kind(422, 0x45, "The account is paid for in advance, and its route names no price for this message."),
    "overloaded": Kind(503, 0x14, "The gateway has as much in hand as it can make safe; try again shortly."),
    "ledger_unavailable": Kind(503, 0x14, "Messages cannot be made durable now; nothing was taken."),
    "outcome_unknown": Kind(503, 0x14, "Whether it was taken is not known; try again with the same Idempotency-Key."),
    "keys_unavailable": Kind(503, 0x14, "This node has lost touch with its key store; nothing was taken, try again."),
    "stopping": Kind(503, 0x14, "This node is stopping; try again."),
    "paused": Kind(503, 0x58, "No messages are taken for now; nothing was taken, try again later."),
    # what is asked of a message
    "not_cancellable": Kind(409, 0x11, "The message is already with an operator, or final."),
    "not_final": Kind(409, 0x08, "The message is not at its end yet; cancel it, or wait for that."),
    "not_replaceable": Kind(409, 0x13, "The message is already with an operator, or final."),
    "nothing_to_tell": Kind(409, 0x08, "The message has not ended, or there is no endpoint that hears of it."),
    "no_endpoint": Kind(409, 0x08, "The customer has no endpoint, or one that cannot be opened; set it anew."),
    "endpoint_exists": Kind(409, 0x08, "You have as many endpoints as you may; change or remove one."),
    "others_wait": Kind(409, 0x08, "Erasing it would end another message to the same person that waits to be sent."),
    # cases of people
    "proof_missing": Kind(409, 0x08, "Who asks has not proved yet to be the person."),
    "proof_wrong": Kind(409, 0x08, "The code is not the one that was sent."),
    "proof_expired": Kind(409, 0x08, "The code was valid for ten minutes; ask for another one."),
    "too_many_codes": Kind(429, 0x58, "There were too many codes, or too many attempts; try again later."),
    "codes_off": Kind(409, 0x08, "No codes are sent here: rights.sender is not set."),
    "number_not_served": Kind(422, 0x0B, "Codes are not sent to numbers of this country."),
    "case_closed": Kind(409, 0x08, "The case is over."),
    "case_state": Kind(409, 0x08, "The case does not stand where this can be done."),
    "ticket_closed": Kind(409, 0x08, "The ticket is closed; open another one."),
    "ticket_full": Kind(409, 0x08, "As much as can be has been written in this ticket; open another one."),
    "too_many_tickets": Kind(429, 0x08, "The customer has as many tickets open as it may have; close one."),
    "reason_missing": Kind(400, 0x08, "It takes a reason, out of those that are known."),
    "extension_too_late": Kind(409, 0x08, "An extension is told before the time to answer is over."),
    "already_extended": Kind(409, 0x08, "The time to answer was extended before, and is extended once."),
    "not_extendable": Kind(409, 0x08, "The time of cases of this kind is not extended."),
    # the audit log
    "audit_flawed": Kind(409, 0x08, "The audit log is not as it was signed; `audit verify` says from where on."),
    "unsupported": Kind(400, 0x03, "This is not done here."),
    "internal": Kind(500, 0x08, "Something broke on our side. The message was not taken."),
}


_PASSING: Final = frozenset({402, 408, 429, 500, 503})
_CONFLICTS: Final = frozenset(
    {"duplicate_message", "traffic_suspicious", "changed_meanwhile", "version_stale", "reload_under_way", "others_wait"}
)


def is_permanent(code: str) -> bool:
    """Whether the same request would be refused again for as long as neither it nor the account is changed."""
    return KINDS[code].http not in _PASSING and code not in _CONFLICTS


class Refusal(Exception):
    """A caller's request is refused. `field` is a JSON path such as `to` or `messages[3].text`."""

    def __init__(self, code: str, field: str | None = None, *, retry_after_s: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.retry_after_s = retry_after_s

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]


def refusal_of(error: Exception, work: str = "submission") -> Refusal:
    """What an error is to the caller: the refusal that it is, or an internal fault, which is reported.

    work: see `operators.contained.report`.
    """
    if isinstance(error, Refusal):
        return error
    report(work, error)
    return Refusal("internal")


_EMPTY: Final = {"to": 0x0B, "from": 0x0A, "text": 0x01}
"""What SMPP says of a field that is empty."""


def smpp_status(refusal: Refusal) -> int:
    """The command_status that answers a refusal (S-52)."""
    if refusal.code == "empty_field" and refusal.field is not None:
        return _EMPTY.get(refusal.field, refusal.kind.smpp)
    return refusal.kind.smpp
