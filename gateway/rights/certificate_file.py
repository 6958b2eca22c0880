"""The file of a certificate: statement, page, entry of the audit log and its proof, in one zip without compression.

It is the same octets whenever it is made of the same four: what differs in a single one was altered.
"""

import zipfile
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from typing import Final

import msgspec

from gateway.audit.acts import Act
from gateway.audit.checkpoint import Proof, read_checkpoint, read_proof
from gateway.audit.entries import BadEntry, read_entry
from gateway.audit.tiles import TileReader
from gateway.rights.certificates import Certificate, Statement
from redaction.notes import BadNote, Note, VerifierKey, is_signed_by

STATEMENT: Final = "certificate.json"
PAGE: Final = "certificate.html"
ENTRY: Final = "entry.json"
PROOF: Final = "entry.json.tlog-proof"
NAMES: Final = (STATEMENT, PAGE, ENTRY, PROOF)
LARGEST: Final = 1 << 20
"""Octets of a file."""


class BadCertificate(ValueError):
    """A file is no certificate as it was issued. The text says why, and repeats nothing of it."""


def find_entry(reader: TileReader, identifier: str, newest: int) -> int | None:
    """Index of the entry `destruction` of a certificate, looked for from the newest bundle on to index `newest`."""
    wanted = f'"obj":"{identifier}"'.encode()
    for number in reversed(range(newest // 256, -(-reader.size // 256))):
        for at, each in enumerate(reader.bundle(number) or (), number * 256):
            if wanted in each and read_entry(each)["act"] == Act.DESTRUCTION.value:
                return at
    return None


def certificate_file(certificate: Certificate, entry: bytes, proof: Proof) -> bytes:
    return _packed(dict(zip(NAMES, (certificate.statement, certificate.page, entry, proof.text.encode()), strict=True)))


def prove(certificate: Certificate, reader: TileReader, index: int, note: Note) -> bytes:
    """The file. note: the checkpoint of the reader's size. Raises BadCertificate where the log lacks the entry."""
    entry = reader.entry(index)
    if entry is None:
        raise BadCertificate("the entry is not in the log any more")
    return certificate_file(certificate, entry, Proof(index, tuple(reader.entry_path(index)), note))


def verify_certificate(octets: bytes, *keys: VerifierKey) -> Statement:
    """What a certificate says, if every octet of its file is as it was issued and a key of the log has signed it.

    Raises BadCertificate.
    """
    members = _unpacked(octets)
    if _packed(members) != octets:
        raise BadCertificate("the file is altered")
    try:
        entry, proof = read_entry(members[ENTRY]), read_proof(members[PROOF])
        holds = proof.holds(members[ENTRY])
        origin = read_checkpoint(proof.note).origin
    except (BadEntry, BadNote):
        raise BadCertificate("entry or proof are altered") from None
    if proof.text.encode() != members[PROOF] or not holds:
        raise BadCertificate("the proof does not hold")
    if origin not in {each.name for each in keys} or not is_signed_by(proof.note, *keys):
        raise BadCertificate("it is signed by another key")
    digests = entry.get("d", {})
    named = [digests.get("statement"), digests.get("page")]
    if entry["act"] != Act.DESTRUCTION.value or named != [sha256(members[each]).hexdigest() for each in NAMES[:2]]:
        raise BadCertificate("statement or page are altered")
    said = msgspec.json.decode(members[STATEMENT], type=Statement)
    if said.id != entry.get("obj"):
        raise BadCertificate("the entry is about another certificate")
    return said


def _packed(members: Mapping[str, bytes]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as file:
        for name in NAMES:
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            file.writestr(info, members[name])
    return packed.getvalue()


_RAISED_OF_ZIPS: Final = (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError)
"""All that the library raises of octets that are no zip, or one that it cannot read."""


def _unpacked(octets: bytes) -> dict[str, bytes]:
    with suppress(*_RAISED_OF_ZIPS), zipfile.ZipFile(BytesIO(octets)) as file:
        if tuple(file.namelist()) == NAMES and sum(each.file_size for each in file.infolist()) <= LARGEST:
            return {name: file.read(name) for name in NAMES}
    raise BadCertificate("this is no certificate")
