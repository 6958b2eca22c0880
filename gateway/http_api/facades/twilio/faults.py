"""Our refusals in Twilio's numbers: which status, code and words answer what is wrong.

Twilio's own texts repeat what was sent; these never do. What is in no row is answered by its HTTP status, so that the
map is total.
"""

from typing import Final

import msgspec

from gateway.model.refusals import KINDS, Refusal

REALM: Final = b'WWW-Authenticate: Basic realm="Twilio API"\r\n'
_MORE: Final = "https://www.twilio.com/docs/errors/"


class Fault(msgspec.Struct, frozen=True):
    """status: of HTTP. text: '' for the title of our own kind."""

    status: int
    code: int
    text: str = ""


class FaultView(msgspec.Struct, frozen=True):
    """What a client is answered. Never a `title` or a `type`: clients would take it for another kind of error."""

    code: int
    message: str
    more_info: str
    status: int


NOT_FOUND: Final = "The requested resource was not found"
_OF_FIELD: Final = {
    ("missing_field", "To"): Fault(400, 21604, "A 'To' phone number is required."),
    ("missing_field", "From"): Fault(400, 21603, "A 'From' phone number is required."),
    ("missing_field", "Body"): Fault(400, 21602, "Message body is required."),
    ("missing_field", "SendAt"): Fault(400, 35111, "The 'SendAt' time is missing."),
    ("empty_field", "to"): Fault(400, 21604, "A 'To' phone number is required."),
    ("empty_field", "from"): Fault(400, 21603, "A 'From' phone number is required."),
    ("empty_field", "text"): Fault(400, 21602, "Message body is required."),
    ("invalid_value", "MessagingServiceSid"): Fault(400, 21701, "There is no such Messaging Service."),
    ("missing_field", "MessagingServiceSid"): Fault(400, 21703, "The Messaging Service has no sender."),
    ("invalid_parameter", "PageSize"): Fault(400, 20007, "The page size is not one that may be asked for."),
    ("unsupported", "MediaUrl"): Fault(400, 21621, "The 'From' sender cannot send media."),
    ("unsupported", "ContentSid"): Fault(400, 21655, "Content templates are not supported here."),
    ("unsupported", "Body"): Fault(400, 20001, "A body can only be emptied."),
    ("not_final", "delete"): Fault(409, 20009, "The message cannot be deleted before it is complete."),
}
_OF_CODE: Final = {
    "unauthenticated": Fault(401, 20003, "Authenticate"),
    "key_expired": Fault(401, 20003, "Authenticate"),
    "address_not_allowed": Fault(403, 20403, "Access from this address is not allowed."),
    "scope_missing": Fault(403, 20403, "This key may not do that."),
    "customer_disabled": Fault(403, 20005, "The account is not active."),
    "not_found": Fault(404, 20404, NOT_FOUND),
    "invalid_number": Fault(400, 21211, "The 'To' number is not a valid phone number."),
    "invalid_sender": Fault(400, 21212, "The 'From' number is not a valid phone number or sender."),
    "sender_not_registered": Fault(400, 21606, "The 'From' sender is not one of yours, or not for such messages."),
    "sender_not_registered_there": Fault(400, 21606, "The 'From' sender is not registered with the operator."),
    "country_not_allowed": Fault(400, 21408, "Permission to send to the region of the 'To' number is not enabled."),
    "number_kind_not_allowed": Fault(400, 21614, "The 'To' number is not a mobile number."),
    "text_too_long": Fault(400, 21617, "The message body is longer than allowed."),
    "invalid_url": Fault(400, 21609, "The 'StatusCallback' is not a URL that may be called."),
    "callback_without_endpoint": Fault(400, 21609, "A 'StatusCallback' cannot be signed with this credential."),
    "invalid_validity": Fault(400, 21624, "The 'ValidityPeriod' is out of range."),
    "invalid_schedule": Fault(400, 35114, "The 'SendAt' time is out of range."),
    "suppressed": Fault(400, 21610, "The 'To' number has unsubscribed from such messages."),
    "consent_withdrawn": Fault(400, 21610, "The 'To' number has unsubscribed from such messages."),
    "consent_missing": Fault(400, 21610, "The 'To' number has not subscribed to such messages."),
    "no_route": Fault(400, 21612, "There is no route from the 'From' to the 'To' number."),
    "transfer_blocked": Fault(400, 21612, "There is no route from the 'From' to the 'To' number."),
    "traffic_suspicious": Fault(400, 30450, "The message was stopped: its destination is under attack."),
    "not_cancellable": Fault(400, 30409, "The message is not one that can be canceled any more."),
    "not_final": Fault(409, 20009, "The message cannot be changed before it is complete."),
}
_OF_STATUS: Final = {
    401: 20003,
    402: 20005,
    403: 20403,
    404: 20404,
    405: 20004,
    409: 20409,
    413: 20413,
    415: 20415,
    429: 20429,
    500: 20500,
    503: 20503,
}
_BAD_REQUEST: Final = Fault(400, 20001)


def fault_of(code: str, field: str | None) -> Fault:
    """Of a kind of refusal, and the field that it is about."""
    found = _OF_FIELD.get((code, field or "")) or _OF_CODE.get(code)
    if found is None:
        status = KINDS[code].http
        found = Fault(status, _OF_STATUS[status]) if status in _OF_STATUS else _BAD_REQUEST
    return found if found.text else msgspec.structs.replace(found, text=KINDS[code].title)


def fault_view(refusal: Refusal) -> FaultView:
    fault = fault_of(refusal.code, refusal.field)
    return FaultView(code=fault.code, message=fault.text, more_info=f"{_MORE}{fault.code}", status=fault.status)
