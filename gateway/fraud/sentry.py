"""What controls against abuse say of a message at the door. Pure: time is an argument, all counts are in this
process's memory.

`look` counts nothing, so that it answers whoever asks without sending, too; `note` counts what is taken. What would
be refused counts as refused where it is only watched, so that watching says what enforcing would do. When counts have
no place they forget, and what they forget is not refused. After a start all of them begin empty.
"""

import secrets
from collections.abc import Sequence
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from gateway.accounts.customers import ApiKey, Customer
from gateway.fraud.prefixes import Prefixes
from gateway.fraud.windows import DAY_MS, RIYADH_MS, DaySketch, Window
from gateway.model.fraud_controls import CODES, Control, FraudMode, mode_of
from gateway.model.message import MessageClass
from gateway.model.numbers import digits_of
from gateway.model.submission import Submission
from gateway.model.verdict import Severity, Verdict
from redaction.personal import Purpose

SAUDI: Final = 966
LOOP: Final = 30
LOOP_MS: Final = 30_000
CODES_AT_ONCE: Final = 5
CODES_MS: Final = 600_000
CODES_A_DAY: Final = 10
OTHERS_A_DAY: Final = 20
DUPLICATE_MS: Final = 60_000
SAME_TEXT: Final = 1_000
NEW_AN_HOUR: Final = 50
HOUR_MS: Final = 3_600_000
PAUSES_S: Final = (60, 120, 240, 480, 960, 1_920)
"""How long whoever asks for too many codes waits, one step further each time."""
_MOST_PAUSES: Final = 50_000
_NETWORK: Final = 5
"""First digits of a number that stand for its network."""
_MASK: Final = (1 << 62) - 1
_KINDS: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
        PhoneNumberType.PAGER,
    }
)


class _Terms:
    """What is asked of one customer's messages of one class, resolved once for its settings. first_ms: when a country
    was first seen.
    """

    __slots__ = ("customer", "first_ms", "is_code", "is_promotional", "modes", "settings", "watched")

    def __init__(self, customer: Customer, message_class: MessageClass, first_ms: dict[int, int]) -> None:
        settings = customer.settings
        self.customer = customer.id
        self.settings = settings
        self.is_code = message_class is MessageClass.OTP
        self.is_promotional = message_class is MessageClass.PROMOTIONAL
        self.first_ms = first_ms
        modes = {
            each: mode_of(settings.fraud, each, message_class, has_countries=bool(settings.countries))
            for each in Control
        }
        self.modes = frozenset(each for each, mode in modes.items() if mode is not FraudMode.OFF)
        self.watched = frozenset(each.value for each, mode in modes.items() if mode is FraudMode.WATCH)


class _Seen:
    """One message while it is judged, with its tokens. text: its text's, 0 where texts are not compared."""

    __slots__ = ("digits", "submission", "terms", "text", "token")

    def __init__(self, submission: Submission, terms: _Terms, digits: str, salt: str) -> None:
        self.submission = submission
        self.terms = terms
        self.digits = digits
        self.token = hash((terms.customer, salt + digits)) & _MASK
        compares = Control.DUPLICATE in terms.modes
        self.text = hash((self.token, submission.text.reveal(Purpose.ACCEPT))) & _MASK if compares else 0


