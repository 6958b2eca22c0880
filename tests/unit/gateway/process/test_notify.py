"""What the service manager is told."""

import socket
from pathlib import Path

import pytest

from gateway.process.notify import READY, STOPPING, notify

pytestmark = pytest.mark.case("texts-15")


@pytest.mark.parametrize("abstract", [False, True])
def test_the_socket_that_is_named_is_told(tmp_path: Path, abstract: bool) -> None:
    name = f"@connect-gateway-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        notify(READY, {"NOTIFY_SOCKET": name})
        notify(STOPPING, {"NOTIFY_SOCKET": name})
        assert [manager.recv(64), manager.recv(64)] == [b"READY=1", b"STOPPING=1"]


@pytest.mark.parametrize("name", ["", "relative", "/nowhere/at/all"])
def test_where_nobody_listens_nothing_happens(name: str) -> None:
    notify(READY, {"NOTIFY_SOCKET": name})
