"""The one way of a submission that came over HTTP, over whichever lane:

    admitted → offered to the door → durable, or an earlier one stands for it → answered

A lane reads octets, says whose they are, and gets once what to write (`Waiter`). Batches go the same way, message by
message (`gateway.http_api.batch`). There is no task and no future for a message; only one that repeats an earlier one,
by its idempotency key, takes a look into the ledger, in a contained task.
"""

import math
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Final, Protocol

import msgspec

from gateway.accept.inquiry import Inquired
from gateway.accept.raw_parts import written_octets
from gateway.accept.request import MessageAccepted, MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.http_api.decoding import decode_message
from gateway.http_api.door import Door
from gateway.http_api.views import accepted_view
from gateway.ledger.contract import Declined, LedgerUnavailable, WriteOp, WriteResult, Written
from gateway.ledger.journal import Done
from gateway.ledger.roles import Messages
from gateway.limits.admission import Admission
from gateway.limits.quotas import Standing
from gateway.model.message import Message
from gateway.model.refusals import Refusal, refusal_of
from gateway.model.submission import NO_FORM, SmppForm
from gateway.model.verdict import Severity, Verdict
from gateway.process.clock import Clock
from gateway.process.tasks import TaskOwner
from redaction.errors import alone
from redaction.personal import Msisdn

REPLAYED: Final = b"Idempotent-Replayed: true\r\n"
_IDEMPOTENCY: Final = re.compile(r"[ -~]{1,255}", re.ASCII)
_A_LIST: Final = ("wrong_type", "to")
_encode: Final = msgspec.json.Encoder().encode


class Waiter(Protocol):
    """Called once with the outcome of one submission. Must not raise."""

    def taken(self, body: bytes, more: bytes) -> None:
        """202 with this JSON, and these further header lines."""

    def refused(self, refusal: Refusal) -> None:
        """Nothing was stored."""


Several = Callable[[ApiKey, bytes, str | None, Waiter], Coroutine[object, object, None]]
"""Takes a body whose `to` is a list, for which one message is admitted, and settles that."""


