"""An SMSC that answers with the very octets of a script, over TCP. It knows no PDU but by its header.

A script has a line for each answer; `;` parts PDUs, which may stand with actions between them:

    on submit_sm: 00000015 80000004 00000000 seq 52313100 00
    on submit_sm: len 80000004 00000000 seq "R2" 00; pause 0.05; len 00000015 00000000 own
    on enquire_link: close

Words of a PDU are octets in hexadecimal; "text"; `len`, its length; `seq`, the sequence number of what it answers; and
`own`, a fresh one. Actions are `pause SECONDS`, and `close`, which ends the connection. A line without words says
nothing. Lines for the same command are used in turn, and the last of them again and again. What a script does not
name, `USUAL` answers. `#` begins a comment.
"""

import asyncio
import contextlib
import itertools
import re
import shlex
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final, NamedTuple

from smpplib.command_codes import commands

from tests.bounds import LIMIT_S

USUAL: Final = """
on bind_transmitter: len 80000002 00000000 seq "smsc" 00
on bind_receiver: len 80000001 00000000 seq "smsc" 00
on bind_transceiver: len 80000009 00000000 seq "smsc" 00
on enquire_link: len 80000015 00000000 seq
on submit_sm: len 80000004 00000000 seq "R1" 00
on unbind: len 80000006 00000000 seq; close
"""
_HEADER_OCTETS: Final = 16
_NAMES: Final = {code: name for name, code in commands.items()}
_LINE: Final = re.compile(r"on (\w+):(.*)")
_QUOTED: Final = re.compile(r'"[^"]*"')


class ScriptError(ValueError):
    """A line of a script that cannot be read; names its number."""


class Taken(NamedTuple):
    """A PDU that came."""

    command: str
    status: int
    sequence_number: int
    body: bytes


class Script:
    """Raises ScriptError."""

    def __init__(self, text: str) -> None:
        self._lines: dict[str, list[list[str]]] = {}
        for number, line in enumerate(text.splitlines(), 1):
            line = line.partition("#")[0].strip()
            if not line:
                continue
            found = _LINE.fullmatch(line)
            if found is None or found[1] not in commands:
                raise ScriptError(f"line {number}: on COMMAND: and an answer are expected")
            self._lines.setdefault(found[1], []).append(_steps(found[2], number))

    def next(self, command: str) -> list[str] | None:
        """The steps that answer the next PDU of this kind; None when the script does not name it."""
        lines = self._lines.get(command)
        if lines is None:
            return None
        return lines.pop(0) if len(lines) > 1 else lines[0]


def _steps(text: str, number: int) -> list[str]:
    steps = [step.strip() for step in text.split(";") if step.strip()]
    for step in steps:
        try:
            if not _is_action(step):
                octets_of(step, 0, itertools.count(1))
        except ValueError:
            raise ScriptError(f"line {number}: {step!r} is neither a PDU nor an action") from None
    return steps


def _is_action(step: str) -> bool:
    word, _, rest = step.partition(" ")
    return step == "close" or (word == "pause" and float(rest) >= 0)


def octets_of(words: str, seq: int, own: Iterable[int]) -> bytes:
    """A PDU from its words. Raises ValueError."""
    parts: list[bytes | None] = []
    for word in shlex.split(words, posix=False):
        if word == "len":
            parts.append(None)
        elif word == "seq":
            parts.append(seq.to_bytes(4, "big"))
        elif word == "own":
            parts.append(next(iter(own)).to_bytes(4, "big"))
        elif _QUOTED.fullmatch(word):
            parts.append(word[1:-1].encode("latin-1"))
        else:
            parts.append(bytes.fromhex(word))
    length = sum(4 if part is None else len(part) for part in parts).to_bytes(4, "big")
    return b"".join(length if part is None else part for part in parts)


class ScriptedSmsc:
    """taken: every PDU that came, in order, over all connections. connections: how many there were."""

    def __init__(self, script: str = "", host: str = "127.0.0.1", port: int = 0) -> None:
        self.taken: list[Taken] = []
        self.connections = 0
        self.port = port
        self._host = host
        self._script = Script(script)
        self._usual = Script(USUAL)
        self._own = itertools.count(1)
        self._changed = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. Raises OSError."""
        self._server = await asyncio.start_server(self._connected, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def send(self, words: str) -> None:
        """A PDU over the newest connection."""
        self._writers[-1].write(octets_of(words, 0, self._own))

    def count(self, command: str) -> int:
        return sum(each.command == command for each in self.taken)

    async def until(self, claim: Callable[[], object]) -> None:
        """Wait until `claim` holds, which is asked whenever something comes."""
        async with asyncio.timeout(LIMIT_S):
            while not claim():
                self._changed.clear()
                await self._changed.wait()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._converse(reader, writer), name="scripted connection")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        self._changed.set()
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._answer(await _frame(reader), writer):
                    self._changed.set()
        finally:
            self._writers.remove(writer)
            writer.close()
            self._changed.set()

    async def _answer(self, pdu: Taken, writer: asyncio.StreamWriter) -> bool:
        """False when that ends the connection."""
        self.taken.append(pdu)
        steps = self._script.next(pdu.command)
        for step in (self._usual.next(pdu.command) or ()) if steps is None else steps:
            if step == "close":
                return False
            if step.startswith("pause"):
                await writer.drain()
                await asyncio.sleep(float(step.split()[1]))
            else:
                writer.write(octets_of(step, pdu.sequence_number, self._own))
        await writer.drain()
        return True


async def _frame(reader: asyncio.StreamReader) -> Taken:
    head = await reader.readexactly(_HEADER_OCTETS)
    length, command, status, number = (int.from_bytes(head[at : at + 4], "big") for at in range(0, 16, 4))
    body = await reader.readexactly(max(0, length - _HEADER_OCTETS))
    return Taken(_NAMES.get(command, f"0x{command:08X}"), status, number, body)


@contextlib.asynccontextmanager
async def scripted_smsc(script: str = "") -> AsyncIterator[ScriptedSmsc]:
    smsc = ScriptedSmsc(script)
    await smsc.start()
    try:
        yield smsc
    finally:
        await smsc.stop()
