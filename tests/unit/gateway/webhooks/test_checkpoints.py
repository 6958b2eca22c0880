"""What was signed of the audit log reaches each customer's endpoint once a day, of whichever process."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.audit.checkpoint import Checkpoint, read_checkpoint
from gateway.ledger.contract import ABSENT, DocumentWrite
from gateway.webhooks.checkpoints import CLAIM_MS, KEY, SENT, Checkpoints, Sent, _pack
from redaction.notes import Note, is_signed_by, read_note, sign, verifier_key
from tests.integration.test_webhooks import listen
from tests.unit.gateway.webhooks.receiver import Receiver, receiving
from tests.unit.gateway.webhooks.stage import Stage, staged, until_all_told

SEED, ORIGIN, DAY_S = bytes(32), "gateway.example/audit/1", 86_400
TEXT = Checkpoint(ORIGIN, 5, bytes(32)).text
NOTE = Note(TEXT, (sign(SEED, ORIGIN, TEXT),))


def sender(stage: Stage) -> Checkpoints:
    return Checkpoints(stage.ledger.acts, stage.ledger.accounts, stage.journal.write, stage.clock)


async def told(stage: Stage, receiver: Receiver) -> list[dict[str, Any]]:
    stage.deliverer.poke()
    await until_all_told(stage)
    return [json.loads(each.body) for each in receiver.requests]


@pytest.mark.policy("P-26")
async def test_each_customer_that_wants_it_is_sent_it_once_a_day_from_the_second_day_on(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        for customer, more in ((1, {}), (2, {"settings": b'{"checkpoints":false}'}), (3, {"state": "disabled"})):
            listen(stage, receiver, customer)
            await stage.save_endpoint(customer, **more)
        assert await sender(stage).send(NOTE) == 0
        assert await sender(stage).send(NOTE) == 0
        for day in range(1, 3):
            stage.clock.advance(DAY_S)
            assert sorted(await asyncio.gather(*(sender(stage).send(NOTE) for _ in range(5)))) == [0, 0, 0, 0, 1]
            assert await sender(stage).send(NOTE) == 0
            events = await told(stage, receiver)
            assert len(events) == day
        event = events[-1]
        assert event["type"] == "audit.checkpoint"
        note = read_note(event["data"]["checkpoint"].encode())
        assert is_signed_by(note, verifier_key(SEED, ORIGIN))
        assert (event["data"]["log"], event["data"]["size"]) == (ORIGIN, read_checkpoint(note).size)


async def test_a_day_that_somebody_claimed_and_left_is_taken_over(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        await stage.save_endpoint()
        now_ms = stage.clock.now_ms()
        left = _pack(Sent(now_ms // (DAY_S * 1000), now_ms, False))
        await stage.ledger.acts.act([DocumentWrite(SENT, KEY, left, ABSENT)])
        assert await sender(stage).send(NOTE) == 0
        stage.clock.advance(CLAIM_MS / 1000)
        assert await sender(stage).send(NOTE) == 1
        assert len(await told(stage, receiver)) == 1
