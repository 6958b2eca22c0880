"""Has witnesses cosign the checkpoints of a log, over HTTP, and keeps their signatures with the checkpoint."""

import asyncio
import http.client
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.audit.checkpoint import read_checkpoint, write_hash
from gateway.audit.tiles import TileReader, TilesDamaged
from gateway.audit.witness import LONGEST
from gateway.audit.writing import ForkFound, LogWriter, TreeBusy
from gateway.ledger.contract import LedgerUnavailable
from gateway.process.clock import Clock
from gateway.process.logs import logger
from redaction.errors import SealError
from redaction.notes import (
    COSIGNATURE,
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

log = logger("gateway.audit")


class Known(msgspec.Struct, frozen=True):
    """A witness. url: `/add-checkpoint` is appended to it."""

    key: VerifierKey
    url: str


def read_witness(text: str) -> Known:
    """Verifier key and address, as the settings name them. Raises BadNote."""
    key, _, url = text.partition(" ")
    read = read_verifier_key(key)
    if read.kind != COSIGNATURE:
        raise BadNote("this is no key of a witness")
    return Known(read, url.strip().rstrip("/"))


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
        self._troubled: set[str] = set()

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
        for each in self._witnesses:
            reason = await asyncio.shield(asyncio.to_thread(self._ask, each))
            name = each.key.name
            if not reason:
                self._cosigned_s[name] = self._clock.monotonic()
                self._troubled.discard(name)
            elif name not in self._troubled:
                self._troubled.add(name)
                log.warning("audit_not_cosigned", reason=reason)

    def _ask(self, witness: Known) -> str:
        """What went wrong, in fixed words; '' for nothing."""
        writer = self._writer
        assert writer is not None
        try:
            with writer.alone():
                note = writer.checkpoint()
            if note is None or is_signed_by(note, witness.key):
                return ""
            signature = self._cosigned(writer, note, witness)
            with writer.alone():
                standing = writer.checkpoint()
                if standing is not None and standing.text == note.text:
                    writer.keep(msgspec.structs.replace(standing, signatures=(*standing.signatures, signature)))
        except TreeBusy:
            return "the log is being written to"
        except (ForkFound, TilesDamaged, LedgerUnavailable, SealError):
            return "the log is not well"
        except BadNote as bad:
            return str(bad)
        except (OSError, http.client.HTTPException):
            return "a witness does not answer"
        return ""

    def _cosigned(self, writer: LogWriter, note: Note, witness: Known) -> Signature:
        """Raises BadNote for an answer that is no cosignature of this witness."""
        said = read_checkpoint(note)
        reader = TileReader(writer.folder, said.size)
        status, text = _post(witness.url, _body(reader, note, self._sizes.get(witness.key.name, 0)))
        if status == 409 and text.strip().isdecimal():
            old = int(text)
            if old > said.size:
                raise BadNote("a witness has seen more of this log than there is")
            status, text = _post(witness.url, _body(reader, note, old))
        if status != 200:
            raise BadNote(f"a witness answers {status}")
        for each in read_signatures(text):
            if verifies(witness.key, note.text, each):
                self._sizes[witness.key.name] = said.size
                return each
        raise BadNote("a witness has not signed")


def _body(reader: TileReader, note: Note, old: int) -> bytes:
    path = reader.tree_path(old) if 0 < old <= reader.size else []
    return "\n".join([f"old {old}", *map(write_hash, path), "", ""]).encode("ascii") + note.octets


def _post(url: str, body: bytes) -> tuple[int, str]:
    request = urllib.request.Request(f"{url}/add-checkpoint", data=body, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310  the settings allow http(s) only
            return answer.status, answer.read(LONGEST).decode("utf-8", "replace")
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read(LONGEST).decode("utf-8", "replace")
