"""What controls against abuse say of a message at the door. Pure: time is an argument, all counts are in this
process's memory.

`look` counts nothing, so that it answers whoever asks without sending, too; `note` counts what is taken. What would
be refused counts as refused where it is only watched, so that watching says what enforcing would do. When counts have
no place they forget, and what they forget is not refused. After a start all of them begin empty.

Nothing here raises: a control that fails says nothing of that message, the others are asked all the same, and the
message goes on.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from gateway.accounts.customers import ApiKey
from gateway.fraud.controls import HOLDING, LOOP, OF_REPEATS, PAUSES_S, REFUSING, Ask
from gateway.fraud.conversion import Conversion
from gateway.fraud.findings import Findings
from gateway.fraud.prefixes import LAST
from gateway.fraud.seen import Seen, Terms
from gateway.fraud.tallies import Tallies, traffic
from gateway.fraud.windows import DAY_MS
from gateway.model.fraud_controls import Control
from gateway.model.message import MessageClass
from gateway.model.numbers import digits_of
from gateway.model.submission import Submission
from gateway.model.verdict import Severity, Verdict
from redaction.personal import Msisdn

COUNTING: Final = "counting"
"""What failed, where it is no single control."""


class Sentry:
    """Of one process. failed: is given each error of ours. refusing: controls, in their order. failures: how often each
    control failed. exempt: whether a number of a customer is never counted or stopped.
    """

    def __init__(
        self,
        failed: Callable[[Exception], None] | None = None,
        refusing: Sequence[tuple[Control, Ask]] = REFUSING,
        exempt: Callable[[int, Msisdn], bool] | None = None,
    ) -> None:
        self.tallies: Final = Tallies()
        self.failures: Final = {each.value: 0 for each in Control} | {COUNTING: 0}
        self._failed: Final = failed
        self._exempt: Final = exempt
        self._refusing: Final = tuple(refusing)
        self._first: Final = tuple(each for each in refusing if each[0] not in OF_REPEATS)
        self.conversion: Final = Conversion()
        self.findings: Final = Findings()
        self._terms: dict[tuple[int, MessageClass], Terms] = {}
        self._last: Seen | None = None

    def forget_old(self, now_ms: int) -> None:
        """Drop what was counted in times that are over, and keys of days that are."""
        self._last = None
        self.tallies.forget_old(now_ms)
        self.conversion.forget(now_ms)

    def look(self, key: ApiKey, submission: Submission, now_ms: int) -> Sequence[Verdict]:
        """What stands in the way of a message; the first that refuses is the last that is asked."""
        try:
            if self._exempt is not None and self._exempt(key.customer.id, submission.to):
                return ()
            seen = self._see(key, submission, now_ms)
        except Exception as error:
            self._fail(COUNTING, error)
            return ()
        found = self._asked(self._refusing if seen.today else self._first, seen, now_ms)
        if found is None:
            found = self._asked(HOLDING, seen, now_ms)
        if found is None:
            return ()
        return (_watched(found) if found.rule in seen.terms.watched else found,)

    def was_taken(self, once: int, now_ms: int) -> bool:
        """Whether a message was taken under this idempotency key; then it is a repeat, and nothing is asked of it."""
        try:
            return self.tallies.taken.count(once, now_ms) > 0
        except Exception as error:
            self._fail(COUNTING, error)
            return False

    def note(self, key: ApiKey, submission: Submission, now_ms: int, found: Sequence[Verdict], once: int = 0) -> None:
        """A message was judged, and this was found of it, by others, too: refused messages are not counted."""
        try:
            if self._exempt is not None and self._exempt(key.customer.id, submission.to):
                return
            seen = self._see(key, submission, now_ms)
            self._last = None
            if found:
                self.findings.add(seen.terms.customer, found, now_ms)
            for each in found:
                if each.severity is Severity.REFUSE:
                    self._note_refused(each, seen, now_ms)
                    return
            if once:
                self.tallies.taken.add(once, now_ms)
            self._note_taken(seen, now_ms)
        except Exception as error:
            self._last = None
            self._fail(COUNTING, error)

    def follow(self, message_id: bytes, customer: int, submission: Submission, now_ms: int) -> None:
        """A message that was judged is taken in under this id; of a code it may be reported whether it was entered."""
        if submission.message_class is MessageClass.OTP:
            try:
                self.conversion.sent(message_id, customer, digits_of(submission.to)[:-LAST], now_ms)
            except Exception as error:
                self._fail(COUNTING, error)

    def report(self, message_id: bytes, customer: int, now_ms: int, *, confirmed: bool) -> None:
        """A customer says whether a code of its own was entered; again is harmless."""
        try:
            prefix = self.conversion.report(message_id, customer, now_ms, confirmed=confirmed)
            if prefix is not None:
                self.tallies.prefixes.report(customer, prefix, now_ms, confirmed=confirmed)
        except Exception as error:
            self._fail(COUNTING, error)

    def _asked(self, controls: Sequence[tuple[Control, Ask]], seen: Seen, now_ms: int) -> Verdict | None:
        """What the first of them says that says anything."""
        modes, tallies = seen.terms.modes, self.tallies
        for control, ask in controls:
            if control in modes:
                try:
                    found = ask(tallies, seen, now_ms)
                except Exception as error:
                    self._fail(control.value, error)
                    continue
                if found is not None:
                    return found
        return None

    def _fail(self, what: str, error: Exception) -> None:
        self.failures[what] += 1
        if self._failed is not None:
            with suppress(OSError):  # the log's disk is full; that is counted and seen elsewhere
                self._failed(error)

    def _see(self, key: ApiKey, submission: Submission, now_ms: int) -> Seen:
        """The same for `look` and `note` of one message."""
        last = self._last
        if last is not None and last.submission is submission:
            return last
        place = key.customer.id, submission.message_class
        terms = self._terms.get(place)
        if terms is None or terms.settings is not key.customer.settings:
            terms = Terms(key.customer, submission.message_class, {} if terms is None else terms.first_ms)
            self._terms[place] = terms
        tallies = self.tallies
        tallies.turn(now_ms)
        self._last = seen = Seen(submission, terms, digits_of(submission.to), tallies.salt)
        seen.today = tallies.day.count(seen.token, now_ms)
        return seen

    def _note_taken(self, seen: Seen, now_ms: int) -> None:
        terms, tallies = seen.terms, self.tallies
        earlier = tallies.day.add(seen.token, now_ms)
        if earlier:  # most people get one message a day, and that is all that is counted of them
            if terms.is_code:
                tallies.codes.add(seen.token, now_ms)
            if earlier >= LOOP // 2:
                tallies.loops.add(seen.token, now_ms)
        if seen.text:
            tallies.texts.add(seen.text, now_ms)
        tallies.prefixes.note(terms.customer, seen.digits, now_ms)
        if terms.is_promotional and Control.SAME_TEXT in terms.modes:
            tallies.campaigns.add(tallies.campaign(seen), now_ms)
        if not tallies.began_ms:
            tallies.began_ms = now_ms
        if now_ms - terms.first_ms.setdefault(seen.submission.to.country, now_ms) < DAY_MS:
            tallies.new.add(traffic(seen), now_ms)

    def _note_refused(self, refused: Verdict, seen: Seen, now_ms: int) -> None:
        """Whoever is refused for a rate waits a step longer each time; a range that is suspicious is blocked."""
        wait_ms = (refused.retry_after_s or 0) * 1000
        if refused.rule == Control.RECIPIENT_RATE and wait_ms <= PAUSES_S[-1] * 1000:
            self.tallies.pause(seen, refused, now_ms)
        elif refused.rule == Control.RANGE_BURST:
            self.tallies.prefixes.block(
                seen.terms.customer, seen.digits, now_ms + wait_ms, now_ms, watched=refused.watched
            )


def _watched(verdict: Verdict) -> Verdict:
    return Verdict(
        code=verdict.code,
        severity=verdict.severity,
        rule=verdict.rule,
        field=verdict.field,
        retry_after_s=verdict.retry_after_s,
        watched=True,
    )
