"""How a message leaves, and how its receipts return: the contract that every kind of operator link fulfils.

An operator is driven by `submit` and `acknowledge`, which never wait, and speaks back through one sink that takes
*batches* of events: everything that one read from the socket brought is one call. There is no task and no future per
message. Whoever submits asks `room()` first; the operator owns its window, its throughput limit and its back-off, and
says `Ready` when room comes back.
"""

import enum
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from redaction.personal import MessageText, Msisdn


class MtMessage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A mobile-terminated message, cut down to what the operator's egress contract lets out.

    token: whatever the submitter wants back in `Submitted`; opaque to the operator.
    source: a registered sender name (alphanumeric or short code), or a number.
    concat_ref: 0..65535, the reference that all segments of this message share (S-38). short_ref: 0..255, the same
    where it has 8 bits; None for `concat_ref` modulo 256.
    only: submit just these segments (0-based); None means all.
    validity_s: seconds from now for which the operator may keep trying; None leaves it to the operator.
    data_coding, header: the code points of `text` stand for octets of this coding, behind this user data header, and go
    in one segment as they are; None for text.
    flash: class 0 display.
    protocol_id, priority: what the customer said of them; None for nothing. reply_path: an answer may go the same way.
    name: octets that are the message's alone and the same at each attempt, of which a reference may be made; they
    never leave themselves. Empty where the egress contract lets no reference out.
    doubtful: an earlier attempt left octets and got no answer.
    """

    token: object
    source: str | Msisdn
    destination: Msisdn
    text: MessageText
    concat_ref: int = 0
    short_ref: int | None = None
    only: tuple[int, ...] | None = None
    receipt: bool = True
    validity_s: int | None = None
    flash: bool = False
    data_coding: int | None = None
    header: bytes = b""
    protocol_id: int | None = None
    priority: int | None = None
    reply_path: bool = False
    name: bytes = b""
    doubtful: bool = False


class DeferReason(enum.Enum):
    """Why an operator did not take a segment this time although it may later."""

    THROTTLED = "throttled"  # ESME_RTHROTTLED: burns no attempt (S-33)
    QUEUE_FULL = "queue_full"  # ESME_RMSGQFUL: burns no attempt (S-33)
    TRANSIENT = "transient"  # any other status that the operator's table calls transient: burns an attempt
    NOT_SENT = "not_sent"  # the link went away before the bytes were written: burns no attempt


class UnknownReason(enum.Enum):
    """Why it is unknown whether the operator has the segment."""

    TIMEOUT = "timeout"  # no answer within response_timer (S-23)
    LINK_LOST = "link_lost"  # the link died while it was outstanding (S-24)


DOUBTS: Final = frozenset(reason.value for reason in UnknownReason)
"""As short codes."""


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """The operator took the segment. Its id is in canonical form (see the operator's receipt id setting); may be ''."""

    operator_message_id: str


class Deferred(msgspec.Struct, frozen=True, gc=False):
    """Not taken now. `status` is the SMPP command_status (0 when none came); `after_s` says when to come back."""

    reason: DeferReason
    status: int
    after_s: float


class Refused(msgspec.Struct, frozen=True, gc=False):
    """Refused for good. `status` is the SMPP command_status."""

    status: int


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """Bytes went out and no answer came. known_as: the id with which a receipt would name it; '' where none can."""

    reason: UnknownReason
    known_as: str = ""


ABOUT_LINK: Final = frozenset(
    {
        *(0x03, 0x04, 0x05, 0x08, 0x0D, 0x0E, 0x0F),  # RINVCMDID to RINVSYSID: this bind, its account, its SMSC
        *(0x45, 0x53, 0x64, 0xFF),  # RSUBMITFAIL, RINVSYSTYP, RX_T_APPN, RUNKNOWNERR
        *(401, 402, 403, 404, 405, 407, 410),  # HTTP: the account or the address
    }
)
"""Statuses of a refusal that speak of the link, its account or the operator, and not of the message (SMPP 3.4 §5.1.3,
RFC 9110); what an operator refuses so, another may take."""
ABOUT_ADDRESS: Final = frozenset(range(300, 500))
"""Statuses of a deferral with which HTTP says that the request is wrong, such as its address or account (RFC 9110)."""
NOT_ASKED: Final = frozenset({0x01, 415})
"""Statuses with which a link itself refuses what it cannot write: the operator may not have been asked."""

SubmitResult = Accepted | Deferred | Refused | Unknown


class ReceiptState(enum.Enum):
    """message_state of a delivery receipt (SMPP 3.4 §5.2.28, and what peers add to it)."""

    SCHEDULED = 0
    ENROUTE = 1
    DELIVERED = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIVERABLE = 5
    ACCEPTED = 6
    UNKNOWN = 7
    REJECTED = 8
    SKIPPED = 9

    __hash__ = object.__hash__  # Enum's own is written in Python


class Submitted(msgspec.Struct, frozen=True, gc=False):
    """The answer for one segment (0-based) of the message that carried `token`.

    A late answer (S-23) comes as a second `Submitted` with `late` set after an `Unknown`.
    """

    operator: str
    token: object
    segment: int
    result: SubmitResult
    late: bool = False


ALL_SEGMENTS: Final = 0
"""A receipt covers however many segments its message has."""


class DeliveryReceipt(msgspec.Struct, frozen=True, gc=False):
    """A receipt of a segment. Call `Operator.acknowledge` with `handle` once it is durable (S-47), never before; None
    is the handle of what a query answered.

    candidates: the forms in which the receipt's id may have been recorded, best first (S-44), at least one, unless
    the receipt named none.
    error_code: the network error code as short digits or letters, or None. The receipt's text is not here on purpose.
    done_at_ms: when the operator says that it happened, or None.
    covers: of how many segments it tells; a message of so many is settled as a whole. `ALL_SEGMENTS`: any message.
    """

    operator: str
    candidates: tuple[str, ...]
    state: ReceiptState
    error_code: str | None
    done_at_ms: int | None
    handle: object
    covers: int = 1


class MoMessage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A message from a person. Answer with `Operator.acknowledge` or `Operator.reject` once its fate is durable.

    source: the sender as the operator writes it, country 0; `international` says that it begins with a country code.
    destination: the customer's own number or short code. encoding: of `operators.smpp.coding.Encoding`; the code points
    of a `binary` text stand for octets. segments: how many there were; `missing`: the numbers (from 1) of those that
    never came. header: user data header elements that say more than which part it is, such as ports.

    gathering: of a long one, whose parts come one by one: each brings the whole as far as it is there, under the same
    number, with its own handle. is_last: nothing more will come of it; then the handle may be None. wait_s: how long
    the operator's link waits for the rest.
    """

    operator: str
    source: Msisdn
    international: bool = True
    destination: str
    text: MessageText
    encoding: str = "gsm7"
    segments: int = 1
    missing: tuple[int, ...] = ()
    header: bytes = b""
    gathering: int = 0
    is_last: bool = True
    wait_s: float = 0.0
    handle: object


class Query(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of the segment with this id? source: that of the message, where the egress contract lets it out."""

    operator_message_id: str
    source: str | Msisdn = ""


class Ready(msgspec.Struct, frozen=True, gc=False):
    """`room()` is above zero again, or the operator came up."""

    operator: str


class Down(msgspec.Struct, frozen=True, gc=False):
    """The last bind of this operator that could submit is gone."""

    operator: str


OperatorEvent = Submitted | DeliveryReceipt | MoMessage | Ready | Down
EventSink = Callable[[Sequence[OperatorEvent]], None]
"""Called on the event loop with everything one read or one timer brought; it must not block or raise."""


class BindDown(msgspec.Struct, frozen=True):
    """A bind, or another part of a link, that is not up. bind: its name within the link.

    reason: a word of ours. code: a status, a socket's or a TLS error by name; '' where there is none.
    """

    bind: str
    reason: str
    code: str = ""


class OperatorHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What `GET /v1/operators` and the metrics show of a link."""

    name: str
    state: str  # "up", "connecting", "down", "blocked_contract", "blocked_transfer", "stopped"
    binds_up: int
    binds: int
    window_used: int
    window: int
    throttled: int  # times the operator asked to slow down, since start
    submitted: int  # segments written, since start
    receipts: int
    unexpected_responses: int  # S-21
    down: tuple[BindDown, ...] = ()
    flawed: int = 0  # answers and messages that could be read in part only, or lack an id (S-05)
    peer_ends_s: float | None = None  # when the certificate ends that the operator showed last, of the epoch


class Operator(Protocol):
    """A link, or a bundle of links, to one operator."""

    @property
    def name(self) -> str: ...

    async def start(self, sink: EventSink) -> None:
        """Begin to connect, and return at once; links heal themselves from here on. Events go to `sink`."""

    async def stop(self, deadline_s: float) -> None:
        """Submit nothing more, wait for outstanding answers, unbind, close; all within `deadline_s` seconds."""

    def is_up(self) -> bool:
        """At least one bind can submit."""

    def room(self) -> int:
        """How many messages may be submitted right now: the least of window, throughput tokens and back-off."""

    def submit(self, message: MtMessage) -> int:
        """Encode, segment and send; the number of segments that will be answered. Call only while `room()` > 0.

        Bytes leave when the current loop turn ends. Segments that exceed the window wait inside, in order. Each segment
        gets exactly one `Submitted`, never during this call (and perhaps a late second one).
        """

    def doubt(self, is_meant: Callable[[object], bool], waited_s: float) -> int:
        """Take messages for unanswered before their time: those with a token that is meant, of which a segment has
        been waiting so long for its answer. How many segments that are.

        Each of them gets its `Submitted` with `Unknown` soon, never during this call. What the operator says later is
        late, and its place in the window is free, as after any time-out. If there are any, segments of messages that
        are meant which have not left yet come back as not sent.
        """

    def acknowledge(self, handles: Sequence[object], taken: bool) -> None:
        """Answer receipts and MO messages: `taken` false asks the peer to send them again (S-47).

        A handle of the link in whose place this one came is answered where that can be, and otherwise passed over.
        """

    def reject(self, handles: Sequence[object]) -> None:
        """Answer MO messages without a taker: the peer is not to send them again. Handles as in `acknowledge`."""

    def query(self, asked: Query) -> bool:
        """Ask; the answer is a `DeliveryReceipt`. False when this operator is not asked, or there is no room now."""

    def steer(self, *, per_s: float | None, anew: bool) -> None:
        """From now on so many messages (over SMPP: segments) a second; None for what the settings say. Returns at once.

        anew: make connections anew, without losing what is unanswered.
        """

    def health(self) -> OperatorHealth: ...
