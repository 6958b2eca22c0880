"""When a certificate ends, as a file and as a peer's handshake say it."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from operators.expiry import PeerExpiry, file_ends_s
from tests.unit.gateway.webhooks.receiver import certificates


def pem(ends: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x" * 60)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=1))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("year", [1970, 1999, 2026, 2049, 2050, 2051, 9998])
def test_a_file_says_when_its_first_certificate_ends(tmp_path: Path, year: int) -> None:
    """From 2050 on years have four digits."""
    ends, file = datetime(year, 11, 30, 12, 34, 56, tzinfo=UTC), tmp_path / "x.pem"
    file.write_bytes(b"words before it\n" + pem(ends) + pem(datetime(2030, 1, 1, tzinfo=UTC)))
    assert file_ends_s(str(file)) == ends.timestamp()


@pytest.mark.parametrize(
    "text",
    [b"", b"-----BEGIN CERTIFICATE-----", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----", b"\xff" * 99],
)
def test_a_file_without_a_certificate_says_nothing(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "x.pem").write_bytes(text)
    assert file_ends_s(str(tmp_path / "x.pem")) is None


@given(st.integers(0, 2_000), st.binary(max_size=4))
def test_a_certificate_that_is_damaged_ends_nothing_else(at: int, octets: bytes) -> None:
    whole = ssl.PEM_cert_to_DER_cert(WHOLE.decode())
    damaged = whole[:at] + octets + whole[at + len(octets) :]
    file = FOLDER / "damaged.pem"
    file.write_text(ssl.DER_cert_to_PEM_cert(damaged))
    found = file_ends_s(str(file))
    assert found is None or isinstance(found, float)


@pytest.fixture(autouse=True, scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    global FOLDER
    FOLDER = tmp_path_factory.mktemp("pem")


WHOLE = pem(datetime(2030, 1, 1, tzinfo=UTC))
FOLDER = Path()


async def test_a_peers_handshake_says_when_its_certificate_ends(tmp_path: Path) -> None:
    server, client = certificates(tmp_path, "127.0.0.1")
    peer = PeerExpiry()
    listener = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0, ssl=server)
    port = listener.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, "127.0.0.1", port, ssl=client)
    peer.note(transport)
    assert peer.ends_s == file_ends_s(str(tmp_path / "server.pem"))
    transport.close()
    listener.close()


async def test_a_connection_without_tls_says_nothing() -> None:
    peer = PeerExpiry()
    peer.note(asyncio.Transport())
    assert peer.ends_s is None
