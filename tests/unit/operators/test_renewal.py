"""Certificates that are renewed while a process runs, by real handshakes."""

import asyncio
import shutil
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from structlog.testing import capture_logs

from gateway.process.tls import Identity
from operators.renewal import Renewal
from tests.interop.certificates import Certificates, make_certificates

pytestmark = pytest.mark.case("nodes-14")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Certificates, Certificates]:
    """Those that are used, and those that come in their place."""
    for name in ("now", "then"):
        (tmp_path / name).mkdir()
    return make_certificates(tmp_path / "now"), make_certificates(tmp_path / "then")


async def shown_by(port: int) -> bytes:
    """The certificate of a listener, of a new handshake."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    certificate: bytes = writer.get_extra_info("ssl_object").getpeercert(True)
    writer.close()
    return certificate


def of(file: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(file.read_text("ascii"))


def renew(now: Certificates, then: Certificates) -> None:
    shutil.copy(then.server, now.server)
    shutil.copy(then.server_key, now.server_key)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_listener_shows_what_its_files_hold(
    run: Callable[..., None], files: tuple[Certificates, Certificates]
) -> None:
    async def play() -> None:
        now, then = files
        server = await asyncio.start_server(
            lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=Identity(str(now.server), str(now.server_key)).context
        )
        port = server.sockets[0].getsockname()[1]
        first, second = of(now.server), of(then.server)
        assert await shown_by(port) == first
        with capture_logs() as lines:
            shutil.copy(then.server, now.server)  # and its key not yet
            assert [await shown_by(port) for _ in range(2)] == [first, first]
            shutil.copy(then.server_key, now.server_key)
            assert [await shown_by(port) for _ in range(2)] == [second, second]
            now.server.unlink()
            assert await shown_by(port) == second
        assert [line["event"] for line in lines] == ["certificate_unusable", "certificate_renewed"]
        server.close()

    run(play())


def test_a_client_s_certificate_and_authority_are_those_of_the_files(files: tuple[Certificates, Certificates]) -> None:
    now, then = files

    def build() -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=now.ca)
        context.load_cert_chain(now.client, now.client_key)
        return context

    renewal = Renewal(build, (str(now.client), str(now.client_key), str(now.ca)))
    before = renewal.context()
    assert renewal.context() is before
    shutil.copy(then.ca, now.ca)
    after = renewal.context()
    assert after is not before
    assert of(now.ca) in after.get_ca_certs(True)


def test_files_that_cannot_be_used_at_the_start_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Identity(str(tmp_path / "none"), str(tmp_path / "none"))
    (tmp_path / "empty").touch()
    with pytest.raises(ssl.SSLError):
        Identity(str(tmp_path / "empty"), str(tmp_path / "empty"))
