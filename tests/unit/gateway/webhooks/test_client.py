import asyncio
import gc
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.process.clock import ManualClock
from gateway.process.containment import Containment
from gateway.process.tasks import TaskOwner
from gateway.process.tls import Identity
from gateway.webhooks.client import IDLE_S, MAX_AGE_S, WebhookClient, verifying_context
from gateway.webhooks.connection import RESPONSE_LIMIT, Answer, Failure, Result
from gateway.webhooks.resolving import Lookup, system_lookup
from gateway.webhooks.settings import DeliverySettings
from gateway.webhooks.shape import GET
from gateway.webhooks.targets import Target
from tests.bounds import LIMIT_S
from tests.interop.certificates import make_certificates
from tests.unit.gateway.webhooks.receiver import BUSY, OK, Receiver, Say, certificates, receiving


class Caller:
    """A client and what it takes to use it like a coroutine."""

    def __init__(self, client: WebhookClient, clock: ManualClock, receiver: Receiver) -> None:
        self.client = client
        self.clock = clock
        self.url = f"http://127.0.0.1:{receiver.port}/hook"

    def start(self, url: str | None = None) -> "asyncio.Future[Result]":
        answered: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.client.post(url or self.url, b"X-Test: 1\r\n", b'{"a":1}', answered.set_result)
        return answered

    async def post(self, url: str | None = None) -> Result:
        async with asyncio.timeout(LIMIT_S):
            return await self.start(url)

    def expire(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.client.sweep()


@asynccontextmanager
async def calling(
    receiver: Receiver, *, lookup: Lookup = system_lookup, tls: ssl.SSLContext | None = None, **settings: Any
) -> AsyncIterator[Caller]:
    tasks, clock = TaskOwner(), ManualClock()
    chosen = DeliverySettings(**({"allow_loopback": True} | settings))
    client = WebhookClient(chosen, clock=clock, tasks=tasks, lookup=lookup, tls=tls)
    try:
        yield Caller(client, clock, receiver)
    finally:
        client.close()
        await tasks.stop()
        assert client.connections == 0


async def test_a_post_carries_path_host_headers_and_body() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        assert await caller.post() == Answer(200)
        (received,) = receiver.requests
        assert received.line == "POST /hook HTTP/1.1"
        assert received.body == b'{"a":1}'
        assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert received.headers["content-type"] == "application/json"
        assert received.headers["x-test"] == "1"


async def test_a_long_text_may_stand_in_the_url_of_a_request_without_a_body_and_is_not_kept() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        answered: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        url = f"{caller.url}?text={'%D9%85' * 670}"
        caller.client.post(url, b"", b"", answered.set_result, shape=GET)
        async with asyncio.timeout(LIMIT_S):
            assert await answered == Answer(200)
        assert receiver.requests[0].line == f"GET /hook?text={'%D9%85' * 670} HTTP/1.1"
        del answered
        gc.collect()
        assert not [each for each in gc.get_objects() if isinstance(each, Target) and each.url == url]


async def test_one_connection_serves_many_requests_one_after_the_other() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        for _ in range(50):
            assert await caller.post() == Answer(200)
        assert receiver.connections == 1


async def test_connections_to_one_host_are_bounded_and_all_requests_are_answered() -> None:
    async with receiving() as receiver, calling(receiver, connections_per_endpoint=3) as caller:
        answers = await asyncio.gather(*(caller.start() for _ in range(100)))
        assert answers == [Answer(200)] * 100
        assert receiver.connections == 3


async def test_connections_in_all_are_bounded_and_hosts_take_turns() -> None:
    async with receiving() as one, receiving() as two, calling(one, max_connections=1) as caller:
        urls = [f"http://127.0.0.1:{receiver.port}/" for receiver in (one, two)] * 5
        answers = await asyncio.gather(*(caller.start(url) for url in urls))
        assert answers == [Answer(200)] * 10
        assert caller.client.connections == 1


async def test_a_busy_host_gives_its_connection_up_after_its_turn() -> None:
    async with receiving() as busy, receiving() as other, calling(busy, max_connections=1) as caller:
        busy.answer = lambda _: Say(hold=True)
        first = caller.start()
        await busy.arrived(1)
        waiting = [caller.start() for _ in range(3)]
        elsewhere = caller.start(f"http://127.0.0.1:{other.port}/")
        caller.clock.advance(2)
        busy.release.set()
        assert await first == Answer(200)
        assert await elsewhere == Answer(200)
        assert await asyncio.gather(*waiting) == [Answer(200)] * 3


async def test_an_idle_connection_makes_room_for_another_host() -> None:
    async with receiving() as one, receiving() as two, calling(one, max_connections=1) as caller:
        assert await caller.post() == Answer(200)
        assert await caller.post(f"http://127.0.0.1:{two.port}/") == Answer(200)
        assert caller.client.connections == 1


async def test_a_connection_that_was_closed_while_idle_is_not_used_again() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        await caller.post()
        receiver.hang_up()
        assert await caller.post() == Answer(200)


async def test_a_kept_connection_that_closes_before_answering_is_replaced_once() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        receiver.answer = lambda got: (
            Say() if got.connection == 2 or len(receiver.requests) < 1 else Say(b"", close=True)
        )
        assert await caller.post() == Answer(200)
        assert await caller.post() == Answer(200)
        assert [each.connection for each in receiver.requests] == [1, 1, 2]


async def test_a_fresh_connection_that_closes_before_answering_is_a_failure() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        receiver.answer = lambda _: Say(b"", close=True)
        assert await caller.post() == Failure("closed")
        assert len(receiver.requests) == 1


async def test_a_replaced_connection_is_not_replaced_again() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        receiver.answer = lambda _: Say() if not receiver.requests else Say(b"", close=True)
        await caller.post()
        assert await caller.post() == Failure("closed")
        assert len(receiver.requests) == 3


async def test_a_peer_that_never_answers_times_out() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        receiver.answer = lambda _: Say(hold=True)
        answered = caller.start()
        await receiver.arrived(1)
        caller.expire(9.9)
        assert not answered.done()
        caller.expire(0.1)
        assert await answered == Failure("timeout")
        assert caller.client.connections == 0


async def test_a_peer_that_answers_byte_by_byte_times_out_all_the_same() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        receiver.answer = lambda _: Say(b"HTTP/1.1 200 O")
        answered = caller.start()
        await receiver.arrived(1)
        caller.expire(10)
        assert await answered == Failure("timeout")


async def test_a_peer_that_does_not_take_the_connection_times_out() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        async with receiving() as receiver, calling(receiver, tls=verifying_context()) as caller:
            answered = caller.start(f"https://127.0.0.1:{listener.getsockname()[1]}/")  # the handshake hangs
            caller.expire(10)
            assert await answered == Failure("timeout")


async def test_nobody_listening_is_refused() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        async with receiving() as receiver, calling(receiver) as caller:
            assert await caller.post(f"http://127.0.0.1:{listener.getsockname()[1]}/") == Failure("refused")


@pytest.mark.parametrize(
    ("data", "close", "result"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Le", True, Failure("closed")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nonly a part", True, Answer(200)),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", True, Answer(200)),
        (b"HTTP/1.0 204 No Content\r\n\r\n", True, Answer(204)),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", False, Answer(200)),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, False, Answer(200)),
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
            False,
            Answer(202),
        ),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", False, Answer(302)),
        (BUSY, False, Answer(500)),
        (b"SSH-2.0-server\r\n", False, Failure("protocol")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\n", False, Failure("protocol")),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", False, Failure("protocol")),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * RESPONSE_LIMIT, False, Failure("protocol")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"a" * 2 * RESPONSE_LIMIT, False, Answer(200)),
    ],
)
async def test_the_answer_is_what_its_head_says(data: bytes, close: bool, result: Result) -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        receiver.answer = lambda _: Say(data, close=close)
        assert await caller.post() == result


