"""A stream cut into frames, however the network cuts it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.smpp.framing import Framer, FramingLost

BODIES = st.lists(st.binary(max_size=40), min_size=1, max_size=30)


def frame(body: bytes = b"") -> bytes:
    return (16 + len(body)).to_bytes(4, "big") + bytes(12) + body


@pytest.mark.smpp("S-01")
@given(BODIES)
def test_one_byte_at_a_time_gives_the_frames(bodies: list[bytes]) -> None:
    framer, stream = Framer(100), b"".join(map(frame, bodies))
    found = [each for at in range(len(stream)) for each in framer.feed(stream[at : at + 1])]
    assert found == [frame(body) for body in bodies]


@pytest.mark.smpp("S-01")
@given(BODIES, st.lists(st.integers(1, 90), max_size=30))
def test_any_cuts_give_the_frames(bodies: list[bytes], cuts: list[int]) -> None:
    framer, stream, found = Framer(100), b"".join(map(frame, bodies)), []
    for cut in cuts:
        found += framer.feed(stream[:cut])
        stream = stream[cut:]
    assert found + framer.feed(stream) == [frame(body) for body in bodies]


@pytest.mark.smpp("S-01")
def test_hundreds_in_one_read_are_hundreds_of_frames() -> None:
    frames = [frame(str(number).encode()) for number in range(500)]
    assert Framer(100).feed(b"".join(frames)) == frames


@pytest.mark.smpp("S-03")
@pytest.mark.parametrize("length", [0, 1, 15, 101, 0x7FFFFFFF, 0xFFFFFFFF])
def test_an_impossible_length_loses_the_stream_and_keeps_nothing(length: int) -> None:
    framer = Framer(100)
    with pytest.raises(FramingLost):
        framer.feed(length.to_bytes(4, "big") + bytes(50))
    assert framer.lost
    with pytest.raises(FramingLost):
        framer.feed(frame())


@pytest.mark.smpp("S-03")
def test_frames_before_an_impossible_length_are_given() -> None:
    framer = Framer(100)
    assert framer.feed(frame(b"good") + b"\xff\xff\xff\xff") == [frame(b"good")]
    assert framer.lost


@pytest.mark.smpp("S-03")
@pytest.mark.parametrize("length", [16, 100])
def test_lengths_at_the_limits_are_taken(length: int) -> None:
    assert Framer(100).feed(frame(bytes(length - 16))) == [frame(bytes(length - 16))]
