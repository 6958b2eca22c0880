"""The verbs: what they write, over what, with which entry in the audit log, and why."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import pytest

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import Actor, ActorKind
from gateway.audit.entries import SALT, named, read_entry
from gateway.control.desk import Control, Hand
from gateway.control.reasons import LONGEST as LONGEST_REASON
from gateway.control.wanted import KIND, OperatorWanted, Switch, Unreadable, Wanted, of_operator
from gateway.ledger.contract import ChangedMeanwhile, DocumentWrite, LedgerUnavailable
from gateway.model.times import LATEST_MS
from gateway.process.clock import ManualClock
from redaction.errors import PurposeRefused
from redaction.keys import PLATFORM, KeyState
from redaction.personal import MessageText, Purpose
from redaction.seal import Sealer
from redaction.sealed import Sealed
from tests.unit.gateway.small_acts import SmallActs

WHY = "CANARY-7731 the fibre is cut"
ACTOR = Actor(ActorKind.PERSON, "usr_0123456789abcdef")
HAND = Hand(actor=ACTOR, reason=MessageText(WHY))


class Place:
    def __init__(self) -> None:
        self.acts = SmallActs()
        self.clock = ManualClock()
        self.keys = KeyState()
        self.sealer = Sealer(self.keys, self.clock.random)
        self.control = Control(self.acts, self.clock, sealer=self.sealer, ensure_key=self._ensure, operators=["a", "b"])

    async def _ensure(self) -> None:
        self.keys.ensure_customer(PLATFORM, self.clock.random)

    async def entries(self) -> list[dict[str, Any]]:
        return [read_entry(each.octets) for each in await self.acts.pending(100)]


async def test_a_verb_says_what_holds_from_then_on_and_under_which_version() -> None:
    place = Place()
    paused = await place.control.pause("a", HAND)
    assert (paused.value, paused.what) == (OperatorWanted(state="paused"), "operator:a")
    assert await place.control.operator("a") == paused
    assert paused.version == 1
    assert paused.said is not None
    assert (paused.said.by, paused.said.at_ms) == (ACTOR, place.clock.now_ms())
    assert await place.control.operators() == {"a": paused, "b": Wanted(what="operator:b", value=OperatorWanted())}
    assert await place.control.book.versions() == {"operator:a": 1}


async def test_every_verb_changes_what_it_is_about_and_nothing_else() -> None:
    place = Place()
    control = place.control
    await control.throughput("a", 12.5, None, HAND)
    await control.rebind("a", HAND)
    await control.reroute("a", "b", HAND)
    standing = (await control.operator("a")).value
    assert standing == OperatorWanted(state="paused", reroute_to="b", throughput_per_s=12.5, rebinds=1)
    await control.drain("a", HAND)
    await control.rebind("a", HAND)
    assert (await control.operator("a")).value == OperatorWanted(state="draining", throughput_per_s=12.5, rebinds=2)
    await control.resume("a", HAND)
    await control.throughput("a", None, None, HAND)
    assert (await control.operator("a")).value == OperatorWanted(rebinds=2)
    assert (await control.operator("b")).version == 0
    assert (await control.set_dispatch(HAND, on=False)).value == Switch(on=False)
    assert (await control.accepting()).value == Switch()
    assert (await control.set_accepting(HAND, on=False)).version == (await control.accepting()).version
    assert (await control.drain_node("riyadh", HAND, draining=True)).value.draining
    assert not (await control.drain_node("riyadh", HAND, draining=False)).value.draining


async def test_each_verb_leaves_an_entry_that_says_who_and_what_and_only_commits_to_why() -> None:
    place = Place()
    control = place.control
    verbs: list[tuple[Awaitable[object], str, str, str]] = [
        (control.pause("a", HAND), "operator.pause", named("op", "a"), ""),
        (control.reroute("a", "b", HAND), "operator.reroute", named("op", "a"), ""),
        (control.resume("a", HAND), "operator.resume", named("op", "a"), ""),
        (control.drain("a", HAND), "operator.drain", named("op", "a"), ""),
        (control.rebind("a", HAND), "operator.rebind", named("op", "a"), ""),
        (control.throughput("a", 30.4, None, HAND), "operator.throughput", named("op", "a"), ""),
        (control.set_accepting(HAND, on=False), "accepting", "", "off"),
        (control.set_dispatch(HAND, on=True), "dispatch", "", "on"),
        (control.drain_node("riyadh", HAND, draining=True), "node.drain", named("node", "riyadh"), "on"),
    ]
    for verb, *_ in verbs:
        await verb
    entries = await place.entries()
    assert [(each["act"], each.get("obj", ""), each.get("what", "")) for each in entries] == [
        (act, obj, what) for _, act, obj, what in verbs
    ]
    assert [each["n"].get("version") for each in entries[:3]] == [0, 1, 2], "over which version"
    assert entries[5]["n"]["per_s"] == 30
    assert all(each["actor"] == {"kind": "person", "id": ACTOR.id} for each in entries)
    stored = [each.octets for each in await place.acts.of_kind(KIND)]
    stored += [each.octets for each in await place.acts.pending(100)]
    assert not any(b"CANARY" in octets for octets in stored)


async def test_the_reason_is_opened_for_whoever_looks_into_it_and_fits_its_commitment() -> None:
    place = Place()
    paused = await place.control.pause("a", HAND)
    reason = place.control.book.reason(paused, Purpose.SECURITY)
    assert reason is not None
    assert reason.reveal(Purpose.SECURITY) == WHY
    with pytest.raises(PurposeRefused):
        place.control.book.reason(paused, Purpose.INFORM_CUSTOMER)
    assert paused.said is not None
    opened = place.sealer.open_account(Sealed(paused.said.why), PLATFORM, "reason", b"operator:a", Purpose.SECURITY)
    (entry,) = await place.entries()
    assert entry["why"] == sha256(opened[:SALT] + WHY.encode()).hexdigest()
    assert place.control.book.reason(await place.control.operator("b"), Purpose.SECURITY) is None


@pytest.mark.parametrize("reason", ["", "   ", "x" * (LONGEST_REASON + 1), "two\nlines", "nul\0"])
async def test_a_reason_that_is_none_is_refused(reason: str) -> None:
    place = Place()
    with pytest.raises(InvalidSetting, match="reason"):
        await place.control.pause("a", Hand(actor=ACTOR, reason=MessageText(reason)))
    assert await place.entries() == []
    await place.control.pause("a", Hand(actor=ACTOR, reason=MessageText("س" * LONGEST_REASON)))


async def test_a_verb_stands_only_over_what_its_doer_saw() -> None:
    place = Place()
    first = await place.control.pause("a", HAND)
    seen = Hand(actor=ACTOR, reason=MessageText(WHY), read=first.version)
    await place.control.resume("a", seen)
    for stale in (seen, Hand(actor=ACTOR, reason=MessageText(WHY), read=0)):
        with pytest.raises(ChangedMeanwhile):
            await place.control.pause("a", stale)
    assert (await place.control.operator("a")).value == OperatorWanted()
    assert [each["act"] for each in await place.entries()] == ["operator.pause", "operator.resume"]


async def test_of_two_verbs_that_read_the_same_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place()
    find = place.acts.find

    async def overtaken(kind: str, key: str) -> Any:
        found = await find(kind, key)
        monkeypatch.undo()
        await place.control.drain("a", HAND)
        return found

    monkeypatch.setattr(place.acts, "find", overtaken)
    with pytest.raises(ChangedMeanwhile):
        await place.control.pause("a", HAND)
    assert (await place.control.operator("a")).value == OperatorWanted(state="draining")
    assert len(await place.entries()) == 1


REFUSED: list[Callable[[Control], Awaitable[object]]] = [
    lambda control: control.pause("unknown", HAND),
    lambda control: control.reroute("a", "unknown", HAND),
    lambda control: control.reroute("a", "a", HAND),
    lambda control: control.rebind("", HAND),
    lambda control: control.throughput("a", 0.0, None, HAND),
    lambda control: control.throughput("a", -1.0, None, HAND),
    lambda control: control.throughput("a", float("nan"), None, HAND),
    lambda control: control.throughput("a", float("inf"), None, HAND),
    lambda control: control.throughput("a", 5e-324, None, HAND),
    lambda control: control.throughput("a", 1.0, 5, HAND),
    lambda control: control.throughput("a", 1.0, LATEST_MS + 1, HAND),
    lambda control: control.throughput("a", None, 1 << 45, HAND),
    lambda control: control.operator("unknown"),
]


@pytest.mark.parametrize("verb", REFUSED)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    verb: Callable[[Control], Awaitable[object]],
) -> None:
    place = Place()
    with pytest.raises(InvalidSetting):
        await verb(place.control)
    assert await place.acts.version() == 0
    assert await place.entries() == []


async def test_nothing_is_rerouted_to_an_operator_that_is_steered_itself() -> None:
    place = Place()
    await place.control.reroute("a", "b", HAND)
    with pytest.raises(InvalidSetting, match="itself"):
        await place.control.reroute("b", "a", HAND)


@pytest.mark.parametrize("is_set", [False, True])
async def test_of_two_operators_that_are_rerouted_to_each_other_at_once_one_is(
    monkeypatch: pytest.MonkeyPatch, *, is_set: bool
) -> None:
    place = Place()
    if is_set:
        await place.control.rebind("a", HAND)
        await place.control.rebind("b", HAND)
    find = place.acts.find

    async def overtaken(kind: str, key: str) -> Any:
        found = await find(kind, key)
        monkeypatch.undo()
        await place.control.reroute("b", "a", HAND)
        return found

    monkeypatch.setattr(place.acts, "find", overtaken)
    with pytest.raises(ChangedMeanwhile):
        await place.control.reroute("a", "b", HAND)
    wanted = {name: each.value for name, each in (await place.control.operators()).items()}
    rebinds = int(is_set)
    assert wanted == {
        "a": OperatorWanted(rebinds=rebinds),
        "b": OperatorWanted(state="paused", reroute_to="a", rebinds=rebinds),
    }


async def test_what_another_version_wrote_is_not_written_over() -> None:
    place = Place()
    await place.acts.act([DocumentWrite(KIND, of_operator("a"), b"?")])
    with pytest.raises(Unreadable):
        await place.control.pause("a", HAND)


async def test_a_ledger_that_is_away_keeps_nothing_of_a_verb() -> None:
    place = Place()
    place.acts.broken = True
    with pytest.raises(LedgerUnavailable):
        await place.control.pause("a", HAND)
    place.acts.broken = False
    assert await place.acts.of_kind(KIND) == []
