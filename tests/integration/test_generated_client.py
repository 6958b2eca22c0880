"""A client that a generator makes of our description works: sends, looks, lists, cancels, and reads refusals.

Runs where openapi-python-client is installed, with httpx and attrs, which it brings.
"""

import importlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.road_api import api_on_road
from tests.unit.gateway.stage import TOKEN, Stage

pytestmark = [
    pytest.mark.case("interfaces-14"),
    pytest.mark.skipif(
        importlib.util.find_spec("openapi_python_client") is None, reason="openapi-python-client is not installed"
    ),
]
ROOT = Path(__file__).parents[2]
MESSAGE = {"to": "+966500000078", "from": "INTERKEY", "text": "hello", "class": "transactional"}
LATER = {**MESSAGE, "schedule_at": "2027-01-16T08:00:00Z"}
UNKNOWN = "f" * 32


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with api_on_road(tmp_path / "road") as (stage, _):
        yield stage


@pytest.fixture
async def generated(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator["Generated"]:
    """A fresh package, made of what the gateway serves."""
    (tmp_path / "openapi.json").write_text(json.dumps((await stage.get("/openapi.json", token=None)).json()))
    recipe = (ROOT / "docs" / "samples" / "README.md").read_text(encoding="utf-8")
    (words,) = (each.split()[1:] for each in recipe.splitlines() if each.startswith("    openapi-python-client "))
    said = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "unable to parse" not in said.stdout.lower(), said.stdout
    assert "WARNING parsing" not in said.stdout, said.stdout
    monkeypatch.syspath_prepend(tmp_path)
    client = importlib.import_module("made_client").AuthenticatedClient(
        base_url=f"http://127.0.0.1:{stage.port}", token=TOKEN, raise_on_unexpected_status=True
    )
    async with client:
        yield Generated(client)
    for name in [each for each in sys.modules if each.split(".")[0] == "made_client"]:
        del sys.modules[name]


class Generated:
    def __init__(self, client: Any) -> None:
        self._client = client
        self._models = importlib.import_module("made_client.models")

    async def call(
        self, operation: str, *path: str, body: tuple[str, dict[str, Any]] | None = None, **query: Any
    ) -> Any:
        """What the generated function returns. body: the model's name, and its fields."""
        module = importlib.import_module(f"made_client.api.messages.{operation}")
        more = {} if body is None else {"body": getattr(self._models, body[0]).from_dict(body[1])}
        return (await module.asyncio_detailed(*path, client=self._client, **more, **query)).parsed


async def test_a_message_is_sent_shown_listed_and_cancelled(generated: Generated) -> None:
    sent = await generated.call("send_message", body=("MessageRequest", LATER), idempotency_key="k")
    assert (type(sent).__name__, sent.status.value, sent.class_.value) == (
        "MessageAccepted",
        "accepted",
        "transactional",
    )
    shown = await generated.call("show_message", sent.id)
    assert (type(shown).__name__, shown.id, shown.to) == ("MessageView", sent.id, "+966•••••••78")
    listed = await generated.call("list_messages", limit=10)
    assert [each.id for each in listed.messages] == [sent.id]
    cancelled = await generated.call("cancel_message", sent.id)
    assert (cancelled.id, cancelled.status.value) == (sent.id, "cancelled")


async def test_each_item_of_a_batch_is_read(generated: Generated) -> None:
    batch = {"messages": [MESSAGE, {**MESSAGE, "to": "nobody"}]}
    answer = await generated.call("send_messages", body=("BatchRequest", batch))
    taken, refused = answer.items
    assert len(taken.message.id) == 32
    assert refused.error.code == "invalid_number"


async def test_one_message_to_a_list_of_recipients_is_read(generated: Generated) -> None:
    several = {**MESSAGE, "to": ["+966500000078", "nobody", "0500000078"]}
    answer = await generated.call("send_message", body=("SeveralRequest", several))
    taken, refused, again = answer.items
    assert (type(answer).__name__, answer.accepted, answer.duplicates) == ("SeveralAccepted", 1, 1)
    assert (len(taken.message.id), refused.error.code, again.duplicate_of) == (32, "invalid_number", 0)


async def test_refusals_are_read_with_their_codes(generated: Generated) -> None:
    refused = await generated.call("send_message", body=("MessageRequest", {**MESSAGE, "from": "STRANGER"}))
    assert refused.code.value == "sender_not_registered"
    unknown = await generated.call("show_message", UNKNOWN)
    assert unknown.code.value == "not_found"
