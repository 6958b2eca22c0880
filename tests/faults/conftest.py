"""The server that the nodes of a fault test share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.nodes import DURABLE
from tests.integration.valkey_server import Valkey


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "valkey", *DURABLE)
    server.start()
    try:
        yield server
    finally:
        server.kill()
