"""Stopping an API that has work in hand; TLS; the metrics listener."""

import asyncio
import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.http_api.metrics_listener import MetricsApi
from gateway.http_api.pages import Health
from gateway.http_api.replies import Replies
from gateway.process.clock import ManualClock
from gateway.process.containment import Containment
from operators.entrance import Place
from tests.bounds import LIMIT_S
from tests.unit.gateway.stage import Answer, loopback, read_answer, running_api, until

GET_LIST = b"GET /v1/messages HTTP/1.1\r\nHost: g\r\n\r\n"
GET_READY = b"GET /readyz HTTP/1.1\r\nHost: g\r\n\r\n"


async def test_a_stopping_api_finishes_what_it_has_and_refuses_what_is_new() -> None:
    async with running_api(committing=False) as stage:
        reader, writer = await stage.connect()
        ready_reader, ready_writer = await stage.connect()
        ready_writer.write(GET_READY)
        assert (await read_answer(ready_reader)).status == 200
        sent = asyncio.create_task(stage.post())
        await until(lambda: stage.journal.depth)
        stopping = asyncio.create_task(stage.api.stop(10))
        await asyncio.sleep(0)
        writer.write(GET_LIST)
        refused = await read_answer(reader)
        assert (refused.code, refused.headers["connection"]) == ("stopping", "close")
        assert "retry-after" in refused.headers
        ready_writer.write(GET_READY)
        assert (await read_answer(ready_reader)).status == 503
        with pytest.raises(ConnectionRefusedError):
            await stage.connect()
        assert not stopping.done()
        committer = asyncio.create_task(stage.journal.run())
        assert (await sent).status == 202
        await asyncio.wait_for(stopping, LIMIT_S)
        assert await ready_reader.read() == b""
        committer.cancel()
        writer.close()
        ready_writer.close()


async def test_a_stop_ends_at_its_deadline_whatever_is_in_hand() -> None:
    async with running_api(committing=False) as stage:
        sent = asyncio.create_task(stage.post())
        await until(lambda: stage.journal.depth)
        await asyncio.wait_for(stage.api.stop(0.05), LIMIT_S)
        with pytest.raises(asyncio.IncompleteReadError):
            await sent


def _certificate(folder: Path) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(folder / "cert.pem"), str(folder / "key.pem")


@pytest.mark.policy("P-24")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_the_api_speaks_tls_1_2_or_later(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    async with running_api(settings=loopback(tls_certificate=certificate, tls_key=key)) as stage:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.port, ssl=context)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n")
        answer = await read_answer(reader)
        assert answer.status == 200
        assert "max-age" in answer.headers["strict-transport-security"]
        writer.close()
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(OSError):  # noqa: PT011  # which one depends on who notices first
            await asyncio.open_connection("127.0.0.1", stage.port, ssl=context)


class Metrics:
    def __init__(self, *, broken: bool = False) -> None:
        replies = Replies(ManualClock())
        self._broken = broken
        self.api = MetricsApi(
            render=self._render,
            health=Health(replies, lambda: {"ledger": True}),
            checkpoint=lambda: None if broken else b"signed\n",
            replies=replies,
            place=Place(host="127.0.0.1", port=0),
        )

    def _render(self) -> bytes:
        if self._broken:
            raise ZeroDivisionError
        return b"messages_total 7\n"

    async def ask(self, method: str, path: str) -> Answer:
        await self.api.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.api.listener.port)
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: g\r\n\r\n".encode())
        answer = await read_answer(reader)
        writer.close()
        await self.api.stop()
        return answer


async def test_metrics_are_served_as_prometheus_text() -> None:
    answer = await Metrics().ask("GET", "/metrics")
    assert answer.body == b"messages_total 7\n"
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/v1/messages", 404),
        ("POST", "/metrics", 405),
    ],
)
async def test_the_metrics_listener_has_health_and_nothing_else(method: str, path: str, status: int) -> None:
    assert (await Metrics().ask(method, path)).status == status


async def test_the_newest_checkpoint_of_the_audit_log_is_served_where_the_log_is() -> None:
    answer = await Metrics().ask("GET", "/audit/checkpoint")
    assert (answer.status, answer.body) == (200, b"signed\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (await Metrics(broken=True).ask("GET", "/audit/checkpoint")).status == 404


async def test_metrics_that_cannot_be_rendered_are_a_fault_of_ours() -> None:
    contained = Containment()
    unwatch = contained.watch()
    assert (await Metrics(broken=True).ask("GET", "/metrics")).code == "internal"
    unwatch()
    assert contained.counts["request"] == sum(contained.counts.values()) == 1
