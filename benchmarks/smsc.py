"""The operator of a run: the simulated SMSC in a process of its own, which stamps the arrival of each message.

Commands: `until` (totals that must be reached; answered when they are), `lot` (what is known of some messages),
`down` and `up`, `receipts` (the share of messages that get one from then on). It gives a sample four times a second. It
keeps a moment and a few bits for each message, nothing else, and how many were without an answer over time.
"""

import asyncio
import sys
import time
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop

from benchmarks import child
from benchmarks.habits import faults_of
from benchmarks.messages import MIXES, SENDER, index_of
from operators.simulator import Onlooker, Receipt, Simulator, SimulatorSettings
from operators.smpp import status as st
from operators.smpp.pdu import SubmitSm, SubmitSmResp
from operators.smpp.session import SessionSettings

SAMPLE_S = 0.25
_UDHI = 0x40


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """mix: of the messages to come. window: receipts sent without an answer. habits: see `benchmarks.habits`."""

    mix: str
    window: int = 1000
    habits: dict[str, float] = {}


class Stamps(Onlooker):
    """When each message was taken first, which of its parts were, what was taken twice, and what came with another
    text. doubled: receipts may come twice, or for nobody, and each counts once.
    """

    def __init__(self, mix: str, *, doubled: bool = False) -> None:
        self._forms = MIXES[mix]
        self._codings = [coding_of(form.text) for form in self._forms.forms]
        self._bodies: dict[int, dict[int, bytes]] = {}  # of long messages that are not whole yet
        self._arrived = array("d")
        self._parts: list[int] = []
        self._twice: set[int] = set()
        self._came: SubmitSm | None = None
        self._doubled = doubled
        self._untold: set[str] = set()
        self._unanswered = 0
        self._changed = time.perf_counter()
        self._held_s = 0.0
        self.receipts_told = 0
        self.receipts_asked = 0
        self.strangers = 0
        self.altered = 0
        self.miscoded = 0
        self.other_senders = 0

    def submitted(self, submit: SubmitSm) -> None:
        self._came = submit
        self._count(1)

    def left(self) -> None:
        self._count(-1)

    def _count(self, change: int) -> None:
        """Of messages without an answer."""
        self.held_s()
        self._unanswered += change

    def held_s(self) -> float:
        """Seconds that messages were without an answer, of all of them together."""
        now = time.perf_counter()
        self._held_s += self._unanswered * (now - self._changed)
        self._changed = now
        return self._held_s

    def answered(self, response: SubmitSmResp) -> None:
        """What is not taken will come again."""
        if self._came is not None and response.status == st.OK:
            self.taken(self._came)
            if self._doubled:
                self._untold.add(response.message_id)
        self._came = None

    def acknowledged(self, receipt: Receipt) -> None:
        if not self._doubled:
            self.receipts_told += 1
        elif receipt.message_id in self._untold:
            self._untold.remove(receipt.message_id)
            self.receipts_told += 1

    def taken(self, submit: SubmitSm) -> None:
        """A part of a message, for good."""
        now = time.perf_counter()
        if submit.registered_delivery & 0x03:
            self.receipts_asked += 1
        try:
            index = index_of(submit.destination_addr)
        except ValueError:
            self.strangers += 1
            return
        part = 1 << part_of(submit)
        self._compare(index, submit)
        while len(self._parts) <= index:
            self._parts.append(0)
            self._arrived.append(0.0)
        had = self._parts[index]
        if not had:
            self._arrived[index] = now
        elif had & part:
            self._twice.add(index)
        self._parts[index] = had | part

    def _compare(self, index: int, submit: SubmitSm) -> None:
        """Sender, coding, and the text once it is whole, with what was sent; codings are known here, too."""
        form, coding = self._forms.form(index), self._codings[index % len(self._codings)]
        self.other_senders += submit.source_addr != SENDER
        self.miscoded += submit.data_coding != coding
        body = submit.short_message
        if submit.esm_class & _UDHI and body:
            body = body[1 + body[0] :]
        if form.segments == 1:
            self.altered += text_of(body, coding) != form.text
            return
        parts = self._bodies.setdefault(index, {})
        parts[part_of(submit)] = body
        if len(parts) == form.segments:
            del self._bodies[index]
            self.altered += "".join(text_of(parts[at], coding) for at in sorted(parts)) != form.text

    def lot(self, first: int, count: int, path: str) -> dict[str, Any]:
        """Which messages came once and whole; arrivals go to the file, 0.0 for none."""
        parts, arrived = self._parts[first : first + count], self._arrived[first : first + count]
        parts += [0] * (count - len(parts))
        arrived.extend(0.0 for _ in range(count - len(arrived)))
        wanted = ((1 << self._forms.form(first + at).segments) - 1 for at in range(count))
        broken = [first + at for at, (had, want) in enumerate(zip(parts, wanted, strict=True)) if had != want]
        broken += sorted(index for index in self._twice if first <= index < first + count)
        with Path(path).open("wb") as file:
            arrived.tofile(file)
        return {
            "whole": count - len(set(broken)),
            "broken": broken[:20],
            "strangers": self.strangers,
            "altered": self.altered,
            "miscoded": self.miscoded,
            "other_senders": self.other_senders,
        }


