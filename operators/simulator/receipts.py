"""Receipts of a simulated SMSC: they wait for a bind with room, and are sent until they are acknowledged."""

import asyncio
from collections import deque
from collections.abc import Iterable
from functools import partial

from operators.simulator.agenda import Agenda
from operators.simulator.chance import Chance
from operators.simulator.link import Link
from operators.simulator.onlooker import Onlooker
from operators.simulator.settings import SimulatorSettings
from operators.simulator.tally import Tally
from operators.simulator.wording import Dates, Receipt, deliver_sm
from operators.smpp import status as st
from operators.smpp.session import Response


class Receipts:
    """links: that receive; each gets its turn. dates: of now."""

    def __init__(
        self,
        settings: SimulatorSettings,
        *,
        chance: Chance,
        agenda: Agenda,
        tally: Tally,
        dates: Dates,
        onlooker: Onlooker,
    ) -> None:
        self._settings = settings
        self._chance = chance
        self._agenda = agenda
        self._tally = tally
        self._dates = dates
        self._onlooker = onlooker
        self._waiting: deque[Receipt] = deque()
        self.links: deque[Link] = deque()

    def __len__(self) -> int:
        """Those that no bind could take yet."""
        return len(self._waiting)

    def clear(self) -> None:
        self._waiting.clear()

    def add(self, receipts: Iterable[Receipt]) -> None:
        """They go out with the next `send`."""
        self._waiting.extend(receipts)

    def send(self) -> None:
        """Send what waits, as far as binds have room, one bind after the other."""
        waiting, links = self._waiting, self.links
        while len(waiting) > self._settings.receipts_waiting:
            waiting.popleft()
            self._tally.receipts_lost += 1
        now, done, form = asyncio.get_running_loop().time(), self._dates.now(), self._chance.faults.receipt_form
        full = 0
        while waiting and full < len(links):
            link = links[0]
            links.rotate(-1)
            if not link.takes_receipts():
                full += 1
                continue
            full = 0
            receipt = waiting.popleft()
            link.session.request(deliver_sm(receipt, form, done), receipt, now)
            link.flush_soon()
            self._tally.receipts_sent += 1

    def answered(self, event: Response, now: float) -> None:
        """The peer took one, or refused it, so that it goes again."""
        if event.pdu.status == st.OK:
            self._tally.receipts_acknowledged += 1
            self._onlooker.acknowledged(event.context)
            return
        self._tally.receipts_refused += 1
        if not event.late:  # a late one is on its way again already
            self.again(event.context, now)

    def again(self, receipt: Receipt, now: float) -> None:
        """Send it once more after a pause, unless it was tried often enough."""
        receipt.tries += 1
        if receipt.tries >= self._settings.receipt_tries:
            self._tally.receipts_lost += 1
        else:
            self._agenda.add(now + self._settings.receipt_retry_s, partial(self._waiting.append, receipt))
