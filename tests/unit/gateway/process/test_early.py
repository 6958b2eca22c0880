"""What a process does before it imports anything."""

import subprocess
import sys

import pytest

from gateway.process.early import have_standard_streams

CLOSED = """
import os, sys
for number in map(int, sys.argv[1]):
    os.close(number)
from gateway.process.early import have_standard_streams
have_standard_streams()
found = [os.readlink(f"/proc/self/fd/{number}") for number in range(3)]
file = os.open(sys.argv[2], os.O_RDONLY)
code = (file > 2) and all(found[int(number)] == os.devnull for number in sys.argv[1])
os._exit(0 if code and all(os.get_inheritable(number) for number in range(3)) else 7)
"""


@pytest.mark.case("faults-16")
@pytest.mark.parametrize("closed", ["2", "12", "012", "0"])
def test_no_file_takes_the_place_of_a_standard_stream(closed: str) -> None:
    done = subprocess.run([sys.executable, "-c", CLOSED, closed, __file__], stdin=subprocess.PIPE, check=False)
    assert done.returncode == 0


def test_streams_that_are_there_stay() -> None:
    have_standard_streams()
    print("heard", file=sys.stderr)
