"""Runs the micro-benchmarks: the files `bench_*.py` beside this one, which the test suite never collects."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
OPTIONS: Final = (
    *("-p", "no:cacheprovider", "-o", "python_files=bench_*.py", "-o", "python_functions=bench_*"),
    *(
        "--benchmark-disable-gc",
        "--benchmark-columns=median,iqr,min,max,rounds",
        "--benchmark-sort=name",
        "--benchmark-group-by=func",
    ),
)


def run(words: Sequence[str]) -> int:
    """The exit code of pytest. words: more of its arguments."""
    files = sorted(map(str, FOLDER.glob("bench_*.py")))
    return subprocess.run([sys.executable, "-m", "pytest", *OPTIONS, *files, *words], check=False).returncode
