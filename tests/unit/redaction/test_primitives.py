"""Both ways to compute the same: `pure`, and OpenSSL in one call where it is built."""

import struct
from collections.abc import Callable
from hashlib import blake2s
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.process.version import BUILD
from redaction import primitives
from redaction.errors import IntegrityError, UnknownVersion, WrongKey
from redaction.primitives import pure

KEY = st.binary(min_size=32, max_size=32)
SIXTEEN = st.binary(min_size=16, max_size=16)
LEAF = st.integers(0, 2**40 - 1)

FIELD = st.tuples(
    KEY,
    KEY,
    SIXTEEN,
    st.integers(0, 2**64 - 1),
    SIXTEEN,
    st.binary(max_size=100),
    st.integers(0, 2**32 - 1),
    LEAF,
    st.binary(max_size=700),
)
LEAF_KEY, CUSTOMER_KEY, SALT = b"\1" * 32, b"\2" * 32, b"\3" * 16
ROW = (7, b"\4" * 16, b"label")
SEAL: tuple[Any, ...] = (LEAF_KEY, CUSTOMER_KEY, SALT, *ROW, 9, 99, b"to whom it concerns")


def by_openssl() -> Any:
    return pytest.importorskip("redaction.primitives.openssl", reason="part of the compiled build alone")


def by_c() -> Any:
    return pytest.importorskip("redaction.primitives.hashing", reason="part of the compiled build alone")


@pytest.fixture(params=["pure", "openssl"] if primitives.BY_OPENSSL else ["pure"])
def module(request: pytest.FixtureRequest) -> Any:
    return pure if request.param == "pure" else by_openssl()


@given(KEY, LEAF, st.integers(0, 14), st.integers(0, 14))
def test_both_descend_to_the_same_node(node: bytes, index: int, level: int, until: int) -> None:
    assert by_c().descend(node, index, level, until) == pure.descend(node, index, level, until)


@given(st.binary(max_size=64), st.binary(max_size=500))
def test_both_give_the_same_hmac(key: bytes, message: bytes) -> None:
    assert by_openssl().hmac_sha256(key, message) == pure.hmac_sha256(key, message)


@given(FIELD)
def test_both_seal_the_same_bytes_and_open_each_others(field: tuple[Any, ...]) -> None:
    native = by_openssl()
    sealed, ready = pure.seal_field(*field)
    native_sealed, native_ready = native.seal_field(*field)
    assert native_sealed == sealed
    row, plaintext = field[3:6], field[8]
    for each, key in ((pure, ready), (native, native_ready)):
        assert each.open_ready(key, sealed) == plaintext
        assert each.leaf_in(sealed, *row) == field[7]
        assert each.open_field(*field[:2], sealed, *row) == plaintext


@given(st.binary(max_size=700))
def test_every_length_comes_back(plaintext: bytes) -> None:
    for module in (pure, primitives):
        sealed, ready = module.seal_field(*SEAL[:8], plaintext)
        assert len(sealed) == 46 + pure.padded_size(len(plaintext)) + 16
        assert module.open_ready(ready, sealed) == plaintext


def test_no_byte_can_be_changed_unnoticed(module: Any) -> None:
    sealed, ready = module.seal_field(*SEAL)
    for at in (0, *range(5, len(sealed))):  # between them the period: the caller takes it from there for the label
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises((IntegrityError, UnknownVersion)):
            _open(module, bytes(changed))
        if at >= 46:
            with pytest.raises(IntegrityError):
                module.open_ready(ready, bytes(changed))


def _open(module: Any, sealed: bytes) -> None:
    module.leaf_in(sealed, *ROW)
    module.open_field(LEAF_KEY, CUSTOMER_KEY, sealed, *ROW)


@pytest.mark.parametrize(
    ("keys", "row", "error"),
    [
        ((LEAF_KEY, SALT * 2), ROW, WrongKey),
        ((SALT * 2, CUSTOMER_KEY), ROW, WrongKey),
        ((LEAF_KEY, CUSTOMER_KEY), (8, *ROW[1:]), WrongKey),
        ((LEAF_KEY, CUSTOMER_KEY), (ROW[0], SALT, ROW[2]), WrongKey),
        ((LEAF_KEY, CUSTOMER_KEY), (*ROW[:2], b"other"), WrongKey),
    ],
)
def test_another_key_or_row_opens_nothing(
    module: Any, keys: tuple[bytes, bytes], row: tuple[int, bytes, bytes], error: type[Exception]
) -> None:
    sealed, _ = module.seal_field(*SEAL)
    with pytest.raises(error):
        module.open_field(*keys, sealed, *row)
    if row != ROW:
        with pytest.raises(IntegrityError, match="does not belong to this row"):
            module.leaf_in(sealed, *row)


