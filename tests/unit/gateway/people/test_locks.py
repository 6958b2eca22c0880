from gateway.people.locks import ACCOUNT, ADDRESS, FORGOTTEN_MS, OPEN, Limits, Lock, counted, excused

NOW_MS = 1_800_000_000_000


def after(attempts: int, limits: Limits, now_ms: int = NOW_MS) -> Lock:
    """The lock after so many failures, each made as soon as it was admitted."""
    lock = OPEN
    for _ in range(attempts):
        now_ms = max(now_ms, lock.until_ms)
        made = counted(lock, limits, now_ms)
        assert made is not None
        lock = made
    return lock


def test_a_few_failures_cost_no_wait() -> None:
    assert after(ACCOUNT.free - 1, ACCOUNT).until_ms <= NOW_MS
    assert after(ADDRESS.free - 1, ADDRESS).until_ms <= NOW_MS


def test_the_wait_doubles_up_to_its_longest() -> None:
    locks = [after(each, ACCOUNT) for each in range(ACCOUNT.free, ACCOUNT.free + 40)]
    waits = [lock.until_ms - lock.at_ms for lock in locks]
    assert waits[:4] == [1_000, 2_000, 4_000, 8_000]
    assert waits == sorted(waits)
    assert waits[-1] == ACCOUNT.longest_ms


def test_nobody_is_admitted_while_he_waits() -> None:
    lock = after(ACCOUNT.free + 3, ACCOUNT)
    assert counted(lock, ACCOUNT, lock.until_ms - 1) is None
    assert counted(lock, ACCOUNT, lock.until_ms) is not None


def test_a_day_without_failures_is_a_new_beginning() -> None:
    lock = after(ACCOUNT.free + 8, ACCOUNT)
    assert counted(lock, ACCOUNT, lock.at_ms + FORGOTTEN_MS) == Lock(
        1, lock.at_ms + FORGOTTEN_MS, lock.at_ms + FORGOTTEN_MS
    )


def test_who_succeeds_is_not_counted_and_excuses_nobody_else() -> None:
    lock = after(3, ADDRESS)
    assert excused(lock).attempts == 2
    beyond = after(ADDRESS.free + 5, ADDRESS)
    assert excused(beyond).until_ms == beyond.until_ms


def test_guessing_all_day_is_a_hundred_guesses() -> None:
    lock, now_ms, guesses = OPEN, NOW_MS, 0
    while now_ms < NOW_MS + FORGOTTEN_MS:
        made = counted(lock, ACCOUNT, now_ms)
        assert made is not None
        lock, guesses, now_ms = made, guesses + 1, max(made.until_ms, now_ms + 1)
    assert guesses < 120
