"""The express lane takes nothing that aiohttp would read otherwise (docs/fuzzing.md)."""

import pytest

from gateway.process.version import BUILD
from tests.fuzz import express

COUNT = 400_000 if BUILD == "compiled" else 40_000


async def test_bent_requests_are_read_as_aiohttp_reads_them() -> None:
    said: list[str] = []
    taken = await express.fuzz(seed=1, count=COUNT, say=said.append)
    assert taken > COUNT // 20, said


@pytest.mark.case("security-12")
@pytest.mark.parametrize("line", express.ODD_LINES)
async def test_an_odd_line_is_no_usual_request(line: bytes) -> None:
    octets = b"\r\n".join((express.START, express.LINES[0], express.LINES[2], b"Content-Length: 2", line, b"", b"{}"))
    assert express.lane(octets) == 0


async def test_a_lane_that_reads_otherwise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    octets = b"\r\n".join((express.START, *express.LINES[:3:2], b"Content-Length: 2", b"", b"{}"))
    assert express.lane(octets) == 1
    monkeypatch.setattr(express, "usual", lambda octets, step: ([], len(octets)))
    with pytest.raises(AssertionError):
        express.lane(octets)
