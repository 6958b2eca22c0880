"""The register of senders, as processes read it."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import COMMAND_LINE
from gateway.ledger.contract import Document, DocumentWrite
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.process.manual_clock import ManualClock
from gateway.rules.clerk import Clerk, forget_senders
from gateway.rules.register import Register
from gateway.rules.sender_entry import KIND, SenderEntry, Standing, encode, hosts_of, read_entry, sender_document, whose

ENTRY = SenderEntry(
    classes=("otp",),
    operators={"stc": Standing(state="active", since=date(2026, 1, 1), until=date(2026, 12, 31))},
    documents=("CST-2026/17",),
    hosts=("example.sa",),
    basis="contract",
)


def test_an_entry_is_read_as_it_was_written() -> None:
    assert read_entry(Document(KIND, "cus_1/SHOP", encode(ENTRY), 1)) == ENTRY


def test_what_cannot_be_read_is_none() -> None:
    assert read_entry(Document(KIND, "cus_1/SHOP", b"{", 1)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": ("spam",)},
        {"documents": ("a copy of an id",)},
        {"hosts": ("https://example.sa",)},
        {"hosts": ("example",)},
        {"basis": "because"},
        {"sensitive": True},
        {"sensitive": True, "basis": "legitimate_interest"},
        {"operators": {"a b": Standing()}},
        {"documents": tuple(map(str, range(51)))},
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting):
        SenderEntry(**changes)  # type: ignore[arg-type]


def test_a_sensitive_sender_goes_on_consent_or_contract() -> None:
    assert SenderEntry(sensitive=True, basis="consent").sensitive


def test_a_document_is_of_a_customer_and_a_sender() -> None:
    assert whose(sender_document("cus_1", "MY SHOP")) == ("cus_1", "MY SHOP")
    with pytest.raises(InvalidSetting):
        sender_document("cus_1", "a/b")


def test_hosts_are_kept_in_one_spelling() -> None:
    assert hosts_of((" https://Example.SA/ ", "example.sa", "مثال.السعودية")) == (
        "example.sa",
        "xn--mgbh0fb.xn--mgberp4a5d4ar",
    )


def test_senders_of_a_customer_that_leaves_go_and_those_of_others_stay(tmp_path: Path) -> None:
    async def go() -> None:
        ledger = SqliteLedger(tmp_path / "ledger.db", ManualClock(), synchronous="off")
        await ledger.open()
        try:
            keys = ("cus_1/ONE", "cus_1/TWO", "cus_10/ONE", "cus_2/ONE")
            await ledger.acts.act([DocumentWrite(KIND, key, encode(ENTRY)) for key in keys])
            clerk = Clerk(ledger.acts, ManualClock(), COMMAND_LINE)
            assert [each.name for each in await clerk.senders("cus_1")] == ["ONE", "TWO"]
            assert await forget_senders(ledger.acts, "cus_1") == 2
            assert [each.customer for each in await clerk.senders()] == ["cus_10", "cus_2"]
            assert await forget_senders(ledger.acts, "cus_1") == 0
        finally:
            await ledger.close()

    asyncio.run(go())


def test_a_register_is_read_when_documents_changed_and_keeps_what_it_knew(tmp_path: Path) -> None:
    async def go() -> None:
        ledger = SqliteLedger(tmp_path / "ledger.db", ManualClock(), synchronous="off")
        await ledger.open()
        try:
            register = Register(ledger.acts)
            await register.refresh()
            assert register.classes_of("cus_1", "SHOP") is None
            await ledger.acts.act([DocumentWrite(KIND, "cus_1/SHOP", encode(ENTRY))])
            await ledger.acts.act([DocumentWrite(KIND, "cus_1/OTHER", b"{")])
            await register.refresh()
            known = register.of("cus_1", "SHOP")
            assert known == ENTRY
            assert register.classes_of("cus_1", "SHOP") == ("otp",)
            assert register.of("cus_1", "OTHER") == SenderEntry()
            assert register.of("cus_2", "SHOP") is None
            await ledger.acts.act([DocumentWrite("other", "x", b"1")])
            await register.refresh()
            assert register.of("cus_1", "SHOP") is known
        finally:
            await ledger.close()

    asyncio.run(go())
