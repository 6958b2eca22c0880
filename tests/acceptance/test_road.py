"""The gateway as its users run it: a process, its HTTP API, its command line, an SMSC behind it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from gateway.tools.demo import ADMIN, console_url, lot, somebody
from gateway.tools.trial_site import Stage, staged
from tests.acceptance.client import Customer, customer_of, message, receiver, until_answered, until_endpoint_known
from tests.verbs import QuickStage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(
        QuickStage(tmp_path_factory.mktemp("road") / "stage", smsc=("--receipt-delay", "0.05"), more=ADMIN)
    ) as prepared:
        yield prepared


async def send_lot(customer: Customer, count: int) -> list[str]:
    return [
        await customer.send(each.text, to=each.number, reference=f"ref-{index}", **{"class": each.message_class})
        for index, each in enumerate(lot(count))
    ]


async def test_a_mixed_lot_is_delivered_and_each_message_says_so(stage: Stage) -> None:
    async with customer_of(stage) as customer:
        ids = await send_lot(customer, 24)
        records = await customer.reach_all(ids)
    assert {record["status"] for record in records} == {"delivered"}
    assert [record["reference"] for record in records] == [f"ref-{index}" for index in range(24)]
    assert {record["encoding"] for record in records} == {"gsm7", "ucs2"}
    assert max(record["segments"] for record in records) > 1
    assert all(record["to"].startswith("+966") and "•" in record["to"] for record in records)


async def test_the_sign_in_that_the_demonstration_prints_opens_its_console_once(stage: Stage) -> None:
    person = await asyncio.to_thread(somebody, stage)
    form = {"email": person.email, "password": person.password, "code": person.code}
    async with aiohttp.ClientSession() as browser:
        for status in (303, 401):
            async with browser.post(f"{console_url(stage)}sign-in", data=form, allow_redirects=False) as answer:
                assert answer.status == status


async def test_a_message_shows_only_to_its_owner(stage: Stage) -> None:
    other = stage.command("customer", "add", "--name", "Other", "--sender", "OTHER")["customer"]
    key = stage.command("key", "add", other)["key"]
    async with customer_of(stage) as owner, customer_of(stage, key) as stranger:
        identifier = await owner.send("For my eyes only", reference="mine")
        await until_answered(stranger, 200)
        assert (await owner.show(identifier))["reference"] == "mine"
        foreign = await stranger.ask("GET", f"/v1/messages/{identifier}")
        unknown = await stranger.ask("GET", f"/v1/messages/{'0' * 32}")
        cancelled = await stranger.ask("DELETE", f"/v1/messages/{identifier}")
        listed = await stranger.ask("GET", "/v1/messages")
    assert foreign[0] == cancelled[0] == 404
    assert foreign[:2] == unknown[:2]
    assert listed[1]["messages"] == []


async def test_a_webhook_tells_of_the_end_and_its_signature_holds(stage: Stage) -> None:
    async with receiver() as heard, customer_of(stage) as customer:
        secret = stage.command("webhook", "set", stage.customer, heard.url)["secret"]
        await until_endpoint_known(customer, heard)
        identifier = await customer.send("Tell me of it", reference="told")
        await customer.reach(identifier)
        await heard.until_told([identifier])
        body, headers = next(each for each in heard.heard if identifier.encode() in each[0])
        stage.command("webhook", "remove", stage.customer)
    event = Verifier(secret).verify(body, headers)
    assert event["type"] == "message.delivered"
    assert event["data"]["reference"] == "told"
    with pytest.raises(Exception, match="signature"):
        Verifier(secret).verify(body + b" ", headers)


async def test_an_endpoint_that_asks_for_batches_gets_every_event_once_in_fewer_requests(stage: Stage) -> None:
    async with receiver() as heard, customer_of(stage) as customer:
        secret = stage.command("webhook", "set", stage.customer, heard.url, "--batch", "100")["secret"]
        assert (await asyncio.to_thread(stage.command, "webhook", "test", stage.customer))["success"]
        await until_endpoint_known(customer, heard)
        ids = await customer.send_all([f"Batch {index}" for index in range(200)], reference="many")
        await heard.until_told(ids)
        stage.command("webhook", "remove", stage.customer)
    events = [Verifier(secret).verify(body, headers) for body, headers in heard.heard]
    assert {each["type"] for each in events} == {"batch"}
    assert all(len(heard.about(each)) == 1 for each in ids)
    assert {heard.about(each)[0]["id"] for each in ids} == {f"{each}.delivered" for each in ids}
    assert {heard.about(each)[0]["data"]["reference"] for each in ids} == {"many"}
    assert len(heard.heard) < 200


async def test_a_repeat_with_the_same_idempotency_key_is_the_same_message(stage: Stage) -> None:
    headers = {"Idempotency-Key": "order-77"}
    async with customer_of(stage) as customer:
        first = await customer.ask("POST", "/v1/messages", json=message("Once"), headers=headers)
        again = await customer.ask("POST", "/v1/messages", json=message("Once"), headers=headers)
        await customer.reach(first[1]["id"])
        later = await customer.ask("POST", "/v1/messages", json=message("Once"), headers=headers)
    assert first[0] == again[0] == later[0] == 202
    assert first[1]["id"] == again[1]["id"] == later[1]["id"]
    assert "Idempotent-Replayed" not in first[2]
    assert again[2]["Idempotent-Replayed"] == later[2]["Idempotent-Replayed"] == "true"


async def test_a_scheduled_message_waits_and_can_be_cancelled_once(stage: Stage) -> None:
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    async with customer_of(stage) as customer:
        identifier = await customer.send("Later", schedule_at=at)
        waiting = await customer.show(identifier)
        status, body, _ = await customer.ask("DELETE", f"/v1/messages/{identifier}")
        again = await customer.ask("DELETE", f"/v1/messages/{identifier}")
        done = await customer.send("Now")
        await customer.reach(done)
        too_late = await customer.ask("DELETE", f"/v1/messages/{done}")
        shown = await customer.show(identifier)
    assert waiting["status"] == "accepted"
    assert (status, body["status"]) == (200, "cancelled")
    assert shown["status"] == "cancelled"
    assert (again[0], again[1]["code"]) == (too_late[0], too_late[1]["code"]) == (409, "not_cancellable")


async def test_a_scheduled_message_leaves_when_its_time_comes(stage: Stage) -> None:
    at = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    async with customer_of(stage) as customer:
        identifier = await customer.send("Soon", schedule_at=at)
        waiting = await customer.show(identifier)
        record = await customer.reach(identifier)
    assert record["status"] == "delivered"
    assert datetime.fromisoformat(record["submitted_at"]) >= datetime.fromisoformat(waiting["scheduled_at"])


async def test_pages_of_a_list_hold_every_message_once_newest_first(stage: Stage) -> None:
    since = datetime.now(UTC).isoformat()
    async with customer_of(stage) as customer:
        sent = [await customer.send(f"Page {index}") for index in range(11)]
        listed: list[str] = []
        sizes: list[int] = []
        cursor = None
        while cursor is not None or not sizes:
            query = {"limit": "4", "since": since, **({"cursor": cursor} if cursor else {})}
            status, page, _ = await customer.ask("GET", "/v1/messages", params=query)
            assert status == 200, page
            listed += [each["id"] for each in page["messages"]]
            sizes.append(len(page["messages"]))
            cursor = page["cursor"]
        await customer.reach_all(sent)
    assert sorted(listed) == sorted(sent)
    assert [_milliseconds(each) for each in listed] == [_milliseconds(each) for each in reversed(sent)]
    assert sizes[:2] == [4, 4]


def _milliseconds(identifier: str) -> str:
    """An id's time; ids of one millisecond have no order among each other."""
    return identifier[:12]


