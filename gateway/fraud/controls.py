"""Each control against abuse as a plain function: what it says of one message, by what was counted. Pure.

None of them counts. To add one: its function, its row in `REFUSING` or `HOLDING`, and its name in
`gateway.model.fraud_controls`.
"""

from collections.abc import Callable, Sequence
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from gateway.fraud.seen import Seen
from gateway.fraud.tallies import DUPLICATE_MS, LOOP_MS, Tallies, traffic
from gateway.fraud.windows import DAY_MS, RIYADH_MS
from gateway.model.fraud_controls import CODES, Control
from gateway.model.verdict import Severity, Verdict

SAUDI: Final = 966
LOOP: Final = 30
CODES_AT_ONCE: Final = 5
CODES_A_DAY: Final = 10
OTHERS_A_DAY: Final = 20
SAME_TEXT: Final = 1_000
NEW_AN_HOUR: Final = 50
PAUSES_S: Final = (60, 120, 240, 480, 960, 1_920)
"""How long whoever asks for too many codes waits, one step further each time."""
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

Ask = Callable[[Tallies, Seen, int], Verdict | None]
"""Of a message that comes at this time (epoch milliseconds)."""


def _country(_tallies: Tallies, seen: Seen, _now_ms: int) -> Verdict | None:
    allowed = seen.terms.settings.countries or (SAUDI,)
    return None if seen.submission.to.country in allowed else _refuse(Control.COUNTRY)


def _number_kind(_tallies: Tallies, seen: Seen, _now_ms: int) -> Verdict | None:
    digits = seen.digits
    if digits.startswith("9665"):
        return None
    kind = phonenumbers.number_type(phonenumbers.parse(f"+{digits}"))
    return _refuse(Control.NUMBER_KIND) if kind in _KINDS else None


def _loop(tallies: Tallies, seen: Seen, now_ms: int) -> Verdict | None:
    if seen.today < LOOP // 2 or tallies.loops.count(seen.token, now_ms) < LOOP // 2:
        return None
    return _refuse(Control.LOOP, LOOP_MS // 1000)


def _recipient_rate(tallies: Tallies, seen: Seen, now_ms: int) -> Verdict | None:
    is_code = seen.terms.is_code
    if is_code:
        until_ms, step = tallies.pause_of(seen)
        if until_ms > now_ms:
            return _refuse(Control.RECIPIENT_RATE, (until_ms - now_ms + 999) // 1000)
        if tallies.codes.count(seen.token, now_ms) >= CODES_AT_ONCE - 1:  # the day's first is not in there
            return _refuse(Control.RECIPIENT_RATE, PAUSES_S[min(step, len(PAUSES_S) - 1)])
    if seen.today >= (CODES_A_DAY if is_code else OTHERS_A_DAY):
        return _refuse(Control.RECIPIENT_RATE, (DAY_MS - (now_ms + RIYADH_MS) % DAY_MS) // 1000 + 1)
    return None


def _duplicate(tallies: Tallies, seen: Seen, now_ms: int) -> Verdict | None:
    if seen.text and tallies.texts.count(seen.text, now_ms) >= 1:
        return _refuse(Control.DUPLICATE, DUPLICATE_MS // 1000)
    return None


def _range_burst(tallies: Tallies, seen: Seen, now_ms: int) -> Verdict | None:
    until_ms = tallies.prefixes.look(seen.terms.customer, seen.digits, now_ms)
    return _refuse(Control.RANGE_BURST, (until_ms - now_ms + 999) // 1000) if until_ms else None


def _same_text(tallies: Tallies, seen: Seen, now_ms: int) -> Verdict | None:
    if seen.terms.is_promotional and tallies.campaigns.count(tallies.campaign(seen), now_ms) >= SAME_TEXT:
        return _hold(Control.SAME_TEXT)
    return None


def _new_traffic(tallies: Tallies, seen: Seen, now_ms: int) -> Verdict | None:
    if now_ms - tallies.began_ms < DAY_MS:
        return None
    if now_ms - seen.terms.first_ms.get(seen.submission.to.country, now_ms) >= DAY_MS:
        return None
    return _hold(Control.NEW_TRAFFIC) if tallies.new.count(traffic(seen), now_ms) >= NEW_AN_HOUR else None


REFUSING: Final[Sequence[tuple[Control, Ask]]] = (
    (Control.COUNTRY, _country),
    (Control.NUMBER_KIND, _number_kind),
    (Control.LOOP, _loop),
    (Control.RECIPIENT_RATE, _recipient_rate),
    (Control.DUPLICATE, _duplicate),
    (Control.RANGE_BURST, _range_burst),
)
"""The cheapest first; the first that refuses is the last that is asked."""
HOLDING: Final[Sequence[tuple[Control, Ask]]] = ((Control.SAME_TEXT, _same_text), (Control.NEW_TRAFFIC, _new_traffic))
"""What a person should look at; the same."""
OF_REPEATS: Final = frozenset({Control.LOOP, Control.RECIPIENT_RATE, Control.DUPLICATE})
"""Asked only where the number got a message of the customer's today, which most have not."""


def _refuse(control: Control, retry_after_s: int | None = None) -> Verdict:
    return Verdict(
        code=CODES[control], severity=Severity.REFUSE, rule=control.value, field="to", retry_after_s=retry_after_s
    )


def _hold(control: Control) -> Verdict:
    return Verdict(code=CODES[control], severity=Severity.HOLD, rule=control.value)
