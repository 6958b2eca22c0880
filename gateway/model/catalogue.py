"""What the codes of a message's record mean, for people: cause and cure.

Codes of ours are words. An operator's are 8 hexadecimal digits of an SMPP command_status (SMPP 3.4 §5.1.3), or the
network error code of a receipt, whose meaning is the operator's own.
"""

import re
from typing import Final

import msgspec


class Meaning(msgspec.Struct, frozen=True):
    """cure: what can be done about it. permanent: whether the same message would end so again; None where nobody here
    knows.
    """

    cause: str
    cure: str
    permanent: bool | None = False


OURS: Final = {
    "expired_here": Meaning(
        "Its validity ended before an operator took it.",
        "Look whether its operator was up and took messages then; give a longer validity, or a route with another one.",
    ),
    "same_text": Meaning(
        "Many promotional messages of this text went to one network within an hour; it waits for a person's decision.",
        "Decide on it: `fraud held list`.",
    ),
    "traffic_new": Meaning(
        "The customer began to send much to a country that is new for it; it waits for a person's decision.",
        "Decide on it: `fraud held list`.",
    ),
    "held_for_review": Meaning(
        "Its validity ended before a person decided on what a control against abuse had found.",
        "Decide sooner, or let the control watch only.",
    ),
    "dropped_as_abuse": Meaning(
        "A person decided that it is abuse, and it was not sent.", "Talk to the customer; keys may have been stolen."
    ),
    "held_out_of_hours": Meaning(
        "Its validity ended before the hours began in which its class may be sent.",
        "Send it within those hours, or with a longer validity; `rules show` names them.",
    ),
    "consent_missing": Meaning(
        "The recipient has not agreed to messages of its class.",
        "Record the consent (`POST /v1/consents`) if there is one; without it such a message is not sent.",
        True,
    ),
    "consent_withdrawn": Meaning(
        "The recipient withdrew the consent, perhaps while the message waited.",
        "Nothing: it must not be sent; take the number off the list that it came from.",
        True,
    ),
    "suppressed": Meaning(
        "The recipient wants no messages of its kind from this customer or sender.",
        "Nothing: it must not be sent; `suppression list` says since when and by what.",
        True,
    ),
    "consent_being_checked": Meaning(
        "It waits until consents can be looked up again: messages that need consent are not sent without the answer.",
        "See that the ledger answers; then it is sent, or ends with what the answer is.",
    ),
    "transfer_blocked": Meaning(
        "Every operator that it may go to lies in a country to which its data may not go.",
        "Give its route an operator in a country that is allowed; `route explain` names them.",
        True,
    ),
    "out_of_hours": Meaning(
        "It waits for the hours in which its class may be sent.", "Nothing: it is sent then; `rules show` names them."
    ),
    "sender_not_registered_there": Meaning(
        "Its sender is not active at any operator of its route.",
        "Look at `sender list`; register it there.",
        True,
    ),
    "outcome_unknown": Meaning(
        "The operator's answer was lost, and messages of this class are not sent twice.",
        "Ask the operator what became of it; `in_doubt` of the route says what is done in such a case.",
    ),
    "content_destroyed": Meaning(
        "Its content was forgotten before it could be sent.", "Look why it waited; the tag's limit was reached."
    ),
    "integrity_error": Meaning(
        "What is stored of it was changed outside the gateway.", "Look who has access to the ledger; restore a backup."
    ),
    "unlisted": Meaning(
        "The operator gave a code in a form that is not kept.", "Ask the operator by time and sender.", None
    ),
    "timeout": Meaning("The operator did not answer in time.", "It is tried again; look at the operator's link."),
    "link_lost": Meaning("The link broke before the answer came.", "It is tried again; look at the operator's link."),
    "not_sent": Meaning("The link was not up.", "It is tried again; `operator show` says why a bind is down."),
    "throttled": Meaning(
        "The operator asked to slow down.", "It is tried again; compare the throughput with the contract."
    ),
    "queue_full": Meaning("The operator's queue was full.", "It is tried again; ask the operator if it lasts."),
    "no_receipt": Meaning(
        "The operator took it and never said what became of it.", "Ask the operator by time and sender."
    ),
}

STATUSES: Final = {
    0x01: Meaning(
        "The message was too long for the operator.", "Compare the operator's `concatenation` setting.", True
    ),
    0x08: Meaning("The operator had a fault of its own.", "Tell the operator if it lasts."),
    0x0A: Meaning("The operator refused the sender.", "Register the sender with the operator, or set an alias.", True),
    0x0B: Meaning(
        "The operator refused the number.",
        "The number does not exist there, or the route is the wrong one.",
        True,
    ),
    0x14: Meaning("The operator's queue was full.", "Ask the operator if it lasts."),
    0x45: Meaning(
        "The operator refused the submission.",
        "Ask the operator; often sender or content are not registered.",
        True,
    ),
    0x58: Meaning("The operator asked to slow down.", "Compare the throughput with the contract."),
    0x61: Meaning("The operator refused the time of delivery.", "Compare `time_format` and `utc_offset_min`.", True),
    0x62: Meaning("The operator refused the validity.", "Compare `time_format`, or give a shorter validity.", True),
    0x64: Meaning("The receiver had a fault that passes.", "It may be sent again."),
    0x65: Meaning("The receiver refused it for good.", "Ask the operator.", True),
}
"""By command_status."""

UNKNOWN: Final = Meaning(
    "A code of the operator's own.", "Its list of codes says what it means; ask the operator's engineers.", None
)
_STATUS: Final = re.compile("[0-9A-Fa-f]{8}", re.ASCII)


def meaning(code: str) -> Meaning:
    """`UNKNOWN` for one that only the operator knows."""
    found = OURS.get(code)
    if found is None and _STATUS.fullmatch(code):
        found = STATUSES.get(int(code, 16))
    return found or UNKNOWN
