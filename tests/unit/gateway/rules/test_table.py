"""The table of the rules: every row is a message, and what is said of it. Rows of consent stand in its own tests."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import pytest

from config.rules import RulePack, Season
from gateway.model.message import MessageClass
from gateway.model.refusals import Refusal
from gateway.model.verdict import OUT_OF_HOURS, Severity
from gateway.rules.hours import RamadanHours
from gateway.rules.plans import Terms
from gateway.rules.sender_entry import SenderEntry
from gateway.rules.transfers import Recipient
from tests.unit.gateway.rules.stage import ACTIVE, OUR_ENTRY, PACK, WAY_OUT, Stage, at

CLASSES = ("warning", "awareness", "transactional", "personal", "promotional")
MAY_SEND = {
    "government": ("warning", "awareness", "transactional"),
    "private": ("awareness", "transactional", "promotional"),
    "individual": ("personal",),
    "abroad": ("transactional", "personal"),
}


# ------------------------------------------------------------------------------------------- class and kind of customer


@pytest.mark.parametrize("message_class", CLASSES)
@pytest.mark.parametrize("kind", MAY_SEND)
def test_a_class_is_for_the_kinds_of_customers_that_may_send_it(kind: str, message_class: str) -> None:
    sender = "SHOP-AD" if message_class == "promotional" else "SHOP"
    found = Stage({sender: OUR_ENTRY}, kind=kind).codes(message_class, sender=sender, text=WAY_OUT)
    refused = "foreign_customer" if kind == "abroad" else "class_not_for_sender"
    assert found == ([] if message_class in MAY_SEND[kind] else [refused])


# --------------------------------------------------------------------------------------------------------------- sender


@pytest.mark.parametrize(
    ("message_class", "sender", "codes"),
    [
        ("promotional", "SHOP-AD", []),
        ("promotional", "SHOPNAME-AD", []),
        ("promotional", "SHOP", ["sender_needs_suffix"]),
        ("promotional", "SHOPNAME", ["sender_needs_suffix"]),
        ("promotional", "SHOPNAME1", ["sender_needs_suffix", "sender_too_long_for_suffix"]),
        ("promotional", "SHOP-ad", ["sender_needs_suffix"]),
        ("promotional", "AD-SHOP", ["sender_needs_suffix"]),
        ("transactional", "SHOP-AD", ["suffix_reserved"]),
        ("awareness", "SHOP-AD", ["suffix_reserved"]),
        ("transactional", "ABCDEFGHIJK", []),
        ("transactional", "9200", ["sender_not_a_name"]),
        ("transactional", "MY SHOP", ["sender_not_a_name"]),
    ],
)
def test_a_sender_looks_as_its_class_asks(message_class: str, sender: str, codes: Sequence[str]) -> None:
    assert Stage({sender: OUR_ENTRY}).codes(message_class, sender=sender, text=WAY_OUT) == codes


# --------------------------------------------------------------------------------------------------------------- window


@pytest.mark.parametrize("message_class", ["promotional", "awareness"])
@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-30T08:59:59+03:00", "2026-11-30T09:00:00+03:00"),
        ("2026-11-30T09:00:00+03:00", None),
        ("2026-11-30T21:59:59+03:00", None),
        ("2026-11-30T22:00:00+03:00", "2026-12-01T09:00:00+03:00"),
        ("2026-11-30T05:59:59Z", "2026-11-30T06:00:00Z"),
        ("2026-11-30T06:00:00Z", None),
        ("2026-11-30T18:59:59Z", None),
        ("2026-11-30T19:00:00Z", "2026-12-01T06:00:00Z"),
        ("2026-11-30T00:59:59-05:00", "2026-11-30T01:00:00-05:00"),
        ("2026-11-30T13:59:59-05:00", None),
        ("2026-11-30T14:00:00-05:00", "2026-12-01T01:00:00-05:00"),
        ("2026-11-30T21:59:59.999+03:00", None),
    ],
)
def test_hours_are_half_open_and_those_of_riyadh_wherever_the_sender_is(
    message_class: str, now: str, until: str | None
) -> None:
    sender = "SHOP-AD" if message_class == "promotional" else "SHOP"
    found = Stage({sender: OUR_ENTRY}).judge(message_class, sender=sender, text=WAY_OUT, now=now)
    assert [(each.code, each.severity, each.until_ms) for each in found] == (
        [] if until is None else [(OUT_OF_HOURS, Severity.HOLD, at(until))]
    )


@pytest.mark.parametrize("message_class", ["otp", "transactional", "warning", "personal"])
def test_other_classes_are_sent_at_any_time(message_class: str) -> None:
    stage = Stage({"SHOP": OUR_ENTRY}, rules={"hours": "enforce", "all": "off"})
    assert stage.codes(message_class, sender="SHOP", now="2026-11-30T03:00:00+03:00") == []


def test_a_schedule_is_judged_by_its_own_time_and_not_by_that_of_the_request() -> None:
    stage = Stage({"SHOP": OUR_ENTRY})
    night, day = "2026-11-30T23:00:00+03:00", "2026-12-01T10:00:00+03:00"
    assert stage.codes("awareness", sender="SHOP", now=night, schedule=day) == []
    assert stage.codes("awareness", sender="SHOP", now=day, schedule="2026-12-01T23:00:00+03:00") == [OUT_OF_HOURS]


# ---------------------------------------------------------------------------------------------------------- pack switch


def later(day: date) -> RulePack:
    """A pack of another date, by which promotional messages are for the government."""
    classes = [
        msgspec.structs.replace(rule, senders=("government",)) if rule.name == "promotional" else rule
        for rule in PACK.classes
    ]
    return msgspec.structs.replace(PACK, id="later", from_date=day, classes=tuple(classes))


@pytest.mark.parametrize(
    ("now", "schedule", "codes"),
    [
        ("2027-02-28T21:59:59+03:00", None, []),
        ("2027-03-01T09:00:00+03:00", None, ["class_not_for_sender"]),
        ("2027-02-28T12:00:00+03:00", "2027-03-01T12:00:00+03:00", ["class_not_for_sender"]),
        ("2025-06-01T12:00:00+03:00", None, []),
    ],
)
def test_the_pack_of_the_day_of_sending_holds(now: str, schedule: str | None, codes: Sequence[str]) -> None:
    stage = Stage({"SHOP-AD": OUR_ENTRY}, known=[PACK, later(date(2027, 3, 1))])
    assert stage.codes("promotional", sender="SHOP-AD", text=WAY_OUT, now=now, schedule=schedule) == codes


def test_a_pack_begins_at_midnight_of_its_own_zone() -> None:
    stage = Stage(known=[PACK, later(date(2027, 3, 1))])
    packs = stage.rules.packs
    midnight = at("2027-03-01T00:00:00+03:00")
    assert (packs.at(midnight - 1).id, packs.at(midnight).id) == (PACK.id, "later")
    assert packs.next_switch_ms(midnight - 1) == midnight
    assert packs.next_switch_ms(midnight) is None


# -------------------------------------------------------------------------------------------------------------- Ramadan

ANNOUNCED = Season(year=1447, first=date(2026, 2, 19), last=date(2026, 3, 19))


@pytest.mark.parametrize(
    ("hours", "seasons", "now", "is_held"),
    [
        ("pack", (), "2026-02-20T10:00:00+03:00", False),
        ("off", (), "2026-02-20T10:00:00+03:00", False),
        ("on", (), "2026-02-20T10:00:00+03:00", True),
        ("on", (), "2026-02-20T23:30:00+03:00", False),
        ("on", (), "2026-02-18T13:00:00+03:00", False),
        ("on", (), "2026-02-20T00:59:59+03:00", False),
        ("on", (), "2026-02-20T01:00:00+03:00", True),
        ("on", (), "2026-02-18T00:30:00+03:00", True),
        ("on", (), "2026-03-20T00:30:00+03:00", False),
        ("on", (), "2026-03-20T10:00:00+03:00", False),
        ("on", (ANNOUNCED,), "2026-02-18T10:00:00+03:00", False),
        ("on", (ANNOUNCED,), "2026-02-18T22:30:00+03:00", True),
    ],
)
def test_other_hours_hold_in_ramadan_where_they_are_switched_on(
    hours: RamadanHours, seasons: Sequence[Season], now: str, is_held: bool
) -> None:
    stage = Stage({"SHOP-AD": OUR_ENTRY}, terms=Terms(ramadan=hours, seasons=seasons))
    found = stage.codes("promotional", sender="SHOP-AD", text=WAY_OUT, now=now)
    assert found == ([OUT_OF_HOURS] if is_held else [])


# ---------------------------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("link", "codes"),
    [
        ("https://example.sa/a", []),
        ("https://pay.example.sa/a?b=c", []),
        ("https://xn--exmple-cua.sa/a", ["link_not_registered"]),
        ("https://exаmple.sa/a", ["link_not_registered"]),
        ("https://bit.ly/abc", ["shortener"]),
        ("example.sa/a", []),
        ("other.sa/a", ["link_not_registered"]),
        ("http://192.0.2.7/a", ["link_not_registered"]),
        ("http://[2001:db8::1]/a", ["link_not_registered"]),
        ("https://example.sa:8443/a", []),
        ("https://example.sa/a and https://other.com", ["link_not_registered"]),
        ("https://example.sa@evil.com/", ["link_not_registered"]),
        ("https://example.sa.evil.com/", ["link_not_registered"]),
        ("https://notexample.sa/", ["link_not_registered"]),
        ("HTTPS://EXAMPLE.SA", []),
        ("bit.ly/x", ["shortener"]),
    ],
)
def test_links_lead_to_hosts_that_are_registered_for_the_sender(link: str, codes: Sequence[str]) -> None:
    assert Stage({"SHOP": OUR_ENTRY}).codes(sender="SHOP", text=f"See {link} today") == codes


def test_a_sender_that_stands_in_no_register_is_only_warned_of_its_links() -> None:
    found = Stage().judge(sender="SHOP", text="See https://other.sa/a")
    assert [(each.code, each.severity) for each in found] == [
        ("sender_not_in_register", Severity.WARN),
        ("link_not_registered", Severity.WARN),
    ]


# ------------------------------------------------------------------------------------------------------------ residency

HOME, ABROAD, UNRECORDED = Recipient("SA"), Recipient("AE"), Recipient("AE", on_record=False)


@pytest.mark.parametrize(
    ("residency", "recipients", "allowed"),
    [
        ("SA", {"one": HOME, "two": ABROAD}, ["one"]),
        ("SA", {"one": ABROAD}, None),
        ("", {"one": ABROAD, "two": HOME}, ["one", "two"]),
        ("AE", {"one": HOME, "two": ABROAD}, ["two"]),
    ],
)
def test_messages_stay_in_the_country_that_their_customer_named(
    residency: str, recipients: dict[str, Recipient], allowed: Sequence[str] | None
) -> None:
    stage = Stage(recipients=recipients, residency=residency, kind="", rules={})
    if allowed is not None:
        assert permitted(stage, "SHOP", list(recipients)) == allowed
        return
    with pytest.raises(Refusal, match="transfer_blocked"):
        permitted(stage, "SHOP", list(recipients))
    assert stage.counts.given == {("transfer_blocked", "refuse"): 1}


def permitted(stage: Stage, sender: str, operators: Sequence[str], now: str = "2026-11-30T12:00:00Z") -> list[str]:
    return list(stage.rules.permits(1, sender, MessageClass.TRANSACTIONAL, operators, at(now)))


# --------------------------------------------------------------------------------------------------------- registration


@pytest.mark.parametrize(
    ("standing", "now", "is_active"),
    [
        (ACTIVE, "2026-11-30T12:00:00+03:00", True),
        (msgspec.structs.replace(ACTIVE, state="requested"), "2026-11-30T12:00:00+03:00", False),
        (msgspec.structs.replace(ACTIVE, state="refused"), "2026-11-30T12:00:00+03:00", False),
        (msgspec.structs.replace(ACTIVE, state="expired"), "2026-11-30T12:00:00+03:00", False),
        (msgspec.structs.replace(ACTIVE, until=date(2026, 11, 30)), "2026-11-30T23:59:59+03:00", True),
        (msgspec.structs.replace(ACTIVE, until=date(2026, 11, 30)), "2026-12-01T00:00:00+03:00", False),
    ],
)
def test_a_sender_goes_to_operators_where_it_is_active(standing: object, now: str, is_active: bool) -> None:
    stage = Stage({"SHOP": SenderEntry(operators={"stc": ACTIVE, "mobily": standing})})  # type: ignore[dict-item]
    assert permitted(stage, "SHOP", ["mobily", "stc", "zain"], now) == (["mobily", "stc"] if is_active else ["stc"])
    if not is_active:
        with pytest.raises(Refusal, match="sender_not_registered_there"):
            permitted(stage, "SHOP", ["mobily", "zain"], now)


# ------------------------------------------------------------------------------------------------------ one-time codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Your code is 1234", ["otp_reason_missing"]),
        ("1234 is your code to log in", []),
        ("رمز التحقق 1234", ["otp_reason_missing"]),
        ("رمز تَسجيل الدخول: ١٢٣٤", []),
    ],
)
def test_the_text_of_a_code_says_what_it_is_for(text: str, codes: Sequence[str]) -> None:
    found = Stage({"SHOP": OUR_ENTRY}).judge("otp", sender="SHOP", text=text)
    assert [each.code for each in found] == codes
    assert all(each.severity is Severity.WARN for each in found)


# -------------------------------------------------------------------------------------------------------------- opt-out


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Sale", ["opt_out_missing"]),
        ("Sale. STOP to 902", []),
        ("تخفيضات. للإلغاء أرسل إيقاف", []),
        ("Sale. Call 0500000078", []),
        ("Sale. 604445", []),
        ("Sale https://example.sa/s/ABCDEFGHIJKLMNOPQRSTUV", []),
        ("Sale {stop_link}", []),
        ("Stopover sale", ["opt_out_missing"]),
    ],
)
def test_an_advert_says_how_to_opt_out(text: str, codes: Sequence[str]) -> None:
    assert Stage({"SHOP-AD": OUR_ENTRY}).codes("promotional", sender="SHOP-AD", text=text) == codes


# ---------------------------------------------------------------------------------------------------------------- modes


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        ({"kind": "", "rules": {}}, "watch"),
        ({"kind": "private", "rules": {}}, "enforce"),
        ({"kind": "private", "rules": {"sender": "watch"}}, "watch"),
        ({"kind": "private", "rules": {"sender": "off"}}, "off"),
        ({"kind": "private", "rules": {"all": "off"}}, "off"),
        ({"kind": "", "rules": {"sender": "enforce", "all": "off"}}, "enforce"),
    ],
)
def test_what_is_said_of_a_customer_goes_before_what_is_usual(settings: dict[str, Any], outcome: str) -> None:
    found = Stage({"SHOP": OUR_ENTRY}, **settings).judge("promotional", sender="SHOP", text=WAY_OUT)
    said = {each.code: each.watched for each in found}
    assert said.get("sender_needs_suffix") == {"watch": True, "enforce": False, "off": None}[outcome]


def test_what_is_less_sure_than_the_settings_ask_is_only_watched() -> None:
    for enforced_from, watched in (("B", True), ("C", False)):
        stage = Stage({"SHOP": OUR_ENTRY}, rules={}, terms=Terms(enforced_from=enforced_from))  # type: ignore[arg-type]
        found = stage.judge("promotional", sender="SHOP", text=WAY_OUT)
        assert {each.watched for each in found if each.code == "sender_needs_suffix"} == {watched}


def test_a_class_that_a_pack_does_not_know_falls_under_the_strictest() -> None:
    few = msgspec.structs.replace(PACK, classes=tuple(rule for rule in PACK.classes if rule.name != "awareness"))
    assert Stage({"SHOP": OUR_ENTRY}, known=[few]).codes("awareness", sender="SHOP", text=WAY_OUT) == [
        "sender_needs_suffix"
    ]


def test_everything_is_said_and_not_only_the_first() -> None:
    found = Stage(kind="government").codes(
        "promotional", sender="SHOPNAME1", text="See bit.ly/x", now="2026-11-30T23:00:00+03:00"
    )
    assert found == [
        "class_not_for_sender",
        "sender_needs_suffix",
        "sender_too_long_for_suffix",
        "sender_not_in_register",
        OUT_OF_HOURS,
        "shortener",
        "opt_out_missing",
    ]
