"""Functions that are written out for the compiler are those that the table of fields wants."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_what_is_written_out_is_what_the_table_of_fields_says() -> None:
    words = [sys.executable, "-m", "compiling.written", "--check"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
