"""Reasons: sealed, found by the commitment of an entry, and gone in time."""

import pytest

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import Actor, ActorKind
from gateway.audit.acts import Act
from gateway.audit.entries import entry, read_entry
from gateway.control.reasons import KIND, Reasons, forget_reasons
from gateway.process.clock import ManualClock
from redaction.keys import PLATFORM, KeyState
from redaction.personal import MessageText
from redaction.seal import Sealer
from tests.unit.gateway.small_acts import SmallActs

WHY = MessageText("CANARY-7731 the fibre is cut")
ACTOR = Actor(ActorKind.PERSON, "usr_0123456789abcdef")


class Place:
    def __init__(self) -> None:
        self.acts, self.clock, self.keys = SmallActs(), ManualClock(), KeyState()
        self.reasons = Reasons(
            self.acts, self.clock, sealer=Sealer(self.keys, self.clock.random), ensure_key=self._ensure
        )

    async def _ensure(self) -> None:
        self.keys.ensure_customer(PLATFORM, self.clock.random)


async def test_a_reason_is_found_by_the_commitment_in_an_entry_and_rests_sealed() -> None:
    place = Place()
    actor = await place.reasons.because(ACTOR, WHY)
    why = read_entry(entry(Act.ACCEPTING, actor, "", now_ms=0, what="on"))["why"]
    assert await place.reasons.find(why) == WHY
    (document,) = await place.acts.of_kind(KIND)
    assert b"CANARY" not in document.octets
    assert await place.reasons.find("0" * 64) is None


async def test_two_of_the_same_words_have_nothing_in_common() -> None:
    place = Place()
    assert (await place.reasons.because(ACTOR, WHY)).why != (await place.reasons.because(ACTOR, WHY)).why


@pytest.mark.parametrize("text", ["  ", "x" * 201, "two\nlines", "nul\0"])
async def test_what_is_no_reason_is_refused_and_kept_nowhere(text: str) -> None:
    place = Place()
    with pytest.raises(InvalidSetting):
        await place.reasons.because(ACTOR, MessageText(text))
    assert not await place.acts.of_kind(KIND)


async def test_old_reasons_are_destroyed_and_the_others_stay() -> None:
    place = Place()
    old = await place.reasons.because(ACTOR, WHY)
    place.clock.advance(10)
    new = await place.reasons.because(ACTOR, WHY)
    assert await forget_reasons(place.acts, place.clock.now_ms()) == 1
    assert await place.reasons.find(old.why.hex()) is None
    assert await place.reasons.find(new.why.hex()) == WHY
