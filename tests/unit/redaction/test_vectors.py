"""Known answers: what was sealed once opens for ever, here and in the reader that knows nothing of this program."""

import importlib.util
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from redaction.customer_keys import LAYOUT
from redaction.errors import KeyDestroyed
from redaction.keys import KeyState
from redaction.keys_at_rest import open_state, seal_state
from redaction.personal import Purpose
from redaction.puncture import PuncturableKey, Punctured
from redaction.retention import RetentionTag
from redaction.seal import SealContext, Sealer
from redaction.sealed import Sealed
from redaction.segments import Segments

ROOT = Path(__file__).resolve().parents[3]
VECTORS: dict[str, Any] = json.loads((ROOT / "tests" / "vectors" / "seal.json").read_text(encoding="utf-8"))
KEYS = VECTORS["key_state"]


def load_reader() -> Any:
    spec = importlib.util.spec_from_file_location("sealed_format_reader", ROOT / "docs" / "reader.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reader = load_reader()


@pytest.fixture
def keys() -> KeyState:
    return open_state(bytes.fromhex(KEYS["blob"]), bytes.fromhex(KEYS["root"]), Segments())


@pytest.mark.parametrize("vector", VECTORS["fields"], ids=lambda it: it["tag"])
def test_a_field_seals_to_the_known_bytes_and_opens_again(keys: KeyState, vector: Mapping[str, Any]) -> None:
    tag, message_id = RetentionTag(vector["tag"]), bytes.fromhex(vector["message_id"])
    sealer = Sealer(keys, lambda _size: bytes.fromhex(vector["salt"]))
    context = SealContext(vector["customer"], message_id, vector["field"], tag, vector["period"], vector["leaf"])
    plaintext = bytes.fromhex(vector["plaintext"])
    sealed = sealer.seal(plaintext, context)
    assert sealed.hex() == vector["sealed"]
    place = {"customer": vector["customer"], "message_id": message_id, "field": vector["field"], "tag": tag}
    assert sealer.open(sealed, purpose=Purpose.DELIVER, **place) == plaintext


def test_an_account_field_seals_to_the_known_bytes(keys: KeyState) -> None:
    vector = VECTORS["account"]
    sealer = Sealer(keys, lambda _size: bytes.fromhex(vector["salt"]))
    record_id, plaintext = bytes.fromhex(vector["record_id"]), bytes.fromhex(vector["plaintext"])
    sealed = sealer.seal_account(plaintext, vector["customer"], vector["field"], record_id)
    assert sealed.hex() == vector["sealed"]
    purpose = Purpose.INFORM_CUSTOMER
    assert sealer.open_account(Sealed(sealed), vector["customer"], vector["field"], record_id, purpose) == plaintext


def test_the_tree_derives_the_known_leaves_before_and_after_its_punctures() -> None:
    tree = VECTORS["tree"]
    key = PuncturableKey.from_bytes(bytes.fromhex(tree["fresh"]))
    assert {index: key.derive(int(index)).hex() for index in tree["leaves"]} == tree["leaves"]
    for index in tree["punctured"]:
        key.puncture(index)
    assert key.to_bytes().hex() == tree["after"]
    for index, leaf in tree["leaves"].items():
        if int(index) in tree["punctured"]:
            with pytest.raises(Punctured):
                key.derive(int(index))
        else:
            assert key.derive(int(index)).hex() == leaf


def test_the_key_state_holds_what_it_held(keys: KeyState) -> None:
    assert sorted(keys.periods()) == sorted((RetentionTag(tag), period) for tag, period in KEYS["periods"])
    assert keys.customers() == KEYS["customers"]
    for vector in VECTORS["fields"]:
        leaf_key = keys.leaf_key(RetentionTag(vector["tag"]), vector["period"], vector["leaf"])
        assert leaf_key.hex() == vector["leaf_key"]
        assert keys.customer_key(vector["customer"]).hex() == vector["customer_key"]
    for tag, period, leaf in KEYS["punctured"]:
        with pytest.raises(KeyDestroyed):
            keys.leaf_key(RetentionTag(tag), period, leaf)


def test_the_reader_of_the_documents_opens_everything_by_itself() -> None:
    periods, customers = reader.open_keys(bytes.fromhex(KEYS["blob"]), bytes.fromhex(KEYS["root"]), {})
    for vector in VECTORS["fields"]:
        leaf_key = reader.derive(periods[vector["tag"], vector["period"]], vector["leaf"])
        assert leaf_key.hex() == vector["leaf_key"]
        secret = leaf_key + customers[vector["customer"]][0]
        place = (vector["customer"], bytes.fromhex(vector["message_id"]), vector["field"], vector["tag"])
        opened = reader.open_field(bytes.fromhex(vector["sealed"]), [secret], *place)
        assert opened.hex() == vector["plaintext"]
    for tag, period, leaf in KEYS["punctured"]:
        assert reader.derive(periods[tag, period], leaf) is None


def test_the_reader_of_the_documents_opens_the_present_layout(keys: KeyState) -> None:
    keys.raise_layout()
    root = bytes(range(32))
    sealed = seal_state(keys, root, os.urandom)
    periods, customers = reader.open_keys(sealed.blob, root, sealed.segments)
    assert sealed.blob[4] == LAYOUT
    assert sorted(customers) == KEYS["customers"]
    for vector in VECTORS["fields"]:
        leaf_key = reader.derive(periods[vector["tag"], vector["period"]], vector["leaf"])
        assert (leaf_key + customers[vector["customer"]][0]).hex() == vector["leaf_key"] + vector["customer_key"]
    for tag, period, leaf in KEYS["punctured"]:
        assert reader.derive(periods[tag, period], leaf) is None


def test_the_reader_of_the_documents_reads_messagepack_as_it_is_written_here() -> None:
    numbers = [None, True, False, 0, 127, 128, 65_536, 2**40, -1, -40, -70_000]
    runs = ["", "نص", "x" * 40, "x" * 300, "x" * 70_000, b"", b"x" * 300, b"x" * 70_000]
    value = [*numbers, *runs, [], [[1]] * 20, list(range(70_000))]
    assert reader.unpack(msgspec.msgpack.encode(value)) == (value, len(msgspec.msgpack.encode(value)))


def test_the_reader_stays_short_and_needs_nothing_of_ours() -> None:
    text = (ROOT / "docs" / "reader.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 110
    assert not [line for line in text.splitlines() if line.startswith(("from gateway", "from redaction"))]
