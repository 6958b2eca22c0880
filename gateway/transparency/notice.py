"""The privacy notice: what people are told of the processing, made of the running settings and the inventory. Pure.

It holds facts and words of closed lists, which pages put into sentences; so two notices can be compared, and what is
said in one language is said in the other. Its digest is what a version of it is known by.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Final

import msgspec

from config.operators import OperatorSettings
from config.rules import RulePack
from config.settings import Settings
from gateway.consent.rows import CONSENT_KEPT_MS
from gateway.ledger.usage import KEPT_HOURS
from gateway.people.ageing import ACCOUNT_MS
from gateway.people.signins import KEPT_MS as SIGNIN_MS
from gateway.people.signins import WHOLE_MS
from gateway.rights.case_clocks import COMPLAINT_MS, REQUEST_MS
from gateway.rights.packages import KEPT_MS as PACKAGE_MS
from gateway.transparency.cookies import Cookie, cookies
from gateway.transparency.transfers import recipients
from redaction.document_inventory import DOCUMENTS
from redaction.inventory import INVENTORY, Form, StoredField

_DAY_S: Final = 86_400
_PERSONAL: Final = frozenset({Form.SEALED, Form.PSEUDONYM, Form.DIGEST})
"""Forms in which something rests that is about somebody."""


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """One reason for processing. data: tables and kinds of documents that hold something about people for it."""

    purpose: str
    basis: str
    role: str
    data: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.purpose}/{self.basis}/{self.role}"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """How long messages of a retention tag are kept, in seconds. content_after_final_s: None: not before the limit.
    at_once: content goes as soon as the operator has it. floor_s: the law wants the record so long, by `citation`.
    """

    tag: str
    content_limit_s: int
    content_after_final_s: int | None
    at_once: bool
    record_s: int
    floor_s: int
    citation: str


class Kept(msgspec.Struct, frozen=True):
    """How long something is kept that is no message, in seconds."""

    what: str
    seconds: int


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """Who is given personal data. fields: of a message, what may leave to an operator; `default` is the usual list."""

    kind: str
    name: str
    country: str
    safeguard: str
    fields: tuple[str, ...]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """consent_for: classes of messages that need consent. answer_s: within which a request is answered, and
    complain_s: within which somebody may complain, in seconds. What a version of another build does not say is empty.
    """

    controller: str = ""
    contact: str = ""
    officer: str = ""
    purposes: tuple[Purpose, ...] = ()
    periods: tuple[Period, ...] = ()
    kept: tuple[Kept, ...] = ()
    recipients: tuple[Given, ...] = ()
    consent_for: tuple[str, ...] = ()
    cookies: tuple[Cookie, ...] = ()
    answer_s: int = 0
    complain_s: int = 0


def notice_of(settings: Settings, pack: RulePack) -> Notice:
    """By settings, and the messaging rules of the day."""
    privacy = settings.privacy
    return Notice(
        controller=privacy.controller,
        contact=privacy.contact,
        officer="" if privacy.officer == "none" else privacy.officer,
        purposes=tuple(_purposes((*INVENTORY.values(), *DOCUMENTS.values()))),
        periods=tuple(_periods(settings)),
        kept=tuple(_kept(settings)),
        recipients=tuple(_recipients(settings)),
        consent_for=tuple(sorted(each.name for each in pack.classes if each.needs_consent)),
        cookies=cookies(settings),
        answer_s=REQUEST_MS // 1000,
        complain_s=COMPLAINT_MS // 1000,
    )


def encoded(notice: Notice) -> bytes:
    """Canonical JSON: the same octets for the same notice."""
    return _json.encode(notice)


def digest(notice: Notice) -> str:
    """SHA-256 of its canonical JSON, in hexadecimal digits."""
    return sha256(encoded(notice)).hexdigest()


def decoded(octets: bytes) -> Notice:
    """Raises msgspec.DecodeError."""
    return _reader.decode(octets)


def new_purposes(before: Notice, after: Notice) -> list[str]:
    """Purposes, with basis and role, of which people were not told before (P-13)."""
    known = {each.key for each in before.purposes}
    return [each.key for each in after.purposes if each.key not in known]


_json: Final = msgspec.json.Encoder(order="sorted")
_reader: Final = msgspec.json.Decoder(Notice)


def _purposes(fields: Iterable[StoredField]) -> Iterator[Purpose]:
    groups: dict[tuple[str, str, str], list[StoredField]] = {}
    for each in fields:
        groups.setdefault((each.purpose.value, each.basis.value, each.role.value), []).append(each)
    for (purpose, basis, role), members in sorted(groups.items()):
        personal = {each.name.partition(".")[0] for each in members if each.form in _PERSONAL}
        yield Purpose(purpose=purpose, basis=basis, role=role, data=tuple(sorted(personal)))


def _periods(settings: Settings) -> Iterator[Period]:
    for rule in sorted(settings.retention, key=lambda each: each.tag):
        yield Period(
            tag=rule.tag,
            content_limit_s=rule.content_limit_s,
            content_after_final_s=rule.content_after_final_s,
            at_once=rule.content_after_submit,
            record_s=max(rule.record_s, rule.record_floor_s),
            floor_s=rule.record_floor_s,
            citation=rule.floor_citation,
        )


def _kept(settings: Settings) -> Iterator[Kept]:
    """Each from where it is enforced."""
    yield Kept("account", ACCOUNT_MS // 1000)
    yield Kept("signin", SIGNIN_MS // 1000)
    yield Kept("address", WHOLE_MS // 1000)
    yield Kept("support", settings.rights.ticket_s)
    yield Kept("consent", CONSENT_KEPT_MS // 1000)
    yield Kept("case_content", settings.rights.case_content_s)
    yield Kept("case_record", settings.rights.case_record_s)
    yield Kept("package", PACKAGE_MS // 1000)
    yield Kept("audit", settings.audit.keep_days * _DAY_S)
    yield Kept("usage", KEPT_HOURS * 3600)


def _recipients(settings: Settings) -> Iterator[Given]:
    operators: Mapping[str, OperatorSettings] = {each.name: each for each in settings.operators}
    for each in recipients(settings, {}):
        operator = operators.get(each.name) if each.kind == "operator" else None
        yield Given(
            kind=each.kind,
            name=each.name,
            country=each.country,
            safeguard=each.safeguard,
            fields=() if operator is None else _fields(operator),
        )


def _fields(operator: OperatorSettings) -> tuple[str, ...]:
    allowed = operator.egress.allow
    return (allowed,) if isinstance(allowed, str) else allowed
