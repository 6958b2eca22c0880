"""What a module's name or a class's attribute stands for may change at any time. Compiled code remembers both
(compiling/runtime.h), and sees the change at once all the same.
"""

from hashlib import sha256

import pytest

from gateway.model.message import Message, Status
from gateway.model.state import receipt_verdict
from operators.base import ReceiptState
from redaction.puncture import PuncturableKey
from tests.unit.gateway.stage import a_message


def test_a_replaced_name_of_a_module_is_used_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    key = PuncturableKey.create(bytes)
    before = [key.derive(7) for _ in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr("redaction.puncture.descend", lambda node, index, *_: sha256(node + bytes([index])).digest())
        meanwhile = key.derive(7)
    assert before == [key.derive(7)] * 3
    assert meanwhile != before[0]


def test_a_replaced_attribute_of_a_class_is_used_from_then_on() -> None:
    delivered = Status.DELIVERED

    def verdict() -> Status | None:
        return receipt_verdict(a_message(), 0, ReceiptState.DELIVERED)

    before = [verdict() for _ in range(3)]
    type.__setattr__(Status, "DELIVERED", Status.EXPIRED)  # an enumeration itself lets nobody replace its members
    try:
        meanwhile = verdict()
    finally:
        type.__setattr__(Status, "DELIVERED", delivered)
    assert before == [verdict()] * 3 == [delivered] * 3
    assert meanwhile is Status.EXPIRED


def test_a_replaced_attribute_of_a_struct_is_read_from_then_on() -> None:
    slot = vars(Message)["segments"]

    def verdict() -> Status | None:
        return receipt_verdict(a_message(), 0, ReceiptState.DELIVERED)

    before = [verdict() for _ in range(3)]
    type.__setattr__(Message, "segments", property(lambda _: 0))
    try:
        meanwhile = verdict()
    finally:
        type.__setattr__(Message, "segments", slot)
    assert before == [verdict()] * 3 == [Status.DELIVERED] * 3
    assert meanwhile is None
