"""The door. Every message enters here, from whatever side, and this is what happens to it:

    validated → tagged → pseudonymised → sealed → queued for the commit

Plaintext exists only in here; what leaves is a `Message` whose every field may be stored. The caller answers its
customer when it is called with the id that is durable, and not before (Law 2).
"""

from collections.abc import Callable, Sequence

import msgspec

from gateway.accept.request import MessageRequest
from gateway.accept.validation import Validator
from gateway.accounts.customers import ApiKey
from gateway.delivery.routing import Router
from gateway.ledger.contract import Accept
from gateway.ledger.journal import Done, Journal, JournalFull
from gateway.model.message import Message, MessageClass, Status
from gateway.model.numbers import digits_of
from gateway.model.refusals import Refusal
from gateway.model.submission import ReturnPath, SmppForm, Submission
from gateway.process.clock import Clock
from gateway.retention.minimise import Minimiser
from gateway.vault.vault import Content
from redaction.errors import KeysWithheld, SealError, alone
from redaction.personal import Msisdn
from redaction.retention import content_until_ms, record_until_ms

IDEMPOTENCY_MS = 24 * 3600 * 1000


Rewrite = Callable[[Message, Content, ReturnPath | None], tuple[MessageRequest, SmppForm]]
"""What a replacement asks for, given what it replaces. May raise Refusal."""


class Door:
    """pick: of the candidates for a message of this class, the operator in whose lane it is to wait.

    digest: keyed digest of an idempotency key and an index.
    """

    def __init__(
        self,
        *,
        validator: Validator,
        minimiser: Minimiser,
        router: Router,
        pick: Callable[[Sequence[str], MessageClass], str],
        journal: Journal,
        clock: Clock,
        digest: Callable[[int, str, int], bytes],
    ) -> None:
        self._validator = validator
        self._minimiser = minimiser
        self._vault = minimiser.vault
        self._router = router
        self._pick = pick
        self._journal = journal
        self._clock = clock
        self._digest = digest

    def offer(
        self,
        key: ApiKey,
        request: MessageRequest,
        form: SmppForm,
        done: Done,
        *,
        idempotency: str | None = None,
        index: int = 0,
    ) -> Message:
        """Take one message in. Raises Refusal; then nothing is stored, and `done` is not called.

        form: what SMPP adds, if it came that way. done: called with the id that stands for it once it is durable, or
        with False when the ledger could not take it; never before this returns. index: place in a batch, so that one
        idempotency key covers a batch item by item.
        """
        record = self._record(key, request, idempotency, index, form)
        try:
            self._journal.offer(record, done)
        except JournalFull:
            raise alone(self._full()) from None
        return record.message

    def revise(self, key: ApiKey, message: Message, rewrite: Rewrite) -> Message:
        """The record of a waiting message with another text to the same recipient; nothing is written here.

        Raises Refusal. Its class, its retention and its pseudonym stay.
        """
        now_ms = self._clock.now_ms()
        try:
            content, path = self._vault.open_content(message), self._vault.open_private(message).path
        except KeysWithheld:
            raise alone(_keyless()) from None
        except SealError:
            raise alone(Refusal("not_replaceable")) from None
        request, form = rewrite(message, content, path)
        submission = self._validator.check(key, request, now_ms, form)
        submission = msgspec.structs.replace(submission, tag=message.tag)
        try:
            leaf = self._minimiser.pseudonymise(message.customer, submission.to, now_ms).leaf
            sealed, private = self._vault.seal(
                submission, customer=message.customer, message_id=message.id, leaf=leaf, now_ms=now_ms
            )
        except KeysWithheld:
            raise alone(_keyless()) from None
        due_ms = message.due_ms if submission.schedule_at_ms is None else submission.schedule_at_ms
        expires_ms = message.expires_ms
        if request.validity is not None:
            expires_ms = min((due_ms or now_ms) + submission.validity_s * 1000, message.content_until_ms)
        return msgspec.structs.replace(
            message,
            content=sealed,
            private=private,
            segments=submission.segments,
            encoding=submission.encoding,
            parts=bytes(submission.segments),
            due_ms=due_ms,
            expires_ms=expires_ms,
            notify=form.notify,
        )

    def _record(
        self, key: ApiKey, request: MessageRequest, idempotency: str | None, index: int, form: SmppForm
    ) -> Accept:
        now_ms = self._clock.now_ms()
        submission = self._validator.check(key, request, now_ms, form)
        try:
            message = self._minimise(key, submission, now_ms, form.notify)
            digest = None if idempotency is None else self._digest(key.customer.id, idempotency, index)
        except KeysWithheld:
            raise alone(_keyless()) from None
        return Accept(message, digest, now_ms + IDEMPOTENCY_MS)

    def _full(self) -> Refusal:
        return Refusal("overloaded" if self._journal.available else "ledger_unavailable", retry_after_s=1)

    def _minimise(self, key: ApiKey, submission: Submission, now_ms: int, notify: int = 0) -> Message:
        """The record: what is kept of a submission, and nothing else."""
        customer = key.customer.id
        to = submission.to
        lane, resend = self._lane(to, submission.message_class)
        rule = self._minimiser.policies.of(customer, submission.tag)
        due_ms = submission.schedule_at_ms or now_ms
        forgotten_ms = content_until_ms(rule, now_ms, None)
        if due_ms >= forgotten_ms:
            raise Refusal("invalid_schedule", "schedule_at")
        identifier, subject = self._minimiser.identify(customer, to, now_ms)
        content, private = self._vault.seal(
            submission, customer=customer, message_id=identifier, leaf=subject.leaf, now_ms=now_ms
        )
        return Message(
            id=identifier,
            customer=customer,
            key_id=key.id,
            subject=subject.pseudonym,
            country=to.country,
            last_two=to.last_two,
            message_class=submission.message_class,
            tag=submission.tag,
            status=Status.ACCEPTED,
            segments=submission.segments,
            encoding=submission.encoding,
            operator=lane,
            accepted_ms=now_ms,
            due_ms=due_ms,
            expires_ms=min(due_ms + submission.validity_s * 1000, forgotten_ms),
            content_until_ms=forgotten_ms,
            record_until_ms=record_until_ms(rule, now_ms),
            content=content,
            private=private,
            retry_unknown=submission.message_class is not MessageClass.PROMOTIONAL if resend is None else resend,
            parts=bytes(submission.segments),
            warnings=submission.warnings,
            notify=notify,
        )

    def _lane(self, to: Msisdn, message_class: MessageClass) -> tuple[str, bool | None]:
        """And whether its route says that what is in doubt is sent again."""
        route = self._router.find(digits_of(to), message_class)
        if route is None or not route.operators:
            raise Refusal("no_route", "to")
        return self._pick(route.operators, message_class), route.resend


def _keyless() -> Refusal:
    return Refusal("keys_unavailable", retry_after_s=1)
