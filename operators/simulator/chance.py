"""What happens to each message at a simulated SMSC, drawn from a seeded generator."""

import random
from collections.abc import Sequence

import msgspec

from operators.base import ReceiptState
from operators.simulator.faults import Faults
from operators.simulator.wording import Receipt, write_id
from operators.smpp import status as st


class Chance:
    """faults: hold for what is asked from then on."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._random = random.Random(seed)
        self._next_id = self._random.randrange(1 << 36, 1 << 39)
        self._second = 0.0
        self._this_second = 0
        self.faults = faults

    @property
    def faults(self) -> Faults:
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self._spare_submits = faults.spare_submits
        self._spare_receipts = faults.spare_receipts

    def next_id(self) -> int:
        """One that was not given before."""
        number = self._next_id
        self._next_id += 1
        return number

    def verdict(self, now: float) -> int | None:
        """The status to answer a message with; None is silence."""
        if self._spare_submits:
            return st.OK
        faults = self._faults
        if faults.throttle_above_per_s is not None and self._rate(now) > faults.throttle_above_per_s:
            return st.RTHROTTLED
        drawn = self._random.random()
        for rate, status in (
            (faults.silent_rate, None),
            (faults.throttle_rate, st.RTHROTTLED),
            (faults.queue_full_rate, st.RMSGQFUL),
            (faults.error_rate, faults.error_status),
        ):
            if drawn < rate:
                return status
            drawn -= rate
        return st.OK

    def answer_delay_s(self) -> float:
        """Until the answer to a message."""
        faults = self._faults
        if faults.answers:
            drawn = self._random.random()
            for share, delay_s in faults.answers:
                if drawn < share:
                    return delay_s
                drawn -= share
        return faults.answer_delay_s

    def _rate(self, now: float) -> int:
        """Messages so far in this second, this one included."""
        if now - self._second >= 1.0:
            self._second = now
            self._this_second = 0
        self._this_second += 1
        return self._this_second

    def receipts(self, receipt: Receipt) -> Sequence[Receipt]:
        """What a message brings whose receipt this is; usually that one."""
        if self._spare_receipts:
            return (receipt,)
        faults, draw = self._faults, self._random.random
        receipts = []
        if draw() < faults.receipt_rate:
            if draw() < faults.receipt_state_failed_rate:
                receipt.state = ReceiptState.UNDELIVERABLE
            receipts.append(receipt)
            if draw() < faults.receipt_twice_rate:
                receipts.append(msgspec.structs.replace(receipt))
        if draw() < faults.unknown_receipts:
            number = self._random.randrange(1 << 40, 1 << 41)  # above all that are given
            form = faults.receipt_id_form or faults.id_form
            receipts.append(msgspec.structs.replace(receipt, message_id=write_id(number, form)))
        return receipts
