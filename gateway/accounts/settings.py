"""What is set per customer, key, ESME account, number and endpoint, as it is stored: JSON without personal data.

These types judge every value, where a command sets it and where a node reads it. What breaks a rule raises
`InvalidSetting`, whose text says what is allowed and never what was given; in stored JSON msgspec makes a
`ValidationError` of it. Fields that another version of the gateway stored are passed over here, and kept by `merged`.
"""

import ipaddress
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final, TypeVar, get_args

import msgspec
from msgspec import Meta, Raw

from config.rules import Kind
from gateway.accounts.content_rules import ContentRules
from gateway.accounts.esme_profile import EsmeProfile
from gateway.accounts.fraud_rules import check_modes
from gateway.accounts.invalid import InvalidSetting as InvalidSetting
from gateway.ledger.contract import ROW_FAULTS
from gateway.model.consent_mode import ConsentMode
from gateway.model.event_types import CHECKPOINT, EVENT_TYPES, SUBMITTED
from gateway.model.facades import CALLED, FACADES
from gateway.model.fraud_controls import FraudModes
from gateway.model.message import MessageClass
from gateway.model.senders import is_sender
from redaction.retention import RetentionWish

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_SCOPES: Final = ("send", "status")
SCOPES: Final = (*DEFAULT_SCOPES, "operators", "consents", "suppressions", "subjects", "inbound", "webhooks")
LATER_SCOPES: Final = ("admin",)
"""Names that are kept for endpoints to come. Keys of earlier versions may carry them; they open nothing."""
MAX_BATCH: Final = 100
"""Events in one request to an endpoint."""
LEAST_PER_S: Final = 0.00001
MOST_PER_S: Final = 1_000_000.0
"""Bounds of a throughput: about one message a day, and more than any gateway sends."""
_MOST_PER_DAY: Final = 1_000_000_000_000
_MOST_PER_MONTH: Final = 31 * _MOST_PER_DAY
RIYADH_MIN: Final = 180
"""Minutes ahead of UTC."""
EARLIEST_MIN: Final = -720
LATEST_MIN: Final = 840
MOST_BURST: Final = 1_000_000
_MOST_BINDS: Final = 1_000
_LARGEST_WINDOW: Final = 10_000
_LONGEST_NAME: Final = 64
_MOST_NETWORKS: Final = 100
_MOST_KEYWORDS: Final = 100
_LONGEST_KEYWORD: Final = 64
_NUMBER_DIGITS: Final = 20
_MAPPED_BITS: Final = 96
"""Of an IPv6 network that stands for an IPv4 one."""

KINDS: Final = get_args(Kind)
"""Of customers, to the regulator."""
RULE_GROUPS: Final = ("class", "sender", "register", "hours", "links", "opt_out", "otp", "transfer")
"""By which rules are switched, and what verdicts name as their rule."""
RULE_MODES: Final = ("off", "watch", "enforce")
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_CLASSES: Final = frozenset(each.value for each in MessageClass)
_SYSTEM_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,15}", re.ASCII)
_TAG: Final = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_PATH: Final = re.compile(r"`\$\.(\w+)[^`]*`\Z")
_AROUND_WORDS: Final = ".,;:!?-_#*\"'()،؛؟@\0"

S = TypeVar("S", bound=msgspec.Struct)


def _require(holds: bool, allowed: str) -> None:
    if not holds:
        raise InvalidSetting(allowed)


# --------------------------------------------------------------------------------------------------------------- rules


def check_classes(names: Iterable[str]) -> None:
    _require(set(names) <= _CLASSES, f"classes are {', '.join(MessageClass)}")


def check_scopes(names: Iterable[str]) -> None:
    """Of a new key: one that would open nothing is refused too."""
    asked, known = set(names), f"scopes are {', '.join(SCOPES)}"
    idle = [each for each in LATER_SCOPES if each in asked]
    _require(not idle, f"the scope {' and '.join(idle)} opens nothing in this version; {known}")
    _require(asked <= set(SCOPES), known)


def check_events(names: Iterable[str]) -> None:
    """Of an endpoint. A later version may have stored others, which a node passes over."""
    _require(set(names) <= set(EVENT_TYPES), f"events are {', '.join(EVENT_TYPES)}")


def check_system_id(name: str) -> None:
    _require(
        _SYSTEM_ID.fullmatch(name) is not None,
        "a system_id has 1 to 15 letters, digits, dots, dashes or underscores",
    )


def parse_network(text: str) -> IpNetwork:
    """An address or a network as CIDR. One of IPv4 that is written as IPv6 is its IPv4 network, as peers are seen."""
    try:
        _require(text.isascii() and "%" not in text, "")
        network = ipaddress.ip_network(text)
    except ValueError:
        raise InvalidSetting(
            "a network is an address or CIDR whose bits behind the prefix are 0, such as 10.0.0.0/8, without a zone"
        ) from None
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))


