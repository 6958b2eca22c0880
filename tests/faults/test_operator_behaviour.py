"""An operator that misbehaves, in front of a real gateway process: every message still comes to its right end.

One gateway and one simulated SMSC, which lives in the test, serve the whole file; each test sets the faults it needs.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.tools.trial_site import Stage
from operators.simulator import Faults, IdForm, Simulator, SimulatorSettings
from operators.smpp import status as st
from tests.acceptance.client import Customer, customer_of, message, until_answered
from tests.bounds import LIMIT_S
from tests.verbs import QuickStage

MORE = "\n[dispatch]\nretry_first_s = 0.1\nretry_limit_s = 0.2\nrefill_interval_s = 0.02\n"


class Bench:
    """The simulated SMSC, a customer, and one whose key may send promotional messages."""

    def __init__(self, smsc: Simulator, stage: Stage, customer: Customer, promoter: Customer) -> None:
        self.smsc = smsc
        self.stage = stage
        self.customer = customer
        self.promoter = promoter

    async def outcome(self, text: str, faults: Faults, count: int = 40) -> list[dict[str, object]]:
        """The final records of `count` messages that meet these faults."""
        self.smsc.faults = faults
        ids = await self.customer.send_all(f"{text} {index}" for index in range(count))
        return [dict(record) for record in await self.customer.reach_all(ids)]


@contextlib.asynccontextmanager
async def benched(folder: Path) -> AsyncIterator[Bench]:
    smsc = Simulator(record=True, track=True, settings=SimulatorSettings(receipt_retry_s=0.1, receipt_tries=100))
    await smsc.start()
    stage = QuickStage(folder, smsc_port=smsc.port, more=MORE, window=32)
    try:
        await asyncio.to_thread(stage.prepare)
        words = ("key", "add", stage.customer, "--allow-class", "promotional")
        granted = (await asyncio.to_thread(stage.command, *words))["key"]
        async with customer_of(stage) as customer, customer_of(stage, granted) as promoter:
            await until_answered(promoter, 200)
            yield Bench(smsc, stage, customer, promoter)
    finally:
        await asyncio.to_thread(stage.stop)
        await smsc.stop()


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    async with benched(tmp_path_factory.mktemp("behaviour") / "stage") as prepared:
        yield prepared


def statuses(records: list[dict[str, object]]) -> set[object]:
    return {record["status"] for record in records}


async def test_no_message_is_sent_twice_while_the_ledger_is_searched_all_the_time(bench: Bench) -> None:
    before = bench.smsc.tally.duplicates
    records = []
    for lap in range(6):
        records += await bench.outcome(f"Once only {lap}", Faults(answer_delay_s=0.002), count=100)
    assert statuses(records) == {"delivered"}
    assert bench.smsc.tally.duplicates == before


@pytest.mark.smpp("S-33")
async def test_throttling_delays_messages_and_burns_no_attempt(bench: Bench) -> None:
    refused = bench.smsc.tally.refused
    records = await bench.outcome("Throttled", Faults(throttle_rate=0.3))
    assert statuses(records) == {"delivered"}
    assert {record["attempts"] for record in records} == {1}
    assert bench.smsc.tally.refused > refused


@pytest.mark.smpp("S-33")
async def test_a_full_queue_delays_messages_and_burns_no_attempt(bench: Bench) -> None:
    records = await bench.outcome("Queue full", Faults(queue_full_rate=0.2), count=20)
    assert statuses(records) == {"delivered"}
    assert {record["attempts"] for record in records} == {1}


@pytest.mark.smpp("S-34")
async def test_a_transient_error_is_tried_again_until_it_is_delivered(bench: Bench) -> None:
    records = await bench.outcome("Transient", Faults(error_rate=0.5, error_status=st.RSYSERR))
    assert statuses(records) == {"delivered"}
    assert max(int(str(record["attempts"])) for record in records) > 1


@pytest.mark.smpp("S-34")
async def test_a_permanent_error_ends_the_message_at_once_with_its_code(bench: Bench) -> None:
    submits = bench.smsc.tally.submits
    records = await bench.outcome("Permanent", Faults(error_rate=1.0, error_status=st.RINVDSTADR), count=5)
    assert statuses(records) == {"rejected"}
    assert {(record["error"], record["attempts"]) for record in records} == {("0000000b", 1)}
    assert bench.smsc.tally.submits - submits == 5


@pytest.mark.smpp("S-24")
async def test_a_link_cut_in_the_middle_of_a_window_loses_nothing_and_repeats_at_most_the_window(bench: Bench) -> None:
    await bind_afresh(bench.smsc)
    before, binds = bench.smsc.tally.duplicates, bench.smsc.tally.binds
    bench.smsc.faults = Faults(drop_every=25, answer_delay_s=0.2)
    ids = await bench.customer.send_all(f"Cut {index}" for index in range(60))
    async with asyncio.timeout(LIMIT_S):
        await bench.smsc.until(lambda tally: tally.binds >= binds + 1)
    bench.smsc.faults = Faults()
    records = [dict(record) for record in await bench.customer.reach_all(ids)]
    duplicates = bench.smsc.tally.duplicates - before
    print({"cuts": bench.smsc.tally.binds - binds, "duplicates": duplicates})
    assert statuses(records) == {"delivered"}
    assert 0 < duplicates <= 32 * (bench.smsc.tally.binds - binds)


async def bind_afresh(smsc: Simulator) -> None:
    """A new link, of which the simulator has counted nothing yet."""
    binds = smsc.tally.binds
    await smsc.drop_connections()
    async with asyncio.timeout(LIMIT_S):
        await smsc.until(lambda tally: tally.binds > binds)


@pytest.mark.smpp("S-23")
async def test_silence_makes_a_transactional_message_come_again_and_a_promotional_one_fail(bench: Bench) -> None:
    bench.smsc.faults = Faults(silent_rate=1.0)
    silent = bench.smsc.tally.silent
    retried = await bench.customer.send("No answer, please repeat")
    promoted = await bench.promoter.send("No answer, never repeat", **{"class": "promotional"})
    async with asyncio.timeout(LIMIT_S):
        await bench.smsc.until(lambda tally: tally.silent - silent >= 2)
    bench.smsc.faults = Faults()
    again, failed = await bench.customer.reach_all([retried, promoted])
    assert (again["status"], again["attempts"]) == ("delivered", 2)
    assert (failed["status"], failed["error"], failed["attempts"]) == ("failed", "outcome_unknown", 1)
    assert sum(each.short_message == b"No answer, never repeat" for each in bench.smsc.received) == 1


@pytest.mark.smpp("S-65")
async def test_a_receipt_that_overtakes_its_response_counts(bench: Bench) -> None:
    faults = Faults(receipt_before_response=True, answer_delay_s=0.05)
    assert statuses(await bench.outcome("Overtaken", faults)) == {"delivered"}


@pytest.mark.smpp("S-46")
async def test_a_receipt_that_comes_twice_changes_nothing_the_second_time(bench: Bench) -> None:
    acknowledged = bench.smsc.tally.receipts_acknowledged
    records = await bench.outcome("Twice", Faults(receipt_twice_rate=1.0))
    assert statuses(records) == {"delivered"}
    async with asyncio.timeout(LIMIT_S):
        await bench.smsc.until(lambda tally: tally.receipts_acknowledged - acknowledged >= 80)
    assert await bench.customer.reach_all([str(record["id"]) for record in records]) == records


@pytest.mark.smpp("S-65")
async def test_receipts_of_unknown_ids_are_acknowledged_in_the_end_and_harm_nobody(bench: Bench) -> None:
    acknowledged = bench.smsc.tally.receipts_acknowledged
    assert statuses(await bench.outcome("Strangers", Faults(unknown_receipts=1.0), count=10)) == {"delivered"}
    async with asyncio.timeout(LIMIT_S):
        await bench.smsc.until(lambda tally: tally.receipts_acknowledged - acknowledged >= 20)


async def test_a_late_receipt_still_ends_its_message(bench: Bench) -> None:
    bench.smsc.faults = Faults(receipt_delay_s=1.0)
    identifier = await bench.customer.send("Late")
    submitted = await bench.customer.reach(identifier, "submitted")
    assert "final_at" not in submitted
    assert (await bench.customer.reach(identifier))["status"] == "delivered"


async def test_an_undelivered_receipt_ends_the_message_with_the_operators_code(bench: Bench) -> None:
    records = await bench.outcome("Undelivered", Faults(receipt_state_failed_rate=1.0), count=5)
    assert {(record["status"], record["error"]) for record in records} == {("undelivered", "001")}


@pytest.mark.smpp("S-44")
@pytest.mark.parametrize(
    ("response", "receipt"),
    [("hex", "decimal"), ("decimal", "hex"), ("hex_padded", "hex"), ("hex", "hex_padded"), ("uuid", "uuid")],
)
async def test_a_receipt_finds_its_message_in_whatever_form_its_id_is(
    bench: Bench, response: IdForm, receipt: IdForm
) -> None:
    faults = Faults(id_form=response, receipt_id_form=receipt)
    assert statuses(await bench.outcome(f"Form {response} {receipt}", faults, count=10)) == {"delivered"}


@pytest.mark.smpp("S-42")
async def test_a_receipt_that_speaks_by_tlvs_only_is_understood(bench: Bench) -> None:
    assert statuses(await bench.outcome("By TLV", Faults(receipt_form="tlv"), count=10)) == {"delivered"}


@pytest.mark.smpp("S-63")
async def test_what_is_accepted_while_the_operator_is_down_leaves_when_it_is_up(bench: Bench) -> None:
    bench.smsc.faults = Faults()
    await bench.smsc.go_down()
    ids = await bench.customer.send_all(f"Backlog {index}" for index in range(100))
    answer = await bench.customer.ask("POST", "/v1/messages", json=message("And one more"))
    assert {(await bench.customer.show(each))["status"] for each in ids} == {"accepted"}
    await bench.smsc.come_up()
    records = await bench.customer.reach_all([*ids, answer[1]["id"]])
    assert {(record["status"], record["attempts"]) for record in records} == {("delivered", 1)}
