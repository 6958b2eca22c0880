"""A hold that dies while it is being placed keeps nobody's keys for longer than a quarter of an hour."""

import asyncio
from pathlib import Path

import msgspec
import structlog

from gateway.ledger.contract import DocumentWrite
from gateway.rights.holds import HOLD, WAITS_MS, State, Stored
from tests.bounds import LIMIT_S
from tests.integration.admin_stage import running_admin


def placing(placed_ms: int) -> bytes:
    """As it stands when whoever places it has died."""
    return msgspec.msgpack.encode(
        Stored(
            state=State.PLACING,
            key_number=1,
            customer="cus_0000000000000000",
            case="",
            citation=b"",
            placed_ms=placed_ms,
            until_ms=placed_ms + 1_000_000,
            messages=1,
            by="usr_0123456789abcdef",
            second="usr_fedcba9876543210",
        )
    )


async def test_destruction_waits_for_a_hold_and_goes_on_with_a_line_when_it_is_overdue(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        keyring, acts = admin.node.stores.keyring, admin.node.stores.ledger.acts
        now_ms = admin.node.clock.now_ms()
        await acts.act([DocumentWrite(HOLD, "hold_0123456789abcdef", placing(now_ms))])
        async with asyncio.timeout(LIMIT_S):
            while keyring.destroys_from_ms != now_ms + WAITS_MS:
                await asyncio.sleep(0.02)
        with structlog.testing.capture_logs() as lines:
            await acts.act([DocumentWrite(HOLD, "hold_0123456789abcdef", placing(now_ms - WAITS_MS - 1))])
            async with asyncio.timeout(LIMIT_S):
                while keyring.destroys_from_ms:
                    await asyncio.sleep(0.02)
        assert [each["log_level"] for each in lines if each["event"] == "hold_overdue"] == ["error"]
