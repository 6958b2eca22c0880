"""The recipes in docs/recipes are carried out on a copy of the gateway, and touch no more files than they say."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.valkey_server import Valkey

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "redaction", "operators", "gateway")

STEP = re.compile(r"^\d+\. `([\w/.]+)`.*?(?=^\d+\. `|\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^   ```(\w+)\n(.*?)^   ```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The gateway's sources, to be changed."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    return tmp_path


def carry_out(recipe: str, copy: Path, number: int) -> set[str]:
    """Do every step; the files that it touched. number: what N stands for."""
    touched = set()
    for step in STEP.finditer((ROOT / "docs" / "recipes" / recipe).read_text(encoding="utf-8")):
        name = step[1].replace("_N.", f"_{number}.")
        for kind, block in BLOCK.findall(step[0]):
            text = re.sub(r"^ {3}", "", block, flags=re.MULTILINE)
            path = copy / name
            path.parent.mkdir(exist_ok=True)
            if kind == "diff":
                path.write_text(changed(path.read_text(encoding="utf-8"), text, name), encoding="utf-8")
            else:
                path.write_text(re.sub(r"\bN\b", str(number), text), encoding="utf-8")
            touched.add(name)
    return touched


def changed(source: str, diff: str, name: str) -> str:
    """The first place that has the diff's old lines gets its new ones."""
    lines = diff.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if not line.startswith("+"))
    new = "".join(line[1:] for line in lines if not line.startswith("-"))
    assert old in source, f"{name} has no line {old!r}"
    return source.replace(old, new, 1)


def run(root: Path, script: str, *words: str) -> None:
    """In an interpreter that finds the gateway there."""
    environ = os.environ | {"PYTHONPATH": f"{root}:{ROOT}", "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script, *words], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


STORES = """
import asyncio, sys
from pathlib import Path
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.process.clock import ManualClock
from tests.contract.records import NOW, a_message, accepts, final, submitted

async def work():
    ledger = SqliteLedger(Path(sys.argv[1]), ManualClock())
    await ledger.open()
    await ledger.apply(accepts(a_message(id=b"before it".ljust(16))))
    await ledger.close()

asyncio.run(work())
"""
KEEPS_THE_FIELD = STORES.replace(
    'await ledger.apply(accepts(a_message(id=b"before it".ljust(16))))',
    """
    old, new, keyed = a_message(id=b"before it".ljust(16)), a_message(campaign=7), a_message(campaign=8)
    await ledger.apply([*accepts(new), Accept(copy(keyed), b"d" * 32, NOW + 1)])
    assert [each.campaign for each in await ledger.messages.find_many([old.id, new.id, keyed.id])] == [0, 7, 8]
    await ledger.apply([submitted(new, "A"), final(new)])
    assert await ledger.messages.find(7, new.id) == new and new.campaign == 7
    assert not undeclared(await ledger.stored_fields()) and not undeclared(STORED_FIELDS)
    assert "message.campaign" in set(await ledger.stored_fields()) & set(STORED_FIELDS)
    records = Records()
    records.write(NEWEST)
    assert records.unpack_message(new.id, records.pack_message(new)) == new
    records.write(OLDEST)
    assert records.unpack_message(new.id, records.pack_message(new)).campaign == 0
    """,
).replace(
    "import asyncio, sys",
    """
import asyncio, sys
from copy import copy
from gateway.ledger.contract import Accept
from gateway.ledger.redis.fields import STORED_FIELDS
from gateway.ledger.redis.packing import NEWEST, OLDEST, Records
from redaction.inventory import undeclared
""",
)


def test_a_stored_field_takes_five_files(copy: Path, tmp_path: Path) -> None:
    path = tmp_path / "data" / "ledger.db"
    run(ROOT, STORES, str(path))
    schemas = list((copy / "gateway" / "ledger" / "sqlite").glob("schema*.sql"))
    touched = carry_out("stored-field.md", copy, number=len(schemas) + 1)
    assert len(touched) == 5
    run(copy, KEEPS_THE_FIELD, str(path))


ANSWERS = """
import asyncio
from tests.unit.gateway.stage import running_api

async def work():
    async with running_api() as stage:
        answer = await stage.get("/v1/statuses")
        assert answer.status == 200 and "delivered" in answer.json()["statuses"], answer
        assert (await stage.get("/v1/statuses", token=None)).status == 401
        described = (await stage.get("/openapi.json")).json()["paths"]["/v1/statuses"]["get"]
        assert described["operationId"] == "list_statuses"

asyncio.run(work())
"""


def test_an_endpoint_takes_two_files(copy: Path) -> None:
    assert len(carry_out("endpoint.md", copy, number=0)) == 2
    run(copy, ANSWERS)


BUILDS = """
import sys
from pathlib import Path
from config.loader import load
from gateway.process.clock import ManualClock
from operators.kinds import operator

path = Path(sys.argv[1])
path.write_text('[[operators]]\\nname = "a"\\nkind = "trial"\\nword = "it"\\n', encoding="utf-8")
(settings,) = load(path, {}).operators
assert operator(settings, ManualClock()).name == "it-a"
"""


def test_a_kind_of_operator_takes_its_own_files_and_a_line_of_a_list(copy: Path, tmp_path: Path) -> None:
    assert len(carry_out("operator-kind.md", copy, number=0)) == 4
    run(copy, BUILDS, str(tmp_path / "gateway.toml"))


IS_STORED = STORES.replace(
    'await ledger.apply(accepts(a_message(id=b"before it".ljust(16))))',
    """
    assert await ledger.apply([Notify(endpoint_is_back(7, NOW, 3))]) == [Written.DONE]
    (event,) = await ledger.outbox.due(NOW, 10, ())
    assert b'"endpoint.back"' in other_body(event) and b'"waited":3' in other_body(event)
    """,
).replace(
    "import asyncio, sys",
    """
import asyncio, sys
from gateway.ledger.contract import Notify, Written
from gateway.webhooks.payload import endpoint_is_back, other_body
""",
)


def test_a_webhook_event_takes_its_maker_and_its_description(copy: Path, tmp_path: Path) -> None:
    assert carry_out("webhook-event.md", copy, number=0) == {"gateway/webhooks/payload.py"}
    run(copy, IS_STORED, str(tmp_path / "data" / "ledger.db"))


FORGETS = """
import asyncio, sys
from pathlib import Path
from gateway.ledger.contract import Count
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.server import Access
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.process.clock import ManualClock
from config.redis_address import parse_address

async def work(ledger):
    await ledger.open()
    await ledger.apply([Count("a", 5, 1), Count("b", 5, 2), Count("a", 6, 3)])
    assert await ledger.counters.forget_bucket(5) == 2
    assert await ledger.counters.counts(5) == {} and await ledger.counters.counts(6) == {"a": 3}
    await ledger.close()

path, url = sys.argv[1:]
asyncio.run(work(SqliteLedger(Path(path), ManualClock())))
asyncio.run(work(SqliteLedger(Path(path).with_name("apart.db"), ManualClock(), apart=True)))
asyncio.run(work(RedisLedger(Access(address=parse_address(url), timeout_s=10.0), ManualClock())))
"""


def test_a_verb_of_the_ledger_takes_six_files(copy: Path, tmp_path: Path) -> None:
    assert len(carry_out("ledger-verb.md", copy, number=0)) == 6
    server = Valkey(tmp_path / "valkey")
    server.start()
    try:
        run(copy, FORGETS, str(tmp_path / "data" / "ledger.db"), server.url)
    finally:
        server.kill()
