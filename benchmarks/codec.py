"""What a submit_sm costs to write and to read, beside two other codecs, and what a session adds; all in one process.

Every figure is the median of several runs, in microseconds; the spread (lowest to highest) stands beside it, because a
shared machine is noisy. No socket is involved. Run it with `python -m benchmarks.codec`.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import smpp34
from smpplib import command as smpplib_command

from operators.smpp import pdu as p
from operators.smpp.session import BindAsked, Request, Role, Session, SessionSettings

ROUNDS: Final = 7
CALLS: Final = 10_000
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


def measure(call: Callable[[], object], calls: int = CALLS) -> list[float]:
    """Microseconds per call, one figure a round."""
    figures = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(calls):
            call()
        figures.append((time.perf_counter() - began) / calls * 1e6)
    return figures


def report(name: str, figures: Sequence[float]) -> None:
    print(f"{name:<34}{statistics.median(figures):>9.2f} µs   ({min(figures):.2f}..{max(figures):.2f})")


def smpplib_submit() -> Any:
    return smpplib_command.factory("submit_sm", sequence=1, **FIELDS)


def codecs() -> None:
    """submit_sm through three codecs. The object is made beforehand for `encode`, and made anew by `decode`."""
    ours, rust, theirs = p.SubmitSm(sequence_number=1, **FIELDS), smpp34.SubmitSm(**FIELDS), smpplib_submit()
    frame = p.encode(ours)
    report("submit_sm encode, ours", measure(lambda: p.encode(ours)))
    report("submit_sm encode, smpp34 (Rust)", measure(rust.encode))
    report("submit_sm encode, smpplib", measure(theirs.generate, CALLS // 10))
    report("submit_sm decode, ours", measure(lambda: p.decode(frame)))
    report("submit_sm decode, smpp34 (Rust)", measure(lambda: smpp34.decode(frame)))
    reader = smpplib_command.factory("submit_sm", sequence=1)
    report("submit_sm decode, smpplib", measure(lambda: reader.parse(frame), CALLS // 10))
    answer = p.SubmitSmResp(sequence_number=1, message_id="0123456789abcdef")
    answer_frame = p.encode(answer)
    report("submit_sm_resp encode, ours", measure(lambda: p.encode(answer)))
    report("submit_sm_resp decode, ours", measure(lambda: p.decode(answer_frame)))


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
            smsc.respond(p.SubmitSmResp(sequence_number=event.pdu.sequence_number, message_id="0123456789abcdef"))
    answers = esme.receive(smsc.data_to_send(), 0.0)
    assert len(answers) == BATCH


def sessions() -> None:
    esme, smsc = bound_pair()
    figures = [cost / BATCH for cost in measure(lambda: exchange(esme, smsc), PAIRS // BATCH)]
    report("submit/response pair, both sides", figures)
    print(f"{'pairs per second in memory':<34}{1e6 / statistics.median(figures):>9,.0f}")


if __name__ == "__main__":
    codecs()
    sessions()
