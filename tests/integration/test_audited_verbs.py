"""Every verb of the command line is here: which entries it writes, or why it writes none."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.audit.entries import read_entry
from gateway.cli.main import app
from gateway.fraud.blocks import Blocks, blocks
from gateway.fraud.prefixes import Begun, Prefixes
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.process.clock import SystemClock
from redaction.custodian import new_private
from tests.architecture.test_documents import COMMANDS
from tests.integration.file_places import FILES
from tests.integration.test_account_verbs import Verbs

NONE = {
    "audit certificate list": "reads",
    "audit certificate show": "reads",
    "audit certificate verify": "reads",
    "audit checkpoint": "signs what was written",
    "audit export": "copies the log, in which nothing is personal",
    "audit key": "reads",
    "audit prove": "reads",
    "audit show": "reads",
    "audit verify": "reads",
    "audit witness": "no part of a gateway",
    "check": "reads settings",
    "clock status": "reads",
    "custodian answer": "the custodian has a book of its own",
    "custodian init": "no part of a gateway",
    "custodian rotate": "no part of a gateway",
    "custodian serve": "the custodian has a book of its own",
    "custodian show": "reads",
    "custodian status": "no part of a gateway",
    "customer list": "reads",
    "demo": "runs a gateway of its own",
    "esme list": "reads",
    "fraud blocks": "reads",
    "fraud held list": "reads",
    "fraud overrides list": "reads labels",
    "fraud report": "reads",
    "key list": "reads",
    "keys recover": "counts what opens, in copies",
    "keys status": "reads",
    "leakscan": "reads",
    "ledger backup": "copies the file without opening the ledger",
    "message show": "reads, and opens nothing",
    "node list": "reads",
    "notice diff": "reads",
    "notice given": "reads",
    "notice list": "reads",
    "notice show": "reads",
    "number list": "reads",
    "number keyword list": "reads",
    "operator show": "reads",
    "balance show": "reads",
    "privacy report": "reads",
    "privacy ropa": "reads",
    "privacy transfers": "reads",
    "quota show": "reads",
    "ticket list": "reads, without words",
    "task list": "reads",
    "task show": "reads",
    "retention due": "reads",
    "retention report": "reads",
    "route explain": "reads settings",
    "route list": "reads settings",
    "route show": "reads",
    "rules check": "reads, and sends nothing",
    "rules diff": "reads settings",
    "rules list": "reads settings",
    "rules show": "reads settings",
    "sender list": "reads",
    "serve": "the node writes that it starts and stops",
    "simulate smsc": "no part of a gateway",
    "usage": "reads",
    "webhook test": "sends one event to an endpoint, and stores nothing",
}
INTENT = ("intent", "ok")
WRITES = {
    "assess": ["assess"],
    "audit begin-anew": ["audit.anew"],
    "audit prune": ["audit.prune"],
    "audit rotate-key": ["keys.rotate"],
    "begin-anew": ["installation.begin"],
    "clock confirm": ["clock.confirm"],
    "consent add": ["consent.give"],
    "consent export": ["consent.show"],
    "consent import": ["consent.import"],
    "consent show": ["consent.show"],
    "consent wording": ["consent.wording"],
    "consent withdraw": ["consent.withdraw"],
    "custodian ask": ["custodian.ask"],
    "custodian set": ["custodian.set"],
    "customer add": ["customer.add"],
    "customer disable": ["customer.disable"],
    "customer enable": ["customer.enable"],
    "customer remove-sender": ["sender.remove"],
    "customer set": ["customer.set"],
    "esme add": ["esme.add"],
    "esme profile": ["esme.set"],
    "esme revoke": ["esme.revoke"],
    "fraud overrides add": ["fraud.override"],
    "fraud overrides remove": ["fraud.override"],
    "fraud release": ["fraud.release"],
    "key add": ["key.add"],
    "key revoke": ["key.revoke"],
    "keys accept-restore": ["keys.accept_restore"],
    "keys copy": ["keys.copy"],
    "keys rotate": ["keys.rotate"],
    "keys snapshot": ["keys.snapshot"],
    "ledger accept-restore": ["ledger.accept_restore"],
    "ledger copy": ["ledger.copy"],
    "ledger format": ["ledger.format"],
    "message find": ["message.find"],
    "notice publish": ["notice.publish"],
    "number add": ["number.add"],
    "number keyword add": ["number.add"],
    "number keyword remove": ["number.add"],
    "number remove": ["number.remove"],
    "balance set": ["balance.set"],
    "balance top-up": ["balance.set"],
    "quota set": ["limit.set"],
    "retention policy": ["retention.policy"],
    "retention run": ["retention.run"],
    "sender add": ["sender.add"],
    "sender remove": ["sender.remove"],
    "sender set": ["sender.set"],
    "suppression add": ["suppression.add"],
    "suppression import": ["consent.import"],
    "suppression list": ["consent.show"],
    "suppression remove": ["suppression.remove"],
    "task cancel": ["task.end"],
    "ticket assign": ["ticket.step"],
    "ticket close": ["ticket.step"],
    "ticket open": ["ticket.open"],
    "ticket show": ["ticket.step"],
    "ticket write": ["ticket.step"],
    "webhook replay": ["webhook.replay"],
    "webhook remove": ["webhook.remove"],
    "webhook resume": ["webhook.resume"],
    "webhook set": ["webhook.set"],
}
"""`begin-anew`, `accept-restore` and `keys copy` are shown where stores are lost, restored and copied; imports, which
have an intent and an outcome, where consents are.
"""


def test_every_verb_is_placed() -> None:
    theirs = {
        each
        for each in COMMANDS
        if each.startswith(("breach", "case", "disclosure", "hold", "person", "request", "subject", "token"))
    }
    theirs |= {"fraud held release", "fraud held drop"}  # shown where messages are held
    theirs |= {"message erase", "customer correct", "customer erase", "customer show"}
    theirs |= {each for each in COMMANDS if each in STEERING}
    assert COMMANDS.keys() - theirs == WRITES.keys() | NONE.keys()


STEERING = {
    *("accepting", "dispatch", "node drain", "node resume"),
    *("operator drain", "operator pause", "operator rebind", "operator resume", "operator reroute"),
    *("operator throughput", "reload", "route disable", "route enable", "route weigh"),
}
"""Each writes the act of its name with what is wanted: `gateway/control`."""
INTENDED = [
    *("audit prune", "clock confirm", "custodian set", "keys rotate", "keys snapshot", "ledger format"),
    "retention run",
]


class Site(Verbs):
    """Verbs, and what they have written since the last look."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self._seen = 0

    async def written(self) -> list[dict[str, Any]]:
        ledger = SqliteLedger(self.folder / "data" / "ledger.db", SystemClock())
        await ledger.open(create=False)
        entries = await ledger.acts.pending(1_000, after=self._seen)
        await ledger.close()
        self._seen = max((each.number for each in entries), default=self._seen)
        return [read_entry(each.octets) for each in entries]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


