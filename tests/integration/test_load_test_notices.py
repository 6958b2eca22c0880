"""A load test of a gateway that is spoiled fails, whatever is spoiled; of one that is not, it gives figures."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.bench import Bench, Plan, standing
from benchmarks.binds import SETTINGS, Binds
from benchmarks.engines import Sqlite
from benchmarks.targets import GatewayTarget
from benchmarks.truth import Wrong

SABOTAGE = Path(__file__).with_name("sabotage")
MESSAGES = 64
MIXED = Plan(mix="mixed", connections=4)
TOLD = Plan(told=True, connections=4)
BINDS = Plan(binds=Binds(count=2, window=4))

pytestmark = [
    pytest.mark.interpreted,
    pytest.mark.skipif(
        shutil.which("cc") is None, reason="what a process forces to disk is counted by a few lines of C"
    ),
]


class Spoiled(Sqlite):
    """The embedded engine, of a gateway that is spoiled in this way."""

    def __init__(self, way: str) -> None:
        self._way = way

    def environ(self) -> Mapping[str, str]:
        return {"SABOTAGE": self._way, "PYTHONPATH": str(SABOTAGE)}


def measured(folder: Path, plan: Plan, way: str) -> int:
    """A short run; how many messages were checked."""
    target = GatewayTarget(folder, Spoiled(way), settings="" if plan.binds is None else SETTINGS)
    with standing(Bench(target, plan, lambda *_: None, folder)) as bench:
        bench.window(MESSAGES)
        return bench.check()


@pytest.mark.parametrize("plan", [MIXED, TOLD, BINDS], ids=["mixed", "webhooks", "smpp"])
def test_a_gateway_as_it_is_passes(tmp_path: Path, plan: Plan) -> None:
    assert measured(tmp_path / "run", plan, "") == MESSAGES


SPOILED = [
    (MIXED, "long texts lose their last letter", "another text"),
    (TOLD, "a signature of something else", "signature"),
    (BINDS, "receipts have an error", "something else than a delivery"),
    (MIXED, "commits are forced now and then", "do not wait for the disk"),
]
"""One way of each road: text, signature, receipt, disk."""
SIBLINGS = [
    (MIXED, "everything goes as data_coding 0", "another data_coding"),
    (MIXED, "another sender", "another sender"),
    (MIXED, "long texts are question marks", "another text"),
    (MIXED, "long texts are in capitals", "another text"),
    (MIXED, "short texts are question marks", "another text"),
    (MIXED, "everything goes as data_coding 8", "another data_coding"),
    (TOLD, "a constant signature", "signature"),
    (TOLD, "no signature", "signature"),
    (BINDS, "receipts say UNDELIV", "something else than a delivery"),
    (BINDS, "receipts say UNKNOWN", "something else than a delivery"),
    (MIXED, "commits are not forced", "do not wait for the disk"),
]


@pytest.mark.case("loadtest-1")
@pytest.mark.parametrize(
    ("plan", "way", "complaint"), [*SPOILED, *(pytest.param(*each, marks=pytest.mark.slow) for each in SIBLINGS)]
)
def test_a_spoiled_gateway_fails(tmp_path: Path, plan: Plan, way: str, complaint: str) -> None:
    with pytest.raises(Wrong, match=complaint):
        measured(tmp_path / "run", plan, way)
