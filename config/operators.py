"""Operator links, what each may be told, and which messages go where. Units end names; `_s` is seconds."""

from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from config.rest import RestSettings
from config.secret import SecretRef

MessageClassName = Literal["otp", "transactional", "promotional", "warning", "awareness", "personal"]
EgressFieldName = Literal[
    "source",
    "destination",
    "text",
    "data_coding",
    "udh",
    "registered_delivery",
    "validity",
    "schedule",
    "priority",
    "esm_class",
    "protocol_id",
    "reference",
]

INDISPENSABLE_FIELDS: Final = ("destination", "text", "data_coding")
"""Without these there is no message to deliver, so every egress contract has them."""

THROTTLED_STATUSES: Final = (0x058,)  # ESME_RTHROTTLED
QUEUE_FULL_STATUSES: Final = (0x014,)  # ESME_RMSGQFUL

TRANSIENT_STATUSES: Final = (
    0x004,  # ESME_RINVBNDSTS: this bind cannot, another may
    0x008,  # ESME_RSYSERR
    0x045,  # ESME_RSUBMITFAIL
    0x064,  # ESME_RX_T_APPN
    0x0FE,  # ESME_RDELIVERYFAILURE
    0x0FF,  # ESME_RUNKNOWNERR
)
PERMANENT_STATUSES: Final = (
    0x001,  # ESME_RINVMSGLEN
    0x002,  # ESME_RINVCMDLEN
    0x003,  # ESME_RINVCMDID
    0x006,  # ESME_RINVPRTFLG
    0x007,  # ESME_RINVREGDLVFLG
    0x00A,  # ESME_RINVSRCADR
    0x00B,  # ESME_RINVDSTADR
    0x00C,  # ESME_RINVMSGID
    0x015,  # ESME_RINVSERTYP
    0x033,  # ESME_RINVNUMDESTS
    0x034,  # ESME_RINVDLNAME
    0x040,  # ESME_RINVDESTFLAG
    0x042,  # ESME_RINVSUBREP
    0x043,  # ESME_RINVESMCLASS
    0x044,  # ESME_RCNTSUBDL
    0x048,  # ESME_RINVSRCTON
    0x049,  # ESME_RINVSRCNPI
    0x050,  # ESME_RINVDSTTON
    0x051,  # ESME_RINVDSTNPI
    0x053,  # ESME_RINVSYSTYP
    0x054,  # ESME_RINVREPFLAG
    0x055,  # ESME_RINVNUMMSGS
    0x061,  # ESME_RINVSCHED
    0x062,  # ESME_RINVEXPIRY
    0x063,  # ESME_RINVDFTMSGID
    0x065,  # ESME_RX_P_APPN
    0x066,  # ESME_RX_R_APPN
    0x0C0,  # ESME_RINVOPTPARSTREAM
    0x0C1,  # ESME_ROPTPARNOTALLWD
    0x0C2,  # ESME_RINVPARLEN
    0x0C3,  # ESME_RMISSINGOPTPARAM
    0x0C4,  # ESME_RINVOPTPARAMVAL
)

LanguageName = Literal[
    "turkish",
    "spanish",
    "portuguese",
    "bengali",
    "gujarati",
    "hindi",
    "kannada",
    "malayalam",
    "oriya",
    "punjabi",
    "tamil",
    "telugu",
    "urdu",
]

HOME: Final = "SA"
"""Personal data stays in this country unless a transfer is on record (P-38)."""

_Status = Annotated[int, Meta(ge=1, le=0xFFFFFFFF)]
_Path = Annotated[str, Meta(min_length=1)]


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """TLS towards an operator (S-27). Certificates and keys are PEM files."""

    enabled: Annotated[bool, Meta(description="Speak TLS 1.2 or later on this link.")] = False
    ca_file: Annotated[_Path | None, Meta(description="Private CA; unset trusts those of the system.")] = None
    certificate: Annotated[_Path | None, Meta(description="Client certificate, with its chain.")] = None
    key: Annotated[_Path | None, Meta(description="Private key of the client certificate.")] = None
    verify_host: Annotated[
        _Path | None, Meta(description="Name that the operator's certificate must carry; unset means `host`.")
    ] = None


