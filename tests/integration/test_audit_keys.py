"""The audit log's keys: one that is replaced signs beside its successor for a time, and what it signed stays valid."""

from pathlib import Path

import pytest
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint

from gateway.audit.actor import COMMAND_LINE
from gateway.audit.cosigning import Cosigning, read_witness
from gateway.audit.log import AuditLog
from gateway.audit.pruning import prune_before
from gateway.audit.signing import OVERLAP_MS, former_keys
from gateway.audit.tiles import CHECKPOINT, TileReader, minimum
from gateway.audit.tree import holds_entry, leaf_hash
from gateway.audit.verify import verify
from gateway.audit.writing import LogWriter
from redaction.notes import ML_DSA, Note, is_signed_by, read_note, read_verifier_key
from tests.integration.test_audit_log import Site, site
from tests.integration.test_audit_verbs import Site as VerbSite
from tests.integration.test_audit_verifier import said
from tests.integration.test_audit_witness import NAME, served

__all__ = ["site"]


async def signed(site: Site, writer: LogWriter, *numbers: int) -> Note:
    await site.act(*numbers)
    waiting = await site.ledger.acts.pending(1_000)
    with writer.alone():
        note = writer.append(waiting)
    await site.ledger.acts.settle(waiting[-1].number)
    return note


@pytest.mark.policy("P-26")
async def test_both_keys_sign_until_the_overlap_is_over_and_then_the_former_one_is_destroyed(site: Site) -> None:
    writer = site.writer()
    before, old = await signed(site, writer, *range(300)), writer.key
    (site.place / "older").write_bytes(before.octets)
    digests = writer.signer.rotate()
    new = writer.key
    assert new != old
    assert digests["before"] != digests["after"]
    both = await signed(site, writer, 300)
    for key in (old, new):
        assert verify(site.folder, both, key) is None
        Checkpoint.from_text(both.octets.decode()).verify(Vkey.from_string(key.text))
    assert (await signed(site, site.writer(), 301)).text != both.text  # by a process that begins now
    site.clock.advance(OVERLAP_MS / 1000)
    after = await signed(site, writer, 302)
    assert not is_signed_by(after, old)
    assert await writer.signer.drop_former() == 1
    assert await writer.signer.drop_former() == 0
    assert writer.signer.current == [new]
    assert writer.signer.former() == former_keys(site.store.marks.all(), new.name) == [old]
    assert verify(site.folder, after, new, older=[before], former=[old]) is None
    assert str(verify(site.folder, after, new, older=[before])) == "index 300: resigned by unknown key"
    keys = f"{new.text},{old.text}"
    assert said(site.folder, keys, "--older", site.place / "older")[0] == 0
    assert said(site.folder, new.text, "--older", site.place / "older") == (1, "index 300: resigned by unknown key")


async def test_a_checkpoint_of_a_process_that_does_not_know_the_new_key_yet_is_gone_on_from(site: Site) -> None:
    behind = site.writer()
    note = await signed(site, behind, 0)
    behind.signer.rotate()
    (site.folder / CHECKPOINT).write_bytes(note.octets)
    await signed(site, site.writer(), 1)
    assert site.numbers() == [0, 1]


async def test_a_key_is_replaced_again_and_every_former_one_is_listed(site: Site) -> None:
    writer = site.writer()
    keys = [writer.key]
    for number in range(3):
        await signed(site, writer, number)
        writer.signer.rotate()
        keys.append(writer.key)
    assert writer.signer.former() == keys[-2::-1]
    assert writer.signer.current == keys[::-1]


@pytest.mark.policy("P-26")
async def test_a_log_signs_with_ml_dsa_as_well_and_another_program_takes_it(site: Site) -> None:
    writer = site.writer(ml_dsa=True)
    key = writer.signer.ml_dsa_key
    assert key is not None
    note = await signed(site, writer, *range(5))
    assert [len(each.octets) for each in note.signatures] == [64, 8 + 2420]
    assert key == read_verifier_key(key.text)
    for each in (key, writer.key):
        assert is_signed_by(note, each)
        Checkpoint.from_text(note.octets.decode()).verify(Vkey.from_string(each.text))
    forged = Note(note.text.replace("\n5\n", "\n6\n"), note.signatures)
    assert not is_signed_by(forged, key)
    assert not is_signed_by(Note("a note\n", note.signatures), key)
    assert said(site.folder, writer.key.text)[0] == 0


async def test_a_witness_signs_with_ml_dsa_as_well_and_the_node_keeps_both(site: Site, tmp_path: Path) -> None:
    writer = site.writer()
    await signed(site, writer, 1)
    with served(tmp_path / "witness", writer.key, ml_dsa=True) as (witness, server):
        address = f"http://127.0.0.1:{server.server_port}"
        known = [read_witness(f"{each.text} {address}") for each in witness.keys]
        assert known[1].key.kind == ML_DSA
        await Cosigning(writer, known, site.clock).ask_all()
    note = read_note((site.folder / CHECKPOINT).read_bytes())
    for each in witness.keys:
        assert (each.name, is_signed_by(note, each)) == (NAME, True)
        Checkpoint.from_text(note.octets.decode()).verify(Vkey.from_string(each.text))


@pytest.mark.policy("P-26")
async def test_what_is_older_than_the_settings_say_is_pruned_and_the_rest_is_proved_as_before(site: Site) -> None:
    writer = site.writer()
    first = await signed(site, writer, *range(600))
    site.clock.advance(200 * 86_400)
    await signed(site, writer, *range(600, 700))
    log = AuditLog(site.ledger.acts, site.clock, COMMAND_LINE)
    pruned = await prune_before(writer, log, site.clock.now_ms(), 180)
    assert (pruned.was, pruned.first, pruned.files) == (0, 600, 4)
    again = await prune_before(writer, log, site.clock.now_ms(), 180)
    assert (again.first, again.files) == (600, 0)
    entries = [each.octets for each in await site.ledger.acts.pending(10)]
    assert [b"audit.prune" in each for each in entries] == [True, True]  # intent and outcome, of the first one alone
    note = await signed(site, writer, 700)
    assert minimum(site.folder) == 600
    assert not (site.folder / "tile/entries/000").exists()
    reader = TileReader(site.folder, 703)
    assert verify(site.folder, note, writer.key, older=[first]) is None
    for index in (600, 650, 702):
        entry = reader.entry(index)
        assert entry is not None
        assert holds_entry(index, 703, leaf_hash(entry), reader.entry_path(index), reader.root(0, 703))
    assert said(site.folder, writer.key.text) == (0, "703 entries, from index 600 on, are as they were signed")


def test_the_verbs_replace_the_key_and_verify_what_either_signed(tmp_path: Path) -> None:
    site = VerbSite(tmp_path)
    site.run("audit", "checkpoint")
    older = tmp_path / "older"
    older.write_bytes((site.log / CHECKPOINT).read_bytes())
    before = site.run("audit", "key")
    assert before["former"] == []
    after = site.run("audit", "rotate-key")
    assert after["former"] == [before["key"]]
    site.run("audit", "checkpoint")
    rows = site.run("audit", "show", "--act", "keys.rotate")
    assert [(each["result"], each["more"]) for each in rows] == [("intent", "audit"), ("ok", "audit")]
    assert site.run("audit", "verify", "--older", str(older))["size"] == 4
    site.run("audit", "export", str(tmp_path / "copy"))
    listed = (tmp_path / "copy" / "verifier-key").read_text("ascii").split()
    assert listed == [after["key"], before["key"]]
