"""Traces that a node sends to a collector, an OTLP/HTTP receiver of this test; and that nothing personal is in them."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from config.problems import ConfigError
from config.settings import Settings
from config.tracing import TracingSettings
from gateway.node import tracing
from tests.integration.admin_stage import running_admin

CANARIES = ("966500000078", "500000078", "canary text", "canary-reference", "BRAND")


class Collector:
    """bodies: of every request that it took."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.port = 0

    async def take(self, request: web.BaseRequest) -> web.Response:
        assert (request.path, request.content_type) == ("/v1/traces", "application/x-protobuf")
        self.bodies.append(await request.read())
        return web.Response(body=ExportTraceServiceResponse().SerializeToString())

    def spans(self) -> list[Any]:
        found: list[Any] = []
        for body in self.bodies:
            read = ExportTraceServiceRequest.FromString(body)
            found += [span for of in read.resource_spans for scope in of.scope_spans for span in scope.spans]
        return found


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    runner = web.ServerRunner(web.Server(collector.take, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.port = int(runner.addresses[0][1])
    try:
        yield collector
    finally:
        await runner.cleanup()


def wanted(port: int, ratio: float = 1.0) -> str:
    return f'[tracing]\nendpoint = "http://127.0.0.1:{port}/v1/traces"\nratio = {ratio}\n'


async def test_a_message_s_trace_has_its_id_and_times_and_nothing_of_a_person(tmp_path: Path) -> None:
    async with collecting() as collector:
        async with running_admin(tmp_path, more=wanted(collector.port)) as admin:
            sent = {await admin.send(reference="canary-reference") for _ in range(3)}
            messages = {each: await admin.node.stores.ledger.messages.find(1, bytes.fromhex(each)) for each in sent}
        spans = collector.spans()
        roots = {each.trace_id.hex(): each for each in spans if not each.parent_span_id}
        assert roots.keys() == sent
        for name, root in roots.items():
            message = messages[name]
            assert message is not None
            parts = [each for each in spans if each.parent_span_id == root.span_id]
            assert sorted(each.name for each in parts) == ["attempt", "to the operator", "with the operator"]
            (attempt,) = [each for each in parts if each.name == "attempt"]
            assert attempt.trace_id == root.trace_id
            assert {each.key: each.value.string_value for each in attempt.attributes} == {
                "message.id": name,
                "operator": "loop",
                "attempt.outcome": "accepted",
            }
            assert message.accepted_ms * 1_000_000 <= attempt.start_time_unix_nano <= attempt.end_time_unix_nano
            assert root.start_time_unix_nano == message.accepted_ms * 1_000_000
            assert root.end_time_unix_nano == (message.final_ms or 0) * 1_000_000
            said = {each.key: each.value.string_value or each.value.int_value for each in root.attributes}
            assert said.keys() == {
                *(f"message.{each}" for each in ("id", "class", "status", "segments", "attempts")),
                *("customer.id", "operator"),
            }
            assert (said["message.id"], said["operator"], said["customer.id"]) == (name, "loop", 1)
        raw = b"".join(collector.bodies)
        for canary in CANARIES:
            plain = canary.encode()
            assert not any(form in raw for form in (plain, base64.b64encode(plain).rstrip(b"="), plain.hex().encode()))


async def test_by_the_ratio_none_is_chosen_and_a_collector_that_is_away_holds_up_nothing(tmp_path: Path) -> None:
    async with collecting() as collector:
        async with running_admin(tmp_path, more=wanted(collector.port, 0.0)) as admin:
            await admin.send()
            assert admin.node.road.traces is not None
            assert admin.node.road.traces.made == 0
        assert collector.bodies == []
    (tmp_path / "away").mkdir()
    more = wanted(9) + "timeout_s = 0.2\n"
    async with running_admin(tmp_path / "away", more=more) as admin:
        await admin.send()
        await admin.send()


async def test_without_an_endpoint_there_are_none(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        assert admin.node.road.traces is None


def test_a_missing_extra_or_file_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    own = TracingSettings(endpoint="http://127.0.0.1:9/v1/traces", ca_file="/nowhere/ca.pem")
    with pytest.raises(ConfigError, match="No such file"):
        tracing.traces(Settings(tracing=own), "node")
    monkeypatch.setattr(tracing, "_MODULE", "gateway.metrics.no_such_module")
    with pytest.raises(ConfigError, match="needs the extra"):
        tracing.traces(Settings(tracing=own), "node")
