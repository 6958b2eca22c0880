"""Which of several verdicts decides."""

from gateway.model.verdict import Counts, Severity, Verdict, gravest


def verdict(code: str, severity: Severity) -> Verdict:
    return Verdict(code=code, severity=severity, rule="any")


def test_what_refuses_comes_before_what_holds() -> None:
    held, refused = verdict("a", Severity.HOLD), verdict("b", Severity.REFUSE)
    assert gravest([held, verdict("c", Severity.WARN), refused, verdict("d", Severity.REFUSE)]) is refused


def test_the_first_of_those_that_hold_decides() -> None:
    first = verdict("a", Severity.HOLD)
    assert gravest([first, verdict("b", Severity.HOLD)]) is first


def test_warnings_decide_nothing() -> None:
    assert gravest([verdict("a", Severity.WARN)]) is None
    assert gravest([]) is None


def test_what_holds_longest_decides_and_until_somebody_decides_is_longest() -> None:
    soon, later = held_until(5), held_until(9)
    assert gravest([soon, later]) is later
    assert gravest([held_until(None), later]) == held_until(None)
    assert gravest([later, held_until(None)]) == held_until(None)


def held_until(until_ms: int | None) -> Verdict:
    return Verdict(code="out_of_hours", severity=Severity.HOLD, rule="hours", until_ms=until_ms)


def test_what_is_only_watched_decides_nothing_and_is_counted_as_such() -> None:
    watched = Verdict(code="shortener", severity=Severity.REFUSE, rule="links", watched=True)
    assert gravest([watched]) is None
    counts = Counts()
    counts.add([watched, held_until(5), watched])
    assert counts.given == {("shortener", "watch"): 2, ("out_of_hours", "hold"): 1}
