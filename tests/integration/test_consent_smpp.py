"""Consent over SMPP: what is refused while the answer waits for a look-up, and STOP that an SMSC brings."""

import asyncio
from pathlib import Path

from gateway.accounts.customers import CustomerSettings, NumberSettings
from gateway.model.consent_mode import ConsentMode
from operators.smpp import pdu as p
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import running_gateway, submit

SUBMIT_FAILED = 0x45
SETTINGS = CustomerSettings(
    senders={"INTERKEY": ()},
    consent=ConsentMode.ENFORCE,
    default_class="promotional",
    numbers={"90909": NumberSettings()},
)


async def test_a_submission_without_consent_is_refused_and_a_stop_is_answered_once_it_is_written(
    tmp_path: Path,
) -> None:
    async with running_gateway(tmp_path, customer=SETTINGS) as stage:
        peer = await stage.peer(await stage.account(classes=("promotional", "otp")))
        refused = await peer.ask(submit(b"Offer"))
        assert refused.status == SUBMIT_FAILED
        many = p.SubmitMulti(
            source_addr="INTERKEY",
            destinations=(p.SmeAddress(1, 1, "966512345678"), p.SmeAddress(1, 1, "966512345679")),
            short_message=b"Offer",
        )
        answer = await peer.ask(many)
        assert answer.status == SUBMIT_FAILED
        heard = stage.node.road.incoming.wishes
        await stage.writes(
            p.DeliverSm(source_addr_ton=1, source_addr="966512345678", destination_addr="90909", short_message=b"STOP")
        )
        async with asyncio.timeout(LIMIT_S):
            while not heard.heard["stop"] or stage.node.road.incoming.waiting():
                await asyncio.sleep(0.02)
        names = await stage.node.stores.ledger.permissions.page(None, 10)
        assert {(each.word, each.stands_in_the_way) for each in names[0]} == {
            ("all", True),
            ("promotional", True),
            ("awareness", True),
        }
