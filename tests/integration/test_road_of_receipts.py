"""Receipts as operators write them, from the socket to the record: what ends a message, and what does not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from config.operators import ReceiptWords, SmppOperatorSettings
from config.secret import SecretRef
from gateway.model.message import Status
from operators.smpp import status as st
from tests.integration.smpp_stage import Front, Peer, running_front, submit
from tests.integration.test_flawed_answers import reached, receipt
from tests.scripted_smsc import ScriptedSmsc, scripted_smsc

LONG = b"x" * 320
"""Three segments."""
_HEAD = 'len 00000005 00000000 own 00 0101 "966512345678" 00 0500 "INTERKEY" 00'


def deliver(text: bytes, esm_class: int = 4, tail: str = "") -> str:
    """A deliver_sm in the words of a script."""
    return f"{_HEAD} {esm_class:02x} {'00' * 8} {len(text):02x} {text.hex()} {tail}"


def settings(port: int, **more: object) -> SmppOperatorSettings:
    base = SmppOperatorSettings(
        name="north",
        host="127.0.0.1",
        port=port,
        system_id="gateway",
        password=SecretRef(),
        reconnect_first_s=0.1,
    )
    return msgspec.structs.replace(base, **more)


@asynccontextmanager
async def between(folder: Path, script: str = "", **more: object) -> AsyncIterator[tuple[Front, ScriptedSmsc, Peer]]:
    async with scripted_smsc(script) as smsc, running_front(folder, settings(smsc.port, **more)) as front:
        yield front, smsc, await front.peer(await front.account())


async def answered(smsc: ScriptedSmsc, words: str) -> int:
    """Send a deliver_sm; the status of its answer."""
    before = smsc.count("deliver_sm_resp")
    smsc.send(words)
    await smsc.until(lambda: smsc.count("deliver_sm_resp") > before)
    return [each.status for each in smsc.taken if each.command == "deliver_sm_resp"][-1]


NO_END = {
    **{
        word.decode(): deliver(b"id:R1 sub:001 dlvrd:000 done date:2601010801 stat:%b err:000 text:" % word)
        for word in b"SENT PENDING QUEUED ACKED SUBMITD RETRY DISPATCHED BUFFERD ESME_ROK ACCEPTD ENROUTE XYZZY".split()
    },
    "no word": deliver(b"id:R1 sub:001 dlvrd:001 stat: err:000 text:hello"),
    "the id alone": deliver(b"id:R1"),
    "words of people": deliver(b"id:R1 was delivered"),
    "a TLV of the id alone": deliver(b"", tail='001e 0003 "R1" 00'),
    "state M": deliver(b"", tail='001e 0003 "R1" 00 0427 0001 4d'),
    "state 200": deliver(b"", tail='001e 0003 "R1" 00 0427 0001 c8'),
    "a state of four octets": deliver(b"", tail='001e 0003 "R1" 00 0427 0004 02000000'),
}
ENDS = {
    **dict.fromkeys(("UNDELIVRD", "UNDELVD", "UNDELIVERD", "NOTDELIV"), Status.UNDELIVERED),
    "REJECT": Status.REJECTED,
    "DELIVERED": Status.DELIVERED,
}


@pytest.mark.case("smpp-7")
@pytest.mark.smpp("S-46")
@pytest.mark.parametrize("words", NO_END.values(), ids=NO_END)
async def test_a_state_that_nobody_knows_ends_nothing(tmp_path: Path, words: str) -> None:
    async with between(tmp_path) as (front, smsc, peer):
        told = (await peer.ask(submit())).message_id
        await reached(front, told, Status.SUBMITTED)
        assert await answered(smsc, words) == st.OK
        assert (await front.record(told)).status is Status.SUBMITTED
        smsc.send(receipt("R1"))
        await reached(front, told, Status.DELIVERED)


@pytest.mark.case("smpp-7")
@pytest.mark.parametrize("word", ENDS)
async def test_the_usual_misspellings_are_what_they_mean(tmp_path: Path, word: str) -> None:
    async with between(tmp_path) as (front, smsc, peer):
        told = (await peer.ask(submit())).message_id
        await reached(front, told, Status.SUBMITTED)
        assert await answered(smsc, receipt("R1", word)) == st.OK
        assert (await front.record(told)).status is ENDS[word]


@pytest.mark.case("smpp-7")
async def test_a_known_word_without_its_key_counts(tmp_path: Path) -> None:
    async with between(tmp_path) as (front, smsc, peer):
        told = (await peer.ask(submit())).message_id
        await reached(front, told, Status.SUBMITTED)
        assert await answered(smsc, deliver(b"id:R1 DELIVRD")) == st.OK
        assert (await front.record(told)).status is Status.DELIVERED


@pytest.mark.case("smpp-7")
async def test_receipts_that_nobody_can_read_are_counted_and_logged_once(tmp_path: Path) -> None:
    with capture_logs() as lines:
        async with between(tmp_path) as (front, smsc, peer):
            await reached(front, (await peer.ask(submit())).message_id, Status.SUBMITTED)
            for text in (b"id:R1 stat:XYZZY err:0", b"id:R1 stat:PLUGH err:0", b"stat:DELIVRD"):
                assert await answered(smsc, deliver(text)) == st.OK
            assert b'gateway_flawed_total{operator="north"} 3.0' in front.node.fronts.exposition.render()
    assert [line for line in lines if line["event"] == "receipt_unreadable"] == [
        {"event": "receipt_unreadable", "log_level": "warning", "operator": "north", "reason": reason}
        for reason in ("state", "id")
    ]


@pytest.mark.case("smpp-7")
@pytest.mark.smpp("S-46")
@pytest.mark.parametrize(("word", "end"), [("DELIVRD", Status.DELIVERED), ("REJECTD", Status.REJECTED)])
async def test_what_is_learned_later_replaces_unknown_once(tmp_path: Path, word: str, end: Status) -> None:
    async with between(tmp_path) as (front, smsc, peer):
        told = (await peer.ask(submit(registered_delivery=1))).message_id
        await reached(front, told, Status.SUBMITTED)
        for each in ("UNKNOWN", word, "UNDELIV", "UNKNOWN", "DELIVRD"):
            assert await answered(smsc, receipt("R1", each)) == st.OK
        assert (await front.record(told)).status is end
        told_states = [each.short_message.partition(b"stat:")[2][:7] for each in await peer.receipts(2)]
        assert told_states == [b"UNKNOWN", word.encode()]
        assert front.node.road.outcomes.counters.revised == 1


@pytest.mark.case("smpp-7")
async def test_an_operators_words_are_its_own(tmp_path: Path) -> None:
    words = ReceiptWords(delivered=("ESME_ROK",), expired=("TOO-LATE",))
    async with between(tmp_path, receipt_words=words) as (front, smsc, peer):
        told = (await peer.ask(submit())).message_id
        await reached(front, told, Status.SUBMITTED)
        assert await answered(smsc, deliver(b"id:R1 stat:esme_rok err:000")) == st.OK
        assert (await front.record(told)).status is Status.DELIVERED


@pytest.mark.case("smpp-6")
@pytest.mark.smpp("S-37")
async def test_a_receipt_behind_a_header_has_its_effect(tmp_path: Path) -> None:
    async with between(tmp_path) as (front, smsc, peer):
        told = (await peer.ask(submit())).message_id
        await reached(front, told, Status.SUBMITTED)
        text = bytes.fromhex("050003420101") + b"id:R1 sub:001 dlvrd:001 stat:DELIVRD err:000 text:"
        assert await answered(smsc, deliver(text, 0x44)) == st.OK
        assert (await front.record(told)).status is Status.DELIVERED


# ---------------------------------------------------------------------------------------------------- long messages

THREE = "\n".join(f'on submit_sm: len 80000004 00000000 seq "R{n}" 00' for n in (1, 2, 3))


@pytest.mark.case("smpp-8")
@pytest.mark.parametrize("part", ["R1", "R2", "R3"])
@pytest.mark.parametrize("setting", ["each", "one"])
async def test_one_receipt_for_a_long_message_delivers_it(tmp_path: Path, part: str, setting: str) -> None:
    async with between(tmp_path, THREE, long_receipts=setting) as (front, smsc, peer):
        told = (await peer.ask(submit(b"", tlvs=((0x0424, LONG),)))).message_id
        await reached(front, told, Status.SUBMITTED)
        counts = b"sub:003 dlvrd:003" if setting == "each" else b"sub:001 dlvrd:001"
        assert await answered(smsc, deliver(b"id:%b %b stat:DELIVRD err:000" % (part.encode(), counts))) == st.OK
        assert (await front.record(told)).status is Status.DELIVERED


@pytest.mark.case("smpp-8")
@pytest.mark.parametrize("counts", [b"sub:001 dlvrd:001", b"sub:003 dlvrd:001", b"sub:002 dlvrd:002", b""])
async def test_one_receipt_of_three_does_not_deliver_the_whole(tmp_path: Path, counts: bytes) -> None:
    async with between(tmp_path, THREE) as (front, smsc, peer):
        told = (await peer.ask(submit(b"", tlvs=((0x0424, LONG),)))).message_id
        await reached(front, told, Status.SUBMITTED)
        for part in (b"R1", b"R3", b"R1"):
            assert await answered(smsc, deliver(b"id:%b %b stat:DELIVRD err:000" % (part, counts))) == st.OK
        assert (await front.record(told)).status is Status.SUBMITTED
        assert await answered(smsc, deliver(b"id:R2 %b stat:DELIVRD err:000" % counts)) == st.OK
        assert (await front.record(told)).status is Status.DELIVERED


@pytest.mark.case("smpp-8")
async def test_a_receipt_for_the_whole_waits_until_all_segments_have_left(tmp_path: Path) -> None:
    throttled = "on submit_sm: len 80000004 00000058 seq"
    ok = 'on submit_sm: len 80000004 00000000 seq "R%d" 00'
    script = "\n".join((ok % 1, ok % 2, throttled, throttled, throttled, ok % 3))
    async with between(tmp_path, script, long_receipts="one") as (front, smsc, peer):
        told = (await peer.ask(submit(b"", tlvs=((0x0424, LONG),)))).message_id
        await smsc.until(lambda: smsc.count("submit_sm") >= 3)
        smsc.send(receipt("R1"))
        await reached(front, told, Status.DELIVERED)
        assert smsc.count("submit_sm") == 6


# ------------------------------------------------------------------------------------------------- before the answer


@pytest.mark.case("faults-4")
@pytest.mark.smpp("S-65")
async def test_receipts_that_come_long_before_the_answer_are_kept(tmp_path: Path) -> None:
    """The answers come when every receipt was answered, which no operator waits long for."""
    async with between(tmp_path, "on submit_sm:") as (front, smsc, peer):
        told = [(await peer.ask(submit())).message_id for _ in range(20)]
        await smsc.until(lambda: smsc.count("submit_sm") == 20)
        for number in range(20):
            smsc.send(receipt(f"R{number}"))
        await smsc.until(lambda: smsc.count("deliver_sm_resp") == 20)
        assert {each.status for each in smsc.taken if each.command == "deliver_sm_resp"} == {st.RMSGQFUL}
        asked = [each for each in smsc.taken if each.command == "submit_sm"]
        for number, each in enumerate(asked):
            smsc.send(f'len 80000004 00000000 {each.sequence_number:08x} "R{number}" 00')
        for each in told:
            await reached(front, each, Status.DELIVERED)
        assert smsc.count("submit_sm") == 20


@pytest.mark.case("faults-4")
@pytest.mark.case("smpp-12")
async def test_a_receipt_that_nobody_claims_is_sent_again_and_then_taken(tmp_path: Path) -> None:
    async with between(tmp_path, response_timeout_s=0.2) as (front, smsc, _):
        counters = front.node.road.outcomes.counters
        assert await answered(smsc, receipt("stranger")) == st.RMSGQFUL
        while not counters.unclaimed:
            assert await answered(smsc, receipt("stranger")) in (st.RMSGQFUL, st.OK)
        assert await answered(smsc, receipt("stranger")) == st.OK
        assert front.node.road.outcomes.waiting() == 0


# --------------------------------------------------------------------------------------------------- when it happened


def at(ms: int) -> bytes:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%y%m%d%H%M%S").encode()


@pytest.mark.case("smpp-15")
@pytest.mark.parametrize(
    ("shift_s", "offset_min", "is_told"),
    [(0, 0, True), (3 * 3600, 180, True), (3 * 3600, 0, False), (-3600, 0, False), (400 * 86_400, 0, False)],
)
async def test_the_operators_time_is_told_when_it_can_be(
    tmp_path: Path, shift_s: int, offset_min: int, is_told: bool
) -> None:
    async with between(tmp_path, utc_offset_min=offset_min) as (front, smsc, peer):
        told = (await peer.ask(submit(registered_delivery=1))).message_id
        submitted_ms = (await reached(front, told, Status.SUBMITTED)).submitted_ms
        assert submitted_ms is not None
        done = at(submitted_ms + 1000 * shift_s)
        assert await answered(smsc, deliver(b"id:R1 done date:%b stat:DELIVRD err:000" % done)) == st.OK
        final_ms = (await front.record(told)).final_ms
        assert final_ms is not None
        assert (final_ms == submitted_ms) is is_told
        assert final_ms >= submitted_ms
