"""The record of processing activities says what the inventory, the settings and the counts say, in both languages."""

import csv
import io

import pytest

from config.operators import OperatorRegister, SmppOperatorSettings
from config.rules import packs
from config.settings import PrivacySettings, Settings
from gateway.ledger.contract import Used
from gateway.model.message import MessageClass, Status
from gateway.transparency.record import Activity, Sources, activities, columns
from gateway.transparency.record_page import page, table
from gateway.transparency.record_words import BASES, CATEGORIES, CLOCKS, COLUMNS, PURPOSES, ROLES, Lang
from gateway.transparency.transfers import given, recipients
from redaction.document_inventory import DOCUMENTS
from redaction.inventory import INVENTORY

ABROAD = OperatorRegister(
    country="DE", contract_reference="C-7", transfer_record="T-1", safeguard="SCC", risk_assessment="R-1"
)
NORTH = SmppOperatorSettings(name="north", host="smsc.north.sa", register=ABROAD)
HOUR = 490_000


def cell(hour: int, operator: str, messages: int) -> Used:
    return Used(
        customer=1,
        hour=hour,
        message_class=MessageClass.OTP,
        country=966,
        status=Status.DELIVERED,
        operator=operator,
        messages=messages,
        segments=messages,
    )


CELLS = [cell(HOUR, "north", 3), cell(HOUR + 30, "north", 4), cell(HOUR, "gone", 1), cell(HOUR, "", 8)]


def record(lang: Lang, settings: Settings | None = None) -> list[Activity]:
    settings = settings or Settings(operators=(NORTH,))
    found = recipients(settings, given(CELLS))
    return activities(
        Sources(settings=settings, recipients=found, pack=packs()[-1], customers=2, updated="2026-11-30"), lang
    )


def messaging(found: list[Activity]) -> Activity:
    return next(each for each in found if "message" in each["datasets"].split(", "))


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_every_dataset_stands_in_an_activity_and_every_column_says_something(lang: Lang) -> None:
    found = record(lang)
    tables = {name.partition(".")[0] for name in (*INVENTORY, *DOCUMENTS)}
    assert {each for one in found for each in one["datasets"].split(", ")} == tables
    for each in found:
        assert each.keys() == COLUMNS.keys()
        assert all(each.values())


def test_everything_in_the_inventory_has_words_and_nothing_else() -> None:
    assert {name.partition(".")[0] for name in (*INVENTORY, *DOCUMENTS)} == set(CATEGORIES)
    for each in (*INVENTORY.values(), *DOCUMENTS.values()):
        assert each.name.partition(".")[0] in CATEGORIES
        assert each.purpose.value in PURPOSES
        assert (each.basis.value in BASES, each.role.value in ROLES, each.clock.value in CLOCKS) == (True,) * 3


def test_disclosures_are_summed_with_dates_method_and_purpose() -> None:
    said = messaging(record("en"))["disclosed"]
    assert "north: 2025-11-24 – 2025-11-25, smpp, Delivering messages, 7 messages" in said
    assert "gone: " in said


def test_what_nobody_said_is_unknown_until_it_is_said() -> None:
    before = record("en")[0]
    assert (before["controller"], before["contact"], before["unit"]) == ("unknown",) * 3
    said = PrivacySettings(controller="Sender LLC", contact="privacy@sender.sa", unit="Messaging")
    after = record("en", Settings(privacy=said))[0]
    assert (after["controller"], after["contact"], after["unit"]) == ("Sender LLC", "privacy@sender.sa", "Messaging")


def test_transfers_name_country_and_safeguard() -> None:
    assert "north: DE, SCC (T-1)" in messaging(record("en"))["transfers"]
    rows = {each.name: each for each in recipients(Settings(operators=(NORTH,)), given(CELLS))}
    assert (rows["north"].is_sound, rows["gone"].is_sound, rows["gone"].country) == (True, False, "unknown")


def test_periods_are_those_of_the_settings() -> None:
    assert "otp: content 600 s, record 7776000 s" in messaging(record("en"))["retention"]


def test_as_a_table_it_is_whole_and_begins_no_formula() -> None:
    found = record("ar", Settings(privacy=PrivacySettings(unit="=1+1")))
    heads, *rows = csv.reader(io.StringIO(table(found, "ar").removeprefix("\ufeff")))
    assert heads == list(columns("ar").values())
    assert len(rows) == len(found)
    assert rows[0][heads.index(columns("ar")["unit"])] == "'=1+1"


def test_as_a_page_what_is_unknown_is_red_and_nothing_is_markup() -> None:
    said = page(record("ar", Settings(privacy=PrivacySettings(controller="<b>"))), "ar")
    assert 'class="unknown">غير معلوم' in said
    assert 'dir="rtl"' in said
    assert "<b>" not in said
    assert "<script" not in said
