"""The simulated SMSC itself: it listens, binds peers, and hands on what they bring."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from operators.simulator.agenda import Agenda
from operators.simulator.chance import Chance
from operators.simulator.faults import Faults
from operators.simulator.link import Link
from operators.simulator.messages import Messages
from operators.simulator.onlooker import Onlooker
from operators.simulator.receipts import Receipts
from operators.simulator.settings import SimulatorSettings
from operators.simulator.tally import Tally, Watch
from operators.simulator.wording import Dates
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.session import BOUND, BindAsked, Event, Request, Response, Unanswered


class Simulator:
    """record: keep every submit_sm in `received`; for tests, because nothing is ever dropped from it.

    track: count messages taken twice. system_id, password: of a bind; another password may be set at any time.
    `faults` may be changed at any time, and hold for what arrives from then on.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        system_id: str = "gateway",
        password: str = "secret",  # noqa: S107  the peer is a toy
        faults: Faults | None = None,
        record: bool = False,
        track: bool = False,
        settings: SimulatorSettings | None = None,
        onlooker: Onlooker | None = None,
    ) -> None:
        self.port = port
        self.tally = Tally()
        self.received: list[p.SubmitSm] = []
        self._system_id = system_id
        self.password = password
        self._record = record
        self._settings = settings = settings or SimulatorSettings()
        self._chance = chance = Chance(faults or Faults(), settings.seed)
        self._watch = Watch(self.tally)
        self._agenda = agenda = Agenda(self._turn_ends)
        dates, onlooker = Dates(settings.clock), onlooker or Onlooker()
        self._receipts = receipts = Receipts(
            settings, chance=chance, agenda=agenda, tally=self.tally, dates=dates, onlooker=onlooker
        )
        self._messages = Messages(
            chance=chance,
            receipts=receipts,
            agenda=agenda,
            tally=self.tally,
            dates=dates,
            onlooker=onlooker,
            track=track,
        )
        self._links: dict[Link, None] = {}
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop

    @property
    def faults(self) -> Faults:
        return self._chance.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._chance.faults = faults

    @property
    def bound(self) -> int:
        """Binds that stand now."""
        return sum(link.session.state in BOUND for link in self._links)

    @property
    def receivers(self) -> deque[Link]:
        """Binds that receive; the next receipt goes to the first."""
        return self._receipts.links

    @property
    def receipts_waiting(self) -> int:
        """Receipts that no bind could take yet."""
        return len(self._receipts)

    async def start(self) -> None:
        """Listen. `port` is the real one from here on. Raises OSError."""
        self._loop = asyncio.get_running_loop()
        await self.come_up()

    async def stop(self) -> None:
        """Cut every connection and forget what was to be done. May be called twice, or without `start`."""
        await self.go_down()
        self._agenda.clear()
        self._receipts.clear()

    async def come_up(self) -> None:
        """Listen, on the same port as before. Receipts that waited go out over the first bind."""
        if self._server is None:
            self._server = await self._loop.create_server(self._connected, self._settings.host, self.port, backlog=1024)
            self.port = self._server.sockets[0].getsockname()[1]

    async def go_down(self) -> None:
        """Refuse connections and cut those that stand; messages taken keep their receipts."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.drop_connections()

    async def drop_connections(self) -> None:
        """Cut every connection, with whatever is outstanding, and go on listening."""
        links = list(self._links)
        for link in links:
            link.abort()
        for link in links:
            await link.closed

    async def until(self, claim: Callable[[Tally], bool]) -> None:
        """Wait until `claim` holds of the tally."""
        await self._watch.until(claim)

    # --------------------------------------------------------------------------------------------- from the links

    def take(self, link: Link, events: Sequence[Event]) -> None:
        """What one read or one tick of a link brought."""
        now = self._loop.time()
        for event in events:
            if isinstance(event, Request):
                self._take_request(link, event.pdu, now)
                if link.cut:
                    break
            elif isinstance(event, Response):
                self._receipts.answered(event, now)
            elif isinstance(event, Unanswered):
                self._receipts.again(event.context, now)
            elif isinstance(event, BindAsked):
                self._take_bind(link, event.pdu, now)
        self._turn_ends()

    def remember(self, link: Link) -> None:
        """The link is there; one that was under way when the simulator went down is cut."""
        self._links[link] = None
        self.tally.connections += 1
        if self._server is None:
            self._loop.call_soon(link.abort)

    def forget(self, link: Link) -> None:
        """The link is gone."""
        self._links.pop(link, None)
        if link in self._receipts.links:
            self._receipts.links.remove(link)
        self._turn_ends()

    def _connected(self) -> Link:
        return Link(self, self._settings.session)

    def _turn_ends(self) -> None:
        if len(self._receipts):
            self._receipts.send()
        self._watch.look()

    def _take_request(self, link: Link, pdu: p.Pdu, now: float) -> None:
        if not isinstance(pdu, p.SubmitSm):
            link.session.refuse(pdu, st.RINVCMDID)
            return
        if self._record:
            self.received.append(pdu)
        self._messages.take(link, pdu, now)

    def _take_bind(self, link: Link, asked: p.Bind, now: float) -> None:
        if asked.system_id == self._system_id and asked.password == self.password:
            self.tally.binds += 1
            link.session.accept_bind(asked, self._system_id)
            if link.session.may_submit:
                self._receipts.links.append(link)
            return
        self.tally.binds_refused += 1
        link.session.refuse_bind(asked, st.RINVSYSID if asked.system_id != self._system_id else st.RINVPASWD)
        self._agenda.add(now + self._settings.refused_bind_pause_s, link.close)
