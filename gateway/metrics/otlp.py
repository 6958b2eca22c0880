"""Traces of messages over OTLP/HTTP: made once a message has ended, of what its record says, and sent by a thread. A
span of each attempt is made when the attempt is over.

A trace's id is the message's, so whoever has the one finds the other, and all processes choose the same messages. Of a
message it says ids, class, operator, status, counts and times; nothing of a number, a text or a reference.

Only a node with an endpoint imports this module: OpenTelemetry is an extra.
"""

from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from config.tracing import TracingSettings
from gateway.model.attempt import Attempt
from gateway.model.message import Message, Status
from gateway.model.state import unsent
from gateway.process.version import version

QUEUE: Final = 4_096
"""Spans that wait; beyond it they are dropped."""
_NS_IN_MS: Final = 1_000_000
_DRAWN: Final = 4
"""The last octets of an id are random."""
_ALL: Final = 1 << 8 * _DRAWN
_SPAN: Final = 8
"""Octets of a span's id."""
ACCEPTED: Final = "accepted"
_WELL: Final = frozenset({Status.DELIVERED, Status.RECEIVED})


class _MessageIds(IdGenerator):
    """message: whose trace begins next. span: of the next span; 0 for one at random."""

    def __init__(self) -> None:
        self.message = 0
        self.span = 0
        self._random = RandomIdGenerator()

    def generate_trace_id(self) -> int:
        return self.message

    def generate_span_id(self) -> int:
        span, self.span = self.span, 0
        return span or self._random.generate_span_id()


class Traces:
    """settings: with an endpoint. node: what this process is called in its traces. made: traces so far.

    Raises OSError for a file that cannot be read.
    """

    def __init__(self, settings: TracingSettings, node: str) -> None:
        if settings.ca_file is not None:
            with open(settings.ca_file, "rb"):  # now, and not at the first request
                pass
        exporter = OTLPSpanExporter(
            endpoint=settings.endpoint, certificate_file=settings.ca_file, timeout=settings.timeout_s
        )
        self._below = round(settings.ratio * _ALL)
        self._ids = _MessageIds()
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            id_generator=self._ids,
            shutdown_on_exit=False,
            resource=Resource(
                {"service.name": "connect-gateway", "service.version": version(), "service.instance.id": node}
            ),
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=QUEUE))
        self._tracer: Tracer = self._provider.get_tracer("connect-gateway", version())
        self.made = 0

    def ended(self, message: Message) -> None:
        """Of a message whose end is durable; nothing of one that is not chosen."""
        identifier = message.id
        if int.from_bytes(identifier[-_DRAWN:], "big") >= self._below or message.final_ms is None:
            return
        self.made += 1
        self._ids.message = int.from_bytes(identifier, "big")
        self._ids.span = _root(identifier)
        root = self._tracer.start_span(
            "message",
            context=Context(),
            start_time=message.accepted_ms * _NS_IN_MS,
            attributes={
                "message.id": identifier.hex(),
                "message.class": message.message_class.value,
                "message.status": message.status.value,
                "message.segments": message.segments,
                "message.attempts": message.attempts,
                "customer.id": message.customer,
                "operator": message.operator,
            },
        )
        inside = set_span_in_context(root, Context())
        begun_ms = message.final_ms if message.submitted_ms is None else message.submitted_ms
        self._part("to the operator", inside, message.accepted_ms, begun_ms)
        if message.submitted_ms is not None:
            self._part("with the operator", inside, message.submitted_ms, message.final_ms)
        _end(root, message)

    def attempted(self, attempt: Attempt, operator: str, now_ms: int) -> None:
        """Of an attempt that is over now, in the trace of its message, which is made later."""
        identifier = attempt.message.id
        if int.from_bytes(identifier[-_DRAWN:], "big") >= self._below:
            return
        trace, flags = int.from_bytes(identifier, "big"), TraceFlags(TraceFlags.SAMPLED)
        root = SpanContext(trace, _root(identifier), is_remote=False, trace_flags=flags)
        outcome = outcome_of(attempt)
        span = self._tracer.start_span(
            "attempt",
            context=set_span_in_context(NonRecordingSpan(root), Context()),
            start_time=attempt.begun_ms * _NS_IN_MS,
            attributes={"message.id": identifier.hex(), "operator": operator, "attempt.outcome": outcome},
        )
        if outcome != ACCEPTED:
            span.set_status(StatusCode.ERROR)
        span.end(now_ms * _NS_IN_MS)

    def _part(self, name: str, inside: Context, begin_ms: int, end_ms: int) -> None:
        part = self._tracer.start_span(name, context=inside, start_time=begin_ms * _NS_IN_MS)
        part.end(end_ms * _NS_IN_MS)

    def close(self) -> None:
        """Send what waits; may take as long as a request. Call it beside the loop."""
        self._provider.shutdown()


def _root(identifier: bytes) -> int:
    """The id of the span that is a message's, which its attempts name before it is made."""
    return int.from_bytes(identifier[-_SPAN:], "big") or 1


def outcome_of(attempt: Attempt) -> str:
    """In one word: `accepted`, `rejected`, `failed`, `deferred` where the operator asks to slow down, or `again`."""
    if attempt.verdict is not None:
        return attempt.verdict[0].value
    if not unsent(attempt.message):
        return ACCEPTED
    return "deferred" if attempt.free else "again"


def _end(root: Span, message: Message) -> None:
    if message.status not in _WELL:
        root.set_status(StatusCode.ERROR)
        if message.error is not None:
            root.set_attribute("message.error", message.error)
    if message.final_ms is not None:
        root.end(message.final_ms * _NS_IN_MS)
