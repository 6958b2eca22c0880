"""Many calls that travel as one."""

import msgspec
import pytest

from gateway.ledger.redis.server import Call, _together


def said(calls: list[Call]) -> list[object]:
    """What the server unpacks."""
    (packed,) = _together(calls).arguments
    assert isinstance(packed, bytes)
    unpacked: list[object] = msgspec.msgpack.decode(packed)
    return unpacked


def test_what_is_asked_of_many_partitions_in_the_same_words_is_said_once() -> None:
    calls = [Call("marks", base, (7, "x")) for base in ("{a:0}", "{a:1}", "{a:2}")]
    assert said(calls) == [["marks", ["{a:0}", "{a:1}", "{a:2}"], ["7", "x"]]]


def test_calls_stay_in_order_and_apart_where_their_words_differ() -> None:
    calls = [
        Call("due", "{a:0}", (1,)),
        Call("due", "{a:1}", (2,)),
        Call("get", "{a:1}", (2,)),
        Call("due", "{a:0}", (2,)),
    ]
    assert said(calls) == [
        ["due", ["{a:0}"], ["1"]],
        ["due", ["{a:1}"], ["2"]],
        ["get", ["{a:1}"], ["2"]],
        ["due", ["{a:0}"], ["2"]],
    ]


@pytest.mark.parametrize(
    ("names", "name"),
    [(["get", "due"], "many_read"), (["get", "beat"], "many_allowed"), (["get", "beat", "apply"], "many")],
)
def test_a_full_server_is_asked_as_the_strictest_call_may_be(names: list[str], name: str) -> None:
    assert _together([Call(each, "{a:0}") for each in names]).name == name
