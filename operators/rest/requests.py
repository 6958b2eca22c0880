"""A message as a request, and what its answer means. A flawed answer is counted, and logged once for each kind."""

import base64
import hashlib
import hmac
import ssl
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog

from config.operators import RestOperatorSettings, TlsSettings
from operators.base import Accepted, DeferReason, Deferred, MtMessage, Refused, SubmitResult, Unknown, UnknownReason
from operators.expiry import PeerExpiry
from operators.flaws import Flaws
from operators.renewal import Renewal
from operators.rest.answer import Answer, Flaw
from operators.rest.connection import HttpConnection, NotAnswered, NotSent, Target, Tls, target
from operators.rest.form import AnswerForm, MessageForm, reference_of
from operators.rest.receipts import FORM
from redaction.personal import Purpose, Secret

ANSWER_LIMIT_BYTES: Final = 64 * 1024

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("operators.rest")


class Requests:
    """password: presented as the settings say. now_ms: of the epoch. Raises OSError for the files of `tls`."""

    def __init__(self, settings: RestOperatorSettings, password: Secret, now_ms: Callable[[], int]) -> None:
        self._settings = settings
        self._password = password
        self._now_ms = now_ms
        rest, said = settings.rest, password.reveal(Purpose.CREDENTIAL)
        self._form = MessageForm(rest, {rest.auth_name: said} if rest.auth == "field" else {})
        self._answers = AnswerForm(rest)
        self._tls = _tls(settings)
        self._target: Target | None = None
        self._peer = PeerExpiry()
        self._flaws = Flaws()

    @property
    def flawed(self) -> int:
        """Answers that had something wrong."""
        return self._flaws.total

    @property
    def peer_ends_s(self) -> float | None:
        """When the certificate ends that the operator showed last."""
        return self._peer.ends_s

    def connection(self) -> HttpConnection:
        """One more, not opened yet. Raises ValueError for a password that no header can carry."""
        settings = self._settings
        self._target = target(settings.rest.url, self._headers(), self._tls, self._peer)
        return HttpConnection(
            self._target,
            connect_timeout_s=settings.connect_timeout_s,
            answer_timeout_s=settings.response_timeout_s,
            limit_bytes=ANSWER_LIMIT_BYTES,
        )

    async def ask(self, connection: HttpConnection, message: MtMessage) -> SubmitResult:
        """NOT_SENT where nothing left; once octets did, the status decides, and without one the outcome is unknown."""
        reference = reference_of(message.name)
        try:
            answer = await connection.ask(self._request(message, reference))
        except NotSent:
            return Deferred(DeferReason.NOT_SENT, 0, 0.0)
        except NotAnswered as error:
            reason = UnknownReason.TIMEOUT if error.timed_out else UnknownReason.LINK_LOST
            return Unknown(reason, self._answers.known_as(reference))
        result = self._answers.result(answer, self._now_ms(), doubtful=message.doubtful, reference=reference)
        self._look_for_flaws(answer, result)
        return result

    def known_as(self, message: MtMessage) -> str:
        """See `AnswerForm.known_as`."""
        return self._answers.known_as(reference_of(message.name))

    def _headers(self) -> dict[str, str]:
        """Of every request."""
        rest, secret = self._settings.rest, self._password.reveal(Purpose.CREDENTIAL)
        kinds = {"json": {"Content-Type": "application/json"}, "form": {"Content-Type": FORM}}
        headers = dict(kinds.get(rest.body, {}))
        if not secret:
            return headers
        if rest.auth == "bearer":
            headers["Authorization"] = f"Bearer {secret}"
        elif rest.auth == "basic":
            pair = base64.b64encode(f"{rest.auth_name}:{secret}".encode())
            headers["Authorization"] = f"Basic {pair.decode('ascii')}"
        elif rest.auth == "header":
            headers[rest.auth_name] = secret
        return headers

    def _request(self, message: MtMessage, reference: str | None) -> bytes:
        assert self._target is not None  # a connection was made
        rest = self._settings.rest
        body = self._form.body(message, reference)
        headers = {}
        if rest.idempotency_header is not None and reference is not None:
            headers[rest.idempotency_header] = reference
        if rest.auth == "hmac":
            key = self._password.reveal(Purpose.CREDENTIAL).encode()
            headers[rest.auth_name] = hmac.new(key, body, hashlib.sha256).hexdigest()
        if rest.body == "query":
            return self._target.got(body.decode("ascii"), headers)
        return self._target.posted(body, headers)

    def _look_for_flaws(self, answer: Answer, result: SubmitResult) -> None:
        name = self._settings.name
        for flaw in (answer.flaw, _meaning(answer, result)):
            if flaw is not None and self._flaws.count(name, "answer", flaw.value):
                log.warning("flawed_answer", operator=name, status=answer.status, reason=flaw.value)


def _meaning(answer: Answer, result: SubmitResult) -> Flaw | None:
    """What a success lacks."""
    if isinstance(result, Accepted) and not result.operator_message_id:
        return Flaw.NO_ID
    if 200 <= answer.status < 300 and not isinstance(result, Accepted):
        return Flaw.REFUSED if isinstance(result, Refused) else Flaw.NO_SUCCESS
    return None


def _tls(settings: RestOperatorSettings) -> Tls | None:
    tls = settings.tls
    if not settings.rest.url.startswith("https:"):
        return None
    return Renewal(partial(_context, tls), (tls.certificate, tls.key, tls.ca_file)).context


def _context(tls: TlsSettings) -> ssl.SSLContext:
    """TLS 1.2 or later with verification, a private CA and a client certificate where they are named."""
    context = ssl.create_default_context(cafile=tls.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    return context
