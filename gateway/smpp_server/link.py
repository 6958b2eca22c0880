"""One customer's connection: a session on a socket, what it has asked and not been answered, and when to stop reading.

Reading stops while the peer has its window of requests unanswered, and while it does not read what it is sent; one read
may bring more than the window, which is taken up to `READ_AHEAD` and answered ESME_RMSGQFUL beyond. So a flood waits in
the peer's own socket, and memory is bounded by window + READ_AHEAD requests and `WRITE_LIMIT_BYTES` of answers.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

import msgspec

from gateway.accounts.customers import Esme
from gateway.smpp_server.ids import HEX, SHORT, id_form
from gateway.smpp_server.reading import Submit
from gateway.smpp_server.terms import USUAL_TERMS, Terms
from operators.seats import Seat
from operators.smpp.connection import Connection
from operators.smpp.session import BOUND, TLVS_SINCE, Event, Role, Session, SessionSettings, State
from operators.ticker import Ticker
from operators.turns import Turns

READ_AHEAD: Final = 2_048


class LinkHandler(Protocol):
    """The observer of a link."""

    def made(self, connection: Connection) -> None:
        """It stands."""

    def take(self, connection: Connection, events: Sequence[Event]) -> None:
        """What one read or one tick brought."""

    def drained(self, link: "Link") -> None:
        """The peer reads again."""

    def lost(self, connection: Connection) -> None:
        """It is gone."""


class Link(Connection):
    """esme: the account, once bound. backlog: submissions that wait for their turn. errands: requests being answered.

    refused: a bind was refused; the connection is about to be closed. seat: its place at the listener, and unbound_seat
    among those that are not bound yet. terms: on which it submits. id_form: how it is told ids.
    """

    def __init__(
        self,
        settings: SessionSettings,
        handler: LinkHandler,
        seat: Seat,
        turns: Turns | None = None,
        ticker: Ticker | None = None,
    ) -> None:
        make = partial(Session, Role.SMSC, settings)
        super().__init__(make, handler.take, handler.lost, turns, ticker=ticker)
        self.made = handler.made
        self._host = handler
        self.esme: Esme | None = None
        self.seat: Final = seat
        self.unbound_seat: Seat | None = None
        self.address: Final = seat.address
        self.backlog: deque[Submit] = deque()
        self.errands = 0
        self.refused = False
        self.terms = USUAL_TERMS
        self.id_form = HEX

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.seat.guest = self
        super().connection_made(transport)

    def is_idle(self) -> bool:
        """See `operators.seats.Guest`: it has not asked to bind."""
        return self.session.state is State.OPEN

    def leave(self) -> None:
        """See `operators.seats.Guest`."""
        self.abort()

    def bound_to(self, esme: Esme, window: int) -> None:
        """Take over what the account is given."""
        self.carry(esme)
        session = self.session
        session.settings = msgspec.structs.replace(session.settings, window=window, inbound=window + READ_AHEAD)
        session.window.size = window

    def carry(self, esme: Esme) -> None:
        """The account as it is now set."""
        self.esme = esme
        is_old = self.session.peer_version < TLVS_SINCE
        self.id_form = id_form(esme.profile.message_ids, is_old=is_old)
        self.terms = Terms(esme.profile, self.id_form == SHORT)

    @property
    def is_bound(self) -> bool:
        return self.session.state in BOUND

    def receives(self) -> bool:
        """deliver_sm may be sent on this bind now."""
        return self.writable and self.session.can_send()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._host.drained(self)

    def answered(self) -> None:
        """An answer is on its way: there may be room to read more."""
        self.flush_soon()
        if not self._reading:
            self._steer()

    def wants_to_read(self) -> bool:
        window = self.session.settings.window
        limit = window if self._reading else window // 2  # not to stop and go at every answer
        return self.writable and not self._waits and (self.session.inbound <= limit or self.esme is None)

    def _last_words(self) -> None:
        """A customer that has gone hears no answer: what it sent last and was not taken is not taken."""
        self._unread.clear()
