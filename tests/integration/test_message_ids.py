"""Ids that were never issued, over every way in and on both engines: no such message, and no ledger is asked."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from config.redis_ledger import RedisSettings
from config.settings import LedgerSettings
from gateway.accounts.customers import KeySettings
from gateway.ledger.contract import LedgerUnavailable
from operators.smpp import pdu as p
from operators.smpp import status as st
from redaction.personal import Purpose
from tests.integration.key_places import PERSISTENT
from tests.integration.smpp_stage import Stage, running_gateway, submit
from tests.integration.valkey_server import valkey
from tests.unit.gateway.model.wrong_ids import WRONG_IDS

pytestmark = pytest.mark.case("security-3")
LATIN = [each for each in WRONG_IDS if each.isascii() or each.startswith("é")]
"""Those that fit in a C-Octet String."""


@pytest.fixture(params=["sqlite", "redis"])
async def stage(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "sqlite":
        async with running_gateway(tmp_path) as running:
            yield running
        return
    (tmp_path / "valkey").mkdir()
    with valkey(tmp_path / "valkey", *PERSISTENT) as url:
        redis = LedgerSettings(engine="redis", redis=RedisSettings(url=url, partitions=8))
        async with running_gateway(tmp_path, ledger=redis) as running:
            yield running


def away(stage: Stage) -> None:
    """Whoever asks the ledger for a message is told that it is not there."""

    async def find(_customer: int, _identifier: bytes) -> None:
        raise LedgerUnavailable

    stage.node.stores.ledger.messages.find = find  # type: ignore[method-assign,assignment]


async def test_over_smpp(stage: Stage) -> None:
    peer = await stage.peer(await stage.account())
    taken = await peer.ask(submit())
    whole = stage.node.stores.ledger.messages.find
    away(stage)
    assert (await peer.ask(p.QuerySm(message_id="0" * 32))).status == st.RMSGQFUL
    for written in LATIN:
        for asked in (
            p.QuerySm(message_id=written),
            p.CancelSm(message_id=written),
            p.ReplaceSm(message_id=written, short_message=b"x"),
        ):
            assert (await peer.ask(asked)).status == st.RINVMSGID, asked
    stage.node.stores.ledger.messages.find = whole  # type: ignore[method-assign]
    assert (await peer.ask(p.QuerySm(message_id="0" * 32))).status == st.RINVMSGID
    assert (await peer.ask(p.QuerySm(message_id=taken.message_id))).status == st.OK
    assert (await peer.ask(p.QuerySm(message_id=taken.message_id.upper()))).status == st.RINVMSGID


async def test_over_http(stage: Stage) -> None:
    _, secret = await stage.accounts.add_key(stage.customer, scopes=("send", "status"), settings=KeySettings())
    await stage.node.stores.directory.refresh()
    headers = {"Authorization": f"Bearer {secret.reveal(Purpose.CREDENTIAL)}"}
    base = f"http://127.0.0.1:{stage.node.fronts.http.listener.port}/"
    async with aiohttp.ClientSession(base, headers=headers) as session:
        for cursor in ("A" * 22, "_" * 21 + "w"):
            async with session.get("/v1/messages", params={"cursor": cursor}) as answer:
                assert (answer.status, (await answer.json())["messages"]) == (200, [])
        away(stage)
        for written in WRONG_IDS:
            path = URL(f"/v1/messages/{quote(written)}", encoded=True)
            for method in ("GET", "DELETE"):
                async with session.request(method, path) as answer:
                    assert (answer.status, (await answer.json())["code"]) == (404, "not_found"), written
        async with session.get(f"/v1/messages/{'0' * 32}") as answer:
            assert answer.status == 503
