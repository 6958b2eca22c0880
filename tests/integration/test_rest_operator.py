"""An operator over HTTP, against a real server: what leaves, byte for byte, and how link and callback behave."""

import asyncio
import contextlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from config.operators import OperatorRegister
from gateway.process.containment import Containment
from operators.base import Accepted, DeferReason, Deferred, Down, Ready, Refused, Submitted, Unknown
from operators.rest.client import RestOperator
from tests.bounds import LIMIT_S
from tests.contract.links import Heard, a_text, rest_operator, rest_settings, until
from tests.contract.rest_peer import TOKEN, RestPeer, rest_peer


@pytest.fixture
async def peer() -> AsyncIterator[RestPeer]:
    async with rest_peer() as peer:
        yield peer


@pytest.fixture
async def running(peer: RestPeer) -> AsyncIterator[tuple[RestOperator, Heard]]:
    operator, heard = rest_operator(rest_settings(peer)), Heard()
    await operator.start(heard)
    yield operator, heard
    await operator.stop(1.0)


Running = tuple[RestOperator, Heard]


@pytest.mark.policy("P-16")
async def test_the_request_is_the_contract_byte_for_byte(peer: RestPeer, running: Running) -> None:
    operator, heard = running
    operator.submit(a_text(validity_s=90, concat_ref=77))
    await heard.until(Submitted)
    ((headers, body),) = peer.requests
    reference = json.loads(body)["request"]
    assert body == (
        b'{"channel":"sms","to":"+966512345678","from":"INTERKEY","text":"Your code is 4821","dlr":true,"ttl":90,'
        b'"request":"%s","flash":false}' % reference.encode()
    )
    assert headers == {
        "Host": f"127.0.0.1:{peer.port}",
        "Content-Type": "application/json",
        "Authorization": "Bearer token-of-the-operator",
        "Content-Length": str(len(body)),
    }


async def test_references_are_fresh_and_connections_few_and_kept(peer: RestPeer, running: Running) -> None:
    operator, heard = running
    for start in range(0, 40, 8):
        for _ in range(8):
            operator.submit(a_text())
        await heard.until(Submitted, start + 8)
    assert len({body["request"] for body in peer.bodies}) == 40
    assert len(peer.connections) <= 4


async def test_octets_cannot_go_this_way_and_are_refused_without_a_request(peer: RestPeer, running: Running) -> None:
    operator, heard = running
    operator.submit(a_text(data_coding=4, text="\x00\x01"))
    (answer,) = await heard.until(Submitted)
    assert answer.result == Refused(415)
    assert not peer.requests


async def test_the_rest_of_a_message_goes_as_a_whole_and_answers_for_what_was_asked(running: Running) -> None:
    operator, heard = running
    assert operator.submit(a_text(only=(2,))) == 1
    (answer,) = await heard.until(Submitted)
    assert answer.segment == 2


async def test_an_operator_that_is_gone_makes_the_link_wait_and_come_back(peer: RestPeer, running: Running) -> None:
    operator, heard = running
    port = peer.port
    await peer.stop()
    operator.submit(a_text())
    (answer,) = await heard.until(Submitted)
    assert answer.result == Deferred(DeferReason.NOT_SENT, 0, 0.0)
    await heard.until(Down)
    assert (operator.room(), operator.health().state) == (0, "down")
    await peer.start(port)
    ready = len(heard.of(Ready))
    await heard.until(Ready, ready + 1)
    assert operator.room() > 0
    operator.submit(a_text())
    await heard.until(Submitted, 2)
    assert len(peer.requests) == 1


async def test_a_peer_that_hangs_up_before_it_answers_leaves_the_outcome_unknown(peer: RestPeer) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    settings = rest_settings(peer)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    rest = msgspec.structs.replace(settings.rest, url=url)
    operator, heard = rest_operator(msgspec.structs.replace(settings, rest=rest)), Heard()
    await operator.start(heard)
    operator.submit(a_text())
    (answer,) = await heard.until(Submitted)
    assert isinstance(answer.result, Unknown)
    await operator.stop(1.0)
    server.close()


async def test_messages_that_wait_when_it_stops_were_not_sent(peer: RestPeer) -> None:
    peer.silent = True
    operator, heard = rest_operator(rest_settings(peer)), Heard()
    await operator.start(heard)
    for _ in range(6):
        operator.submit(a_text())
    await until(lambda: len(peer.requests) == 4)
    await operator.stop(0.05)
    results = [each.result for each in heard.of(Submitted)]
    assert sum(isinstance(each, Deferred) for each in results) == 2
    assert sum(isinstance(each, Unknown) for each in results) == 4
    assert isinstance(heard.events[-1], Down)


