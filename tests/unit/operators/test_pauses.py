"""After a pause of the process what lies in the sockets is read before anything counts as unanswered."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from operators.patience import Patience
from operators.smpp import pdu as p
from operators.smpp.connection import Connection
from operators.smpp.session import Event, Response, Role, Session, SessionSettings, Unanswered
from tests.bounds import LIMIT_S

PAUSES_S = (2.0, 12.0, 3_600.0)


class Jumping:
    """The running loop, whose time is `ahead` of the system's: what a process sees that stood still."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.ahead = 0.0

    def time(self) -> float:
        return self._loop.time() + self.ahead

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


class Host:
    """An ESME whose link stands, with one submit_sm out."""

    def __init__(self, settings: SessionSettings) -> None:
        self.seen: list[Event] = []
        self.loop = Jumping()
        self.link = Connection(lambda now: Session(Role.ESME, settings, now), self._take, lambda _: None)
        self.link._loop = self.loop  # type: ignore[assignment]
        self.link.connection_made(asyncio.Transport())
        self.link.session.bind(p.BindTransceiver(sequence_number=0, system_id="esme"), self.link.now())
        self.link.data_received(p.encode(p.BindTransceiverResp(sequence_number=1, system_id="smsc")))
        self.seen.clear()
        self.link.session.request(p.SubmitSm(sequence_number=0), "message", self.link.now())

    def _take(self, _link: Connection, events: Sequence[Event]) -> None:
        self.seen += events

    def ticks(self) -> None:
        self.link.tick()


@pytest.fixture
async def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    for name in ("set_write_buffer_limits", "write"):
        monkeypatch.setattr(asyncio.Transport, name, lambda *_, **__: None)
    return Host(SessionSettings(response_timeout_s=10.0, enquire_link_s=None, session_init_s=None))


@pytest.mark.case("faults-12")
@pytest.mark.parametrize("pause_s", PAUSES_S)
@pytest.mark.parametrize("ticks", [1, 2])
async def test_an_answer_that_lay_in_the_socket_counts_though_the_timer_comes_first(
    host: Host, pause_s: float, ticks: int
) -> None:
    host.ticks()
    host.loop.ahead += pause_s
    for _ in range(ticks):
        host.ticks()
    assert host.seen == []
    host.link.data_received(p.encode(p.SubmitSmResp(sequence_number=2, message_id="41")))
    (answer,) = [each for each in host.seen if isinstance(each, Response)]
    assert (answer.context, answer.late) == ("message", False)


@pytest.mark.case("faults-12")
async def test_silence_is_silence_after_a_pause_as_well(host: Host) -> None:
    host.loop.ahead += 3_600
    for _ in range(60):
        host.loop.ahead += 0.25
        host.ticks()
    assert [type(each) for each in host.seen] == [Unanswered]


@pytest.mark.case("faults-12")
@pytest.mark.parametrize("pause_s", PAUSES_S)
async def test_patience_outlasts_a_pause(pause_s: float) -> None:
    loop, answered = Jumping(), asyncio.Event()
    async with asyncio.timeout(LIMIT_S):
        patience = Patience(0.5)
        patience._loop = loop  # type: ignore[assignment]
        async with patience:
            loop.ahead += pause_s
            patience._timer.cancel()
            patience._tick()  # as the first timer after the pause
            asyncio.get_running_loop().call_soon(answered.set)
            await answered.wait()


@pytest.mark.case("faults-12")
async def test_patience_ends() -> None:
    with pytest.raises(TimeoutError):
        async with Patience(0.01):
            await asyncio.Event().wait()
