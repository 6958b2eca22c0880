"""Three SMSCs that speak SMPP with other people's code: aiosmpplib's codec over asyncio, smpp34's server, npm's smpp.

Each takes every message, keeps what it saw as its own library read it, and does as the test says.
"""

import asyncio
import contextlib
import json
import re
import shutil
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiosmpplib.protocol as aio
from aiosmpplib.state import (
    NPI,
    SAR_MSG_REF_NUM,
    SAR_SEGMENT_SEQNUM,
    SAR_TOTAL_SEGMENTS,
    TON,
    PhoneNumber,
    SmppCommandStatus,
)

from tests.bounds import LIMIT_S
from tests.integration.valkey_server import free_port
from tests.interop.certificates import Certificates

HOST = "127.0.0.1"
ENCODINGS = {0: "gsm0338", 4: "octet_unspecified_II", 8: "ucs2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A submit_sm as the library read it. part: reference, total and sequence of a concatenation header."""

    identifier: str
    source: str
    destination: str
    text: str
    part: tuple[int, int, int] | None
    data_coding: int
    registered_delivery: int


class Smsc(Protocol):
    """binds: "transceiver", "transmitter" or "receiver", as they came. unbinds: how many said goodbye.

    hears_receivers: it takes the answers that come over a receiver's bind.
    """

    hears_receivers: bool
    checks_passwords: bool
    port: int
    binds: list[str]
    unbinds: int
    submits: "asyncio.Queue[Seen]"

    async def deliver(self, octets: bytes, *, esm_class: int = 0, data_coding: int = 0) -> int:
        """Send a deliver_sm from a person to 90909; the command_status of its answer."""

    async def unbind(self) -> None:
        """Say goodbye to every bind."""

    async def drop(self) -> None:
        """Cut every connection off, and go on listening."""


# ---------------------------------------------------------------------------------------------------------- aiosmpplib


class AioSmsc:
    """The library has no server side: its codec over asyncio streams."""

    hears_receivers = True
    checks_passwords = True

    def __init__(self) -> None:
        self.port = 0
        self.binds: list[str] = []
        self.unbinds = 0
        self.submits: asyncio.Queue[Seen] = asyncio.Queue()
        self._receivers: list[asyncio.StreamWriter] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._answers: dict[int, asyncio.Future[int]] = {}
        self._number = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readexactly(16)
                header = aio.SmppMessage.parse_header(head)
                pdu = head + await reader.readexactly(header.pdu_length - 16)
                kind = aio.MESSAGE_TYPE_MAP[header.smpp_command]
                self._take(kind.from_pdu(pdu, header, "gsm0338"), pdu, writer)
        self._writers.discard(writer)
        if writer in self._receivers:
            self._receivers.remove(writer)
        writer.close()

    def _take(self, message: Any, pdu: bytes, writer: asyncio.StreamWriter) -> None:
        number = message.sequence_num
        match message:
            case aio.BindTransceiver():  # and the others, which it is the base of
                self._bind(message, writer)
            case aio.DeliverSmResp():
                self._answers.pop(number).set_result(int(message.command_status))
            case aio.SubmitSm():
                self._submit(message, pdu, writer)
            case aio.EnquireLink():
                writer.write(aio.EnquireLinkResp(sequence_num=number).pdu())
            case aio.Unbind():
                self.unbinds += 1
                writer.write(aio.UnbindResp(sequence_num=number).pdu())
                writer.close()
            case aio.UnbindResp():
                writer.close()

    def _bind(self, asked: Any, writer: asyncio.StreamWriter) -> None:
        kind = type(asked).__name__
        known = asked.password == "secret"
        status = SmppCommandStatus.ESME_ROK if known else SmppCommandStatus.ESME_RINVPASWD
        answer = getattr(aio, f"{kind}Resp")(sequence_num=asked.sequence_num, command_status=status, system_id="aio")
        writer.write(answer.pdu())
        if not known:
            writer.close()
            return
        self.binds.append(kind.removeprefix("Bind").lower())
        if kind != "BindTransmitter":
            self._receivers.append(writer)

    def _submit(self, message: Any, pdu: bytes, writer: asyncio.StreamWriter) -> None:
        found = {each.tag: each.value for each in message.optional_params}
        reference, total, sequence = (
            int(found.get(tag, 0)) for tag in (SAR_MSG_REF_NUM, SAR_TOTAL_SEGMENTS, SAR_SEGMENT_SEQNUM)
        )
        if reference > 0xFFFF:  # the library reads a 16-bit reference as 32 bits, the two places behind it included
            reference >>= 16
        self._number += 1
        identifier = f"{0xA0000000 + self._number:08X}"
        coding = next((code for code, name in ENCODINGS.items() if name == message.encoding), 0)
        self.submits.put_nowait(
            Seen(
                identifier=identifier,
                source=message.source.number,
                destination=message.destination.number,
                text=message.short_message,
                part=(reference, total, sequence) if total else None,
                data_coding=coding,
                registered_delivery=message.registered_delivery,
            )
        )
        writer.write(aio.SubmitSmResp(sequence_num=message.sequence_num, message_id=identifier).pdu())

    async def deliver(self, octets: bytes, *, esm_class: int = 0, data_coding: int = 0) -> int:
        self._number += 1
        message = aio.DeliverSm(
            sequence_num=self._number,
            short_message="as below",
            source=PhoneNumber("966500000078", TON.INTERNATIONAL, NPI.ISDN),
            destination=PhoneNumber("90909"),
            esm_class=esm_class,
            encoding=ENCODINGS[data_coding],
            registered_delivery=0,
        )
        message.set_encoded_message(octets)
        answer: asyncio.Future[int]
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        self._receivers[0].write(message.pdu())
        return await answer

    async def unbind(self) -> None:
        for writer in list(self._writers):
            writer.write(aio.Unbind(sequence_num=1_000_000).pdu())

    async def drop(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()


@contextlib.asynccontextmanager
async def aiosmpplib_smsc(certificates: Certificates | None = None) -> AsyncIterator[AioSmsc]:
    smsc = AioSmsc()
    server = await asyncio.start_server(
        smsc.serve, HOST, 0, ssl=None if certificates is None else server_context(certificates)
    )
    smsc.port = server.sockets[0].getsockname()[1]
    try:
        yield smsc
    finally:
        server.close()
        await smsc.drop()


# --------------------------------------------------------------------------------------------------------------- relay


class Relay:
    """A port in front of another one; with certificates it speaks TLS. connections: how many were made."""

    def __init__(self, port: int) -> None:
        self._inner = port
        self._writers: list[asyncio.StreamWriter] = []
        self.port = 0
        self.connections = 0
        self.came = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.came.set()
        inner_reader, inner_writer = await asyncio.open_connection(HOST, self._inner)
        self._writers.extend((writer, inner_writer))
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    def drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()


@contextlib.asynccontextmanager
async def relayed(port: int, certificates: Certificates | None = None) -> AsyncIterator[Relay]:
    relay = Relay(port)
    context = None if certificates is None else server_context(certificates)
    server = await asyncio.start_server(relay.serve, HOST, 0, ssl=context)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        relay.drop()


def server_context(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates.ca)
    context.load_cert_chain(certificates.server, certificates.server_key)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


# ----------------------------------------------------------------------------------------- smpp34 and npm's smpp


class ProcessSmsc:
    """A script in a process of its own, which speaks in lines of JSON."""

    hears_receivers = True
    checks_passwords = True

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.port = 0
        self.binds: list[str] = []
        self.unbinds = 0
        self.submits: asyncio.Queue[Seen] = asyncio.Queue()
        self._process = process
        self._answers: dict[int, asyncio.Future[int]] = {}
        self._number = 0
        self.cut: Callable[[], None] | None = None  # where the script cannot drop connections
        self._listening = asyncio.Event()

    async def read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._take(json.loads(line))

    async def listening(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            await self._listening.wait()

    def _take(self, said: dict[str, Any]) -> None:
        match said["event"]:
            case "listening":
                self.port = said["port"]
                self._listening.set()
            case "bind":
                self.binds.append(said["kind"])
            case "unbind":
                self.unbinds += 1
            case "delivered":
                self._answers.pop(said["number"]).set_result(said["status"])
            case "submit":
                self.submits.put_nowait(_seen(said))

    def _tell(self, **command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def deliver(self, octets: bytes, *, esm_class: int = 0, data_coding: int = 0) -> int:
        self._number = number = self._number + 1
        answer: asyncio.Future[int]
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._tell(
            command="deliver",
            number=number,
            source="966500000078",
            destination="90909",
            esm_class=esm_class,
            data_coding=data_coding,
            octets=octets.hex(),
        )
        return await answer

    async def unbind(self) -> None:
        self._tell(command="unbind")

    async def drop(self) -> None:
        if self.cut is None:
            self._tell(command="drop")
        else:
            self.cut()


def _seen(said: dict[str, Any]) -> Seen:
    """Each element of the header comes apart: 00 03 rr tt ss."""
    (element,) = said["header"] or [""]
    found = re.fullmatch(r"(?:0003(..)|0804(....))(..)(..)", element)
    part = None
    if found is not None:
        part = (int(found[1] or found[2], 16), int(found[3], 16), int(found[4], 16))
    return Seen(
        identifier=said["id"],
        source=said["source"],
        destination=said["destination"],
        text=said["text"],
        part=part,
        data_coding=said["data_coding"],
        registered_delivery=said["registered_delivery"],
    )


@contextlib.asynccontextmanager
async def _running(*words: str) -> AsyncIterator[ProcessSmsc]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe)
    smsc = ProcessSmsc(process)
    reading = asyncio.create_task(smsc.read())
    try:
        await smsc.listening()
        yield smsc
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def node_smsc(package: Path, certificates: Certificates | None = None) -> AsyncIterator[ProcessSmsc]:
    options: dict[str, str] = {}
    if certificates is not None:
        options = {"key": str(certificates.server_key), "cert": str(certificates.server)}
    node = shutil.which("node")
    assert node is not None
    script = Path(__file__).with_name("smsc.js")
    async with _running(node, str(script), str(package), json.dumps(options)) as smsc:
        yield smsc


@contextlib.asynccontextmanager
async def smpp34_smsc(certificates: Certificates | None = None) -> AsyncIterator[ProcessSmsc]:
    """Behind a relay, because its server speaks no TLS and cannot cut a connection."""
    port = free_port()
    script = Path(__file__).with_name("smsc_rust.py")
    async with _running(sys.executable, str(script), str(port)) as smsc, relayed(port, certificates) as relay:
        smsc.port = relay.port
        smsc.cut = relay.drop
        smsc.hears_receivers = False
        smsc.checks_passwords = False
        yield smsc
