"""Verbs on their way between a gateway and its writing process."""

import inspect

import msgspec
import pytest

from gateway.ledger.contract import DocumentWrite, PendingEntry, Reservation, Reserving, Traffic, Used
from gateway.ledger.permissions import Permission, PermissionKind, PermissionName, lift, prolong, put
from gateway.ledger.sqlite.plan import Outcome, Plan
from gateway.ledger.sqlite.writer import VERBS, FileWriter
from gateway.ledger.sqlite.writer_calls import CALLS, Call, encode
from gateway.model.message import MessageClass, Status

OF_EVERY_WRITER = {"open", "close", "do"}
TRAFFIC = Traffic(
    day=20_000,
    customer=7,
    operator="simulator",
    country=966,
    message_class=MessageClass.OTP,
    status=Status.DELIVERED,
    messages=3,
    segments=4,
)
USED = Used(
    customer=7,
    hour=480_000,
    message_class=MessageClass.OTP,
    country=966,
    status=Status.DELIVERED,
    operator="simulator",
    messages=-3,
    segments=4,
)
ROW = Permission(PermissionName(PermissionKind.SUPPRESSION, 7, b"\xff" * 8), "all", True, 5, 0, b"\xfe")
RESERVED = Reservation(b"\xff" * 16, 7, 1 << 46)
SAID = {
    "apply": (
        (Plan(5, counts=[("quota:17", 20_780, 2)], usage=[(7, 480_000, 0, 966, 3, "simulator", -1, 2)]),),
        Outcome([b"\x01" * 16], [3], [True], 9),
    ),
    "change_accounts": (("save_customer", (1, "cus_1", b"\xff", None), [b"\xfe"]), 1),
    "act": (([DocumentWrite("wanted", "a", b"\xff", 0), DocumentWrite("wanted", "b", None)], [b"\xfe"]), False),
    "settle": ((7,), None),
    "put_entries": (([PendingEntry(7, b"\xfe")], 9), None),
    "forget_content": ((5, 100), 2),
    "forget_records": ((5, 100), 2),
    "forget_these": (([b"\0" * 16], True), 1),
    "empty_these": (([b"\0" * 16],), 1),
    "forget_leftovers": ((5, 100), 2),
    "checkpoint": ((), None),
    "add_traffic": (([TRAFFIC],), None),
    "add_usage": (([USED],), None),
    "change_permissions": (([put(ROW), lift(ROW.name, "all", 5), prolong(ROW, 9)], [b"\xfe"]), [True, False, True]),
    "forget_permissions": ((5, 100), 2),
    "reserve": (([Reserving(RESERVED, 1 << 46)],), [7, None]),
    "settle_reservations": (([b"\xff" * 16], [b"\x01" * 16]), None),
    "put_spending": ((7, 1 << 46, [RESERVED]), None),
    "set_marks": (("set_mark", [("installation", 1 << 62)]), None),
}


def test_every_verb_of_the_file_can_be_asked_of_a_process() -> None:
    public = {name for name, _ in inspect.getmembers(FileWriter, inspect.iscoroutinefunction) if name[0] != "_"}
    assert {verb.__name__ for verb in VERBS} == public - OF_EVERY_WRITER


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.verb.__name__)
def test_what_a_verb_is_asked_and_answers_comes_out_as_it_went_in(call: Call) -> None:
    values, answer = SAID[call.verb.__name__]
    assert msgspec.msgpack.decode(encode(values), type=call.asks) == values
    assert msgspec.msgpack.decode(encode(answer), type=call.answers) == answer


def test_a_verb_is_known_by_its_place_in_the_table() -> None:
    assert [call.verb for call in CALLS] == list(VERBS)
    assert [call.code for call in CALLS] == list(range(len(VERBS)))
