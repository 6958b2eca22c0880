"""What would be said of a message: validated, judged and asked of its operators, and not taken in.

The same parts as at the door, for whoever asks without sending. Nothing is counted or stored.
"""

from collections.abc import Sequence

from gateway.accept.choosing import Choice
from gateway.accept.judging import Judge
from gateway.accept.request import MessageRequest
from gateway.accept.validation import Validator
from gateway.accounts.customers import ApiKey
from gateway.model.refusals import Refusal
from gateway.model.submission import NO_FORM, SmppForm, Submission
from gateway.model.verdict import Severity, Verdict


def valid(
    validator: Validator, choice: Choice, key: ApiKey, request: MessageRequest, now_ms: int, form: SmppForm
) -> Submission:
    """The submission; a class is guessed only where that has a route. Raises Refusal."""
    submission = validator.check(key, request, now_ms, form)
    if submission.unguessed is not None and not choice.has_route(key.customer.id, submission, now_ms):
        return validator.without_guess(submission, request, form)
    return submission


def findings(
    validator: Validator,
    judge: Judge,
    choice: Choice,
    key: ApiKey,
    request: MessageRequest,
    now_ms: int,
    form: SmppForm = NO_FORM,
) -> Sequence[Verdict]:
    """Everything, in the order in which it is found. Of what is not valid, no more than that."""
    try:
        submission = valid(validator, choice, key, request, now_ms, form)
    except Refusal as refusal:
        return [_verdict(refusal, "request")]
    found = judge.verdicts(key, submission, now_ms)
    try:
        choice.look(key.customer.id, submission, now_ms)
    except Refusal as refusal:
        found.append(_verdict(refusal, "route"))
    return found


def _verdict(refusal: Refusal, rule: str) -> Verdict:
    """The same, among others."""
    return Verdict(code=refusal.code, severity=Severity.REFUSE, rule=rule, field=refusal.field)
