"""The HTTP API over real sockets, with small real parts behind it."""

import asyncio
import json
import re
from typing import Any

import pytest
from structlog.testing import capture_logs

from config.settings import HttpSettings
from gateway.accounts.settings import DEFAULT_SCOPES, LATER_SCOPES, SCOPES
from gateway.html.policy import POLICY
from gateway.model.message import Status
from gateway.model.refusals import KINDS
from tests.bounds import LIMIT_S
from tests.unit.gateway import stage as stages
from tests.unit.gateway.stage import (
    BODY,
    TOKEN,
    a_message,
    api_key,
    customer,
    loopback,
    read_answer,
    running_api,
    until,
)

NAMES = ("limit", "remaining", "reset")
SECRET_HEADERS = ("cache-control", "x-content-type-options", "content-security-policy", "referrer-policy", "date")


@pytest.fixture(autouse=True, params=stages.LANES)
def _over_each_lane(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request gets the same answer over either lane."""
    monkeypatch.setattr(stages, "lane", request.param)


async def test_a_message_is_accepted_and_shown() -> None:
    async with running_api() as stage:
        answer = await stage.post()
        assert answer.status == 202
        assert answer.headers["content-type"] == "application/json"
        told = answer.json()
        assert told["to"] == "+966•••••••78"
        shown = await stage.get(f"/v1/messages/{told['id']}")
        assert shown.status == 200
        assert shown.json()["id"] == told["id"]
        assert shown.json()["privacy"]["content_destroyed"] is False


@pytest.mark.case("privacy-12")
@pytest.mark.policy("P-26")
@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"Authorization": "Bearer cgw_canary_966"}, "token"),
        ({"Authorization": "Bearer " + "canary" * 50}, "token"),
        ({"Authorization": "Basic Y2FuYXJ5OjEyMw=="}, "scheme"),
        ({"Authorization": "canary"}, "scheme"),
        ({"Authorization": ""}, "none"),
    ],
)
async def test_a_request_that_no_key_lets_in_is_counted_and_said(header: dict[str, str], reason: str) -> None:
    async with running_api() as stage:
        with capture_logs() as lines:
            for _ in range(3):
                assert (await stage.post(token=None, headers=list(header.items()))).status == 401
        (line,) = [each for each in lines if each["event"] == "key_refused"]
        assert (line["reason"], line["address"], line["account"], line["count"]) == (reason, "127.0.0.0/24", "", 1)
        assert stage.api.gatekeeper.refused[reason] == 3
        assert "canary" not in str(lines)


@pytest.mark.case("privacy-12")
@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ({"scopes": ("status",)}, "scope_missing"),
        ({"expires_ms": 1}, "key_expired"),
    ],
)
async def test_a_key_that_may_not_do_this_is_named_by_what_is_public(key: dict[str, Any], reason: str) -> None:
    async with running_api(keys=[api_key(**key)]) as stage:
        with capture_logs() as lines:
            assert (await stage.post()).status in {401, 403}
        (line,) = [each for each in lines if each["event"] == "key_refused"]
        assert line["reason"] == reason
        assert line["account"]
        assert line["customer"] == "cus_1"
        assert TOKEN not in str(lines)


async def test_nothing_is_answered_before_the_commit() -> None:
    async with running_api(committing=False) as stage:
        asked = asyncio.create_task(stage.post())
        await until(lambda: stage.journal.depth)
        assert not asked.done()
        committer = asyncio.create_task(stage.journal.run())
        assert (await asked).status == 202
        assert len(stage.ledger.messages) == 1
        committer.cancel()


async def test_every_answer_carries_the_security_headers_and_no_server() -> None:
    async with running_api() as stage:
        answers = [
            await stage.post(),
            await stage.post(token=None),
            await stage.get("/nothing"),
            await stage.get("/docs"),
            await stage.send_bytes(b"NONSENSE\r\n\r\n"),
        ]
        for answer in answers:
            assert all(name in answer.headers for name in SECRET_HEADERS)
            assert "server" not in answer.headers


async def test_a_connection_serves_request_after_request() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        body = json.dumps(BODY).encode()
        head = f"POST /v1/messages HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write((head.encode() + body) * 5)
        ids = {(await read_answer(reader)).json()["id"] for _ in range(5)}
        assert len(ids) == 5
        writer.close()


async def test_an_http_1_0_client_is_answered_and_closed() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert (await read_answer(reader)).headers["connection"] == "close"
        assert await reader.read() == b""
        writer.close()


async def test_an_http_1_0_client_may_ask_to_stay() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        for _ in range(2):
            writer.write(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert (await read_answer(reader)).headers["connection"] == "keep-alive"
        writer.close()


async def test_head_is_get_without_a_body() -> None:
    async with running_api() as stage:
        answer = await stage.send_bytes(b"HEAD /healthz HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n")
        assert answer.status == 200
        assert answer.headers["content-length"] == "15"


async def test_options_tells_what_is_allowed() -> None:
    async with running_api() as stage:
        answer = await stage.ask("OPTIONS", "/v1/messages", token=None)
        assert (answer.status, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "DELETE"])
async def test_another_method_is_not_allowed(method: str) -> None:
    async with running_api() as stage:
        answer = await stage.ask(method, "/v1/messages")
        assert answer.code == "method_not_allowed"
        assert "POST" in answer.headers["allow"]


async def test_an_absolute_target_is_understood() -> None:
    async with running_api() as stage:
        answer = await stage.get("http://gateway.example/healthz")
        assert answer.status == 200


# ------------------------------------------------------------------------------------------------------ who is asking


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic abc", f"Bearer {TOKEN}x", "Bearer " + "x" * 500, "Bearer \xff"]
)
async def test_no_valid_key_no_answer(authorization: str) -> None:
    async with running_api() as stage:
        answer = await stage.post(token=None, headers=[("Authorization", authorization)])
        assert answer.code == "unauthenticated"
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.policy("P-25")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expires_ms": 1_800_000_000_000}, "key_expired"),
        ({"scopes": ("status",)}, "scope_missing"),
        ({"allowed_networks": ("10.0.0.0/8",)}, "address_not_allowed"),
        ({"revoked_ms": 1}, "unauthenticated"),
    ],
)
async def test_a_key_may_do_only_what_it_was_given(changes: dict[str, Any], code: str) -> None:
    async with running_api(keys=[api_key(**changes)]) as stage:
        assert (await stage.post()).code == code


@pytest.mark.policy("P-25")
@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/messages", "send"),
        ("POST", "/v1/messages/batch", "send"),
        ("DELETE", "/v1/messages/" + "0" * 32, "send"),
        ("GET", "/v1/messages", "status"),
        ("GET", "/v1/messages/" + "0" * 32, "status"),
        ("GET", "/v1/operators", "operators"),
    ],
)
async def test_every_endpoint_asks_for_its_scope(method: str, path: str, scope: str) -> None:
    others = tuple({*SCOPES, *LATER_SCOPES} - {scope})
    async with running_api(keys=[api_key(scopes=others), api_key(token="t" * 20, scopes=(scope,))]) as stage:
        body = BODY if method == "POST" else None
        assert (await stage.ask(method, path, body)).code == "scope_missing"
        assert (await stage.ask(method, path, body, token=None)).code == "unauthenticated"
        assert (await stage.ask(method, path, body, token="t" * 20)).status not in (401, 403)


@pytest.mark.case("interfaces-16")
async def test_a_customers_usual_key_does_not_see_the_operators() -> None:
    async with running_api(keys=[api_key(scopes=DEFAULT_SCOPES)]) as stage:
        assert (await stage.get("/v1/operators")).code == "scope_missing"
        assert (await stage.get("/v1/messages")).status == 200


async def test_a_disabled_customer_is_told_so() -> None:
    async with running_api(customers=[customer(disabled_ms=1)]) as stage:
        assert (await stage.post()).code == "customer_disabled"


async def test_a_key_is_held_to_its_networks() -> None:
    async with running_api(keys=[api_key(allowed_networks=("127.0.0.0/8", "fd00::/8"))]) as stage:
        assert (await stage.post()).status == 202


@pytest.mark.parametrize(
    ("trusted", "forwarded", "status"),
    [
        (("127.0.0.1",), "203.0.113.9, 10.1.1.1", 202),
        (("127.0.0.1",), "10.1.1.1, 203.0.113.9", 403),
        (("127.0.0.1",), "nonsense", 403),
        (("127.0.0.1",), "::ffff:10.1.1.1", 202),
        ((), "10.1.1.1", 403),
        (("192.0.2.0/24",), "10.1.1.1", 403),
    ],
)
async def test_a_forwarded_address_counts_only_from_a_trusted_proxy(
    trusted: tuple[str, ...], forwarded: str, status: int
) -> None:
    settings = loopback(trusted_proxies=trusted)
    async with running_api(keys=[api_key(allowed_networks=("10.0.0.0/8",))], settings=settings) as stage:
        answer = await stage.post(headers=[("X-Forwarded-For", forwarded)])
        assert answer.status == status


async def test_a_revoked_key_is_refused_once_the_directory_heard_of_it() -> None:
    async with running_api() as stage:
        assert (await stage.post()).status == 202
        await stage.ledger.save_key(api_key(id=1, revoked_ms=1))
        await stage.directory.refresh()
        assert (await stage.post()).code == "unauthenticated"


# ---------------------------------------------------------------------------------------------------------- how much


@pytest.mark.case("security-5")
@pytest.mark.parametrize("body", [b'{"messages":[%s1]}' % (b"1," * 500_000), b"{", b'{"messages":[]}'])
async def test_a_batch_that_is_refused_costs_throughput(body: bytes) -> None:
    async with running_api(keys=[api_key(throughput_per_s=0.5, burst=2)]) as stage:
        answers = [await stage.ask("POST", "/v1/messages/batch", raw=body) for _ in range(3)]
        assert [each.status for each in answers][::2] == [400, 429]


async def test_throughput_used_up_is_told_with_a_time() -> None:
    async with running_api(keys=[api_key(throughput_per_s=0.5)]) as stage:
        assert (await stage.post()).status == 202
        answer = await stage.post(raw=b"this is not even looked at")
        assert (answer.code, answer.headers["retry-after"]) == ("throughput_exceeded", "2")


async def test_what_is_left_of_the_throughput_is_told() -> None:
    async with running_api(keys=[api_key(throughput_per_s=2.0, burst=5)]) as stage:
        first, second = await stage.post(), await stage.post()
        limits = [tuple(each.headers[f"ratelimit-{name}"] for name in NAMES) for each in (first, second)]
        assert limits == [("5", "4", "1"), ("5", "3", "1")]
        body = {"messages": [BODY] * 3}
        assert (await stage.ask("POST", "/v1/messages/batch", body)).headers["ratelimit-remaining"] == "0"
        refused = await stage.post()
        assert (refused.headers["ratelimit-remaining"], refused.headers["ratelimit-reset"]) == ("0", "1")


async def test_without_a_limit_nothing_is_told_of_one() -> None:
    async with running_api() as stage:
        assert not [name for name in (await stage.post()).headers if name.startswith("ratelimit")]


async def test_a_refused_message_burns_no_quota() -> None:
    async with running_api(keys=[api_key(daily_quota=1)]) as stage:
        assert (await stage.post({})).code == "missing_field"
        assert (await stage.post()).status == 202
        answer = await stage.post()
        assert answer.code == "quota_exceeded"
        assert int(answer.headers["retry-after"]) == 13 * 3600  # to midnight where the customer is


async def test_more_than_the_node_can_hold_is_refused() -> None:
    async with running_api(max_inflight=1, committing=False) as stage:
        first = asyncio.create_task(stage.post())
        await until(lambda: stage.journal.depth)
        answer = await stage.post()
        assert (answer.code, answer.headers["retry-after"]) == ("overloaded", "1")
        committer = asyncio.create_task(stage.journal.run())
        assert (await first).status == 202
        assert (await stage.post()).status == 202
        committer.cancel()


async def test_a_ledger_that_cannot_commit_takes_nothing() -> None:
    async with running_api() as stage:
        stage.ledger.broken = True
        answer = await stage.post()
        assert (answer.code, answer.headers["retry-after"]) == ("ledger_unavailable", "1")
        assert (await stage.get("/v1/messages")).code == "ledger_unavailable"
        assert stage.ledger.messages == {}
        assert stage.admission.inflight == 0
        assert stage.reported == []


async def test_a_connection_too_many_is_turned_away() -> None:
    async with running_api(settings=loopback(max_connections=1)) as stage:
        _, writer = await stage.connect()
        await until(lambda: stage.api.listener.connections)
        reader, second = await stage.connect()
        assert (await read_answer(reader)).code == "overloaded"
        assert await reader.read() == b""
        second.close()
        writer.close()


@pytest.mark.case("faults-11")
@pytest.mark.parametrize("size", [0, 60_000])
async def test_a_client_too_many_reads_503_and_no_reset_whatever_it_sent(size: int) -> None:
    async with running_api(settings=loopback(max_connections=1)) as stage:
        _, writer = await stage.connect()
        await until(lambda: stage.api.listener.connections)
        for _ in range(20):
            reader, second = await stage.connect()
            second.write(b"POST /v1/messages HTTP/1.1\r\nHost: g\r\nContent-Length: 60000\r\n\r\n" + b" " * size)
            assert (await read_answer(reader)).code == "overloaded"
            assert await reader.read() == b""
            second.close()
        writer.close()


@pytest.mark.case("texts-14")
@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n"])
async def test_how_long_a_connection_may_idle_is_a_setting(begun: bytes) -> None:
    """On both lanes: one that has asked for nothing, and one that was answered."""
    async with running_api(settings=HttpSettings(port=0, idle_s=0.2)) as stage:
        reader, writer = await stage.connect()
        if begun:
            writer.write(begun)
            assert (await read_answer(reader)).status == 200
        async with asyncio.timeout(LIMIT_S):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.case("security-11")
async def test_idle_connections_end_for_newcomers() -> None:
    async with running_api(settings=loopback(max_connections=20)) as stage:
        held = [await stage.connect() for _ in range(30)]
        async with asyncio.timeout(LIMIT_S):
            while (await stage.get("/healthz")).status != 200:  # who has just come is not idle yet
                await asyncio.sleep(0.05)
        assert stage.api.listener.seats.displaced
        for _, writer in held:
            writer.close()


# ------------------------------------------------------------------------------------------------------- idempotency


async def test_a_repeated_request_is_answered_with_the_first_message() -> None:
    async with running_api() as stage:
        headers = [("Idempotency-Key", "order 7")]
        first = await stage.post(headers=headers)
        again = await stage.post(headers=headers)
        assert (first.status, again.status) == (202, 202)
        assert again.json() == first.json()
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers
        assert len(stage.ledger.messages) == 1


async def test_a_repetition_of_what_was_erased_since_looks_unknown() -> None:
    async with running_api() as stage:
        await stage.post(headers=[("Idempotency-Key", "k")])
        stage.ledger.messages.clear()
        assert (await stage.post(headers=[("Idempotency-Key", "k")])).code == "not_found"


@pytest.mark.parametrize("values", [[""], ["x" * 256], ["é"], ["a\tb"], ["a", "b"]])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/batch"])
async def test_a_malformed_idempotency_key_is_refused(values: list[str], path: str) -> None:
    async with running_api() as stage:
        answer = await stage.ask("POST", path, BODY, headers=[("Idempotency-Key", value) for value in values])
        assert answer.code == "invalid_idempotency_key"


# ------------------------------------------------------------------------------------------------------------- batch


async def test_a_batch_is_answered_item_by_item_in_order() -> None:
    async with running_api() as stage:
        messages = [BODY, {**BODY, "to": "none"}, 7, {**BODY, "to": "+966500000011"}, {**BODY, "flash": 1}]
        answer = await stage.ask("POST", "/v1/messages/batch", {"messages": messages})
        assert answer.status == 202
        told = answer.json()
        assert (told["accepted"], told["refused"]) == (2, 3)
        assert [item["error"]["code"] if "error" in item else item["message"]["to"][-2:] for item in told["items"]] == [
            "78",
            "invalid_number",
            "not_an_object",
            "11",
            "wrong_type",
        ]
        fields = [item["error"]["field"] for item in told["items"] if "error" in item]
        assert fields == ["messages[1].to", "messages[2]", "messages[4].flash"]


async def test_an_idempotency_key_covers_a_batch_item_by_item() -> None:
    async with running_api() as stage:
        batch = {"messages": [BODY] * 40}
        first = await stage.ask("POST", "/v1/messages/batch", batch, headers=[("Idempotency-Key", "b")])
        again = await stage.ask("POST", "/v1/messages/batch", batch, headers=[("Idempotency-Key", "b")])
        firsts = [each["message"] for each in first.json()["items"]]
        assert [each["message"] for each in again.json()["items"]] == firsts
        assert len(stage.ledger.messages) == 40


async def test_a_batch_counts_only_what_was_taken() -> None:
    async with running_api(keys=[api_key(daily_quota=3)]) as stage:
        batch = {"messages": [BODY, {}, BODY]}
        assert (await stage.ask("POST", "/v1/messages/batch", batch)).json()["accepted"] == 2
        assert (await stage.ask("POST", "/v1/messages/batch", batch)).code == "quota_exceeded"
        assert (await stage.post()).status == 202
        assert (await stage.post()).code == "quota_exceeded"


@pytest.mark.parametrize(("count", "code"), [(0, "batch_empty"), (1001, "batch_too_long")])
async def test_a_batch_has_bounds(count: int, code: str) -> None:
    async with running_api() as stage:
        assert (await stage.ask("POST", "/v1/messages/batch", {"messages": [1] * count})).code == code


async def test_an_item_larger_than_a_message_may_be_is_refused_alone() -> None:
    async with running_api(settings=loopback(max_body_bytes=1024)) as stage:
        batch = {"messages": [BODY, {**BODY, "text": "x" * 1024}]}
        told = (await stage.ask("POST", "/v1/messages/batch", batch)).json()
        assert told["items"][1]["error"]["code"] == "body_too_large"
        assert told["accepted"] == 1


async def test_a_batch_meets_a_ledger_that_cannot_commit() -> None:
    async with running_api() as stage:
        stage.ledger.broken = True
        told = (await stage.ask("POST", "/v1/messages/batch", {"messages": [BODY]})).json()
        assert told["items"][0]["error"]["code"] == "ledger_unavailable"


# ------------------------------------------------------------------------------------------------- look up and cancel


@pytest.mark.parametrize(
    "identifier", ["0" * 32, "0" * 31, "0" * 33, "A" * 32, "x", "%00", "%D9%A0" * 32, "..", "batch%2f"]
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_unknown_and_malformed_ids_look_the_same(identifier: str, method: str) -> None:
    async with running_api() as stage:
        answer = await stage.ask(method, f"/v1/messages/{identifier}")
        assert answer.code == "not_found"
        assert answer.json()["title"] == KINDS["not_found"].title


async def test_somebody_elses_message_is_not_found() -> None:
    async with running_api() as stage:
        stage.ledger.messages[bytes(16)] = a_message(id=bytes(16), customer=2)
        assert (await stage.get(f"/v1/messages/{bytes(16).hex()}")).code == "not_found"
        assert (await stage.ask("DELETE", f"/v1/messages/{bytes(16).hex()}")).code == "not_found"


async def test_a_waiting_message_is_cancelled_once() -> None:
    async with running_api() as stage:
        path = f"/v1/messages/{(await stage.post()).json()['id']}"
        answer = await stage.ask("DELETE", path)
        assert (answer.status, answer.json()["status"]) == (200, "cancelled")
        assert (await stage.ask("DELETE", path)).code == "not_cancellable"


async def test_a_list_is_paged_by_cursor_newest_first() -> None:
    async with running_api() as stage:
        sent = [(await stage.post()).json()["id"] for _ in range(5)]
        seen: list[str] = []
        path = "/v1/messages?limit=2"
        while path:
            page = (await stage.get(path)).json()
            seen += [each["id"] for each in page["messages"]]
            path = page["cursor"] and f"/v1/messages?limit=2&cursor={page['cursor']}"
        assert seen == sent[::-1]


async def test_a_list_is_narrowed_by_status_and_time() -> None:
    async with running_api() as stage:
        old = a_message(id=b"a" * 16, accepted_ms=1_000, status=Status.DELIVERED)
        stage.ledger.messages[old.id] = old
        await stage.post()
        delivered = (await stage.get("/v1/messages?status=delivered")).json()["messages"]
        recent = (await stage.get("/v1/messages?since=2027-01-15T10:00:00%2B03:00")).json()["messages"]
        assert [each["status"] for each in delivered] == ["delivered"]
        assert [each["status"] for each in recent] == ["accepted"]


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("status=gone", "invalid_parameter", "status"),
        ("status=", "invalid_parameter", "status"),
        ("since=yesterday", "invalid_parameter", "since"),
        ("since=2027-01-15T10:00:00", "invalid_parameter", "since"),
        ("limit=0", "invalid_parameter", "limit"),
        ("limit=201", "invalid_parameter", "limit"),
        ("limit=-1", "invalid_parameter", "limit"),
        ("limit=%D9%A3", "invalid_parameter", "limit"),
        ("limit=1&limit=2", "invalid_parameter", "limit"),
        ("cursor=x", "invalid_parameter", "cursor"),
        ("cursor=" + "*" * 22, "invalid_parameter", "cursor"),
        ("cursor=" + "A" * 21 + "B", "invalid_parameter", "cursor"),
        ("to=966500000078", "unknown_parameter", None),
        ("until=x", "invalid_parameter", "until"),
        ("class=gone", "invalid_parameter", "class"),
        ("direction=up", "invalid_parameter", "direction"),
        ("reference=", "invalid_parameter", "reference"),
        ("recipient=966500000078", "unsupported", "recipient"),
    ],
)
async def test_a_query_that_is_not_understood_is_refused(query: str, code: str, field: str | None) -> None:
    async with running_api() as stage:
        answer = await stage.get(f"/v1/messages?{query}")
        assert answer.code == code
        assert answer.json().get("field") == field
        assert b"966500000078" not in answer.body


async def test_operators_are_listed() -> None:
    async with running_api() as stage:
        told = (await stage.get("/v1/operators")).json()
        loop = {"name": "loop", "state": "up", "country": "SA", "binds_up": 1, "binds": 1, "circuit": "closed"}
        assert told == {"operators": [{**loop, "down": []}]}


# ------------------------------------------------------------------------------------------------------------- pages


async def test_readiness_follows_its_checks() -> None:
    async with running_api() as stage:
        assert (await stage.get("/readyz", token=None)).status == 200
        stage.checks["ledger"] = False
        answer = await stage.get("/readyz", token=None)
        assert answer.status == 503
        assert answer.json() == {"ready": False, "checks": {"ledger": False, "keys": True, "not_stopping": True}}
        assert (await stage.get("/healthz", token=None)).status == 200


async def test_the_docs_page_brings_nothing_from_elsewhere_and_nothing_inline() -> None:
    async with running_api() as stage:
        answer = await stage.get("/docs", token=None)
        page = answer.body.decode()
        loaded = re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', page)
        assert loaded
        assert all(each.startswith("/assets/") for each in loaded)
        assert "<style" not in page
        assert not re.search(r"<script(?![^>]*src=)", page)
        assert answer.headers["content-security-policy"] == POLICY
        for each in loaded:
            asset = await stage.get(each, token=None)
            assert (asset.status, asset.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        assert (await stage.get("/assets/none.js", token=None)).status == 404


@pytest.mark.parametrize("code", list(KINDS))
async def test_every_code_is_explained(code: str) -> None:
    async with running_api() as stage:
        answer = await stage.get(f"/problems/{code}", token=None)
        assert KINDS[code].title in answer.body.decode()


async def test_an_unknown_code_is_not_found() -> None:
    async with running_api() as stage:
        assert (await stage.get("/problems/none", token=None)).code == "not_found"


# ---------------------------------------------------------------------------------------------------------- failures


async def test_a_fault_of_ours_tells_its_type_to_the_log_and_nothing_to_the_client() -> None:
    async with running_api() as stage:
        stage.ledger.messages[bytes(16)] = a_message(id=bytes(16), disclosure=-1)
        answer = await stage.get(f"/v1/messages/{bytes(16).hex()}")
        assert answer.code == "internal"
        assert stage.reported == ["ValueError"]


async def test_every_answer_says_which_request_it_is_to() -> None:
    async with running_api() as stage:
        answers = [await stage.post(), await stage.post({}), await stage.get("/healthz"), await stage.get("/nowhere")]
        answers.append(await stage.send_bytes(b"no request\r\n\r\n"))
        assert all(len(each.headers["x-request-id"]) == 24 for each in answers)
        given = "018f6f5e-0000-7000-8000-000000000000"
        assert (await stage.post(headers=[("X-Request-Id", given)])).headers["x-request-id"] == given
        assert (await stage.post()).headers["x-request-id"] != given
        assert (await stage.post({}, headers=[("X-Request-Id", given)])).headers["x-request-id"] == given
        assert (await stage.post(headers=[("X-Request-Id", "+966500000078")])).headers[
            "x-request-id"
        ] != "+966500000078"


@pytest.mark.policy("P-26")
async def test_a_request_that_failed_here_is_named_in_the_log() -> None:
    async with running_api() as stage:
        stage.ledger.messages[bytes(16)] = a_message(id=bytes(16), disclosure=-1)
        with capture_logs() as lines:
            answer = await stage.get(f"/v1/messages/{bytes(16).hex()}")
        (line,) = [each for each in lines if each["event"] == "request_failed"]
        assert line["request"] == answer.headers["x-request-id"]


async def test_answers_are_counted_by_route_and_status() -> None:
    async with running_api() as stage:
        await stage.post()
        await stage.get("/v1/messages/" + "0" * 32)
        await stage.get("/+966500000078")
        assert (await stage.send_bytes(b"+966500000078 / HTTP/1.1\r\n\r\n")).status == 400
        assert stage.api.traffic.counts == {
            ("/v1/messages", 202): 1,
            ("/v1/messages/{id}", 404): 1,
            ("none", 404): 1,
            ("none", 400): 1,
        }