async def test_verbs_write_their_entries(site: Site) -> None:
    begun = await site.written()
    assert [each["act"] for each in begun] == ["installation.begin", "customer.add"]
    customer = begun[1]["obj"]
    prefix = await site_run(site, "key add", customer, got="prefix")
    await site_run(site, "key revoke", prefix)
    await site_run(site, "customer set", customer, "--label", "bank")
    await site_run(site, "customer disable", customer)
    await site_run(site, "customer enable", customer)
    await site_run(site, "esme add", customer, "bank")
    await site_run(site, "esme profile", "bank", "--set", "utc_offset_min=180")
    await site_run(site, "esme revoke", "bank")
    await site_run(site, "notice publish")
    await site_run(site, "number keyword add", customer, "90211", "SALE", "SHOP")
    await site_run(site, "number keyword remove", customer, "90211", "SHOP")
    await site_run(site, "number add", customer, "90210")
    await site_run(site, "number remove", "90210")
    await site_run(site, "sender add", customer, "BRANDNAME", "--document", "paper-17")
    await site_run(site, "sender set", customer, "BRANDNAME", "--basis", "legitimate_interest")
    await site_run(site, "sender remove", customer, "BRANDNAME")
    await site_run(site, "message find", customer, "--reference", "reference 4711")
    await site_run(site, "webhook set", customer, "https://hooks.example/sms")
    await site_run(site, "webhook resume", customer)
    task = await site_run(site, "webhook replay", customer, "--since", "2020-01-01T00:00:00Z", got="task")
    await site_run(site, "task cancel", task)
    await site_run(site, "webhook remove", customer)
    await site_run(site, "balance top-up", customer, "1012.5")
    await site_run(site, "balance set", customer, "--margin", "1002.5", "--warn-below", "1001.5")
    await site_run(site, "quota set", customer, "--utc-offset-min", "-120")
    await site_run(site, "retention policy", customer, "transactional", "--record", "86400")
    await site_run(site, "fraud release", await a_block(site))
    await site_run(site, "fraud overrides add", customer, "+966537319441", "--label", "monitor")
    await site_run(site, "fraud overrides remove", customer, "+966537319441")
    await write_consents(site, customer, "+966537319441")
    await work_at_a_ticket(site, customer)


async def work_at_a_ticket(site: Site, customer: str) -> None:
    said = site.folder / "said.txt"
    said.write_text("what somebody wrote", encoding="utf-8")
    ticket = await site_run(site, "ticket open", "delivery", "--customer", customer, "--text", f"@{said}", got="ticket")
    await site_run(site, "ticket show", ticket, "--content")
    await site_run(site, "ticket write", ticket, "--text", f"@{said}", "--internal")
    await site_run(site, "ticket assign", ticket)
    await site_run(site, "ticket close", ticket)


