"""Requests that concern the session alone: bind, enquire_link and unbind. They take no place in the window."""

from typing import Any, Final

from operators.smpp import pdu as p
from operators.smpp.session.liveness import Liveness
from operators.smpp.session.rules import STATE_OF_BIND
from operators.smpp.window import Slot, Window

_UNBIND: Final = p.Unbind.command_id


class Own:
    """window: of the session. timeout_s: for an answer."""

    def __init__(self, window: Window[Any], alive: Liveness, timeout_s: float) -> None:
        self._window = window
        self._alive = alive
        self._timeout_s = timeout_s

    def request(self, pdu: p.Pdu, context: Any, now: float, timeout_s: float | None = None) -> bytes:
        """The octets of a request, which is registered; timeout_s: where it is not that of other requests.

        Raises operators.smpp.pdu.EncodeError.
        """
        pdu.sequence_number = number = self._window.next_sequence()
        octets = p.encode(pdu)
        until = now + (self._timeout_s if timeout_s is None else timeout_s)
        self._window.open(number, Slot(context, pdu.command_id, until, counted=False))
        return octets

    def enquiry(self, now: float) -> bytes:
        """An enquire_link, whose time has come (S-18)."""
        return self.request(p.EnquireLink(), now, now)

    def timed_out(self, slot: Slot[Any]) -> str:
        """Why that a request got no answer ends the session; empty when it does not."""
        if slot.command_id in STATE_OF_BIND:
            return "bind_timeout"
        if slot.command_id == _UNBIND:
            return "unbind_timeout"
        return "enquire_link_timeout" if self._alive.unanswered(slot.context) else ""
