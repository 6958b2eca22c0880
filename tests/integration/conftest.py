"""A server for a ledger, which the tests of a module share."""

from collections.abc import Iterator

import pytest

from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import Valkey, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with running(tmp_path_factory.mktemp("valkey"), *PERSISTENT) as server:
        yield server
