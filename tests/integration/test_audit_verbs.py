"""`connect-gateway audit`: what its verbs show, prove, export and find."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey

from gateway.audit.actor import NODE
from gateway.audit.acts import Act
from gateway.audit.checkpoint import read_proof
from gateway.audit.entries import entry
from gateway.audit.tiles import TileReader, pack_entries, unpack_entries
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.process.clock import SystemClock
from tests.integration.test_account_verbs import Verbs
from tests.integration.test_audit_verifier import said


class Site(Verbs):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    @property
    def log(self) -> Path:
        (place,) = (self.folder / "data" / "audit").iterdir()
        return place


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_what_waits_is_shown_and_gets_an_index_with_the_next_checkpoint(site: Site) -> None:
    rows = site.run("audit", "show")
    assert [(each["index"], each["act"]) for each in rows] == [(None, "installation.begin"), (None, "customer.add")]
    signed = site.run("audit", "checkpoint")
    assert signed["size"] == 2
    customer = rows[1]["object"]
    site.run("key", "add", customer)
    shown = site.run("audit", "show", "--customer", customer)
    assert [(each["index"], each["act"]) for each in shown] == [(1, "customer.add"), (None, "key.add")]
    assert [each["act"] for each in site.run("audit", "show", "--act", "key")] == ["key.add"]
    assert [each["act"] for each in site.run("audit", "show", "--last", "1")] == ["key.add"]
    assert site.run("audit", "checkpoint")["size"] == 3


def test_before_the_first_entry_there_is_nothing_to_verify(site: Site) -> None:
    assert site.says("audit", "verify").endswith("[no_entry]")
    assert site.says("audit", "prove", "0", str(site.folder / "entry")).endswith("[no_entry]")


def test_a_log_is_verified_where_it_is_and_as_a_copy(site: Site) -> None:
    older = site.folder / "older"
    older.write_text(site.run("audit", "checkpoint")["note"], "utf-8")
    site.run("customer", "set", "1", "--label", "bank")
    site.run("audit", "checkpoint")
    assert site.run("audit", "verify", "--older", str(older))["size"] == 3
    exported = site.run("audit", "export", str(site.folder / "copy"))
    key = site.run("audit", "key")["key"]
    assert exported["key"] == key
    assert site.run("audit", "verify", str(site.folder / "copy"), "--key", key)["from"] == 0
    assert said(site.folder / "copy", key, "--older", older)[0] == 0
    theirs = TilesReader(LocalBackend(site.folder / "copy"))
    theirs.get_checkpoint().verify(Vkey.from_string(key))
    assert json.loads(theirs.get_entry(2))["act"] == "customer.set"
    assert site.says("audit", "export", str(site.folder / "copy")).endswith("[file_exists]")


@pytest.mark.policy("P-26")
def test_what_was_changed_is_named(site: Site) -> None:
    site.run("audit", "checkpoint")
    path = site.log / "tile/entries/000.p/2"
    first, second = unpack_entries(path.read_bytes())
    path.write_bytes(pack_entries([first, second.replace(b"customer.add", b"customer.set")]))
    assert site.says("audit", "verify") == "index 1: altered [audit_flawed]"
    path.write_bytes(pack_entries([second, first]))
    assert site.says("audit", "verify") == "index 0: reordered [audit_flawed]"
    path.write_bytes(pack_entries([first]))
    assert site.says("audit", "verify") == "index 1: truncated (size 1 < signed 2) [audit_flawed]"


@pytest.mark.policy("P-26")
def test_a_log_that_was_rolled_back_is_found_by_what_the_key_store_knows(site: Site) -> None:
    before = site.run("audit", "checkpoint")["note"]
    site.run("customer", "set", "1", "--label", "bank")
    site.run("audit", "checkpoint")
    (site.log / "checkpoint").write_text(before, "utf-8")
    (site.log / "tile/entries/000.p/3").unlink()
    (site.log / "tile/0/000.p/3").unlink()
    assert site.says("audit", "verify") == "index 2: rolled back (size 2 < signed 3) [audit_flawed]"
    assert site.says("audit", "checkpoint").endswith("[audit_fork]")


def test_a_log_whose_folder_is_lost_ends_and_another_one_says_what_was_signed(site: Site) -> None:
    lost, key = site.run("audit", "checkpoint"), site.run("audit", "key")["key"]
    shutil.rmtree(site.log)
    site.run("customer", "set", "1", "--label", "bank")
    assert site.says("audit", "checkpoint").endswith("[audit_fork]")
    assert site.says("audit", "begin-anew").endswith("[not_confirmed]")
    shutil.rmtree(site.log)
    another = site.run("audit", "begin-anew", "--confirm")
    assert another["given_up"] == 2
    assert another["key"] == site.run("audit", "key")["key"] != key
    signed = site.run("audit", "checkpoint")
    assert (signed["size"], signed["log"].rpartition("/")[2]) == (2, site.log.name)
    assert site.log.name.endswith("-2")
    waited, anew = (json.loads(each) for _, each in TileReader(site.log, 2).entries())
    assert waited["act"] == "customer.set"
    assert (anew["n"], anew["d"]) == ({"size": 2}, {"before": lost["root"]})
    site.run("customer", "set", "1", "--label", "shop")
    assert site.run("audit", "checkpoint")["size"] == 3
    assert site.run("audit", "verify")["size"] == 3


def test_an_entry_is_proved_by_two_files(site: Site) -> None:
    site.run("audit", "checkpoint")
    file = site.folder / "entry"
    proved = site.run("audit", "prove", "1", str(file))
    proof = read_proof((site.folder / "entry.tlog-proof").read_bytes())
    assert proved["entry"].encode() == file.read_bytes()
    assert proof.holds(file.read_bytes())
    assert said(site.log, site.run("audit", "key")["key"], "--proof", site.folder / "entry.tlog-proof")[0] == 0
    assert site.says("audit", "prove", "2", str(file)).endswith("[no_entry]")


def test_nothing_that_is_young_is_pruned(site: Site) -> None:
    site.run("audit", "checkpoint")
    assert site.run("audit", "prune") == {"from": 0, "was": 0, "files": 0}
    assert [each["act"] for each in site.run("audit", "show", "--act", "audit")] == ["audit.prune"] * 2


async def test_what_is_old_is_pruned_and_the_rest_is_verified(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    ledger = SqliteLedger(site.folder / "data" / "ledger.db", clock)
    await ledger.open(create=False)
    entries = [entry(Act.DISPATCH, NODE, "", now_ms=clock.now_ms(), numbers={"version": at}) for at in range(600)]
    await ledger.acts.act((), entries)
    await ledger.close()
    size = (await asyncio.to_thread(site.run, "audit", "checkpoint"))["size"]
    assert size == 602
    real = SystemClock.now_ms
    monkeypatch.setattr(SystemClock, "now_ms", lambda self: real(self) + 800 * 86_400_000)
    pruned = await asyncio.to_thread(site.run, "audit", "prune")
    assert pruned == {"from": size, "was": 0, "files": 2 * (size // 256)}
    assert (await asyncio.to_thread(site.run, "audit", "verify"))["from"] == size
    assert (await asyncio.to_thread(site.run, "audit", "checkpoint"))["size"] == size + 2
