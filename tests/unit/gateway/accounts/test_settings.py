"""What may be set, and what is read of what is stored."""

import ipaddress
import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.settings import (
    CustomerSettings,
    EsmeSettings,
    KeySettings,
    NumberSettings,
    Reading,
    check_scopes,
    check_system_id,
    fault,
    merged,
    parse_network,
    read_customer,
    stored_form,
)
from redaction.retention import RetentionWish

CANARY = "canary966500000078"


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.2.3", "10.1.2.3/32"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::1", "::1/128"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.1.2.3", "10.1.2.3/32"),
        ("::/0", "::/0"),
    ],
)
def test_a_network_is_an_address_or_cidr_as_peers_are_seen(text: str, network: str) -> None:
    assert parse_network(text) == ipaddress.ip_network(network)


@pytest.mark.case("interfaces-1")
@pytest.mark.parametrize(
    "text",
    ["10.0.0.1/8", "300.1.2.3", "10.0.0.0/33", "2001:db8::1/32", "fe80::1%eth0", "fe80::%1/64", "", " 10.0.0.0/8",
     "10.0.0.0/8 ", "10.0.0.0/-1", "10/8", "example.com", "１０.0.0.0/8", "0x0a000000", "10.0.0.0/8/8"],
)  # fmt: skip
def test_other_texts_are_no_networks_and_are_not_quoted(text: str) -> None:
    with pytest.raises(InvalidSetting, match="a network is") as refused:
        KeySettings(allowed_networks=("192.0.2.0/24", text))
    assert not text or f"'{text}'" not in str(refused.value)


BAD: list[Callable[[], object]] = [
    lambda: KeySettings(classes=("promo",)),
    lambda: KeySettings(classes=("otp", CANARY)),
    lambda: KeySettings(classes=("OTP",)),
    lambda: KeySettings(name="n" * 65),
    lambda: KeySettings(allowed_networks=("10.0.0.0/8",) * 101),
    lambda: KeySettings(throughput_per_s=0),
    lambda: KeySettings(throughput_per_s=-1),
    lambda: KeySettings(throughput_per_s=math.nan),
    lambda: KeySettings(throughput_per_s=math.inf),
    lambda: KeySettings(throughput_per_s=-math.inf),
    lambda: KeySettings(throughput_per_s=5e-324),
    lambda: KeySettings(throughput_per_s=1e300),
    lambda: KeySettings(burst=0),
    lambda: KeySettings(burst=10**400),
    lambda: KeySettings(daily_quota=-1),
    lambda: KeySettings(daily_quota=0),
    lambda: KeySettings(daily_quota=10**30),
    lambda: EsmeSettings(max_binds=0),
    lambda: EsmeSettings(window=10_001),
    lambda: EsmeSettings(classes=("promo",)),
    lambda: CustomerSettings(senders={"a": ()}),
    lambda: CustomerSettings(senders={"BANK\n": ()}),
    lambda: CustomerSettings(senders={CANARY: ()}),
    lambda: CustomerSettings(senders={"BANK": ("promo",)}),
    lambda: CustomerSettings(default_class="promo"),
    lambda: CustomerSettings(throughput_per_s=math.nan),
    lambda: CustomerSettings(retention={"o t p": RetentionWish()}),
    lambda: CustomerSettings(numbers={"nine": NumberSettings()}),
    lambda: CustomerSettings(numbers={"1" * 21: NumberSettings()}),
    lambda: CustomerSettings(numbers={"": NumberSettings()}),
    lambda: NumberSettings(keywords=("",)),
    lambda: NumberSettings(keywords=("!!!",)),
    lambda: NumberSettings(keywords=("two words",)),
    lambda: NumberSettings(keywords=("w" * 65,)),
    lambda: NumberSettings(keywords=("word",) * 101),
    lambda: NumberSettings(esme="a b"),
    lambda: check_scopes(("send", "everything")),
    lambda: check_system_id("sixteen-letters-"),
    lambda: check_system_id("spaced out"),
    lambda: check_system_id(""),
]


@pytest.mark.case("interfaces-1")
@pytest.mark.parametrize("made", BAD)
def test_what_may_not_be_set_is_refused_without_a_quotation(made: Callable[[], object]) -> None:
    with pytest.raises(InvalidSetting) as refused:
        made()
    assert CANARY not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_may_be_set_is_stored_and_read_back() -> None:
    settings = CustomerSettings(
        senders={"INTERKEY": ("otp",), "12345": ()},
        throughput_per_s=0.5,
        retention={"otp": RetentionWish(content_limit_s=60)},
        numbers={"90909": NumberSettings(keywords=("Bank", "رصيد"), esme="shop")},
        plain_punctuation=True,
    )
    assert read_customer(stored_form(settings)) == Reading(settings)
    for edge in (0.00001, 1_000_000.0, 1):
        KeySettings(throughput_per_s=edge)


