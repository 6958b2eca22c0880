"""What operators say goes to whom it concerns: answers to dispatch, receipts to outcomes, what people write inside."""

from collections.abc import Sequence

from gateway.delivery.dispatch.dispatch import Dispatch
from gateway.delivery.mobile_originated import Incoming
from gateway.delivery.receipts.outcomes import Outcomes
from gateway.process.logs import logger
from operators.base import DeliveryReceipt, Down, MoMessage, OperatorEvent, Ready, Submitted

log = logger("gateway")


class Sorting:
    """`take` is the sink of every operator."""

    def __init__(self, dispatch: Dispatch, outcomes: Outcomes, incoming: Incoming) -> None:
        self._dispatch = dispatch
        self._outcomes = outcomes
        self._incoming = incoming

    def take(self, events: Sequence[OperatorEvent]) -> None:
        """Each kind together, in its order; what an operator has room for is asked when its answers are noted."""
        answers: list[Submitted] = []
        receipts: list[DeliveryReceipt] = []
        incoming: list[MoMessage] = []
        ready: list[str] = []
        for event in events:
            if isinstance(event, Submitted):
                answers.append(event)
            elif isinstance(event, DeliveryReceipt):
                receipts.append(event)
            elif isinstance(event, MoMessage):
                incoming.append(event)
            else:
                self._note(event, ready)
        if answers:
            self._dispatch.answers.on_submitted(answers)
        if receipts:
            self._outcomes.on_receipts(receipts)
        if incoming:
            self._incoming.on_messages(incoming)
        for name in ready:
            self._dispatch.sender.on_ready(name)

    def _note(self, event: Ready | Down, ready: list[str]) -> None:
        """The state of a link."""
        if isinstance(event, Ready):
            ready.append(event.operator)
            log.debug("operator_ready", operator=event.operator)
        else:
            self._dispatch.sender.on_down(event.operator)
            log.warning("operator_down", operator=event.operator)
