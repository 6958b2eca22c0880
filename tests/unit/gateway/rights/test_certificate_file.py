"""A certificate is what was issued, to the last octet, for who has nothing but the log's key."""

import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from gateway.audit.checkpoint import Checkpoint, read_checkpoint
from gateway.audit.tiles import TileReader, TileWriter
from gateway.audit.tree import leaf_hash
from gateway.rights.certificate_file import NAMES, BadCertificate, find_entry, prove, verify_certificate
from gateway.rights.certificates import find_certificate
from redaction.notes import Note, VerifierKey, sign, verifier_key
from tests.unit.gateway.rights.desk import Rights, msisdn, number
from tests.unit.gateway.road import running_road

SCRIPT = Path(__file__).parents[4] / "docs" / "audit_verify.py"
SEED = bytes(range(32))
NAME = "connect-gateway/audit/0000000000000007"
KEY: VerifierKey = verifier_key(SEED, NAME)


def signed(folder: Path, size: int) -> tuple[TileReader, Note]:
    reader = TileReader(folder, size)
    text = Checkpoint(NAME, size, reader.root(0, size)).text
    return reader, Note(text, (sign(SEED, NAME, text),))


@pytest.fixture
async def issued(tmp_path: Path) -> bytes:
    async with running_road(tmp_path, down=["loop"]) as road:
        rights = Rights(road)
        for index in range(3):
            await road.send(to=number(index))
        await rights.erase(msisdn(1))
        (identifier,) = (await rights.erase(msisdn(2))).certificates
        entries = [each.octets for each in await road.ledger.acts.pending(1_000)]
        folder = tmp_path / "log"
        folder.mkdir()
        writer = TileWriter(folder, TileReader(folder, 0).edge())
        writer.add([(each, leaf_hash(each)) for each in entries])
        writer.flush()
        reader, note = signed(folder, len(entries))
        certificate = await find_certificate(road.ledger.acts, identifier)
        at = find_entry(reader, identifier, 0)
        assert certificate is not None
        assert at == len(entries) - 1
        assert read_checkpoint(note).size == len(entries)
        return prove(certificate, reader, at, note)


@pytest.mark.policy("P-26")
async def test_it_is_verified_with_the_key_alone(issued: bytes, tmp_path: Path) -> None:
    said = verify_certificate(issued, KEY)
    assert (said.what, said.why, said.counts["messages"]) == ("person", "request", 1)
    with pytest.raises(BadCertificate, match="another key"):
        verify_certificate(issued, verifier_key(SEED, "another"))
    file = tmp_path / "certificate.zip"
    file.write_bytes(issued)
    words = [sys.executable, str(SCRIPT), str(file), KEY.text]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for at in (40, len(issued) // 2, len(issued) - 30):
        file.write_bytes(issued[:at] + bytes((issued[at] ^ 1,)) + issued[at + 1 :])
        assert subprocess.run(words, capture_output=True, check=False).returncode == 1


@pytest.mark.policy("P-26")
async def test_one_octet_that_was_changed_fails(issued: bytes) -> None:
    for at in range(0, len(issued), 5):
        changed = issued[:at] + bytes((issued[at] ^ (1 << at % 8),)) + issued[at + 1 :]
        with pytest.raises(BadCertificate):
            verify_certificate(changed, KEY)


async def test_the_page_has_both_languages_and_no_script(issued: bytes) -> None:
    with zipfile.ZipFile(BytesIO(issued)) as file:
        assert tuple(file.namelist()) == NAMES
        page = file.read("certificate.html").decode()
    assert 'lang="ar" dir="rtl"' in page
    assert "Everything about a person" in page
    assert "كل ما يخص شخصًا" in page
    assert "<script" not in page
    assert number(2)[1:] not in page