_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = {10: "\f", 20: "^", 40: "{", 41: "}", 47: "\\", 60: "[", 61: "~", 62: "]", 64: "|", 101: "€"}
_ESCAPE: Final = 27
"""3GPP 23.038 §6.2.1, written down once more: a target must not be compared with its own tables."""


def coding_of(text: str) -> int:
    """The data_coding that a text has to have: 0 where the GSM alphabet shows it, 8 elsewhere."""
    return 0 if all(each in _BASIC or each in _EXTENDED.values() for each in text) else 8


def text_of(octets: bytes, coding: int) -> str:
    """What these octets say, one septet in each under coding 0."""
    if coding == 8:
        return octets.decode("utf-16-be", "replace")
    shown, escaped = [], False
    for octet in octets:
        if octet == _ESCAPE and not escaped:
            escaped = True
            continue
        shown.append(_EXTENDED.get(octet, "?") if escaped else _BASIC[octet] if octet < len(_BASIC) else "?")
        escaped = False
    return "".join(shown)


def part_of(submit: SubmitSm) -> int:
    """Which part of a concatenated message this is, from 0 on."""
    text = submit.short_message
    return text[text[0]] - 1 if submit.esm_class & _UDHI and text else 0


class Station:
    """The simulator, its stamps, and the conversation with whoever runs the run."""

    def __init__(self, job: Job) -> None:
        self.stamps = Stamps(job.mix, doubled=bool(job.habits.keys() & {"receipts-twice", "strangers"}))
        session = SessionSettings(window=job.window, inbound=100_000)
        settings = SimulatorSettings(session=session)
        self._waits: asyncio.Task[None]
        self.simulator = Simulator(faults=faults_of(job.habits), settings=settings, onlooker=self.stamps)

    async def serve(self) -> None:
        await self.simulator.start()
        child.say({"ready": True, "port": self.simulator.port})
        loop = asyncio.get_running_loop()
        self._sample()
        lines = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := await lines.readline():
            command = msgspec.json.decode(line)
            if "until" in command:
                self._waits = loop.create_task(self.until(command["until"]), name="until")
            else:
                child.say(await self.obey(command))

    async def until(self, submits: int) -> None:
        """Say when so many submit_sm are taken and every receipt that was asked for is acknowledged."""
        stamps = self.stamps
        await self.simulator.until(
            lambda tally: tally.accepted >= submits and stamps.receipts_told >= stamps.receipts_asked
        )
        child.say({"reached": time.perf_counter()})

    async def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        match command:
            case {"lot": [first, count], "path": path}:
                return self.stamps.lot(first, count, path)
            case {"down": True}:
                await self.simulator.go_down()
            case {"up": True}:
                await self.simulator.come_up()
            case {"receipts": share}:
                self.simulator.faults = replace(self.simulator.faults, receipt_rate=share)
        return {"done": time.perf_counter()}

    def _sample(self) -> None:
        tally = self.simulator.tally
        child.say({"sample": [time.perf_counter(), tally.accepted, self.stamps.receipts_told, self.stamps.held_s()]})
        asyncio.get_running_loop().call_later(SAMPLE_S, self._sample)


def main() -> None:
    uvloop.run(Station(msgspec.convert(child.job(), Job)).serve())


if __name__ == "__main__":
    child.work(main)
