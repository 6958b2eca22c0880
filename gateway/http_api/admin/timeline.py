"""A message's record as a story: what happened when, and what its codes mean."""

from gateway.http_api.admin.views import AdminMessageView, TimelineStep
from gateway.model.catalogue import meaning
from gateway.model.held_lane import held_customer, operator_of
from gateway.model.message import OPEN, Message, Status
from gateway.model.times import rfc3339


def message_view(message: Message, person: str, customer: str) -> AdminMessageView:
    """person: what is shown of the other party's number. customer: public id."""
    return AdminMessageView(
        id=message.id.hex(),
        customer=customer,
        status=message.status.value,
        to=person,
        message_class=message.message_class.value,
        segments=message.segments,
        operator=operator_of(message.operator) or None,
        attempts=message.attempts,
        error=message.error,
        expires_at=rfc3339(message.expires_ms),
        content_until=rfc3339(message.content_until_ms),
        record_until=rfc3339(message.record_until_ms),
        timeline=timeline(message),
    )


def timeline(message: Message) -> list[TimelineStep]:
    """In the order of time; what is to come has no time of its own, or one that is ahead."""
    operator = operator_of(message.operator)
    steps = [TimelineStep(at=rfc3339(message.accepted_ms), what="accepted")]
    if message.status is Status.RECEIVED:
        return [TimelineStep(at=rfc3339(message.accepted_ms), what="received", operator=operator or None)]
    if message.due_ms is not None and message.due_ms > message.accepted_ms and not message.attempts:
        steps.append(TimelineStep(at=rfc3339(message.due_ms), what="scheduled"))
    if held_customer(message.operator) is not None:
        steps.append(TimelineStep(what="held: the customer is disabled"))
    elif message.status is not Status.CANCELLED or message.attempts:
        steps.append(TimelineStep(what="routed", operator=operator))
    if message.submitted_ms is not None:
        steps.append(TimelineStep(at=rfc3339(message.submitted_ms), what="submitted", operator=operator))
    if message.status in OPEN:
        if message.error:
            steps.append(_coded(message.error, what="tried, and will be again"))
        return steps
    end = TimelineStep(at=rfc3339(message.final_ms or message.accepted_ms), what=message.status.value)
    steps.append(_coded(message.error, at=end.at, what=end.what) if message.error else end)
    return steps


def _coded(code: str, *, what: str, at: str | None = None) -> TimelineStep:
    found = meaning(code)
    return TimelineStep(at=at, what=what, code=code, cause=found.cause, cure=found.cure)