def _check_throughput(per_s: float | None) -> None:
    _require(
        per_s is None or (math.isfinite(per_s) and LEAST_PER_S <= per_s <= MOST_PER_S),
        f"a throughput is above 0, from {LEAST_PER_S:.5f} to {MOST_PER_S:,.0f} messages a second; none is no limit",
    )


def _check_label(label: str) -> None:
    _require(
        len(label) <= _LONGEST_NAME and label.isprintable(),
        f"a label has up to {_LONGEST_NAME} characters that can be printed",
    )


def _check_count(value: int | None, most: int, what: str) -> None:
    _require(value is None or 1 <= value <= most, f"{what} is a whole number from 1 to {most:,}")


# --------------------------------------------------------------------------------------------------------------- types


class NumberSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A number or short code to which people write. keywords: first words that are this customer's; empty is all that
    is no other customer's. esme: system_id of the account whose binds get them; '' for the webhook, or the oldest
    account without one.
    """

    keywords: tuple[str, ...] = ()
    esme: str = ""

    def __post_init__(self) -> None:
        fitting = all(
            len(word) <= _LONGEST_KEYWORD and keyword_key(word) and len(word.split()) == 1 for word in self.keywords
        )
        _require(
            fitting and len(self.keywords) <= _MOST_KEYWORDS,
            f"a keyword is one word of up to {_LONGEST_KEYWORD} characters with letters or digits in it; "
            f"a number has up to {_MOST_KEYWORDS}",
        )
        if self.esme:
            check_system_id(self.esme)


NumberChange = Callable[[NumberSettings | None], NumberSettings | None]
"""What a customer is to have of a number, None for nothing, given what it has. May raise InvalidSetting."""


class Correction(msgspec.Struct, frozen=True, array_like=True):
    """That a field of the contact data was corrected. by: random id of who did it, or what kind of hand."""

    at_ms: int
    field: str
    by: str


class CustomerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """senders: registered names, with the classes that each may carry (empty: all). throughput_per_s: messages per
    second over all keys and ESME accounts together; None is unlimited. daily_quota, monthly_quota: messages in a day
    and in a month by its clock, which is `utc_offset_min` minutes ahead of UTC. retention: shorter times, by tag.
    numbers: where people write to it, as `number_key` spells them. content: what is done about personal data in texts.
    plain_punctuation: curly quotes, long dashes and the like become plain ones where that makes a text GSM 7-bit.
    label: an administrator's word for it, which names nobody. consent: what is done about messages that need consent.
    kind: what it is to the regulator, '' where that is not said. rules: by group of rules, or for `all`: off, watch or
    enforce. residency: the country that its messages must not leave; '' is wherever a transfer is on record.
    fraud: modes of controls against abuse; what is not named has its default. countries: calling codes that it sends
    to, empty for all.
    corrections: of its contact data, the newest last.
    """

    senders: Mapping[str, tuple[str, ...]] = {}
    default_class: str = "transactional"
    throughput_per_s: float | None = None
    daily_quota: int | None = None
    monthly_quota: int | None = None
    utc_offset_min: int = RIYADH_MIN
    retention: Mapping[str, RetentionWish] = {}
    numbers: Mapping[str, NumberSettings] = {}
    content: ContentRules = {}
    plain_punctuation: bool = False
    label: str = ""
    consent: ConsentMode = ConsentMode.OFF
    kind: str = ""
    rules: Mapping[str, str] = {}
    residency: str = ""
    fraud: FraudModes = {}
    countries: tuple[int, ...] = ()
    corrections: tuple[Correction, ...] = ()

    def __post_init__(self) -> None:
        _require(
            all(map(is_sender, self.senders)),
            "a sender has 3 to 11 letters, digits, spaces, dots or dashes, or is a number of 3 to 15 digits",
        )
        for classes in self.senders.values():
            check_classes(classes)
        _check_label(self.label)
        check_classes((self.default_class,))
        _check_throughput(self.throughput_per_s)
        _check_count(self.daily_quota, _MOST_PER_DAY, "a daily quota")
        _check_count(self.monthly_quota, _MOST_PER_MONTH, "a monthly quota")
        _require(
            EARLIEST_MIN <= self.utc_offset_min <= LATEST_MIN,
            f"a clock is from {EARLIEST_MIN} to {LATEST_MIN} minutes ahead of UTC; Riyadh's is {RIYADH_MIN}",
        )
        _require(all(_TAG.fullmatch(tag) for tag in self.retention), "a retention tag has letters, digits and dashes")
        check_modes(self.fraud)
        _require(all(map(_is_number_key, self.numbers)), f"a number has up to {_NUMBER_DIGITS} digits")
        _require(not self.kind or self.kind in KINDS, f"a kind is {', '.join(KINDS)}")
        _require(
            set(self.rules) <= {"all", *RULE_GROUPS} and set(self.rules.values()) <= set(RULE_MODES),
            f"a rule is GROUP=off, watch or enforce; groups are all, {', '.join(RULE_GROUPS)}",
        )
        _require(not self.residency or _COUNTRY.fullmatch(self.residency) is not None, "a country has two capitals")


class KeySettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is set per key. Rates are messages per second, quotas messages in a day of its customer's clock; None is
    unlimited.

    burst: None allows one second's worth. allowed_networks: CIDR; empty allows every address.
    """

    name: str = ""
    classes: tuple[str, ...] = ()
    allowed_networks: tuple[str, ...] = ()
    throughput_per_s: float | None = None
    burst: int | None = None
    daily_quota: int | None = None

    def __post_init__(self) -> None:
        _check_label(self.name)
        check_classes(self.classes)
        _require(len(self.allowed_networks) <= _MOST_NETWORKS, f"a key has up to {_MOST_NETWORKS} networks")
        for each in self.allowed_networks:
            parse_network(each)
        _check_throughput(self.throughput_per_s)
        _check_count(self.burst, MOST_BURST, "a burst")
        _check_count(self.daily_quota, _MOST_PER_DAY, "a daily quota")


