"""The shapes that customers send and get as JSON. The OpenAPI description is generated from these types."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from operators.base import BindDown

Text = Annotated[str, Meta(description="The message, up to ten segments of text.", min_length=1)]


class MessageRequest(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A message to send."""

    to: Annotated[str, Meta(description="Recipient in E.164 form, `+9665XXXXXXXX`. Local Saudi forms are understood.")]
    source: Annotated[str, Meta(description="A sender registered for you.")] = msgspec.field(name="from")
    text: Text = ""
    message_class: Annotated[
        str | UnsetType,
        Meta(description="`otp`, `transactional`, `promotional`, `warning`, `awareness` or `personal`."),
    ] = msgspec.field(name="class", default=UNSET)
    reference: Annotated[str | None, Meta(description="Your own reference; sealed, and returned only to you.")] = None
    validity: Annotated[int | None, Meta(description="Seconds in which to deliver.")] = None
    schedule_at: Annotated[str | None, Meta(description="RFC 3339 time before which it is not sent.")] = None
    retention: Annotated[str | None, Meta(description="`discard` forgets the content as soon as it is sent.")] = None
    callback_url: Annotated[
        str | None, Meta(description="Where to send this message's events instead of your endpoint.")
    ] = None
    flash: Annotated[bool, Meta(description="Show at once, do not store (class 0).")] = False
    octets: Annotated[
        str | UnsetType,
        Meta(
            description="In the place of `text`: octets of one segment that go as they are, in Base64, or in "
            "hexadecimal digits behind `hex:`."
        ),
    ] = UNSET
    header: Annotated[
        str | UnsetType, Meta(description="The user data header before `octets`, its length first; in the same forms.")
    ] = UNSET
    data_coding: Annotated[
        int | UnsetType,
        Meta(description="What `octets` are (SMPP 3.4 §5.2.19), 4 unless said. Those of a text are read as that text."),
    ] = UNSET

    def __repr__(self) -> str:
        return "MessageRequest(•••)"


class BatchRequest(Struct, forbid_unknown_fields=True, kw_only=True):
    """Up to 1,000 messages, each judged on its own."""

    messages: list[msgspec.Raw]


class UsualBatch(Struct, forbid_unknown_fields=True, kw_only=True):
    """A batch whose messages are all without fault."""

    messages: list[MessageRequest]


class RetentionView(Struct, frozen=True, gc=False):
    """What will be forgotten, and when."""

    tag: str
    content_until: str
    record_until: str


class MessageAccepted(Struct, frozen=True, kw_only=True, gc=False):
    """The message is on disk, sealed, and will be sent."""

    id: str
    status: str
    to: Annotated[str, Meta(description="Masked: country code and last two digits.")]
    message_class: Annotated[str, Meta(description="As named, or as guessed where it was not.")] = msgspec.field(
        name="class"
    )
    segments: int
    encoding: str
    expires_at: Annotated[str, Meta(description="When it is given up, if no operator has taken it by then.")]
    retention: RetentionView
    scheduled_at: Annotated[str | UnsetType, Meta(description="When it is sent, where that is not now.")] = UNSET
    warnings: Annotated[
        tuple[str, ...] | UnsetType,
        Meta(
            description="`recipient_no_mobile` for a landline, 800 or 9200 number, which takes no messages as a rule; "
            "and what was found in the text, such as `contains_iban` or `masked_card`, where you asked for it."
        ),
    ] = UNSET


