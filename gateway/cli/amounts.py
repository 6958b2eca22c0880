"""Options that name an amount, or lift it with the word none (`--throughput 20`, `--throughput none`), or a time."""

from collections.abc import Callable
from typing import Final, TypeVar

from gateway.accept.validation import parse_time
from gateway.accounts.invalid import InvalidSetting

NONE: Final = "none"

T = TypeVar("T", int, float)


def amount(word: str | None, standing: T | None, parse: Callable[[str], T], *, option: str) -> T | None:
    """What is to hold: the number, None for the word none, and `standing` where the option is not given.

    Raises InvalidSetting for any other word; whether the number makes sense is for the types of the settings to say.
    """
    if word is None:
        return standing
    if word == NONE:
        return None
    try:
        return parse(word)
    except ValueError:
        raise InvalidSetting(f"{option} takes a number, or the word {NONE}") from None


def moment(word: str, *, option: str) -> int:
    """A time in epoch milliseconds. Raises InvalidSetting."""
    found = parse_time(word)
    if found is None:
        raise InvalidSetting(f"{option} takes a time with its zone (RFC 3339), such as 2026-11-30T12:00:00+03:00")
    return found