async def a_block(site: Site) -> str:
    """That a node wrote down."""
    ledger, now_ms = SqliteLedger(site.folder / "data" / "ledger.db", SystemClock()), SystemClock().now_ms()
    await ledger.open(create=False)
    prefixes = Prefixes()
    prefixes.fresh.append(Begun(1, "96655123", 21, now_ms, now_ms + 900_000, watched=False))
    await Blocks(prefixes, ledger.acts, SystemClock()).look()
    ((key, _),) = await blocks(ledger.acts, now_ms)
    await ledger.close()
    return key


async def write_consents(site: Site, customer: str, number: str) -> None:
    wording = "--name", "news", "--version", "spring", "--arabic", "أوافق", "--english", "I agree"
    await site_run(site, "consent wording", customer, *wording)
    await site_run(site, "consent add", customer, number, "--wording", "news:spring", "--means", "paper", "--prior")
    await site_run(site, "consent show", customer, number)
    await site_run(site, "consent export", customer, number)
    await site_run(site, "consent withdraw", customer, number)
    await site_run(site, "suppression add", customer, number)
    await site_run(site, "suppression list", customer, number)
    await site_run(site, "suppression remove", customer, number)


async def site_run(site: Site, verb: str, *words: str, got: str = "") -> str:
    """One verb, whose entries are as they should be, of the command line and without anything that was typed."""
    answer = await asyncio.to_thread(site.run, *verb.split(), *words)
    entries = await site.written()
    assert [each["act"] for each in entries] == WRITES[verb], verb
    assert all(each["actor"] == {"kind": "command_line"} for each in entries)
    raw = b"".join(msgspec.json.encode(each) for each in entries).decode()
    ids = {each["obj"].removeprefix("key_") for each in entries} | {each.get("customer") for each in entries}
    ids |= {each.get("what") for each in entries}  # of closed lists
    assert not [word for word in words if word in raw and word not in ids]
    return str(answer[got]) if got else ""


@pytest.mark.parametrize("verb", INTENDED)
async def test_what_is_no_change_of_accounts_has_an_intent_and_an_outcome(site: Site, verb: str) -> None:
    if verb.startswith("audit"):
        await asyncio.to_thread(site.run, "audit", "checkpoint")
    await site.written()
    public = site.folder / "custodian.pub"
    public.write_text(new_private().public().line, encoding="ascii")
    words = {
        "custodian set": [str(public)],
        "keys snapshot": [str(site.folder / "copy.db")],
        "ledger format": ["raise"],
    }.get(verb, [])
    await asyncio.to_thread(site.run, *verb.split(), *words)
    entries = await site.written()
    assert [(each["act"], each["res"]) for each in entries] == [(WRITES[verb][0], result) for result in INTENT]
    assert entries[0]["intent"] == entries[1]["intent"]


async def test_a_verb_that_is_refused_writes_nothing_and_one_that_fails_says_so(site: Site) -> None:
    await site.written()
    await asyncio.to_thread(site.says, "key", "revoke", "no-such-key")
    assert await site.written() == []
    existing = site.folder / "there.db"
    existing.write_bytes(b"")
    await asyncio.to_thread(site.says, "keys", "snapshot", str(existing))
    assert [each["res"] for each in await site.written()] == ["intent", "refused:failed"]


async def test_what_was_signed_goes_along_where_the_keys_go(site: Site, tmp_path: Path) -> None:
    size = (await asyncio.to_thread(site.run, "audit", "checkpoint"))["size"]
    target = tmp_path / "target"
    target.mkdir()
    more = f'[audit]\ndir = "{site.folder}/data/audit"\n'
    (target / "gateway.toml").write_text(FILES.format(target) + more, encoding="utf-8")
    for group in ("ledger", "keys"):
        await asyncio.to_thread(copy, site, group, target / "gateway.toml")
    site._settings = target / "gateway.toml"
    await asyncio.to_thread(site.run, "customer", "set", "1", "--label", "bank")
    assert (await asyncio.to_thread(site.run, "audit", "checkpoint"))["size"] > size
    await asyncio.to_thread(site.run, "audit", "verify")


async def test_copies_of_keys_and_ledger_are_written_down_before(site: Site, tmp_path: Path) -> None:
    await site.written()
    target = tmp_path / "target"
    target.mkdir()
    (target / "gateway.toml").write_text(FILES.format(target), encoding="utf-8")
    for group in ("keys", "ledger"):
        await asyncio.to_thread(copy, site, group, target / "gateway.toml")
        assert [each["act"] for each in await site.written()] == WRITES[f"{group} copy"]


def copy(site: Site, group: str, target: Path) -> None:
    words: Sequence[str] = [group, "copy", "--from", str(site._settings), "--to", str(target), "--json"]
    with capture_logs():
        done = CliRunner().invoke(app, words)
    assert done.exception is None, done.exception
    json.loads(done.stdout)
