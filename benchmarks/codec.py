"""What a submit_sm costs to write and to read, beside two other codecs, and what a session adds; all in one process.

Every figure is the median of several runs, in microseconds; the spread (lowest to highest) stands beside it, because a
shared machine is noisy. No socket is involved. Run it with `python -m benchmarks.codec`.
"""

import statistics
import timeit
from collections.abc import Callable, Sequence
from typing import Any, Final

import smpp34
from smpplib import command as smpplib_command

from operators.smpp import pdu as p
from operators.smpp.session import BindAsked, Request, Role, Session, SessionSettings

ROUNDS: Final = 9
CALLS: Final = 20_000
PAIRS: Final = 20_000
BATCH: Final = 100
FIELDS: Final[dict[str, Any]] = {
    "source_addr_ton": 5,
    "source_addr": "INTERKEY",
    "dest_addr_ton": 1,
    "dest_addr_npi": 1,
    "destination_addr": "15550000000",
    "registered_delivery": 1,
    "short_message": b"x" * 100,
}
MESSAGE_ID: Final = "0123456789abcdef"
RECEIPT: Final = (
    b"id:0123456789abcdef sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 text:"
)


def measure(call: Callable[..., object], *arguments: object, calls: int = CALLS) -> list[float]:
    """Microseconds per call, one figure a round."""
    timer = timeit.Timer("call(*arguments)", globals={"call": call, "arguments": arguments})
    return [taken / calls * 1e6 for taken in timer.repeat(ROUNDS, calls)]


def report(name: str, figures: Sequence[float]) -> None:
    print(f"{name:<38}{statistics.median(figures):>9.2f} µs   ({min(figures):.2f}..{max(figures):.2f})", flush=True)


def reference() -> None:
    """A plain loop of 100 additions: how fast this machine runs Python at this moment."""

    def add() -> int:
        total = 0
        for number in range(100):
            total += number
        return total

    report("reference: 100 additions in a loop", measure(add))


def codecs() -> None:
    """submit_sm through three codecs. The object is made beforehand for `encode`, and made anew by `decode`."""
    ours, rust = p.SubmitSm(sequence_number=1, **FIELDS), smpp34.SubmitSm(**FIELDS)
    theirs = smpplib_command.factory("submit_sm", sequence=1, **FIELDS)
    reader = smpplib_command.factory("submit_sm", sequence=1)
    frame = p.encode(ours)
    report("submit_sm encode, ours", measure(p.encode, ours))
    report("submit_sm encode, smpp34 (Rust)", measure(rust.encode))
    report("submit_sm encode, smpplib", measure(theirs.generate, calls=CALLS // 20))
    report("submit_sm decode, ours", measure(p.decode, frame))
    report("submit_sm decode, smpp34 (Rust)", measure(smpp34.decode, frame))
    report("submit_sm decode, smpplib", measure(reader.parse, frame, calls=CALLS // 20))


def others() -> None:
    """The rest of the hot path."""
    receipt = FIELDS | {"esm_class": 4, "short_message": RECEIPT}
    tlvs = ((p.TAG_RECEIPTED_MESSAGE_ID, MESSAGE_ID.encode() + b"\0"), (p.TAG_MESSAGE_STATE, b"\2"))
    pdus = {
        "submit_sm with validity_period": p.SubmitSm(1, validity_period="000000000500000R", **FIELDS),
        "deliver_sm, a receipt as text": p.DeliverSm(1, **receipt),
        "deliver_sm, a receipt with TLVs": p.DeliverSm(1, tlvs=tlvs, **receipt),
        "submit_sm_resp": p.SubmitSmResp(1, message_id=MESSAGE_ID),
        "deliver_sm_resp": p.DeliverSmResp(1),
    }
    for name, pdu in pdus.items():
        report(f"{name}: encode", measure(p.encode, pdu))
        report(f"{name}: decode", measure(p.decode, p.encode(pdu)))


def bound_pair() -> tuple[Session, Session]:
    """An ESME and an SMSC that are bound to each other in memory."""
    settings = SessionSettings(window=BATCH)
    esme, smsc = Session(Role.ESME, settings, 0.0), Session(Role.SMSC, settings, 0.0)
    esme.bind(p.BindTransceiver(system_id="benchmark"), 0.0)
    for event in smsc.receive(esme.data_to_send(), 0.0):
        if isinstance(event, BindAsked):
            smsc.accept_bind(event.pdu, "smsc")
    esme.receive(smsc.data_to_send(), 0.0)
    return esme, smsc


def exchange(esme: Session, smsc: Session) -> None:
    """One batch of submit_sm there and its answers back."""
    for number in range(BATCH):
        esme.request(p.SubmitSm(**FIELDS), number, 0.0)
    for event in smsc.receive(esme.data_to_send(), 0.0):
        if isinstance(event, Request):
            smsc.respond(p.SubmitSmResp(sequence_number=event.pdu.sequence_number, message_id=MESSAGE_ID))
    answers = esme.receive(smsc.data_to_send(), 0.0)
    assert len(answers) == BATCH


def sessions() -> None:
    esme, smsc = bound_pair()
    figures = [cost / BATCH for cost in measure(exchange, esme, smsc, calls=PAIRS // BATCH)]
    report("submit/response pair, both sides", figures)
    print(f"{'pairs per second in memory':<38}{1e6 / statistics.median(figures):>9,.0f}")


if __name__ == "__main__":
    reference()
    codecs()
    others()
    sessions()
