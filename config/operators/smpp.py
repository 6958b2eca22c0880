"""An operator over SMPP. Units end names; `_s` is seconds."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from config.findings import Finding, is_loopback, is_network
from config.operators.link import NetworkLinkSettings
from config.operators.statuses import (
    PERMANENT_STATUSES,
    QUEUE_FULL_STATUSES,
    THROTTLED_STATUSES,
    TRANSIENT_STATUSES,
)
from config.problems import Severity
from config.secret import SecretRef
from config.share import Share

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

_Word = Annotated[str, Meta(pattern="^[A-Za-z0-9_+-]{1,32}$")]
_Status = Annotated[int, Meta(ge=1, le=0xFFFFFFFF)]
_Ton = Annotated[int, Meta(ge=0, le=7)]
_Npi = Annotated[int, Meta(ge=0, le=18)]
_Path = Annotated[str, Meta(min_length=1)]


_TLVS_SINCE = 0x34
_OWN_TLVS = frozenset({"0x0201", "0x020c", "0x020e", "0x020f", "0x0424", "0x0426"})
"""privacy_indicator, sar_*, message_payload, more_messages_to_send."""


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
        tuple[str, ...], Meta(description="Addresses or networks that may connect; all others are refused.")
    ] = ()
    system_id: Annotated[str, Meta(max_length=15, description="system_id that the outbind must carry.")] = ""
    password: Annotated[SecretRef, Meta(description="Place of the password that the outbind must carry.")] = SecretRef()
    bind: Annotated[Literal["receiver", "transceiver"], Meta(description="The bind that answers an outbind.")] = (
        "receiver"
    )


class ReceiptWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words of this operator for a message's state in receipts, in any case of letters, beside those that all know."""

    delivered: Annotated[tuple[_Word, ...], Meta(description="It arrived.")] = ()
    undeliverable: Annotated[tuple[_Word, ...], Meta(description="It did not and will not.")] = ()
    expired: Annotated[tuple[_Word, ...], Meta(description="Its time ran out.")] = ()
    deleted: Annotated[tuple[_Word, ...], Meta(description="The operator took it back.")] = ()
    rejected: Annotated[tuple[_Word, ...], Meta(description="It was refused.")] = ()
    unknown: Annotated[tuple[_Word, ...], Meta(description="The operator does not know and does not ask further.")] = ()
    enroute: Annotated[
        tuple[_Word, ...], Meta(description="It is on its way, as with any word that is in no list.")
    ] = ()