async def test_a_revoked_key_is_refused_by_the_running_node(stage: Stage) -> None:
    key = stage.command("key", "add", stage.customer)["key"]
    prefix = stage.command("key", "list", stage.customer)[-1]["prefix"]  # type: ignore[index]
    async with customer_of(stage, key) as customer:
        await until_answered(customer, 200)
        stage.command("key", "revoke", prefix)
        answer = await until_answered(customer, 401, limit_s=3)
        refused = await customer.ask("POST", "/v1/messages", json=message("No more"))
    assert answer["code"] == refused[1]["code"] == "unauthenticated"


def test_check_names_file_line_and_the_nearest_key(stage: Stage, tmp_path: Path) -> None:
    text = (stage.folder / "gateway.toml").read_text().replace("window = ", "windwo = ")
    path = tmp_path / "mistyped.toml"
    path.write_text(text)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if each.startswith("windwo"))
    command = [sys.executable, "-m", "gateway", "check", "--config", str(path)]
    done = subprocess.run([*command, "--json"], capture_output=True, check=False)
    plain = subprocess.run(command, capture_output=True, check=False, text=True)
    problem = next(each for each in json.loads(done.stdout) if each["code"] == "unknown_key")
    assert done.returncode == plain.returncode == 1
    assert (Path(problem["file"]).name, problem["line"]) == ("mistyped.toml", line)
    assert '"window"' in problem["message"]
    assert f"mistyped.toml:{line}" in plain.stdout


async def test_sigterm_under_load_drains_with_code_0_and_the_next_start_finishes_everything(stage: Stage) -> None:
    ids: list[str] = []
    enough = asyncio.Event()
    async with customer_of(stage) as customer:

        async def send_until_refused(worker: int) -> None:
            for index in range(100_000):
                try:
                    status, body, _ = await customer.ask("POST", "/v1/messages", json=message(f"{worker}/{index}"))
                except aiohttp.ClientError:
                    return
                if status != 202:
                    assert (status, body["code"]) == (503, "stopping")
                    return
                ids.append(body["id"])
                if len(ids) == 300:
                    enough.set()

        workers = [asyncio.create_task(send_until_refused(number)) for number in range(8)]
        await enough.wait()
        code = await asyncio.to_thread(stage.stop_gateway)
        await asyncio.gather(*workers)
        await asyncio.to_thread(stage.start_gateway)
        records = await customer.reach_all(ids)
    assert code == 0
    assert len(ids) >= 300
    assert {record["status"] for record in records} == {"delivered"}


async def test_a_restart_keeps_messages_references_keys_and_schedules(stage: Stage) -> None:
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    headers = {"Idempotency-Key": "before-the-restart"}
    async with customer_of(stage) as customer:
        done = await customer.send("Done", reference="kept")
        later = await customer.send("Later", schedule_at=at)
        once = await customer.ask("POST", "/v1/messages", json=message("Once"), headers=headers)
        before = await customer.reach(done)
        await customer.reach(once[1]["id"])
        waiting = await customer.show(later)
        assert await asyncio.to_thread(stage.stop_gateway) == 0
        await asyncio.to_thread(stage.start_gateway)
        again = await customer.ask("POST", "/v1/messages", json=message("Once"), headers=headers)
        assert await customer.show(done) == before
        assert await customer.show(later) == waiting
        cancelled = await customer.ask("DELETE", f"/v1/messages/{later}")
    assert again[1]["id"] == once[1]["id"]
    assert cancelled[1]["status"] == "cancelled"
