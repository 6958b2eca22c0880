"""What follows from the end of a message, once it is durable."""

from collections.abc import Callable

from config.settings import Settings
from gateway.limits.till import Till
from gateway.metrics.exposition import Outcome
from gateway.model.message import Message
from gateway.node import consenting
from gateway.node.stores import Stores
from gateway.node.tracing import Traces as Traces
from gateway.node.tracing import traces as traces
from gateway.process.clock import Clock
from gateway.process.tasks import TaskOwner


class Ends:
    """Told of each message whose end is durable; passes it on to whoever counts, settles, traces and notes filters."""

    def __init__(
        self,
        outcome: Outcome,
        traces: Traces | None,
        stores: Stores,
        clock: Clock,
        tasks: TaskOwner,
        settings: Callable[[], Settings],
    ) -> None:
        self._outcome = outcome
        self._feedback = consenting.feedback(stores, clock, tasks, settings)
        self._traces = traces
        self.till: Till  # stands once the journal does

    def __call__(self, message: Message) -> None:
        self._outcome.final(message)
        self.till.ended(message)
        self._feedback.ended(message)
        if self._traces is not None:
            self._traces.ended(message)
