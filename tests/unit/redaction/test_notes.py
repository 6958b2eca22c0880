"""Signed notes and cosignatures, by the vectors of C2SP and by another implementation."""

import msgspec
import pytest
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint

from redaction.notes import (
    COSIGNATURE,
    BadNote,
    Note,
    VerifierKey,
    cosign,
    is_signed_by,
    read_note,
    read_verifier_key,
    sign,
    verifier_key,
    verifies,
)

VECTOR = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SEED, OTHER = bytes(range(32)), bytes(range(1, 33))
NAME = "gateway.example/audit/1"
TEXT = f"{NAME}\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
NOTE = Note(TEXT, (sign(SEED, NAME, TEXT),))


def test_the_specifications_verifier_key_is_read_and_written() -> None:
    key = read_verifier_key(VECTOR)
    assert (key.name, key.key_id.hex(), key.text) == ("example.com/foo", "530d903a", VECTOR)


@pytest.mark.parametrize(
    "text",
    ["", "a+b", VECTOR.replace("530d903a", "530d903b"), VECTOR[:-4], "a b+530d903a+AQ==", VECTOR.replace("+Ae", "+Be")],
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        read_verifier_key(text)


def test_a_note_is_read_as_it_is_written_and_another_program_takes_it() -> None:
    key = verifier_key(SEED, NAME)
    note = read_note(NOTE.octets)
    assert note == NOTE
    assert is_signed_by(note, key)
    Checkpoint.from_text(note.octets.decode()).verify(Vkey.from_string(key.text))


def test_another_text_key_or_name_does_not_verify() -> None:
    key = verifier_key(SEED, NAME)
    assert not is_signed_by(msgspec.structs.replace(NOTE, text=TEXT.replace("\n3\n", "\n4\n")), key)
    assert not is_signed_by(Note(TEXT, (sign(OTHER, NAME, TEXT),)), key)
    assert not is_signed_by(NOTE, verifier_key(SEED, "another.example"))
    forged = msgspec.structs.replace(sign(OTHER, NAME, TEXT), key_id=key.key_id)
    assert not is_signed_by(Note(TEXT, (forged,)), key)
    assert not verifies(VerifierKey(NAME, 1, b"short"), TEXT, NOTE.signatures[0])


def test_a_cosignature_says_when_and_another_program_takes_it() -> None:
    key = verifier_key(OTHER, "witness.example", COSIGNATURE)
    signature = cosign(OTHER, "witness.example", TEXT, 1_796_000_000)
    assert signature.cosigned_s == 1_796_000_000
    assert verifies(key, TEXT, signature)
    assert read_verifier_key(key.text) == key
    later = msgspec.structs.replace(signature, octets=(1_796_000_001).to_bytes(8, "big") + signature.octets[8:])
    assert not verifies(key, TEXT, later)
    both = Note(TEXT, (*NOTE.signatures, signature))
    Checkpoint.from_text(both.octets.decode()).verify(Vkey.from_string(key.text))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xff\n\n",
        b"text\n",
        TEXT.encode(),
        NOTE.octets[:-1],
        NOTE.octets + b"\n",
        NOTE.octets.replace(b"3\n", b"3\r\n"),
        NOTE.octets.replace("— ".encode(), b"- "),
        b"text\n\n" + "— name AAAA\n".encode(),
        b"text\n\n" + "— name not base64\n".encode(),
        b"x" * 100_001 + NOTE.octets,
    ],
)
def test_what_is_no_note_is_refused(octets: bytes) -> None:
    with pytest.raises(BadNote):
        read_note(octets)
