"""Receipts: recognising, reading, and the ids they name."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.base import ReceiptState
from operators.smpp.receipt import (
    IdFormat,
    Receipt,
    ReceiptSettings,
    candidates,
    canonical_id,
    parse_receipt,
)

RECEIPT = 0x04
INTERMEDIATE = 0x20
AS_IS = ReceiptSettings(id_format=IdFormat.AS_IS)
BY_TEXT = ReceiptSettings(id_format=IdFormat.AS_IS, recognise_by_text=True)
USUAL = (
    b"id:0123456789 sub:001 dlvrd:001 submit date:2503011200 done date:250301120130 stat:DELIVRD err:000 "
    b"text:Your code is 445566"
)
DONE_MS = int(datetime(2025, 3, 1, 12, 1, 30, tzinfo=UTC).timestamp()) * 1000


def read(text: bytes, settings: ReceiptSettings = AS_IS) -> Receipt:
    receipt = parse_receipt(text, (), RECEIPT, settings)
    assert receipt is not None
    return receipt


@pytest.mark.smpp("S-41")
def test_the_usual_receipt() -> None:
    assert read(USUAL) == Receipt(("0123456789",), ReceiptState.DELIVERED, "000", DONE_MS, False)


@pytest.mark.smpp("S-41")
def test_an_intermediate_notification_says_so() -> None:
    receipt = parse_receipt(b"id:1 stat:ENROUTE", (), INTERMEDIATE, AS_IS)
    assert receipt == Receipt(("1",), ReceiptState.ENROUTE, None, None, True)


@pytest.mark.smpp("S-41")
def test_without_receipt_bits_it_is_a_message() -> None:
    assert parse_receipt(USUAL, (), 0, AS_IS) is None
    assert parse_receipt(USUAL, (), 0x08, AS_IS) is None  # acknowledgement by the phone


@pytest.mark.smpp("S-41")
def test_an_operator_that_sets_no_bit_is_known_by_its_text() -> None:
    assert parse_receipt(USUAL, (), 0, BY_TEXT) == read(USUAL)


@pytest.mark.smpp("S-43")
def test_an_unheard_of_status_does_not_make_a_message_of_a_receipt() -> None:
    receipt = parse_receipt(b"id:12 sub:001 stat:VANISHED err:001", (), 0, BY_TEXT)
    assert receipt == Receipt(("12",), None, "001")


@pytest.mark.smpp("S-41")
@pytest.mark.parametrize("text", [b"", b"hello", b"id:5", b"stat:DELIVRD", b"my id:5 has the stat:high", b"\xd8\xd9"])
def test_a_message_is_not_taken_for_a_receipt_by_its_text(text: bytes) -> None:
    assert parse_receipt(text, (), 0, BY_TEXT) is None


@pytest.mark.smpp("S-41")
def test_a_receipted_message_id_makes_a_receipt_whatever_the_bits() -> None:
    receipt = parse_receipt(b"", {0x001E: b"abc\0", 0x0427: b"\x02"}, 0, AS_IS)
    assert receipt == Receipt(("abc",), ReceiptState.DELIVERED)


@pytest.mark.smpp("S-42")
def test_tlvs_win_over_text() -> None:
    tlvs = [(0x001E, b"from-tlv\0"), (0x0427, b"\x05"), (0x0423, b"\x03\x01\x02")]
    receipt = parse_receipt(USUAL, tlvs, RECEIPT, AS_IS)
    assert receipt == Receipt(("from-tlv",), ReceiptState.UNDELIVERABLE, "258", DONE_MS)


@pytest.mark.smpp("S-42")
def test_tlvs_alone_are_enough() -> None:
    receipt = parse_receipt(b"", ((0x001E, b"77"), (0x0427, b"\x03")), RECEIPT, AS_IS)
    assert receipt == Receipt(("77",), ReceiptState.EXPIRED)


@pytest.mark.smpp("S-42")
@pytest.mark.parametrize("tlvs", [{0x001E: b"77\0"}, {0x001E: b"77\0", 0x0427: b"\x1f"}, {0x001E: b"77", 0x0427: b""}])
def test_what_the_tlvs_lack_the_text_gives(tlvs: dict[int, bytes]) -> None:
    receipt = parse_receipt(b"id:1 stat:REJECTD", tlvs, RECEIPT, AS_IS)
    assert receipt == Receipt(("77",), ReceiptState.REJECTED)


def test_the_text_may_come_as_message_payload() -> None:
    assert parse_receipt(b"", {0x0424: USUAL}, RECEIPT, AS_IS) == read(USUAL)


def test_the_text_may_come_as_ucs2() -> None:
    assert read(USUAL.decode().encode("utf-16-be")) == read(USUAL)


@pytest.mark.smpp("S-43")
@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("SCHEDULED", ReceiptState.SCHEDULED),
        ("ENROUTE", ReceiptState.ENROUTE),
        ("DELIVRD", ReceiptState.DELIVERED),
        ("delivrd", ReceiptState.DELIVERED),
        ("DELIVERED", ReceiptState.DELIVERED),
        ("EXPIRED", ReceiptState.EXPIRED),
        ("DELETED", ReceiptState.DELETED),
        ("UNDELIV", ReceiptState.UNDELIVERABLE),
        ("FAILED", ReceiptState.UNDELIVERABLE),
        ("ACCEPTD", ReceiptState.ACCEPTED),
        ("UNKNOWN", ReceiptState.UNKNOWN),
        ("REJECTD", ReceiptState.REJECTED),
        ("SKIPPED", ReceiptState.SKIPPED),
        ("2", ReceiptState.DELIVERED),
        ("005", ReceiptState.UNDELIVERABLE),
        ("0", ReceiptState.SCHEDULED),
        ("99", None),
        ("NONSENSE", None),
        ("SENT", ReceiptState.ENROUTE),
        ("UNDELVD", ReceiptState.UNDELIVERABLE),
        ("NOT DELIVERED", ReceiptState.UNDELIVERABLE),
        ("REJECT", ReceiptState.REJECTED),
    ],
)
def test_statuses(status: str, state: ReceiptState | None) -> None:
    assert read(f"id:1 stat:{status} err:0".encode()).state is state


@pytest.mark.smpp("S-42")
@pytest.mark.parametrize("state", list(ReceiptState))
def test_message_state_numbers(state: ReceiptState) -> None:
    receipt = parse_receipt(b"", {0x0427: bytes([state.value])}, RECEIPT, AS_IS)
    assert receipt == Receipt((), state)


@pytest.mark.smpp("S-43")
@pytest.mark.parametrize(
    "text",
    [
        b"id:a1 stat:DELIVRD done date:250301120130 err:007",
        b"ID:a1 SUB:001 DLVRD:001 SUBMIT DATE:2503011200 DONE DATE:250301120130 STAT:DELIVRD ERR:007 TEXT:x",
        b"err:007 stat:DELIVRD done date:250301120130 dlvrd:001 id:a1",
        b"id: a1 stat: DELIVRD err: 007 done date: 250301120130",
        b"id : a1  stat : DELIVRD   err : 007 done  date : 250301120130 Text :",
        b"id:a1\r\nstat:DELIVRD\r\nerr:007\r\ndone date:250301120130\r\n",
        b"id:a1;stat:DELIVRD;err:007;done_date:250301120130;",
        b"text:Hello there id:a1 stat:DELIVRD err:007 done date:250301120130",
        b"id:a1 text:Hello there stat:DELIVRD err:007 done date:250301120130",
        b"id:a1 text: stat:DELIVRD err:007 done date:250301120130",
    ],
)
def test_fields_in_any_order_case_and_spacing(text: bytes) -> None:
    assert read(text) == Receipt(("a1",), ReceiptState.DELIVERED, "007", DONE_MS)


@given(
    st.permutations(["id:a1", "sub:001", "dlvrd:001", "submit date:2503011200", "stat:UNDELIV", "err:12", "text:a b"])
)
@pytest.mark.smpp("S-43")
def test_every_order_reads_the_same(fields: list[str]) -> None:
    receipt = read(" ".join(fields).encode())
    assert (receipt.candidates, receipt.state) == (("a1",), ReceiptState.UNDELIVERABLE)


@pytest.mark.smpp("S-43")
def test_missing_fields_are_missing() -> None:
    assert read(b"id:a1 stat:DELIVRD") == Receipt(("a1",), ReceiptState.DELIVERED)
    assert read(b"stat:DELIVRD") == Receipt((), ReceiptState.DELIVERED)
    assert read(b"id:a1") == Receipt(("a1",), None)
    assert read(b"") == Receipt((), None)


@pytest.mark.case("smpp-7")
@pytest.mark.smpp("S-46")
@pytest.mark.parametrize(
    ("text", "state"),
    [
        (b"id:a1 DELIVRD", ReceiptState.DELIVERED),
        (b"id:a1 sub:001 dlvrd:001 done date:2503011201 UNDELIV err:007 text:DELIVRD", ReceiptState.UNDELIVERABLE),
        (b"id:a1 stat: DELIVRD", ReceiptState.DELIVERED),
        (b"id:a1 status:DELIVRD", ReceiptState.DELIVERED),
        (b"id:a1 NOT DELIVERED", ReceiptState.UNDELIVERABLE),
        (b"id:a1 DELIVRD REJECTD", None),
        (b"id:a1 is not yet delivered", None),
        (b"id:a1 2 5", None),
        (b"id:a1 text:DELIVRD", None),
    ],
)
def test_a_bare_word_counts_where_it_is_one(text: bytes, state: ReceiptState | None) -> None:
    assert read(text).state is state


@pytest.mark.case("smpp-7")
@pytest.mark.smpp("S-46")
def test_an_operators_own_words_go_before_those_that_all_know() -> None:
    words = {b"0": ReceiptState.DELIVERED, b"DELIVRD": ReceiptState.ENROUTE, b"GONE-7": ReceiptState.EXPIRED}
    settings = ReceiptSettings(words=words)
    for word, state in ((b"0", words[b"0"]), (b"delivrd", words[b"DELIVRD"]), (b"Gone-7", words[b"GONE-7"])):
        receipt = parse_receipt(b"id:1 stat:" + word + b" err:0", (), RECEIPT, settings)
        assert receipt is not None
        assert receipt.state is state


@pytest.mark.case("smpp-8")
@pytest.mark.parametrize(
    ("sub", "delivered", "covers"),
    [("003", "003", 3), ("3", "3", 3), ("001", "001", 1), ("003", "002", 1), ("000", "000", 1), ("x", "x", 1)],
)
def test_as_many_delivered_as_submitted_is_so_many_segments(sub: str, delivered: str, covers: int) -> None:
    for behind in ("submit date:2503011200 done date:2503011201 stat:DELIVRD err:000", "stat:DELIVRD"):
        assert read(f"id:1 sub:{sub} dlvrd:{delivered} {behind}".encode()).covers == covers


@pytest.mark.case("smpp-6")
def test_a_header_in_front_of_a_receipt_is_passed_over() -> None:
    receipt = parse_receipt(bytes.fromhex("050003420101") + USUAL, (), RECEIPT | 0x40, AS_IS)
    assert receipt == read(USUAL)


@pytest.mark.smpp("S-43")
def test_an_empty_field_does_not_swallow_the_next() -> None:
    assert read(b"id: sub:001 done date: stat:DELIVRD err: text:x") == Receipt((), ReceiptState.DELIVERED)


@pytest.mark.smpp("S-43")
@pytest.mark.parametrize(
    ("date", "done_at_ms"),
    [
        ("2503011201", DONE_MS - 30_000),
        ("250301120130", DONE_MS),
        ("", None),
        ("0000000000", None),
        ("2513011201", None),
        ("250301120199", None),
        ("25030112", None),
        ("N/A", None),
    ],
)
def test_dates_of_ten_or_twelve_digits_or_none(date: str, done_at_ms: int | None) -> None:
    assert read(f"id:1 done date:{date} stat:DELIVRD".encode()).done_at_ms == done_at_ms


def test_dates_are_in_the_operators_local_time() -> None:
    riyadh = ReceiptSettings(utc_offset_min=180)
    assert read(b"id:1 done date:250301150130 stat:DELIVRD", riyadh).done_at_ms == DONE_MS


@pytest.mark.smpp("S-43")
@pytest.mark.parametrize("raw", ["1" * 64, "f" * 64, "c0ffee00-1234-4abc-8def-0123456789ab", "MT-2025/03.01_x"])
def test_long_and_odd_ids_arrive_whole(raw: str) -> None:
    assert read(f"id:{raw} stat:DELIVRD".encode()).candidates == (raw,)


@pytest.mark.case("smpp-1")
def test_an_id_over_64_characters_is_cut_as_that_of_the_response_is() -> None:
    raw = "1" * 70
    assert read(f"id:{raw} stat:DELIVRD".encode()).candidates == (canonical_id(raw[:64]),)
    tlvs = ((0x001E, raw.encode() + b"\0"), (0x0427, b"\2"))
    stated = parse_receipt(b"", tlvs, 4)
    assert stated is not None
    assert stated.candidates == (canonical_id(raw[:64]),)


@pytest.mark.smpp("S-48")
def test_the_echoed_text_is_nowhere_in_the_result() -> None:
    receipt = read(b"id:1 stat:DELIVRD text:Salma err:SECRET id:9 done date:2503011201 stat:FAILED")
    assert receipt == Receipt(("1",), ReceiptState.DELIVERED)
    assert "SECRET" not in repr(receipt)


@pytest.mark.smpp("S-48")
def test_an_echo_that_reads_like_fields_does_not_win_over_the_fields_behind_it() -> None:
    receipt = read(b"text:id:9 stat:FAILED err:666 id:1 stat:DELIVRD err:007")
    assert receipt == Receipt(("1",), ReceiptState.DELIVERED, "007")


@pytest.mark.smpp("S-48")
@pytest.mark.parametrize("err", ["Call Salma", "+966512345678", "رمز", "x" * 9, "a.b"])
def test_an_error_code_that_is_no_code_is_dropped(err: str) -> None:
    assert read(f"id:1 stat:UNDELIV err:{err.replace(' ', '_')}".encode()).error_code is None


@pytest.mark.smpp("S-35")
@pytest.mark.parametrize(
    ("raw", "recorded"),
    [
        ("0012AB", "12ab"),
        ("12AB", "12ab"),
        ("000", "0"),
        ("", ""),
        (" 7 ", "7"),
        ("C0FFEE00-1234-4ABC-8DEF-0123456789AB", "c0ffee00-1234-4abc-8def-0123456789ab"),
    ],
)
def test_ids_are_recorded_in_one_form(raw: str, recorded: str) -> None:
    assert canonical_id(raw) == recorded


def test_an_id_taken_as_it_is_keeps_case_and_zeros() -> None:
    assert canonical_id("00aB", AS_IS) == "00aB"
    assert candidates("00aB", AS_IS) == ("00aB",)


@pytest.mark.smpp("S-44")
@pytest.mark.parametrize(
    ("id_format", "in_response", "in_receipt"),
    [
        (IdFormat.HEX, "00AB12", "ab12"),
        (IdFormat.HEX, "ab12", "0000AB12"),
        (IdFormat.DECIMAL, "0123", "123"),
        (IdFormat.HEX_TO_DECIMAL, "0001E240", "123456"),
        (IdFormat.HEX_TO_DECIMAL, "1e240", "0000123456"),
        (IdFormat.DECIMAL_TO_HEX, "123456", "0001E240"),
        (IdFormat.AUTO, "123456", "0000123456"),
        (IdFormat.AUTO, "0001E240", "123456"),
        (IdFormat.AUTO, "123456", "1E240"),
        (IdFormat.AUTO, "0" * 20, "0"),
    ],
)
def test_the_receipts_id_finds_the_responses(id_format: IdFormat, in_response: str, in_receipt: str) -> None:
    settings = ReceiptSettings(id_format=id_format)
    assert canonical_id(in_response, settings) in candidates(in_receipt, settings)


@pytest.mark.smpp("S-44")
@given(st.integers(0, 2**64), st.sampled_from(["{:d}", "{:x}", "{:X}", "{:020d}", "{:016x}"]), st.sampled_from("dx"))
def test_auto_finds_any_number_however_it_is_written(number: int, response: str, receipt: str) -> None:
    assert canonical_id(response.format(number)) in candidates(format(number, receipt))


@pytest.mark.smpp("S-44")
@given(st.text(min_size=1, max_size=64))
def test_the_exact_form_comes_first_and_no_form_twice(raw: str) -> None:
    forms = candidates(raw)
    assert forms[:1] == ((canonical_id(raw),) if raw.strip() else ())
    assert len(set(forms)) == len(forms)


@pytest.mark.smpp("S-44")
@given(st.text(min_size=1, max_size=64), st.sampled_from([form for form in IdFormat if form is not IdFormat.AUTO]))
def test_a_known_relation_never_leaves_a_choice(raw: str, id_format: IdFormat) -> None:
    assert len(candidates(raw, ReceiptSettings(id_format=id_format))) <= 1


@pytest.mark.smpp("S-44")
def test_an_id_that_is_no_number_stays_itself_in_every_format() -> None:
    for id_format in IdFormat:
        assert candidates("mt-7-x", ReceiptSettings(id_format=id_format)) == ("mt-7-x",)


ANY_TLVS = st.lists(
    st.tuples(st.sampled_from([0x001E, 0x0423, 0x0424, 0x0427, 0x1400]), st.binary(max_size=80)), max_size=5
)


@given(st.binary(max_size=300), ANY_TLVS, st.integers(0, 255), st.sampled_from(IdFormat), st.booleans())
def test_no_octets_break_it(
    octets: bytes, tlvs: list[tuple[int, bytes]], esm_class: int, id_format: IdFormat, by_text: bool
) -> None:
    settings = ReceiptSettings(id_format=id_format, recognise_by_text=by_text)
    receipt = parse_receipt(octets, tlvs, esm_class, settings)
    assert receipt is None or len(receipt.candidates) <= 3


PIECES = st.sampled_from(
    [b"id:", b"stat:", b"text:", b"err:", b"done date:", b" ", b":", b"DELIVRD", b"1", b"\xff", b"\0"]
)


@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_no_broken_receipt_breaks_it(text: bytes) -> None:
    assert parse_receipt(text, (), RECEIPT) is not None


WORDS = st.text("abcDEF0189-.,;:", min_size=1, max_size=12)
ECHOES = st.sampled_from(
    [" text:", " Text:id:9 stat:UNDELIV", " TEXT:x", "  text:x", " texts:", "", " stat:EXPIRED", "\0"]
)


@pytest.mark.smpp("S-43")
@given(
    WORDS, WORDS, st.text("0123456789", max_size=13), st.sampled_from(["DELIVRD", "delivrd", "", "7", "ODD"]), ECHOES
)
def test_the_usual_text_reads_as_searching_it_does(word: str, err: str, done: str, stat: str, echo: str) -> None:
    text = f"id:{word} sub:001 dlvrd:001 submit date:2503011200 done date:{done} stat:{stat} err:{err}{echo}".encode()
    assert read(text) == read(b" " + text)  # with a space before it, nothing is usual any more