class StoredKeySettings(KeySettings, frozen=True, kw_only=True):
    """As they lie beside a key. pepper: the epoch of the one that its digest is under. facades: the façades that it is
    for, and nothing else; empty is the API of our own. token: the key itself, sealed and in Base64, where one of them
    signs with it (`gateway.accounts.facade_tokens`).
    """

    pepper: int = 0
    facades: tuple[str, ...] = ()
    token: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(set(self.facades) <= set(FACADES), f"façades are {', '.join(FACADES)}")


class StoredToken(msgspec.Struct, frozen=True):
    """Of a live key, as it lies beside it."""

    key_id: int
    prefix: str
    sealed: str


class EsmeSettings(KeySettings, frozen=True, kw_only=True):
    """What is set per ESME account; None takes what `[smpp_server]` says.

    max_binds: binds at once. window: unanswered requests of one bind, in each direction. profile: how it speaks SMPP.
    """

    max_binds: int | None = None
    window: int | None = None
    profile: EsmeProfile = EsmeProfile()

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_count(self.max_binds, _MOST_BINDS, "a number of binds")
        _check_count(self.window, _LARGEST_WINDOW, "a window")


class EndpointSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is set per webhook endpoint. batch: events that it takes in one request; 1 sends each as a request of its
    own. submitted: it is notified, too, when an operator has a message. checkpoints: it is sent, once a day, what was
    signed of the audit log. former_secret: the sealed signing secret of
    before, in Base64, which signs as well until `former_until_ms`. dialect: the façade in whose words it is told of
    messages from people, and of nothing else; '' for webhooks. events: types that it asked for by name, which then
    `submitted` and `checkpoints` say nothing about; empty for all but those two have it.
    """

    batch: Annotated[int, Meta(ge=1, le=MAX_BATCH)] = 1
    submitted: bool = False
    checkpoints: bool = True
    former_secret: str = ""
    former_until_ms: int = 0
    dialect: str = ""
    events: tuple[str, ...] = ()

    def wants(self, event: str) -> bool:
        """Whether an event of this type is for it."""
        if self.events:
            return event in self.events
        return self.submitted if event == SUBMITTED else self.checkpoints if event == CHECKPOINT else True

    def __post_init__(self) -> None:
        _require(not self.dialect or self.dialect in CALLED, f"façades that call back are {', '.join(CALLED)}")


# ------------------------------------------------------------------------------------------------------- one spelling


def number_key(number: str) -> str:
    """The one spelling of a number or short code: digits of the international form, or as the operator writes it."""
    return number.strip().removeprefix("+").removeprefix("00")


def _is_number_key(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) <= _NUMBER_DIGITS


def keyword_key(word: str) -> str:
    """The one spelling of a keyword: no case, no Arabic vowel signs, no marks of direction or of byte order, and no
    punctuation around it, nor the @ and NUL with which some phones fill up.
    """
    marks = [each for each in unicodedata.normalize("NFKD", word) if unicodedata.category(each) != "Cf"]
    plain = "".join(each for each in marks if not unicodedata.combining(each))
    return plain.casefold().strip(_AROUND_WORDS)


# --------------------------------------------------------------------------------------------------- stored and read


class Reading(msgspec.Struct, frozen=True):
    """A customer's settings as far as they can be read. faults: fields that cannot, and stand at their defaults.
    lost: fields of which entries are left out, because those cannot be read.
    """

    settings: CustomerSettings
    faults: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


_BY_ENTRY: Final = ("senders", "numbers")
"""Maps whose entries stand alone: without one, less is allowed, and nothing more."""
_encode: Final = msgspec.json.Encoder().encode
_decode_fields: Final = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_customer: Final = msgspec.json.Decoder(CustomerSettings).decode


def read_customer(stored: bytes) -> Reading:
    """Whatever is stored. Raises nothing."""
    try:
        return Reading(_decode_customer(stored))
    except ROW_FAULTS:
        return _read_by_field(stored)


def _read_by_field(stored: bytes) -> Reading:
    try:
        fields = _decode_fields(stored)
    except ROW_FAULTS:
        return Reading(CustomerSettings(), ("settings",))
    sound: dict[str, Raw] = {}
    faults, lost = [], []
    for name in CustomerSettings.__struct_fields__:
        if name not in fields:
            continue
        if _is_sound(name, fields[name]):
            sound[name] = fields[name]
        elif name in _BY_ENTRY and (kept := _sound_entries(name, fields[name])) is not None:
            sound[name] = kept
            lost.append(name)
        else:
            faults.append(name)
    return Reading(_decode_customer(_encode(sound)), tuple(faults), tuple(lost))


def _is_sound(name: str, value: object) -> bool:
    try:
        _decode_customer(_encode({name: value}))
    except ROW_FAULTS:
        return False
    return True


def _sound_entries(name: str, value: Raw) -> Raw | None:
    """A map with those of its entries that can be read; None for what is no map."""
    try:
        entries = _decode_fields(value)
    except ROW_FAULTS:
        return None
    return Raw(_encode({key: each for key, each in entries.items() if _is_sound(name, {key: each})}))


def label_of(stored: bytes) -> str:
    """The label in a key's settings; "" where there is none, or it cannot be read."""
    try:
        return str(msgspec.json.decode(_decode_fields(stored).get("name", b'""'), type=str))
    except ROW_FAULTS:
        return ""


