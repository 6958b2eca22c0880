"""The platform's own messages: customer 0's, from a sender of its own, by the routes of the customer `platform`.

They go the way of every message and stand in nobody's usage; what they cost is bounded by `gateway.rights.code_limits`.
"""

from collections.abc import Mapping
from typing import Final

from gateway.accept.door import Door
from gateway.accept.request import MessageRequest
from gateway.accounts.customers import ApiKey, Customer, CustomerSettings
from gateway.ledger.contract import WriteOp, WriteResult
from gateway.model.message import MessageClass
from gateway.model.numbers import digits_of
from gateway.model.owners import PLATFORM, PLATFORM_ID
from gateway.model.refusals import Refusal
from gateway.model.submission import NO_FORM
from gateway.process.logs import logger
from redaction.personal import Msisdn, Purpose, Secret

log = logger("gateway.rights.own_messages")

CODE_TEXTS: Final[Mapping[str, str]] = {
    "ar": "رمز إثبات طلبك عن بياناتك: {code}\nصالح 10 دقائق، لا تعطه أحدا.",
    "en": "Your code to prove a request about your data: {code}\nValid for 10 minutes. Give it to nobody.",
}
"""By language; each says what the code is for."""


class OwnMessages:
    """sender: what they come from."""

    def __init__(self, door: Door, sender: str) -> None:
        self._door = door
        self._key = _key(sender)

    def send_code(self, number: Msisdn, code: Secret, language: str) -> None:
        """Raises nothing: who asks is answered the same whether a code could be sent or not."""
        request = MessageRequest(
            to=f"+{digits_of(number)}",
            source=next(iter(self._key.customer.settings.senders)),
            text=CODE_TEXTS[language].format(code=code.reveal(Purpose.CREDENTIAL)),
            message_class=MessageClass.OTP.value,
        )
        try:
            self._door.offer(self._key, request, NO_FORM, _untold)
        except Refusal as refusal:
            log.warning("code_refused", reason=refusal.code)


def _key(sender: str) -> ApiKey:
    return ApiKey(
        id=0,
        customer=Customer(
            id=PLATFORM, public_id=PLATFORM_ID, settings=CustomerSettings(senders={sender: ()}), disabled=False
        ),
        prefix="",
        scopes=frozenset({"send"}),
        classes=frozenset({MessageClass.OTP}),
        networks=(),
        throughput_per_s=None,
        burst=1,
        daily_quota=None,
        expires_ms=None,
    )


def _untold(_op: WriteOp | None, _result: WriteResult) -> None:
    """Nobody waits."""