@pytest.mark.policy("P-38")
async def test_a_link_abroad_takes_nothing_until_the_transfer_is_on_record(peer: RestPeer) -> None:
    abroad = OperatorRegister(country="DE")
    operator, heard = rest_operator(rest_settings(peer, register=abroad)), Heard()
    await operator.start(heard)
    assert (operator.room(), operator.is_up(), operator.health().state) == (0, False, "blocked_transfer")
    assert not peer.requests
    await operator.stop(1.0)
    on_record = OperatorRegister(country="DE", transfer_record="T", safeguard="clauses", risk_assessment="R")
    allowed = rest_operator(rest_settings(peer, register=on_record))
    await allowed.start(Heard())
    assert allowed.room() > 0
    await allowed.stop(1.0)


@pytest.mark.policy("P-17")
async def test_a_link_whose_contract_has_expired_takes_nothing(peer: RestPeer) -> None:
    register = OperatorRegister(contract_expires=date(2026, 12, 31))
    operator = rest_operator(rest_settings(peer, register=register), today=date(2027, 1, 1))
    await operator.start(Heard())
    assert (operator.room(), operator.is_up(), operator.health().state) == (0, False, "blocked_contract")
    await operator.stop(1.0)
    lasting = rest_operator(rest_settings(peer, register=register), today=date(2026, 12, 31))
    await lasting.start(Heard())
    assert lasting.room() > 0
    await lasting.stop(1.0)


async def test_too_many_requests_pauses_the_link_for_as_long_as_it_was_told(peer: RestPeer, running: Running) -> None:
    operator, heard = running
    peer.status, peer.headers = 429, {"Retry-After": "30"}
    operator.submit(a_text())
    (answer,) = await heard.until(Submitted)
    assert answer.result == Deferred(DeferReason.THROTTLED, 429, 30.0)
    assert operator.room() == 0
    assert operator.health().throttled == 1


@pytest.mark.case("nodes-15")
@pytest.mark.parametrize(
    ("more", "header", "value"),
    [
        ({"auth": "basic", "auth_name": "user"}, "Authorization", "Basic dXNlcjp0b2tlbi1vZi10aGUtb3BlcmF0b3I="),
        ({"auth": "header", "auth_name": "X-API-Key"}, "X-API-Key", TOKEN),
        ({"auth": "none"}, "Authorization", None),
        ({"auth": "field", "auth_name": "apikey"}, "Authorization", None),
        ({"body": "form"}, "Content-Type", "application/x-www-form-urlencoded"),
        ({"body": "query"}, "Content-Type", None),
    ],
)
async def test_the_credential_goes_where_the_settings_say(
    peer: RestPeer, more: dict[str, Any], header: str, value: str | None
) -> None:
    settings = rest_settings(peer)
    operator, heard = (
        rest_operator(msgspec.structs.replace(settings, rest=msgspec.structs.replace(settings.rest, **more))),
        Heard(),
    )
    await operator.start(heard)
    operator.submit(a_text())
    (answer,) = await heard.until(Submitted)
    assert answer.result == Accepted("r-1")
    ((headers, body),) = peer.requests
    assert headers.get(header) == value
    if more.get("auth") == "field":
        assert json.loads(body)["apikey"] == TOKEN
    if "body" in more:
        said = parse_qs(body.decode() if more["body"] == "form" else urlsplit(peer.paths[0]).query)
        assert (said["to"], said["text"], said["flash"]) == (["+966512345678"], ["Your code is 4821"], ["false"])
    await operator.stop(1.0)


@pytest.mark.case("nodes-15")
async def test_a_body_is_signed_with_the_credential(peer: RestPeer) -> None:
    settings = rest_settings(peer)
    rest = msgspec.structs.replace(settings.rest, auth="hmac", auth_name="X-Sign")
    operator, heard = rest_operator(msgspec.structs.replace(settings, rest=rest)), Heard()
    await operator.start(heard)
    operator.submit(a_text())
    await heard.until(Submitted)
    ((headers, body),) = peer.requests
    assert headers["X-Sign"] == hmac.new(TOKEN.encode(), body, "sha256").hexdigest()
    await operator.stop(1.0)


@pytest.mark.case("nodes-3")
async def test_every_attempt_at_a_message_has_its_reference_and_no_other_has(peer: RestPeer) -> None:
    settings = rest_settings(peer)
    rest = msgspec.structs.replace(settings.rest, idempotency_header="Idempotency-Key")
    operator, heard = rest_operator(msgspec.structs.replace(settings, rest=rest)), Heard()
    await operator.start(heard)
    for name in (b"one", b"one", b"two", b""):
        operator.submit(a_text(name=name))
    await heard.until(Submitted, 4)
    said = [(headers.get("Idempotency-Key"), json.loads(body).get("request")) for headers, body in peer.requests]
    assert all(key == field for key, field in said)
    assert sorted(said.count(each) for each in said) == [1, 1, 2, 2]
    assert (None, None) in said
    await operator.stop(1.0)


