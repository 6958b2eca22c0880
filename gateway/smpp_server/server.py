"""The listener that customers bind to: connections, binds, and what they bring, sorted to whom it concerns.

Bounded: connections and those not bound yet, in all and of an address (`operators.seats`), binds of an account, and,
by the session's timers, how long each may idle (S-17, S-18). An account that is revoked or disabled loses its binds
within a second. Stopping: no new connection, an unbind to every bind, the answers that are owed, and then the sockets
close (S-19).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from config.smpp_server import SmppServerSettings
from gateway.accounts.customers import Esme
from gateway.accounts.directory import Directory
from gateway.process.clock import Clock
from gateway.process.descriptors import tell_of_shortage
from gateway.process.logs import logger
from gateway.process.notices import Notices, cut_address
from gateway.process.tls import Identity, identity
from gateway.smpp_server.binding import REASONS, Allowed, Binding, Denied, Verdict, has_place
from gateway.smpp_server.errands import Errands
from gateway.smpp_server.intake import Intake
from gateway.smpp_server.link import READ_AHEAD, Link
from gateway.smpp_server.telling import Telling
from operators.contained import report
from operators.entrance import Entrance, Place
from operators.flaws import Flaws
from operators.seats import Seat, Seats
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.connection import Connection
from operators.smpp.session import (
    RECEIVES,
    STATE_OF_BIND,
    BindAsked,
    BindUnreadable,
    Event,
    Flawed,
    Request,
    Response,
    SessionSettings,
    State,
    Unanswered,
)
from operators.ticker import Ticker
from operators.turns import Turns
from redaction.personal import Secret

WATCH_S: Final = 0.25
"""How often accounts are looked at again."""
LAST_WORDS_S: Final = 2.0
"""How long an ended account's peer has to answer the unbind."""

_SUBMISSIONS: Final = (p.SubmitSm, p.DataSm, p.SubmitMulti)  # a union is looked through at four times the cost

log = logger("smpp_server")


