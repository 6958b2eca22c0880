"""What an erasure is about to do, written before it begins, so that another process can finish it; and what was done.

Nothing in it is personal: random ids of messages, and leaves of keys, for as long as the erasure takes. Once it is
done, the ids alone stay for a quarter of an hour: every process reads them and lets go of what it has of these
messages in memory.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

import msgspec

from gateway.audit.acts import Act
from gateway.ledger.contract import ROW_FAULTS, Document, DocumentWrite
from gateway.ledger.roles import Acts
from redaction.keys import Place

WORK: Final = "erasure"
"""Kind of the documents of an erasure that has begun."""
DONE: Final = "erased"
"""Kind of those of one that was done."""
IDS: Final = 1_000
"""Of messages, in one document."""
ID_OCTETS: Final = 16
KEPT_MS: Final = 15 * 60 * 1000
"""How long what was done stays to be read."""
PAGE: Final = 100


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of one erasure: messages of one customer, and the leaves that are theirs.

    intent: of the audit log. customer: its number. public: its id. ids: 16 octets each. case: what it is about.
    numbers: what the outcome says.
    """

    began_ms: int
    act: str
    intent: str
    obj: str
    what: str
    case: str
    customer: int
    public: str
    ids: bytes
    places: list[Place]
    numbers: dict[str, int]

    def messages(self) -> list[bytes]:
        return list(split(self.ids))


class Done(msgspec.Struct, frozen=True):
    """at_ms: when it was done. ids: as in `Part`."""

    at_ms: int
    ids: bytes


_encode: Final = msgspec.msgpack.Encoder().encode
_part: Final = msgspec.msgpack.Decoder(Part).decode
_done: Final = msgspec.msgpack.Decoder(Done).decode


def split(ids: bytes) -> Iterator[bytes]:
    for at in range(0, len(ids), ID_OCTETS):
        yield ids[at : at + ID_OCTETS]


def written(name: str, parts: Sequence[Part]) -> list[DocumentWrite]:
    """What has to be written before an erasure of that name begins."""
    return [DocumentWrite(WORK, f"{name}:{at:05d}", _encode(each), 0) for at, each in enumerate(parts)]


def finished(name: str, parts: Sequence[Part], now_ms: int) -> list[DocumentWrite]:
    """What has to be written once it was done."""
    gone = [DocumentWrite(WORK, f"{name}:{at:05d}", None) for at in range(len(parts))]
    done = [
        DocumentWrite(DONE, f"{now_ms:013d}:{name}:{at:05d}", _encode(Done(now_ms, each.ids)), 0)
        for at, each in enumerate(parts)
        if each.ids
    ]
    return gone + done


async def begun(acts: Acts, before_ms: int) -> dict[str, list[Part]]:
    """By name, the parts of erasures that began before that time and are not done. Raises LedgerUnavailable."""
    found: dict[str, list[Part]] = {}
    async for each in _documents(acts, WORK):
        part = _read_part(each)
        if part is not None and part.began_ms < before_ms:
            found.setdefault(each.key.partition(":")[0], []).append(part)
    return found


async def done_since(acts: Acts, after: str) -> list[tuple[str, Done]]:
    """With their keys, which are in the order of time, those behind `after`. Raises LedgerUnavailable."""
    found = []
    async for each in _documents(acts, DONE, after):
        try:
            found.append((each.key, _done(each.octets)))
        except ROW_FAULTS:
            continue
    return found


async def forget_done(acts: Acts, before_ms: int) -> int:
    """Delete what was done before that time; how much. Raises LedgerUnavailable."""
    due = [DocumentWrite(DONE, key, None) for key, each in await done_since(acts, "") if each.at_ms < before_ms]
    for at in range(0, len(due), PAGE):
        await acts.act(due[at : at + PAGE])
    return len(due)


def act_of(part: Part) -> Act:
    return Act(part.act)


async def _documents(acts: Acts, kind: str, after: str = "") -> AsyncIterator[Document]:
    while page := await acts.of_kind(kind, after, PAGE):
        for each in page:
            yield each
        after = page[-1].key


def _read_part(document: Document) -> Part | None:
    """None of what a later version wrote."""
    try:
        return _part(document.octets)
    except ROW_FAULTS:
        return None
