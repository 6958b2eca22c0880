"""Spoils the gateway of a process whose environment says how, for tests of what a load test notices.

Python imports this by itself where it is found on its path.
"""

import os
from typing import Any

WAY = os.environ.get("SABOTAGE", "")


def instead(place: Any, name: str, make: Any) -> None:
    """Put in the place of a function what `make` makes of it."""
    setattr(place, name, make(getattr(place, name)))


def spoil_submits(**changes: Any) -> None:
    """Every submit_sm leaves with these fields instead of its own."""
    import msgspec

    from operators.smpp.dialect import Dialect

    def spoiled(whole: Any) -> Any:
        def submit_sm(*words: Any) -> Any:
            return msgspec.structs.replace(whole(*words), **changes)

        return submit_sm

    instead(Dialect, "submit_sm", spoiled)


def spoil_texts(encoder: str, spoil: Any) -> None:
    from operators.smpp import dialect

    instead(dialect, encoder, lambda whole: lambda text, *words, **named: whole(spoil(text), *words, **named))


def spoil_signature(made: Any) -> None:
    from gateway.webhooks.signing import Signer

    instead(Signer, "sign", lambda whole: lambda *words: made(whole, *words))


def spoil_receipts(state: str | None = None, error: int = 0) -> None:
    from gateway.model.message import Status
    from gateway.smpp_server import wording

    if state is not None:
        instead(wording, "_STATS", lambda whole: dict.fromkeys(whole, state))
    if error:
        instead(wording, "reason", lambda whole: lambda *_: type(whole(None, Status.DELIVERED))(f"{error:03d}", error))


def spoil_commits(synchronous: str) -> None:
    from gateway.ledger.sqlite.connecting import Connector

    instead(
        Connector,
        "__init__",
        lambda whole: lambda self, path, _, *words, **named: whole(self, path, synchronous, *words, **named),
    )


def spoil_starts(statement: str) -> None:
    """A start finds less than was acknowledged."""
    import contextlib
    import sqlite3

    from gateway.ledger.sqlite.engine import SqliteLedger

    def spoiled(whole: Any) -> Any:
        async def open_(self: Any, **named: Any) -> None:
            if self._path.exists():
                with contextlib.closing(sqlite3.connect(self._path)) as database, database:
                    database.execute(statement)
            await whole(self, **named)

        return open_

    instead(SqliteLedger, "open", spoiled)


WAYS: Any = {
    "": lambda: None,
    "long texts are question marks": lambda: spoil_texts("encode_segments", lambda text: "?" * len(text)),
    "long texts lose their last letter": lambda: spoil_texts("encode_segments", lambda text: text[:-1] + "."),
    "long texts are in capitals": lambda: spoil_texts("encode_segments", str.upper),
    "everything goes as data_coding 0": lambda: spoil_submits(data_coding=0),
    "everything goes as data_coding 8": lambda: spoil_submits(data_coding=8),
    "another sender": lambda: spoil_submits(source_addr="SOMEBODY"),
    "short texts are question marks": lambda: spoil_texts("encode_short", lambda text: "?" * len(text)),
    "a constant signature": lambda: spoil_signature(lambda *_: b"v1,AAAA"),
    "a signature of something else": lambda: spoil_signature(
        lambda whole, self, name, at_s, body: whole(self, name, at_s, body + b" ")
    ),
    "no signature": lambda: spoil_signature(lambda *_: b""),
    "receipts say UNDELIV": lambda: spoil_receipts("UNDELIV"),
    "receipts say UNKNOWN": lambda: spoil_receipts("UNKNOWN"),
    "receipts have an error": lambda: spoil_receipts(error=5),
    "a start loses the newest messages": lambda: spoil_starts(
        "DELETE FROM message WHERE id IN (SELECT id FROM message ORDER BY accepted_ms DESC LIMIT 20)"
    ),
    "a start forgets who waits": lambda: spoil_starts("UPDATE message SET due_ms = due_ms + 86400000"),
    "commits are not forced": lambda: spoil_commits("off"),
    "commits are forced now and then": lambda: spoil_commits("normal"),
}

if WAY:
    WAYS[WAY]()
