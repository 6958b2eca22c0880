"""Tree, tiles and proofs, beside another implementation of the same formats."""

import random
from pathlib import Path

import pytest
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tlog import ConsistencyProof, InclusionProof

from gateway.audit.checkpoint import Proof, read_proof
from gateway.audit.tiles import (
    ENTRIES,
    TileReader,
    TilesDamaged,
    TileWriter,
    minimum,
    pack_entries,
    prune,
    tile_path,
    unpack_entries,
)
from gateway.audit.tree import EMPTY_ROOT, Edge, holds_entry, holds_tree, leaf_hash
from redaction.notes import BadNote
from tests.unit.gateway.audit.trees import KEY, checkpoint, entry_at, grow

SIZES = (1, 2, 3, 255, 256, 257, 512, 700, 65_536, 66_000)


@pytest.mark.parametrize(
    ("level", "number", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (1, 1_234_067, 256, "tile/1/x001/x234/067"),
        (0, 273, 112, "tile/0/273.p/112"),
        (ENTRIES, 1_000, 1, "tile/entries/x001/000.p/1"),
    ],
)
def test_paths_are_those_of_the_specification(level: int | str, number: int, width: int, path: str) -> None:
    assert tile_path(level, number, width) == path


def test_an_entry_of_every_length_comes_back_and_a_cut_bundle_gives_what_is_whole() -> None:
    entries = [b"", b"a", b"b" * 1_024, b"c" * 65_535]
    packed = pack_entries(entries)
    assert unpack_entries(packed) == entries
    assert unpack_entries(packed[:-1]) == entries[:-1]
    assert unpack_entries(b"\0") == []


@pytest.mark.parametrize("size", SIZES)
def test_checkpoint_root_and_proofs_are_those_of_another_program(tmp_path: Path, size: int) -> None:
    ours = grow(tmp_path, size)
    note = checkpoint(ours, tmp_path)
    theirs = TilesReader(LocalBackend(tmp_path))
    signed = theirs.get_checkpoint()
    signed.verify(Vkey.from_string(KEY.text))
    root = theirs.calculate_root_hash()
    assert signed.root_hash == root == ours.edge().root()
    drawn = random.Random(size)
    for index in {0, size - 1, size // 2, drawn.randrange(size)}:
        path = ours.entry_path(index)
        assert theirs.get_entry(index) == entry_at(index) == ours.entry(index)
        InclusionProof(index, size, path).check(leaf_hash(entry_at(index)), root)
        assert path == theirs.get_inclusion_proof(index, size).node_hashes
        assert holds_entry(index, size, leaf_hash(entry_at(index)), path, root)
        assert not holds_entry(index, size, leaf_hash(b"another"), path, root)
        proof = Proof(index, tuple(path), note)
        assert read_proof(proof.text.encode()) == proof
        assert proof.holds(entry_at(index))
        assert not proof.holds(b"another")
    for old in {1, size, size // 2 or 1, drawn.randrange(1, size + 1)}:
        old_root, path = theirs.mth(0, old), ours.tree_path(old)
        ConsistencyProof(old, size, list(path)).check(old_root, root)
        assert holds_tree(old, size, path, old_root, root)
        assert not holds_tree(old, size, path, leaf_hash(b"another"), root)


def test_an_empty_tree_is_the_beginning_of_every_tree(tmp_path: Path) -> None:
    assert Edge().root() == EMPTY_ROOT
    ours = grow(tmp_path, 5)
    assert ours.tree_path(0) == []
    assert holds_tree(0, 5, [], EMPTY_ROOT, ours.root(0, 5))
    assert not holds_tree(3, 2, [], EMPTY_ROOT, EMPTY_ROOT)
    assert not holds_tree(3, 5, [], ours.root(0, 3), ours.root(0, 5))


def test_proofs_that_are_too_long_or_too_short_do_not_hold(tmp_path: Path) -> None:
    ours = grow(tmp_path, 300)
    root, path, leaf = ours.root(0, 300), ours.entry_path(7), leaf_hash(entry_at(7))
    assert not holds_entry(7, 300, leaf, [*path, root], root)
    assert not holds_entry(7, 300, leaf, path[:-1], root)
    assert not holds_entry(300, 300, leaf, path, root)
    tree = ours.tree_path(100)
    assert not holds_tree(100, 300, [*tree, root], ours.root(0, 100), root)
    assert not holds_tree(100, 300, tree[:-1], ours.root(0, 100), root)


def test_a_tree_that_grew_step_by_step_is_the_one_that_grew_at_once(tmp_path: Path) -> None:
    before = 0
    for size in (1, 2, 200, 256, 260, 511, 513, 1_300):
        reader = grow(tmp_path / "steps", size, before=before)
        assert reader.edge().root() == grow(tmp_path / f"{size}", size).edge().root()
        assert [each for _, each in reader.entries()] == [entry_at(at) for at in range(size)]
        before = size


def test_partial_tiles_go_when_their_full_ones_are_there(tmp_path: Path) -> None:
    grow(tmp_path, 100)
    reader = TileReader(tmp_path, 100)
    writer = TileWriter(tmp_path, reader.edge(), reader.bundle(0) or ())
    writer.add((entry_at(at), leaf_hash(entry_at(at))) for at in range(100, 300))
    writer.flush()
    assert (tmp_path / "tile/0/000.p/100").exists()
    writer.drop_partial()
    assert not (tmp_path / "tile/0/000.p").exists()
    assert (tmp_path / "tile/0/001.p/44").exists()
    assert TileReader(tmp_path, 100).root(0, 100) == reader.root(0, 100), "the full tile serves the older tree"


def test_after_pruning_everything_from_the_minimum_on_is_proved_as_before(tmp_path: Path) -> None:
    size = 66_000
    whole = grow(tmp_path, size)
    root, path = whole.root(0, size), whole.entry_path(65_900)
    assert prune(tmp_path, size, 65_800) == 2 * 257 + 1
    assert prune(tmp_path, size, 65_800) == 0
    assert minimum(tmp_path) == 65_800
    pruned = TileReader(tmp_path, size)
    assert pruned.entry_path(65_900) == path
    assert pruned.edge().root() == root
    assert holds_tree(65_850, size, pruned.tree_path(65_850), pruned.root(0, 65_850), root)
    with pytest.raises(TilesDamaged):
        pruned.tile(0, 0)
    theirs = TilesReader(LocalBackend(tmp_path))
    theirs.set_size(size)
    assert theirs.calculate_root_hash() == root
    assert theirs.get_entry(65_900) == entry_at(65_900)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"c2sp.org/tlog-proof@v1\n\n",
        b"c2sp.org/tlog-proof@v2\nindex 1\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 01\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 1\n" + b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n" * 64 + b"\n",
        "c2sp.org/tlog-proof@v1\nindex ١\n\n".encode(),
    ],
)
def test_what_is_no_proof_is_refused(octets: bytes) -> None:
    with pytest.raises(BadNote):
        read_proof(octets)


def test_extra_data_of_a_proof_is_passed_over(tmp_path: Path) -> None:
    reader = grow(tmp_path, 3)
    proof = Proof(1, tuple(reader.entry_path(1)), checkpoint(reader))
    assert read_proof(proof.text.replace("@v1\n", "@v1\nextra YWI=\n").encode()) == proof