class OperatorCode(Struct, frozen=True, kw_only=True):
    """What the `error` of a message means, in words."""

    code: str
    meaning: str
    permanent: Annotated[
        bool | None, Meta(description="Whether the same message would end so again; null where nobody here knows.")
    ]


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that rules say of a message."""

    code: Annotated[str, Meta(description="Stable; a refusal to send has the same.")]
    severity: Annotated[str, Meta(description="`refuse`, `hold` or `warn`.")]
    rule: Annotated[str, Meta(description="The group of rules that found it.")]
    enforced: Annotated[bool, Meta(description="Whether anything follows from it for you; it is watched otherwise.")]
    cite: Annotated[str, Meta(description="The clause that it follows.")] = ""
    field: Annotated[str | None, Meta(description="Of the request.")] = None
    until: Annotated[str | None, Meta(description="When what is held is sent.")] = None


class MessageChecked(Struct, frozen=True, kw_only=True):
    """What would become of a message. Nothing was sent, counted or stored."""

    outcome: Annotated[str, Meta(description="`accepted`, `held` or `refused`, if it were sent now.")]
    findings: Annotated[
        list[Finding],
        Meta(description="All that rules, controls against abuse, consent, quotas and balance say of it."),
    ]
    segments: Annotated[int | None, Meta(description="How many it would be; null where it is no message.")] = None
    encoding: str | None = None
    message_class: Annotated[str | None, Meta(description="As named, or as guessed.")] = msgspec.field(
        name="class", default=None
    )
    price_at_most: Annotated[
        float | None,
        Meta(description="Of all its segments over the dearest operator of its route; null where that names no price."),
    ] = None


class PrivacyReceipt(Struct, frozen=True, kw_only=True):
    """What became of the personal data of this message."""

    tag: str
    content_until: str
    content_destroyed: Annotated[
        bool, Meta(description="Nothing sealed is left: neither text and numbers nor what is kept to tell you.")
    ]
    record_until: str
    operator: str | None
    country: str | None
    fields_forwarded: list[str]


class MessageView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message's record. The body is never part of it."""

    id: str
    direction: Annotated[str, Meta(description="`outbound` to a person, `inbound` from one.")]
    status: str
    to: Annotated[str | None, Meta(description="The person of an outbound message, masked; digits go in time.")] = None
    sender: Annotated[str | None, Meta(description="The person, masked, of an inbound message.")] = msgspec.field(
        name="from", default=None
    )
    message_class: str = msgspec.field(name="class")
    segments: int
    encoding: str
    accepted_at: Annotated[str, Meta(description="When it was taken; of an inbound message, when it came.")]
    privacy: PrivacyReceipt
    scheduled_at: str | None = None
    submitted_at: str | None = None
    final_at: str | None = None
    expires_at: str | None = None
    attempts: int = 0
    error: str | None = None
    operator_code: Annotated[OperatorCode | None, Meta(description="What `error` means.")] = None
    reference: str | None = None


class MessageList(Struct, frozen=True):
    """Newest first."""

    messages: list[MessageView]
    cursor: Annotated[
        str | None, Meta(description="Where to go on; a page that was narrowed may be short and still have one.")
    ]
    complete_since: Annotated[
        str | UnsetType, Meta(description="Of a search by number: from when on it is complete.")
    ] = UNSET


class ProblemView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details with a stable code."""

    type: str
    title: str
    status: int
    code: str
    field: str | None = None


class BatchItem(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One message of a batch: either `message` or `error`."""

    message: MessageAccepted | None = None
    error: ProblemView | None = None
    replayed: Annotated[
        bool, Meta(description="An earlier request with this Idempotency-Key brought this message; it is taken once.")
    ] = False


class SeveralItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One recipient of a list: `message`, `error`, or the place of the same one before."""

    message: MessageAccepted | None = None
    error: ProblemView | None = None
    replayed: Annotated[
        bool, Meta(description="An earlier request with this Idempotency-Key brought this message; it is taken once.")
    ] = False
    duplicate_of: Annotated[
        int | UnsetType, Meta(description="The place in `to` of the same number; it is sent one message.")
    ] = UNSET


class SeveralAccepted(Struct, frozen=True, kw_only=True):
    """Answers in the order of `to`. accepted, refused, duplicates: so many of them."""

    accepted: int
    refused: int
    duplicates: int
    items: list[SeveralItem]


class BatchAccepted(Struct, frozen=True):
    """Answers in the order of the request."""

    accepted: int
    refused: int
    items: list[BatchItem]


class OperatorView(Struct, frozen=True, kw_only=True):
    """A link to an operator."""

    name: str
    state: str
    country: str
    binds_up: int
    binds: int
    circuit: Annotated[
        str,
        Meta(
            description="Whether it does its work: `closed`; `open` after failures in a row, when one-time codes go to "
            "the next operator of their route; `half_open` while it takes messages again."
        ),
    ]
    down: Annotated[
        tuple[BindDown, ...], Meta(description="Binds that are not up, each with what was wrong when it last tried.")
    ] = ()


class OperatorList(Struct, frozen=True):
    """The links to operators."""

    operators: list[OperatorView]


class HealthView(Struct, frozen=True):
    """The process answers."""

    status: str


class ReadinessView(Struct, frozen=True):
    """Whether this node takes messages now, and what that depends on."""

    ready: bool
    checks: Annotated[Mapping[str, bool], Meta(description="Each must be true.")]
