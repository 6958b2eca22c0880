"""A load test that kills the gateway in mid-run finds everything that was acknowledged, and fails where durability is
spoiled in any way. The quick one shows that a run notices; `tests/unit/benchmarks/test_kills.py` has the words.
"""

import shutil
from pathlib import Path

import pytest

from benchmarks import kills
from benchmarks.targets import GatewayTarget
from benchmarks.truth import Wrong
from tests.bounds import LIMIT_S
from tests.integration.test_load_test_notices import Spoiled

MESSAGES = 400
MANY = 3_000
"""A start forces some writes as well."""
SOON_S = 3.0
"""What is lost does not come."""

pytestmark = [
    pytest.mark.interpreted,
    pytest.mark.case("loadtest-1"),
    pytest.mark.skipif(
        shutil.which("cc") is None, reason="what a process forces to disk is counted by a few lines of C"
    ),
]


def killed(folder: Path, way: str, *, messages: int = MESSAGES, settle_s: float = LIMIT_S) -> kills.Outcome:
    return kills.run(GatewayTarget(folder, Spoiled(way)), folder, messages=messages, kills=1, settle_s=settle_s)


@pytest.mark.slow
def test_everything_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    found = killed(tmp_path / "run", "")
    assert found.kills == 1
    assert MESSAGES - found.doubtful <= found.answered <= MESSAGES


SPOILED = [
    ("a start loses the newest messages", MESSAGES, SOON_S, "are not there after a kill"),
    pytest.param("a start forgets who waits", MESSAGES, SOON_S, "not delivered after a kill", marks=pytest.mark.slow),
    pytest.param("commits are not forced", MANY, LIMIT_S, "was forced to disk", marks=pytest.mark.slow),
    pytest.param("commits are forced now and then", MANY, LIMIT_S, "was forced to disk", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("way", "messages", "settle_s", "complaint"), SPOILED)
def test_spoiled_durability_fails(tmp_path: Path, way: str, messages: int, settle_s: float, complaint: str) -> None:
    with pytest.raises(Wrong, match=complaint):
        killed(tmp_path / "run", way, messages=messages, settle_s=settle_s)
