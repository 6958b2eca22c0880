"""OpenDSR's endpoints: what is spoken, requests of people, where they stand, and taking one back.

A controller, who is our customer, vouches for the person. Every request becomes a case of the rights desk under the
customer's name. Erasures are done without anybody's attendance once they can no longer be taken back; the others wait
for the customer's own `execute`, or for the desk.
"""

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

from gateway.accounts.customers import ApiKey
from gateway.http_api.auth import actor_of
from gateway.http_api.facades.dialect import Asked, Endpoint, Facade
from gateway.http_api.facades.logins import basic, bearer, joined
from gateway.http_api.facades.opendsr.reading import FORMAT, IDENTITIES, KINDS, case_id, read, request_id_of
from gateway.http_api.facades.opendsr.signing import Signing
from gateway.http_api.facades.opendsr.words import WORDS
from gateway.http_api.facades.parts import Parts
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.subject_requests import RightsSource, mended
from gateway.http_api.subjects import SCOPE
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.rights.case_record import Case, Said
from gateway.rights.case_states import Reason, State
from gateway.rights.cases import Cases, content_of
from redaction.personal import Secret

NAME: Final = "opendsr"
ROOT: Final = "/opendsr"
VERSION: Final = "3.0"
_PEM: Final = "application/x-pem-file"
_ONE: Final = f"{ROOT}/requests/{{id}}"
_STATUS: Final[Mapping[State, str]] = {
    State.IN_PROGRESS: "in_progress",
    State.ANSWERED: "completed",
    State.CLOSED: "completed",
    State.EXPIRED: "cancelled",
    State.REFUSED: "cancelled",
}
"""Of the others: `pending`."""
_encode: Final = msgspec.json.Encoder().encode


def facade(parts: Parts) -> Facade:
    """Nothing but refusals where nothing is answered about people, or answers cannot be signed."""
    refused = _refuser(parts.replies)
    if parts.rights is None or parts.signing is None:
        return Facade(name=NAME, prefixes=(f"{ROOT}/",), endpoints=(), refused=refused)
    desk = _Desk(parts, parts.rights, parts.signing)
    return Facade(
        name=NAME,
        prefixes=(f"{ROOT}/",),
        endpoints=(
            Endpoint(
                path=f"{ROOT}/requests",
                methods=frozenset({"POST"}),
                login=login,
                work=desk.open,
                scope=SCOPE,
                reads_body=True,
            ),
            Endpoint(path=_ONE, methods=frozenset({"GET", "DELETE"}), login=login, work=desk.one, scope=SCOPE),
        ),
        refused=refused,
        pages={f"{ROOT}/discovery": desk.discovery, f"{ROOT}/certificate.pem": desk.certificate},
    )


def login(asked: Asked) -> Secret | None:
    """A bearer token, or user name and password."""
    found = basic(asked)
    return bearer(asked) if found is None else joined(Secret(found[0]), found[1])


def _refuser(replies: Replies) -> Callable[[Refusal], Reply]:
    """How a refusal is said."""

    def refused(refusal: Refusal) -> Reply:
        said = WORDS.of(refusal)
        detail = {"domain": "Validation", "reason": refusal.code, "message": said.text}
        error = {"error": {"code": said.status, "message": said.text, "errors": [detail]}}
        more = replies.retry_after(refusal) if said.status in (429, 503) else b""
        return replies.of(said.status, _encode(error), more=more)

    return refused


class _Desk:
    def __init__(self, parts: Parts, rights: RightsSource, signing: Signing) -> None:
        self._replies = parts.replies
        self._clock = parts.clock
        self._rights = rights
        self._signing = signing

    def discovery(self) -> Reply:
        identities = [{"identity_type": each, "identity_format": FORMAT} for each in IDENTITIES]
        said = {
            "api_version": VERSION,
            "supported_identities": identities,
            "supported_subject_request_types": list(KINDS),
            "processor_certificate": f"https://{self._signing.domain}{ROOT}/certificate.pem",
        }
        return self._signed(200, said)

    def certificate(self) -> Reply:
        return self._replies.of(200, self._signing.certificate, _PEM)

    async def open(self, asked: Asked, key: ApiKey) -> Reply:
        """A request that is there already is answered as it was, if it asks for the same."""
        customer = key.customer.public_id
        wanted = read(asked.body, customer, self._rights.desk.on.settings.messages.default_region)
        cases, identifier = self._cases(key), case_id(customer, wanted.request_id)
        case = await _known(cases, identifier)
        if case is None:
            self._rights.unattended.check_room()
            case = await mended(cases.open_proven(wanted.said, identifier, ()))
            self._rights.unattended.add(case)
        elif not _is_same(cases, case, wanted.said):
            raise Refusal("idempotency_key_reused", "subject_request_id")
        said = {
            **_about(case, wanted.request_id),
            "received_time": rfc3339(case.of.opened_ms),
            "encoded_request": base64.b64encode(asked.body).decode(),
        }
        return self._signed(201, said)

    async def one(self, asked: Asked, key: ApiKey) -> Reply:
        request_id = request_id_of(asked.places["id"])
        cases = self._cases(key)
        case = await cases.find(case_id(key.customer.public_id, request_id))
        if case.of.customer != key.customer.public_id:
            raise Refusal("not_found")
        if asked.method == "DELETE":
            return await self._cancelled(cases.refuse(case.id, Reason.WITHDRAWN), request_id)
        said = {**_about(case, request_id), "request_status": status_of(case), "api_version": VERSION}
        return self._signed(200, said)

    async def _cancelled(self, work: Awaitable[Case], request_id: str) -> Reply:
        case = await mended(work)
        said = {
            "controller_id": case.of.customer,
            "subject_request_id": request_id,
            "received_time": rfc3339(self._clock.now_ms()),
            "api_version": VERSION,
        }
        return self._signed(202, said)

    def _cases(self, key: ApiKey) -> Cases:
        return self._rights.requests(actor_of(key)).cases

    def _signed(self, status: int, said: object) -> Reply:
        body = _encode(said)
        return self._replies.of(status, body, more=self._signing.headers(body))


def status_of(case: Case) -> str:
    """A refused one is cancelled, also once it is closed."""
    return "cancelled" if case.of.refusal is not None else _STATUS.get(case.of.state, "pending")


def _about(case: Case, request_id: str) -> dict[str, object]:
    return {
        "controller_id": case.of.customer,
        "subject_request_id": request_id,
        "expected_completion_time": rfc3339(case.of.due_ms),
        "extensions": {NAME: {"case": case.id}},
    }


async def _known(cases: Cases, identifier: str) -> Case | None:
    try:
        return await cases.find(identifier)
    except Refusal:
        return None


def _is_same(cases: Cases, case: Case, said: Said) -> bool:
    """Whether a case asks what this says; of one whose content is gone, as far as it is known."""
    if (case.of.kind, case.of.customer) != (said.kind, said.customer):
        return False
    try:
        kept = cases.opened(case)
    except Refusal:
        return True
    return kept.digits == content_of(said).digits
