"""The door. Every message enters here, from whatever side, and this is what happens to it:

    validated → judged → tagged → pseudonymised → sealed → (consent looked up) → queued for the commit

Plaintext exists only in here; what leaves is a `Message` whose every field may be stored. The caller answers its
customer when it is called with the id that is durable, and not before (Law 2).
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial

import msgspec

from config.settings import MessageSettings
from gateway.accept.choosing import Choice
from gateway.accept.guessing import valid
from gateway.accept.inquiry import Inquired, inquire, look_up
from gateway.accept.judging import Judge, mark
from gateway.accept.request import MessageRequest
from gateway.accept.validation import Validator
from gateway.accounts.customers import ApiKey
from gateway.consent.gate import Question
from gateway.ledger.contract import Accept, Declined, Written
from gateway.ledger.journal import Done, JournalFull
from gateway.limits.till import Till
from gateway.model.fraud_controls import REVIEWED
from gateway.model.held_lane import review_lane
from gateway.model.message import Message, MessageClass, Status
from gateway.model.refusals import Refusal, refusal_of
from gateway.model.submission import NO_FORM, ReturnPath, SmppForm, Submission
from gateway.model.verdict import Verdict
from gateway.process.clock import Clock
from gateway.retention.minimise import Minimiser
from gateway.vault.vault import Content
from redaction.errors import KeysWithheld, SealError, alone
from redaction.personal import Msisdn
from redaction.pseudonymise import Digests, leaf_of_pseudonym
from redaction.retention import content_until_ms, record_until_ms

IDEMPOTENCY_MS = 24 * 3600 * 1000


Rewrite = Callable[[Message, Content, ReturnPath | None], tuple[MessageRequest, SmppForm]]
"""What a replacement asks for, given what it replaces. May raise Refusal."""


class Door:
    """judge: what rules say of a valid submission. choice: of the operator in whose lane a message is to wait.

    digests: keyed digests of an idempotency key, by customer, key, time and index. plain_counters: operators that take
    a text in as many segments as it was planned for.
    """

    def __init__(
        self,
        *,
        validator: Validator,
        judge: Judge,
        minimiser: Minimiser,
        choice: Choice,
        till: Till,
        clock: Clock,
        digests: Callable[[int, str, int, int], Digests],
        plain_counters: Collection[str] = (),
    ) -> None:
        self._validator = validator
        self._judge = judge
        self._minimiser = minimiser
        self._vault = minimiser.vault
        self._choice = choice
        self._till = till
        self._clock = clock
        self._digests = digests
        self._plain_counters = plain_counters

    def adopt(self, settings: MessageSettings, plain_counters: Collection[str]) -> None:
        """For messages from now on."""
        self._validator.adopt(settings)
        self._plain_counters = plain_counters

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
        with False when the ledger could not take it; never before this returns. index: place under the idempotency key,
        so that one key covers a batch item by item.
        """
        now_ms = self._clock.now_ms()
        submission = valid(self._validator, self._choice, key, request, now_ms, form)
        once = 0 if idempotency is None else hash((key.customer.id, idempotency, index))
        found = self._judge.decide(key, submission, now_ms, once)
        try:
            question = self._judge.question(key, submission)
            message = self._minimise(key, submission, now_ms, form.notify)
            self._judge.follow(message, submission)
            if found:
                mark(message, found)
            record = Accept(message)
            if idempotency is not None:
                claimed, before, sought = self._digests(key.customer.id, idempotency, now_ms, index)
                record = Accept(message, claimed, now_ms + IDEMPOTENCY_MS, before=before, sought=sought)
        except KeysWithheld:
            raise alone(_keyless()) from None
        if self._choice.looks_up:
            then = partial(self._located, question, record, submission, done)
            if self._choice.waits(submission, message.subject, then):
                return message
        micro = self._placed(message, submission)
        if question is not None:
            self._ask(question, record, submission, done, micro)
            return message
        try:
            self._enter(record, submission, done, micro)
        except JournalFull:
            raise alone(self._full()) from None
        return message

    def recipient(self, request: MessageRequest) -> Msisdn:
        """Whom a request names. Raises Refusal."""
        return self._validator.recipient(request.to)

    def expect(self, batches: int) -> None:
        """See `gateway.ledger.journal.Journal.expect`: a batch is a lot of messages that are offered one by one."""
        self._till.expect(batches)

    def _located(self, question: Question | None, record: Accept, submission: Submission, done: Done) -> None:
        """It was looked up at which network the recipient is, or was to be."""
        try:
            micro = self._placed(record.message, submission)
            if question is not None:
                self._ask(question, record, submission, done, micro)
                return
            self._enter(record, submission, done, micro)
        except Exception as error:
            done(record, self._declined(error))

    def _declined(self, error: Exception) -> Declined:
        """What becomes of a message that is not taken in after all, whose sender waits. What is no refusal is reported:
        no other message that waited for the same answer suffers from it.
        """
        refusal = self._full() if isinstance(error, JournalFull) else refusal_of(error)
        return Declined(refusal.code, refusal.field)

    def _placed(self, message: Message, submission: Submission) -> int:
        """Put it in the lane where it is to wait; what it costs, in millionths. Raises Refusal."""
        now_ms = message.accepted_ms
        message.operator, resend = self._choice.lane(message.customer, submission, message.subject, now_ms)
        if resend is not None:
            message.retry_unknown = resend
        micro = self._price(submission, message, now_ms)
        control = REVIEWED.get(message.error or "")
        if control is not None:
            message.operator = review_lane(message.customer, control, message.operator)
        return micro

    def _ask(self, question: Question, record: Accept, submission: Submission, done: Done, micro: int) -> None:
        """Take it in once it was looked up that its recipient consents."""

        def answered(verdict: Verdict | None) -> None:
            if verdict is not None:
                done(record, Declined(verdict.code, verdict.field))
                return
            try:
                self._enter(record, submission, done, micro)
            except Exception as error:
                done(record, self._declined(error))

        self._judge.ask(question, answered)

    def _enter(self, record: Accept, submission: Submission, done: Done, micro: int) -> None:
        """Raises JournalFull."""
        if record.message.content is None:
            self._offer_later(record, submission, done, micro)
        else:
            self._till.offer(record, done, micro)

    def _price(self, submission: Submission, message: Message, now_ms: int) -> int:
        """In millionths, for a customer who pays in advance; 0 for any other. Raises Refusal."""
        if not self._till.pays_in_advance(message.customer):
            return 0
        return message.segments * self._choice.price(
            message.customer, submission, message.operator, message.subject, now_ms
        )

    def judge(self, key: ApiKey, request: MessageRequest, form: SmppForm = NO_FORM) -> Inquired:
        """Everything that would be said of a message, which is not sent; nothing is counted or stored."""
        return inquire(self._validator, self._judge, self._choice, key, request, self._clock.now_ms(), form)

    async def look_up(self, key: ApiKey, inquired: Inquired) -> Sequence[Verdict]:
        """What is said besides, where it is looked up what lies outside of the message: consents and the balance."""
        return await look_up(self._judge, self._till, key, inquired)

    def _offer_later(self, record: Accept, submission: Submission, done: Done, micro: int) -> None:
        """Once there are keys for the time at which the message is due: its person is called as then."""
        message = record.message
        begin_ms = submission.schedule_at_ms or message.accepted_ms

        def offer(there: bool) -> None:
            try:
                if there:
                    subject = self._minimiser.pseudonymise(message.customer, submission.to, message.tag, begin_ms)
                    message.subject = subject.pseudonym
                    self._seal(message, submission, subject.leaf, begin_ms)
                    self._till.offer(record, done, micro)
                    return
            except (JournalFull, KeysWithheld):
                there = False
            done(record, Written.UNAVAILABLE)

        self._minimiser.due_keys.make(message.tag, begin_ms, offer)

    def repeats(self, request: MessageRequest, message: Message, earlier: Message) -> bool:
        """Whether a message that was made of this request asks for the same as an earlier one of its idempotency key:
        recipient, class, encoding and number of segments. Texts are not compared (docs/decisions/0002).

        Raises Refusal. What an operator counted anew, and a pseudonym whose key is gone, count as the same.
        """
        if (message.message_class, message.encoding) != (earlier.message_class, earlier.encoding):
            return False
        recounted = earlier.attempts and earlier.operator not in self._plain_counters
        if message.segments != earlier.segments and not recounted:
            return False
        try:
            if message.subject == earlier.subject:
                return True
            to = self.recipient(request)
            names = self._minimiser.names_at(earlier.customer, to, earlier.tag, self._times_of(earlier))
        except KeysWithheld:
            raise alone(_keyless()) from None
        return not names or earlier.subject in names

    def _times_of(self, message: Message) -> tuple[int, int]:
        """When its content's clock may have begun: with its acceptance, or where its record's ends."""
        rule = self._minimiser.policies.of(message.customer, message.tag)
        return message.accepted_ms, message.record_until_ms - rule.record_s * 1000

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
        self._judge.decide(key, submission, now_ms)  # times are judged again when its turn comes
        submission = msgspec.structs.replace(submission, tag=message.tag)
        due_ms = message.due_ms if submission.schedule_at_ms is None else submission.schedule_at_ms
        begin_ms = max(due_ms or now_ms, now_ms)
        if begin_ms > now_ms and not self._minimiser.due_keys.are_there(message.tag, begin_ms):
            raise Refusal("invalid_schedule", "schedule_at")  # the day of its first schedule, or one near it
        try:
            leaf = leaf_of_pseudonym(message.subject)
            sealed, private, last_two = self._vault.seal(
                submission, customer=message.customer, message_id=message.id, leaf=leaf, now_ms=begin_ms
            )
        except KeysWithheld:
            raise alone(_keyless()) from None
        expires_ms = message.expires_ms
        if request.validity is not None:
            expires_ms = min((due_ms or now_ms) + submission.validity_s * 1000, message.content_until_ms)
        return msgspec.structs.replace(
            message,
            content=sealed,
            private=private,
            last_two=last_two,
            segments=submission.segments,
            encoding=submission.encoding,
            parts=bytes(submission.segments),
            due_ms=due_ms,
            expires_ms=expires_ms,
            notify=form.notify,
        )

    def _full(self) -> Refusal:
        return Refusal("overloaded" if self._till.available else "ledger_unavailable", retry_after_s=1)

    def _minimise(self, key: ApiKey, submission: Submission, now_ms: int, notify: int) -> Message:
        """The record: what is kept of a submission, and nothing else; in no lane yet.

        Not sealed yet where it is due in a period that has no key.
        """
        customer = key.customer.id
        to = submission.to
        rule = self._minimiser.policies.of(customer, submission.tag)
        due_ms = submission.schedule_at_ms or now_ms
        forgotten_ms = content_until_ms(rule, due_ms, None)
        identifier, subject = self._minimiser.identify(customer, to, submission.tag, now_ms, due_ms)
        message = Message(
            id=identifier,
            customer=customer,
            key_id=key.id,
            subject=subject.pseudonym,
            country=to.country,
            last_two=0,
            message_class=submission.message_class,
            tag=submission.tag,
            status=Status.ACCEPTED,
            segments=submission.segments,
            encoding=submission.encoding,
            operator="",
            accepted_ms=now_ms,
            due_ms=due_ms,
            expires_ms=min(due_ms + submission.validity_s * 1000, forgotten_ms),
            content_until_ms=forgotten_ms,
            record_until_ms=record_until_ms(rule, due_ms),
            content=None,
            retry_unknown=submission.message_class is not MessageClass.PROMOTIONAL,
            parts=bytes(submission.segments),
            warnings=submission.warnings,
            notify=notify,
        )
        if due_ms == now_ms or self._minimiser.due_keys.are_there(submission.tag, due_ms):
            self._seal(message, submission, subject.leaf, due_ms)
        return message

    def _seal(self, message: Message, submission: Submission, leaf: int, begin_ms: int) -> None:
        message.content, message.private, message.last_two = self._vault.seal(
            submission, customer=message.customer, message_id=message.id, leaf=leaf, now_ms=begin_ms
        )


def _keyless() -> Refusal:
    return Refusal("keys_unavailable", retry_after_s=1)
