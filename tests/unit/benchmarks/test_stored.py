"""What a full ledger is filled with, what is asked of it, and what answers are taken for."""

import random
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks import stored
from benchmarks.meter import Reading
from benchmarks.stored import Asked, Filled, ask_all, batches, fill, questions, window_of
from benchmarks.truth import Wrong
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.message import Message
from gateway.process.clock import SystemClock

NOW = 1_800_000_000_000
RECORDS = 5_000


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return [each for batch in batches(RECORDS, NOW, random.Random(1)) for each in batch]


def test_records_are_spread_evenly_over_the_days_up_to_now(messages: list[Message]) -> None:
    times = [each.accepted_ms for each in messages]
    assert len(times) == RECORDS
    assert times[0] == NOW - stored.DAYS * stored.DAY_MS
    gaps = {later - earlier for earlier, later in pairwise(times)}
    assert max(gaps) - min(gaps) <= 1
    assert NOW - times[-1] <= max(gaps)


def test_customers_are_a_long_tail(messages: list[Message]) -> None:
    held = Counter(each.customer for each in messages)
    assert len(held) == stored.CUSTOMERS
    (largest, most), *_ = held.most_common()
    assert largest == stored.LARGEST
    assert most > 20 * held[stored.SMALLEST] > 0


def test_only_the_newest_have_their_content_and_no_record_is_due_to_go(messages: list[Message]) -> None:
    for each in messages:
        assert (each.content is not None) == (each.accepted_ms > NOW - stored.DAY_MS)
        assert each.record_until_ms > NOW
        assert each.content is None or each.content_until_ms > NOW


async def test_a_ledger_is_filled_and_says_with_what(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    filled = await fill(
        SqliteLedger(tmp_path / "ledger.db", SystemClock()),
        RECORDS,
        lambda _, whole, done, __: seen.append((done, whole)),
    )
    assert seen == [(2_000, RECORDS), (4_000, RECORDS), (RECORDS, RECORDS)]
    assert filled.held.total() == RECORDS
    assert len(filled.ids) == filled.held[stored.LARGEST]
    ledger = SqliteLedger(tmp_path / "ledger.db", SystemClock())
    await ledger.open()
    try:
        page = await ledger.messages.list_messages(
            stored.SMALLEST, status=None, since_ms=None, cursor=None, limit=1_000
        )
        assert len(page.messages) == filled.held[stored.SMALLEST]
        assert await ledger.messages.find(stored.LARGEST, filled.ids[0]) is not None
    finally:
        await ledger.close()


def test_questions_expect_what_was_stored() -> None:
    ids = [bytes(15) + bytes((each,)) for each in range(9)]
    find, largest, smallest = questions(Filled(Counter({stored.LARGEST: 500, stored.SMALLEST: 12}), ids), "k", "s")
    assert (find.shows, largest.shows, smallest.shows) == (1, 100, 12)
    assert (find.key, largest.key, smallest.key) == ("k", "k", "s")
    assert {each.rpartition("/")[2] for each in find.paths} == {each.hex() for each in ids}
    assert len(find.paths) == stored.FINDS
    assert largest.paths == smallest.paths == ["/v1/messages?limit=100"] * stored.LISTS


def test_a_window_counts_the_waits_and_what_processes_used_in_all() -> None:
    before = Reading(10.0, {"gateway": 1.0, "Redis": 5.0}, 0)
    after = Reading(12.0, {"gateway": 1.5, "Redis": 5.1}, 0)
    window = window_of([0.1, 0.3, 0.1, 0.5], before, after, rss_mb=80.0)
    assert window.messages == 4
    assert window.per_s == pytest.approx(4.0)
    assert window.cpu_us == pytest.approx({"gateway": 125_000.0, "Redis": 25_000.0})
    assert window.busy == pytest.approx({"gateway": 0.25, "Redis": 0.05})
    assert (window.answer_ms.p50, window.answer_ms.max, window.pause_ms) == (100.0, 500.0, 500.0)


Answering = Callable[[bytes], socket.socket]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """A connection to somebody who says these octets to whatever is asked first, a few at a time, and hangs up."""
    ours, theirs = socket.socketpair()
    threads: list[threading.Thread] = []

    def begin(answer: bytes) -> socket.socket:
        def say() -> None:
            with theirs:
                theirs.recv(1 << 16)
                for at in range(0, len(answer), 50):
                    theirs.sendall(answer[at : at + 50])

        threads.append(threading.Thread(target=say))
        threads[-1].start()
        return ours

    with ours:
        yield begin
    for each in threads:
        each.join()


LIST = b'{"messages":[{"id":"aa","status":"delivered"},{"id":"bb","status":"delivered"}],"cursor":null}'


def head(status: bytes, size: int) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, size)


def test_an_answer_is_read_whole_and_timed(answering: Answering) -> None:
    took_s, octets = ask_all(answering(head(b"200 OK", len(LIST)) + LIST), Asked("a list", "key", ["/v1/messages"], 2))
    assert octets == len(LIST)
    assert len(took_s) == 1
    assert took_s[0] > 0


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (head(b"404 Not Found", 2) + b"{}", "404 not found"),
        (head(b"200 OK", len(LIST)) + LIST, "shows 2 messages instead of 3"),
        (head(b"200 OK", len(LIST) + 1) + LIST, "before its answer was whole"),
        (b"", "before its answer was whole"),
    ],
)
def test_an_answer_that_does_not_show_what_is_stored_ends_the_run(
    answering: Answering, answer: bytes, complaint: str
) -> None:
    with pytest.raises(Wrong, match=complaint):
        ask_all(answering(answer), Asked("a list", "key", ["/v1/messages"], 3))