class SmppServer:
    """intake, errands, telling: see there. binds: by account number."""

    def __init__(
        self,
        *,
        settings: SmppServerSettings,
        directory: Directory,
        clock: Clock,
        intake: Intake,
        errands: Errands,
        telling: Telling,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._clock = clock
        self._notices = Notices()
        self._binding = Binding(
            directory,
            clock,
            failures=settings.lockout_failures,
            lock_s=settings.lockout_s,
            conceal=settings.conceal_bind_faults,
        )
        self._intake = intake
        self._errands = errands
        self._telling = telling
        self._session = _session(settings)
        self._identity: Identity | None = None
        self._seats = Seats(settings.max_connections, settings.max_connections_per_address, settings.trusted_proxies)
        self._unbound = Seats(settings.max_unbound, settings.max_unbound_per_address, settings.trusted_proxies)
        self._entrance: Entrance | None = None
        self._links: set[Link] = set()
        self._unwatched: set[Link] = set()
        self._turns = Turns()
        self._ticker = Ticker()
        self._stopping = False
        self.is_draining = False
        self.binds: dict[int, set[Link]] = {}
        self.bound = 0
        self.flaws = Flaws()
        self.denied: dict[str, int] = dict.fromkeys(REASONS, 0)

    @property
    def port(self) -> int:
        assert self._entrance is not None, "the listener is not started"
        return self._entrance.port

    @property
    def connections(self) -> int:
        return len(self._links)

    @property
    def comparisons(self) -> int:
        """Of passwords, so far."""
        return self._binding.comparisons

    @property
    def turned_away(self) -> int:
        """Connections that got no seat, or lost it to others."""
        return sum(each.refused + each.displaced for each in (self._seats, self._unbound))

    def adopt(self, settings: SmppServerSettings, shown: Identity | None) -> None:
        """For connections and binds from now on. shown: who the listener is, by the settings."""
        if self._identity is not None and shown is not None:
            self._identity.adopt(shown)
        self._settings = settings
        self._session = _session(settings)
        self._seats.resize(settings.max_connections, settings.max_connections_per_address)
        self._unbound.resize(settings.max_unbound, settings.max_unbound_per_address)
        self._binding.adopt(settings.lockout_failures, settings.lockout_s, settings.conceal_bind_faults)

    async def start(self) -> None:
        """Listen. Raises OSError, and ssl.SSLError for files that are not usable."""
        settings = self._settings
        self._identity = shown = identity(settings.tls_certificate, settings.tls_key)
        place = Place(
            host=settings.host,
            port=settings.port or 0,
            shared=settings.shared_port,
            tls=None if shown is None else shown.context,
            proxies=settings.trusted_proxies,
        )
        self._entrance = Entrance(place, self._seats, self._make_link, short=tell_of_shortage)
        await self._entrance.start()

    async def run(self) -> None:
        """Keep the binds in step with their accounts, until cancelled: all after a change, and those that are new."""
        seen: object = None
        while True:
            await asyncio.sleep(WATCH_S)
            version = self._directory.version
            links, seen = self._unwatched if version is seen else self._links, version
            self._unwatched = set()
            for link in list(links):
                if link.esme is not None and link.is_bound:
                    try:
                        self._look_after(link, link.esme)
                    except Exception as error:
                        report("connection", error)
                        link.abort()

    async def stop(self, deadline_s: float) -> None:
        """Say goodbye to every bind, finish what is owed, close; what is not done by then is cut off."""
        self._stopping = True
        if self._entrance is not None:
            self._entrance.stop()
        self._telling.stop()
        links = list(self._links)
        for link in links:
            _dismiss(link)
        try:
            async with asyncio.timeout(deadline_s):
                await asyncio.gather(*(asyncio.shield(link.closed) for link in links))
        except TimeoutError:
            for link in list(self._links):
                link.abort()
        self._binding.close()

    def drain(self, *, draining: bool) -> None:
        """End every bind and take no new ones, so that customers come to another node; or take them again."""
        self.is_draining = draining
        for link in list(self._links) if draining else ():
            if link.is_bound:
                _end(link)

    def _look_after(self, link: Link, esme: Esme) -> None:
        current = self._directory.esme(esme.system_id)
        if current is None or current.password != esme.password or current.key.customer.disabled:
            log.info("bind_ended", customer=esme.key.customer.public_id, reason="account_ended")
            _end(link)
        elif current is not esme:
            link.carry(current)

    # ------------------------------------------------------------------------------------------------- from the links

    def _make_link(self, seat: Seat) -> Link:
        return Link(self._session, self, seat, self._turns, self._ticker)

    def made(self, connection: Connection) -> None:
        assert isinstance(connection, Link)
        self._links.add(connection)
        connection.unbound_seat = self._unbound.take(connection.address, connection)
        if self._stopping or connection.unbound_seat is None:
            asyncio.get_running_loop().call_soon(connection.abort)

    def take(self, connection: Connection, events: Sequence[Event]) -> None:
        assert isinstance(connection, Link)
        submitted = answered = False
        for event in events:
            if isinstance(event, Request):
                submitted = self._take_request(connection, event.pdu) or submitted
            elif isinstance(event, Response):
                answered = True
                self._telling.answered(connection, event.context, event.pdu.status, late=event.late)
            elif isinstance(event, Unanswered):
                self._telling.unanswered_by(connection, event.context, lost=event.lost)
            elif isinstance(event, BindAsked):
                self._ask(connection, event.pdu)
            elif isinstance(event, Flawed):
                self._note_flaw(connection, event)
            elif isinstance(event, BindUnreadable):
                self._close_unreadable(connection)
        if submitted:
            self._intake.wake(connection)
        if answered:
            self._telling.drained(connection)

    def drained(self, link: Link) -> None:
        self._telling.drained(link)

    def lost(self, connection: Connection) -> None:
        assert isinstance(connection, Link)
        self._links.discard(connection)
        self._unwatched.discard(connection)
        connection.seat.free()
        if connection.unbound_seat is not None:
            connection.unbound_seat.free()
        connection.backlog.clear()
        if connection.esme is not None:
            self._telling.lost(connection)
            binds = self.binds[connection.esme.id]
            binds.discard(connection)
            if not binds:
                del self.binds[connection.esme.id]

    def _note_flaw(self, link: Link, event: Flawed) -> None:
        """Counted, and a line for the first of its kind from an account; none for who is not bound."""
        customer = "" if link.esme is None else link.esme.key.customer.public_id
        sent, flaw = p.name_of(event.command_id), event.flaw.value
        if self.flaws.count(customer, sent, flaw) and customer:
            log.warning("flawed_pdu", customer=customer, code=sent, reason=flaw)

    def _take_request(self, link: Link, pdu: p.Pdu) -> bool:
        """Whether it is a submission, which waits for its turn."""
        if isinstance(pdu, _SUBMISSIONS):
            link.backlog.append(pdu)
            return True
        if isinstance(pdu, p.QuerySm | p.CancelSm | p.ReplaceSm):
            self._errands.take(link, pdu)
        else:
            link.session.refuse(pdu, st.RINVCMDID)
        return False

    # ---------------------------------------------------------------------------------------------------------- binds

    def _ask(self, link: Link, asked: p.Bind) -> None:
        if self._stopping or self.is_draining or link.refused:
            self._refuse(link, asked, st.RBINDFAIL)
            return
        self._binding.judge(asked.system_id, Secret(asked.password), link.address, self._judged(link, asked))

    def _judged(self, link: Link, asked: p.Bind) -> Callable[[Verdict], None]:
        def judged(verdict: Verdict) -> None:
            if link not in self._links:
                return
            if isinstance(verdict, Allowed):
                bound = [each.session.state for each in self.binds.get(verdict.esme.id, ())]
                if not has_place(verdict.esme, bound, STATE_OF_BIND[asked.command_id], self._settings.max_binds):
                    verdict = Denied(st.RBINDFAIL, "binds")
            if isinstance(verdict, Allowed) and not (self._stopping or self.is_draining):
                self._accept(link, asked, verdict.esme)
            else:
                self._deny(link, asked, verdict)

        return judged

    def _accept(self, link: Link, asked: p.Bind, esme: Esme) -> None:
        if link.session.state is not State.BINDING:  # it ended while the password was compared
            return
        link.session.accept_bind(asked, self._settings.system_id)  # an unbind behind it may be taken at once
        self.bound += 1
        link.seat.prove()
        if link.unbound_seat is not None:
            link.unbound_seat.prove()
            link.unbound_seat.free()
        link.bound_to(esme, esme.window or self._settings.window)
        self.binds.setdefault(esme.id, set()).add(link)
        self._unwatched.add(link)
        log.info(
            "bound",
            customer=esme.key.customer.public_id,
            account=str(esme.id),
            state=link.session.state.value,
            address=cut_address(link.address),
        )
        if link.session.state in RECEIVES:
            self._telling.bound(link)
        link.flush_soon()

    def _close_unreadable(self, link: Link) -> None:
        """It is answered already; no second one is heard (S-16)."""
        self.denied["unreadable"] += 1
        self._say_refused(link, "", "unreadable")
        link.refused = True
        asyncio.get_running_loop().call_later(self._settings.refused_bind_pause_s, link.close, "bind_refused")

    def _deny(self, link: Link, asked: p.Bind, verdict: Verdict) -> None:
        status = st.RBINDFAIL
        if isinstance(verdict, Denied):
            status = verdict.status
            self.denied[verdict.reason] += 1
            self._say_refused(link, asked.system_id, verdict.reason)
            if verdict.locked:
                log.warning("bind_locked_out", reason=verdict.reason)
        self._refuse(link, asked, status)

    def _say_refused(self, link: Link, system_id: str, reason: str) -> None:
        """Names the account, if there is one; what a stranger calls itself is nobody's.

        That comparisons were too many concerns no account: thousands that come at once are a line for each network.
        """
        esme = None if reason == "busy" else self._directory.esme(system_id)
        customer, account = ("", "") if esme is None else (esme.key.customer.public_id, str(esme.id))
        address = cut_address(link.address)
        count = self._notices.count((reason, account, address), self._clock.monotonic())
        if count:
            log.warning("bind_refused", reason=reason, customer=customer, account=account, address=address, count=count)

    def _refuse(self, link: Link, asked: p.Bind, status: int) -> None:
        """Answer, and close after a pause, so that guessing is slow (S-16)."""
        link.refused = True
        link.session.refuse_bind(asked, status)
        link.flush_soon()
        asyncio.get_running_loop().call_later(self._settings.refused_bind_pause_s, link.close, "bind_refused")


def end_binds(server: SmppServer, account: int) -> None:
    """Of an account, by number; it may bind again."""
    for link in list(server.binds.get(account, ())):
        _end(link)


def _session(settings: SmppServerSettings) -> SessionSettings:
    return SessionSettings(
        window=settings.window,
        inbound=settings.window + READ_AHEAD,
        response_timeout_s=settings.response_timeout_s,
        enquire_link_s=settings.enquire_link_s,
        inactivity_s=settings.inactivity_s,
        session_init_s=settings.session_init_s,
        long_password=settings.long_passwords,
    )


def _end(link: Link) -> None:
    """Say goodbye, and wait for what is owed a while."""
    _dismiss(link)
    asyncio.get_running_loop().call_later(LAST_WORDS_S, link.abort)


def _dismiss(link: Link) -> None:
    if link.is_bound:
        link.session.unbind(link.now())
        link.flush_soon()
    else:
        link.close("stopping")
