"""What is asked of a submission once it is valid: checks of rules and of fraud, all of them, and the gravest decides.

A check is a plain function that waits for nothing. Whoever has one hands it over where the node is assembled; the same
checks answer whoever asks without sending.
"""

from collections.abc import Callable, Sequence
from typing import Final

from gateway.accounts.customers import ApiKey
from gateway.consent.gate import Answered, Question
from gateway.consent.guard import Guard
from gateway.fraud.sentry import Sentry
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from gateway.model.submission import Submission
from gateway.model.verdict import Counts, Severity, Verdict, gravest

Check = Callable[[ApiKey, Submission, int], Sequence[Verdict]]
"""What is found of a submission that is taken in at this time (epoch milliseconds). It must not raise."""


class Judge:
    """checks: asked in this order. counts: of what they found in messages that were to be sent. guard: asked of what
    needs consent, which may have to be looked up; None where nothing does. sentry: of abuse, asked last; None: nobody.
    """

    def __init__(
        self,
        checks: Sequence[Check] = (),
        counts: Counts | None = None,
        guard: Guard | None = None,
        sentry: Sentry | None = None,
    ) -> None:
        self._checks: Final = tuple(checks)
        self._sentry: Final = sentry
        self._guard: Final = guard
        self._counts: Final = Counts() if counts is None else counts

    def verdicts(self, key: ApiKey, submission: Submission, now_ms: int) -> list[Verdict]:
        """Everything that is found; nothing is counted."""
        found = [each for check in self._checks for each in check(key, submission, now_ms)]
        if self._sentry is not None:
            found.extend(self._sentry.look(key, submission, now_ms))
        return found

    def decide(self, key: ApiKey, submission: Submission, now_ms: int, once: int = 0) -> Sequence[Verdict]:
        """What is found of a message that is to be sent. Raises Refusal where one of it refuses.

        once: stands for its idempotency key, 0 for none; whatever was taken under it is not counted again.
        """
        found = [each for check in self._checks for each in check(key, submission, now_ms)]
        if self._sentry is not None and not (once and self._sentry.was_taken(once, now_ms)):
            found.extend(self._sentry.look(key, submission, now_ms))
            self._sentry.note(key, submission, now_ms, found, once)
        if found:
            self._counts.add(found)
            refuse(found)
        return found

    def follow(self, message: Message, submission: Submission) -> None:
        """A message that was decided on is made of this submission."""
        if self._sentry is not None:
            self._sentry.follow(message.id, message.customer, submission, message.accepted_ms)

    def question(self, key: ApiKey, submission: Submission) -> Question | None:
        """What is to be looked up before a message may be taken; None: nothing. Raises KeysWithheld, KeyDestroyed."""
        if self._guard is None:
            return None
        customer = key.customer
        return self._guard.question(
            customer.id, customer.settings.consent, submission.message_class, submission.to, submission.source
        )

    async def look_up(self, key: ApiKey, submission: Submission) -> Sequence[Verdict]:
        """What consents say of a message that is not sent; nothing is counted. Raises as `question`."""
        if self._guard is None:
            return ()
        customer = key.customer
        return await self._guard.look_up(
            customer.id, customer.settings.consent, submission.message_class, submission.to, submission.source
        )

    def ask(self, question: Question, answered: Answered) -> None:
        """Look it up, together with what else is asked now."""
        assert self._guard is not None
        self._guard.ask(question, answered)


def refuse(found: Sequence[Verdict]) -> None:
    """Raises Refusal where one of these refuses."""
    decides = gravest(found)
    if decides is not None and decides.severity is Severity.REFUSE:
        raise Refusal(decides.code, decides.field, retry_after_s=decides.retry_after_s)


def mark(message: Message, found: Sequence[Verdict]) -> None:
    """Note on a message that is taken what its sender is warned of, and until when it is held, with the reason.

    What is held for longer than it is valid, or until somebody decides, is due when it expires.
    """
    said = [each.code for each in found if not each.watched]
    if said:
        message.warnings = (*message.warnings, *dict.fromkeys(said))
    decides = gravest(found)
    if decides is not None:
        hold(message, decides)


def hold(message: Message, verdict: Verdict) -> None:
    """Not to be sent before this verdict says so."""
    until_ms = message.expires_ms if verdict.until_ms is None else min(verdict.until_ms, message.expires_ms)
    message.due_ms = until_ms if message.due_ms is None else max(until_ms, message.due_ms)
    message.error = verdict.code
