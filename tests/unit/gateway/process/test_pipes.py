"""A log whose reader hangs holds nobody up."""

import contextlib
import io
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from gateway.process.pipes import Pipe, unblocked

LINE = "x" * 1_000 + "\n"


@pytest.fixture
def ends() -> Iterator[tuple[TextIO, TextIO]]:
    """What is read, and what is written."""
    read, write = os.pipe()
    with os.fdopen(read, "r") as reader, os.fdopen(write, "w") as writer:
        yield reader, writer


@pytest.mark.case("faults-7")
def test_a_pipe_that_is_full_takes_no_line_and_later_whole_ones(ends: tuple[TextIO, TextIO]) -> None:
    reader, writer = ends
    pipe = unblocked(writer)
    assert isinstance(pipe, Pipe)
    taken = 0
    with contextlib.suppress(BlockingIOError):
        for taken in range(10_000):  # noqa: B007  counted
            pipe.write(LINE)
    assert 0 < taken < 9_999
    with pytest.raises(BlockingIOError):
        pipe.write(LINE)
    assert [reader.readline() for _ in range(taken)] == [LINE] * taken
    assert pipe.write("\ud800 goes on\n") == 10
    assert reader.readline() == "\\ud800 goes on\n"
    assert os.get_blocking(writer.fileno())
    pipe.close()


def test_a_pipe_without_a_reader_is_an_error_of_its_own(ends: tuple[TextIO, TextIO]) -> None:
    reader, writer = ends
    pipe = unblocked(writer)
    reader.close()
    with pytest.raises(BrokenPipeError):
        pipe.write(LINE)
    pipe.close()


def test_what_is_no_pipe_stays_as_it_is() -> None:
    stream = io.StringIO()
    assert unblocked(stream) is stream
    with open(os.devnull, "w", encoding="utf-8") as file:
        assert unblocked(file) is file
