"""What a run with kills complains of."""

from benchmarks.kills import CONNECTIONS, WINDOW, lost, repeated, unforced

ANSWERED = {"a": 0, "b": 1}
DELIVERED = {"a": "delivered", "b": "delivered", "in doubt": "accepted"}


def test_a_run_in_which_everything_is_there_has_no_complaint() -> None:
    assert [*lost(ANSWERED, DELIVERED, {0, 1}), *repeated(WINDOW, 1), *unforced(None, 9)] == []
    assert [*unforced(2, 2 * CONNECTIONS)] == []


def test_what_is_gone_open_or_never_left_is_counted() -> None:
    assert [*lost(ANSWERED, {"a": "delivered"}, {0, 1})] == [
        "1 messages that were acknowledged are not there after a kill"
    ]
    assert [*lost(ANSWERED, DELIVERED | {"b": "accepted"}, {0})] == [
        "1 messages that were acknowledged are not delivered after a kill",
        "1 messages that were acknowledged never reached the operator",
    ]


def test_repeats_beyond_a_window_a_kill_and_answers_before_the_disk_are_complaints() -> None:
    assert [*repeated(2 * WINDOW + 1, 2)] == [
        f"{2 * WINDOW + 1} messages reached the operator again, where 2 windows are the most"
    ]
    assert [*unforced(1, 2 * CONNECTIONS)] == [
        "what was answered was forced to disk 1 times, where 2 commits are the least"
    ]