WRONG: list[tuple[bytes, tuple[str, ...], tuple[str, ...]]] = [
    (b"{", ("settings",), ()),
    (b"", ("settings",), ()),
    (b"[]", ("settings",), ()),
    (b"\xff\xfe", ("settings",), ()),
    (b'{"senders":{}', ("settings",), ()),
    (b'{"z":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}", ("settings",), ()),
    (b'{"throughput_per_s":0}', ("throughput_per_s",), ()),
    (b'{"throughput_per_s":"ten"}', ("throughput_per_s",), ()),
    (b'{"throughput_per_s":true}', ("throughput_per_s",), ()),
    (b'{"throughput_per_s":1e400}', ("throughput_per_s",), ()),
    (b'{"default_class":"promo","plain_punctuation":1}', ("default_class", "plain_punctuation"), ()),
    (b'{"content":{"iban":"redact"}}', ("content",), ()),
    (b'{"content":{"passport":"block"}}', ("content",), ()),
    (b'{"retention":{"otp":{"record_s":-1}}}', ("retention",), ()),
    (b'{"numbers":[]}', ("numbers",), ()),
    (b'{"numbers":{"1":{"keywords":"a"}}}', (), ("numbers",)),
    (b'{"numbers":{"one":{}}}', (), ("numbers",)),
    (b'{"senders":{"@":[]}}', (), ("senders",)),
    (b'{"senders":{"BANK":["promo"]}}', (), ("senders",)),
]


@pytest.mark.case("interfaces-1")
@pytest.mark.parametrize(("stored", "faults", "lost"), WRONG)
def test_what_cannot_be_read_is_named_by_its_field(
    stored: bytes, faults: tuple[str, ...], lost: tuple[str, ...]
) -> None:
    assert read_customer(stored) == Reading(CustomerSettings(), faults, lost) or not faults
    assert (read_customer(stored).faults, read_customer(stored).lost) == (faults, lost)


def test_one_bad_entry_costs_that_number_or_sender_alone() -> None:
    reading = read_customer(
        b'{"numbers":{"1":{},"2":{"keywords":["!"]},"3":{"keywords":["a"]}},"senders":{"BANK":[],"@":[]}}'
    )
    assert set(reading.settings.numbers) == {"1", "3"}
    assert set(reading.settings.senders) == {"BANK"}
    assert (reading.faults, reading.lost) == ((), ("senders", "numbers"))


def test_shorter_retention_is_read_beside_what_cannot_be() -> None:
    reading = read_customer(b'{"throughput_per_s":0,"retention":{"otp":{"content_limit_s":60}}}')
    assert reading.faults == ("throughput_per_s",)
    assert reading.settings.retention == {"otp": RetentionWish(content_limit_s=60)}


def test_fields_of_another_version_are_passed_over_and_stay_when_another_is_changed() -> None:
    stored = b'{"colour":{"deep":[1,2]},"default_class":"otp","numbers":{"one":{},"2":{}}}'
    assert read_customer(stored).settings.default_class == "otp"
    changed = msgspec.json.decode(merged(stored, {"throughput_per_s": 5.0}))
    assert changed == {
        "colour": {"deep": [1, 2]},
        "default_class": "otp",
        "numbers": {"one": {}, "2": {}},
        "throughput_per_s": 5.0,
    }


@pytest.mark.case("interfaces-3")
def test_a_field_that_cannot_be_read_is_mended_by_setting_it_and_stands_in_the_way_of_others() -> None:
    stored = b'{"throughput_per_s":0,"default_class":"otp"}'
    with pytest.raises(InvalidSetting, match="set anew: throughput_per_s"):
        merged(stored, {"default_class": "personal"})
    assert read_customer(merged(stored, {"throughput_per_s": None})) == Reading(CustomerSettings(default_class="otp"))
    with pytest.raises(InvalidSetting, match="at all"):
        merged(b"{", {"throughput_per_s": None})


def _error(stored: bytes, of: Any) -> Exception:
    with pytest.raises(msgspec.MsgspecError) as failed:
        msgspec.json.decode(stored, type=of)
    return failed.value


def test_a_fault_is_told_in_words_that_quote_nothing() -> None:
    assert fault(_error(b'{"classes":["%s"]}' % CANARY.encode(), KeySettings)).startswith("classes are otp")
    assert fault(_error(b'{"burst":"%s"}' % CANARY.encode(), KeySettings)) == "settings.burst cannot be read"
    assert fault(_error(b'{"content":{"%s":"block"}}' % CANARY.encode(), CustomerSettings)) == (
        "settings.content cannot be read"
    )
    assert fault(_error(b"{%s" % CANARY.encode(), KeySettings)) == "settings cannot be read"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from([*CustomerSettings.__struct_fields__, "colour"])


@given(st.binary(max_size=60) | st.dictionaries(fields, json_values, max_size=4).map(msgspec.json.encode))
def test_whatever_is_stored_is_read(stored: bytes) -> None:
    reading = read_customer(stored)
    assert read_customer(stored_form(reading.settings)) == Reading(reading.settings)
