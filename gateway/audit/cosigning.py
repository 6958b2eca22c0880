"""Has witnesses cosign the checkpoints of a log, over HTTP, and keeps their signatures with the checkpoint."""

import asyncio
import contextlib
import http.client
import socket
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from gateway.audit.checkpoint import NUMBER, read_checkpoint, write_hash
from gateway.audit.tiles import TileReader, TilesDamaged
from gateway.audit.witness import LONGEST
from gateway.audit.writing import ForkFound, LogWriter, LostRace, TreeBusy
from gateway.ledger.contract import LedgerUnavailable
from gateway.process.clock import Clock
from gateway.process.logs import logger
from redaction.errors import SealError
from redaction.notes import (
    COSIGNATURE,
    ML_DSA,
    BadNote,
    Note,
    Signature,
    VerifierKey,
    is_signed_by,
    read_signatures,
    read_verifier_key,
    verifies,
)

TIMEOUT_S: Final = 10.0
"""For a witness's whole answer, however slowly it comes."""
_BUSY: Final = "the log is being written to"

log = logger("gateway.audit")


class Known(msgspec.Struct, frozen=True):
    """A witness. url: `/add-checkpoint` is appended to it; http or https."""

    key: VerifierKey
    url: str


class _Call:
    """Requests to a witness, which end when they are cut."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._wire: socket.socket | None = None
        self._is_cut = False

    def cut(self) -> None:
        """Whoever waits in `post` gets an OSError; from any thread."""
        self._is_cut = True
        if self._wire is not None:
            with contextlib.suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)

    def post(self, body: bytes) -> tuple[int, str]:
        """Status and text of the answer; a redirect is one.

        Raises OSError, HTTPException, and ValueError for what is no address.
        """
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        line = kind(self._url.hostname or "", self._url.port, timeout=TIMEOUT_S)
        try:
            line.connect()
            self._wire = line.sock  # the line itself lets go of it before the answer is read
            if self._is_cut:  # before there was a wire to cut
                raise TimeoutError
            line.request("POST", f"{self._url.path}/add-checkpoint", body)
            answer = line.getresponse()
            return answer.status, answer.read(LONGEST).decode("utf-8", "replace")
        finally:
            line.close()


def read_witness(text: str) -> Known:
    """Verifier key and address, as the settings name them. Raises BadNote."""
    key, _, url = text.partition(" ")
    try:
        read = read_verifier_key(key)
    except BadNote as bad:
        raise BadNote(f"audit.witnesses: {bad}") from None
    if read.kind not in (COSIGNATURE, ML_DSA):
        raise BadNote("audit.witnesses: this is no key of a witness")
    url = url.strip().rstrip("/")
    if not _is_address(url):
        raise BadNote("audit.witnesses: this is no address of a witness")
    return Known(read, url)


def _is_address(url: str) -> bool:
    try:
        said = urlsplit(url)
        return said.port != 0 and bool(said.hostname) and url.isascii() and not (said.query or said.fragment)
    except ValueError:
        return False


class Cosigning:
    """writer: of the log; None where others have it, and then witnesses are theirs to ask. Start `run` as a task."""

    def __init__(
        self, writer: LogWriter | None, witnesses: Sequence[Known], clock: Clock, interval_s: float = 60.0
    ) -> None:
        self._writer = writer
        self._witnesses = witnesses if writer is not None else ()
        self._clock = clock
        self._interval_s = interval_s
        began_s = clock.monotonic()
        self._cosigned_s = {each.key.name: began_s for each in self._witnesses}
        self._sizes: dict[str, int] = {}
        self._troubles: dict[str, str] = {}

    def ages_s(self) -> dict[str, float]:
        """By witness, how long ago it had cosigned everything that was signed; since the start, if it never has."""
        now_s = self._clock.monotonic()
        return {name: now_s - at_s for name, at_s in self._cosigned_s.items()}

    async def run(self) -> None:
        """Until cancelled. A witness that does not answer is asked again."""
        while True:
            await asyncio.sleep(self._interval_s)
            await self.ask_all()

    async def ask_all(self) -> None:
        """One after the other. What keeps one from cosigning is logged when it changes."""
        for each in self._witnesses:
            name, reason = each.key.name, await self._answer(each)
            if not reason:
                self._cosigned_s[name] = self._clock.monotonic()
                self._troubles.pop(name, None)
            elif reason not in (_BUSY, self._troubles.get(name)):
                self._troubles[name] = reason
                log.warning("audit_not_cosigned", reason=f"{name}: {reason}")

    async def _answer(self, witness: Known) -> str:
        """As `_ask`. Where this is cancelled, or the witness keeps it waiting, the thread is soon free."""
        call = _Call(witness.url)
        limit = asyncio.get_running_loop().call_later(TIMEOUT_S, call.cut)
        try:
            return await asyncio.shield(asyncio.to_thread(self._ask, witness, call))
        finally:
            limit.cancel()
            call.cut()

    def _ask(self, witness: Known, call: _Call) -> str:
        """What went wrong, in fixed words; '' for nothing."""
        writer = self._writer
        assert writer is not None
        try:
            with writer.alone():
                note = writer.checkpoint()
            if note is None or is_signed_by(note, witness.key):
                return ""
            signature = self._cosigned(writer, note, witness.key, call)
            with writer.alone():
                standing = writer.checkpoint()
                if standing is not None and standing.text == note.text:
                    writer.keep(msgspec.structs.replace(standing, signatures=(*standing.signatures, signature)))
        except (TreeBusy, LostRace):
            return _BUSY
        except (ForkFound, TilesDamaged, LedgerUnavailable, SealError):
            return "the log is not well"
        except BadNote as bad:
            return str(bad)
        except (OSError, http.client.HTTPException, ValueError):
            return "a witness does not answer"
        return ""

    def _cosigned(self, writer: LogWriter, note: Note, key: VerifierKey, call: _Call) -> Signature:
        """Raises BadNote for an answer that is no cosignature of this witness."""
        said = read_checkpoint(note)
        reader = TileReader(writer.folder, said.size)
        status, text = call.post(_body(reader, note, self._sizes.get(key.name, 0)))
        if status == 409 and NUMBER.fullmatch(text.strip()):
            old = int(text)
            if old > said.size:
                raise BadNote("a witness has seen more of this log than there is")
            status, text = call.post(_body(reader, note, old))
        if status != 200:
            raise BadNote(f"a witness answers {status}")
        for each in read_signatures(text):
            if verifies(key, note.text, each):
                self._sizes[key.name] = said.size
                return each
        raise BadNote("a witness has not signed")


def _body(reader: TileReader, note: Note, old: int) -> bytes:
    path = reader.tree_path(old) if 0 < old <= reader.size else []
    return "\n".join([f"old {old}", *map(write_hash, path), "", ""]).encode("ascii") + note.octets
