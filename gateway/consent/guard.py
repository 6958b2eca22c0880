"""Where the road asks whether a message may go to a person: at the door, and again just before it is submitted.

Classes that need no consent, and customers that have it off, cost a comparison. At the door a person's rows are looked
up exactly. Just before submission the filter is asked, and only where it says "perhaps" the ledger: the message is held
for the moment that this takes. Who cannot be looked up is not written to.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from gateway.consent.following import Following
from gateway.consent.gate import Answered, Gate, Question
from gateway.consent.known_answer import KnownAnswer
from gateway.consent.purposes import NEEDING
from gateway.model.consent_mode import ConsentMode
from gateway.model.content import Content
from gateway.model.message import Message, MessageClass
from gateway.model.numbers import digits_of
from gateway.model.verdict import CONSENT_BEING_CHECKED, Counts, Severity, Verdict
from gateway.process.clock import Clock
from redaction.errors import SealError
from redaction.personal import Msisdn

FRESH_S: Final = 5.0
"""How long an answer holds, unless the person says something meanwhile."""
AGAIN_MS: Final = 100
MOST_ANSWERS: Final = 50_000

Tokens = Callable[[int, Msisdn], tuple[bytes, bytes]]
"""Of a customer and a person, what consents and suppressions are found by. Raises KeysWithheld, and KeyDestroyed."""


class Guard:
    """mode: of a customer. counts: of what is found at the door; in front of the operators whoever asks counts."""

    def __init__(
        self,
        gate: Gate,
        following: Following,
        tokens: Tokens,
        mode: Callable[[int], ConsentMode],
        counts: Counts,
        clock: Clock,
    ) -> None:
        self._gate = gate
        self._following = following
        self._tokens = tokens
        self._mode = mode
        self._counts = counts
        self._clock = clock
        self._answers: dict[Question, KnownAnswer | None] = {}

    # ------------------------------------------------------------------------------------------------------- the door

    def question(
        self, customer: int, mode: ConsentMode, message_class: MessageClass, to: Msisdn, source: str | Msisdn
    ) -> Question | None:
        """What to ask before the message is taken; None: nothing. A customer that watches is not kept waiting.

        Raises KeysWithheld, and KeyDestroyed.
        """
        if message_class not in NEEDING or mode is ConsentMode.OFF:
            return None
        question = _question(customer, self._tokens(customer, to), message_class, source)
        if mode is ConsentMode.ENFORCE:
            return question
        self._gate.ask(question, lambda verdict: self._counts.add(_watched(verdict)))
        return None

    def ask(self, question: Question, answered: Answered) -> None:
        """See `gateway.consent.gate.Answered`."""

        def counted(verdict: Verdict | None) -> None:
            if verdict is not None:
                self._counts.add((verdict,))
            answered(verdict)

        self._gate.ask(question, counted)

    async def look_up(
        self, customer: int, mode: ConsentMode, message_class: MessageClass, to: Msisdn, source: str | Msisdn
    ) -> Sequence[Verdict]:
        """What stands in the way now of a message that is not sent; nothing is counted. Raises as `question`."""
        if message_class not in NEEDING or mode is ConsentMode.OFF:
            return ()
        verdict = await self._gate.look_up(_question(customer, self._tokens(customer, to), message_class, source))
        if mode is ConsentMode.WATCH or verdict is None:
            return _watched(verdict)
        return (verdict,)

    # ------------------------------------------------------------------------------------------------- the last moment

    def recheck(self, message: Message, content: Content, _operator: str, now_ms: int) -> Sequence[Verdict]:
        """What stands in the way of a message whose turn it is. See `gateway.delivery.dispatch.gate.Recheck`."""
        if message.message_class not in NEEDING:
            return ()
        mode = self._mode(message.customer)
        if mode is ConsentMode.OFF:
            return ()
        try:
            tokens = self._tokens(message.customer, content.to)
        except SealError:
            return (_being_checked(now_ms),)
        if not self._following.may_stop(*tokens):
            return ()
        question = _question(message.customer, tokens, message.message_class, content.source)
        answer = self._answers.get(question)
        if answer is None or not self._holds(answer, tokens):
            self._look_up(question)
            return () if mode is ConsentMode.WATCH else (_being_checked(now_ms),)
        if answer.verdict is None:
            return ()
        return _watched(answer.verdict) if mode is ConsentMode.WATCH else (answer.verdict,)

    def _holds(self, answer: KnownAnswer, tokens: tuple[bytes, bytes]) -> bool:
        is_fresh = self._clock.monotonic() - answer.at_s < FRESH_S
        return is_fresh and not self._following.changed_since(answer.number, *tokens)

    def _look_up(self, question: Question) -> None:
        if question in self._answers and self._answers[question] is None:  # it is asked already
            return
        if len(self._answers) >= MOST_ANSWERS:
            self._answers = {each: None for each, known in self._answers.items() if known is None}
        self._answers[question] = None
        number = self._following.number

        def answered(verdict: Verdict | None) -> None:
            if verdict is not None and verdict.code not in _LASTING:
                del self._answers[question]
            else:
                self._answers[question] = KnownAnswer(verdict, number, self._clock.monotonic())

        self._gate.ask(question, answered)


_LASTING: Final = ("consent_missing", "consent_withdrawn", "suppressed")
"""Verdicts that say something of the person, and not of the ledger."""


def _question(
    customer: int, tokens: tuple[bytes, bytes], message_class: MessageClass, source: str | Msisdn
) -> Question:
    sender = source if isinstance(source, str) else digits_of(source)
    return Question(customer, *tokens, message_class.value, sender)


def _watched(verdict: Verdict | None) -> Sequence[Verdict]:
    return () if verdict is None else (msgspec.structs.replace(verdict, watched=True),)


def _being_checked(now_ms: int) -> Verdict:
    return Verdict(code=CONSENT_BEING_CHECKED, severity=Severity.HOLD, rule="consent", until_ms=now_ms + AGAIN_MS)
