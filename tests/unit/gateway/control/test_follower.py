"""What a process knows of what is wanted: read when it changed, kept while the ledger is away."""

from collections.abc import Mapping

import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.control.follower import Desired, Follower
from gateway.control.wanted import (
    ACCEPTING,
    DISPATCH,
    KIND,
    NodeWanted,
    OperatorWanted,
    Said,
    Switch,
    of_node,
    of_operator,
    pack,
)
from gateway.ledger.contract import DocumentWrite, LedgerUnavailable
from gateway.process.clock import ManualClock
from tests.unit.gateway.small_acts import SmallActs

SAID = Said(by=COMMAND_LINE, at_ms=5)
Value = OperatorWanted | NodeWanted | Switch


class Place:
    def __init__(self, shares: Mapping[str, float] = {}) -> None:
        self.acts = SmallActs()
        self.clock = ManualClock()
        self.follower = Follower(self.acts, self.clock, "riyadh", shares)
        self.applied: list[Desired] = []
        self.follower.follow(self.applied.append)

    async def want(self, what: str, value: Value) -> None:
        await self.acts.act([DocumentWrite(KIND, what, pack(value, SAID))])

    async def refreshed(self) -> Desired:
        await self.follower.refresh()
        return self.follower.desired


async def test_nothing_is_wanted_of_a_gateway_of_which_nothing_was_set() -> None:
    place = Place()
    assert await place.refreshed() == Desired()
    assert place.applied == [Desired()], "once, when it began to follow"


async def test_everything_that_is_wanted_of_this_process_holds_and_nothing_of_another_node() -> None:
    place = Place()
    await place.want(of_operator("a"), OperatorWanted(state="paused"))
    await place.want(of_node("riyadh"), NodeWanted(draining=True))
    await place.want(of_node("jeddah"), NodeWanted(draining=False))
    await place.want(ACCEPTING, Switch(on=False))
    await place.want(DISPATCH, Switch(on=False))
    desired = await place.refreshed()
    assert desired.operators == {"a": OperatorWanted(state="paused")}
    assert (desired.draining, desired.accepting, desired.dispatching) == (True, False, False)
    assert desired.versions == {
        of_operator("a"): 1,
        of_node("riyadh"): 2,
        of_node("jeddah"): 3,
        ACCEPTING: 4,
        DISPATCH: 5,
    }
    assert place.applied[1:] == [desired]


async def test_documents_are_read_only_when_they_changed_and_applied_only_when_it_makes_a_difference() -> None:
    place = Place()
    await place.want(DISPATCH, Switch(on=False))
    await place.refreshed()
    reads = place.acts.reads
    await place.refreshed()
    assert place.acts.reads == reads
    await place.acts.act([DocumentWrite("person", "usr_1", b"")])
    await place.refreshed()
    assert place.acts.reads > reads
    assert len(place.applied) == 2


async def test_what_was_known_holds_while_the_ledger_is_away() -> None:
    place = Place()
    await place.want(DISPATCH, Switch(on=False))
    desired = await place.refreshed()
    place.acts.broken = True
    with pytest.raises(LedgerUnavailable):
        await place.follower.refresh()
    assert place.follower.desired == desired


async def test_a_throughput_ends_in_time_without_any_word() -> None:
    place = Place()
    until_ms = place.clock.now_ms() + 60_000
    await place.want(of_operator("a"), OperatorWanted(throughput_per_s=5.0, throughput_until_ms=until_ms))
    assert (await place.refreshed()).operators["a"].throughput_per_s == 5.0
    place.clock.advance(59)
    assert (await place.refreshed()).operators["a"].throughput_per_s == 5.0
    place.clock.advance(1)
    assert (await place.refreshed()).operators["a"] == OperatorWanted()
    assert len(place.applied) == 3
    await place.refreshed()
    assert len(place.applied) == 3


async def test_a_worker_has_its_share_of_a_throughput() -> None:
    place = Place()
    place.follower = Follower(place.acts, place.clock, "riyadh", {"a": 0.25})
    for name in ("a", "b"):
        await place.want(of_operator(name), OperatorWanted(throughput_per_s=20.0))
    await place.follower.refresh()
    rates = {name: each.throughput_per_s for name, each in place.follower.desired.operators.items()}
    assert rates == {"a": 5.0, "b": 20.0}


async def test_what_cannot_be_read_leaves_what_held_before(capsys: pytest.CaptureFixture[str]) -> None:
    place = Place()
    await place.want(of_operator("a"), OperatorWanted(state="paused"))
    await place.want(ACCEPTING, Switch(on=False))
    await place.refreshed()
    await place.acts.act([DocumentWrite(KIND, of_operator("a"), b"?"), DocumentWrite(KIND, ACCEPTING, b"?")])
    for _ in range(2):
        desired = await place.refreshed()
        assert desired.operators == {"a": OperatorWanted(state="paused")}
        assert not desired.accepting
        await place.acts.act([DocumentWrite("person", "usr_1", b"")])
    assert capsys.readouterr().out.count("wanted_unreadable") == 2, "one line for each"


async def test_a_worker_keeps_its_share_of_a_throughput_however_often_it_finds_another_that_it_cannot_read() -> None:
    place = Place(shares={"a": 0.5})
    await place.want(of_operator("a"), OperatorWanted(throughput_per_s=20.0))
    await place.refreshed()
    for octets in (b"?", pack(OperatorWanted(throughput_per_s=5e-324), SAID), b"!"):
        await place.acts.act([DocumentWrite(KIND, of_operator("a"), octets)])
        assert (await place.refreshed()).operators["a"].throughput_per_s == 10.0


async def test_what_is_set_anew_is_usual_again_when_its_document_goes() -> None:
    place = Place()
    await place.want(ACCEPTING, Switch(on=False))
    await place.refreshed()
    await place.acts.act([DocumentWrite(KIND, ACCEPTING, None)])
    assert await place.refreshed() == Desired()
