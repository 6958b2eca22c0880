"""What was done to a log is found, with its index."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.audit.tiles import TileReader, pack_entries, prune, unpack_entries
from gateway.audit.tree import leaf_hash
from gateway.audit.verify import Flaw, verify
from redaction.notes import BadNote, verifier_key
from tests.unit.gateway.audit.trees import KEY, checkpoint, grow

SIZE = 70_000


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    checkpoint(grow(folder, SIZE), folder)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return shutil.copytree(whole, tmp_path / "copy")


def found(folder: Path) -> Flaw | None:
    return verify(folder, checkpoint(TileReader(folder, SIZE)), KEY, check=None)


def change(path: Path, how: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(pack_entries(how(unpack_entries(path.read_bytes()))))


def altered(entries: list[bytes]) -> list[bytes]:
    entries[7] = entries[7].replace(b"e", b"E", 1)
    return entries


def reordered(entries: list[bytes]) -> list[bytes]:
    entries[7], entries[200] = entries[200], entries[7]
    return entries


def without(entries: list[bytes]) -> list[bytes]:
    return entries[:7] + entries[8:]


@pytest.mark.policy("P-26")
@pytest.mark.parametrize(("how", "why"), [(altered, "altered"), (reordered, "reordered"), (without, "missing")])
def test_what_was_done_to_an_entry_is_named_with_its_index(
    folder: Path, how: Callable[[list[bytes]], list[bytes]], why: str
) -> None:
    note = checkpoint(TileReader(folder, SIZE))
    change(folder / "tile/entries/100", how)
    assert verify(folder, note, KEY, check=None) == Flaw(25_607, why)


def test_a_whole_log_has_no_flaw_and_progress_is_said(whole: Path) -> None:
    said: list[int] = []
    assert verify(whole, checkpoint(TileReader(whole, SIZE)), KEY, check=None, said=said.append) is None
    assert said[:2] == [0, 64 * 256]


def test_an_entry_that_went_with_everything_after_moved_up_is_missing(folder: Path) -> None:
    reader = TileReader(folder, SIZE)
    first, second = reader.bundle(100) or [], reader.bundle(101) or []
    change(folder / "tile/entries/100", lambda entries: [*entries[:255], second[0]])
    note = checkpoint(reader)
    assert len(first) == 256
    assert verify(folder, note, KEY, check=None) == Flaw(25_855, "missing")


def test_a_bundle_that_is_gone_is_missing_and_the_last_ones_are_truncated(folder: Path) -> None:
    note = checkpoint(TileReader(folder, SIZE))
    (folder / "tile/entries/273.p/112").unlink()
    assert verify(folder, note, KEY, check=None) == Flaw(69_888, "truncated (size 69888 < signed 70000)")
    (folder / "tile/entries/100").unlink()
    assert verify(folder, note, KEY, check=None) == Flaw(25_600, "missing")


def test_a_bundle_that_was_cut_is_truncated(folder: Path) -> None:
    note = checkpoint(TileReader(folder, SIZE))
    path = folder / "tile/entries/273.p/112"
    path.write_bytes(path.read_bytes()[:-3])
    assert verify(folder, note, KEY, check=None) == Flaw(69_999, "truncated (size 69999 < signed 70000)")


def rehash(folder: Path, number: int) -> None:
    """Whoever alters an entry may make its tile fit."""
    entries = unpack_entries((folder / f"tile/entries/{number:03d}").read_bytes())
    (folder / f"tile/0/{number:03d}").write_bytes(b"".join(map(leaf_hash, entries)))


def test_an_altered_tile_is_found_by_the_tile_above(folder: Path) -> None:
    note = checkpoint(TileReader(folder, SIZE))
    change(folder / "tile/entries/100", altered)
    rehash(folder, 100)
    assert verify(folder, note, KEY, check=None) == Flaw(25_600, "altered, here or up to index 25855")


def test_a_log_that_was_made_anew_up_to_the_root_is_found_by_what_was_signed(folder: Path, whole: Path) -> None:
    signed, older = checkpoint(TileReader(whole, SIZE)), checkpoint(TileReader(whole, SIZE), size=60_000)
    shutil.rmtree(folder)
    entries = [each for _, each in TileReader(whole, SIZE).entries()]
    entries[65_000] = b"another"
    write_anew(folder, entries)
    assert verify(folder, signed, KEY, check=None) == Flaw(
        0, "altered, here or up to index 69999: another root was signed"
    )
    assert verify(folder, signed, KEY, older=[older], check=None) == Flaw(
        60_000, "altered, here or up to index 69999: another root was signed"
    )
    forged = checkpoint(TileReader(folder, SIZE), seed=bytes(32))
    assert verify(folder, forged, KEY, check=None) == Flaw(SIZE, "resigned by unknown key")
    by_owner = checkpoint(TileReader(folder, SIZE))
    newer = checkpoint(TileReader(whole, SIZE), size=66_000)
    assert verify(folder, by_owner, KEY, check=None) is None, "who has the key can do this, so others keep checkpoints"
    assert verify(folder, by_owner, KEY, older=[older, newer], check=None) == Flaw(
        60_000, "altered, here or up to index 65999: another root was signed"
    )


def write_anew(folder: Path, entries: list[bytes]) -> None:
    from gateway.audit.tiles import TileWriter
    from gateway.audit.tree import Edge

    writer = TileWriter(folder, Edge())
    writer.add((each, leaf_hash(each)) for each in entries)
    writer.flush()


def test_a_log_that_was_rolled_back_is_found_by_a_newer_checkpoint(folder: Path) -> None:
    newer, older = checkpoint(TileReader(folder, SIZE)), checkpoint(TileReader(folder, SIZE), size=60_000)
    assert verify(folder, older, KEY, older=[newer], check=None) == Flaw(
        60_000, "rolled back (size 60000 < signed 70000)"
    )


def test_a_tile_that_is_gone_is_named(folder: Path) -> None:
    note = checkpoint(TileReader(folder, SIZE))
    (folder / "tile/0/100").unlink()
    assert verify(folder, note, KEY, check=None) == Flaw(25_600, "missing tile tile/0/100")


def test_what_is_no_entry_is_found_though_it_was_signed(whole: Path) -> None:
    assert verify(whole, checkpoint(TileReader(whole, SIZE)), KEY) == Flaw(0, "no entry (entry: no JSON)")


def test_a_pruned_log_is_verified_from_its_minimum_on(folder: Path) -> None:
    note = checkpoint(TileReader(folder, SIZE))
    prune(folder, SIZE, 66_000)
    assert verify(folder, note, KEY, check=None) is None
    change(folder / "tile/entries/260", altered)
    assert verify(folder, note, KEY, check=None) == Flaw(260 * 256 + 7, "altered")


def test_a_checkpoint_of_another_log_says_nothing(whole: Path) -> None:
    with pytest.raises(BadNote):
        verify(whole, checkpoint(TileReader(whole, SIZE)), verifier_key(bytes(32), "another.example"))
