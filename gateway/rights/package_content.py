"""What a person is given of itself: records of messages, consents, its own requests; never a text or another person."""

import zipfile
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

import msgspec
from jinja2 import Environment, StrictUndefined, Template

from gateway.consent.desk import Standing
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.rights.access import Held, HeldMessage
from gateway.rights.case_record import Case

VERSION: Final = 1
TEMPLATE: Final = "package.html"
NAMES: Final = ("package.json", "package.html")
_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)
"""Of files in a zip: it says nothing of when it was made."""


class PackedConsent(msgspec.Struct, frozen=True, kw_only=True):
    customer: str
    purpose: str
    option: str
    given: bool
    means: str


class PackedStop(msgspec.Struct, frozen=True, kw_only=True):
    """until: None where it lasts until an opt-in."""

    customer: str
    scope: str
    since: str
    until: str | None


class PackedRequest(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    state: str
    received_at: str
    due_at: str
    extended_because: str | None
    refused_because: str | None


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """since: nothing older is shown, as a number may have had another holder. complete_since: of what is older nobody
    can say whose it is. Times are RFC 3339 UTC.
    """

    version: int = VERSION
    case: str
    made_at: str
    since: str
    complete_since: str | None
    complete: bool
    messages: list[HeldMessage]
    consents: list[PackedConsent]
    stopped: list[PackedStop]
    requests: list[PackedRequest]


def package(
    case: str, held: Held, standing: Sequence[tuple[str, Standing]], requests: Sequence[Case], now_ms: int
) -> Package:
    """standing: by customer. requests: the person's own."""
    return Package(
        case=case,
        made_at=rfc3339(now_ms),
        since=held.since,
        complete_since=held.complete_since,
        complete=held.complete,
        messages=held.messages,
        consents=[
            PackedConsent(
                customer=customer,
                purpose=each.purpose,
                option=each.option,
                given=each.is_given,
                means=each.proof.means.value,
            )
            for customer, found in standing
            for each in found.consents
        ],
        stopped=[
            PackedStop(
                customer=customer,
                scope=each.scope,
                since=rfc3339(each.since_ms),
                until=rfc3339_or_none(each.until_ms or None),
            )
            for customer, found in standing
            for each in found.suppressions
        ],
        requests=[_request(each) for each in requests],
    )


def packed(said: Package) -> bytes:
    """A zip of the same said twice: for programs, and for people in English and Arabic, without scripts."""
    page = _template().render(said=said).encode()
    octets = BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in zip(NAMES, (msgspec.json.encode(said), page), strict=True):
            file.writestr(zipfile.ZipInfo(name, _FIRST_DAY), content, zipfile.ZIP_DEFLATED)
    return octets.getvalue()


def _request(case: Case) -> PackedRequest:
    of = case.of
    return PackedRequest(
        id=case.id,
        kind=of.kind,
        state=of.state,
        received_at=rfc3339(of.received_ms),
        due_at=rfc3339(of.due_ms),
        extended_because=of.delay,
        refused_because=of.refusal,
    )


@cache
def _template() -> Template:
    source = files("gateway.rights").joinpath(TEMPLATE).read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(source)
