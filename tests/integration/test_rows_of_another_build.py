"""Documents that a node cannot read, of every kind: it starts, goes on, takes messages, and answers what it is asked.

They come from a later build, an earlier one, or a hand that wrote into the ledger.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import pytest
from structlog.testing import capture_logs

from config.loader import load
from gateway.ledger.contract import DocumentWrite
from gateway.ledger.roles import Acts
from gateway.node.node import Node
from gateway.people.roles import Role
from gateway.transparency.versions import KIND as NOTICE
from redaction.document_inventory import DOCUMENTS
from tests.integration.admin_stage import running_admin
from tests.unit.gateway.stage import until

KINDS: Final = sorted({name.partition(".")[0] for name in DOCUMENTS} - {NOTICE})
"""All but the notice's, whose newest row has to be read (see `test_notice_of_a_node`)."""
ROWS: Final = (
    b"",
    b"\xc1",
    b"{}",
    msgspec.msgpack.encode({}),
    msgspec.msgpack.encode([1 << 63, -1, None, "\0"]),
    b"\x91" * 5_000,
    b"\xff\xfe" * 100,
)
NAMES: Final = ("0", "1/same_text", "no/1", "cus_0000000000000000", "\u0663", "x" * 60)


PAGES: Final = """
[privacy]
controller = "Sender LLC, Riyadh"
contact = "privacy@sender.sa"
stores.country = "SA"
[pages]
enabled = true
"""


async def strewn(acts: Acts) -> int:
    """How many rows were written."""
    writes = [
        DocumentWrite(kind, f"{name}{'' if number == 0 else number}", octets)
        for kind in KINDS
        for name in NAMES
        for number, octets in enumerate(ROWS)
    ]
    for at in range(0, len(writes), 200):
        await acts.act(writes[at : at + 200])
    return len(writes)


def asked_for(paths: Sequence[str], customer: str) -> list[str]:
    """Of the table of the admin API, with an argument where one is wanted: one that there is, and none."""
    found = []
    for path in paths:
        before, brace, rest = path.partition("{")
        after = rest.partition("}")[2]
        found += [f"{before}{each}{after}" for each in (customer, "1", "no")] if brace else [path]
    return found


@pytest.mark.case("security-2")
@pytest.mark.policy("P-38")
async def test_no_row_that_cannot_be_read_ends_a_node_or_breaks_an_answer(tmp_path: Path) -> None:
    async with running_admin(tmp_path, more=PAGES) as admin:
        assert await strewn(admin.node.stores.ledger.acts) > 1_000
        owner, _ = await admin.person(Role.OWNER)
        headers = await admin.session(owner)
        fronts, road = admin.node.fronts.admin, admin.node.road
        assert fronts is not None
        with capture_logs() as lines:
            version = await admin.node.stores.ledger.acts.version()
            readers = road.reviews, road.overrides, road.till
            await until(lambda: all((each._version or 0) >= version for each in readers))
            await admin.send()
            broken = []
            for path in asked_for([each.path for each in fronts.table.routes if each.method == "GET"], admin.customer):
                status, _, _ = await admin.ask("GET", path, headers=headers)
                broken += [path] if status >= 500 else []
        failed = admin.node.tasks.failed
        assert (broken, [failed.result()] if failed.done() else []) == ([], [])
        assert [each for each in lines if each["event"] in ("task_died", "unexpected_error", "request_failed")] == []
        assert admin.node.contained.counts["task"] == 0
    again = Node(load(tmp_path / "gateway.toml", {}))
    try:
        await again.start()
        assert not again.tasks.failed.done()
    finally:
        await again.close()
