"""What a process warned of can be stored and shown, whatever a line said."""

import msgspec
import pytest

from gateway.process.problems import LONGEST_WORD, MOST, Problems


@pytest.mark.parametrize("word", ["\ud800", "x\udcffy", "\udc00" * 100, "\0", "a" * 1_000, "٣", 7, b"\xff"])
def test_any_value_of_a_declared_key_can_be_stored(word: object) -> None:
    problems = Problems()
    problems(None, "", {"event": "descriptors_short", "level": "error", "operator": word})
    (seen,) = problems.seen()
    assert msgspec.json.decode(msgspec.json.encode(seen), type=type(seen)) == seen
    assert 0 < len(seen.said["operator"]) <= LONGEST_WORD


def test_kinds_are_bounded() -> None:
    problems = Problems()
    for number in range(MOST + 50):
        code = "x" + "".join(chr(ord("a") + int(digit)) for digit in str(number))
        problems(None, "", {"event": code, "level": "warning"})
    assert (len(problems.seen()), problems.count) == (MOST, MOST + 50)
