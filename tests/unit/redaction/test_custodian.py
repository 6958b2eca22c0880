"""Keys of a custodian: what is sealed to one, that one alone opens."""

import pytest

from redaction.custodian import HYBRID, X25519, NoCustodianKey, PrivateKey, PublicKey, new_private, public_key
from redaction.errors import Tampered


@pytest.mark.parametrize("kem", [X25519, HYBRID])
def test_only_the_private_key_opens_and_only_for_its_purpose(kem: str) -> None:
    key, other = new_private(kem), new_private(kem)
    sealed = key.public().seal(b"secret", b"one")
    assert key.open(sealed, b"one") == b"secret"
    for mine, octets, purpose in (
        (other, sealed, b"one"),
        (key, sealed, b"two"),
        (key, sealed[:-1] + bytes([sealed[-1] ^ 1]), b"one"),
        (key, b"", b"one"),
    ):
        with pytest.raises(Tampered):
            mine.open(octets, purpose)


def test_the_strongest_way_that_the_library_has_is_taken() -> None:
    assert new_private().kem == HYBRID


@pytest.mark.parametrize("kem", [X25519, HYBRID])
def test_a_key_is_one_line_and_is_read_as_it_was(kem: str) -> None:
    key = new_private(kem)
    assert public_key(key.public().line + "\n") == key.public() == PrivateKey(kem, key.octets).public()
    assert len(key.public().id) == 8
    assert key.octets.hex() not in repr(key)


@pytest.mark.parametrize(
    "line", ["", "cgw-custodian-1", "cgw-custodian-1 x25519 ä", "cgw-custodian-1 x25519 AAAA", "ssh-rsa x25519 AAAA"]
)
def test_what_is_no_key_is_refused(line: str) -> None:
    with pytest.raises(NoCustodianKey):
        public_key(line)
    with pytest.raises(NoCustodianKey):
        PublicKey("rsa", bytes(32))


def test_a_key_that_nobody_can_use_is_refused() -> None:
    with pytest.raises(NoCustodianKey):
        PublicKey(X25519, bytes(32)).seal(b"", b"")