@pytest.mark.parametrize(
    "data",
    [
        OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"),
        OK + OK,
        OK + b"HTTP/1.1 5",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"a" * 2 * RESPONSE_LIMIT,
    ],
)
async def test_a_connection_is_not_kept_after_an_answer_that_is_not_the_end_of_it(data: bytes) -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        receiver.answer = lambda got: Say(data if got.connection == 1 else BUSY)
        assert await caller.post() == Answer(200)
        assert await caller.post() == Answer(500)


async def test_a_peer_that_speaks_unasked_is_hung_up_on() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        receiver.answer = lambda _: Say()
        await caller.post()
        receiver.say_to_all(OK)
        await receiver.hung_up()
        assert await caller.post() == Answer(200)
        assert receiver.connections == 2


async def test_idle_connections_are_closed_after_a_while() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        await caller.post()
        caller.expire(IDLE_S)
        assert caller.client.connections == 0


async def test_an_old_connection_is_replaced_so_that_a_moved_name_is_followed() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        await caller.post()
        caller.clock.advance(MAX_AGE_S)
        await caller.post()
        await caller.post()
        assert receiver.connections == 2


async def test_closing_ends_everything_without_a_word() -> None:
    async with receiving() as receiver, calling(receiver, connections_per_endpoint=1) as caller:
        receiver.answer = lambda _: Say(hold=True)
        waiting = [caller.start(), caller.start()]
        await receiver.arrived(1)
        caller.client.close()
        assert caller.client.connections == 0
        assert not any(each.done() for each in waiting)


