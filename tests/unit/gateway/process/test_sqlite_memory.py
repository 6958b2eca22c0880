"""SQLite counts no memory in a process that serves."""

import subprocess
import sys

import pytest

PROGRAM = """
import _sqlite3, ctypes, sqlite3
from gateway.process.sqlite_memory import stop_counting
print(stop_counting())
with sqlite3.connect(":memory:") as connection:
    connection.execute("CREATE TABLE t (x)")
    connection.executemany("INSERT INTO t VALUES (?)", [(each,) for each in range(1_000)])
    used = ctypes.CDLL(_sqlite3.__file__).sqlite3_memory_used
    used.restype = ctypes.c_int64
    print(connection.execute("SELECT count(*) FROM t").fetchone()[0], used())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere SQLite goes on as it is")
def test_nothing_is_counted_and_all_else_is_as_before() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split() == ["True", "1000", "0"]