def pepper_of(stored: bytes) -> int | None:
    """The epoch of the pepper that a key's digest is under; None where that cannot be read."""
    try:
        return key_settings(stored).pepper
    except (InvalidSetting, *ROW_FAULTS):
        return None


def fault(error: Exception) -> str:
    """What such an error of msgspec or of these types says, without a word of what is stored."""
    said = error if isinstance(error, InvalidSetting) else error.__cause__
    if isinstance(said, InvalidSetting):
        return str(said)
    found = _PATH.search(str(error))
    return "settings cannot be read" if found is None else f"settings.{found[1]} cannot be read"


def merged(stored: bytes, changes: Mapping[str, Any]) -> bytes:
    """Stored settings of a customer with these fields changed and all others as they are, known here or not.

    Raises InvalidSetting when what comes of it cannot be read.
    """
    try:
        fields = _decode_fields(stored)
    except ROW_FAULTS:
        raise InvalidSetting("what is stored of these settings cannot be read at all") from None
    whole = _encode({**fields, **changes})
    reading = read_customer(whole)
    _require(
        not reading.faults, f"what is stored of these settings cannot be read; set anew: {', '.join(reading.faults)}"
    )
    return whole


def key_settings(stored: bytes) -> StoredKeySettings:
    """Raises InvalidSetting."""
    try:
        return msgspec.json.decode(stored, type=StoredKeySettings)
    except msgspec.ValidationError as error:
        raise InvalidSetting(fault(error)) from None


def esme_settings(stored: bytes) -> EsmeSettings:
    """Raises InvalidSetting."""
    try:
        return msgspec.json.decode(stored, type=EsmeSettings)
    except msgspec.ValidationError as error:
        raise InvalidSetting(fault(error)) from None


def kept_beside(stored: bytes, settings: msgspec.Struct) -> bytes:
    """All of these settings, beside the fields of `stored` that are not known here. Raises InvalidSetting."""
    try:
        fields = _decode_fields(stored)
    except ROW_FAULTS:
        fields = {}
    unknown = {name: each for name, each in fields.items() if name not in settings.__struct_fields__}
    return _encode({**unknown, **_decode_fields(stored_form(settings))})


def stored_form(settings: msgspec.Struct) -> bytes:
    """Settings as they are stored, read back once with the type that nodes read. Raises InvalidSetting."""
    octets = _encode(settings)
    try:
        msgspec.json.decode(octets, type=type(settings))
    except msgspec.ValidationError as error:
        raise InvalidSetting(fault(error)) from None
    return octets
