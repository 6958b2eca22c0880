"""What an SMSC sends: receipts and messages from people, and what they are answered once their fate is durable.

Each part of a long message is answered as it is durable; a timer looks now and then whether the time of some is over.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from config.operators import SmppOperatorSettings
from operators.base import DeliveryReceipt, EventSink, MoMessage, OperatorEvent
from operators.flaws import Flaws
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.connection import Connection
from operators.smpp.dialect import Dialect
from operators.smpp.incoming import PartHandle
from operators.smpp.reassembly import Held
from operators.smpp.receipt import Receipt
from operators.smpp.sent import Handle

_ACKNOWLEDGEMENT: Final = 0x18
"""Bits of esm_class: a phone's or its user's acknowledgement, or the end of a conversation (SMPP 3.4 §5.2.12). Nobody
asks for these, and they are no message from a person."""

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("operators.smpp")


class Receiving:
    """salt: random octets. report: takes what comes without the peer, when time is over. flaws: counts receipts that
    nobody can read.

    receipts: how many came.
    """

    def __init__(
        self,
        settings: SmppOperatorSettings,
        dialect: Dialect,
        *,
        salt: bytes,
        monotonic: Callable[[], float],
        report: EventSink,
        flaws: Flaws,
    ) -> None:
        self._name = settings.name
        self._pause_s = settings.mo_wait_s / 4
        self._dialect = dialect
        self._monotonic = monotonic
        self._report = report
        self._flaws = flaws
        self._incoming = dialect.incoming(settings, salt)
        self._timer: asyncio.TimerHandle | None = None
        self.receipts = 0

    def take(self, connection: Connection, request: p.DeliverSm | p.DataSm, out: list[OperatorEvent]) -> None:
        """One deliver_sm or data_sm; what it says goes to `out`."""
        receipt = self._dialect.receipt(request)
        handle = Handle(connection, request)
        if receipt is None and request.esm_class & _ACKNOWLEDGEMENT:
            _answer(handle, st.OK)
        elif receipt is None:
            self._take_message(request, handle, out)
        elif receipt.state is None or receipt.intermediate or not receipt.candidates:
            self._pass_over(receipt, handle)
        else:
            self.receipts += 1
            out.append(
                DeliveryReceipt(
                    self._name,
                    receipt.candidates,
                    receipt.state,
                    receipt.error_code,
                    receipt.done_at_ms,
                    handle,
                    receipt.covers,
                )
            )

    def _pass_over(self, receipt: Receipt, handle: Handle) -> None:
        """One that changes nothing; where nobody can say what it means, it is counted (S-46)."""
        if not receipt.intermediate:
            reason = "state" if receipt.candidates else "id"
            if self._flaws.count(self._name, "receipt", reason):
                log.warning("receipt_unreadable", operator=self._name, reason=reason)
        _answer(handle, st.OK)

    def _take_message(self, request: p.DeliverSm | p.DataSm, handle: Handle, out: list[OperatorEvent]) -> None:
        """From a person: told at once, or with the parts that it belongs to."""
        found = self._incoming.take(request, handle, self._monotonic())
        if isinstance(found, MoMessage):
            out.append(found)
            if found.gathering and self._timer is None:
                self._look_later()
        else:
            _answer(handle, st.OK if found is Held.REPEATED else st.RMSGQFUL)

    def answer(self, handles: Sequence[object], status: int) -> None:
        """The handle of a message that came whole is a tuple; None was never asked by the peer."""
        for handle in handles:
            if isinstance(handle, tuple):
                self.answer(handle, status)
            elif isinstance(handle, PartHandle):
                self._incoming.answered(handle, self._monotonic(), taken=status == st.OK)
                self.answer((handle.handle,), status)
            elif isinstance(handle, Handle):
                _answer(handle, status)

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._pause_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        incomplete = self._incoming.expire(self._monotonic())
        if incomplete:
            self._report(incomplete)
        if len(self._incoming):
            self._look_later()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _answer(handle: Handle, status: int) -> None:
    connection = handle.connection
    if status == st.OK:
        connection.session.acknowledge(handle.request)
    else:
        connection.session.refuse(handle.request, status)
    connection.flush_soon()
