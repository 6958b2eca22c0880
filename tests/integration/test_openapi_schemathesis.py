"""The served API does what its description says, for requests that fit the description and for those that do not.

Fields are judged by the real validator and messages kept by a real SQLite ledger. What no description can hold is let
through: which numbers exist, which senders are registered, which times are past or too far apart, and which texts show
nothing.
"""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from config.settings import MessageSettings
from gateway.accept.request import MessageRequest
from gateway.accept.validation import BLANKS, Validator, parse_time
from gateway.accounts.customers import ApiKey
from gateway.ledger.contract import Accept
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.ledger.usage import HOUR_MS
from gateway.limits.usage import LONGEST_HOURS, Span
from gateway.process.clock import SystemClock
from operators.smpp.coding import Encoding
from operators.smpp.segments import TextPlan
from tests.bounds import LIMIT_S
from tests.unit.gateway.http_api.test_openapi import ROUTES
from tests.unit.gateway.stage import TOKEN, SmallDoor, Stage, running_api

FOREVER_S = 10**12
EXAMPLES = 60
SETTINGS = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


class JudgingDoor(SmallDoor):
    """Judges every field but the number and the sender as the gateway does."""

    def _record(self, key: ApiKey, request: MessageRequest, idempotency: str | None, index: int) -> Accept:
        known = msgspec.structs.replace(
            request,
            to="+966500000078" if request.to else "",
            source="INTERKEY" if 0 < len(request.source) <= 16 else request.source,
            schedule_at=None if _is_past(request.schedule_at, self._clock.now_ms()) else request.schedule_at,
            text="x" if request.text and not request.text.strip(BLANKS) else request.text,
        )
        VALIDATOR.check(key, known, self._clock.now_ms())
        return super()._record(key, known, idempotency, index)


def _is_past(written: str | None, now_ms: int) -> bool:
    at_ms = None if written is None else parse_time(written)
    return at_ms is not None and at_ms < now_ms


VALIDATOR = Validator(
    MessageSettings(max_schedule_s=FOREVER_S),
    lambda text: TextPlan(Encoding.GSM7, 1, len(text)),
    lambda url: True,
)


class Served:
    """The API on an event loop of its own, because schemathesis blocks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.stage: Stage

    def start(self) -> None:
        self._thread.start()
        assert self._started.wait(LIMIT_S)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        clock = SystemClock()
        ledger = SqliteLedger(self._path, clock)
        await ledger.open()
        async with running_api(clock=clock, ledger=ledger, door=JudgingDoor) as self.stage:
            self._started.set()
            await self._stopping.wait()
        await ledger.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("ledger") / "ledger.db")
    served.start()
    yield served
    served.stop()


SAYS_WHY = ("/v1/messages/batch", "/v1/messages/check")
"""Which answer 2xx where a message is not one that can be carried, and say why."""


@pytest.fixture(scope="module")
def described(served: Served) -> Any:
    keyed = ProjectConfig(generation=GenerationConfig(with_security_parameters=False))  # each request has the key
    config = SchemathesisConfig(projects=ProjectsConfig(default=keyed))
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{served.stage.port}/openapi.json", config=config)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
def test_the_api_does_what_it_says(described: BaseSchema, method: str, path: str, mode: GenerationMode) -> None:
    operation = described[path][method]
    if mode is GenerationMode.NEGATIVE and not _can_be_wrong(operation):
        return

    @given(operation.as_strategy(generation_mode=mode))
    @settings(SETTINGS, max_examples=EXAMPLES)
    def ask(case: Any) -> None:
        assume(mode is GenerationMode.NEGATIVE or not _has_whole_fraction(case.body))
        assume(mode is GenerationMode.NEGATIVE or not _has_octets(case.body))
        judged_alone = [negative_data_rejection] if path in SAYS_WHY else []
        if path == "/v1/usage" and mode is GenerationMode.POSITIVE and not _is_period(case.query):
            judged_alone = [positive_data_acceptance]
        if path == "/v1/messages" and "recipient" in (case.query or {}):
            judged_alone = [positive_data_acceptance]
        case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, excluded_checks=judged_alone)

    ask()


def _has_octets(body: object) -> bool:
    """How many of them are a segment depends on what they are, which no schema says."""
    return isinstance(body, dict) and "octets" in body


def _has_whole_fraction(body: object) -> bool:
    """JSON Schema counts 3.0 as an integer; the API does not."""
    return isinstance(body, dict) and any(isinstance(value, float) for value in body.values())


def _is_period(query: Mapping[str, Any]) -> bool:
    """How far apart two times may lie is more than JSON Schema can say."""
    now_ms = SystemClock().now_ms()
    until_ms = parse_time(query["until"]) if "until" in query else now_ms
    since_ms = parse_time(query["since"]) if "since" in query else until_ms
    longest_ms = LONGEST_HOURS[Span(query.get("by", "day"))] * HOUR_MS
    return since_ms is not None and until_ms is not None and 0 <= since_ms <= until_ms <= since_ms + longest_ms


def _can_be_wrong(operation: Any) -> bool:
    """Whether a request to it can differ from the description. A path that does is a path that is not described."""
    return bool(operation.body or operation.query or operation.headers)


def test_nothing_of_it_was_a_fault_of_ours(served: Served, described: BaseSchema) -> None:
    assert served.stage.reported == []
