"""The fuzz targets under hypothesis, and the mutating fuzzer: short here, long where marked slow (docs/fuzzing.md)."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.smpp import pdu as p
from tests.fuzz import mutate, targets
from tests.fuzz.corpus import FRAMES, PDUS, RECEIPTS

SHORT = settings(max_examples=300, deadline=None)
LONG = settings(max_examples=30_000, deadline=None)
ANY = st.binary(max_size=400)
HEADERS = st.builds(
    lambda kind, status, sequence, body: p.HEADER.pack(16 + len(body), kind, status, sequence) + body,
    st.sampled_from([*p.TYPES, 0x777, 0xFFFFFFFF]),
    st.sampled_from([0, 0, 8, 0x400, 0xFFFFFFFF]),
    st.sampled_from([0, 1, 2, 3, 0x80000000, 0xFFFFFFFF]),
    st.binary(max_size=120),
)
BENT = st.integers(0, 1 << 62).map(lambda seed: mutate.bend(random.Random(seed)))
FRAME = HEADERS | BENT | st.sampled_from(FRAMES)
STREAM = st.lists(FRAME | ANY, max_size=30).map(b"".join)
CUTS = st.lists(st.integers(1, 300), max_size=5)
BINDS = st.integers(0, len(targets.BEGINNINGS) - 1)
RECEIPT = (
    st.lists(
        st.sampled_from([b"id:", b"stat:", b"err:", b"text:", b" ", b"done date:", b"DELIVRD", b"9" * 12])
        | st.binary(max_size=20),
        max_size=20,
    ).map(b"".join)
    | st.sampled_from(RECEIPTS)
    | ANY
)


@given(FRAME | ANY)
@SHORT
def test_any_octets_are_a_pdu_or_refused(octets: bytes) -> None:
    targets.pdu(octets)


@given(STREAM)
@SHORT
def test_any_stream_is_cut_the_same_in_any_pieces(octets: bytes) -> None:
    targets.frames(octets)


@given(STREAM, CUTS, BINDS)
@SHORT
def test_a_session_survives_any_stream(octets: bytes, cuts: list[int], binds: int) -> None:
    targets.session(octets, cuts, binds)


@given(RECEIPT)
@SHORT
def test_any_text_is_a_receipt_or_is_not(octets: bytes) -> None:
    targets.receipt(octets)


def test_ten_thousand_bent_pdus_break_nothing() -> None:
    said: list[str] = []
    assert mutate.fuzz(seed=2, count=10_000, say=said.append), said


def test_the_corpus_holds_every_pdu_and_is_sound() -> None:
    assert {pdu.command_id for pdu in PDUS} == set(p.TYPES)
    assert tuple(map(p.decode, FRAMES)) == PDUS


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@given(FRAME | ANY)
@LONG
def test_any_octets_are_a_pdu_or_refused_at_length(octets: bytes) -> None:
    targets.pdu(octets)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@given(STREAM, CUTS, BINDS)
@LONG
def test_a_session_survives_any_stream_at_length(octets: bytes, cuts: list[int], binds: int) -> None:
    targets.session(octets, cuts, binds)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@given(RECEIPT)
@LONG
def test_any_text_is_a_receipt_or_is_not_at_length(octets: bytes) -> None:
    targets.receipt(octets)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_a_million_bent_pdus_break_nothing() -> None:
    said: list[str] = []
    assert mutate.fuzz(seed=3, count=1_000_000, say=said.append), said