class OperatorRegister(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the law asks to know of a recipient of personal data (P-17, P-38)."""

    country: Annotated[
        str, Meta(pattern="^[A-Z]{2}$", description="Where the operator processes data, ISO 3166 alpha-2.")
    ] = "SA"
    legal_basis: Annotated[
        Literal["contract"], Meta(description="Basis of the disclosure; nothing acts on another one yet.")
    ] = "contract"
    contract_reference: Annotated[str, Meta(description="Reference of the contract that binds it to confidence.")] = ""
    contract_expires: Annotated[
        date | None, Meta(description="Last day of the contract; the link does not bind after it.")
    ] = None
    transfer_record: Annotated[
        _Path | None, Meta(description="Reference of the transfer record; outside `SA` only.")
    ] = None
    safeguard: Annotated[_Path | None, Meta(description="Safeguard of the transfer; outside `SA` only.")] = None
    risk_assessment: Annotated[
        _Path | None, Meta(description="Reference of the transfer's risk assessment; outside `SA` only.")
    ] = None
    tunnel: Annotated[bool, Meta(description="The link runs in a declared encrypted tunnel instead of TLS.")] = False

    @property
    def transfer_allowed(self) -> bool:
        """Personal data may go there: it is home, or the transfer is on record with safeguard and assessment (P-38)."""
        return self.country == HOME or bool(self.transfer_record and self.safeguard and self.risk_assessment)

    def held_back(self, today: date) -> str | None:
        """Why nothing may be disclosed to this operator today, as a link's state; None when it may."""
        if self.contract_expires is not None and today > self.contract_expires:
            return "blocked_contract"
        return None if self.transfer_allowed else "blocked_transfer"


class EgressSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may leave to this operator (P-16). Everything that is not allowed stays."""

    allow: Annotated[
        tuple[EgressFieldName, ...] | Literal["default"],
        Meta(description="Names of the fields that may leave, or the default contract."),
    ] = "default"
    sender_alias: Annotated[
        Annotated[str, Meta(min_length=1, max_length=11)] | None,
        Meta(description="Registered sender that is shown in place of a person's number."),
    ] = None


class OutbindSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Connections that the SMSC makes to ask for a bind (S-28). With `tls.enabled` they speak TLS with its files."""

    port: Annotated[
        Annotated[int, Meta(ge=0, le=65535)] | None,
        Meta(description="TCP port to listen on; 0 lets the system choose, unset does not listen."),
    ] = None
    shared_port: Annotated[
        bool, Meta(description="Other processes of this user listen there too; `serve --workers` sets it.")
    ] = False
    host: Annotated[_Path, Meta(description="Address to listen on.")] = "127.0.0.1"
    peers: Annotated[
        tuple[str, ...], Meta(description="Addresses or networks that may connect; nobody else is let in.")
    ] = ()
    system_id: Annotated[str, Meta(max_length=15, description="system_id that the outbind must carry.")] = ""
    password: Annotated[SecretRef, Meta(description="Place of the password that the outbind must carry.")] = SecretRef()
    bind: Annotated[Literal["receiver", "transceiver"], Meta(description="The bind that answers an outbind.")] = (
        "receiver"
    )


class OperatorSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[operators]]` table per operator."""

    name: Annotated[
        str,
        Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", description="Name in routes, metrics and records; required."),
    ] = ""
    kind: Annotated[
        Literal["smpp", "rest", "loopback"],
        Meta(description="`rest` is HTTP; `loopback` is an operator in memory, for trials."),
    ] = "smpp"
    host: Annotated[str, Meta(description="Host name or address of the SMSC.")] = ""
    port: Annotated[int, Meta(ge=1, le=65535, description="TCP port of the SMSC.")] = 2775
    system_id: Annotated[str, Meta(max_length=15, description="system_id of the bind.")] = ""
    password: Annotated[
        SecretRef, Meta(description="Place of the bind's password, or of the bearer token over HTTP.")
    ] = SecretRef()
    system_type: Annotated[str, Meta(max_length=12, description="system_type of the bind.")] = ""
    bind: Annotated[
        Literal["transceiver", "transmitter_receiver"],
        Meta(description="One bind for both directions, or a pair of them."),
    ] = "transceiver"
    binds: Annotated[int, Meta(ge=1, le=64, description="How many binds (or pairs) share the load (S-29).")] = 1
    window: Annotated[int, Meta(ge=1, le=10_000, description="Unanswered requests per bind (S-20).")] = 64
    throughput_per_s: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(description="Segments per second over all binds; unset is no limit."),
    ] = None
    throughput_per_bind_per_s: Annotated[
        Annotated[float, Meta(gt=0)] | None, Meta(description="Segments per second over each bind; unset is no limit.")
    ] = None
    slow_start_s: Annotated[
        float,
        Meta(ge=0, description="Time in which the window of a bind that came back opens from one to its full size."),
    ] = 2
    response_timeout_s: Annotated[float, Meta(gt=0, description="A request unanswered so long is unknown (S-23).")] = 10
    enquire_link_s: Annotated[float, Meta(gt=0, description="Quiet time before an enquire_link (S-18).")] = 30
    connect_timeout_s: Annotated[float, Meta(gt=0, description="Time for TCP and TLS to come up.")] = 10
    session_init_s: Annotated[float, Meta(gt=0, description="Time for the bind to be answered (S-17).")] = 10
    reconnect_first_s: Annotated[float, Meta(gt=0, description="First pause before connecting again (S-25).")] = 1
    reconnect_limit_s: Annotated[float, Meta(gt=0, description="Longest pause before connecting again.")] = 60
    tls: Annotated[TlsSettings, Meta(description="Transport security.")] = TlsSettings()
    interface_version: Annotated[
        int, Meta(ge=0x33, le=0x50, description="SMPP version told in the bind: 51 is 3.3, 52 is 3.4 (S-15).")
    ] = 0x34
    default_alphabet: Annotated[
        Literal["gsm_unpacked", "gsm_packed", "latin1", "ascii"],
        Meta(description="What data_coding 0 means to this SMSC (S-36)."),
    ] = "gsm_unpacked"
    concatenation: Annotated[
        Literal["udh8", "udh16", "sar", "payload"],
        Meta(description="How long messages are joined (S-38, S-39)."),
    ] = "udh8"
    languages: Annotated[
        tuple[LanguageName, ...],
        Meta(description="National alphabets to try before UCS-2 when they save segments, best first (S-62)."),
    ] = ()
    latin1: Annotated[
        bool, Meta(description="Send what Latin-1 can carry, and GSM 7-bit cannot, with data_coding 3 (S-61).")
    ] = False
    time_format: Annotated[
        Literal["relative", "absolute"], Meta(description="How the validity period is written (S-32).")
    ] = "relative"
    utc_offset_min: Annotated[
        int,
        Meta(
            ge=-720,
            le=720,
            multiple_of=15,
            description="Local time of the SMSC, in minutes ahead of UTC: of absolute times and of dates in receipts.",
        ),
    ] = 0
    intermediate_receipts: Annotated[
        bool, Meta(description="Ask for intermediate notifications beside receipts (S-31).")
    ] = False
    receipt_id: Annotated[
        Literal["auto", "as_is", "hex", "decimal", "hex_to_decimal", "decimal_to_hex"],
        Meta(description="Form of the id in receipts, against that of the response (S-44)."),
    ] = "auto"
    receipts_by_text: Annotated[
        bool, Meta(description="Recognise receipts by their text: this SMSC sets no esm_class bit (S-41).")
    ] = False
    two_texts: Annotated[
        Literal["payload", "refuse"],
        Meta(description="A deliver_sm with short_message and message_payload: the payload holds, or refused (S-11)."),
    ] = "payload"
    throttled_statuses: Annotated[
        tuple[_Status, ...],
        Meta(description="command_status values that ask for a slower pace; the message keeps its place (S-33)."),
    ] = THROTTLED_STATUSES
    queue_full_statuses: Annotated[
        tuple[_Status, ...],
        Meta(description="command_status values that say that the SMSC's queue is full; the same effect (S-33)."),
    ] = QUEUE_FULL_STATUSES
    transient_statuses: Annotated[
        tuple[_Status, ...], Meta(description="command_status values after which to try again (S-34).")
    ] = TRANSIENT_STATUSES
    permanent_statuses: Annotated[
        tuple[_Status, ...],
        Meta(description="command_status values that end the message, as do those in neither list (S-34)."),
    ] = PERMANENT_STATUSES
    short_code_ton: Annotated[int, Meta(ge=0, le=7, description="Type of number of a short code sender (S-30).")] = 3
    short_code_npi: Annotated[int, Meta(ge=0, le=18, description="Numbering plan of a short code sender (S-30).")] = 0
    query_after_s: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(
            description="Ask with query_sm what became of a message without a receipt after so long; unset never. "
            "Ids are given back in lower case without leading zeros, unless `receipt_id` is `as_is`."
        ),
    ] = None
    mo_wait_s: Annotated[
        float, Meta(gt=0, description="Time in which the parts of a long incoming message have to come (S-49).")
    ] = 10
    outbind: Annotated[OutbindSettings, Meta(description="Connections that the SMSC makes.")] = OutbindSettings()
    rest: Annotated[RestSettings, Meta(description="For kind `rest`.")] = RestSettings()
    register: Annotated[OperatorRegister, Meta(description="Register of recipients.")] = OperatorRegister()
    egress: Annotated[EgressSettings, Meta(description="Egress contract.")] = EgressSettings()


class RouteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[routes]]` table per route. The longest prefix wins, then a route that names the class."""

    prefix: Annotated[
        str, Meta(pattern="^[0-9]{0,15}$", description="Leading digits of the number, no plus sign; empty is all.")
    ] = ""
    classes: Annotated[
        tuple[MessageClassName, ...], Meta(description="Message classes of this route; empty is all.")
    ] = ()
    operators: Annotated[
        tuple[str, ...], Meta(description="Names of operators, best first; the next one takes over; required.")
    ] = ()
