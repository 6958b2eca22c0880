"""A request as a submission, of a class that may be guessed from its text."""

from gateway.accept.choosing import Choice
from gateway.accept.request import MessageRequest
from gateway.accept.validation import Validator
from gateway.accounts.customers import ApiKey
from gateway.model.submission import SmppForm, Submission


def valid(
    validator: Validator, choice: Choice, key: ApiKey, request: MessageRequest, now_ms: int, form: SmppForm
) -> Submission:
    """The submission; a class is guessed only where that has a route. Raises Refusal."""
    submission = validator.check(key, request, now_ms, form)
    if submission.unguessed is not None and not choice.has_route(key.customer.id, submission, now_ms):
        return validator.without_guess(submission, request, form)
    return submission
