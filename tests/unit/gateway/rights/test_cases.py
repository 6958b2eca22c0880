"""Cases on real stores: clocks and steps, what is forgotten of them, and that nothing unproven touches another one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.audit.log import AuditLog
from gateway.ledger.contract import ChangedMeanwhile
from gateway.model.refusals import Refusal
from gateway.rights.building import cases, holds
from gateway.rights.case_clocks import DAY_MS
from gateway.rights.case_record import CASE, Content, Said, audit_name, new_id, typed_id
from gateway.rights.case_states import Channel, Kind, Proof, State, Step
from gateway.rights.case_work import CaseWork
from gateway.rights.cases import Cases
from gateway.rights.desk import RightsDesk
from gateway.rights.holds import Hands
from redaction.personal import MessageText
from tests.unit.gateway.rights.desk import Rights, msisdn, number
from tests.unit.gateway.road import CUSTOMER, Road, running_road

CANARY = "canary words of a person"


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with running_road(tmp_path, down=["loop"]) as road:
        yield road


def desk(road: Road) -> Cases:
    return cases(Rights(road).on, road.sealer, COMMAND_LINE)


def work(road: Road) -> CaseWork:
    rights = Rights(road)
    return CaseWork(desk(road), RightsDesk(rights.on, rights.publish, lambda: [CUSTOMER]), COMMAND_LINE)


def said(kind: Kind = Kind.ERASURE, person: int = 1, proof: Proof | None = None, ago_days: int = 0) -> Said:
    received_ms = 1_800_000_000_000 - ago_days * DAY_MS if ago_days else None
    text = MessageText(CANARY)
    return Said(
        kind=kind, channel=Channel.PHONE, number=msisdn(person), text=text, proof=proof, received_ms=received_ms
    )


async def refusal(work: object) -> str:
    with pytest.raises(Refusal) as refused:
        await work  # type: ignore[misc]
    return refused.value.code


async def test_a_case_goes_its_way_and_each_step_is_written_down_without_words(road: Road) -> None:
    desks = desk(road)
    case = await desks.open(said())
    assert (case.id[:2], len(case.id), case.of.state) == ("R-", 15, State.RECEIVED)
    assert case.of.due_ms == case.of.received_ms + 30 * DAY_MS
    assert await refusal(work(road).execute(case.id, None)) == "proof_missing"
    assert await refusal(desks.extend(case.id, "effort", 5)) == "proof_missing"
    assert await refusal(desks.prove(case.id, Proof.CODE)) == "invalid_value"
    assert await refusal(desks.open(said(proof=Proof.CODE))) == "invalid_value"
    assert (await desks.prove(case.id, Proof.DOCUMENT_SEEN)).of.state is State.OPEN
    assert await refusal(desks.extend(case.id, "because", 5)) == "reason_missing"
    longer = await desks.extend(case.id, "effort", 5)
    assert longer.of.due_ms == case.of.due_ms + 5 * DAY_MS
    assert await refusal(desks.extend(case.id, "effort", 5)) == "already_extended"
    assert await refusal(desks.close(case.id)) == "case_state"
    assert await refusal(desks.refuse(case.id, "")) == "reason_missing"
    refused = await desks.refuse(case.id.lower(), "unfounded")
    assert [each.step for each in refused.of.decisions] == [Step.PROVE, Step.EXTEND, Step.REFUSE]
    assert (await desks.close(case.id)).of.state is State.CLOSED
    assert await refusal(desks.prove(case.id, Proof.LOGIN)) == "case_closed"
    assert await refusal(desks.find("R-AAAAAAAAAAAAA")) == "not_found"
    acts = [(each.octets, each.number) for each in await road.ledger.acts.pending(100)]
    assert not any(CANARY.encode() in octets or b"9665" in octets for octets, _ in acts)
    rights = Rights(road)
    assert [each["what"] for each in await rights.entries("case.step")] == ["prove", "extend", "refuse"]
    (closed,) = await rights.entries("case.close")
    assert (closed["obj"], closed["what"]) == (audit_name(case.id), "erasure")
    (document,) = await road.ledger.acts.of_kind(CASE)
    assert CANARY.encode() not in document.octets
    assert number(1)[1:].encode() not in document.octets


async def test_what_was_received_by_word_of_mouth_counts_from_then(road: Road) -> None:
    desks = desk(road)
    late = await desks.open(said(proof=Proof.LOGIN, ago_days=31))
    assert late.is_overdue(road.clock.now_ms())
    assert not (await desks.open(said())).is_overdue(road.clock.now_ms())
    assert await refusal(desks.extend(late.id, "effort", 30)) == "extension_too_late"
    assert await refusal(desks.open(said(ago_days=-1))) == "invalid_value"
    assert (await desks.all())[0].id == late.id


async def test_requests_that_prove_nothing_touch_none_that_did(road: Road) -> None:
    """Before, between and after: they neither block nor name it, and it names none of them."""
    message = await road.send(to=number(1))
    await road.settled()
    desks = desk(road)
    before = await desks.open(said())
    verified = await desks.open(said())
    between = await desks.open(said())
    verified = await desks.prove(verified.id, Proof.DOCUMENT_SEEN)
    after = await desks.open(said())
    assert {each.of.duplicate_of for each in await desks.all()} == {""}
    done = await work(road).execute(verified.id, None)
    assert done.erased is not None
    assert (done.case.of.state, done.case.of.messages) == (State.ANSWERED, 1)
    assert done.case.of.certificates
    assert await road.ledger.messages.find_many([message]) == [None]
    for each in (before, between, after):
        assert await desks.find(each.id) == each
        assert await refusal(work(road).execute(each.id, None)) == "proof_missing"


async def test_a_second_proven_one_names_the_first_and_both_go_their_way(road: Road) -> None:
    desks = desk(road)
    first = await desks.open(said(proof=Proof.LOGIN))
    second = await desks.prove((await desks.open(said())).id, Proof.LOGIN)
    other = await desks.open(said(person=2, proof=Proof.LOGIN))
    kind = await desks.open(said(kind=Kind.ACCESS, proof=Proof.LOGIN))
    assert [each.of.duplicate_of for each in (first, second, other, kind)] == ["", first.id, "", ""]
    assert second.of.due_ms >= first.of.due_ms
    for each in (second, first):
        assert (await work(road).execute(each.id, None)).case.of.state is State.ANSWERED


async def test_an_erasure_during_a_hold_says_how_many_messages_stay(road: Road) -> None:
    held = await road.stored(await road.send(to=number(1)))
    await road.send(to=number(1))
    await road.settled()
    rights = Rights(road)
    audit = AuditLog(road.ledger.acts, road.clock, COMMAND_LINE)
    hands = Hands("usr_0000000000000001", "usr_0000000000000002")
    until_ms = road.clock.now_ms() + DAY_MS
    owner = rights.on.public_id(CUSTOMER)
    await holds(rights.on, road.sealer, audit).place([held], owner, MessageText("order"), hands, until_ms=until_ms)
    case = await desk(road).open(said(proof=Proof.LOGIN))
    done = await work(road).execute(case.id, None)
    assert (done.case.of.messages, done.case.of.held) == (2, 1)
    assert done.case.of.state is State.ANSWERED


async def test_what_was_cut_short_is_executed_again(road: Road) -> None:
    await road.send(to=number(1))
    await road.settled()
    case = await desk(road).open(said(proof=Proof.LOGIN))
    begun = await desk(road).step(case, Step.BEGIN)
    assert begun.of.state is State.IN_PROGRESS
    assert await refusal(desk(road).refuse(case.id, "unfounded")) == "case_state"
    done = await work(road).execute(case.id, None)
    assert (done.case.of.state, done.case.of.messages) == (State.ANSWERED, 1)
    assert await refusal(work(road).execute(case.id, None)) == "case_state"


async def test_access_and_objections_are_done_and_the_rest_is_answered_by_hand(road: Road) -> None:
    await road.send(to=number(1))
    await road.settled()
    desks = desk(road)
    access = await desks.open(said(kind=Kind.ACCESS, proof=Proof.LOGIN))
    done = await work(road).execute(access.id, CUSTOMER)
    assert done.held is not None
    assert len(done.held.messages) == done.case.of.messages == 1
    objection = await desks.open(said(kind=Kind.OBJECT, proof=Proof.LOGIN))
    assert (await work(road).execute(objection.id, None)).stopped == 1
    breach = await desks.open(Said(kind=Kind.BREACH, channel=Channel.EMAIL))
    assert await refusal(work(road).execute(breach.id, None)) == "unsupported"
    assert (await desks.answer(breach.id)).of.state is State.ANSWERED
    assert await refusal(desks.open(Said(kind=Kind.ACCESS, channel=Channel.EMAIL))) == "missing_field"


async def test_what_a_case_is_about_dies_a_month_after_its_end_and_the_rest_after_three_years(road: Road) -> None:
    desks, rights = desk(road), Rights(road)
    ended = await desks.close((await desks.refuse((await desks.open(said())).id, "unfounded")).id)
    unproven = await desks.open(said())
    assert (await desks.content(ended.id)).text == CANARY
    road.clock.advance(8 * 86_400)
    assert [each.id for each in await desks.sweep()] == [unproven.id]
    assert (await desks.find(unproven.id)).of.state is State.EXPIRED
    assert await desks.sweep() == []
    road.clock.advance(23 * 86_400)
    await desks.sweep()
    gone = await desks.find(ended.id)
    assert (gone.of.content, gone.of.refusal) == (b"", "unfounded")
    assert await refusal(desks.content(ended.id)) == "case_closed"
    assert (await desks.content(unproven.id)).text == CANARY
    assert rights.on.keystore.state.customers()[-1] != ended.of.key_number
    road.clock.advance(8 * 86_400)
    await desks.sweep()
    road.clock.advance(3 * 366 * 86_400)
    await desks.sweep()
    assert await desks.all() == []


async def test_whoever_decides_over_what_has_changed_is_told_so(road: Road) -> None:
    desks = desk(road)
    case = await desks.open(said(proof=Proof.LOGIN))
    await desks.extend(case.id, "effort", 1)
    with pytest.raises(ChangedMeanwhile):
        await desks.step(case, Step.BEGIN)


def test_ids_can_be_typed_and_have_their_form_in_the_audit_log() -> None:
    for octets in (bytes(8), b"\xff" * 8, bytes(range(8))):
        identifier = new_id(octets)
        assert typed_id(f" {identifier.lower()} ") == identifier
        assert audit_name(identifier) == f"case_{octets.hex()}"
    assert [typed_id(each) for each in ("", "R-1", "R-" + "1" * 13, "+966500000078")] == [""] * 4


def test_what_is_said_of_a_person_cannot_be_printed() -> None:
    assert repr(said()) == "Said(erasure)"
    assert repr(Content("966500000078", 966, "", CANARY)) == "Content(•••)"
