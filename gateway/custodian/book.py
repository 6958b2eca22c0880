"""The custodian's book: what it was asked, by case, and how much of it. No number stands in it, only a keyed digest.

A question is written down before it is answered, and counts whatever becomes of it. So somebody who wants to name
everybody needs years, and leaves a line for every step.
"""

import os
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.custodian.folder import CustodianUnreadable, Folder, TooManyNumbers
from gateway.model.times import rfc3339
from redaction.primitives import hmac_sha256

BOOK: Final = "asked.jsonl"
MOST_NUMBERS: Final = 200
"""In 24 hours."""
DAY_MS: Final = 24 * 3_600_000
_DIGEST_BYTES: Final = 16


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """at_ms: when. numbers: digests of those that were asked about. secrets: how many came with the question. span:
    from when to when. taken: whether the question was within the limit.
    """

    at: str
    at_ms: int
    case: str
    numbers: list[str]
    customers: int
    secrets: int
    span: list[str]
    taken: bool


class Book:
    """folder: where it lies."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._path: Final = folder.path / BOOK

    def lines(self) -> list[Line]:
        """All of them, the oldest first. Raises CustodianFailed for one that was changed."""
        if not self._path.exists():
            return []
        try:
            return [msgspec.json.decode(each, type=Line) for each in self._path.read_bytes().splitlines()]
        except (msgspec.DecodeError, ValueError):
            raise CustodianUnreadable("the custodian's book cannot be read") from None

    def left(self, now_ms: int) -> int:
        """How many numbers may be asked about now."""
        return max(0, MOST_NUMBERS - self._asked(now_ms))

    def take(
        self,
        *,
        case: str,
        numbers: Sequence[str],
        customers: int,
        secrets: int,
        span_ms: tuple[int, int],
        key: bytes,
        now_ms: int,
    ) -> None:
        """Write a question down. numbers: digits. key: of their digests. Raises CustodianFailed beyond the limit."""
        with self._folder.alone():
            digests = sorted({hmac_sha256(key, each.encode())[:_DIGEST_BYTES].hex() for each in numbers})
            taken = self._asked(now_ms) + len(digests) <= MOST_NUMBERS
            line = Line(
                at=rfc3339(now_ms),
                at_ms=now_ms,
                case=case,
                numbers=digests,
                customers=customers,
                secrets=secrets,
                span=[rfc3339(each) for each in span_ms],
                taken=taken,
            )
            self._append(msgspec.json.encode(line) + b"\n")
        if not taken:
            raise TooManyNumbers(f"no more than {MOST_NUMBERS} numbers are asked about in 24 hours: ask again later")

    def _asked(self, now_ms: int) -> int:
        return sum(len(each.numbers) for each in self.lines() if each.taken and each.at_ms > now_ms - DAY_MS)

    def _append(self, octets: bytes) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, octets)
            os.fsync(file)
        finally:
            os.close(file)
