"""What an endpoint asks for, and what a customer changes: Retry-After, another URL after 410, another secret."""

from email.utils import formatdate
from pathlib import Path

import pytest

from gateway.webhooks.pauses import RETRY_AFTER_CAP_S, Pauses
from redaction.sealed import Sealed
from tests.integration.test_webhook_verbs import URL, Verb
from tests.integration.test_webhook_verbs import verb as verb
from tests.integration.test_webhooks import listen
from tests.unit.gateway.webhooks.events import NOW_MS
from tests.unit.gateway.webhooks.receiver import Say, receiving
from tests.unit.gateway.webhooks.stage import messages, staged, until, until_all_told

pytestmark = pytest.mark.case("interfaces-12")
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        (b"90", 90),
        (b" 90 ", 90),
        (b"0", 5),
        (b"1", 5),
        (b"86400", RETRY_AFTER_CAP_S),
        (b"9" * 60, RETRY_AFTER_CAP_S),
        (formatdate(NOW_MS / 1000 + 120, usegmt=True).encode(), 120),
        (formatdate(NOW_MS / 1000 - 120, usegmt=True).encode(), 5),
        (b"", None),
        (b"soon", None),
        (b"-5", None),
        (b"\xff", None),
    ],
)
def test_a_retry_after_is_a_number_or_a_date_within_bounds(said: bytes, wait_s: float | None) -> None:
    asked_ms = Pauses((5.0, 30.0), lambda: 0.0).asked_ms(NOW_MS, said, 1.0)
    assert asked_ms == (None if wait_s is None else NOW_MS + wait_s * 1000)


@pytest.mark.parametrize(("status", "counts"), [(429, True), (503, True), (500, False)])
async def test_an_endpoint_that_says_when_is_asked_then(tmp_path: Path, status: int, counts: bool) -> None:
    busy = b"HTTP/1.1 %d Busy\r\nRetry-After: 90\r\nContent-Length: 0\r\n\r\n" % status
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        receiver.answer = lambda _: Say(busy)
        await stage.store(*messages(1))
        stage.deliverer.poke()
        await receiver.arrived(1)
        await until(lambda: not stage.deliverer.held.inflight)
        (waiting,) = await stage.waiting()
        wait_ms = waiting.next_ms - stage.clock.now_ms()
        assert (wait_ms >= 90_000) is counts
        receiver.answer = lambda _: Say()
        stage.later(100)
        await until_all_told(stage)


async def test_fresh_events_wait_as_well_until_the_endpoint_wants_them(tmp_path: Path) -> None:
    busy = b"HTTP/1.1 429 Busy\r\nRetry-After: 90\r\nContent-Length: 0\r\n\r\n"
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        receiver.answer = lambda _: Say(busy)
        await stage.store(*messages(1))
        stage.deliverer.poke()
        await receiver.arrived(1)
        await until(lambda: not stage.deliverer.held.inflight)
        stage.deliverer.offer(await stage.store(*messages(3)[1:]))
        await stage.waiting()
        assert len(receiver.requests) == 1
        receiver.answer = lambda _: Say()
        stage.later(100)
        await until_all_told(stage)


@pytest.mark.parametrize("gone", [True, False])
async def test_what_waited_is_due_at_once_when_an_endpoint_is_set_anew(tmp_path: Path, gone: bool) -> None:
    answer = Say(b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % (b"410 Gone" if gone else b"500 Oops"))
    async with receiving() as receiver, staged(tmp_path, retry_schedule_s=(43_200.0,)) as stage:
        listen(stage, receiver)
        await stage.save_endpoint()
        receiver.answer = lambda _: answer
        await stage.store(*messages(5))
        stage.deliverer.poke()
        await receiver.arrived(1)
        await until(lambda: not stage.deliverer.held.inflight)
        assert min(each.next_ms for each in await stage.waiting()) > stage.clock.now_ms()
        receiver.answer = lambda _: Say()
        await stage.ledger.accounts.delete_endpoint(1)
        await stage.save_endpoint(url=Sealed(b"another"))
        stage.deliverer.poke()
        await until_all_told(stage)


def test_a_new_secret_and_the_old_one_sign_for_a_day(verb: Verb) -> None:
    verb("webhook", "set", "1", URL)
    changed = verb("webhook", "set", "1", URL, "--new-secret")
    assert changed["former_secret_until"] > "2026"
    kept = verb("webhook", "set", "1", URL + "/moved")
    assert kept["former_secret_until"] == changed["former_secret_until"]
