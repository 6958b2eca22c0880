"""How long certificates last is shown, and told anew when a file was replaced."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.node.certificates import Certificates
from tests.integration.reload_stage import reload_stage
from tests.interop.certificates import make_certificates
from tests.unit.operators.test_expiry import pem

DAY_S = 86_400


async def test_the_nodes_own_files_are_told_as_they_are_now(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    http = f'tls_certificate = "{files.server}"\ntls_key = "{files.server_key}"\n'
    async with reload_stage(tmp_path, ("steady",), http=http) as stage:
        text = stage.node.fronts.exposition.render().decode()
        (line,) = [each for each in text.splitlines() if each.startswith("gateway_certificate_left_seconds{")]
        name, _, left = line.rpartition(" ")
        assert name == 'gateway_certificate_left_seconds{name="http",side="own"}'
        assert 0 < float(left) <= DAY_S
        certificates = Certificates(stage.node.road, stage.node.clock)
        assert 0 < certificates.left_s()["own", "http"] <= DAY_S
        files.server.write_bytes(pem(datetime.now(UTC) - timedelta(days=3)))
        assert certificates.left_s()["own", "http"] < -2 * DAY_S
        files.server.unlink()
        assert certificates.left_s()["own", "http"] < 0