class Sentry:
    """Of one process."""

    def __init__(self) -> None:
        self.prefixes: Final = Prefixes()
        self._salt: Final = secrets.token_hex(16)
        self._loops: Final = Window(LOOP_MS)
        self._codes: Final = Window(CODES_MS)
        self._day: Final = DaySketch()
        self._texts: Final = Window(DUPLICATE_MS)
        self._campaigns: Final = Window(HOUR_MS)
        self._new: Final = Window(HOUR_MS)
        self._taken: Final = Window(DAY_MS)
        self._began_ms = 0
        self._pauses: dict[int, tuple[int, int]] = {}
        self._terms: dict[tuple[int, str], _Terms] = {}
        self._last: _Seen | None = None

    @property
    def turned_early(self) -> int:
        """How often counts were forgotten early, as there was no place, and how many numbers were not counted."""
        windows = (self._loops, self._codes, self._texts, self._campaigns, self._new, self._taken)
        return sum(each.turned_early for each in windows) + self.prefixes.full

    def forget_old(self, now_ms: int) -> None:
        """Drop what was counted in times that are over; where messages come, it is dropped by itself."""
        for each in (self._loops, self._codes, self._texts, self._campaigns, self._new, self._taken):
            each.forget(now_ms)
        self.prefixes.forget(now_ms)
        self._pauses = {token: each for token, each in self._pauses.items() if each[0] > now_ms - HOUR_MS}

    def look(self, key: ApiKey, submission: Submission, now_ms: int) -> Sequence[Verdict]:
        """What stands in the way of a message; the first that refuses is the last that is asked."""
        seen = self._see(key, submission)
        refused = self._refused(seen, now_ms)
        held = None if refused is not None else self._held(seen, now_ms)
        if refused is None and held is None:
            return ()
        return [
            _watched(each) if each.rule in seen.terms.watched else each for each in (refused, held) if each is not None
        ]

    def was_taken(self, once: int, now_ms: int) -> bool:
        """Whether a message was taken under this idempotency key; then it is a repeat, and nothing is asked of it."""
        return self._taken.count(once, now_ms) > 0

    def note(self, key: ApiKey, submission: Submission, now_ms: int, found: Sequence[Verdict], once: int = 0) -> None:
        """A message was judged, and this was found of it, by others, too: refused messages are not counted."""
        seen = self._see(key, submission)
        self._last = None
        for each in found:
            if each.severity is Severity.REFUSE:
                self._note_refused(each, seen, now_ms)
                return
        if once:
            self._taken.add(once, now_ms)
        earlier = self._day.add(seen.token, now_ms)
        if earlier:  # most people get one message a day, and that is all that is counted of them
            if seen.terms.is_code:
                self._codes.add(seen.token, now_ms)
            if earlier >= LOOP // 2:
                self._loops.add(seen.token, now_ms)
        if seen.text:
            self._texts.add(seen.text, now_ms)
        self.prefixes.note(seen.terms.customer, seen.digits, seen.token, now_ms)
        if seen.terms.is_promotional and Control.SAME_TEXT in seen.terms.modes:
            self._campaigns.add(self._campaign(seen), now_ms)
        self._note_traffic(seen, now_ms)

    # ------------------------------------------------------------------------------------------------------- controls

    def _refused(self, seen: _Seen, now_ms: int) -> Verdict | None:
        """The first control that refuses, the cheapest asked first."""
        modes, digits, submission = seen.terms.modes, seen.digits, seen.submission
        if Control.COUNTRY in modes and submission.to.country not in (seen.terms.settings.countries or (SAUDI,)):
            return _refuse(Control.COUNTRY)
        if Control.NUMBER_KIND in modes and not digits.startswith("9665") and _kind(digits) in _KINDS:
            return _refuse(Control.NUMBER_KIND)
        day = self._day.count(seen.token, now_ms)
        if day:
            refused = self._repeated(seen, day, now_ms)
            if refused is not None:
                return refused
        if Control.RANGE_BURST in modes:
            until_ms = self.prefixes.look(seen.terms.customer, digits, now_ms)
            if until_ms:
                return _refuse(Control.RANGE_BURST, (until_ms - now_ms + 999) // 1000)
        return None

    def _repeated(self, seen: _Seen, day: int, now_ms: int) -> Verdict | None:
        """What is asked where this number got a message of the customer's today."""
        modes = seen.terms.modes
        if day >= LOOP // 2 and Control.LOOP in modes and self._loops.count(seen.token, now_ms) >= LOOP // 2:
            return _refuse(Control.LOOP, LOOP_MS // 1000)
        if Control.RECIPIENT_RATE in modes:
            if seen.terms.is_code:
                until_ms, step = self._pauses.get(seen.token, (0, 0))
                if until_ms > now_ms:
                    return _refuse(Control.RECIPIENT_RATE, (until_ms - now_ms + 999) // 1000)
                if self._codes.count(seen.token, now_ms) >= CODES_AT_ONCE - 1:  # the day's first is not in there
                    return _refuse(Control.RECIPIENT_RATE, PAUSES_S[min(step, len(PAUSES_S) - 1)])
            if day >= (CODES_A_DAY if seen.terms.is_code else OTHERS_A_DAY):
                return _refuse(Control.RECIPIENT_RATE, (DAY_MS - (now_ms + RIYADH_MS) % DAY_MS) // 1000 + 1)
        if seen.text and self._texts.count(seen.text, now_ms) >= 1:
            return _refuse(Control.DUPLICATE, DUPLICATE_MS // 1000)
        return None

    def _held(self, seen: _Seen, now_ms: int) -> Verdict | None:
        """What a person should look at."""
        modes, terms = seen.terms.modes, seen.terms
        is_campaign = terms.is_promotional and Control.SAME_TEXT in modes
        if is_campaign and self._campaigns.count(self._campaign(seen), now_ms) >= SAME_TEXT:
            return _hold(Control.SAME_TEXT)
        if Control.NEW_TRAFFIC not in modes or now_ms - self._began_ms < DAY_MS:
            return None
        country = seen.submission.to.country
        if now_ms - terms.first_ms.get(country, now_ms) >= DAY_MS:
            return None
        return _hold(Control.NEW_TRAFFIC) if self._new.count(_traffic(seen), now_ms) >= NEW_AN_HOUR else None

    # --------------------------------------------------------------------------------------------------------- counts

    def _see(self, key: ApiKey, submission: Submission) -> _Seen:
        """The same for `look` and `note` of one message."""
        last = self._last
        if last is not None and last.submission is submission:
            return last
        place = key.customer.id, submission.message_class.value
        terms = self._terms.get(place)
        if terms is None or terms.settings is not key.customer.settings:
            terms = _Terms(key.customer, submission.message_class, {} if terms is None else terms.first_ms)
            self._terms[place] = terms
        self._last = seen = _Seen(submission, terms, digits_of(submission.to), self._salt)
        return seen

    def _note_refused(self, refused: Verdict, seen: _Seen, now_ms: int) -> None:
        """Whoever is refused for a rate waits a step longer each time; a range that is suspicious is blocked."""
        wait_ms = (refused.retry_after_s or 0) * 1000
        if refused.rule == Control.RECIPIENT_RATE and wait_ms <= PAUSES_S[-1] * 1000:
            until_ms, step = self._pauses.get(seen.token, (0, 0))
            if until_ms <= now_ms:
                if len(self._pauses) >= _MOST_PAUSES:
                    self._pauses = {each: one for each, one in self._pauses.items() if one[0] > now_ms - HOUR_MS}
                if len(self._pauses) < _MOST_PAUSES:
                    self._pauses[seen.token] = now_ms + wait_ms, step + 1
        elif refused.rule == Control.RANGE_BURST:
            self.prefixes.block(seen.terms.customer, seen.digits, now_ms + wait_ms, now_ms)

    def _note_traffic(self, seen: _Seen, now_ms: int) -> None:
        if not self._began_ms:
            self._began_ms = now_ms
        country = seen.submission.to.country
        if now_ms - seen.terms.first_ms.setdefault(country, now_ms) < DAY_MS:
            self._new.add(_traffic(seen), now_ms)

    def _campaign(self, seen: _Seen) -> int:
        text = seen.submission.text.reveal(Purpose.ACCEPT)
        return hash((seen.terms.customer, self._salt + seen.digits[:_NETWORK], text)) & _MASK


def _traffic(seen: _Seen) -> int:
    return hash((seen.terms.customer, seen.submission.to.country, seen.submission.message_class.value)) & _MASK


def _kind(digits: str) -> int:
    return phonenumbers.number_type(phonenumbers.parse(f"+{digits}"))


def _refuse(control: Control, retry_after_s: int | None = None) -> Verdict:
    return Verdict(
        code=CODES[control], severity=Severity.REFUSE, rule=control.value, field="to", retry_after_s=retry_after_s
    )


def _hold(control: Control) -> Verdict:
    return Verdict(code=CODES[control], severity=Severity.HOLD, rule=control.value)


def _watched(verdict: Verdict) -> Verdict:
    return Verdict(
        code=verdict.code,
        severity=verdict.severity,
        rule=verdict.rule,
        field=verdict.field,
        retry_after_s=verdict.retry_after_s,
        watched=True,
    )
