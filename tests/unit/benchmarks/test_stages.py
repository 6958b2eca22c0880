"""Sampled stacks become shares of the road's stages."""

import pytest

from benchmarks.stages import ORDER, STAGES, shares, stage_of

LOOP = "Runner.run (/usr/lib/python3.11/asyncio/runners.py:118)"


def stack(*frames: str, thread: str = "thread (1): MainThread", samples: int = 1) -> str:
    return ";".join((thread, LOOP, *frames)) + f" {samples}"


@pytest.mark.parametrize(
    ("frames", "stage"),
    [
        (["take (/app/gateway/http_api/express_send.py:82)"], "parse"),
        (["take (/app/gateway/http_api/express_send.py:82)", "seal (/app/redaction/seal.py:90)"], "seal"),
        (["seal (/app/redaction/seal.py:90)", "encrypt (/lib/cryptography/aead.py:1)"], "seal"),
        (["run (/app/gateway/ledger/journal.py:132)"], "commit"),
        (["run (/app/gateway/ledger/journal.py:132)", "take (/app/gateway/delivery/dispatch/send.py:80)"], "dispatch"),
        (["encode (/app/operators/smpp/pdu/hot.py:57)"], "SMPP out"),
        (["read (/app/operators/smpp/receipt.py:239)"], "receipt"),
        (["on_receipts (/app/gateway/delivery/receipts/outcomes.py:60)"], "receipt"),
        (["sign (/app/gateway/webhooks/signing.py:40)"], "webhook"),
        (["read (/app/gateway/smpp_server/reading.py:40)"], "SMPP in"),
        (["CPyDef_seal___Sealer___seal (1f__mypyc.cpython-311.so)", "EVP_Digest (libcrypto.so.3)"], "seal"),
        (["CPyPy_smpp___client___SmppOperator____on_events (1f__mypyc.cpython-311.so)"], "SMPP out"),
        (["CPyDef_webhooks___client___Client___post (1f__mypyc.cpython-311.so)"], "webhook"),
        (["CPyDef_journal____tell (1f__mypyc.cpython-311.so)"], "commit"),
        (["CPyDef_seal___Sealer___seal (1f__mypyc.so)", "py_descend (openssl.c:300)"], "seal"),
        ([], "loop, sockets"),
    ],
)
def test_the_innermost_known_frame_names_the_stage(frames: list[str], stage: str) -> None:
    assert stage_of([LOOP, *frames]) == stage


def test_shares_are_of_all_samples() -> None:
    lines = [
        stack("a (/app/gateway/http_api/express_send.py:1)", samples=3),
        stack("b (/app/redaction/seal.py:1)", samples=1),
    ]
    assert shares(lines, 1.0, 0.0) == {"parse": 0.75, "seal": 0.25}


def test_threads_weigh_what_they_used() -> None:
    """py-spy sees the disk's thread in half of the samples, though it used a tenth of the CPU."""
    lines = [
        stack("a (/app/redaction/seal.py:1)", samples=50),
        stack("b (/app/gateway/ledger/sqlite/disk_thread.py:1)", thread="thread (2): ledger-commit", samples=50),
    ]
    assert shares(lines, 0.9, 0.1) == pytest.approx({"seal": 0.9, "commit": 0.1})


def test_shares_add_up_to_one_in_the_order_of_the_road() -> None:
    lines = [
        stack("a (/app/gateway/delivery/dispatch/send.py:1)", samples=7),
        stack("b (/app/gateway/http_api/express_send.py:1)", samples=2),
        stack(samples=4),
    ]
    found = shares(lines, 2.0, 0.0)
    assert sum(found.values()) == pytest.approx(1.0)
    assert list(found) == ["parse", "dispatch", "loop, sockets"]


def test_nothing_sampled_has_no_shares() -> None:
    assert shares([], 1.0, 0.0) == {}


def test_every_stage_has_its_place_in_the_order() -> None:
    assert {name for name, _ in STAGES} <= set(ORDER)