@pytest.mark.parametrize(
    ("sealed", "error"), [(b"", IntegrityError), (b"\1" * 61, IntegrityError), (b"\2" * 62, UnknownVersion)]
)
def test_what_has_not_the_form_is_not_opened(module: Any, sealed: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        module.leaf_in(sealed, *ROW)
    with pytest.raises(error):
        module.open_field(LEAF_KEY, CUSTOMER_KEY, sealed, *ROW)


@pytest.mark.parametrize(
    "call",
    [
        lambda it: it.seal_field(*SEAL[:4], b"short", *SEAL[5:]),
        lambda it: it.seal_field(*SEAL[:7], 2**40, SEAL[8]),
        lambda it: it.seal_field(*SEAL[:3], -1, *SEAL[4:]),
        lambda it: it.seal_field(*SEAL[:3], 2**64, *SEAL[4:]),
        lambda it: it.seal_field("text", *SEAL[1:]),
        lambda it: it.seal_field(*SEAL[:8], "text"),
        lambda it: it.seal_field(*SEAL[:8]),
        lambda it: it.open_field(LEAF_KEY, CUSTOMER_KEY, None, *ROW),
        lambda it: it.leaf_in(None, *ROW),
        lambda it: it.hmac_sha256("text", b""),
    ],
)
def test_what_is_no_argument_is_refused(module: Any, call: Callable[[Any], object]) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError, struct.error)):
        call(module)


@pytest.mark.parametrize(
    "wrong",
    [("text", 0, 0, 14), (b"short", 0, 0, 14), (bytes(32), -1, 0, 14), (bytes(32), 2**40, 0, 14), (bytes(32), 0, 0)],
)
def test_what_is_no_way_to_a_leaf_is_refused(wrong: tuple[Any, ...]) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError)):
        by_c().descend(*wrong)


def test_forgetting_changes_nothing_that_follows(module: Any) -> None:
    sealed, ready = module.seal_field(*SEAL)
    module.forget()
    assert module.seal_field(*SEAL)[0] == sealed
    assert module.open_ready(ready, sealed) == SEAL[8]
    module.forget()
    assert module.open_field(LEAF_KEY, CUSTOMER_KEY, sealed, *ROW) == SEAL[8]
    assert module.hmac_sha256(b"key", b"message") == pure.hmac_sha256(b"key", b"message")


def test_the_compiled_build_has_it() -> None:
    assert (BUILD == "compiled") == primitives.BY_OPENSSL, "without OpenSSL's headers it is built without"


BEGUN = st.tuples(
    st.binary(max_size=200), st.integers(1, 32), st.binary(max_size=32), st.binary(max_size=8), st.binary(max_size=300)
)


@given(BEGUN)
def test_digests_that_begin_alike_are_those_of_the_whole(given: tuple[bytes, int, bytes, bytes, bytes]) -> None:
    octets, size, key, person, more = given
    begun = primitives.Begun(octets, size=size, key=key, person=person)
    for each in (more, b"", more):
        assert begun.of(each) == blake2s(octets + each, digest_size=size, key=key, person=person).digest()


@given(BEGUN, st.data())
def test_a_digest_may_begin_with_that_of_the_beginning(
    given: tuple[bytes, int, bytes, bytes, bytes], data: st.DataObject
) -> None:
    octets, size, key, person, more = given
    until, first = data.draw(st.integers(0, len(more))), data.draw(st.integers(0, size))
    begun = primitives.Begun(octets, size=size, key=key, person=person)
    both = begun.of(more[:until])[:first] + begun.of(more)[first:]
    assert begun.of_both(more, until, first) == both
    assert pure.Begun(octets, size=size, key=key, person=person).of_both(more, until, first) == both


@pytest.mark.parametrize(
    "wrong", [("text", 0, 0), (b"1", 2, 0), (b"1", -1, 0), (b"1", 0, 33), (b"1", 0, -1), (b"1", "0", 0), (b"1",)]
)
def test_what_is_no_beginning_is_refused(wrong: tuple[Any, ...]) -> None:
    with pytest.raises((TypeError, ValueError)):
        by_c().Begun(b"").of_both(*wrong)


@given(st.binary(max_size=32), st.binary(max_size=8), st.binary(max_size=300))
def test_a_digest_of_two_octets_is_that_of_blake2s(key: bytes, person: bytes, octets: bytes) -> None:
    whole = blake2s(octets, digest_size=2, key=key, person=person).digest()
    assert primitives.digest_16(key, person, octets) == int.from_bytes(whole, "big")


@pytest.mark.parametrize("wrong", [(bytes(33), b"", b""), (b"", bytes(9), b"")])
def test_a_key_that_is_too_long_makes_no_digest(wrong: tuple[bytes, bytes, bytes]) -> None:
    for digest_16 in (pure.digest_16, primitives.digest_16):
        with pytest.raises(ValueError):  # noqa: PT011  each in its own words
            digest_16(*wrong)


@pytest.mark.parametrize("wrong", [{"size": 0}, {"size": 33}, {"key": bytes(33)}, {"person": bytes(9)}])
def test_what_no_digest_can_begin_with_is_refused(wrong: dict[str, Any]) -> None:
    for kind in [pure.Begun, *([by_c().Begun] if primitives.Begun is not pure.Begun else [])]:
        with pytest.raises(ValueError):  # noqa: PT011  each in its own words
            kind(b"", **wrong)