@pytest.mark.case("security-2")
async def test_a_request_that_cannot_be_made_is_one_messages_failure_and_the_workers_go_on(peer: RestPeer) -> None:
    contained = Containment()
    unwatch = contained.watch()
    settings = rest_settings(peer)
    operator, heard = rest_operator(settings, password="two\nlines"), Heard()
    await operator.start(heard)
    for _ in range(2 * settings.rest.connections):
        operator.submit(a_text())
    answers = await heard.until(Submitted, 2 * settings.rest.connections)
    assert {type(each.result) for each in answers} == {Unknown}
    assert contained.counts["delivery"] == len(answers)
    await operator.stop(1.0)
    unwatch()


@contextlib.asynccontextmanager
async def hesitant(peer: RestPeer, **settings: Any) -> AsyncIterator[tuple[RestOperator, Heard, asyncio.Event]]:
    """A link over one connection to a server that takes messages and answers when the event is set."""
    may_answer, posts = asyncio.Event(), asyncio.Semaphore(0)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
                posts.release()
                await may_answer.wait()
                writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{"data":{"id":"r-1"}}')
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    usual = rest_settings(peer, response_timeout_s=LIMIT_S, **settings)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    rest = msgspec.structs.replace(usual.rest, url=url, connections=1)
    operator, heard = rest_operator(msgspec.structs.replace(usual, rest=rest)), Heard()
    await operator.start(heard)
    try:
        operator.submit(a_text("code"))
        await posts.acquire()
        yield operator, heard, may_answer
    finally:
        may_answer.set()
        await operator.stop(1.0)
        server.close()


@pytest.mark.case("faults-1")
async def test_an_answer_in_doubt_is_told_at_once_and_late_when_it_comes(peer: RestPeer) -> None:
    async with hesitant(peer) as (operator, heard, may_answer):
        operator.submit(a_text("waits"))
        assert operator.doubt(lambda _: True, 60.0) == 0
        assert operator.doubt(lambda _: False, 0.0) == 0
        room = operator.room()
        assert operator.doubt(lambda _: True, 0.0) == 1
        unknown, unsent = await heard.until(Submitted, 2)
        assert (unknown.token, type(unknown.result), unknown.late) == ("code", Unknown, False)
        assert (unsent.token, unsent.result) == ("waits", Deferred(DeferReason.NOT_SENT, 0, 0.0))
        assert operator.doubt(lambda _: True, 0.0) == 0
        may_answer.set()
        *_, late = await heard.until(Submitted, 3)
        assert (late.token, late.result, late.late) == ("code", Accepted("r-1"), True)
        assert operator.room() == room + 2


@pytest.mark.case("faults-1")
async def test_what_is_asked_again_under_the_same_reference_is_answered_for_itself(peer: RestPeer) -> None:
    """The first request hangs, and the message came back to the same operator meanwhile."""
    async with hesitant(peer) as (operator, heard, may_answer):
        first = a_text("code", name=bytes(16))
        operator.submit(first)
        operator.doubt(lambda _: True, 0.0)
        await heard.until(Submitted, 2)
        operator.submit(a_text("again", name=bytes(16)))
        may_answer.set()
        answers = await heard.until(Submitted, 4)
        assert [(each.token, each.late) for each in answers[2:]] == [("code", True), ("again", False)]
        assert operator.room() == 8


async def test_connections_are_made_anew_when_somebody_wants_it(peer: RestPeer, running: Running) -> None:
    operator, heard = running
    operator.submit(a_text())
    await heard.until(Submitted)
    before = set(peer.connections)
    operator.steer(per_s=None, anew=True)
    for number in range(12):
        operator.submit(a_text())
        await heard.until(Submitted, 2 + number)
    assert 0 < len(peer.connections - before) <= 4, "once for each connection, and not for every request"
    assert all(each.is_closing() for each in before)  # type: ignore[attr-defined]


async def test_a_link_that_is_down_does_not_say_that_it_is_ready_when_its_throughput_changes(peer: RestPeer) -> None:
    operator, heard = rest_operator(rest_settings(peer, reconnect_first_s=LIMIT_S, reconnect_limit_s=LIMIT_S)), Heard()
    await operator.start(heard)
    await peer.stop()
    operator.submit(a_text())
    await heard.until(Down)
    await heard.until(Submitted)
    ready = len(heard.of(Ready))
    operator.steer(per_s=5.0, anew=False)
    await asyncio.sleep(0.05)  # a timer behind the one by which it would say so
    assert len(heard.of(Ready)) == ready
    await operator.stop(1.0)
