"""A message as a request, and what its answer means. A flawed answer is counted, and logged once for each kind."""

import ssl
from collections.abc import Callable
from typing import Final

import structlog

from config.operators import RestOperatorSettings
from operators.base import Accepted, DeferReason, Deferred, MtMessage, SubmitResult, Unknown, UnknownReason
from operators.flaws import Flaws
from operators.rest.answer import Answer, Flaw
from operators.rest.connection import HttpConnection, NotAnswered, NotSent, target
from operators.rest.form import MessageForm
from redaction.personal import Purpose, Secret

ANSWER_LIMIT_BYTES: Final = 64 * 1024

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("operators.rest")


class Requests:
    """password: presented as a bearer token. random_bytes: for the reference of each request. Raises OSError for the
    files of `tls`.
    """

    def __init__(self, settings: RestOperatorSettings, password: Secret, random_bytes: Callable[[int], bytes]) -> None:
        self._settings = settings
        self._password = password
        self._random_bytes = random_bytes
        self._form = MessageForm(settings.rest)
        self._tls = _tls(settings)
        self._flaws = Flaws()

    @property
    def flawed(self) -> int:
        """Answers that had something wrong."""
        return self._flaws.total

    def connection(self) -> HttpConnection:
        """One more, not opened yet. Raises ValueError for a password that no header can carry."""
        settings, token = self._settings, self._password.reveal(Purpose.CREDENTIAL)
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        return HttpConnection(
            target(settings.rest.url, headers, self._tls),
            connect_timeout_s=settings.connect_timeout_s,
            answer_timeout_s=settings.response_timeout_s,
            limit_bytes=ANSWER_LIMIT_BYTES,
        )

    async def ask(self, connection: HttpConnection, message: MtMessage) -> SubmitResult:
        """NOT_SENT where nothing left; once octets did, the status decides, and without one the outcome is unknown."""
        try:
            answer = await connection.post(self._form.body(message, self._random_bytes(12).hex()))
        except NotSent:
            return Deferred(DeferReason.NOT_SENT, 0, 0.0)
        except NotAnswered as error:
            return Unknown(UnknownReason.TIMEOUT if error.timed_out else UnknownReason.LINK_LOST)
        result = self._form.result(answer.status, answer.body, answer.headers.get("retry-after"))
        self._look_for_flaws(answer, result)
        return result

    def _look_for_flaws(self, answer: Answer, result: SubmitResult) -> None:
        lacks_id = isinstance(result, Accepted) and not result.operator_message_id
        name = self._settings.name
        for flaw in (answer.flaw, Flaw.NO_ID if lacks_id else None):
            if flaw is not None and self._flaws.count(name, "answer", flaw.value):
                log.warning("flawed_answer", operator=name, status=answer.status, reason=flaw.value)


def _tls(settings: RestOperatorSettings) -> ssl.SSLContext | None:
    """TLS 1.2 or later with verification, a private CA and a client certificate where they are named."""
    tls = settings.tls
    if not settings.rest.url.startswith("https:"):
        return None
    context = ssl.create_default_context(cafile=tls.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    return context
