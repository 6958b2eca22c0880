"""`docs/audit_verify.py`, which stands alone, finds what was done to a log as the gateway's own verifier does."""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gateway.audit.actor import NODE
from gateway.audit.acts import Act
from gateway.audit.checkpoint import Proof
from gateway.audit.entries import entry
from gateway.audit.tiles import CHECKPOINT, TileReader, TileWriter, pack_entries, prune, unpack_entries, write_file
from gateway.audit.tree import Edge, leaf_hash
from gateway.audit.verify import verify
from redaction.notes import Note, read_note, sign
from tests.unit.gateway.audit.trees import KEY, checkpoint

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "audit_verify.py"
SIZE, BEFORE = 1_000, 700


def make(folder: Path, *, stranger: int | None = None) -> Path:
    """A log of real entries; one of them a stranger's."""
    entries = [
        entry(Act.DISPATCH, NODE, "", now_ms=1_796_000_000_000 + at, numbers={"version": at}) for at in range(SIZE)
    ]
    if stranger is not None:
        entries[stranger] = entries[stranger].replace(b"node", b"nude")
    folder.mkdir()
    writer = TileWriter(folder, Edge())
    writer.add((each, leaf_hash(each)) for each in entries)
    writer.flush()
    checkpoint(TileReader(folder, SIZE), folder)
    (folder / "older").write_bytes(checkpoint(TileReader(folder, SIZE), size=BEFORE).octets)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("log") / "whole")


@pytest.fixture
def log(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "log")


def said(*words: object) -> tuple[int, str]:
    """Exit code and what it says; in an interpreter that has nothing but itself."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *map(str, words)], capture_output=True, text=True, check=False
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def altered(entries: list[bytes]) -> list[bytes]:
    return [each.replace(b'"version":300', b'"version":301') for each in entries]


def reordered(entries: list[bytes]) -> list[bytes]:
    entries[44], entries[45] = entries[45], entries[44]
    return entries


def without(entries: list[bytes]) -> list[bytes]:
    return entries[:44] + entries[45:]


def test_it_is_small_and_needs_nothing() -> None:
    text = SCRIPT.read_text("utf-8")
    assert len(text.splitlines()) < 200
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names


def test_a_whole_log_is_found_whole(whole: Path) -> None:
    assert said(whole, KEY.text, "--older", whole / "older") == (
        0,
        "1,000 entries, from index 0 on, are as they were signed",
    )


@pytest.mark.policy("P-26")
@pytest.mark.parametrize("how", [altered, reordered, without], ids=["altered", "reordered", "missing"])
def test_what_was_done_to_an_entry_is_named(log: Path, how: object, request: pytest.FixtureRequest) -> None:
    path = log / "tile/entries/001"
    path.write_bytes(pack_entries(how(unpack_entries(path.read_bytes()))))  # type: ignore[operator]
    why = request.node.callspec.id
    assert said(log, KEY.text) == (1, f"index 300: {why}")
    assert str(verify(log, read_note((log / CHECKPOINT).read_bytes()), KEY)) == f"index 300: {why}"


def test_a_log_that_ends_too_early_was_truncated(log: Path) -> None:
    path = log / "tile/entries/003.p/232"
    path.write_bytes(path.read_bytes()[:-3])
    assert said(log, KEY.text) == (1, "index 999: truncated (size 999 < signed 1000)")
    path.unlink()
    assert said(log, KEY.text) == (1, "index 768: truncated (size 768 < signed 1000)")


def test_a_log_that_somebody_else_signed_or_that_was_rolled_back_is_refused(log: Path, tmp_path: Path) -> None:
    newest = (log / CHECKPOINT).read_bytes()
    note = read_note(newest)
    write_file(log / CHECKPOINT, Note(note.text, (sign(bytes(32), KEY.name, note.text),)).octets)
    assert said(log, KEY.text) == (1, "index 1000: resigned by unknown key")
    forged = msgspec.structs.replace(sign(bytes(32), KEY.name, note.text), key_id=KEY.key_id)
    write_file(log / CHECKPOINT, Note(note.text, (forged,)).octets)
    assert said(log, KEY.text) == (1, "index 1000: resigned by unknown key")
    (tmp_path / "newest").write_bytes(newest)
    shutil.copy(log / "older", log / CHECKPOINT)
    assert said(log, KEY.text, "--older", tmp_path / "newest") == (
        1,
        "index 700: rolled back (size 700 < signed 1000)",
    )


def test_a_log_that_its_owner_wrote_anew_is_found_by_a_checkpoint_from_before(log: Path, tmp_path: Path) -> None:
    anew = make(tmp_path / "anew", stranger=3)
    assert said(anew, KEY.text, "--no-schema")[0] == 0
    assert said(anew, KEY.text, "--no-schema", "--older", log / "older") == (
        1,
        "index 0: altered, here or up to index 699: another root was signed",
    )


def test_an_entry_that_is_none_is_named(tmp_path: Path) -> None:
    broken = make(tmp_path / "broken")
    entries = unpack_entries((broken / "tile/entries/000").read_bytes())
    entries[5] = b'{"v": 1}'
    everything = [*entries, *(each for _, each in TileReader(broken, SIZE).entries(256))]
    writer = TileWriter(broken, Edge())
    writer.add((each, leaf_hash(each)) for each in everything)
    writer.flush()
    checkpoint(TileReader(broken, SIZE), broken)
    assert said(broken, KEY.text) == (1, "index 5: no entry")


def test_a_pruned_log_is_verified_from_its_minimum_on(log: Path) -> None:
    prune(log, SIZE, 600)
    assert said(log, KEY.text, "--older", log / "older") == (
        0,
        "1,000 entries, from index 600 on, are as they were signed",
    )


def test_a_proof_stands_alone(log: Path, tmp_path: Path) -> None:
    reader = TileReader(log, SIZE)
    proof = Proof(300, tuple(reader.entry_path(300)), read_note((log / CHECKPOINT).read_bytes()))
    (tmp_path / "entry").write_bytes(reader.entry(300) or b"")
    (tmp_path / "entry.tlog-proof").write_text(proof.text, "utf-8")
    words = (log, KEY.text, "--proof", tmp_path / "entry.tlog-proof")
    code, text = said(*words)
    assert (code, text.splitlines()[0]) == (0, f"index 300 of 1,000 is the entry in {tmp_path / 'entry'}")
    (tmp_path / "entry").write_bytes(reader.entry(301) or b"")
    assert said(*words) == (1, "index 300: the proof does not hold")


def test_a_tile_that_does_not_fit_the_one_above_is_named(log: Path) -> None:
    tile = bytearray((log / "tile/1/000.p/3").read_bytes())
    tile[40] ^= 1
    (log / "tile/1/000.p/3").write_bytes(tile)
    assert said(log, KEY.text) == (1, "index 256: altered, here or up to index 511")
    (log / "tile/1/000.p/3").unlink()
    assert said(log, KEY.text) == (1, "index 0: missing tile, level 1, number 0")
