"""Our refusals in Twilio's numbers. Twilio's own texts repeat what was sent; these never do."""

from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.http_api.facades.groups import Group, Said, Words

MORE: Final = "https://www.twilio.com/docs/errors/"
_UNSUBSCRIBED: Final = Said(400, "The 'To' number has unsubscribed from such messages.", 21610)
_NO_SENDER: Final = Said(400, "The 'From' sender is not one of yours, or not for such messages.", 21606)
_NO_TO: Final = Said(400, "A 'To' phone number is required.", 21604)
_NO_FROM: Final = Said(400, "A 'From' phone number is required.", 21603)
_NO_BODY: Final = Said(400, "Message body is required.", 21602)
_NO_SERVICE: Final = Said(400, "There is no such Messaging Service.", 21701)
_SCHEDULE: Final = Said(400, "The 'SendAt' time is out of range.", 35114)
_PAGE_SIZE: Final = Said(400, "The page size is not one that may be asked for.", 20007)

GROUPS: Final[Mapping[Group, Said]] = {
    Group.FORM: Said(400, "The request is not one that can be read.", 20001),
    Group.FIELD: Said(400, "A parameter has a value that makes no sense here.", 20001),
    Group.NUMBER: Said(400, "The 'To' number is not a valid phone number.", 21211),
    Group.SENDER: _NO_SENDER,
    Group.TEXT: Said(400, "The message body has characters that cannot be sent.", 20001),
    Group.TIME: _SCHEDULE,
    Group.URL: Said(400, "The 'StatusCallback' is not a URL that may be called.", 21609),
    Group.STOPPED: _UNSUBSCRIBED,
    Group.RULES: Said(400, "The message is not one that rules let through.", 20001),
    Group.ABUSE: Said(400, "The message was stopped, since its traffic looks like abuse.", 30450),
    Group.ROUTE: Said(400, "There is no route from the 'From' to the 'To' number.", 21612),
    Group.STRANGER: Said(401, "Authenticate", 20003),
    Group.FORBIDDEN: Said(403, "The credentials do not allow this.", 20403),
    Group.RATE: Said(429, "Too many requests.", 20429),
    Group.FUNDS: Said(403, "The account has nothing left to pay with.", 20005),
    Group.NOT_FOUND: Said(404, "The requested resource was not found.", 20404),
    Group.METHOD: Said(405, "Method not allowed.", 20004),
    Group.LARGE: Said(413, "The request is too large.", 20413),
    Group.STATE: Said(409, "The resource does not stand where this can be done.", 20409),
    Group.BUSY: Said(503, "Service unavailable; try again shortly.", 20503),
    Group.INTERNAL: Said(500, "Internal server error.", 20500),
}
CODES: Final[Mapping[str, Said]] = {
    "missing_field:To": _NO_TO,
    "empty_field:to": _NO_TO,
    "missing_field:From": _NO_FROM,
    "empty_field:from": _NO_FROM,
    "missing_field:Body": _NO_BODY,
    "empty_field:text": _NO_BODY,
    "missing_field:SendAt": Said(400, "The 'SendAt' time is missing.", 35111),
    "missing_field:MessagingServiceSid": Said(400, "The Messaging Service has no sender.", 21703),
    "invalid_value:MessagingServiceSid": _NO_SERVICE,
    "invalid_parameter:PageSize": _PAGE_SIZE,
    "unsupported:MediaUrl": Said(400, "The 'From' sender cannot send media.", 21621),
    "unsupported:ContentSid": Said(400, "Content templates are not supported here.", 21655),
    "unsupported:From": Said(400, "A list of several senders cannot be narrowed by 'From'.", 20001),
    "unsupported:Body": Said(400, "A body can only be emptied.", 20001),
    "unsupported": Said(400, "The request asks for something that is not done here.", 20001),
    "text_too_long": Said(400, "The message body is longer than allowed.", 21617),
    "invalid_sender": Said(400, "The 'From' number is not a valid phone number or sender.", 21212),
    "invalid_validity": Said(400, "The 'ValidityPeriod' is out of range.", 21624),
    "country_not_allowed": Said(400, "Permission to send to the region of the 'To' number is not enabled.", 21408),
    "number_kind_not_allowed": Said(400, "The 'To' number is not a mobile number.", 21614),
    "transfer_blocked": Said(400, "There is no route from the 'From' to the 'To' number.", 21612),
    "customer_disabled": Said(403, "The account is not active.", 20005),
    "duplicate_message": Said(409, "The same message went to the same number a moment ago.", 20409),
    "not_cancellable": Said(400, "The message is not one that can be canceled any more.", 30409),
    "not_final": Said(409, "The message cannot be changed before it is complete.", 20009),
}
WORDS: Final = Words(GROUPS, CODES)


class FaultView(msgspec.Struct, frozen=True):
    """What a client is answered. Never a `title` or a `type`: clients would take it for another kind of error."""

    code: int | str
    message: str
    more_info: str
    status: int


def fault_view(said: Said) -> FaultView:
    return FaultView(code=said.code, message=said.text, more_info=f"{MORE}{said.code}", status=said.status)
