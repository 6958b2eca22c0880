"""Façades that call back are those that an endpoint may be set for."""

from pathlib import Path

from gateway.accounts.directory import Directory
from gateway.accounts.facade_tokens import FacadeTokens
from gateway.http_api.facades.calls import dialects
from gateway.model.facades import CALLED, FACADES
from tests.unit.gateway.road import running_road


async def test_those_that_call_back_are_those_that_an_endpoint_may_be_set_for(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        directory = Directory(road.ledger.accounts, road.keyring.credential_digest)
        assert tuple(dialects(FacadeTokens(directory, road.sealer), str)) == CALLED
    assert set(CALLED) <= set(FACADES)
