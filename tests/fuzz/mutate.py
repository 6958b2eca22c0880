"""A mutating fuzzer that needs nothing installed: `python -m tests.fuzz.mutate --seed 1 --count 10000000`.

Sound PDUs are bent in one to four places, and every one of them goes through the codec; by sixty-four they go through
a session in reads of any size, and those that carry text through the reader of receipts. The same seed bends the same
way. A batch that takes `HANG_S` is a hang; memory that ends `GROWTH_MB` above what it was after a tenth of the run is
growth. A failure is printed with the octets that made it, to become a test in test_crashers.py, and the exit code is 1.
"""

import argparse
import faulthandler
import random
import sys
import time
import traceback
from collections.abc import Callable
from typing import Final

import psutil

from tests.fuzz import targets
from tests.fuzz.corpus import FRAMES

BATCH: Final = 64
HANG_S: Final = 20.0
GROWTH_MB: Final = 16.0
EDGES: Final = (b"\0", b"\xff", b"\x80", b"\x7f", bytes(4), b"\xff\xff", b"\xff\xff\xff\xff", b"\x04\x24", b" ", b":")
CUTS: Final = ((1 << 20,), (1,), (3, 17), (16,), (100, 1, 4), (1_000,))


def flip(body: bytearray, draw: random.Random) -> None:
    if body:
        body[draw.randrange(len(body))] ^= 1 << draw.randrange(8)


def overwrite(body: bytearray, draw: random.Random) -> None:
    at, edge = draw.randrange(len(body) + 1), draw.choice(EDGES)
    body[at : at + len(edge)] = edge


def insert(body: bytearray, draw: random.Random) -> None:
    at = draw.randrange(len(body) + 1)
    body[at:at] = draw.randbytes(draw.randrange(1, 24))


def remove(body: bytearray, draw: random.Random) -> None:
    at = draw.randrange(len(body) + 1)
    del body[at : at + draw.randrange(1, 12)]


def cut_off(body: bytearray, draw: random.Random) -> None:
    del body[draw.randrange(len(body) + 1) :]


def repeat(body: bytearray, draw: random.Random) -> None:
    at = draw.randrange(len(body) + 1)
    body[at:at] = body[at : at + draw.randrange(1, 16)] * draw.randrange(1, 8)


def splice(body: bytearray, draw: random.Random) -> None:
    other = draw.choice(FRAMES)
    body[draw.randrange(len(body) + 1) :] = other[draw.randrange(16, len(other) + 1) :]


WAYS: Final[tuple[Callable[[bytearray, random.Random], None], ...]] = (
    flip,
    overwrite,
    insert,
    remove,
    cut_off,
    repeat,
    splice,
)


def bend(draw: random.Random) -> bytes:
    """A sound PDU, bent. Its header is bent once in eight, its length once in five hundred."""
    frame = draw.choice(FRAMES)
    header, body = bytearray(frame[:16]), bytearray(frame[16:])
    for _ in range(1 + draw.getrandbits(2)):
        draw.choice(WAYS)(body, draw)
    if not draw.getrandbits(3):
        header[draw.randrange(4, 16)] = draw.getrandbits(8)
    length = draw.getrandbits(32) if not draw.randrange(500) else 16 + len(body)
    return length.to_bytes(4, "big") + bytes(header[4:]) + bytes(body)


def batch(draw: random.Random, size: int) -> None:
    """`size` bent PDUs through everything. Raises with the octets, in hexadecimal, as a note."""
    bent = [bend(draw) for _ in range(size)]
    for frame in bent:
        checked(targets.pdu, frame)
        if frame[7] == 5:
            checked(targets.receipt, frame[60:])
    stream, cuts, beginning = b"".join(bent), draw.choice(CUTS), draw.getrandbits(2)
    if cuts == (1,):
        stream = stream[:2_000]
    checked(lambda octets: targets.session(octets, cuts, beginning), stream)


def checked(target: Callable[[bytes], None], octets: bytes) -> None:
    try:
        target(octets)
    except Exception as error:
        error.add_note(octets.hex())
        raise


def fuzz(seed: int, count: int, say: Callable[[str], None]) -> bool:
    """True when every promise held for `count` PDUs."""
    try:
        return _fuzz(random.Random(seed), count, say)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _fuzz(draw: random.Random, count: int, say: Callable[[str], None]) -> bool:
    process = psutil.Process()
    began, done, told, settled_mb = time.monotonic(), 0, 0, 0.0
    while done < count:
        size = min(BATCH, count - done)
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        try:
            batch(draw, size)
        except Exception:
            say(f"after {done} PDUs:\n{traceback.format_exc()}")
            return False
        done += size
        if done * 10 // count > told:
            told = done * 10 // count
            rss_mb = process.memory_info().rss / 2**20
            settled_mb = settled_mb or rss_mb
            say(f"{done:>10} PDUs, {done / (time.monotonic() - began):,.0f}/s, RSS {rss_mb:.1f} MB")
            if rss_mb > settled_mb + GROWTH_MB:
                say(f"grew from {settled_mb:.1f} MB")
                return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100_000)
    chosen = parser.parse_args()
    return 0 if fuzz(chosen.seed, chosen.count, lambda line: print(line, flush=True)) else 1


if __name__ == "__main__":
    sys.exit(main())