class SmppOperatorSettings(NetworkLinkSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="smpp"):
    """An SMSC that we bind to."""

    host: Annotated[str, Meta(description="Host name or address of the SMSC.")] = ""
    port: Annotated[int, Meta(ge=1, le=65535, description="TCP port of the SMSC.")] = 2775
    system_id: Annotated[str, Meta(max_length=15, description="system_id of the bind.")] = ""
    system_type: Annotated[str, Meta(max_length=12, description="system_type of the bind.")] = ""
    bind: Annotated[
        Literal["transceiver", "transmitter_receiver", "transmitter", "receiver"],
        Meta(
            description="One bind for both directions, or a pair of them; or one direction alone: without receipts and "
            "messages from people, or for these only."
        ),
    ] = "transceiver"
    bind_ton: Annotated[int, Meta(ge=0, le=255, description="addr_ton of the bind.")] = 0
    bind_npi: Annotated[int, Meta(ge=0, le=255, description="addr_npi of the bind.")] = 0
    address_range: Annotated[
        str, Meta(max_length=40, description="address_range of the bind: the addresses that it serves.")
    ] = ""
    binds: Annotated[int, Meta(ge=1, le=64, description="How many binds (or pairs) share the load (S-29).")] = 1
    throughput_per_bind_per_s: Annotated[
        Annotated[float, Meta(gt=0)] | None, Meta(description="Segments per second over each bind; unset is no limit.")
    ] = None
    slow_start_s: Annotated[
        float,
        Meta(ge=0, description="Time in which the window of a bind that came back opens from one to its full size."),
    ] = 2
    enquire_link_s: Annotated[float, Meta(gt=0, description="Quiet time before an enquire_link (S-18).")] = 30
    session_init_s: Annotated[float, Meta(gt=0, description="Time for the bind to be answered (S-17).")] = 10
    interface_version: Annotated[
        int, Meta(ge=0x33, le=0x50, description="SMPP version in the bind: 51 is 3.3, 52 is 3.4 (S-15).")
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
    receipt_words: Annotated[ReceiptWords, Meta(description="Words for states in receipts (S-46).")] = ReceiptWords()
    long_receipts: Annotated[
        Literal["each", "one"],
        Meta(
            description="A long message has a receipt for each segment, or one for all of them. One whose `sub` and "
            "`dlvrd` are the number of segments counts for all anyway."
        ),
    ] = "each"
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
    service_type: Annotated[str, Meta(max_length=5, description="service_type of every message.")] = ""
    destination_ton: Annotated[_Ton, Meta(description="Type of number of recipients.")] = 1
    destination_npi: Annotated[_Npi, Meta(description="Numbering plan of recipients.")] = 1
    alphanumeric_ton: Annotated[_Ton, Meta(description="Type of number of a sender that is a name (S-30).")] = 5
    alphanumeric_npi: Annotated[_Npi, Meta(description="Numbering plan of a sender that is a name (S-30).")] = 0
    international_ton: Annotated[_Ton, Meta(description="Type of number of a sender that is a long number.")] = 1
    international_npi: Annotated[_Npi, Meta(description="Numbering plan of a sender that is a long number.")] = 1
    short_code_ton: Annotated[int, Meta(ge=0, le=7, description="Type of number of a short code sender (S-30).")] = 3
    short_code_npi: Annotated[int, Meta(ge=0, le=18, description="Numbering plan of a short code sender (S-30).")] = 0
    esm_class_mode: Annotated[
        Literal["default", "datagram", "forward", "store_and_forward"],
        Meta(description="Messaging mode in esm_class; `default` is the SMSC's own."),
    ] = "default"
    protocol_id: Annotated[
        int, Meta(ge=0, le=255, description="protocol_id of messages whose customer names none.")
    ] = 0
    priority: Annotated[int, Meta(ge=0, le=3, description="priority_flag of messages whose customer names none.")] = 0
    flash_coding: Annotated[
        Literal["0x10", "0xF0"],
        Meta(description="data_coding of a message in the default alphabet that is shown at once; UCS-2 has 0x18."),
    ] = "0x10"
    tlvs: Annotated[
        tuple[Annotated[str, Meta(pattern="^0x[0-9A-Fa-f]{4}=([0-9A-Fa-f]{2}){0,64}$")], ...],
        Meta(description='Further TLVs of every message, as tag and octets: `["0x1401=6162"]`.'),
    ] = ()
    more_messages_to_send: Annotated[
        bool,
        Meta(description="more_messages_to_send says whether more parts of a message follow; each costs some time."),
    ] = False
    privacy_indicator: Annotated[
        Annotated[int, Meta(ge=0, le=3)] | None,
        Meta(description="privacy_indicator of every message: 1 restricted, 2 confidential, 3 secret; unset is none."),
    ] = None
    rebind_after_s: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(
            description="A bind that leaves every submit_sm unanswered for so long, though it may answer enquire_link, "
            "is made anew; unset never."
        ),
    ] = 60
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

    def peer_host(self) -> str:
        return self.host

    @property
    def submits(self) -> bool:
        return self.bind != "receiver"

    def asks_after_s(self) -> float | None:
        return self.query_after_s

    def lines(self) -> tuple[str, int]:
        return "binds", self.binds

    def listens(self) -> tuple[str, int, bool] | None:
        outbind = self.outbind
        return None if outbind.port is None else (outbind.host, outbind.port, outbind.shared_port)

    def descriptors(self) -> int:
        return 4 * self.binds  # a pair of binds, and another one while they heal

    def of_worker(self, share: Share) -> Self:
        return msgspec.structs.replace(
            self,
            binds=share.part(self.binds) or self.binds,
            throughput_per_s=self._throughput_of(share),
            outbind=msgspec.structs.replace(self.outbind, shared_port=True),
        )

    def findings(self) -> Iterator[Finding]:
        yield from self._peer()
        if self.outbind.port is not None:
            yield from self._outbind()
        yield from super().findings()
        yield from self._statuses()
        yield from self._tlvs()
        yield from self._words()

    def _peer(self) -> Iterator[Finding]:
        """Where the SMSC is, who we are there, and how the way is protected (P-17, P-24)."""
        for key in ("host", "system_id"):
            if not getattr(self, key):
                yield (key,), "missing", f'kind "smpp" needs {key}', Severity.ERROR
        if not self.password:
            yield ("password",), "no_password", "binds without a password", Severity.WARNING
        if self.host and not (is_loopback(self.host) or self.tls.enabled or self.register.tunnel):
            message = "a link to another machine needs tls.enabled, or register.tunnel if it runs in one"
            yield ("tls", "enabled"), "plain_operator_link", message, Severity.ERROR
        if (self.tls.certificate is None) != (self.tls.key is None):
            yield ("tls",), "tls_incomplete", "certificate and key go together", Severity.ERROR

    def _outbind(self) -> Iterator[Finding]:
        """Who may make us bind, and over what (S-28, P-24)."""
        outbind, tls = self.outbind, self.tls
        if not is_loopback(outbind.host) and not (tls.enabled or self.register.tunnel):
            message = "a listener on this address needs tls.enabled, or register.tunnel if it runs in one"
            yield ("outbind", "host"), "plain_public_listener", message, Severity.ERROR
        if tls.enabled and tls.certificate is None:
            yield ("tls", "certificate"), "tls_incomplete", "outbind over TLS needs a certificate", Severity.ERROR
        if not outbind.peers:
            yield ("outbind", "peers"), "missing", "no address may connect: name the SMSC's", Severity.ERROR
        for index, network in enumerate(outbind.peers):
            if not is_network(network):
                message = "expected an address or a network such as 10.0.0.0/8"
                yield ("outbind", "peers", index), "not_a_network", message, Severity.ERROR

    def _tlvs(self) -> Iterator[Finding]:
        """A further TLV is one that the gateway does not write itself, of one form."""
        seen: set[str] = set()
        for index, written in enumerate(self.tlvs):
            tag = written[:6].lower()
            if tag in _OWN_TLVS:
                yield ("tlvs", index), "tlv_taken", "the gateway writes this TLV itself", Severity.ERROR
            elif tag in seen:
                yield ("tlvs", index), "tlv_twice", "stands here twice", Severity.ERROR
            seen.add(tag)
        if self.interface_version < _TLVS_SINCE and (
            self.tlvs or self.more_messages_to_send or self.privacy_indicator is not None
        ):
            yield ("interface_version",), "no_tlvs", "SMPP 3.3 knows no TLVs; they are left out", Severity.WARNING

    def _statuses(self) -> Iterator[Finding]:
        """A status means one thing (S-33, S-34)."""
        seen: dict[int, str] = {}
        for key in ("throttled_statuses", "queue_full_statuses", "permanent_statuses", "transient_statuses"):
            for index, status in enumerate(getattr(self, key)):
                if seen.setdefault(status, key) != key:
                    yield (key, index), "status_twice", f"also in {seen[status]}", Severity.ERROR

    def _words(self) -> Iterator[Finding]:
        """A word means one thing."""
        seen: dict[str, str] = {}
        for key in ReceiptWords.__struct_fields__:
            for index, word in enumerate(getattr(self.receipt_words, key)):
                if seen.setdefault(word.upper(), key) != key:
                    message = f"also in receipt_words.{seen[word.upper()]}"
                    yield ("receipt_words", key, index), "word_twice", message, Severity.ERROR