# ------------------------------------------------------------------------------------------------- names and TLS


async def test_a_refused_url_is_a_failure_with_its_reason_and_never_called_back_from_inside() -> None:
    async with receiving() as receiver, calling(receiver) as caller:
        answered = caller.start("ftp://127.0.0.1/")
        assert not answered.done()
        assert await answered == Failure("target_refused", "scheme")


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"]]
)
async def test_a_name_that_leads_inside_is_never_connected_to(addresses: list[str]) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return addresses

    async with receiving() as receiver, calling(receiver, lookup=lookup, allow_loopback=False) as caller:
        result = await caller.post(f"https://hooks.example:{receiver.port}/")
        assert result == Failure("target_refused", "address")
        assert receiver.connections == 0


async def test_the_connection_goes_to_the_address_that_was_checked_under_the_name_that_was_asked(
    tmp_path: Path,
) -> None:
    asked: list[str] = []

    async def lookup(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    names: list[str | None] = []
    server, client = certificates(tmp_path, "hooks.example")
    server.sni_callback = lambda _sock, name, _context: names.append(name)
    async with receiving(server) as receiver, calling(receiver, lookup=lookup, tls=client) as caller:
        assert await caller.post(f"https://hooks.example:{receiver.port}/") == Answer(200)
        assert asked == names == ["hooks.example"]
        assert receiver.requests[0].headers["host"] == f"hooks.example:{receiver.port}"


async def test_a_name_that_changes_between_check_and_connect_changes_nothing() -> None:
    lookups = 0

    async def rebinding(host: str, port: int) -> Sequence[str]:
        nonlocal lookups
        lookups += 1
        return ["127.0.0.1"] if lookups == 1 else ["10.0.0.1"]

    async with receiving() as receiver, calling(receiver, lookup=rebinding) as caller:
        assert await caller.post(f"http://hooks.example:{receiver.port}/") == Answer(200)
        assert lookups == 1
        caller.clock.advance(MAX_AGE_S)
        await caller.post(f"http://hooks.example:{receiver.port}/")
        assert await caller.post(f"http://hooks.example:{receiver.port}/") == Failure("target_refused", "address")


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with receiving() as receiver, calling(receiver, lookup=lookup) as caller:
        assert await caller.post(f"http://hooks.example:{receiver.port}/") == Answer(200)


@pytest.mark.policy("P-24")
@pytest.mark.parametrize("name", ["other.example", "127.0.0.1"])
async def test_a_certificate_for_another_name_fails(tmp_path: Path, name: str) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    server, client = certificates(tmp_path, name)
    async with receiving(server) as receiver, calling(receiver, lookup=lookup, tls=client) as caller:
        assert await caller.post(f"https://hooks.example:{receiver.port}/") == Failure("tls", "wrong_name")
        assert not receiver.requests


@pytest.mark.policy("P-24")
async def test_a_certificate_that_nobody_vouches_for_fails(tmp_path: Path) -> None:
    server, _ = certificates(tmp_path, "127.0.0.1")
    async with receiving(server) as receiver, calling(receiver) as caller:
        answer = await caller.post(f"https://127.0.0.1:{receiver.port}/")
        assert isinstance(answer, Failure)
        assert (answer.code, answer.detail in ("self_signed", "unknown_authority")) == ("tls", True)


@pytest.mark.case("nodes-15")
async def test_a_private_authority_is_trusted_in_where_the_settings_name_it(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    server = Identity(str(files.server), str(files.server_key)).context

    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    for authority, answer in (
        (files.ca, Answer(200)),
        (files.stranger_ca, Failure("tls", "unknown_authority")),
        (None, Failure("tls", "unknown_authority")),
    ):
        ca_file = None if authority is None else str(authority)
        async with receiving(server) as receiver, calling(receiver, lookup=lookup, ca_file=ca_file) as caller:
            assert await caller.post(f"https://localhost:{receiver.port}/") == answer


@pytest.mark.case("nodes-15")
async def test_authorities_are_read_again_when_their_file_has_changed(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    server = Identity(str(files.server), str(files.server_key)).context
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(files.stranger_ca.read_bytes())

    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async with receiving(server) as receiver, calling(receiver, lookup=lookup, ca_file=str(trusted)) as caller:
        url = f"https://localhost:{receiver.port}/"
        assert await caller.post(url) == Failure("tls", "unknown_authority")
        trusted.write_bytes(b"half of a file")
        assert await caller.post(url) == Failure("tls", "unknown_authority")
        trusted.write_bytes(files.ca.read_bytes() + b"\n")
        assert await caller.post(url) == Answer(200)


@pytest.mark.policy("P-24")
async def test_tls_below_1_2_is_not_spoken() -> None:
    context = verifying_context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.keylog_filename is None


async def test_tls_connections_are_kept_too(tmp_path: Path) -> None:
    server, client = certificates(tmp_path, "127.0.0.1")
    async with receiving(server) as receiver, calling(receiver, tls=client) as caller:
        for _ in range(5):
            assert await caller.post(f"https://127.0.0.1:{receiver.port}/") == Answer(200)
        assert receiver.connections == 1


@pytest.mark.case("security-2")
async def test_a_lookup_that_fails_in_a_way_of_its_own_fails_one_request() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        if host == "bad.example":
            raise UnicodeError
        return ["127.0.0.1"]

    contained = Containment()
    unwatch = contained.watch()
    async with receiving() as receiver, calling(receiver, lookup=lookup) as caller:
        assert await caller.post(f"http://bad.example:{receiver.port}/") == Failure("unexpected")
        assert await caller.post(f"http://good.example:{receiver.port}/") == Answer(200)
        assert contained.counts["delivery"] == sum(contained.counts.values()) == 1
    unwatch()


async def test_a_deadline_that_cannot_be_told_keeps_no_other_from_its_own() -> None:
    def fail(_result: Result) -> None:
        raise ZeroDivisionError

    contained = Containment()
    unwatch = contained.watch()
    async with receiving() as receiver, calling(receiver) as caller:
        receiver.answer = lambda _: Say(hold=True)
        caller.client.post(caller.url, b"", b"{}", fail)
        others = [caller.start() for _ in range(3)]
        await receiver.arrived(4)
        caller.expire(10)
        assert await asyncio.gather(*others) == [Failure("timeout")] * 3
        assert contained.counts["connection"] == 1
    unwatch()
