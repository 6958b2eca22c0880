"""What a controller's request asks for, and which case of ours it is. Pure.

The case's id follows from the controller and the id that it gave, so that nothing has to be kept to find one by the
other, and a request that comes again is the same one.
"""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from gateway.http_api.case_views import time_of
from gateway.http_api.facades.fields import decoded
from gateway.model.numbers import MAX_LENGTH, parse_number
from gateway.model.refusals import Refusal
from gateway.rights.case_record import ID_OCTETS, Said, new_id
from gateway.rights.case_states import Channel, Kind, Proof
from redaction.personal import Msisdn, Purpose
from redaction.questions import is_case

KINDS: Final[Mapping[str, Kind]] = {"erasure": Kind.ERASURE, "access": Kind.ACCESS, "portability": Kind.COPY}
"""By `subject_request_type`."""
IDENTITIES: Final = ("phone_number", "phone")
"""Names that a phone number has as an identity."""
FORMAT: Final = "raw"
MOST: Final = 32
"""Identities of one request."""
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class _Identity(msgspec.Struct, frozen=True):
    identity_type: str = ""
    identity_value: Any = None
    identity_format: str = ""

    def __repr__(self) -> str:
        return "_Identity(•••)"


class _Request(msgspec.Struct, frozen=True):
    """Members that are not named here are passed over, as the specification lets controllers add their own."""

    subject_request_id: str | None = None
    subject_request_type: str | None = None
    submitted_time: Annotated[str, Meta(max_length=40)] | None = None
    subject_identities: Annotated[list[_Identity], Meta(max_length=MOST)] | None = None
    status_callback_urls: list[Any] | None = None

    def __repr__(self) -> str:
        return "_Request(•••)"


class Wanted(msgspec.Struct, frozen=True):
    """request_id: the controller's. said: the case to open."""

    request_id: str
    said: Said


def read(body: bytes, customer: str, region: str) -> Wanted:
    """customer: public id of the controller, who vouches for the person. region: whose local spellings are understood.

    Raises Refusal.
    """
    asked = decoded(body, _Request)
    for name in ("subject_request_id", "subject_request_type", "submitted_time", "subject_identities"):
        if not getattr(asked, name):
            raise Refusal("missing_field", name)
    if asked.status_callback_urls:
        raise Refusal("unsupported", "status_callback_urls")
    kind = KINDS.get(asked.subject_request_type or "")
    if kind is None:
        raise Refusal("invalid_value", "subject_request_type")
    said = Said(
        kind=kind,
        channel=Channel.API,
        customer=customer,
        received_ms=time_of(asked.submitted_time or "", "submitted_time"),
        number=_number(asked.subject_identities or [], region),
        proof=Proof.CUSTOMER_VOUCHES,
        unattended=kind is Kind.ERASURE,
    )
    return Wanted(request_id_of(asked.subject_request_id or ""), said)


def request_id_of(written: str) -> str:
    """A controller's id in its one form. Raises Refusal."""
    found = written.strip().lower()
    if _UUID.fullmatch(found) is None:
        raise Refusal("invalid_value", "subject_request_id")
    return found


def case_id(customer: str, request_id: str) -> str:
    """One that a custodian's book takes as well (`gateway.rights.case_record.fresh_id`)."""
    turn = 0
    while True:
        octets = blake2b(f"{customer}\n{request_id}\n{turn}".encode(), digest_size=ID_OCTETS, person=b"opendsr case")
        found = new_id(octets.digest())
        if is_case(found):
            return found
        turn += 1


def _number(identities: list[_Identity], region: str) -> Msisdn:
    """The one number that is named; identities of other types are passed over. Raises Refusal."""
    found: dict[str, Msisdn] = {}
    for each in identities:
        if each.identity_type not in IDENTITIES:
            continue
        if each.identity_format != FORMAT:
            raise Refusal("unsupported", "subject_identities")
        written = each.identity_value
        number = parse_number(written, region) if isinstance(written, str) and len(written) <= MAX_LENGTH else None
        if number is None:
            raise Refusal("invalid_number", "subject_identities")
        found[number.reveal(Purpose.ACCEPT)] = number
    if len(found) != 1:
        raise Refusal("unsupported", "subject_identities")
    return next(iter(found.values()))
