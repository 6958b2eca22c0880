"""What the road is told: at the door exactly, in front of an operator by the filter first; and with nothing known."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from hashlib import blake2s
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.audit.actor import COMMAND_LINE
from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.following import REBUILD_S, Following
from gateway.consent.gate import USED_MS, Gate, Question
from gateway.consent.guard import FRESH_S, Guard
from gateway.consent.rows import CONSENT_KEPT_MS, Consent, Means, Proof, Source, consent_name
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.permissions import Permission, PermissionName
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.consent_mode import ConsentMode
from gateway.model.content import Content
from gateway.model.message import Message, MessageClass
from gateway.model.verdict import Counts, Severity, Verdict
from gateway.process.clock import ManualClock
from gateway.process.tasks import TaskOwner
from redaction.errors import KeysWithheld
from redaction.personal import MessageText, Msisdn, Purpose
from tests.bounds import LIMIT_S
from tests.contract.records import a_message

ALICE, BOB = Msisdn("966500000078", 966), Msisdn("966500000079", 966)
OF = Of(7, "cus_0123456789abcdef")


class Stage:
    """A guard on a real ledger. mode, withheld: as tests set them. broken: the ledger cannot be read."""

    def __init__(self, ledger: SqliteLedger, clock: ManualClock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.mode = ConsentMode.ENFORCE
        self.withheld = False
        self.broken = False
        self.looked_up = 0
        self.counts = Counts()
        self.tasks = TaskOwner()
        self.following = Following(ledger.acts, ledger.permissions, clock)
        self.desk = ConsentDesk(ledger.permissions, self.tokens, clock, COMMAND_LINE)
        gate = Gate(self, clock, self.tasks.contain)  # type: ignore[arg-type]  # it asks two things
        self.guard = Guard(gate, self.following, self.tokens, lambda _: self.mode, self.counts, clock)
        self.change = ledger.permissions.change

    def tokens(self, customer: int, number: Msisdn) -> tuple[bytes, bytes]:
        if self.withheld:
            raise KeysWithheld
        digest = blake2s(number.reveal(Purpose.ACCEPT).encode()).digest()
        return digest[:16], digest[16:24]

    async def find(self, names: Sequence[PermissionName]) -> Sequence[Sequence[Permission]]:
        self.looked_up += 1
        if self.broken:
            raise LedgerUnavailable
        return await self.ledger.permissions.find(names)

    async def at_door(
        self, person: Msisdn = ALICE, message_class: MessageClass = MessageClass.PROMOTIONAL, source: str = "INTERKEY"
    ) -> str | None:
        """The code with which a message is refused."""
        question = self.guard.question(7, self.mode, message_class, person, source)
        return None if question is None else await self.asked(question)

    async def asked(self, question: Question) -> str | None:
        answer: asyncio.Future[Verdict | None] = asyncio.get_running_loop().create_future()
        self.guard.ask(question, answer.set_result)
        async with asyncio.timeout(LIMIT_S):
            verdict = await answer
        return None if verdict is None else verdict.code

    def found(self, person: Msisdn = ALICE, message_class: MessageClass = MessageClass.PROMOTIONAL) -> list[Verdict]:
        """In front of the operator."""
        message: Message = replace(a_message(), message_class=message_class, customer=7)
        content = Content(person, "INTERKEY", MessageText("x"), False, True)
        return list(self.guard.recheck(message, content, "stc", self.clock.now_ms()))

    async def settled(self) -> None:
        """What was asked is answered."""
        async with asyncio.timeout(LIMIT_S):
            while self.tasks.running():
                await asyncio.sleep(0)

    async def give(self, person: Msisdn = ALICE, purpose: str = "promotional") -> None:
        proof = Proof(given_ms=self.clock.now_ms(), means=Means.WEB)
        await self.desk.give(OF, person, Consent(purpose=purpose, proof=proof))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    clock = ManualClock()
    ledger = SqliteLedger(tmp_path / "ledger.db", clock)
    await ledger.open()
    made = Stage(ledger, clock)
    await made.following.refresh()
    yield made
    await made.tasks.stop()
    await ledger.close()


async def test_at_the_door_consent_is_looked_up_exactly(stage: Stage) -> None:
    assert await stage.at_door() == "consent_missing"
    await stage.give()
    assert await stage.at_door() is None
    assert await stage.at_door(BOB) == "consent_missing"
    assert await stage.at_door(message_class=MessageClass.AWARENESS) == "consent_missing"
    stage.clock.advance(1)
    await stage.desk.withdraw(OF, ALICE, Means.WEB)
    assert await stage.at_door() == "consent_withdrawn"
    await stage.desk.suppress(OF, ALICE, "all", Source.API)
    assert await stage.at_door() == "suppressed"
    assert stage.counts.given["consent_missing", "refuse"] == 3


async def test_other_classes_and_customers_that_have_it_off_never_wait(stage: Stage) -> None:
    await stage.desk.suppress(OF, ALICE, "all", Source.API)
    for each in MessageClass:
        if each not in (MessageClass.PROMOTIONAL, MessageClass.AWARENESS):
            assert await stage.at_door(message_class=each) is None
            assert stage.found(message_class=each) == []
    stage.mode = ConsentMode.OFF
    assert await stage.at_door() is None
    assert stage.found() == []
    assert stage.looked_up == 0


async def test_who_watches_is_told_by_counts_alone(stage: Stage) -> None:
    stage.mode = ConsentMode.WATCH
    assert await stage.at_door() is None
    await stage.settled()
    await stage.desk.suppress(OF, ALICE, "all", Source.API)
    await stage.following.refresh()
    assert stage.counts.given == {("consent_missing", "watch"): 1}
    assert stage.found() == []
    await stage.settled()
    (verdict,) = stage.found()
    assert (verdict.code, verdict.watched) == ("suppressed", True)


async def test_what_is_asked_together_is_one_look_up(stage: Stage) -> None:
    questions = [stage.guard.question(7, stage.mode, MessageClass.PROMOTIONAL, each, "X") for each in (ALICE, BOB) * 50]
    codes = await asyncio.gather(*(stage.asked(each) for each in questions if each is not None))
    assert codes == ["consent_missing"] * 100
    assert stage.looked_up == 1


async def test_nothing_that_needs_consent_is_taken_or_sent_while_nothing_is_known(stage: Stage) -> None:
    await stage.give()
    stage.broken = True
    assert await stage.at_door() == "ledger_unavailable"
    await stage.desk.suppress(OF, BOB, "all", Source.API)
    await stage.following.refresh()
    for _ in range(3):
        (verdict,) = stage.found(BOB)
        assert (verdict.code, verdict.severity) == ("consent_being_checked", Severity.HOLD)
        await stage.settled()
    assert stage.found(ALICE) == []  # whom the filter does not name
    stage.withheld = True
    assert [each.code for each in stage.found(ALICE)] == ["consent_being_checked"]
    with pytest.raises(KeysWithheld):
        await stage.at_door()
    fresh = Following(stage.ledger.acts, stage.ledger.permissions, stage.clock)
    assert fresh.may_stop(b"x" * 8)


async def test_what_was_stopped_is_found_by_the_filter_and_then_exactly(stage: Stage) -> None:
    await stage.give()
    assert stage.found() == []
    assert stage.looked_up == 0
    stage.clock.advance(1)
    await stage.desk.withdraw(OF, ALICE, Means.WEB, purpose="promotional")
    await stage.following.refresh()
    (held,) = stage.found()
    assert (held.severity, held.until_ms) == (Severity.HOLD, stage.clock.now_ms() + 100)
    assert stage.found() == [held]
    await stage.settled()
    assert stage.looked_up == 1
    assert [each.code for each in stage.found()] == ["consent_withdrawn"]
    stage.clock.advance(FRESH_S + 1)
    assert [each.code for each in stage.found()] == ["consent_being_checked"]


async def test_an_answer_does_not_outlive_what_the_person_says_next(stage: Stage) -> None:
    await stage.give()
    await stage.desk.suppress(OF, ALICE, "all", Source.API)
    stage.clock.advance(0.001)
    await stage.give()
    await stage.following.refresh()
    fresh = Following(stage.ledger.acts, stage.ledger.permissions, stage.clock)
    await fresh.refresh()
    assert not fresh.may_stop(*stage.tokens(7, ALICE))
    await stage.desk.suppress(OF, ALICE, "sender:OTHER", Source.API)
    await stage.following.refresh()
    stage.found()
    await stage.settled()
    assert stage.found() == [], "another sender is stopped"
    stage.clock.advance(0.001)
    await stage.desk.suppress(OF, ALICE, "all", Source.API)
    await stage.following.refresh()
    assert [each.code for each in stage.found()] == ["consent_being_checked"]
    await stage.settled()
    assert [each.code for each in stage.found()] == ["suppressed"]


async def test_the_filter_is_built_anew_every_hour(stage: Stage) -> None:
    await stage.desk.suppress(OF, ALICE, "all", Source.API)
    await stage.following.refresh()
    await stage.desk.permit(OF, ALICE)
    await stage.following.refresh()
    assert stage.following.may_stop(*stage.tokens(7, ALICE)), "it can only learn"
    stage.clock.advance(REBUILD_S)
    await stage.following.refresh()
    assert not stage.following.may_stop(*stage.tokens(7, ALICE))
    assert stage.following.count == 0


async def test_a_use_is_written_once_a_month_and_keeps_a_consent(stage: Stage) -> None:
    await stage.give()
    name = consent_name(7, stage.tokens(7, ALICE)[0])
    begun = stage.clock.now_ms()
    for later_ms, ends_ms in ((USED_MS - 1, 0), (2, USED_MS + 1), (1, USED_MS + 1)):
        stage.clock.advance(later_ms / 1000)
        assert await stage.at_door() is None
        await stage.settled()
        ((row,),) = await stage.ledger.permissions.find([name])
        assert row.ends_ms == begun + CONSENT_KEPT_MS + ends_ms
