"""What is wanted, as it is stored and read."""

import msgspec
import pytest

from gateway.audit.actor import COMMAND_LINE
from gateway.control.wanted import (
    OperatorWanted,
    Said,
    Switch,
    Unreadable,
    Wanted,
    encode,
    of_operator,
    operator_in,
    pack,
    unpack,
)
from gateway.ledger.contract import Document
from gateway.model.times import LATEST_MS

SAID = Said(by=COMMAND_LINE, at_ms=5, why=b"\x01sealed")
PAUSED = OperatorWanted(state="paused", reroute_to="b", throughput_per_s=2.5, throughput_until_ms=9, rebinds=3)


def stored(octets: bytes) -> Document:
    return Document("wanted", "operator:a", octets, 7)


def test_what_is_stored_is_read_as_it_was() -> None:
    found = unpack(stored(pack(PAUSED, SAID)), OperatorWanted)
    assert found == Wanted(what="operator:a", value=PAUSED, version=7, said=SAID)
    assert unpack(stored(pack(Switch(on=False), SAID)), Switch).value == Switch(on=False)


def test_what_a_later_version_adds_is_passed_over() -> None:
    more = msgspec.msgpack.decode(pack(PAUSED, SAID))
    octets = encode({"said": {**more["said"], "with": "x"}, "value": {"state": "paused", "weight": 3}, "more": 1})
    assert unpack(stored(octets), OperatorWanted).value == OperatorWanted(state="paused")


@pytest.mark.parametrize("octets", [b"", b"\xc1", b"\x81", encode({"said": 1}), pack(Switch(), SAID)[:-1]])
def test_what_cannot_be_read_says_so(octets: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack(stored(octets), OperatorWanted)


def test_a_word_of_a_later_version_is_unreadable_and_not_another_word() -> None:
    octets = encode({"said": msgspec.to_builtins(SAID, builtin_types=(bytes,)), "value": {"state": "half"}})
    with pytest.raises(Unreadable):
        unpack(stored(octets), OperatorWanted)


@pytest.mark.parametrize(
    "value",
    [{"throughput_per_s": each} for each in (0.0, -1.0, 5e-324, 1e9, float("nan"), float("inf"))]
    + [{"throughput_until_ms": each} for each in (-1, LATEST_MS + 1)]
    + [{"rebinds": -1}],
)
def test_a_number_that_no_verb_writes_is_unreadable(value: dict[str, object]) -> None:
    octets = encode({"said": msgspec.to_builtins(SAID, builtin_types=(bytes,)), "value": value})
    with pytest.raises(Unreadable):
        unpack(stored(octets), OperatorWanted)


def test_a_throughput_holds_until_its_end() -> None:
    assert PAUSED.at(8) == PAUSED
    assert PAUSED.at(9) == OperatorWanted(state="paused", reroute_to="b", rebinds=3)
    assert OperatorWanted(throughput_per_s=1.0).at(1 << 50).throughput_per_s == 1.0


def test_operators_are_told_from_everything_else() -> None:
    assert operator_in(of_operator("north")) == "north"
    assert operator_in("node:north") is None