class SendPath:
    """Call `stop` at the end. mask: what is shown of a message's number. several: who takes lists of recipients; None
    where they are refused.
    """

    def __init__(
        self, door: Door, messages: Messages, admission: Admission, clock: Clock, mask: Callable[[Message], str]
    ) -> None:
        self._door = door
        self._messages = messages
        self._admission = admission
        self._clock = clock
        self._mask = mask
        self._tasks = TaskOwner()
        self._looks = 0
        self.several: Several | None = None

    def precheck(self, key: ApiKey) -> None:
        """Whether one message could be admitted now, for a caller that cannot count yet. Raises Refusal."""
        self._admission.precheck(key, self._clock.now_ms())

    def admit(self, key: ApiKey, messages: int = 1) -> None:
        """Let so many messages in, all or none; `settle` them once their fate is known. Raises Refusal."""
        self._admission.admit(key, messages, self._clock.now_ms())

    def standing(self, key: ApiKey) -> list[Standing]:
        """How the quotas of the key's customer stand, as far as this process knows."""
        settings = key.customer.settings
        return self._admission.quotas.standing(
            key.customer.id, settings.daily_quota, settings.monthly_quota, settings.utc_offset_min
        )

    def rate_lines(self, key: ApiKey) -> bytes:
        """Header lines of how the key's throughput stands after what it was let in with; none without a limit."""
        standing = self._admission.gates.standing(key)
        if standing is None:
            return b""
        return b"RateLimit-Limit: %d\r\nRateLimit-Remaining: %d\r\nRateLimit-Reset: %d\r\n" % standing

    def charge(self, key: ApiKey, messages: int) -> None:
        """Take throughput for what was refused after it had made work; what comes after waits for what is owed."""
        self._admission.gates.charge(key, messages)

    def settle(self, key: ApiKey, messages: int = 1, refused: int = 0) -> None:
        """refused: those of them that were not taken."""
        self._admission.settle(key, messages, refused)

    def send(self, key: ApiKey, body: bytes, idempotency: str | None, waiter: Waiter) -> None:
        """Take one message that is admitted, and settle it. The waiter is called now or later. Never raises."""
        sending = _Sending(self, key, waiter)
        try:
            request = decode_message(body)
            if idempotency is not None:
                sending.request = request
            sending.message = message = self.offer(key, request, sending, idempotency)
            sending.person = self.person(request, message)
        except Exception as error:
            refusal = refusal_of(error)
            if self.several is not None and (refusal.code, refusal.field) == _A_LIST:
                self._contain("several", self.several(key, body, idempotency, waiter))
            else:
                self._refuse(sending, refusal)

    def recipient(self, request: MessageRequest) -> Msisdn:
        """Whom a request names, however that is written. Raises Refusal."""
        return self._door.recipient(request)

    def offer(
        self,
        key: ApiKey,
        request: MessageRequest,
        done: Done,
        idempotency: str | None,
        index: int = 0,
        form: SmppForm = NO_FORM,
    ) -> Message:
        """See `gateway.accept.door.Door.offer`. index: place in a batch. Raises Refusal; then nothing is stored."""
        if form is NO_FORM:
            request, form = written_octets(request)
        return self._door.offer(key, request, form, done, idempotency=idempotency, index=index)

    def person(self, request: MessageRequest, message: Message) -> str:
        """What is shown of the number in a request of which this message was made a moment ago, as long as its answer
        is outstanding: to open what was just covered would cost as much as a tenth of taking it. '' where nothing is
        sealed yet, or the number was understood by more than is written of it: then the record is asked.
        """
        if message.content is None:
            return ""
        try:
            return self._door.recipient(request).masked()
        except Refusal:  # octets may go to a number of another country without a plus, as over SMPP
            return ""

    def expect(self, batches: int) -> None:
        """So many more batches are being offered, or so many fewer."""
        self._door.expect(batches)

    def admit_question(self, key: ApiKey) -> None:
        """Let somebody ask who sends nothing; `settle` it as a message. Raises Refusal."""
        self._admission.admit_question(key)

    async def judge(self, key: ApiKey, body: bytes) -> Inquired:
        """Everything that would be said of this message, which is not sent. Raises Refusal for what is no request."""
        found = self._door.judge(key, decode_message(body))
        besides = [*self._quota(key), *await self._door.look_up(key, found)]
        return msgspec.structs.replace(found, verdicts=[*found.verdicts, *besides])

    def _quota(self, key: ApiKey) -> Sequence[Verdict]:
        """What quotas say of one message more."""
        wait_s = self._admission.quotas.wait_s(key, 1, self._clock.now_ms())
        if not wait_s:
            return ()
        again_s = math.ceil(wait_s)
        return (Verdict(code="quota_exceeded", severity=Severity.REFUSE, rule="quota", retry_after_s=again_s),)

    def look(self, key: ApiKey, request: MessageRequest, form: SmppForm) -> Sequence[Verdict]:
        """The same of a request that was read already."""
        return self._door.judge(key, request, form).verdicts

    async def earlier(self, key: ApiKey, standing: WriteResult, request: MessageRequest, message: Message) -> Message:
        """The message that stands for a repeat. standing: its id, unless the ledger could not take the repeat.

        request: what was asked for now. message: what was made of it. Raises Refusal: where the first asked for
        something else, and where it was erased since, which looks as if it never was (Law 7).
        """
        if not isinstance(standing, bytes):
            raise untaken(standing)
        try:
            earlier = await self._messages.find(key.customer.id, standing)
        except LedgerUnavailable:
            raise alone(Refusal("ledger_unavailable")) from None
        if earlier is None:
            raise Refusal("not_found")
        if not self._door.repeats(request, message, earlier):
            raise Refusal("idempotency_key_reused")
        return earlier

    def stored(self, sending: "_Sending", result: WriteResult) -> None:
        """The commit is done: the message is durable, or an earlier one stands for it, or the commit failed."""
        if result == sending.message.id:
            self._take(sending, sending.message, b"", sending.person)
        elif not isinstance(result, bytes):
            self._refuse(sending, untaken(result))
        else:
            self._contain("repeat", self._repeat(sending, result))

    def _contain(self, name: str, work: Coroutine[object, object, None]) -> None:
        self._looks += 1
        self._tasks.contain("request", f"{name} {self._looks}", work)

    async def _repeat(self, sending: "_Sending", standing: WriteResult) -> None:
        try:
            assert sending.request is not None
            earlier = await self.earlier(sending.key, standing, sending.request, sending.message)
        except Exception as error:
            self._refuse(sending, refusal_of(error))
        else:
            self._take(sending, earlier, REPLAYED)

    def _take(self, sending: "_Sending", message: Message, more: bytes, person: str = "") -> None:
        self.settle(sending.key)
        try:
            body = _encode(self.view(message, person))
        except Exception as error:
            sending.waiter.refused(refusal_of(error))
        else:
            sending.waiter.taken(body, more)

    def view(self, message: Message, person: str = "") -> MessageAccepted:
        """What is answered of a message that is durable. person: as `person` gave it; '' asks the record."""
        return accepted_view(message, person or self._mask(message))

    def _refuse(self, sending: "_Sending", refusal: Refusal) -> None:
        self.settle(sending.key, 1, 1)
        sending.waiter.refused(refusal)

    async def stop(self, deadline_s: float) -> None:
        """Wait for what was begun, a while."""
        await self._tasks.end(deadline_s)


class _Sending:
    """One message on its way to the disk, and who waits for it. The journal calls it once.

    request: what it was made of, where it may repeat another. person: see `SendPath.person`.
    """

    __slots__ = ("_path", "key", "message", "person", "request", "waiter")

    message: Message

    def __init__(self, path: SendPath, key: ApiKey, waiter: Waiter) -> None:
        self._path = path
        self.key = key
        self.waiter = waiter
        self.person = ""
        self.request: MessageRequest | None = None

    def __call__(self, _op: WriteOp | None, result: WriteResult) -> None:
        self._path.stored(self, result)


def untaken(result: Written | Declined) -> Refusal:
    """Of a message that is not durable, or not known to be."""
    if isinstance(result, Declined):
        return Refusal(result.code, result.field)
    return Refusal("outcome_unknown" if result is Written.UNKNOWN else "ledger_unavailable")


def idempotency_of(written: str) -> str:
    """An Idempotency-Key. Raises Refusal for one that is malformed."""
    if not _IDEMPOTENCY.fullmatch(written):
        raise Refusal("invalid_idempotency_key")
    return written
