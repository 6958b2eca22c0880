"""Certificates that were replaced are shown to whoever connects from then on."""

import asyncio
import ssl
from pathlib import Path

import pytest

from gateway.process.tls import Identity
from tests.interop.certificates import make_certificates


@pytest.mark.case("interfaces-17")
async def test_another_certificate_is_shown_after_it_was_read_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = make_certificates(tmp_path / "a"), make_certificates(tmp_path / "b")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_bytes(Path(first.server).read_bytes())
    key.write_bytes(Path(first.server_key).read_bytes())
    identity = Identity(str(certificate), str(key))
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=identity.context)

    async def shown() -> bytes | None:
        asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        asking.check_hostname, asking.verify_mode = False, ssl.CERT_NONE
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2], ssl=asking)
        found: ssl.SSLObject = writer.get_extra_info("ssl_object")
        writer.close()
        return found.getpeercert(binary_form=True)

    before = await shown()
    certificate.write_bytes(Path(second.server).read_bytes())
    with pytest.raises(ssl.SSLError):
        identity.adopt(Identity(str(certificate), str(key)))  # the key is another one's
    assert await shown() == before
    key.write_bytes(Path(second.server_key).read_bytes())
    identity.adopt(Identity(str(certificate), str(key)))
    renewed = await shown()
    assert renewed not in (before, None)
    identity.adopt(Identity(str(first.server), str(first.server_key)))
    assert await shown() == before
    certificate.write_bytes(Path(first.server).read_bytes())
    assert await shown() == before, "files that are no more the listener's change nothing"
    server.close()
