"""What would be said of a message: validated, judged and asked of its operators, and not taken in.

The same parts as at the door, for whoever asks without sending. Nothing is counted or stored.
"""

from collections.abc import Sequence

import msgspec

from gateway.accept.choosing import Choice
from gateway.accept.guessing import valid
from gateway.accept.judging import Judge
from gateway.accept.raw_parts import written_octets
from gateway.accept.request import MessageRequest
from gateway.accept.validation import Validator
from gateway.accounts.customers import ApiKey
from gateway.ledger.contract import LedgerUnavailable
from gateway.limits.till import Till
from gateway.model.refusals import Refusal
from gateway.model.submission import NO_FORM, SmppForm, Submission
from gateway.model.verdict import Severity, Verdict
from redaction.errors import KeysWithheld


class Inquired(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a message that is not sent. submission: None where it is no valid one.

    most_micro: what all its segments cost over the dearest of its operators, in millionths; None where one has no
    price.
    """

    verdicts: Sequence[Verdict]
    submission: Submission | None = None
    most_micro: int | None = None


def inquire(
    validator: Validator,
    judge: Judge,
    choice: Choice,
    key: ApiKey,
    request: MessageRequest,
    now_ms: int,
    form: SmppForm = NO_FORM,
) -> Inquired:
    """Everything, in the order in which it is found. Of what is not valid, no more than that."""
    try:
        if form is NO_FORM:
            request, form = written_octets(request)
        submission = valid(validator, choice, key, request, now_ms, form)
    except Refusal as refusal:
        return Inquired(verdicts=[_verdict(refusal, "request")])
    found = judge.verdicts(key, submission, now_ms)
    most_micro = None
    try:
        most_micro = choice.dearest(key.customer.id, submission, now_ms)
    except Refusal as refusal:
        found.append(_verdict(refusal, "route"))
    return Inquired(
        verdicts=found,
        submission=submission,
        most_micro=None if most_micro is None else most_micro * submission.segments,
    )


async def look_up(judge: Judge, till: Till, key: ApiKey, inquired: Inquired) -> list[Verdict]:
    """What does not lie in a valid message and would refuse it all the same: its recipient's will, and what is left of
    what was paid in advance, by its dearest operator. Nothing is counted, reserved or prolonged.
    """
    submission = inquired.submission
    if submission is None:
        return []
    found: list[Verdict] = []
    try:
        found.extend(await judge.look_up(key, submission))
    except KeysWithheld:
        found.append(_verdict(Refusal("keys_unavailable"), "consent"))
    try:
        if await till.is_short(key.customer.id, inquired.most_micro or 0):
            found.append(_verdict(Refusal("balance_exhausted"), "balance"))
    except LedgerUnavailable:
        found.append(_verdict(Refusal("ledger_unavailable"), "balance"))
    return found


def _verdict(refusal: Refusal, rule: str) -> Verdict:
    """The same, among others."""
    return Verdict(code=refusal.code, severity=Severity.REFUSE, rule=rule, field=refusal.field)
